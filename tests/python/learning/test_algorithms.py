"""ES, ARS and REINFORCE: repeatable, equal on all ranks, taken up again, and learning."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.python.learning.test_ranks import together
from websim.algorithms import ALGORITHMS
from websim.algorithms.es import centered_ranks
from websim.algorithms.presets import PRESETS, preset
from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.nn.layers import TinyMLP
from websim.ranks import Communicator
from websim.registry import task_class
from websim.training import checkpoints
from websim.training.trainer import Trainer
from websim.worlds import EventTerm, Terrain, World

NAMES = sorted(ALGORITHMS)


def experiment(algorithm: str, task: str = "Hopper-v5", **hyperparameters: Any) -> Experiment:
    small: dict[str, Any] = {"num_envs": 4}
    if algorithm == "ppo":
        small |= {"num_steps": 32, "num_minibatches": 2}
    return Experiment(task=task, algorithm=algorithm, hyperparameters={**small, **hyperparameters})


def run(algorithm: str, communicator: Communicator, stop_at: int | None = None) -> Any:
    trainer = Trainer(experiment(algorithm), communicator)
    metrics = []
    for iteration in range(4):
        if iteration == stop_at:
            saved = checkpoints.loads(trainer.checkpoint() or b"")
            trainer.close()
            trainer = Trainer(saved.experiment, communicator, saved)
        metrics.append(trainer.advance().metrics)
    result = metrics, trainer.algorithm.weights.copy(), trainer.algorithm.global_step
    trainer.close()
    return result


@pytest.mark.parametrize("algorithm", NAMES)
def test_taken_up_again_it_gives_the_same_curve(algorithm: str) -> None:
    np.testing.assert_equal(run(algorithm, Communicator(), 2), run(algorithm, Communicator()))


@pytest.mark.parametrize("algorithm", NAMES)
def test_ranks_agree(algorithm: str) -> None:
    first, second = together(lambda communicator: run(algorithm, communicator), 2)
    np.testing.assert_equal(first, second)


@pytest.mark.parametrize("algorithm", NAMES)
def test_the_mean_reward_is_of_every_step(algorithm: str) -> None:
    """Counted again; where whole episodes are played, of the first of each environment."""
    trainer = Trainer(experiment(algorithm))
    env = trainer.algorithm.env
    rewards: list[float] = []
    over = np.zeros(env.num_envs, np.bool_)

    class Counts:
        def stepped(self, ended: NDArray[np.bool_] | None) -> None:
            rewards.extend(env.rewards[~over])
            if algorithm != "ppo" and ended is not None:
                over[ended] = True

        def updated(self) -> None: ...

    trainer.algorithm.observer = Counts()
    for _ in range(2):
        rewards.clear()
        over[:] = False
        metrics = trainer.advance().metrics
        assert metrics["charts/mean_reward"] == pytest.approx(np.mean(rewards), rel=1e-12)
    trainer.close()


HEAVY = EventTerm(mode="reset", target="mass", operation="scale", range=(0.9, 1.1), level="width")


@pytest.mark.parametrize("algorithm", NAMES)
def test_levels_are_told(algorithm: str) -> None:
    world = World(terrain=Terrain(levels=5, kinds=("flat",)), events=(HEAVY,)).on_all_levels
    trainer = Trainer(replace(experiment(algorithm), world=world))
    told = trainer.advance().metrics
    for name in ("terrain", "width"):
        levels = trainer.algorithm.env.ladders[name].levels
        assert told[f"charts/{name}_level"] == levels.mean() > 0
    trainer.close()


MEASURE = """
reduce = "sum"


def measure(now, before):
    return 2.0 * (now.time > before.time) - 1000 * (now.time <= before.time)
"""


@pytest.mark.parametrize("algorithm", NAMES)
def test_episodes_are_told_with_their_measure_and_their_level(algorithm: str) -> None:
    """Two for each step makes the measure twice the length; equal on all ranks, once each."""
    measured = replace(
        experiment(algorithm, num_envs=8),
        measure=MEASURE,
        world=World(terrain=Terrain(kinds=("flat",), levels=3), events=(HEAVY,)).on_all_levels,
    )

    def episodes(communicator: Communicator) -> Any:
        trainer = Trainer(measured, communicator)
        levels = trainer.algorithm.env.ladders["terrain"].levels.copy()
        found, metrics = [], []
        for _ in range(3):
            metrics.append(trainer.advance().metrics)
            found.append(trainer.algorithm.episodes)
        trainer.close()
        return found, metrics, set(levels.tolist())

    (found, metrics, first), (other, _, second) = together(episodes, 2)
    np.testing.assert_equal(found, other)
    rows = np.concatenate(found)
    assert len(rows) > 4
    np.testing.assert_array_equal(rows[:, 2], 2 * rows[:, 1])
    assert set(rows[:, 3]) <= first | second
    assert rows.shape[1] == 5
    assert set(rows[:, 4]) <= set(range(10))
    assert len(set(rows[:, 4])) > 2
    for told, one in zip(metrics, found, strict=True):
        assert told["charts/episodes"] == len(one)
        if len(one):
            assert told["charts/measure"] == pytest.approx(one[:, 2].mean())
        if algorithm != "ppo":  # whole episodes, one of each environment
            assert len(one) == 8


@pytest.mark.parametrize("algorithm", ["es", "ars"])
def test_a_population_is_the_same_however_it_is_divided(algorithm: str) -> None:
    """Noise belongs to pairs: the first generation is one and the same, statistics apart."""
    (split, _) = together(lambda communicator: run(algorithm, communicator), 2)
    whole = run(algorithm, Communicator())
    for tag in ("charts/episodic_return", "charts/episodic_length"):
        assert split[0][0][tag] == pytest.approx(whole[0][0][tag], rel=0.2)


@pytest.mark.parametrize("algorithm", NAMES)
def test_policies_act_within_bounds(algorithm: str) -> None:
    trainer = Trainer(experiment(algorithm))
    trainer.advance()
    actions = trainer.algorithm.policy()(100 * np.ones((5, 11)))
    assert actions.shape == (5, 3)
    assert actions.dtype == np.float32
    assert np.abs(actions).max() <= 1
    trainer.close()


def test_centered_ranks() -> None:
    ranks = centered_ranks(np.array([[3.0, -1.0], [100.0, 3.5]]))
    np.testing.assert_allclose(ranks, [[-1 / 6, -0.5], [0.5, 1 / 6]])


@pytest.mark.parametrize("hidden", [(), (7,), (16, 8)])
def test_a_population_of_networks_acts_like_single_ones(hidden: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    network = TinyMLP(5, 3, hidden)
    weights = rng.standard_normal((6, network.size)).astype(np.float32)
    observations = rng.standard_normal((6, 5)).astype(np.float32)
    together_ = network.act(observations, weights)
    for i in range(6):
        alone = network.act(observations[i : i + 1], weights[i])
        np.testing.assert_allclose(together_[i], alone[0], rtol=1e-4, atol=1e-5)
    assert network.initial(rng).shape == (network.size,)
    assert np.abs(network.act(observations, network.initial(rng))).max() < 1
    with pytest.raises(InvalidArgument):
        TinyMLP(5, 3, (0,))


def test_every_preset_is_allowed() -> None:
    for algorithm, presets in PRESETS.items():
        for name, tasks in presets.items():
            for task in tasks:
                values = preset(algorithm, name, task)
                ALGORITHMS[algorithm].Hyperparameters(**values)
                assert task == "*" or task_class(task)


def learns(algorithm: str, task: str, goal: float, **hyperparameters: Any) -> None:
    trainer = Trainer(experiment(algorithm, task, **hyperparameters))
    best = -np.inf
    while best < goal:
        progress = trainer.advance()
        assert not progress.done, f"{best} after {progress.global_step} steps"
        best = np.fmax(best, progress.metrics["charts/episodic_return"])
    trainer.close()


def test_reinforce_learns_to_balance() -> None:
    learns("reinforce", "InvertedPendulum-v5", 500, num_envs=16, total_timesteps=200_000)


def test_es_learns_to_swim() -> None:
    learns("es", "Swimmer-v5", 30, num_envs=32, learning_rate=0.03, sigma=0.1)


def test_ars_learns_to_swim() -> None:
    learns("ars", "Swimmer-v5", 100, num_envs=8, total_timesteps=250_000)
