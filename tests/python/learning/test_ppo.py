"""PPO: advantages, repeatability, ranks, what it logs, and that it learns."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.python.learning.test_ranks import together
from websim.algorithms.ppo import PPO, advantages_of
from websim.errors import InvalidArgument, RankLost, TrainingDiverged, UnknownTask
from websim.experiments.experiment import Experiment
from websim.ranks import Communicator
from websim.training.trainer import Trainer

SMALL = {"num_envs": 4, "num_steps": 64, "num_minibatches": 4, "update_epochs": 2}


def experiment(task: str = "InvertedPendulum-v5", **hyperparameters: Any) -> Experiment:
    return Experiment(task=task, hyperparameters={**SMALL, **hyperparameters})


def slow_advantages(
    rewards: Any, values: Any, next_values: Any, ended: Any, gamma: float, lam: float
) -> Any:
    """The definition: discounted sums of errors to the end of each episode, one by one."""
    steps, n = rewards.shape
    result = np.zeros((steps, n))
    for i in range(n):
        for t in range(steps):
            weight = 1.0
            for k in range(t, steps):
                error = rewards[k, i] + gamma * next_values[k, i] - values[k, i]
                result[t, i] += weight * error
                weight *= gamma * lam
                if ended[k, i]:
                    break
    return result


@pytest.mark.parametrize(("gamma", "lam"), [(0.99, 0.95), (0.9, 0.0), (0.9, 1.0), (1.0, 1.0)])
def test_advantages_beside_a_slow_reference(gamma: float, lam: float) -> None:
    rng = np.random.default_rng(0)
    rewards, values, next_values = rng.standard_normal((3, 40, 5)).astype(np.float32)
    ended = rng.random((40, 5)) < 0.1
    ours = advantages_of(rewards, values, next_values, ended, gamma, lam)
    theirs = slow_advantages(rewards, values, next_values, ended, gamma, lam)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_a_time_limit_is_not_death() -> None:
    """The state after the last step counts by its value when truncated, and not when terminated."""
    ppo = PPO(experiment("HalfCheetah-v5", num_steps=8), Communicator())
    ppo.env.episode_lengths[:] = [996, 0, 0, 0]  # one of them is truncated by the fourth step
    heavy = np.full(17, 1e9)  # statistics that a few steps do not move
    ppo.normalize_observation.rms.load({"count": 1e9, "mean": 0 * heavy, "m2": heavy})
    ppo._rollout()
    assert ppo.ended.sum() == 1
    assert ppo.ended[3, 0]
    final = ppo.normalize_observation(ppo.env.final_observations[:1])
    expected = ppo.agent.value(final)[0]
    assert ppo.next_values[3, 0] == pytest.approx(expected, rel=1e-4)
    assert ppo.next_values[3, 0] != ppo.values[4, 0]
    going = ~ppo.ended[:-1]
    np.testing.assert_array_equal(ppo.next_values[:-1][going], ppo.values[1:][going])
    ppo.close()

    ppo = PPO(experiment(), Communicator())
    ppo._rollout()
    assert ppo.ended.any()
    assert (ppo.next_values[ppo.ended] == 0).all()
    ppo.close()


def test_exploration_starts_as_wide_as_asked() -> None:
    for asked in (0.0, -2.0):
        ppo = PPO(experiment(log_std_init=asked), Communicator())
        assert (ppo.agent.parameters["actor.logstd"] == asked).all()
        ppo._rollout()
        assert ppo.actions.std() == pytest.approx(np.exp(asked), rel=0.2)
        ppo.close()


def weights_after(iterations: int, communicator: Communicator | None = None) -> Any:
    ppo = PPO(experiment("Hopper-v5"), communicator or Communicator())
    metrics = [ppo.iterate() for _ in range(iterations)]
    weights = ppo.weights.copy()
    ppo.close()
    return weights, metrics


def test_two_runs_are_bit_identical() -> None:
    (first, metrics), (second, again) = weights_after(4), weights_after(4)
    np.testing.assert_array_equal(first, second)
    for one, other in zip(metrics, again, strict=True):
        np.testing.assert_equal(one, other)


def test_ranks_keep_the_same_weights_and_metrics() -> None:
    results = together(lambda communicator: weights_after(3, communicator), 2)
    again = together(lambda communicator: weights_after(3, communicator), 2)
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_equal(results[0][1], results[1][1])
    np.testing.assert_array_equal(results[0][0], again[0][0])


def test_it_logs_cleanrls_tags_and_reward_terms() -> None:
    ppo = PPO(experiment("Hopper-v5"), Communicator())
    metrics = ppo.iterate()
    ppo.close()
    assert set(metrics) == {
        "charts/episodic_return",
        "charts/episodic_length",
        "charts/episodes",
        "charts/mean_reward",
        "charts/measure",
        "charts/learning_rate",
        "losses/value_loss",
        "losses/policy_loss",
        "losses/entropy",
        "losses/old_approx_kl",
        "losses/approx_kl",
        "losses/clipfrac",
        "losses/explained_variance",
        "rewards/reward_forward",
        "rewards/reward_ctrl",
        "rewards/reward_survive",
    }
    assert metrics["rewards/reward_survive"] == pytest.approx(1, abs=0.2)
    assert ppo.global_step == 256


def test_a_large_kl_ends_the_update() -> None:
    steps = []
    for target in (None, 1e-9):
        ppo = PPO(experiment(target_kl=target, update_epochs=6), Communicator())
        ppo.iterate()
        steps.append(ppo.optimizer.steps)
        ppo.close()
    assert steps == [24, 4]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"clip": 0.1}, "no hyperparameter 'clip'"),
        ({"gamma": 1.5}, "gamma must be a number from 0 to 1, not 1.5"),
        ({"num_steps": 0}, "num_steps must be a whole number from 1 to 1000000, not 0"),
        ({"num_steps": "many"}, "a whole number from 1 to 1000000, not 'many'"),
        ({"anneal_lr": 1}, "anneal_lr must be True or False, not 1"),
        ({"num_minibatches": 1000}, "no 1000 minibatches"),
        ({"activation": "step"}, "step"),
        ({"learning_rate": float("nan")}, "learning_rate must be"),
        ({"ent_coef": float("inf")}, "ent_coef must be a finite number of at least 0, not inf"),
        ({"ent_coef": 10**400}, "ent_coef must be a finite number"),
        ({"num_envs": 10**400}, "from 1 to 65536, not 1000"),
        ({"num_envs": True}, "from 1 to 65536, not True"),
        ({"target_kl": "no"}, "target_kl must be a finite number of at least 0, or None, not 'no'"),
        ({"hidden_sizes": "64"}, "up to 8 whole numbers from 1 to 4096, not '64'"),
        ({"hidden_sizes": [64, 0]}, "up to 8 whole numbers from 1 to 4096"),
        ({"hidden_sizes": [64] * 9}, "up to 8 whole numbers from 1 to 4096"),
        ({"hidden_sizes": [64.0]}, "up to 8 whole numbers from 1 to 4096"),
        ({"activation": None}, "activation must be a text, not None"),
    ],
)
def test_wrong_hyperparameters(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidArgument, match=says):
        PPO(experiment(**wrong), Communicator())


def test_wrong_tasks_and_ranks() -> None:
    with pytest.raises(UnknownTask):
        PPO(experiment("Hopper-v9"), Communicator())
    errors = together(lambda communicator: PPO(experiment(num_envs=5), communicator), 2)
    assert all("dealt evenly to 2 ranks" in str(error) for error in errors)


def test_a_reward_of_ones_own() -> None:
    reward = (
        "def reward(now, before, action):\n"
        "    speed = (now.qpos[:, 0] - before.qpos[:, 0]) / now.dt\n"
        '    return {"backwards": -speed, "bonus": 0.5}\n'
    )
    trainer = Trainer(replace(experiment("HalfCheetah-v5"), reward=reward))
    metrics = trainer.advance().metrics
    trainer.close()
    assert metrics["rewards/bonus"] == pytest.approx(0.5)
    assert metrics["rewards/backwards"] + 0.5 == pytest.approx(metrics["charts/mean_reward"])
    assert "rewards/reward_forward" not in metrics


def test_a_run_that_diverges_says_so() -> None:
    trainer = Trainer(experiment())
    trainer.algorithm.weights[3] = np.nan
    with pytest.raises((TrainingDiverged, InvalidArgument), match="finite"):
        trainer.advance()
    trainer.close()


def test_training_goes_on_without_a_lost_rank() -> None:
    def run(communicator: Communicator) -> Any:
        trainer = Trainer(experiment(num_envs=6), communicator)
        try:
            trainer.advance()
            if communicator.rank == 1:
                raise RankLost("gone", (1,))
            lost = trainer.advance()
            after = [trainer.advance() for _ in range(2)]
            return lost.lost, trainer.algorithm.weights.copy(), [one.iteration for one in after]
        finally:
            trainer.close()

    first, _, third = together(run, 3, timeout=2)
    assert first[0] == third[0] == [1]
    assert first[2] == third[2] == [2, 3]
    np.testing.assert_array_equal(first[1], third[1])


def test_it_learns_to_balance() -> None:
    """Takes 25,000 steps or so; PPO's published mean less one deviation is 940."""
    trainer = Trainer(
        Experiment(
            task="InvertedPendulum-v5",
            hyperparameters={"num_envs": 8, "num_steps": 256, "total_timesteps": 100_000},
        )
    )
    best = 0.0
    while best < 940:
        progress = trainer.advance()
        assert not progress.done, f"{best} after {progress.global_step} steps"
        best = np.fmax(best, progress.metrics["charts/episodic_return"])
    trainer.close()
