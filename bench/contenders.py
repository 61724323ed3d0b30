"""A native contender of a measurement, in a process of its own that `bench/processes.py` drives.

    python bench/contenders.py NAME

Reads one JSON object a line: {"task", "num_envs", "cores"} makes environments in place of those
before, {"seconds"} steps them for so long. Answers each with one line: {} or {"steps", "seconds"},
or {"error"}. EnvPool lives in another virtual environment than the others, so nothing is imported
before it is needed. Actions are drawn once, before the clock starts.
"""

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

WARM_UP_STEPS = 20  # or so many seconds, where that is less
WARM_UP_SECONDS = 2.0
MEGABYTES_PER_PROCESS = 15  # of AsyncVectorEnv, at least

Step = Callable[[], int]
"""Steps a batch; returns how many environment steps that were."""


def websim_native(task: str, num_envs: int, cores: int) -> tuple[Step, Callable[[], None]]:
    """Our own vector environment, as learners use it."""
    import websim

    env = websim.make_vec(task, num_envs, autoreset_mode="SameStep", copy=False, num_threads=cores)
    return _vector_env(env, num_envs)


def gymnasium_sync(task: str, num_envs: int, cores: int) -> tuple[Step, Callable[[], None]]:
    """Gymnasium's environments, one after the other."""
    import gymnasium

    env = gymnasium.make_vec(task, num_envs=num_envs, vectorization_mode="sync")
    return _vector_env(env, num_envs)


def gymnasium_async(task: str, num_envs: int, cores: int) -> tuple[Step, Callable[[], None]]:
    """Gymnasium's environments, a process each."""
    import gymnasium

    gymnasium.make(task).close()  # imports come before the fork
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6
    if free < num_envs * MEGABYTES_PER_PROCESS:
        raise MemoryError(f"{num_envs} processes do not fit into {free:.0f} MB")
    env = gymnasium.make_vec(task, num_envs=num_envs, vectorization_mode="async")
    return _vector_env(env, num_envs)


def envpool_sync(task: str, num_envs: int, cores: int) -> tuple[Step, Callable[[], None]]:
    """EnvPool, all environments in each step."""
    import envpool

    env = envpool.make(task, env_type="gymnasium", num_envs=num_envs, num_threads=cores)
    env.reset()
    space = env.action_space
    actions = _actions(num_envs, space.low, space.high)
    return lambda: len(env.step(actions)[0]), env.close


def envpool_async(task: str, num_envs: int, cores: int) -> tuple[Step, Callable[[], None]]:
    """EnvPool, in each step the half of the environments that is ready first."""
    import envpool

    env = envpool.make(
        task,
        env_type="gymnasium",
        num_envs=num_envs,
        batch_size=max(1, num_envs // 2),
        num_threads=cores,
    )
    env.async_reset()
    actions = _actions(num_envs, env.action_space.low, env.action_space.high)

    def step() -> int:
        ready = env.recv()[-1]["env_id"]
        env.send(actions[ready], ready)
        return len(ready)

    return step, env.close


def bare(task: str, num_envs: int, cores: int) -> tuple[Step, Callable[[], None]]:
    """The limit: `mujoco.rollout` in C++ threads from states that random actions lead to.

    Nothing is observed, rewarded or reset, and no contact forces are computed.
    """
    import mujoco
    from mujoco.rollout import Rollout

    import websim
    from websim import mjcf
    from websim.physics.native import load_model

    env = websim.make_vec(task, num_envs, autoreset_mode="SameStep")
    env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(WARM_UP_STEPS):
        env.step(env.action_space.sample())
    model = load_model(mjcf.find(env.task.xml_file))
    datas = [mujoco.MjData(model) for _ in range(cores)]
    batch, substeps = env.physics.data, env.task.frame_skip
    kind = int(mujoco.mjtState.mjSTATE_FULLPHYSICS)
    size = mujoco.mj_stateSize(model, kind)
    initial = np.zeros((num_envs, size))
    for i in range(num_envs):
        datas[0].qpos, datas[0].qvel = batch.qpos[i], batch.qvel[i]
        mujoco.mj_getState(model, datas[0], initial[i], kind)
    control = np.repeat(env.action_space.sample()[:, None].astype(np.float64), substeps, axis=1)
    states = np.zeros((num_envs, substeps, size))
    sensors = np.zeros((num_envs, substeps, model.nsensordata))
    warmstarts = batch.qacc_warmstart.copy()
    rollout = Rollout(nthread=cores)

    def step() -> int:
        rollout.rollout(
            [model] * num_envs,
            datas,
            initial,
            control,
            skip_checks=True,
            nstep=substeps,
            initial_warmstart=warmstarts,
            state=states,
            sensordata=sensors,
        )
        return num_envs

    env.close()
    return step, rollout.close


CONTENDERS = {
    "websim native": websim_native,
    "SyncVectorEnv": gymnasium_sync,
    "AsyncVectorEnv": gymnasium_async,
    "EnvPool sync": envpool_sync,
    "EnvPool async": envpool_async,
    "bare native": bare,
}


def _actions(num_envs: int, low: Any, high: Any) -> Any:
    return np.random.default_rng(0).uniform(low, high, (num_envs, len(low)))


def _vector_env(env: Any, num_envs: int) -> tuple[Step, Callable[[], None]]:
    env.reset(seed=0)
    space = env.single_action_space
    actions = _actions(num_envs, space.low, space.high).astype(np.float32)

    def step() -> int:
        env.step(actions)
        return num_envs

    return step, env.close


def _measure(step: Step, seconds: float) -> dict[str, float]:
    steps, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        steps += step()
    return {"steps": steps, "seconds": elapsed}


def main() -> None:
    """Answers until its input ends."""
    make = CONTENDERS[sys.argv[1]]
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not be taken for a reply
    step: Step | None = None
    close: Callable[[], None] | None = None
    for line in sys.stdin:
        request = json.loads(line)
        reply: dict[str, Any] = {}
        try:
            if "seconds" in request:
                assert step is not None
                reply = _measure(step, request["seconds"])
            else:
                if close is not None:
                    close()
                step = close = None
                gc.collect()
                step, close = make(request["task"], request["num_envs"], request["cores"])
                end = time.perf_counter() + WARM_UP_SECONDS
                for _ in range(WARM_UP_STEPS):
                    if time.perf_counter() < end:
                        step()
        except (Exception, MemoryError) as error:
            reply = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(reply), file=replies, flush=True)
    if close is not None:
        close()


if __name__ == "__main__":
    main()
