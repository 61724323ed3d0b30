"""Episodes as a dataset of Minari (HDF5), by its own library."""

import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Box
from numpy.typing import NDArray

from websim.errors import InvalidArgument, MissingLibrary
from websim.experiments.experiment import Experiment
from websim.trajectories.recorder import Episode

REQUIREMENTS = ["gymnasium[mujoco]==1.3.0", "mujoco==3.14.0"]

VERSION = "0.5.4"
"""Of Minari, whose layout this is."""


def write(
    folder: Path,
    episodes: Iterable[Episode],
    experiment: Experiment,
    spaces: tuple[Box, Box],
    about: dict[str, Any],
) -> None:
    """Writes a dataset; its id is the folder's name.

    `infos` have "qpos", "qvel" and "state" (mjSTATE_INTEGRATION), "terms" of the reward and what
    the environment told besides, each with a row of the reset first.

    Args:
        folder: A new one.
        episodes: As they come.
        experiment: What is simulated. Where it is Gymnasium's environment and nothing else,
            `recover_environment` gives that.
        spaces: Of observations and of actions.
        about: What is known of it (`Recorder.about`).

    Raises:
        InvalidArgument: the folder is there already, or its name is no id.
        MissingLibrary: Minari is not installed.
    """
    try:
        from minari.data_collector import EpisodeBuffer
        from minari.dataset.minari_dataset import parse_dataset_id
        from minari.dataset.minari_storage import MinariStorage
    except ImportError:
        raise MissingLibrary(
            'Minari is not installed: pip install "mujoco-websim[minari]".'
        ) from None
    try:
        parse_dataset_id(folder.name)
    except ValueError as error:
        raise InvalidArgument(f"The folder's name is the dataset's id: {error}") from None
    if folder.exists():
        raise InvalidArgument(f"{folder} is there already: name a new folder.")
    data = folder.absolute() / "data"
    data.mkdir(parents=True)
    try:
        storage = MinariStorage.new(
            data, observation_space=spaces[0], action_space=spaces[1], env_spec=spec_of(experiment)
        )
        told = described(experiment, folder.name, about)
        storage.update_metadata({**told, "author": set(told["author"])})
        storage.update_episodes(
            EpisodeBuffer(seed=episode.seed, **arrays_of(episode)) for episode in episodes
        )
    except BaseException:
        shutil.rmtree(folder)  # half a dataset is none
        raise


def arrays_of(episode: Episode) -> dict[str, Any]:
    """What a dataset has of an episode; what is a group in it is a dictionary."""
    return {
        "observations": episode.observations,
        "actions": episode.actions,
        "rewards": episode.rewards,
        "terminations": _last(episode, episode.terminated),
        "truncations": _last(episode, episode.truncated),
        "infos": {
            **episode.states,
            **{name: _from_reset(values) for name, values in episode.infos.items()},
            "terms": {name: _from_reset(values) for name, values in episode.terms.items()},
        },
    }


def described(experiment: Experiment, name: str, about: dict[str, Any]) -> dict[str, Any]:
    """What a dataset's metadata say of what is in it; its id is `name`."""
    return {
        "dataset_id": name,
        "algorithm_name": experiment.algorithm,
        "author": [experiment.author or "unknown"],
        "description": json.dumps(about),
        "requirements": REQUIREMENTS,
        "minari_version": VERSION,
    }


def id_of(experiment: Experiment) -> str:
    """An id for a dataset of it, where nobody has given one."""
    name = re.sub(r"\W+", "-", experiment.task.partition("-v")[0].lower()).strip("-")
    return f"{name or 'robot'}-v0"


def _last(episode: Episode, ended: bool) -> NDArray[np.bool_]:
    flags = np.zeros(len(episode.rewards), np.bool_)
    flags[-1] = ended
    return flags


def _from_reset(values: NDArray[Any]) -> NDArray[Any]:
    """With a row of zeros first: at the reset nothing is known yet."""
    return np.concatenate([np.zeros_like(values[:1]), values])


def spec_of(experiment: Experiment) -> EnvSpec | None:
    """Of Gymnasium's environment, if it is that."""
    changed = (
        *(experiment.task_code, experiment.robot, experiment.reward),
        *(experiment.world, experiment.hands),
    )
    if any(part is not None for part in changed) or experiment.task not in gymnasium.registry:
        return None
    spec = gymnasium.spec(experiment.task)
    spec.kwargs = {**spec.kwargs, **experiment.task_options}
    return spec
