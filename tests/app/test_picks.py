"""Somebody picks scenes that move well, and the robots learn on with the weights of that."""

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.app.training_page import LEARNT_MS, SMALL, TrainingPage
from tests.conftest import watched

REWARD = """
level_weight = 1.0
still_weight = 0.1
middle_weight = 0.5


def reward(now, before, action):
    return {
        "level": level_weight * np.cos(now.qpos[:, 1]),
        "still": -still_weight * np.square(now.qvel[:, 0]),
        "middle": -middle_weight * np.abs(now.qpos[:, 0]),
    }
"""


def begin(dashboard: TrainingPage) -> None:
    dashboard.open(SMALL)
    dashboard.start()
    dashboard.page.evaluate("(source) => window.websim.training.setReward(source)", REWARD)


def opened(page: Page, scenes: int) -> None:
    page.get_by_role("button", name="Pick what you like").click()
    expect(page.locator(".picker-numbers button")).to_have_count(scenes, timeout=LEARNT_MS)


def told(page: Page) -> list[dict[str, float]]:
    """Sums of the terms of the scenes that are shown."""
    titles = [
        one.get_attribute("title") or "" for one in page.locator(".picker-numbers button").all()
    ]
    return [
        {
            term: float(v.rstrip(",").replace(",", ""))
            for term, v in re.findall(r"(\w+) (-?[\d.,]+)", t)
        }
        for t in (title.partition(": ")[2].replace("\N{MINUS SIGN}", "-") for title in titles)
    ]


def weight(page: Page, term: str, column: int) -> float:
    text = page.locator(f".picker-weights [data-term='{term}'] .value").nth(column).inner_text()
    return float(text.split("±")[0].replace(",", "").replace("\N{MINUS SIGN}", "-"))


def picks(page: Page, many: int) -> None:
    expect(page.locator(".picker-sheet [role='status']")).to_contain_text(
        f"{many} pick{'' if many == 1 else 's'} so far", timeout=LEARNT_MS
    )
    expect(page.get_by_role("button", name="None of them")).to_be_enabled(timeout=LEARNT_MS)


def test_picks_move_the_weights_and_robots_learn_on(isolated: TrainingPage) -> None:
    dashboard, page = isolated, isolated.page
    begin(dashboard)
    opened(page, 6)
    picks(page, 0)
    box = page.get_by_role("button", name="Scene 2").bounding_box()
    assert box is not None
    place = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 30
    for pressed in ("true", "false"):  # on the robot itself, which is above its number
        page.mouse.click(*place)
        expect(page.get_by_role("button", name="Scene 2")).to_have_attribute(
            "aria-pressed", pressed
        )
    # It likes robots that stay in the middle, and nothing else.
    for number in range(6):
        sums = [scene["middle"] for scene in told(page)]
        best = sums.index(max(sums))
        if number % 2:
            page.keyboard.press(str(best + 1))
        else:
            page.get_by_role("button", name=f"Scene {best + 1}").click()
        chosen = page.get_by_role("button", name=f"Scene {best + 1}")
        expect(chosen).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="Next", exact=True).click()
        picks(page, number + 1)
    before = weight(page, "middle", 0)
    after = weight(page, "middle", 1)
    assert after > before == 0.5
    share = abs(after) / abs(weight(page, "level", 1))
    assert share > before / weight(page, "level", 0)

    # What is taken back is as if it had not been; none of them says nothing of weights.
    page.get_by_role("button", name="Undo").click()
    picks(page, 5)
    with_five = weight(page, "middle", 1)
    page.get_by_role("button", name="None of them").click()
    picks(page, 6)
    assert weight(page, "middle", 1) == with_five

    # The learning waited, and goes on with them.
    assert dashboard.sim("sim.training.state") == "paused"
    steps = dashboard.sim("sim.training.globalStep")
    page.get_by_role("button", name="Learn on with these weights").click()
    expect(page.locator(".picker")).to_be_hidden(timeout=LEARNT_MS)
    dashboard.wait(f"sim.training.globalStep > {steps} + 2000", 60)
    source = dashboard.sim("sim.training.experiment.reward")
    set_to = re.search(r"middle_weight = (\S+)", source)
    assert set_to is not None
    assert abs(float(set_to[1]) - with_five) < 0.01 * abs(with_five)
    decided = page.evaluate(
        """async () => {
          const data = await window.websim.training.save();
          return new TextDecoder('latin1').decode(data);
        }"""
    )
    assert "decisions.jsonl" in decided
    assert "weights by 6 picks among scenes" in decided

    # Later picks go on from those that the run tells of.
    opened(page, 6)
    picks(page, 6)
    page.keyboard.press("Escape")
    expect(page.locator(".picker")).to_be_hidden()
    dashboard.wait("sim.training.state === 'running'", 30)


def test_a_finger_picks(phone: BrowserContext, server: str) -> None:
    with watched(phone, []) as page:
        dashboard = TrainingPage(page, server)
        dashboard.open(SMALL)
        page.keyboard.press("l")
        dashboard.wait("sim.training && sim.training.iteration > 2", 60)
        page.get_by_role("button", name="Settings and figures").tap()
        page.evaluate("(source) => window.websim.training.setReward(source)", REWARD)
        page.get_by_role("button", name="Pick what you like").tap()
        expect(page.locator(".picker-numbers button")).to_have_count(6, timeout=LEARNT_MS)
        picks(page, 0)
        page.get_by_label("Scenes", exact=True).select_option("4")
        expect(page.locator(".picker-numbers button")).to_have_count(4, timeout=LEARNT_MS)
        page.get_by_role("button", name="Scene 2").tap()
        expect(page.get_by_role("button", name="Scene 2")).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="Next", exact=True).tap()
        picks(page, 1)
        page.get_by_role("button", name="Close the scenes").tap()
        expect(page.locator(".picker")).to_be_hidden()
