"""The environments of a task, a robot or an experiment."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from gymnasium.vector import AutoresetMode

from websim.experiments.experiment import Experiment
from websim.experiments.sources import experiment_of
from websim.vector import Codes, MujocoVectorEnv


def make_vec(
    id: str | Path | Experiment,
    num_envs: int = 1,
    *,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    max_episode_steps: int | None = None,
    copy: bool = True,
    num_threads: int | None = None,
    **task_options: Any,
) -> MujocoVectorEnv:
    """Makes `num_envs` environments of one task that are stepped together.

    Args:
        id: A registered task: one of `task_ids()`; the path of a robot (MJCF, URDF, a folder or a
            zip archive), beginning with ".", "/" or "~"; or a whole experiment.
        num_envs: Number of environments.
        autoreset_mode: What happens at the end of an episode, see
            `gymnasium.vector.AutoresetMode`; or its value ("NextStep", "SameStep", "Disabled").
        max_episode_steps: Steps until an episode is truncated; None takes the task's, -1 none.
        copy: See `MujocoVectorEnv`.
        num_threads: Likewise.
        **task_options: As of the constructor of Gymnasium's environment; in addition to the
            experiment's.

    Raises:
        UnknownTask: `id` is not registered.
        InvalidArgument: an unknown option, or an argument that is not allowed.
        ModelError: the robot cannot be read, or MuJoCo cannot compile it.
    """
    experiment = experiment_of(id)
    experiment = replace(experiment, task_options=experiment.task_options | task_options)
    return experiment.make_vec(
        num_envs,
        autoreset_mode=autoreset_mode,
        max_episode_steps=max_episode_steps,
        copy=copy,
        num_threads=num_threads,
    )


def tried(env: MujocoVectorEnv, present: Experiment, wanted: Experiment) -> Codes:
    """The reward and the measure that an experiment wants, tried on environments.

    Args:
        env: Environments of the present experiment.
        present: What is in force.
        wanted: The same with another reward or measure; what is the same stays as it is.

    Raises:
        UnsafeCode, CodeFailed, InvalidArgument: the code is wrong; nothing is changed.
    """
    reward, measure = wanted.make_code()
    return env.tried(
        env.reward if wanted.reward == present.reward else reward,
        env.measure if wanted.measure == present.measure else measure,
    )


def paid_by_task(env: MujocoVectorEnv, present: Experiment) -> Experiment | None:
    """The same, paid by the task itself; None where it is, or where the task pays nothing."""
    own = env.task.reward_terms or env.task.reward_code
    return present.with_code(reward=None) if present.reward is not None and own else None
