"""What pays and judges changes while a run goes on: at a boundary, on all ranks, or not at all."""

import dataclasses
import json
import re
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.python.learning.test_ranks import together
from websim.browser import learner
from websim.browser.learner import Learner
from websim.browser.policies import Policies
from websim.errors import TrainingDiverged
from websim.experiments.experiment import Experiment
from websim.ranks import Communicator
from websim.training import checkpoints
from websim.training.trainer import Code, Iteration, Trainer

SPEC = Experiment(
    task="HalfCheetah-v5",  # reads no field: what a reward reads is published as it comes
    hyperparameters={"num_envs": 4, "num_steps": 16, "num_minibatches": 2, "update_epochs": 2},
    seed=3,
)

BACKWARDS = """
def reward(now, before, action):
    torso, earlier = now.body("torso"), before.body("torso")
    return {
        "backwards": (earlier.position[:, 0] - torso.position[:, 0]) / now.dt,
        "effort": -0.1 * np.square(action).sum(axis=1),
        "level": torso.up[:, 2],
    }
"""

HEIGHT = 'def measure(now, before):\n    return now.body("torso").height'

LATE = """
def reward(now, before, action):
    total = 0.0
    if now.time[0] > 2.0:
        total = np.ones(3) + np.ones(2)
    return {"late": total + now.qpos[:, 0]}
"""
"""Fails after the time at which a run takes it."""


def run(communicator: Communicator, codes: dict[int, Code], iterations: int = 4) -> Any:
    """What a run tells, and its weights, observations and changes at the end."""
    trainer = Trainer(SPEC, communicator)
    told = [trainer.advance(code=codes.get(i), save=i == 2) for i in range(iterations)]
    algorithm = trainer.algorithm
    result = (
        told,
        algorithm.weights.copy(),
        algorithm.env.observations.copy(),
        trainer.changes,
        algorithm.experiment,
    )
    trainer.close()
    return result


def metrics(told: list[Iteration]) -> list[dict[str, float]]:
    return [iteration.metrics for iteration in told]


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_change_in_the_middle(ranks: int) -> None:
    plain = together(lambda one: run(one, {}), ranks)
    changed = together(lambda one: run(one, {1: {"reward": BACKWARDS, "measure": HEIGHT}}), ranks)
    for (before, _, _, none, _), (told, _, _, changes, experiment) in zip(
        plain, changed, strict=True
    ):
        assert not none
        # The same up to the boundary, and what was learnt goes on: the next rollout begins alike.
        np.testing.assert_equal(metrics(told)[:2], metrics(before)[:2])
        assert metrics(told)[2] != metrics(before)[2]
        assert [key for key in told[2].metrics if key.startswith("rewards/")] == [
            "rewards/backwards",
            "rewards/effort",
            "rewards/level",
        ]
        assert [iteration.changed is not None for iteration in told] == [False, True, False, False]
        (change,) = changes
        assert (change.iteration, change.global_step, change.reward) == (2, 128, None)
        assert (experiment.reward, experiment.measure) == (BACKWARDS, HEIGHT)
    weights = [result[1] for result in changed]
    np.testing.assert_array_equal(weights[0], weights[-1])
    again = together(lambda one: run(one, {1: {"reward": BACKWARDS, "measure": HEIGHT}}), ranks)
    np.testing.assert_array_equal(again[0][1], weights[0])


def test_what_is_known_of_rewards_begins_anew_and_all_else_goes_on() -> None:
    trainer = Trainer(SPEC)
    trainer.advance()
    algorithm: Any = trainer.algorithm
    weights, steps = algorithm.weights.copy(), algorithm.optimizer.steps
    qpos, lengths = algorithm.env.physics.data.qpos.copy(), algorithm.env.episode_lengths.copy()
    seen = algorithm.normalize_observation.rms.count
    trainer.advance(code={"reward": BACKWARDS})
    assert algorithm.optimizer.steps > steps
    assert algorithm.normalize_observation.rms.count > seen
    assert algorithm.normalize_reward.rms.count == pytest.approx(1e-4)
    assert not np.array_equal(algorithm.weights, weights)
    assert not np.array_equal(algorithm.env.physics.data.qpos, qpos)
    np.testing.assert_array_equal(algorithm.env.episode_lengths, lengths + 16)
    np.testing.assert_array_equal(algorithm.env.unrewarded_steps, lengths + 16)
    assert np.isnan(trainer.best.recent_return)
    trainer.close()


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_resume_repeats(ranks: int) -> None:
    codes: dict[int, Code] = {1: {"reward": BACKWARDS}}
    whole = together(lambda one: run(one, codes), ranks)
    data = whole[0][0][1].checkpoint  # right after the change
    later = whole[0][0][2].checkpoint  # and an iteration later

    def resume(communicator: Communicator, data: bytes | None) -> Any:
        assert data is not None
        checkpoint = checkpoints.loads(data)
        assert checkpoint.experiment.reward == BACKWARDS
        trainer = Trainer(checkpoint.experiment, communicator, checkpoint)
        left = 4 - trainer.algorithm.iteration
        told = [trainer.advance() for _ in range(left)]
        result = metrics(told), trainer.algorithm.weights.copy(), trainer.changes
        trainer.close()
        return result

    for saved in (data, later):
        for told, weights, changes in together(partial(resume, data=saved), ranks):
            np.testing.assert_equal(told, metrics(whole[0][0])[-len(told) :])
            np.testing.assert_array_equal(weights, whole[0][1])
            assert changes == whole[0][3]


def test_a_resume_under_another_reward_is_a_change() -> None:
    """The same as a change at the boundary at which the checkpoint was written."""
    live = Trainer(SPEC)
    saved = live.advance(save=True).checkpoint
    assert saved is not None
    live.advance(code={"reward": BACKWARDS})
    told = live.advance()

    checkpoint = checkpoints.loads(saved)
    with_it = dataclasses.replace(checkpoint.experiment, reward=BACKWARDS)
    resumed = Trainer(with_it, checkpoint=checkpoint)
    assert [change.iteration for change in resumed.changes] == [1]
    assert {tag for tag in resumed.advance().metrics if tag.startswith("rewards/")} == {
        tag for tag in told.metrics if tag.startswith("rewards/")
    }
    for trainer in (live, resumed):
        trainer.close()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os", "line 1, column 1: this import is not allowed"),
        ("def reward(now, before, action):\n    return {'a': now.body('tail').height}", "line 2"),
        ("def reward(now, before, action):\n    return {'a': np.ones(3) + np.ones(2)}", "line 2"),
        (
            "def reward(now, before, action):\n    big = np.zeros(9000000)\n    return {'a': 1.0}",
            "more than .* MB",
        ),
        ("def reward(now, before, action):\n    return {'a': np.zeros(1000)}", "shape"),
    ],
    ids=["checker", "name", "runtime", "cost", "size"],
)
def test_an_error_leaves_the_old_reward_in_force(source: str, said: str) -> None:
    """On every rank; the run goes on as if nobody had asked."""
    plain = together(lambda one: run(one, {}), 2)
    refused = together(lambda one: run(one, {1: {"reward": source}}), 2)
    for (before, weights, *_), (told, same, _, changes, experiment) in zip(
        plain, refused, strict=True
    ):
        assert not changes
        assert experiment == SPEC
        assert re.search(said, told[1].refused)
        np.testing.assert_equal(metrics(told), metrics(before))
        np.testing.assert_array_equal(weights, same)


def test_one_rank_alone_fails() -> None:
    """What fails where one rank is fails for all."""
    only = "def reward(now, before, action):\n    a = np.ones(3)\n    if now.time[0] > 0.1 and "
    only += 'now.qpos[0, 0] < X:\n        a = np.ones(2)\n    return {"a": (a + np.ones(3))[0]}'

    def positions(one: Communicator) -> float:
        trainer = Trainer(SPEC, one)
        trainer.advance()
        place = float(trainer.algorithm.env.physics.data.qpos[0, 0])
        trainer.close()
        return place

    middle = float(np.mean(together(positions, 2)))
    told = together(lambda one: run(one, {0: {"reward": only.replace("X", str(middle))}}), 2)
    assert all("line 5" in one[0][0].refused and not one[3] for one in told)


def test_code_that_fails_later_gives_way_to_the_code_before() -> None:
    codes: dict[int, Code] = {0: {"reward": BACKWARDS}, 1: {"reward": LATE}}
    for told, _, _, changes, experiment in together(lambda one: run(one, codes, 5), 2):
        failed = next(i for i, iteration in enumerate(told) if i > 1 and iteration.changed)
        assert "line 5, column" in told[failed].changed.failure
        assert told[failed].code == {"reward": BACKWARDS, "measure": None}
        assert experiment.reward == BACKWARDS
        assert [change.reward for change in changes] == [None, BACKWARDS, LATE]
        assert "rewards/level" in told[failed + 1].metrics


def test_code_that_fails_later_gives_way_after_a_resume_too() -> None:
    trainer = Trainer(SPEC)
    trainer.advance(code={"reward": BACKWARDS})
    saved = trainer.advance(code={"reward": LATE}).checkpoint
    assert saved is not None
    checkpoint = checkpoints.loads(saved)
    resumed = Trainer(checkpoint.experiment, checkpoint=checkpoint)
    for _ in range(3):
        first, second = trainer.advance(), resumed.advance()
        np.testing.assert_equal(first.metrics, second.metrics)
        assert first.changed == second.changed
    assert resumed.algorithm.experiment.reward == BACKWARDS
    for one in (trainer, resumed):
        one.close()


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_first_reward_that_fails_gives_way_to_the_tasks_own(ranks: int) -> None:
    """In a run that was resumed too."""
    spec = dataclasses.replace(SPEC, reward=LATE, measure=HEIGHT)

    def learn(one: Communicator) -> Any:
        trainer = Trainer(spec, one)
        saved = one.broadcast_bytes(trainer.advance(save=True).checkpoint or b"")
        trainer.close()
        trainer = Trainer(spec, one, checkpoints.loads(saved))
        told = [trainer.advance() for _ in range(3)]
        experiment, changes = trainer.algorithm.experiment, trainer.changes
        trainer.close()
        return told, experiment, changes

    for told, experiment, changes in together(learn, ranks):
        assert [iteration.changed is not None for iteration in told] == [False, True, False]
        assert (experiment.reward, experiment.measure) == (None, HEIGHT)
        assert "line 5" in changes[0].failure
        assert "rewards/reward_forward" in told[-1].metrics


def test_where_nothing_could_take_its_place_all_ranks_end() -> None:
    """A measure that fails, whose reward is not to blame."""
    measure = LATE.replace("reward", "measure").replace(", action", "")
    measure = measure.replace('{"late": total + now.qpos[:, 0]}', "total + now.qpos[:, 0]")
    spec = dataclasses.replace(SPEC, reward=BACKWARDS, measure=measure)

    def learn(one: Communicator) -> str:
        trainer = Trainer(spec, one)
        trainer.advance()
        trainer.advance()
        with pytest.raises(TrainingDiverged) as raised:
            trainer.advance()
        trainer.close()
        return str(raised.value)

    for said in together(learn, 2):
        assert said.startswith("measure.py, line 5")
        assert said.endswith("There is nothing else to learn from.")


@pytest.mark.parametrize("algorithm", ["es", "ars", "reinforce"])
def test_other_algorithms(algorithm: str) -> None:
    spec = Experiment(
        task="Hopper-v5", algorithm=algorithm, hyperparameters={"num_envs": 4}, seed=1
    )
    trainer = Trainer(spec)
    assert trainer.advance(code={"reward": BACKWARDS}).changed
    told = trainer.advance()
    assert np.isfinite(told.metrics["charts/episodic_return"])
    assert trainer.algorithm.env.reward_terms == ("backwards", "effort", "level")
    trainer.close()


def test_a_worker_learns_of_it() -> None:
    made = Learner(
        SPEC,
        None,
        Communicator(),
        Policies(),
        lambda stepped: 0.0,
        lambda index, earned, length: None,
    )
    about = made.display.about()
    told = made.advance(False, False, json.dumps({"reward": BACKWARDS}))
    assert told["changed"]["reward"] is None
    assert told["code"]["reward"] == BACKWARDS
    assert made.display.about().sizes.reward_terms == 3 != about.sizes.reward_terms
    assert learner.describe(told["checkpoint"])["changes"] == [told["changed"]]
    made.close()
