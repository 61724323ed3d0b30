"""What the quadruped does without having learnt: `python -m bench.quadruped [--episodes 100]`.

The controls beside which a policy is judged: motors that do nothing, random torques, and springs
and dampers that hold the stance in which an episode begins. Printed is each mean measure.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from websim import Experiment, MujocoVectorEnv
from websim.registry import task_class

Control = Callable[[MujocoVectorEnv], NDArray[np.floating]]


def held(stiffness: float, damping: float) -> Control:
    """Torques of springs (Nm/rad) and dampers (Nm s/rad), within the motors' limits."""

    def act(env: MujocoVectorEnv) -> NDArray[np.floating]:
        data, model = env.physics.data, env.physics.model
        bent = model.key_qpos[0, 7:] - data.qpos[:, 7:]
        torques = stiffness * bent - damping * data.qvel[:, 6:]
        return (torques / model.actuator_gear[:, 0]).clip(-1, 1)

    return act


def controls(rng: np.random.Generator) -> dict[str, Control]:
    """By name."""
    return {
        "motors off": lambda env: np.zeros((env.num_envs, 12)),
        "random": lambda env: rng.uniform(-1, 1, (env.num_envs, 12)),
        "stance held, 20 Nm/rad": held(20, 0.5),
        "stance held, 40 Nm/rad": held(40, 1),
    }


def play(env: MujocoVectorEnv, control: Control, seed: int) -> NDArray[np.float64]:
    """Measures [n] of one episode of each environment."""
    env.reset(seed=seed)
    running = np.ones(env.num_envs, np.bool_)
    measures = np.zeros(env.num_envs)
    while running.any():
        env.step(control(env).astype(np.float32))
        ended = running & (env.terminations | env.truncations)
        measures[ended] = env.final_measures[ended]
        running &= ~ended
    return measures


def main() -> None:
    """Prints a table, in Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tasks = ("QuadrupedBalance-v0", "QuadrupedWalk-v0")
    print(f"| control | {' | '.join(tasks)} |\n|---|---|---|")
    for name, control in controls(np.random.default_rng(arguments.seed)).items():
        means = []
        for task in tasks:
            experiment = replace(Experiment(task=task), measure=task_class(task).measure_code)
            env = experiment.make_vec(arguments.episodes, autoreset_mode="SameStep", copy=False)
            means.append(f"{play(env, control, arguments.seed).mean():.2f}")
            env.close()
        print(f"| {name} | {' | '.join(means)} |", flush=True)


if __name__ == "__main__":
    main()
