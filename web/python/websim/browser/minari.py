"""Minari's datasets in the browser, which has neither its library nor h5py: h5wasm writes them."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from websim.experiments.experiment import Experiment
from websim.trajectories.minari import arrays_of, described, id_of, spec_of
from websim.trajectories.reading import DATA_FILE, METADATA_FILE
from websim.trajectories.recorder import Episode

_PIECE = 1 << 20


class ZippedDataset:
    """Takes episodes as they come, and makes a .zip of a dataset's folder at last.

    The same as `websim.trajectories.npz.Writer`.

    Attributes:
        bytes: That have been written.
    """

    def __init__(
        self, hdf5: Any, scratch: IO[bytes], experiment: Experiment, spaces: tuple[Box, Box]
    ) -> None:
        """Takes an empty file.

        Args:
            hdf5: It, as `sim/worker/hdf5.js` writes it.
            scratch: The same, to be read when it is complete; what is in memory is put there.
            experiment: What is simulated.
            spaces: Of observations and of actions.
        """
        self.bytes = 0
        self._hdf5, self._scratch = hdf5, scratch
        self._experiment, self._spaces = experiment, spaces
        self._episodes = self._steps = 0

    def add(self, episode: Episode) -> None:
        """Writes down an episode."""
        group = f"episode_{self._episodes}"
        self._group(group, arrays_of(episode))
        told = {"id": self._episodes, "seed": episode.seed, "total_steps": len(episode.rewards)}
        for name, value in told.items():
            self._hdf5.attribute(group, name, value)
        self._episodes += 1
        self._steps += len(episode.rewards)

    def finish(self, file: IO[bytes], about: dict[str, Any]) -> Iterator[None]:
        """Makes the .zip, in many small turns, for who has other things to do as well.

        Args:
            file: Where to, open for writing.
            about: What is known of the episodes (`Recorder.about`).
        """
        self._hdf5.close()
        if isinstance(self._scratch, io.BytesIO):
            self._scratch.write(self._hdf5.bytes().to_bytes())
        size = self._scratch.seek(0, io.SEEK_END)
        self._scratch.seek(0)
        observations, actions = self._spaces
        spec = spec_of(self._experiment)
        name = id_of(self._experiment)
        metadata = {
            "total_episodes": self._episodes,
            "total_steps": self._steps,
            "data_format": "hdf5",
            "jpeg_encoding": True,
            "observation_space": _serialized(observations),
            "action_space": _serialized(actions),
            **({} if spec is None else {"env_spec": spec.to_json()}),
            **described(self._experiment, name, about),
            "dataset_size": round(size / 1e6, 1),
        }
        with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
            archive.writestr(f"{name}/data/{METADATA_FILE}", json.dumps(metadata))
            with archive.open(f"{name}/data/{DATA_FILE}", "w", force_zip64=True) as member:
                while piece := self._scratch.read(_PIECE):
                    member.write(piece)
                    yield

    def _group(self, path: str, arrays: Mapping[str, Any]) -> None:
        self._hdf5.group(path)
        for name, values in arrays.items():
            if isinstance(values, Mapping):
                self._group(f"{path}/{name}", values)
            else:
                self._array(f"{path}/{name}", values)

    def _array(self, path: str, values: NDArray[Any]) -> None:
        from pyodide.ffi import to_js

        if values.dtype.kind in "iu":
            values = values.astype(np.int64)
        rows = np.ascontiguousarray(values)
        data = to_js(rows.reshape(-1).view(np.uint8).data)
        self._hdf5.array(path, data, to_js(list(rows.shape)), rows.dtype.str[1:])
        self.bytes += rows.nbytes


def _serialized(space: Box) -> str:
    """As Minari's library writes spaces down."""
    return json.dumps(
        {
            "type": "Box",
            "dtype": str(space.dtype),
            "shape": list(space.shape),
            "low": space.low.tolist(),
            "high": space.high.tolist(),
        }
    )
