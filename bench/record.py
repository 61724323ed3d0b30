"""What writing episodes down costs: `python -m bench.record [--episodes 1000] [--rounds 1]`.

HalfCheetah's episodes of 1,000 steps, with a policy of 64-64 that has learnt nothing, in processes
of their own: played and forgotten (`play`), and recorded as .npz, for Minari and for LeRobot.
Prints seconds, seconds of processors and their ratio to `play`, the process's greatest memory, and
the size on disk. What else a machine does makes the former longer, and the latter hardly.
`npz tenth` is a tenth of the episodes: memory is to be about the same.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.curves import machine

TASK = "HalfCheetah-v5"
KINDS = ("play", "npz", "minari", "lerobot", "npz tenth")


def measure(kind: str, episodes: int) -> dict[str, Any]:
    """One of KINDS, in this process."""
    from gymnasium.vector import AutoresetMode

    from websim.experiments.experiment import Experiment
    from websim.training.trainer import Trainer, policy_of
    from websim.trajectories import lerobot, minari, npz
    from websim.trajectories.recorder import MOST_ENVIRONMENTS, Recorder

    experiment = Experiment(task=TASK, hyperparameters={"num_envs": 1, "num_steps": 32})
    trainer = Trainer(experiment)
    learner = trainer.algorithm.state()
    trainer.close()
    size = 0
    if kind == "play":
        env = experiment.make_vec(
            MOST_ENVIRONMENTS, autoreset_mode=AutoresetMode.SAME_STEP, copy=False
        )
        space = env.single_action_space
        policy = policy_of(experiment, learner, space.low, space.high)
        env.reset(seed=0)
        began = time.perf_counter(), time.process_time()
        for _ in range(episodes * 1000 // MOST_ENVIRONMENTS):
            env.step(policy(env.observations))
        seconds = time.perf_counter() - began[0], time.process_time() - began[1]
        env.close()
    else:
        recorder = Recorder(experiment, learner, episodes)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "cheetah-v0"
            began = time.perf_counter(), time.process_time()
            if kind == "minari":
                minari.write(out, recorder.play(), experiment, recorder.spaces, recorder.about())
            elif kind == "lerobot":
                lerobot.write(out, recorder.play(), experiment, recorder.about())
            else:
                npz.write(out, recorder.play(), recorder.about())
            seconds = time.perf_counter() - began[0], time.process_time() - began[1]
            files = [out] if out.is_file() else [f for f in out.rglob("*") if f.is_file()]
            size = sum(file.stat().st_size for file in files)
        recorder.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds[0], "cpu_seconds": seconds[1], "peak_mib": peak, "mib": size / 2**20}


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--one", choices=KINDS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        count = arguments.episodes // 10 if "tenth" in arguments.one else arguments.episodes
        print(json.dumps(measure(arguments.one, count)))
        return
    print(json.dumps({**machine(), "priority": os.nice(0), "episodes": arguments.episodes}))
    for _ in range(arguments.rounds):
        played = 0.0
        for kind in KINDS:
            command = [sys.executable, "-m", "bench.record", "--one", kind]
            command += ["--episodes", str(arguments.episodes)]
            found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            played = found["cpu_seconds"] if kind == "play" else played
            ratio = found["cpu_seconds"] / played
            print(kind, json.dumps({**found, "ratio": round(ratio, 2)}), flush=True)


if __name__ == "__main__":
    main()
