"""PyPI's `mjbatch` beside websim's native batches: the same numbers, and how fast.

    pip install --target FOLDER --no-deps mjbatch==0.1.4
    PYTHONPATH=FOLDER:$PYTHONPATH python -m bench.mjbatch [--rounds 7] [--seconds 0.5]

First each model of `tests/state_models.py` is stepped 200 times by `mjbatch` and by one MjData for
each environment, as `tests/python/test_state.py` does with websim; all of the state and of FIELDS
is compared bit by bit. Then both step the same batches in turns, physics alone, with the fields
that the task reads, from states that random actions lead to: as they are, and with friction, mass
and gains of all environments different. Writes docs/results/mjbatch.json and mjbatch.md.
"""

import argparse
from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np

try:
    import mjbatch
except ImportError as error:
    raise SystemExit(f"{error}; the head of this script says how to install it.") from None

import websim
from bench.browser import machine, spread, write
from bench.variation import HERE, different, rates, settled
from tests.state_models import NATIVE, OWN, inputs
from tests.state_models import NUM_ENVS as COMPARED
from websim.physics import FIELDS, STATE, make_physics, usable_cores
from websim.physics.native import load_model

TASKS = ("Ant-v5", "HalfCheetah-v5", "Humanoid-v5")
NUM_ENVS = (64, 512)


def differing(xml: str) -> list[str]:
    """The arrays that are not those of one MjData for each environment."""
    model = load_model(xml)
    physics = make_physics(xml, 1, ())
    given = inputs(physics.model)
    physics.close()
    batch = mjbatch.Batch(model, COMPARED, 2)
    arrays = {name: batch.bind(name) for name in (*STATE, *FIELDS)}
    datas = [mujoco.MjData(model) for _ in range(COMPARED)]
    for name in ("qpos", "qvel"):
        arrays[name][...] = given[name]
    batch.reset()
    for i, data in enumerate(datas):
        data.qpos[:], data.qvel[:] = given["qpos"][i], given["qvel"][i]
        mujoco.mj_forward(model, data)
    for name in given.keys() - {"qpos", "qvel", "ctrl"}:
        arrays[name][...] = given[name]
        for i, data in enumerate(datas):
            getattr(data, name)[...] = given[name][i]
    wrong = set()
    for ctrl in given["ctrl"]:
        arrays["ctrl"][...] = ctrl
        batch.step()
        for i, data in enumerate(datas):
            data.ctrl[:] = ctrl[i]
            mujoco.mj_step(model, data)
            mujoco.mj_rnePostConstraint(model, data)
            wrong |= {
                name
                for name, array in arrays.items()
                if not np.array_equal(np.ravel(array[i]), np.ravel(getattr(data, name)))
            }
    return sorted(wrong)


def contenders(task: str, num_envs: int, vary: bool) -> list[Callable[[], object]]:
    """What steps a batch once: websim's and mjbatch's."""
    env, state = settled(task, num_envs)
    model = load_model(websim.mjcf.find(env.task.xml_file))
    batch = mjbatch.Batch(model, num_envs, usable_cores())
    for name, values in state.items():
        batch.bind(name)[...] = values
    for name in env.task.fields:
        batch.bind(name)
    if vary:
        for name, rows in different(env.physics).items():
            batch.expand(name)[...] = rows
        batch.set_const()
    skip = env.task.frame_skip
    return [lambda: env.physics.step(skip), lambda: batch.step(nstep=skip)]


def main() -> None:
    """Compares, measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each a round")
    arguments = parser.parse_args()
    wrong = {name: differing(xml) for name, xml in (OWN | NATIVE).items()}
    ratios: dict[str, list[float]] = {}
    for task in TASKS:
        for num_envs in NUM_ENVS:
            for vary in (False, True):
                steps = contenders(task, num_envs, vary)
                measured = rates(steps, arguments.rounds, arguments.seconds)
                key = f"{task}, {num_envs}{', all different' * vary}"
                ratios[key] = [theirs / ours for ours, theirs in measured]
    figures: dict[str, Any] = {
        "machine": machine(),
        "mjbatch": "0.1.4",
        "differing": wrong,
        "mjbatch / websim": ratios,
    }
    lines = [
        f"{figures['machine']}; mjbatch 0.1.4 / websim, environment steps/s, physics alone; median "
        f"of {arguments.rounds} rounds of {arguments.seconds:g} s (lowest to highest).",
        "",
        "| batch | mjbatch / websim |",
        "|---|---|",
        *(f"| {key} | {spread(values, '.2f')} |" for key, values in ratios.items()),
        "",
        "Arrays that are not those of one MjData for each environment:",
        "",
        *(f"- {name}: {', '.join(names) or 'none'}" for name, names in wrong.items()),
        "",
    ]
    write(HERE.parent / "docs" / "results", "mjbatch", figures, "\n".join(lines))


if __name__ == "__main__":
    main()
