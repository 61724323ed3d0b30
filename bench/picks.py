"""How soon picks among scenes find what somebody likes: `python -m bench.picks`.

Scenes are of HalfCheetah, after a few iterations of PPO. A simulated person likes by weights that
are drawn, and picks the best of those shown, or now and then any. Told is, after so many picks, how
many pairs of scenes that nobody has seen are put into the person's order: the mean, and the least
of all persons.
"""

import argparse

import numpy as np

from websim.authors.picks import Pick, Scenes, fit, record
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.trainer import Trainer

REWARD = """
import numpy as np

forward_weight = 1.0
upright_weight = 0.5
height_weight = 1.0
effort_weight = 0.1
smooth_weight = 0.05


def reward(now, before, action):
    return {
        "forward": forward_weight * (now.qpos[:, 0] - before.qpos[:, 0]) / now.dt,
        "upright": upright_weight * np.cos(now.qpos[:, 2]),
        "height": height_weight * now.qpos[:, 1],
        "effort": -effort_weight * np.square(action).sum(axis=1),
        "smooth": -smooth_weight * np.square(now.qvel[:, 3:]).mean(axis=1),
    }
"""

AFTER = (0, 5, 10, 20, 40, 60)


def scenes(seeds: tuple[int, int]) -> list[Scenes]:
    """Those that are shown, and those that nobody sees."""
    trainer = Trainer(
        Experiment(
            task="HalfCheetah-v5",
            reward=REWARD,
            algorithm="ppo",
            hyperparameters={"num_envs": 16, "num_steps": 64, "total_timesteps": 8192},
        )
    )
    run = None
    while run is None:
        run = trainer.advance().checkpoint
    trainer.close()
    checkpoint = checkpoints.loads(run)
    return [record(checkpoint.experiment, checkpoint, seed=seed) for seed in seeds]


def agreements(shown: Scenes, unseen: Scenes, seed: int, count: int, errs: float) -> list[float]:
    """Pairs in the person's order, after so many picks."""
    rng = np.random.default_rng(seed)
    hidden = rng.standard_normal(len(shown.terms)) / shown.sums.std(axis=0)
    first, second = np.triu_indices(len(unseen.sums), 1)
    pairs = unseen.sums[first] - unseen.sums[second]
    picks: list[Pick] = []
    told = []
    for number in range(AFTER[-1] + 1):
        preference = fit(picks, shown.weights, shown.sums)
        if number in AFTER:
            told.append(float(np.mean((pairs @ preference.weights > 0) == (pairs @ hidden > 0))))
        asked = shown.sums[preference.ask(shown.sums, count, rng)]
        any_of_them = rng.random() < errs
        best = rng.integers(len(asked)) if any_of_them else np.argmax(asked @ hidden)
        picks.append(Pick(asked, (int(best),)))
    return told


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--persons", type=int, default=10)
    persons = parser.parse_args().persons
    shown, unseen = scenes((1, 2))
    print(f"| scenes shown | errs | {' | '.join(f'{after} picks' for after in AFTER)} |")
    print("|" + "---|" * (len(AFTER) + 2))
    for count, errs in ((2, 0.0), (6, 0.0), (6, 0.1), (6, 0.2), (6, 0.4)):
        found = np.array([agreements(shown, unseen, i, count, errs) for i in range(persons)])
        cells = [
            f"{mean:.2f} ({least:.2f})"
            for mean, least in zip(found.mean(0), found.min(0), strict=True)
        ]
        print(f"| {count} | {errs:g} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
