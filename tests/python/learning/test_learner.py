"""What a browser's worker does with Python: plans, ranks that come and go, policies, shards."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from tests.python.learning.test_ranks import together
from websim.browser.experiments import parse
from websim.browser.learner import Learner, TrainingAbandoned, describe, plan
from websim.browser.policies import Policies
from websim.browser.shard import Shard
from websim.errors import DamagedCheckpoint, ForeignCheckpoint, ForeignPolicy, InvalidArgument
from websim.experiments.experiment import Experiment, as_dict
from websim.ranks import Communicator
from websim.training import checkpoints
from websim.training.trainer import Trainer, policy_of

SPEC = Experiment(
    task="Hopper-v5",
    hyperparameters={"num_envs": 4, "num_steps": 32, "num_minibatches": 2, "update_epochs": 1},
)


def varied(experiment: Experiment = SPEC, **hyperparameters: Any) -> Experiment:
    return dataclasses.replace(
        experiment, hyperparameters=experiment.hyperparameters | hyperparameters
    )


def learner(pauses: float = 0.0, **options: Any) -> tuple[Learner, Policies, list[str]]:
    happened: list[str] = []

    def pulse(stepped: bool) -> float:
        happened.append("step" if stepped else "update")
        return pauses

    policies = Policies()
    made = Learner(
        options.get("experiment", SPEC),
        options.get("data"),
        options.get("communicator") or Communicator(),
        policies,
        pulse,
        lambda *episode: happened.append("episode"),
    )
    return made, policies, happened


@pytest.fixture(scope="module")
def saved() -> bytes:
    made, _, _ = learner()
    data: bytes = made.advance(stop=True, save=False)["checkpoint"]
    made.close()
    return data


def test_others_get_their_turn_in_an_iteration() -> None:
    made, _, happened = learner()
    progress = made.advance(stop=False, save=False)
    turns = [what for what in happened if what != "episode"]
    assert turns == ["step"] * 32 + ["update"] * 2
    assert happened.count("episode") == progress["metrics"]["charts/episodes"]
    assert made.steps == progress["globalStep"] == 128
    assert progress["checkpoint"] is None
    made.close()
    seldom, _, happened = learner(pauses=1000.0)
    seldom.advance(stop=False, save=False)
    assert [what for what in happened if what != "episode"] == ["step"]
    seldom.close()


@pytest.mark.parametrize("algorithm", ["ppo", "es", "ars", "reinforce"])
def test_watching_changes_nothing(algorithm: str) -> None:
    experiment = Experiment(task="Hopper-v5", algorithm=algorithm, hyperparameters={"num_envs": 4})
    if algorithm == "ppo":
        experiment = SPEC
    made, policies, happened = learner(experiment=varied(experiment))
    trainer = Trainer(experiment)
    observations = made.display.env.observations
    for _ in range(3):
        metrics = made.advance(stop=False, save=False)["metrics"]
        policies["current"](observations)
        policies["best"](observations)
        np.testing.assert_equal(metrics, trainer.advance().metrics)
    assert "step" in happened
    np.testing.assert_equal(made.trainer.algorithm.weights, trainer.algorithm.weights)
    expected = trainer.algorithm.policy()(observations)
    np.testing.assert_array_equal(policies["current"](observations), expected)
    made.close()
    trainer.close()


def test_an_iteration_can_be_abandoned() -> None:
    made, _, _ = learner(pauses=-1.0)
    with pytest.raises(TrainingAbandoned):
        made.advance(stop=False, save=False)
    made.close()


def test_the_policy_goes_on_when_learning_diverges() -> None:
    made, policies, _ = learner()
    observations = np.zeros((2, 11))
    made.advance(stop=False, save=False)
    before = policies["current"](observations)
    made.trainer.algorithm.weights[:] = np.nan
    policies["current"].outdated = True  # type: ignore[attr-defined]
    np.testing.assert_array_equal(policies["current"](observations), before)
    made.close()


def test_plans() -> None:
    assert plan(varied(), None, 3)["ranks"] == 2
    assert plan(varied(num_envs=6), None, 4)["ranks"] == 3
    assert plan(varied(num_minibatches=64, num_envs=8), None, 8)["ranks"] == 4
    es = Experiment(task="Hopper-v5", algorithm="es", hyperparameters={"num_envs": 4})
    assert plan(varied(es), None, 4)["ranks"] == 2
    with pytest.raises(InvalidArgument, match="no 64 minibatches"):
        plan(varied(num_minibatches=64, num_envs=1), None, 2)
    with pytest.raises(InvalidArgument, match="needs an experiment"):
        plan(None, None, 2)
    with pytest.raises(InvalidArgument, match="tusk is unknown"):
        parse('{"tusk": "Hopper-v5"}')


def test_a_checkpoint_tells_what_it_is_of(saved: bytes) -> None:
    about = describe(saved)
    experiment = json.loads(about.pop("experiment"))
    complete = experiment.pop("hyperparameters")
    assert complete.items() >= SPEC.hyperparameters.items()
    assert complete["gamma"] == 0.99
    assert experiment | {"hyperparameters": SPEC.hyperparameters} == as_dict(SPEC)
    assert about == {
        "iteration": 1,
        "globalStep": 128,
        "ranks": 1,
        "hasLearnt": True,
        "changes": [],
        "decisions": [],
    }
    resumed = plan(None, saved, 2)
    assert (resumed["globalStep"], resumed["ranks"]) == (128, 2)
    with pytest.raises(ForeignCheckpoint, match="task Hopper-v5"):
        plan(varied(dataclasses.replace(SPEC, task="Ant-v5")), saved, 2)


def test_a_rank_may_be_missing_from_a_checkpoint() -> None:
    """It is written so when a rank is lost; who takes its place begins with new environments."""

    def run(communicator: Communicator) -> Any:
        trainer = Trainer(SPEC, communicator)
        trainer.advance()
        data = trainer.checkpoint()
        trainer.close()
        return data

    first, second = together(run, 2)
    assert second is None  # one writes it
    whole = checkpoints.loads(first)
    assert whole.ranks[0] is not None
    packed = checkpoints.pack(whole.learner), [checkpoints.pack(whole.ranks[0]), None]
    lacking = checkpoints.loads(checkpoints.dumps(whole.experiment, *packed))
    assert lacking.ranks[1] is None
    np.testing.assert_equal(lacking.ranks[0], whole.ranks[0])

    def go_on(communicator: Communicator) -> Any:
        trainer = Trainer(SPEC, communicator, lacking)
        progress = trainer.advance()
        trainer.close()
        return trainer.restarted_environments, progress.metrics

    (kept, metrics), (restarted, same) = together(go_on, 2)
    assert (kept, restarted) == (False, True)
    np.testing.assert_equal(metrics, same)


def test_the_best_policy_is_kept_and_travels(saved: bytes) -> None:
    trainer = Trainer(SPEC)
    best, returns = -np.inf, []
    for _ in range(8):
        progress = trainer.advance()
        returns.append(progress.recent_return)
        if progress.recent_return > best:
            best, state = progress.recent_return, trainer.algorithm.policy_state()
    assert trainer.best.mean_return == max(returns) == best
    np.testing.assert_equal(trainer.best.policy, state)
    loaded = checkpoints.loads(trainer.checkpoint() or b"")
    resumed = Trainer(SPEC, checkpoint=loaded)
    np.testing.assert_equal(resumed.best.state(), trainer.best.state())
    one, other = (dataclasses.replace(run.advance(), seconds=0.0) for run in (resumed, trainer))
    np.testing.assert_equal(one, other)
    resumed.close()
    trainer.close()
    # Checkpoints of before there was a best one.
    old = checkpoints.loads(saved)
    del old.learner["best"]
    without = Trainer(SPEC, checkpoint=old)
    assert without.best.policy is None
    without.close()


def test_policies_of_checkpoints(saved: bytes) -> None:
    policies = Policies()
    assert policies.sizes_of(saved) == {
        "task": "Hopper-v5",
        "observationSize": 11,
        "actionSize": 3,
    }
    assert not policies
    policies.add("mine", saved)
    trainer = Trainer(SPEC, checkpoint=checkpoints.loads(saved))
    observations = trainer.algorithm.env.observations
    expected = trainer.algorithm.policy()(observations)
    np.testing.assert_array_equal(policies["mine"](observations), expected)
    trainer.close()
    low = high = np.zeros(3, np.float32)
    state = checkpoints.loads(saved).learner
    state["policy"]["actor.logstd"][:] = np.nan
    with pytest.raises(DamagedCheckpoint, match="not finite"):
        policy_of(SPEC, state, low, high)
    del state["normalize_observation"]
    with pytest.raises(DamagedCheckpoint, match="statistics"):
        policy_of(SPEC, state, low, high)


def test_controllers_of_a_part(saved: bytes) -> None:
    policies = Policies()
    policies.add("mine", saved)
    shard = Shard("Hopper-v5", 6, controller="random", policies=policies)
    shard.reset(0)
    shard.set_controller("zero", 1, 2)
    shard.set_controller("mine", 4, 1)
    seen = shard.env.observations.copy()
    shard.step()
    assert not shard.actions[1:3].any()
    assert shard.actions[[0, 3, 5]].all()
    np.testing.assert_allclose(shard.actions[4], policies["mine"](seen)[4], atol=1e-6)
    with pytest.raises(InvalidArgument, match="random, zero, sinusoid, mine"):
        shard.set_controller("yours", 0, 1)
    shard.step()
    assert not shard.actions[1:3].any()
    shard.set_controller("zero")
    shard.step()
    assert not shard.actions.any()
    shard.close()


def test_a_policy_that_fails_stops_its_own_robots_and_says_so() -> None:
    def failing(observations: Any) -> Any:
        raise ForeignPolicy("it has met what it cannot take")

    shard = Shard("Hopper-v5", 4, controller="random", policies={"graph": failing})
    shard.reset(0)
    shard.set_controller("graph", 1, 2)
    for _ in range(2):
        shard.step()
        assert not shard.actions[1:3].any()
        assert shard.actions[[0, 3]].all()
    assert shard.take_unpaid() == (
        "The policy 'graph' acts no longer: it has met what it cannot take"
    )
    assert shard.take_unpaid() == ""
    shard.close()
