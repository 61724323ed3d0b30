"""The world on the page: added, changed, applied, drawn again, refused in words, learnt in."""

import pytest
from playwright.sync_api import expect

from tests.app.page import FEW, Dashboard


@pytest.fixture
def plain(open_page: Dashboard) -> Dashboard:
    """The page with pendulums that are alike."""
    page = open_page.page
    open_page.go(FEW)
    open_page.wait("sim.groups[0].worldValues.length === 0", 30)
    open_page.booted()
    open_page.unfold("world")
    for remove in reversed(page.locator(".world-entries > li > button").all()):
        remove.click()  # what was not applied
    return open_page


FRICTION = "Friction of the ground and all else, 0.5 to 1.5 times"
MASS = "Mass of each body, 0.8 to 1.2 times"


def apply(dashboard: Dashboard) -> None:
    dashboard.page.get_by_role("button", name="Apply").click()


def values(dashboard: Dashboard, index: int) -> dict[str, float]:
    found: dict[str, float] = dashboard.sim(f"sim.getEnvironmentState({index}).worldValues")
    return found


def test_a_world_is_added_shown_and_drawn_again(plain: Dashboard) -> None:
    page = plain.page
    section = page.locator(".world")
    expect(section).to_contain_text("All robots are alike")
    section.locator("#world-add").select_option(MASS)
    section.locator("#world-add").select_option("Actions up to 2 steps late")
    expect(section.locator("li")).to_have_count(2)
    expect(section.locator("li").first).to_contain_text(
        "mass \N{MULTIPLICATION SIGN} 0.8 to 1.2, once"
    )
    expect(section).to_contain_text("Not applied yet")
    apply(plain)
    plain.wait("sim.groups[0].worldValues.length === 3", 30)
    plain.booted()
    expect(section.get_by_role("button", name="Apply")).to_be_disabled()
    first = [values(plain, i) for i in range(16)]
    assert list(first[0]) == ["mass cart *", "mass pole *", "action delay"]
    assert len({value["mass cart *"] for value in first}) == 16
    assert all(0.8 <= value["mass pole *"] <= 1.2 for value in first)

    page.keyboard.press("f")
    own = page.locator(".details table").nth(1)
    expect(own).to_contain_text("mass cart")
    expect(own).to_contain_text(f"\N{MULTIPLICATION SIGN} {first[0]['mass cart *']:.3f}")
    section.get_by_role("button", name="Draw again").click()
    plain.wait(
        f"sim.getEnvironmentState(0).worldValues['mass cart *'] !== {first[0]['mass cart *']}"
    )
    expect(own).to_contain_text(f"\N{MULTIPLICATION SIGN} {values(plain, 0)['mass cart *']:.3f}")
    assert plain.state["seed"] != "0"
    assert plain.state["follow"] == "0", "the robot is followed on"

    page.reload()
    plain.booted()
    plain.wait("sim.groups[0].worldValues.length === 3", 30)
    expect(section.locator("li")).to_have_count(2)
    section.get_by_role("button", name="Remove mass").click()
    section.get_by_role("button", name="Remove Actions").click()
    apply(plain)
    plain.wait("sim.groups[0].worldValues.length === 0", 30)
    plain.booted()
    expect(own).to_be_hidden()


def test_an_event_is_changed_and_what_is_wrong_is_told(plain: Dashboard) -> None:
    page = plain.page
    section = page.locator(".world")
    section.locator("#world-add").select_option("Another event…")
    section.get_by_label("What").select_option("friction")
    section.get_by_label("When").select_option("interval")
    section.get_by_label("Every, from s").fill("0.1")
    section.get_by_label("to s", exact=True).fill("zero")
    section.get_by_label("to s", exact=True).press("Enter")
    expect(section.locator("small.problem").filter(has_text="Allowed: a number")).to_be_visible()
    section.get_by_label("to s", exact=True).fill("0.2")
    section.get_by_label("to s", exact=True).press("Enter")
    section.get_by_label("Of geoms; empty: all").fill("wheel")
    section.get_by_label("Of geoms; empty: all").press("Enter")
    expect(section.locator("summary")).to_have_text(
        "friction of wheel \N{MULTIPLICATION SIGN} 0.8 to 1.2, every 0.1 to 0.2 s"
    )
    apply(plain)
    expect(section.locator("p.problem")).to_contain_text(
        "world.events[0].names: The model has no geom named 'wheel'"
    )
    assert plain.sim("sim.groups[0].worldValues.length") == 0, "the robots are as they were"
    section.get_by_label("Of geoms; empty: all").fill("rail")
    section.get_by_label("Of geoms; empty: all").press("Enter")
    apply(plain)
    plain.wait("sim.groups[0].worldValues.length === 1", 30)
    plain.booted()
    expect(section.locator("p.problem")).to_be_empty()
    plain.wait("Number.isFinite(sim.getEnvironmentState(0).worldValues['friction rail *'])", 30)


def test_terrain_is_chosen_and_each_robot_has_its_tile(plain: Dashboard) -> None:
    page = plain.page
    section = page.locator(".world")
    section.locator("#world-add").select_option("Rough ground")
    expect(section.locator("summary")).to_have_text("Ground rough; 10 levels")
    apply(plain)
    expect(section.locator("p.problem")).to_contain_text(
        "InvertedPendulum-v5 cannot stand on terrain: it has no floor.", timeout=30_000
    )
    assert plain.sim("sim.groups[0].terrainKinds.length") == 0, "the robots are as they were"

    plain.go("task=Ant-v5&envs=16&workers=1&speed=1&seed=3")
    plain.wait("sim.groups[0].task === 'Ant-v5'", 60)
    plain.booted()
    section.locator("#world-add").select_option("Terrain, harder by what is walked")
    ground = section.locator("li").last
    expect(ground).to_contain_text("Ground of 9 kinds; 10 levels, harder by what is walked")
    ground.locator("summary").click()
    for kind in ("flat", "rough", "slope up", "slope down", "stepping stones", "gaps", "boxes"):
        ground.get_by_label(kind, exact=True).uncheck()
    ground.get_by_label("Levels", exact=True).fill("101")
    ground.get_by_label("Levels", exact=True).press("Enter")
    expect(ground).to_contain_text("Allowed: a whole number from 0 to 100.")
    ground.get_by_label("Levels", exact=True).fill("4")
    ground.get_by_label("Levels", exact=True).press("Enter")
    ground.get_by_label("Asked, m/s").fill("0.3")
    ground.get_by_label("Asked, m/s").press("Enter")
    ground.get_by_label("Heights around it are observed").check()
    ground.get_by_label("Apart, m").fill("0.5")
    ground.get_by_label("Apart, m").press("Enter")
    ground.get_by_label("A tile, m").fill("1e9")
    ground.get_by_label("A tile, m").press("Enter")
    expect(ground.locator("summary")).to_have_text(
        "Ground stairs up, stairs down; 4 levels, harder by what is walked; observed"
    )
    apply(plain)
    expect(section.locator("p.problem")).to_contain_text("world.terrain.tile must be a number from")
    ground.get_by_label("A tile, m").fill("8")
    ground.get_by_label("A tile, m").press("Enter")
    ground.get_by_role("button", name="Other ground").click()
    apply(plain)
    plain.wait("sim.groups[0].terrainKinds.join() === 'stairs_up,stairs_down'", 60)
    plain.booted()
    expect(section.locator("p.problem")).to_be_empty()
    found = [values(plain, i) for i in range(16)]
    assert {value["terrain kind"] for value in found} == {0, 1}
    assert {value["terrain level"] for value in found} == {0}, "all begin on the first"
    assert plain.sim("sim.groups[0].observationSize") == 105 + 4 * 3

    page.evaluate("() => websim.pause()")
    page.keyboard.press("f")
    own = page.locator(".details table").nth(1)
    kind = ("stairs up", "stairs down")[int(found[0]["terrain kind"])]
    expect(own.get_by_role("row", name="terrain kind")).to_contain_text(kind)
    expect(own.get_by_role("row", name="terrain level")).to_contain_text("0")
    # Positions are seen from the tile, which lies some metres from the middle of the world.
    assert plain.sim("Math.hypot(...sim.getEnvironmentState(0).qpos.slice(0, 2))") < 3.9

    page.reload()
    plain.booted()
    plain.wait("sim.groups[0].terrainKinds.length === 2", 60)
    expect(section.locator("summary")).to_contain_text("Ground stairs up, stairs down; 4 levels")
    section.locator("summary").click()
    expect(section.get_by_label("Asked, m/s")).to_have_value("0.3")
    expect(section.get_by_label("Apart, m")).to_have_value("0.5")
    assert section.get_by_label("Seed").input_value() != "0"


def test_learning_is_in_the_same_world_which_stays_meanwhile(plain: Dashboard) -> None:
    page = plain.page
    section = page.locator(".world")
    section.locator("#world-add").select_option(FRICTION)
    apply(plain)
    plain.wait("sim.groups[0].worldValues.length === 1", 30)
    plain.booted()
    page.keyboard.press("l")
    plain.wait("sim.training?.iteration > 0", 60)
    assert plain.sim("sim.training.experiment.world.events.length") == 1
    assert plain.sim("sim.groups[0].worldValues.join()") == "friction *"
    expect(section).to_contain_text("While robots learn their world stays as it is")
    expect(section.locator("#world-add")).to_be_disabled()
    page.get_by_role("button", name="Stop").first.click()
    plain.wait("sim.training === null && sim.groups[0].worldValues.length === 1", 60)
