"""Training in the dashboard, used as a person would use it."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.app.axe import nothing_wrong
from tests.app.conftest import staying
from tests.app.page import BOOT_MS
from tests.app.training_page import LEARNT_MS, SMALL, TrainingPage
from websim.algorithms.presets import preset

NUMBER = re.compile(r"^-?[\d.]+(e-?\d+)?$")


@pytest.fixture
def fresh(open_page: TrainingPage) -> TrainingPage:
    """The page of this file, in which nothing is or was learnt."""
    reset = open_page.buttons.get_by_role("button", name="Reset")
    if reset.is_enabled():
        reset.click()
        open_page.wait("sim.training === null", 60)
        open_page.booted()
        expect(open_page.page.locator(".curves .curve")).to_have_count(0)
    return open_page


@pytest.fixture
def training(fresh: TrainingPage) -> TrainingPage:
    """The same, and a pendulum begins to learn."""
    fresh.go(SMALL)
    fresh.start()
    return fresh


def csv_rows(dashboard: TrainingPage, tmp_path: Path) -> list[dict[str, str]]:
    with dashboard.page.expect_download() as download:
        dashboard.page.get_by_role("button", name="CSV").click()
    path = tmp_path / "metrics.csv"
    download.value.save_as(path)
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_a_link_brings_the_set_up_and_the_form_checks(fresh: TrainingPage) -> None:
    dashboard, page = fresh, fresh.page
    dashboard.go(
        "task=InvertedPendulum-v5&envs=8&workers=1&preset=cleanrl&steps=5000&trainseed=7"
        "&hp=learning_rate:0.002,hidden_sizes:32x32,nonsense:1"
    )
    expect(page.get_by_role("status")).to_contain_text('no hyperparameter "nonsense"')
    expect(page.locator("#option-preset")).to_have_value("cleanrl")
    expect(page.locator("#option-steps")).to_have_value("5,000")
    expect(page.locator("#option-trainseed")).to_have_value("7")
    page.get_by_text("Hyperparameters · 2 changed").click()
    rate = page.locator("#hyperparameter-learning_rate")
    expect(rate).to_have_value("0.002")
    expect(page.locator("#hyperparameter-hidden_sizes")).to_have_value("32, 32")
    of_preset = preset("ppo", "cleanrl", "InvertedPendulum-v5")
    expect(page.locator("#hyperparameter-num_envs")).to_have_value(str(of_preset["num_envs"]))

    rate.fill("7")
    rate.press("Enter")
    expect(rate.locator("~ .problem")).to_contain_text("Allowed: numbers from 0 to 1")
    expect(rate).to_have_value("0.002")
    page.get_by_role("button", name="learning_rate: back to the preset").click()
    expect(rate).to_have_value("0.0003")
    page.select_option("#hyperparameter-norm_adv", "false")
    assert dashboard.state["hp"] == "hidden_sizes:32x32,norm_adv:false"
    page.get_by_role("button", name="Reset all to the preset").click()
    assert "hp" not in dashboard.state

    page.select_option("#option-algo", "ars")
    expect(page.locator("#option-preset")).to_have_value("default")
    assert dashboard.state["algo"] == "ars"
    assert "preset" not in dashboard.state
    expect(page.locator("#hyperparameter-num_top")).to_have_value("0")
    assert dashboard.sim("sim.training") is None, "a link does not start training"


def test_hyperparameters_that_do_not_go_together_are_refused(fresh: TrainingPage) -> None:
    dashboard, page = fresh, fresh.page
    dashboard.go(f"{SMALL},num_minibatches:9999")
    page.get_by_role("button", name="Train", exact=True).click()
    message = page.locator(".training-message")
    expect(message).to_contain_text("9999", timeout=BOOT_MS)
    dashboard.booted()
    dashboard.wait("sim.numEnvs === 8", seconds=60)
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()


@pytest.fixture
def without_shared_memory(resident: BrowserContext, server_plain: str) -> Iterator[TrainingPage]:
    with staying(resident, server_plain, SMALL) as training:
        yield training


def test_training_pauses_survives_a_reload_and_goes_on(
    without_shared_memory: TrainingPage, tmp_path: Path
) -> None:
    """With shared memory others do."""
    training, page = without_shared_memory, without_shared_memory.page
    training.start()
    training.wait_for_steps(1024)
    assert training.sim("sim.groups[0].learns && sim.groups[0].numEnvs") == 8
    done = training.pause()
    rows = csv_rows(training, tmp_path)
    assert [int(row["global_step"]) for row in rows] == list(range(512, done + 1, 512))
    tags = {"charts/episodic_return", "charts/SPS", "losses/value_loss", "losses/approx_kl"}
    assert tags | {"losses/entropy", "losses/explained_variance"} <= set(rows[0])
    assert any(tag.startswith("rewards/") for tag in rows[0])
    assert all(float(row["losses/value_loss"]) >= 0 for row in rows)
    assert any(row["charts/episodic_return"] for row in rows)

    page.reload()
    training.booted()
    card = page.get_by_role("region", name="Interrupted training")
    expect(card).to_contain_text("InvertedPendulum-v5")
    expect(card).to_contain_text(f"{done:,} of 1,000,000 steps")
    card.get_by_role("button", name="Resume").click()
    training.learns()
    training.wait_for_steps(done)
    training.pause()
    again = csv_rows(training, tmp_path)
    assert len(again) > len(rows)
    assert [row["losses/value_loss"] for row in again[: len(rows)]] == [
        row["losses/value_loss"] for row in rows
    ]
    assert [int(row["global_step"]) for row in again] == [512 * (i + 1) for i in range(len(again))]


def test_the_curve_on_the_stage_shows_the_curves_large(training: TrainingPage) -> None:
    page = training.page
    training.wait_for_steps(1024)
    on_stage = page.locator(".stage-curve")
    small = page.locator(".panel .curves")
    expect(small).to_have_count(1)
    on_stage.click()
    expect(on_stage).to_be_hidden()
    expect(small).to_have_count(0)
    expect(page.locator(".curves")).to_be_visible()
    page.get_by_role("button", name="Make small").click()
    expect(on_stage).to_be_visible()
    expect(small).to_have_count(1)


def test_stopping_leaves_robots_with_what_was_learnt(training: TrainingPage) -> None:
    page = training.page
    training.wait_for_steps(1024)
    expect(page.locator("#option-envs")).to_be_disabled()
    page.get_by_role("button", name="Stop").click()
    training.wait("sim.training === null && sim.numEnvs === 8", seconds=60)
    training.booted()
    training.wait("/^saved-/.test(sim.getEnvironmentState(7).controller)", seconds=30)
    training.wait("/^saved-/.test(sim.getEnvironmentState(0).controller)", seconds=30)
    assert training.sim("sim.getEnvironmentState(3).controller") == "random"
    assert "controller" not in training.state, "a link that works here only"
    assert "compare" not in training.state
    expect(page.locator(".curves .curve").first).to_be_visible()
    # The history brings the policy back, from this browser's storage.
    page.reload()
    training.booted()
    expect(page.get_by_role("region", name="Interrupted training")).to_have_count(0)
    training.wait("/^saved-/.test(sim.getEnvironmentState(7).controller)", seconds=30)


def test_controllers_side_by_side_while_training_goes_on(training: TrainingPage) -> None:
    page = training.page
    assert training.sim("[8, 9, 10, 11].map((i) => sim.getEnvironmentState(i).controller)") == [
        *["current"] * 2,
        *["random"] * 2,
    ]
    assert training.sim("sim.getEnvironmentState(0).controller") is None
    page.select_option("#compare-1-controller", "best")
    training.wait("sim.getEnvironmentState(11).controller === 'best'")
    assert training.state["compare"] == "2:current,2:best"
    # The random ones were replaced in the middle of their episodes.
    returns = page.locator(".compare-return")
    played = re.compile(r"return [\d.,]+, mean of .*episode")
    # At the speed of a real one an episode of a pendulum that stands takes 40 s.
    training.sim("sim.setSpeed(Infinity)")
    for row in range(2):
        expect(returns.nth(row)).to_have_text(played, timeout=LEARNT_MS)
    training.sim("sim.setSpeed(1)")
    expect(page.locator(".compare-others li")).to_have_text(re.compile(r"learning \(PPO\): return"))

    before = training.steps()
    number = page.locator("#compare-0-envs")
    number.fill("5")
    number.press("Enter")
    training.wait("sim.numEnvs === 15", seconds=60)
    line = page.locator(".group[data-group='robots'] .group-line")
    expect(line).to_have_text("InvertedPendulum-v5 · 8 learn · 7 beside")
    training.wait_for_steps(before)
    assert training.sim("sim.getEnvironmentState(12).controller") == "current"
    page.get_by_role("button", name="Remove part 2").click()
    training.wait("sim.numEnvs === 13", seconds=60)
    training.booted()

    page.keyboard.press("Escape")
    page.locator(".stage").focus()
    expect(page.get_by_role("button", name="Follow best")).to_be_visible(timeout=LEARNT_MS)
    page.keyboard.press("b")
    expect(page.locator(".details")).to_contain_text("learning")
    assert int(training.state["follow"]) < 8


#: Cheetahs do not fall: the first episodes of all 32 end at 32,000 steps.
CHEETAHS = (
    "task=HalfCheetah-v5&envs=4&workers=1&steps=1000000"
    "&hp=num_envs:32,num_steps:64,num_minibatches:4,update_epochs:1"
)


def test_there_is_something_to_see_before_the_first_episode_ends(fresh: TrainingPage) -> None:
    page = fresh.page
    fresh.go(CHEETAHS)
    page.get_by_role("button", name="Train", exact=True).click()
    figures = page.locator(".training-figures")
    expect(figures).to_contain_text("the first end at 32,000 steps at the latest", timeout=BOOT_MS)
    reward = page.locator(".curves .curve[data-tag='charts/mean_reward']")
    reward.scroll_into_view_if_needed()
    expect(reward.locator(".curve-value")).to_have_text(NUMBER)
    expect(figures).to_contain_text(re.compile(r"Return -?[\d.]+"), timeout=LEARNT_MS)
    fresh.pause()

    # One value under one name: in words, above the curve, and where the line ends.
    told = re.search(r"Return (\S+)", figures.inner_text())
    assert told
    plot = page.locator(".curves .curve[data-tag='charts/episodic_return']")
    plot.scroll_into_view_if_needed()
    expect(plot.locator(".curve-value")).to_have_text(told[1])
    page.locator("#curves-smoothing").fill("0.9")
    expect(plot.locator(".curve-value")).to_have_text(told[1])
    summary = page.locator(".summary").text_content()
    assert summary
    assert summary.endswith(f"return {told[1]}")


def test_one_pause_for_all_that_learns_and_stands_beside(fresh: TrainingPage) -> None:
    page = fresh.page
    fresh.go(f"{SMALL}&paused=1")
    fresh.start()
    fresh.wait("sim.running && sim.training.state === 'running'", seconds=30)
    assert "paused" not in fresh.state
    expect(page.get_by_role("button", name="Pause")).to_have_count(1)
    expect(page.locator("#option-controller option:checked")).to_have_text("learning (PPO)")
    for name in ("Step", "Reset"):
        button = fresh.transport.get_by_role("button", name=name)
        expect(button).to_be_disabled()
        expect(button).to_have_attribute("title", re.compile("stop it first"))
    page.locator(".stage").focus()
    page.keyboard.press("s")
    expect(page.get_by_role("status")).to_contain_text("stop it first")

    page.keyboard.press("Space")
    expect(fresh.transport.get_by_role("button", name="Resume")).to_be_visible()
    fresh.wait("sim.training.state === 'paused' && !sim.running")
    assert fresh.state["paused"] == "1"
    done = fresh.settled()
    page.keyboard.press("Space")
    fresh.wait_for_steps(done)
    assert fresh.sim("sim.running")

    # Whoever stops wants to see what was learnt.
    fresh.transport.get_by_role("button", name="Pause").click()
    fresh.wait("sim.training.state === 'paused'")
    fresh.buttons.get_by_role("button", name="Stop").click()
    fresh.wait("sim.training === null && sim.running", seconds=60)
    fresh.booted()
    assert "paused" not in fresh.state
    expect(fresh.transport.get_by_role("button", name="Pause")).to_be_enabled()


def test_nobody_is_shut_out(training: TrainingPage) -> None:
    """What axe-core finds wrong, in both themes, of all that can be open: nothing."""
    page = training.page
    for group in ("robots", "learn", "world", "code", "share", "view"):
        training.unfold(group)
    page.keyboard.press("f")
    page.keyboard.press("g")
    page.get_by_role("button", name="What there is to try").click()
    nothing_wrong(page, "cards, details and the panel while robots learn")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    nothing_wrong(page, "help")
    page.keyboard.press("Escape")
    page.locator("#code-open").click()
    expect(page.locator(".code-sheet .cm-content").first).to_be_visible()
    nothing_wrong(page, "code")
    page.locator("#code-open").click()
    training.buttons.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Keep", exact=True).click()
    page.locator(".library").evaluate("(library) => { library.open = true; }")
    page.get_by_role("checkbox", name="Curve of").first.check()
    page.locator(".runs").get_by_role("button", name="Enlarge").click()
    expect(page.locator(".runs-legend li")).to_have_count(1)
    nothing_wrong(page, "the table of runs")
    for name in ("Share", "Export"):
        page.locator(".saved").get_by_role("button", name=f"{name}: ").first.click()
        dialog = page.locator("dialog.share")
        expect(dialog).to_be_visible()
        nothing_wrong(page, name)
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
    page.keyboard.press("Escape")
