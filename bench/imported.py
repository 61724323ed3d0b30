"""What a model of Stable-Baselines3 returns there, and here, once it is imported.

    python -m venv /tmp/sb3 && /tmp/sb3/bin/pip install -r bench/requirements-sb3.txt
    /tmp/sb3/bin/python -m bench.imported there --task Hopper-v5 --timesteps 200000
    python -m bench.imported here

`there` has PPO learn, with VecNormalize, saves both, and plays 100 episodes without noise in
Gymnasium's own environments; `here` imports the two files and plays the episodes of the same seeds.
Writes docs/results/imported.json.
"""

import argparse
import json
import platform
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results" / "imported.json"
EPISODES = 100


def there(task: str, timesteps: int, folder: Path) -> None:
    """Learns, saves, and plays."""
    import gymnasium
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.vec_env import VecNormalize

    torch.set_num_threads(1)
    env: Any = VecNormalize(make_vec_env(task, 8, seed=1))
    model = PPO("MlpPolicy", env, n_steps=256, seed=1, device="cpu")
    model.learn(timesteps)
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.zip")
    env.save(folder / "vecnormalize.pkl")

    robots = [gymnasium.make(task) for _ in range(EPISODES)]
    seen = np.array([robot.reset(seed=i)[0] for i, robot in enumerate(robots)])
    returns, running = np.zeros(EPISODES), np.ones(EPISODES, np.bool_)
    while running.any():
        actions, _ = model.predict(env.normalize_obs(seen), deterministic=True)
        for i in np.flatnonzero(running):
            seen[i], reward, ended, cut, _ = robots[i].step(actions[i])
            returns[i] += float(reward)
            running[i] = not (ended or cut)
    told = {"task": task, "timesteps": timesteps, "returns": returns.tolist()}
    (folder / "there.json").write_text(json.dumps(told))
    print(f"there: {returns.mean():.1f} +- {returns.std():.1f}")


def here(folder: Path) -> None:
    """Imports, and plays."""
    from websim.exchange.imports import run_from
    from websim.exchange.sb3 import read
    from websim.experiments.experiment import Experiment
    from websim.training.evaluation import evaluate

    known = json.loads((folder / "there.json").read_text())
    run = run_from(
        read((folder / "model.zip").read_bytes()),
        Experiment(task=known["task"]),
        statistics=(folder / "vecnormalize.pkl").read_bytes(),
    )
    theirs, ours = np.array(known["returns"]), evaluate(run, EPISODES).returns
    off = abs(ours - theirs)
    RESULTS.write_text(
        json.dumps(
            {
                "command": "python -m bench.imported here",
                "machine": platform.processor() or platform.machine(),
                "task": known["task"],
                "timesteps": known["timesteps"],
                "there": [theirs.mean(), theirs.std()],
                "here": [ours.mean(), ours.std()],
                "difference_by_episode": {"median": np.median(off), "greatest": off.max()},
            },
            indent=2,
        )
        + "\n"
    )
    print(RESULTS.read_text())


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser()
    parser.add_argument("where", choices=("there", "here"))
    parser.add_argument("--task", default="Hopper-v5")
    parser.add_argument("--timesteps", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "bench" / "imported")
    arguments = parser.parse_args()
    if arguments.where == "there":
        there(arguments.task, arguments.timesteps, arguments.folder)
    else:
        here(arguments.folder)


if __name__ == "__main__":
    main()
