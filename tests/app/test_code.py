"""Reward and measure are written in the page: checked as typed, applied as robots go on."""

import re

from playwright.sync_api import Page, expect

from tests.app.page import BOOT_MS, FEW
from tests.app.training_page import LEARNT_MS, SMALL, TrainingPage

LEVEL = (
    "def reward(now, before, action):\n"
    '    return {"level": now.body("pole").up[:, 2], "effort": -0.1 * np.square(action[:, 0])}\n'
)

#: One term is nearly all of what is paid.
LOPSIDED = LEVEL.replace("-0.1 *", "-1e-6 *")

#: And cannot be more.
FULL = LOPSIDED.replace('now.body("pole").up[:, 2]', "0 * action[:, 0] + 1")


def open_editor(page: Page) -> None:
    page.get_by_role("button", name="Edit reward, measure, task").click()
    expect(page.locator(".code-sheet .cm-content")).to_be_visible(timeout=BOOT_MS)
    page.get_by_role("tab", name="Reward").click()
    expect(page.locator("#code-state")).to_contain_text("in force")


def close_editor(page: Page) -> None:
    page.get_by_role("button", name="Close the editor").click()


def write(page: Page, source: str) -> None:
    """Replaces what the editor holds, as one who pastes."""
    content = page.locator(".code-sheet .cm-content")
    content.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(source)


def expect_terms(page: Page, *names: str) -> None:
    rows = page.locator(".code-terms [data-term]")
    expect(rows).to_have_count(len(names))
    for row, name in zip(rows.all(), names, strict=True):
        expect(row).to_have_attribute("data-term", name)
        expect(row.locator("td").first).to_have_text(re.compile(r"^-?[\d.]+"))


def test_robots_that_play_are_paid_by_what_is_written(open_page: TrainingPage) -> None:
    dashboard, page = open_page, open_page.page
    fetched = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert any("/app/stage/" in url for url in fetched)
    assert not [url for url in fetched if "/app/code/editor" in url or "/vendor/view" in url]
    dashboard.go(f"{FEW}&follow=0")
    open_editor(page)
    expect(page.locator(".cm-content")).to_contain_text("def reward(now, before, action)")
    expect_terms(page, "reward_survive")

    # What is wrong is under its line, with what is allowed, before it is applied.
    write(page, "import os\n" + LEVEL)
    expect(page.locator(".cm-lintRange-error")).to_have_text("import", timeout=30_000)
    page.locator(".cm-lintRange-error").hover()
    expect(page.locator(".cm-tooltip-lint")).to_contain_text("Only `import numpy as np` is there")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#code-state.error")).to_contain_text("line 1, column 1")
    expect_terms(page, "reward_survive")

    write(page, LEVEL)
    expect(page.locator("#code-state")).to_contain_text("Changed")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#code-state")).to_have_text("This is in force.")
    expect_terms(page, "level", "effort")
    expect(page.locator(".code-terms .warn")).to_be_hidden()
    assert dashboard.sim("sim.getEnvironmentState(0).rewardTerms.level") != 0
    expect(page.locator("#code-what")).to_contain_text("Reward: your own")

    # The followed robot has its own column, and its details the new terms.
    expect(page.locator(".details .terms th").first).to_have_text("level")
    expect(page.locator("[data-term=level] td").nth(2)).to_have_text(re.compile(r"\d"))

    write(page, LOPSIDED)
    page.locator("#code-apply").click()
    expect(page.locator(".code-terms .warn")).to_contain_text(re.compile(r"level is (9\d|100) %"))

    page.locator("#code-reset").click()
    expect_terms(page, "reward_survive")
    expect(page.locator("#code-what")).to_contain_text("Reward: the task's own")
    close_editor(page)


def test_completion_knows_the_robot(open_page: TrainingPage) -> None:
    page = open_page.page
    open_editor(page)
    write(page, "def reward(now, before, action):\n    return {'a': ")
    offered = page.locator(".cm-tooltip-autocomplete")
    page.keyboard.type("now.bod")
    offered.locator("li", has_text="body").first.click()
    page.keyboard.type("po")
    offered.locator("li", has_text="pole").first.click()
    page.keyboard.type('").hei')
    expect(offered).to_contain_text("Its z [n].")
    close_editor(page)


def test_a_worked_reward_to_begin_with(open_page: TrainingPage) -> None:
    page = open_page.page
    open_page.go("task=HalfCheetah-v5&envs=8&workers=1&speed=1")
    open_page.wait("sim.groups[0].task === 'HalfCheetah-v5'", 60)
    open_page.booted()
    open_editor(page)
    page.get_by_text("Worked rewards to begin with").click()
    card = page.locator("#code-gallery button", has_text="Stand up")
    expect(card).to_contain_text("success is how upright it was")
    expect(card.locator("img")).to_have_js_property("naturalWidth", 240)
    card.click()
    expect(page.locator(".cm-content")).to_contain_text("Pays for a body that points upwards")
    page.locator("#code-apply").click()
    expect_terms(page, "upright", "calm", "effort")
    page.get_by_role("tab", name="Measure").click()
    expect(page.locator(".cm-content")).to_contain_text("def measure(now, before)")
    page.locator("#code-apply").click()
    expect(page.locator("#code-what")).to_contain_text("Measure: your own")
    close_editor(page)


def test_a_task_is_edited_and_becomes_ones_own(open_page: TrainingPage) -> None:
    dashboard, page = open_page, open_page.page
    dashboard.go(FEW)
    dashboard.wait("sim.groups[0].task === 'InvertedPendulum-v5'", 60)
    dashboard.booted()
    open_editor(page)
    page.get_by_role("tab", name="Task").click()
    content = page.locator(".cm-content")
    expect(content).to_contain_text("a cart keeps a pole upright")
    text = page.evaluate("websim.vocabulary(0)")["own"]["task_code"]

    write(page, text + "\nx = nothing\n")
    expect(page.locator(".cm-lintRange-error").last).to_have_text("nothing")
    write(page, text.replace("def observation", "def observations"))
    page.locator("#code-apply").click()
    expect(page.locator("#code-state.error")).to_contain_text("NotImplementedError")
    assert dashboard.sim("sim.numEnvs") == 16

    longer = text.replace("return data.qpos, data.qvel", "return data.qpos, data.qvel, data.qvel")
    assert longer != text
    write(page, longer)
    page.locator("#code-apply").click()
    dashboard.wait("sim.groups[0].observationSize === 6", 30)
    dashboard.booted()
    expect(page.locator("#code-state")).to_have_text("This is in force.")
    expect(page.locator("#code-what")).to_contain_text("Task: your own.")

    # Another reward leaves the task trusted, and both come back after a reload.
    page.get_by_role("tab", name="Reward").click()
    write(page, LEVEL)
    page.locator("#code-apply").click()
    expect_terms(page, "level", "effort")
    page.reload()
    dashboard.booted()
    dashboard.wait("sim.groups[0].observationSize === 6")
    dashboard.wait("Object.keys(sim.rewardTerms(0)).join() === 'level,effort'")

    open_editor(page)
    page.get_by_role("tab", name="Task").click()
    page.locator("#code-reset").click()
    dashboard.wait("sim.groups[0].observationSize === 4", 30)
    dashboard.booted()
    expect(content).not_to_contain_text("data.qvel, data.qvel")
    expect_terms(page, "level", "effort")
    close_editor(page)


def test_a_reward_changes_while_robots_learn(open_page: TrainingPage) -> None:
    dashboard, page = open_page, open_page.page
    dashboard.go(SMALL)
    dashboard.start()
    open_editor(page)
    expect_terms(page, "reward_survive")
    write(page, LEVEL.replace('"pole"', '"tail"'))
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#code-state.error")).to_contain_text("no body", timeout=LEARNT_MS)
    assert dashboard.sim("sim.training.state") == "running"

    before = dashboard.sim("sim.training.globalStep")
    write(page, LEVEL)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#code-state")).to_have_text("This is in force.", timeout=LEARNT_MS)
    expect_terms(page, "level", "effort")
    assert dashboard.sim("sim.training.globalStep") > before
    close_editor(page)
    expect(page.locator(".curve[data-tag='rewards/level']")).to_be_attached(timeout=LEARNT_MS)
    curve = page.locator(".curves .curve[data-tag='charts/episodic_return'] [role=img]")
    curve.scroll_into_view_if_needed()  # what cannot be seen is not drawn
    expect(curve).to_have_attribute(
        "aria-label", re.compile(r"another reward or measure from \S+ on"), timeout=LEARNT_MS
    )
    # Those beside the learners are paid the same, and the run's document has it.
    assert dashboard.sim("Object.keys(sim.rewardTerms(1)).join()") == "level,effort"
    assert dashboard.sim("sim.training.experiment.reward") == LEVEL

    # What is noticed of a reward is said where it is learnt from, and only of that one.
    said = page.get_by_role("status", name="Of the reward")
    open_editor(page)
    write(page, FULL)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(said).to_contain_text("level is full from the start (1 in each", timeout=LEARNT_MS)
    expect(said).to_contain_text("level is 100% of all that is paid")
    write(page, LEVEL.replace("-0.1", "-0.05"))
    page.keyboard.press("ControlOrMeta+Enter")
    expect(said).not_to_contain_text("full from the start", timeout=LEARNT_MS)

    # One that explodes gives way to it, and the run goes on.
    write(page, LEVEL.replace("now.body", "1e300 * now.body"))
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator(".notices")).to_contain_text(
        re.compile("what was in force before is again.*explodes"), timeout=LEARNT_MS
    )
    before = dashboard.sim("sim.training.globalStep")
    dashboard.wait(f"sim.training.globalStep > {before}", 30)
    assert "1e300" not in dashboard.sim("sim.training.experiment.reward")
