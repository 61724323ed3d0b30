"""How long Stable-Baselines3's PPO takes to the returns that `bench.learning fast` goes for.

    python -m venv /tmp/sb3 && /tmp/sb3/bin/pip install -r bench/requirements-sb3.txt
    /tmp/sb3/bin/python -m bench.sb3 sweep --task Hopper-v5
    /tmp/sb3/bin/python -m bench.sb3 learn --task Hopper-v5 --seeds 1 2 3 --limit-seconds 400

It needs nothing of the project but `bench/curves.py`, which holds the rule for both: the mean
return of the last 100 episodes, as played while learning, noise included; the clock starts when
learning does, with environments and networks made.

Settings are those of RL Baselines3 Zoo (`hyperparams/ppo.yml`, the entries for MuJoCo tasks), which
is where Stable-Baselines3's documentation sends its readers for them. They are for one environment;
with n of them each takes n-th of the zoo's steps between updates, so that batches keep their size
and learning its course, and only the collecting gets faster.

`sweep` measures steps/s, learning included, for 1, 2, 4, 8 and 16 environments, one after the other
in this process (DummyVecEnv) or each in its own (SubprocVecEnv), and with as many torch threads as
there are cores or one. `learn` sweeps first and takes the fastest, unless `--envs`, `--vector` and
`--threads` name one. A run ends at the task's threshold or after `--limit-seconds`, which is to be
5 times what the other side took. Finished seeds are kept under `--runs` and not repeated.

Writes docs/results/learning-sb3-<task>.json and .csv.
"""

import argparse
import json
import os
import shlex
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.curves import Point, RollingReturn, judge, machine, write_results

ROOT = Path(__file__).resolve().parent.parent
TOTAL_TIMESTEPS = 1_000_000  # the zoo's; learning rates are constant, so that it decides nothing
SWEEP_SECONDS = 20.0

THRESHOLDS = {"HalfCheetah-v5": 1500, "Hopper-v5": 2000, "Walker2d-v5": 1500, "Ant-v5": 1000}

# The zoo's names. `large` stands for log_std_init=-2, ortho_init=False, ReLU and 256-256 networks.
ZOO: dict[str, dict[str, Any]] = {
    "HalfCheetah-v5": {
        "batch_size": 64,
        "n_steps": 512,
        "gamma": 0.98,
        "learning_rate": 2.0633e-05,
        "ent_coef": 0.000401762,
        "clip_range": 0.1,
        "n_epochs": 20,
        "gae_lambda": 0.92,
        "max_grad_norm": 0.8,
        "vf_coef": 0.58096,
        "large": True,
    },
    "Hopper-v5": {
        "batch_size": 32,
        "n_steps": 512,
        "gamma": 0.999,
        "learning_rate": 9.80828e-05,
        "ent_coef": 0.00229519,
        "clip_range": 0.2,
        "n_epochs": 5,
        "gae_lambda": 0.99,
        "max_grad_norm": 0.7,
        "vf_coef": 0.835671,
        "large": True,
    },
    "Walker2d-v5": {
        "batch_size": 32,
        "n_steps": 512,
        "gamma": 0.99,
        "learning_rate": 5.05041e-05,
        "ent_coef": 0.000585045,
        "clip_range": 0.1,
        "n_epochs": 20,
        "gae_lambda": 0.95,
        "max_grad_norm": 1.0,
        "vf_coef": 0.871923,
    },
    # The zoo has no settings of its own for Ant: these are Stable-Baselines3's defaults.
    "Ant-v5": {"n_steps": 2048},
}


@dataclass(frozen=True)
class Vectorisation:
    """How environments are run."""

    envs: int
    vector: str  # "dummy" or "subproc"
    threads: int  # of torch


@dataclass(frozen=True)
class Setup:
    """A task, how its environments are run, and a seed."""

    task: str
    how: Vectorisation
    seed: int


def make(setup: Setup) -> Any:
    """Makes the learner with its environments."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecNormalize

    torch.set_num_threads(setup.how.threads)
    settings = dict(ZOO[setup.task])
    policy: dict[str, Any] = {}
    if settings.pop("large", False):
        policy = {
            "log_std_init": -2.0,
            "ortho_init": False,
            "activation_fn": torch.nn.ReLU,
            "net_arch": {"pi": [256, 256], "vf": [256, 256]},
        }
    settings["n_steps"] //= setup.how.envs
    kind = SubprocVecEnv if setup.how.vector == "subproc" else DummyVecEnv
    env = make_vec_env(setup.task, setup.how.envs, setup.seed, vec_env_cls=kind)
    return PPO(
        "MlpPolicy",
        VecNormalize(env, gamma=settings.get("gamma", 0.99)),
        policy_kwargs=policy,
        seed=setup.seed,
        device="cpu",
        **settings,
    )


def record(setup: Setup, limit_seconds: float, threshold: float | None) -> list[Point]:
    """Learns until a threshold or the limit; returns a point for each rollout."""
    from stable_baselines3.common.callbacks import BaseCallback

    class Recorder(BaseCallback):  # type: ignore[misc]  # its types are not installed here
        def __init__(self) -> None:
            super().__init__()
            self.points: list[Point] = []
            self.mean = RollingReturn()
            self.returns: list[float] = []
            self.reached = False

        def _on_training_start(self) -> None:
            self.started = time.perf_counter()

        def _on_step(self) -> bool:
            # make_vec_env's Monitor, below the normalisation, tells the task's own returns.
            self.returns += [
                one["episode"]["r"] for one in self.locals["infos"] if "episode" in one
            ]
            return not self.reached and time.perf_counter() - self.started < limit_seconds

        def _on_rollout_start(self) -> None:
            # The update before it is over: what the other side reports, too, includes it.
            if self.num_timesteps == 0:
                return
            count = len(self.returns)
            point = Point(
                self.num_timesteps,
                time.perf_counter() - self.started,
                count,
                sum(self.returns) / count if count else 0.0,
            )
            self.returns.clear()
            self.points.append(point)
            value = self.mean.add(point)
            self.reached = threshold is not None and value is not None and value >= threshold

    model = make(setup)
    recorder = Recorder()
    try:
        model.learn(TOTAL_TIMESTEPS, callback=recorder)
    finally:
        model.get_env().close()
    return recorder.points


def sweep(task: str, seconds: float) -> list[tuple[Vectorisation, float]]:
    """Steps/s, learning included, of every way to run the environments; fastest first."""
    cores = os.cpu_count() or 1
    measured = []
    for envs, vector in (
        (1, "dummy"),
        *((n, v) for n in (2, 4, 8, 16) for v in ("dummy", "subproc")),
    ):
        for threads in sorted({1, cores}):
            how = Vectorisation(envs, vector, threads)
            points = record(Setup(task, how, 0), seconds, None)
            rate = points[-1].step / points[-1].seconds if points else 0.0
            measured.append((how, rate))
            print(f"{task} {envs} {vector}, {threads} threads: {rate:.0f} steps/s", flush=True)
    return sorted(measured, key=lambda one: -one[1])


def main() -> None:
    """Runs a sweep, or learns."""
    parser = argparse.ArgumentParser(description="Stable-Baselines3's PPO on the same tasks.")
    parser.add_argument("what", choices=("sweep", "learn"))
    parser.add_argument("--task", choices=THRESHOLDS, required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--limit-seconds", type=float, help="of a run; needed to learn")
    parser.add_argument("--sweep-seconds", type=float, default=SWEEP_SECONDS, help="of a way")
    parser.add_argument("--envs", type=int, choices=(1, 2, 4, 8, 16))
    parser.add_argument("--vector", choices=("dummy", "subproc"), default="dummy")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "bench" / "sb3")
    parser.add_argument("--results", type=Path, default=ROOT / "docs" / "results")
    arguments = parser.parse_args()
    task = arguments.task
    if arguments.what == "sweep":
        sweep(task, arguments.sweep_seconds)
        return
    if arguments.limit_seconds is None:
        parser.error("learn needs --limit-seconds")

    kept = arguments.runs / task
    kept.mkdir(parents=True, exist_ok=True)
    rates = kept / "sweep.json"
    if arguments.envs is not None:
        how = Vectorisation(arguments.envs, arguments.vector, arguments.threads)
    else:
        if not rates.is_file():
            measured = sweep(task, arguments.sweep_seconds)
            rates.write_text(json.dumps([{**asdict(how), "sps": sps} for how, sps in measured]))
        best = json.loads(rates.read_text())[0]
        how = Vectorisation(best["envs"], best["vector"], best["threads"])

    threshold, limit = THRESHOLDS[task], arguments.limit_seconds
    results = []
    for seed in arguments.seeds:
        path = kept / f"{how.envs}-{how.vector}-{how.threads}__{limit:g}s__{seed}.json"
        if not path.is_file():
            points = record(Setup(task, how, seed), limit, threshold)
            path.write_text(json.dumps([asdict(point) for point in points]))
        result = judge(seed, [Point(**one) for one in json.loads(path.read_text())], threshold)
        results.append(result)
        reached = result.seconds_to_threshold
        print(
            f"{task} seed {seed}: {result.steps} steps, {result.seconds:.0f} s, {threshold} "
            + (
                f"not reached (best {result.best})" if reached is None else f"after {reached:.1f} s"
            ),
            flush=True,
        )
    about = {"command": shlex.join(["python", "-m", "bench.sb3", *sys.argv[1:]]), **machine()}
    if rates.is_file():
        about["sweep"] = json.loads(rates.read_text())
    row = {
        "task": task,
        "setting": "stable-baselines3 ppo, zoo",
        "vectorisation": asdict(how),
        "limit_seconds": limit,
        "threshold": threshold,
        "runs": results,
    }
    write_results(
        arguments.results / f"learning-sb3-{task.partition('-')[0].lower()}", about, [row]
    )


if __name__ == "__main__":
    main()
