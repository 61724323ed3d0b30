"""What the parity tests run natively and, this very source, in a worker's Pyodide."""

import hashlib
from typing import Any

import numpy as np

import websim
from websim.experiments.experiment import from_dict
from websim.mjcf import find
from websim.physics import FIELDS, STATE, make_physics
from websim.worlds.field import Field
from websim.worlds.terrain import Terrain

# What a step shows, besides the state after it.
SHOWN = ("observations", "rewards", "reward_term_values", "terminations")


def visited_states(task: str, count: int, seed: int) -> tuple[dict[str, list[Any]], list[Any]]:
    """States that random actions lead to, each with the action that comes next.

    Takes one environment at several ages, so that states lie in free flight, in contact and at
    rest. Runs natively only.
    """
    env = websim.make_vec(task, 10, autoreset_mode="SameStep")
    env.reset(seed=seed)
    rng = np.random.default_rng(seed)
    low, high = env.single_action_space.low, env.single_action_space.high
    states: list[dict[str, Any]] = []
    actions: list[Any] = []
    for step in range(count):
        action = rng.uniform(low, high, (10, len(low))).astype(np.float32)
        states.append({name: getattr(env.physics.data, name)[step % 10].tolist() for name in STATE})
        actions.append(action[step % 10].tolist())
        env.step(action)
    env.close()
    return {name: [state[name] for state in states] for name in STATE}, actions


def give_models(physics: Any, model: dict[str, Any]) -> dict[str, Any]:
    """Gives environments models of their own; what then differs, with what follows from it."""
    physics.vary(list(model))
    rows = {name: np.reshape(model[name], physics.varied[name].shape) for name in model}
    physics.set_model(np.arange(physics.num_envs), rows)
    return {name: array.reshape(len(array), -1).tolist() for name, array in physics._arrays.items()}


def single_steps(
    task: str,
    states: dict[str, list[Any]],
    actions: list[Any],
    model: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """One environment step from each state [n]; everything that it shows, by name, as lists.

    Where there is `model`, by name [n, ...], each in a model of its own.
    """
    n = len(actions)
    env = websim.make_vec(task, n, autoreset_mode="Disabled")
    models = give_models(env.physics, model or {})
    env.reset(seed=0)
    data = env.physics.data

    def load() -> None:
        for name, values in states.items():
            array = getattr(data, name)
            array[...] = np.reshape(values, array.shape)

    load()
    env.physics.forward(np.arange(n))
    load()  # the forward pass may round differently; the step starts from the very same state
    env.step(np.array(actions, dtype=np.float32))
    shown = {name: getattr(env, name).tolist() for name in SHOWN}
    shown |= {name: getattr(data, name).tolist() for name in (*STATE, *data.fields)}
    env.close()
    return shown | models


def trajectory(task: str, steps: int, seed: int, options: dict[str, Any]) -> dict[str, Any]:
    """Observations [steps + 1, obs] and rewards [steps] of one environment under random actions."""
    env = websim.make_vec(task, 1, autoreset_mode="NextStep", max_episode_steps=steps, **options)
    observations, rewards = [env.reset(seed=seed)[0][0].tolist()], []
    rng = np.random.default_rng(seed)
    space = env.single_action_space
    for _ in range(steps):
        action = rng.uniform(space.low, space.high).astype(np.float32)
        observation, reward, *_ = env.step(action[None])
        observations.append(observation[0].tolist())
        rewards.append(float(reward[0]))
    env.close()
    return {"observations": observations, "rewards": rewards}


def described(task: str) -> dict[str, Any]:
    """The Model of a task as plain data."""
    env = websim.make_vec(task, 1)
    values = vars(env.physics.model)
    env.close()
    return {
        k: v.tolist() if isinstance(v, np.ndarray) else list(v) if isinstance(v, tuple) else v
        for k, v in values.items()
    }


def batch(
    xml: str, given: dict[str, Any], looks: list[int], model: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """What a batch shows after some of its steps, if it is given `tests/state_models.py:inputs`.

    Where there is `model`, by name [n, ...], each environment has a model of its own.
    """
    num_envs = len(given["qpos"])
    physics = make_physics(xml, num_envs, tuple(FIELDS))
    give_models(physics, model or {})
    data = physics.data
    for name in ("qpos", "qvel"):
        given[name] = np.reshape(given[name], getattr(data, name).shape)
    physics.reset(np.arange(num_envs), given["qpos"], given["qvel"])
    for name in given.keys() - {"qpos", "qvel", "ctrl"}:
        array = getattr(data, name)
        array[...] = np.reshape(given[name], array.shape)
    shown = []
    for step, ctrl in enumerate(given["ctrl"], 1):
        data.ctrl[...] = np.reshape(ctrl, data.ctrl.shape)
        physics.step(2)
        if step in looks:
            shown.append({name: getattr(data, name).tolist() for name in (*STATE, *FIELDS)})
    physics.close()
    return shown


def in_world(
    task: str, world: dict[str, Any], states: dict[str, list[Any]], actions: list[Any]
) -> dict[str, Any]:
    """As `single_steps`, each state in an environment of its own of a world, with what it draws."""
    n = len(actions)
    experiment = from_dict({"task": task, "world": world}, {})
    env = experiment.make_vec(n, autoreset_mode="Disabled")
    env.reset(seed=0)
    data = env.physics.data
    for name, values in states.items():
        array = getattr(data, name)
        array[...] = np.reshape(values, array.shape)
    env.step(np.array(actions, dtype=np.float32))
    shown = {name: getattr(env, name).tolist() for name in SHOWN}
    shown |= {name: getattr(data, name).tolist() for name in (*STATE, *data.fields)}
    shown |= {name: array.tolist() for name, array in env.physics.varied.items()}
    assert env.world is not None
    shown |= {"values": env.world.values.tolist()}
    env.close()
    return shown


# What hands take hold of and a world pushes too, where it has a name.
LAST = {
    "HalfCheetah-v5": ["ffoot"],
    "Humanoid-v5": ["left_lower_arm"],
    "Reacher-v5": ["target"],
}


def pushed(task: str, steps: int) -> list[dict[str, Any]]:
    """What environments show after each step while hands and a world push and pull them."""
    push = {"mode": "interval", "target": "push", "operation": "add", "range": [0, 0.2]}
    events = [{**push, "interval_range_s": [0.01, 0.03], "names": LAST.get(task, [])}]
    experiment = from_dict({"task": task, "world": {"events": events}}, {})
    env = experiment.make_vec(3, autoreset_mode="SameStep", max_episode_steps=-1)
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    space, last = env.single_action_space, env.physics.model.nbody - 1
    env.apply_force([0, 2], last, [0.1, 0.2, 0.3], torque=[0.1, 0, 0], point=[0, 0.1, 0], steps=2)
    env.pull(1, last, [0.05, 0.1, 0.1], point=[0.01, 0, 0.02], relative=True)
    shown = []
    for step in range(steps):
        if step == 3:
            env.release(1)
        shown.append({name: getattr(env.physics.data, name).tolist() for name in STATE})
        shown[-1]["pulls"] = env.physics.pulls.tolist()
        env.step(rng.uniform(space.low, space.high, (3, *space.shape)).astype(np.float32))
    env.close()
    return shown


def heights(terrain: dict[str, Any]) -> str:
    """The sha256 of a terrain's heights, to the last bit."""
    return hashlib.sha256(Field(Terrain(**terrain)).height_field().data.tobytes()).hexdigest()


def over_terrain(xml_file: str, terrain: dict[str, Any], qpos: Any, steps: int) -> dict[str, Any]:
    """Where robots are that begin at qpos [n, nq] over a terrain, after so many physics steps."""
    floor = Field(Terrain(**terrain)).height_field()
    n = len(qpos)
    physics = make_physics(find(xml_file), n, ("cfrc_ext",), floor=floor)
    physics.reset(np.arange(n), np.array(qpos), np.zeros((n, physics.model.nv)))
    physics.step(steps)
    shown = {name: getattr(physics.data, name).tolist() for name in ("qpos", "qvel", "cfrc_ext")}
    shown["hfield_data"] = float(physics.model_array("hfield_data").sum())
    physics.close()
    return shown
