"""Robots, runs and rewards of one's own on the page: dropped, chosen, kept, learnt."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.axe import nothing_wrong
from tests.app.opened import drop
from tests.app.page import FEW, Dashboard
from tests.app.test_nothing_lost import save_as_file
from tests.app.training_page import TrainingPage
from tests.model_files import LAYOUTS
from tests.python.test_own_tasks import CODE
from tests.server.test_opened import TASKS
from websim.experiments.archive import dump
from websim.experiments.experiment import Experiment
from websim.experiments.robot import make_robot
from websim.experiments.sources import of_robot
from websim.training import checkpoints
from websim.training.trainer import Trainer
from websim_server import browser

BALL = (
    "<mujoco><worldbody><body name='ball' pos='0 0 1'><freejoint/><geom size='.1'/>"
    "<body pos='0 0 .2'><joint name='elbow' axis='0 1 0'/><geom size='.05' fromto='0 0 0 0 0 .2' "
    "type='capsule'/></body></body></worldbody>"
    "<actuator><motor joint='elbow'/></actuator></mujoco>"
)

REWARD = "def reward(now, before, action):\n    return {'height': now.body('ball').height}\n"


@pytest.fixture
def opened(open_page: TrainingPage) -> TrainingPage:
    """The page with pendulums in it and no notices."""
    page = open_page.page
    for close in page.locator(".notice button").all():
        close.click()
    page.select_option("#option-task", "InvertedPendulum-v5")
    open_page.booted()
    open_page.wait("sim.groups[0].task === 'InvertedPendulum-v5'")
    return open_page


def stands(dashboard: Dashboard, title: str) -> None:
    """Waits until robots of one's own stand there."""
    dashboard.wait(f"sim.groups[0].task === 'Robot-v0' && sim.groups[0].title === '{title}'", 30)
    dashboard.booted()
    expect(dashboard.page.locator("#option-task option:checked")).to_have_text(title)


def test_a_robot_is_dropped_and_comes_back(opened: Dashboard) -> None:
    page = opened.page
    before = page.url
    drop(page.locator(".stage"), {"ball.xml": BALL})
    stands(opened, "ball")
    assert page.url == before, "a robot of this browser's is no part of a link"
    assert opened.sim("sim.numEnvs") == 16
    opened.drawn()
    page.keyboard.press("f")
    bounds = "by default, as the model sets no limits"
    expect(page.locator(".details .bounds")).to_have_text(f"Bounds: all {bounds}.")
    bar = page.locator(".details .bars > div")
    expect(bar).to_have_attribute("title", re.compile(r"^-1(\.0+)? to 1(\.0+)? \(default, as"))
    page.keyboard.press("Escape")
    page.reload()
    opened.booted()
    stands(opened, "ball")
    page.select_option("#option-task", "InvertedPendulum-v5")
    opened.wait("sim.groups[0].task === 'InvertedPendulum-v5'")
    page.go_back()
    stands(opened, "ball")


def test_what_is_dropped_before_the_robots_are_there_waits_for_them(opened: Dashboard) -> None:
    opened.page.reload()
    drop(opened.page.locator(".stage"), {"ball.xml": BALL})
    stands(opened, "ball")
    expect(opened.page.locator(".notice.error")).to_have_count(0)


#: The next file is read when `goOn` is called.
HELD = """() => {
  const { arrayBuffer } = Blob.prototype;
  Blob.prototype.arrayBuffer = async function () {
    Blob.prototype.arrayBuffer = arrayBuffer;
    await new Promise((resolve) => (window.goOn = resolve));
    return arrayBuffer.call(this);
  };
}"""


def test_what_takes_its_time_is_shown(opened: Dashboard) -> None:
    page = opened.page
    card = page.locator(".reading")
    expect(card).to_be_hidden()
    page.evaluate(HELD)
    drop(page.locator(".stage"), {"ball.xml": BALL})
    expect(card).to_contain_text(re.compile(r"Reading ball\.xml \(\d+ kB\)"))
    expect(card.get_by_role("progressbar", name="Reading")).to_be_visible()
    page.evaluate("goOn()")
    stands(opened, "ball")
    expect(card).to_be_hidden()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_folders_are_dropped(opened: Dashboard, layout: str) -> None:
    main, files = LAYOUTS[layout]
    dropped = {f"my robot/{path}": content for path, content in files.items()}
    drop(opened.page.locator(".stage"), dropped, folder=True)
    stands(opened, main.rpartition("/")[2].removesuffix(".xml"))


def test_missing_files_are_asked_for(opened: Dashboard) -> None:
    _, files = LAYOUTS["single quotes"]
    page = opened.page
    drop(page.locator(".stage"), {"main.xml": files["main.xml"]})
    dialog = page.get_by_role("dialog", name="Files are missing")
    expect(dialog.locator("li")).to_have_text(["hull.obj"])
    drop(dialog, {"notes.txt": "not this one"})
    expect(dialog).to_have_count(1)
    expect(dialog.locator("li")).to_have_text(["hull.obj"])
    nothing_wrong(page, "files are missing")
    drop(dialog, {"hull.obj": files["assets/hull.obj"]})
    stands(opened, "main")


def test_one_of_several_models_is_chosen(opened: Dashboard) -> None:
    page = opened.page
    drop(page.locator(".stage"), {"ball.xml": BALL, "other.xml": BALL})
    dialog = page.get_by_role("dialog", name="Which one is the robot?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert opened.sim("sim.groups[0].task") == "InvertedPendulum-v5"
    drop(page.locator(".stage"), {"ball.xml": BALL, "other.xml": BALL})
    dialog.get_by_role("button", name="other.xml").click()
    stands(opened, "other")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"bad.xml": "<mujoco>\n<worldbody>\n<wheel/>\n</worldbody></mujoco>"}, "wheel.*line 3"),
        ({"bad.xml": "<mujoco><worldbody>"}, "bad.xml is no XML.*line 1"),
        ({"notes.txt": "nothing"}, "no MJCF or URDF"),
        ({"bad.zip": b"PK nothing"}, "zip archive is damaged"),
        ({"big.xml": (64 << 20) + 1}, "65 MB; up to 64 MB"),
        ({"bad.websim": b"PK nothing"}, "not|damaged"),
        ({"bad.py": "print('hello')"}, "must define either"),
    ],
)
def test_what_cannot_be_opened_is_told(
    opened: Dashboard, files: dict[str, bytes | str | int], says: str
) -> None:
    page = opened.page
    drop(page.locator(".stage"), files)
    expect(page.locator(".notice.error")).to_contain_text(re.compile(says, re.DOTALL))
    assert opened.sim("sim.groups[0].task") == "InvertedPendulum-v5"
    assert opened.sim("sim.stats().workerRestarts") == 0


LEARNS = "steps=1000000&hp=num_envs:8,num_steps:32,num_minibatches:4"


def test_code_that_does_more_than_calculate_waits_for_a_click(opened: Dashboard) -> None:
    code = "import math\ndef reward(now, before, action):\n    return {'pi': math.pi}\n"
    page = opened.page
    question = page.get_by_role("dialog")
    drop(page.locator(".stage"), {"pi.py": code})
    expect(question).to_contain_text("line 1, column 1: this import is not allowed")
    nothing_wrong(page, "a question of trust")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    assert opened.sim("!sim.groups[0].rewardTerms.includes('pi')")
    drop(page.locator(".stage"), {"pi.py": code})
    question.get_by_role("button", name="Run it, I trust it").click()
    opened.wait("sim.groups[0].rewardTerms.includes('pi')", 30)
    opened.booted()
    # The word was given for that code, not for what takes its place.
    drop(page.locator(".stage"), {"tau.py": code.replace("'pi'", "'tau'")})
    question.get_by_role("button", name="Cancel").click()
    assert opened.sim("sim.groups[0].rewardTerms.includes('pi')")


def test_a_file_of_tasks_is_asked_for_listed_and_kept(opened: Dashboard) -> None:
    page = opened.page
    question = page.get_by_role("dialog")
    both = TASKS + TASKS.replace("Drop", "Fall")
    drop(page.locator(".stage"), {"my_tasks.py": both})
    expect(question).to_contain_text("Run my_tasks.py all the same?")
    expect(question).to_contain_text("line 2, column 1: this import is not allowed")
    question.get_by_role("button", name="Cancel").click()
    assert opened.sim("sim.groups[0].task") == "InvertedPendulum-v5"
    drop(page.locator(".stage"), {"my_tasks.py": both})
    question.get_by_role("button", name="Run it, I trust it").click()
    opened.wait("sim.groups[0].task === 'Drop-v0'", 30)
    opened.booted()
    own = page.locator("#option-task optgroup[label='Your own'] option")
    expect(own.filter(has_text="Fall-v0")).to_have_count(1)
    page.reload()
    opened.booted()
    opened.wait("sim.groups[0].task === 'Drop-v0' && sim.groups[0].rewardTerms.join() === 'height'")
    page.select_option("#option-task", label="Fall-v0")
    opened.wait("sim.groups[0].task === 'Fall-v0'", 30)
    opened.booted()
    drop(page.locator(".stage"), {"wrong.py": "import websim\n\nwebsim.register(7)\n"})
    question.get_by_role("button", name="Run it, I trust it").click()
    expect(page.locator(".notice.error")).to_contain_text("wrong.py, line 3: InvalidArgument")
    assert opened.sim("sim.groups[0].task") == "Fall-v0"


def test_a_run_of_a_strangers_task_is_asked_for(opened: Dashboard) -> None:
    small = {"num_envs": 4, "num_steps": 16, "num_minibatches": 2}
    trainer = Trainer(
        Experiment(
            task="Drop-v0", task_code=CODE, trusted=["task_code"], hyperparameters=small, seed=2
        )
    )
    data = trainer.advance(save=True).checkpoint
    trainer.close()
    assert data is not None
    page = opened.page
    question = page.get_by_role("dialog")
    drop(page.locator(".stage"), {"run.websim": data})
    expect(question).to_contain_text("Run run.websim all the same?")
    question.get_by_role("button", name="Run it, I trust it").click()
    opened.wait("/^saved-/.test(sim.getEnvironmentState(0).controller)", 60)
    assert opened.sim("sim.groups[0].task") == "Drop-v0"


def test_an_experiment_in_which_nothing_is_learnt_yet_is_opened(opened: Dashboard) -> None:
    robot = make_robot({"walker.xml": BALL.encode()})
    experiment = replace(of_robot(robot), reward=REWARD, seed=7)
    page = opened.page
    drop(page.locator(".stage"), {"begun.websim": dump(experiment)})
    stands(opened, "walker")
    opened.wait("sim.groups[0].rewardTerms.includes('height')")
    assert opened.state["trainseed"] == "7"
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()


def test_a_robot_learns_a_reward_and_comes_back_from_a_file(
    opened: TrainingPage, tmp_path: Path
) -> None:
    page = opened.page
    opened.go(f"{FEW}&{LEARNS}")
    canvas = page.locator(".stage")
    drop(canvas, {"ball.xml": BALL})
    stands(opened, "ball")
    train = page.get_by_role("button", name="Train", exact=True)
    expect(train).to_be_disabled()
    expect(page.locator(".train")).to_contain_text("give them a reward")
    drop(canvas, {"height.py": REWARD})
    opened.wait("sim.groups[0].rewardTerms.includes('height')", 30)
    opened.booted()
    expect(page.get_by_role("heading", name="Train ball")).to_be_visible()
    opened.start()
    drop(canvas, {"other.xml": BALL})
    expect(page.locator(".notice.error")).to_contain_text("stop the training")
    opened.wait_for_steps(512)
    opened.pause()
    path = save_as_file(page, tmp_path)
    assert path.name.startswith("ball__ppo__1__")
    saved = checkpoints.loads(path.read_bytes())
    assert saved.experiment.reward == REWARD
    robot = saved.experiment.robot
    assert robot is not None
    assert robot.files == {"ball.xml": BALL.encode()}

    page.reload()
    opened.booted()
    stands(opened, "ball")
    card = page.get_by_role("region", name="Interrupted training")
    expect(card).to_contain_text("Go on training ball?")
    done = saved.learner["global_step"]
    card.get_by_role("button", name="Resume").click()
    opened.learns()
    opened.wait_for_steps(done)
    opened.buttons.get_by_role("button", name="Stop").click()
    opened.wait("sim.training === null", 60)
    opened.wait("/^saved-/.test(sim.getEnvironmentState(0).controller)", 30)
    assert opened.sim("sim.groups[0].title") == "ball"

    page.select_option("#option-task", "InvertedPendulum-v5")
    opened.wait("sim.groups[0].task === 'InvertedPendulum-v5'", 30)
    opened.booted()
    saved_runs = page.locator(".saved tbody tr")
    before = saved_runs.count()
    page.locator("#open-files").set_input_files(path)
    expect(saved_runs).to_have_count(before + 1)
    stands(opened, "ball")
    opened.wait("/^saved-/.test(sim.getEnvironmentState(0).controller)", 30)
    own = page.locator(".saved tbody tr", has=page.locator(f"input[value='{path.stem}']"))
    with page.expect_download() as download:
        own.get_by_role("button", name="File").click()
    again = checkpoints.loads(download.value.path().read_bytes())
    assert again.experiment == saved.experiment
    page.select_option("#option-task", "InvertedPendulum-v5")
    opened.wait("sim.groups[0].task === 'InvertedPendulum-v5'", 30)
    opened.booted()
    own.get_by_role("button", name="Resume").click()
    opened.wait("sim.training && sim.groups[0].title === 'ball'", 60)
    opened.wait(f"sim.training.globalStep > {done}", 60)
    opened.pause()


def test_the_server_opens_a_robot_with_the_page_and_has_tasks_of_ones_own(
    page: Page, own_port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "true")
    robot = tmp_path / "my ball.xml"
    robot.write_text(BALL)
    tasks = tmp_path / "my_tasks.py"
    tasks.write_text(TASKS)
    with browser.server("--port", own_port, "--open", str(robot), "--tasks", str(tasks)) as address:
        site, query = address.split("/?")
        dashboard = Dashboard(page, site)
        dashboard.open(f"{query}&envs=8&workers=1&speed=1")
        dashboard.wait("sim.groups[0].title === 'my ball'")
        expect(page.locator("#option-task option:checked")).to_have_text("my ball.xml")
        page.select_option("#option-task", "Drop-v0")
        dashboard.wait("sim.groups[0].task === 'Drop-v0'", 30)
        dashboard.booted()
        assert "open" not in dashboard.state
        expect(page.locator("#option-steps")).to_have_value("12,345")
        page.go_back()
        dashboard.wait("sim.groups[0].title === 'my ball'", 30)
        dashboard.booted()


def test_the_server_opens_a_run_that_plays(
    page: Page, own_port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "true")
    experiment = Experiment(task="InvertedPendulum-v5", hyperparameters={"num_envs": 4}, seed=3)
    trainer = Trainer(experiment)
    data = trainer.checkpoint()
    trainer.close()
    assert data is not None
    run = tmp_path / "run.websim"
    run.write_bytes(data)
    with browser.server("--port", own_port, "--open", str(run)) as address:
        site, query = address.split("/?")
        dashboard = Dashboard(page, site)
        dashboard.open(f"{query}&envs=8&workers=1&speed=1")
        for again in (False, True):
            if again:
                page.reload()
                dashboard.booted()
            dashboard.wait("/^saved-/.test(sim.getEnvironmentState(0).controller)", 30)
            expect(page.locator(".saved tbody tr")).to_have_count(1)
            assert dashboard.state["trainseed"] == "3"
