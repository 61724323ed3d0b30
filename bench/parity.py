"""How far websim (native) is from Gymnasium's own MuJoCo environments.

    python -m bench.parity [--steps 1010] [--envs 4] [--seed 0]

Runs both side by side with the same seeds and the same random actions, in every autoreset mode,
and prints the greatest absolute difference per task as a table. Flags, shapes, dtypes, keys and
masks must be equal: a difference in one of them is an error.
"""

import argparse
from collections import defaultdict
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode

import websim

MODES = tuple(AutoresetMode)

TASKS = tuple(task for task in websim.task_ids() if task in gymnasium.registry)
"""Those that Gymnasium has too."""


class Differences(dict[str, float]):
    """The greatest absolute difference per quantity ("observations", "infos/x_position")."""

    def __init__(self) -> None:
        super().__init__()
        self.episodes = 0
        self.compared: dict[str, int] = defaultdict(int)
        self.different: dict[str, int] = defaultdict(int)

    def add(self, name: str, expected: Any, actual: Any) -> None:
        """Compares one result, however deep, and keeps what differs."""
        if isinstance(expected, dict):
            assert expected.keys() == actual.keys(), (name, expected.keys() ^ actual.keys())
            for key in expected:
                self.add(f"{name}/{key}", expected[key], actual[key])
            return
        if expected is None:
            assert actual is None, name
            return
        assert expected.dtype == actual.dtype, (name, expected.dtype, actual.dtype)
        assert expected.shape == actual.shape, (name, expected.shape, actual.shape)
        if expected.dtype == object:
            for one, other in zip(expected, actual, strict=True):
                self.add(name, one, other)
        elif expected.dtype == np.bool_:
            assert np.array_equal(expected, actual), name
        else:
            difference = np.abs(expected - actual)
            self[name] = max(self.get(name, 0.0), float(difference.max(initial=0.0)))
            self.compared[name] += difference.size
            self.different[name] += int(np.count_nonzero(difference))

    def of(self, *prefixes: str) -> float:
        """The greatest difference of all quantities that start with one of the prefixes."""
        return max((self[name] for name in self if name.startswith(prefixes)), default=0.0)


def compare(
    task: str,
    mode: AutoresetMode,
    *,
    num_envs: int,
    steps: int,
    seed: int = 0,
    max_episode_steps: int | None = None,
    **options: Any,
) -> Differences:
    """Runs websim beside Gymnasium.

    Args:
        task: A task id of both.
        mode: What happens at the end of an episode.
        num_envs: Environments, seeded with seed, seed + 1, ...
        steps: Environment steps.
        seed: Of the first environment, and of the actions.
        max_episode_steps: Of both; None takes the task's.
        **options: The task's constructor options.
    """
    theirs = gymnasium.make_vec(
        task,
        num_envs=num_envs,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": mode},
        max_episode_steps=max_episode_steps,
        **options,
    )
    ours = websim.make_vec(
        task, num_envs, autoreset_mode=mode, max_episode_steps=max_episode_steps, **options
    )
    assert theirs.observation_space == ours.observation_space
    assert theirs.action_space == ours.action_space
    assert theirs.single_observation_space == ours.single_observation_space
    assert theirs.single_action_space == ours.single_action_space
    differences = Differences()
    for expected, actual in zip(theirs.reset(seed=seed), ours.reset(seed=seed), strict=True):
        differences.add("reset", expected, actual)
    ours.action_space.seed(seed)
    for _ in range(steps):
        actions = ours.action_space.sample()
        expected_step, actual_step = theirs.step(actions), ours.step(actions)
        names = "observations", "rewards", "terminations", "truncations", "infos"
        for name, expected, actual in zip(names, expected_step, actual_step, strict=True):
            differences.add(name, expected, actual)
        ended = actual_step[2] | actual_step[3]
        differences.episodes += int(ended.sum())
        if mode is AutoresetMode.DISABLED and ended.any():
            expected_reset = theirs.reset(options={"reset_mask": ended})
            actual_reset = ours.reset(options={"reset_mask": ended})
            for expected, actual in zip(expected_reset, actual_reset, strict=True):
                differences.add("reset", expected, actual)
    theirs.close()
    ours.close()
    return differences


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--steps", type=int, default=1010)
    parser.add_argument("--envs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print("| task | episodes | observations | rewards | infos | where not 0 |")
    print("|---|---|---|---|---|---|")
    for task in TASKS:
        runs = [
            compare(task, mode, num_envs=arguments.envs, steps=arguments.steps, seed=arguments.seed)
            for mode in MODES
        ]
        episodes = sum(run.episodes for run in runs)
        maxima = (
            max(run.of(*prefixes) for run in runs)
            for prefixes in (("observations", "reset"), ("rewards",), ("infos",))
        )
        places = sorted({name for run in runs for name in run if run[name] > 0})
        where = "; ".join(
            f"{name} ({sum(run.different[name] for run in runs)} of "
            f"{sum(run.compared[name] for run in runs)} values)"
            for name in places
        )
        cells = " | ".join(f"{value:.1e}" if value else "0" for value in maxima)
        print(f"| {task} | {episodes} | {cells} | {where} |", flush=True)


if __name__ == "__main__":
    main()
