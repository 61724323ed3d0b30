"""A run in the dashboard that changes its own course, and what people may say to it."""

import re

from playwright.sync_api import FilePayload, Locator, expect

from tests.app.training_page import LEARNT_MS, SMALL, TrainingPage
from websim.experiments.archive import dump
from websim.experiments.experiment import Experiment
from websim.worlds.world import world_from_dict

#: Sees a plateau every few iterations, whatever is learnt.
OFTEN = "plateau.iterations:4,plateau.gain:1000,plateau.approx_kl:1000,trial_steps:2000,episodes:4"

#: Of the ground, and of pushes.
LEVELS = {
    "terrain": {"levels": 4, "kinds": ["rough"], "tile": 4.0, "platform": 2.0},
    "events": [
        {
            "mode": "interval",
            "target": "push",
            "operation": "add",
            "range": [0, 0.1],
            "interval_range_s": [2, 4],
            "level": "pushes",
        }
    ],
    "levels": [{"name": "pushes", "levels": 3, "curriculum": "none"}],
}

SLOWER = "learning_rate \u00d7 0.3"


def test_decisions_are_listed_compared_undone_and_asked_for(open_page: TrainingPage) -> None:
    page = open_page.page
    open_page.go(SMALL.replace("compare=2:current,2:random&", ""))
    course = page.get_by_role("region", name="Decisions")
    choice = page.get_by_label("Change its own course")
    expect(choice).to_have_value("off")
    expect(page.get_by_label("plateau: gain")).to_be_hidden()
    choice.select_option("ask")
    page.get_by_text("When it acts").click()
    gain = page.get_by_label("plateau: gain")
    expect(gain).to_have_value("0.02")
    gain.fill("much")
    gain.press("Enter")
    expect(page.get_by_text('plateau.gain cannot be "much"')).to_be_visible()
    gain.fill("1000")
    gain.press("Enter")
    assert open_page.state["adapt"] == "ask"
    assert open_page.state["adaptset"] == "plateau.gain:1000"
    query = SMALL.replace("compare=2:current,2:random&", "")
    open_page.go(f"{query}&adapt=ask&adaptset={OFTEN}")
    expect(gain).to_have_value("1000")

    open_page.start()
    ask = course.get_by_role("status")
    expect(ask).to_be_visible(timeout=LEARNT_MS)
    expect(ask).to_contain_text(f"Nothing grew any longer. Try {SLOWER}?")
    course.get_by_role("button", name="No", exact=True).click()
    first = course.locator(".course-list li").first
    expect(first).to_contain_text(SLOWER, timeout=LEARNT_MS)
    expect(first).to_contain_text("not tried")
    expect(ask).to_be_visible(timeout=LEARNT_MS)
    course.get_by_role("button", name="Try it").click()
    second = course.locator(".course-list li").nth(1)
    expect(second).to_contain_text(re.compile("goes on with it|left away"), timeout=LEARNT_MS)
    expect(course.locator(".course-strip button")).to_have_count(2)
    course.get_by_role("button", name=re.compile("^Decision 1: ")).click()
    expect(second).to_contain_text("going on without it, 4 episodes each by the measure")
    expect(second).to_contain_text(re.compile(r"Cost[\d,]+ steps"))
    second.get_by_role("button", name="Compare").click()
    expect(second.get_by_role("img", name=re.compile("measure with it: .* ± "))).to_be_visible()
    second.get_by_role("button", name="Undo").click()
    third = course.locator(".course-list li").nth(2)
    expect(third).to_contain_text("the other side of decision 1", timeout=LEARNT_MS)
    expect(second.get_by_role("button", name="Undo")).to_be_hidden()
    expect(third).to_contain_text("gone back")


def test_wishes_thresholds_and_levels(open_page: TrainingPage) -> None:
    page = open_page.page
    uneven = Experiment(task="Ant-v5", world=world_from_dict(LEVELS))
    file: FilePayload = {"name": "uneven.websim", "mimeType": "", "buffer": dump(uneven)}
    small = "hp=num_envs:32,num_steps:64,num_minibatches:4&workers=1&envs=16&speed=1&steps=1000000"
    open_page.go(f"task=Hopper-v5&{small}&adapt=on&adaptset={OFTEN}")
    open_page.wait("sim.groups[0].task === 'Hopper-v5'", 60)
    open_page.booted()

    wishes = page.get_by_label("What it learns, one wish a line")
    expect(wishes).to_have_value("")
    page.get_by_text("When it acts").locator("..").evaluate("(details) => (details.open = true)")
    errors = page.get_by_label("standard errors")
    expect(errors).to_have_value("2")
    expect(page.get_by_text("at 0 whatever looks better goes on")).to_be_visible()
    errors.fill("3")
    errors.press("Enter")
    assert "standard_errors:3" in open_page.state["adaptset"]
    wishes.fill("run\n" + "x" * 500)
    wishes.blur()
    expect(page.get_by_text("up to 100 wishes of up to 400 characters")).to_be_visible()
    wishes.fill("hop forwards\n\n  stand still ")
    wishes.blur()
    assert open_page.state["wishes"] == "hop forwards\nstand still"
    wishes.fill("")
    wishes.blur()

    page.locator("#open-files").set_input_files(files=[file])
    open_page.wait("sim?.groups[0].worldValues.includes('terrain level')", 60)
    open_page.booted()
    open_page.start()
    levels = page.get_by_role("region", name="Levels")
    bars = levels.get_by_role("img", name=re.compile("Robots by level"))
    expect(bars).to_be_visible(timeout=LEARNT_MS)
    what = page.get_by_label("Levels of what")
    for name, number in (("pushes level", 3), ("terrain level", 4)):
        what.select_option(name)
        expect(bars.locator("i")).to_have_count(number)
        assert counted(bars) == robots_by(open_page, name, number)
    colours = page.get_by_label("These colours on the robots")
    expect(colours).to_be_checked()
    open_page.drawn()
    assert green(open_page) > 1000
    colours.uncheck()
    open_page.buttons.get_by_role("button", name="Stop").click()
    expect(levels).to_be_hidden(timeout=LEARNT_MS)


def counted(bars: Locator) -> list[int]:
    """Robots by level, as the panel says."""
    return [int(n) for n in re.findall(r"\d: (\d+)", bars.get_attribute("aria-label") or "")]


def robots_by(dashboard: TrainingPage, name: str, number: int) -> list[int]:
    """Robots by level, as the simulation says."""
    levels = dashboard.sim(f"[...sim.worldValues(0)['{name}']]")
    assert levels
    return [levels.count(level) for level in range(number)]


def green(dashboard: TrainingPage) -> int:
    """Pixels in the colours of the upper levels."""
    red, green, blue = (dashboard.picture()[..., c].astype(int) for c in range(3))
    return int(((green > red + 25) & (green > blue + 15)).sum())
