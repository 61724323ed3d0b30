"""What pays robots changes while they run and while they learn: everywhere, or nowhere."""

from typing import Any

import numpy as np
import pytest

from tests.browser.conftest import with_shared_memory
from tests.browser.test_training import (
    create,
    experiment,
    last_checkpoint,
    wait_for,
)
from tests.python.learning.test_live_code import BACKWARDS, HEIGHT
from websim.training import checkpoints

LEVEL = 'def reward(now, before, action):\n    return {"level": now.body("torso").up[:, 2]}\n'

WRONG = 'def reward(now, before, action):\n    return {"level": now.body("tail").up[:, 2]}\n'

LATE = """
def reward(now, before, action):
    wrong = 1.0
    if now.time.max() > X:
        wrong = np.ones(3) + np.ones(2)
    return {"late": now.qpos[:, 0] * wrong}
"""

EXPLODING = 'def reward(now, before, action):\n    return {"far": np.exp(400.0 * now.time)}\n'

SLOW = """
def reward(now, before, action):
    slow = 0.0
    if now.time.max() > 0.4:
        for i in range(256):
            for j in range(256):
                for k in range(256):
                    slow = slow + i * j * k
    return {"slow": slow * now.qpos[:, 0]}
"""
"""Legal, and would take minutes."""

ODD = """
def reward(now, before, action):
    odd = np.where(now.qpos[:, 0] == now.qpos[1, 0], np.nan, 1.0)
    return {"level": now.body("torso").up[:, 2], "odd": odd}
"""


def terms(sim: Any) -> list[str]:
    return list(sim.run("sim.rewardTerms(0)"))


def test_robots_that_only_play(sim: Any) -> None:
    sim.create(task="HalfCheetah-v5", numEnvs=6, numWorkers=2, speed=1)
    sim.run("sim.play()")
    sim.wait("sim.stats().environmentSteps > 100")
    own = terms(sim)
    assert own == ["reward_forward", "reward_ctrl"]
    sim.run("sim.setReward(0, x)", BACKWARDS)
    assert terms(sim) == ["backwards", "effort", "level"]
    steps = sim.run("sim.stats().environmentSteps")
    assert steps > 100  # what has been counted counts
    sim.wait(f"sim.stats().environmentSteps > {steps} + 100")
    for index in (0, 5):  # a worker each
        sim.wait(f"sim.getEnvironmentState({index}).rewardTerms.level !== 0")
        state = sim.run(f"sim.getEnvironmentState({index})")
        assert state["reward"] == pytest.approx(sum(state["rewardTerms"].values()))
    means = sim.run("sim.rewardTerms(0)")
    assert means["level"]["magnitude"] >= abs(means["level"]["mean"]) > 0

    assert sim.events("code") == [
        {"event": "code", "group": 0, "reward": BACKWARDS, "measure": None, "failure": ""}
    ]
    for source, name, said in (
        ("import os", "UnsafeCode", "line 1, column 1: this import is not allowed"),
        (WRONG, "CodeFailed", "line 2, column 22: The model has no body named 'tail'"),
    ):
        raised, message = sim.error("sim.setReward(0, x)", source)
        assert raised == name
        assert said in message
    assert sim.error("sim.setReward(1, null)")[0] == "InvalidArgument"
    assert terms(sim) == ["backwards", "effort", "level"]

    # A worker that is replaced has it too.
    sim.lose(1)
    sim.wait("seen.some(({ event }) => event === 'workerRestart')", 30)
    sim.run("sim.ready()")
    assert list(sim.run("sim.getEnvironmentState(5).rewardTerms")) == terms(sim)
    sim.run("sim.setReward(0, null)")
    assert terms(sim) == own


@with_shared_memory
def test_code_that_fails_later_gives_way_everywhere(sim: Any) -> None:
    sim.create(task="HalfCheetah-v5", numEnvs=4, numWorkers=2)
    sim.run("sim.reset({ seed: 0 })")
    sim.run("sim.setReward(0, x)", LEVEL)
    sim.run("sim.setReward(0, x)", LATE.replace("X", "1"))
    sim.run("sim.play()")
    sim.wait("seen.some(({ event, failure }) => event === 'code' && failure)")
    told = sim.events("code")[-1]
    assert told["reward"] == LEVEL
    assert "reward.py, line 5" in told["failure"]
    sim.wait("[0, 3].every((i) => sim.getEnvironmentState(i).rewardTerms.level !== undefined)")
    steps = sim.run("sim.stats().environmentSteps")
    sim.wait(f"sim.stats().environmentSteps > {steps} + 50")
    # So does what has been there from the beginning; nothing but the task's own was before.
    cheetahs = {"experiment": {"task": "HalfCheetah-v5", "reward": EXPLODING}, "numEnvs": 4}
    sim.create(tasks=[cheetahs], numWorkers=2)
    sim.run("sim.play()")
    sim.wait("seen.some(({ event, failure }) => event === 'code' && failure)")
    told = sim.events("code")[-1]
    assert told["reward"] is None
    assert "reward.py: what it pays explodes: far is" in told["failure"]
    sim.wait("[0, 3].every((i) => 'reward_forward' in sim.getEnvironmentState(i).rewardTerms)")
    assert not sim.events("workerRestart")


@with_shared_memory
@pytest.mark.parametrize(
    ("reward", "said"), [(EXPLODING, "explodes: far is"), (SLOW, "a call takes more than 50 ms")]
)
def test_a_run_that_begins_with_code_that_fails_goes_on(sim: Any, reward: str, said: str) -> None:
    run = experiment("HalfCheetah-v5", total_timesteps=1_000_000)
    create(sim, training={"experiment": {**run, "reward": reward}})
    sim.run("sim.training.start()")
    sim.wait("seen.some(({ event, failure }) => event === 'code' && failure)", 60)
    told = sim.events("code")[-1]
    assert told["reward"] is None
    assert said in told["failure"]
    before = sim.run("sim.training.globalStep")
    sim.wait(f"sim.training.globalStep > {before}", 30)
    assert terms(sim) == ["reward_forward", "reward_ctrl"]
    assert not sim.events("workerRestart")
    # A reward that is no number for one robot is named with it, and the run goes on.
    sim.run("sim.training.setReward(x)", ODD)
    sim.wait("seen.some(({ event, message }) => event === 'notice' && /NaN/.test(message))", 30)
    (notice,) = {event["message"] for event in sim.events("notice") if "NaN" in event["message"]}
    assert notice == (
        "reward.py: what it pays robot 1 is NaN (the term odd): its episode was ended, unpaid."
    )
    assert not sim.events("badState")
    assert sim.run("sim.training.experiment.reward") == ODD


@with_shared_memory
def test_what_an_editor_asks(sim: Any) -> None:
    sim.create(task="HalfCheetah-v5", numEnvs=2, numWorkers=2)
    words = sim.run("sim.vocabulary(0)")
    assert "bfoot" in words["names"]["body"]
    assert "rootx" in words["names"]["joint"]
    assert words["attributes"]["body"]["height"] == "Its z [n]."
    assert {"linalg.norm", "pi", "square"} <= set(words["numpy"])
    assert words["own"]["reward"].strip().startswith("def reward(now, before, action):")
    assert sim.run("sim.checkCode(0, 'reward', x)", LEVEL) == []
    assert sim.run("sim.checkCode(0, 'measure', x)", HEIGHT) == []
    (problem,) = sim.run("sim.checkCode(0, 'reward', x)", WRONG)
    assert (problem["line"], problem["column"]) == (2, 22)
    (problem,) = sim.run("sim.checkCode(0, 'reward', x)", LEVEL.replace('"level"', "print"))
    assert "np" not in problem["refused"]
    assert problem["line"] == 2
    assert terms(sim) == ["reward_forward", "reward_ctrl"]


def test_a_run_changes_at_a_boundary_and_repeats(sim: Any) -> None:
    """Bit by bit: with the change, and resumed from where it was."""
    ends = []
    for _ in range(2):
        create(sim, training={"experiment": experiment("HalfCheetah-v5")})
        # Asked for before the start, it is in force after the first iteration on any machine.
        sim.page.evaluate("(x) => void (window.wish = sim.training.setReward(x))", BACKWARDS)
        sim.run("sim.training.start()")
        sim.run("wish")
        assert terms(sim) == ["backwards", "effort", "level"]
        assert sim.run("sim.training.experiment.reward") == BACKWARDS
        wait_for(sim, "finished")
        ends.append(checkpoints.loads(last_checkpoint(sim)))
        assert ends[-1].experiment.reward == BACKWARDS
    (told,) = sim.events("code")
    assert told["reward"] == BACKWARDS
    changed = next(event for event in sim.events("iteration") if event.get("changed"))
    assert changed["iteration"] == 1
    assert ends[0].learner["changes"] == ends[1].learner["changes"]
    for name, array in ends[0].learner["policy"].items():
        np.testing.assert_array_equal(array, ends[1].learner["policy"][name])


@with_shared_memory
def test_a_run_refuses_code_that_fails(sim: Any) -> None:
    create(sim, training={"experiment": experiment("HalfCheetah-v5", total_timesteps=100_000)})
    sim.run("sim.training.start()")
    name, message = sim.error("sim.training.setReward(x)", WRONG)
    assert name == "CodeFailed"
    assert "line 2, column 22" in message
    assert terms(sim) == ["reward_forward", "reward_ctrl"]
    assert sim.error("sim.setReward(0, x)", LEVEL)[0] == "InvalidArgument"
    sim.run("sim.training.setReward(x)", LATE.replace("X", "now.time.max() + 1"))
    sim.run("sim.training.setReward(x)", LEVEL)
    sim.run("sim.training.stop()")
    assert [event["reward"] for event in sim.events("code")][-1] == LEVEL
    saved = checkpoints.loads(last_checkpoint(sim))
    assert saved.experiment.reward == LEVEL
    assert len(saved.learner["changes"]) == 2
    assert sim.error("sim.training.setReward(null)")[0] == "InvalidArgument"
