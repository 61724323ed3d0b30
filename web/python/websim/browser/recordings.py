"""Recordings in the browser, where h5wasm reads HDF5: `sim/worker/hdf5.js` is its other half."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from websim.errors import InvalidRecording, MissingLibrary
from websim.trajectories.reading import (
    DATA_FILE,
    MAX_BYTES,
    METADATA_FILE,
    Recording,
    of_hdf5,
    of_npz,
    task_of,
)

SIGNATURE = b"\x89HDF\r\n\x1a\n"


def recording_of(data: bytes) -> Recording:
    """Reads an .npz of ours, an HDF5 of Minari's or D4RL's, or a .zip of a dataset's folder.

    Raises:
        InvalidRecording: it is none, or damaged.
        MissingLibrary: it is HDF5, and what reads that is not loaded yet.
    """
    if data.startswith(SIGNATURE):
        return _hdf5(data, "")
    name = dataset_in(data)
    if name is None:
        return of_npz(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if (size := archive.getinfo(name).file_size) > MAX_BYTES:
                raise InvalidRecording(f"It unpacks to {size:,} bytes, and may to {MAX_BYTES:,}.")
            about = name.removesuffix(DATA_FILE) + METADATA_FILE
            task = task_of(archive.read(about)) if about in archive.namelist() else ""
            return _hdf5(archive.read(name), task)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        raise InvalidRecording(f"The dataset's .zip cannot be unpacked: {error}.") from None


def dataset_in(data: bytes) -> str | None:
    """Name of the HDF5 in a .zip of a dataset's folder; None where it is no such thing."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if name.split("/")[-1] == DATA_FILE]
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return None
    return names[0] if names else None


def _hdf5(data: bytes, task: str) -> Recording:
    import websim_js
    from pyodide.ffi import JsException, to_js

    library = websim_js.hdf5()
    if library is None:
        raise MissingLibrary("The recording is HDF5, and what reads that is not loaded.")
    try:
        file = library.open(to_js(memoryview(data)))
    except JsException:
        raise InvalidRecording("It is no HDF5, or damaged.") from None
    try:
        return of_hdf5(_Group(file, ""), task)
    except JsException as error:
        raise InvalidRecording(f"HDF5 cannot read it: {error}.") from None
    finally:
        file.close()


class _Group(Mapping[str, Any]):
    """As far as h5py's are needed: groups and datasets by their paths, and numbers of a group's."""

    def __init__(self, file: Any, path: str) -> None:
        self._file, self._path = file, path
        names = file.names(path)
        if names is None:
            raise KeyError(path)
        self._names: list[str] = names.to_py()
        self.attrs = _Attributes(file, path)

    def __getitem__(self, name: str) -> Any:
        group, _, rest = name.partition("/")
        if group not in self._names:
            raise KeyError(name)
        path = f"{self._path}/{group}".removeprefix("/")
        if self._file.names(path) is None:
            if rest:
                raise KeyError(name)
            return _Dataset(self._file, path)
        inner = _Group(self._file, path)
        return inner[rest] if rest else inner

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class _Dataset:
    def __init__(self, file: Any, path: str) -> None:
        self._file, self._path = file, path

    def __getitem__(self, _: tuple[()]) -> np.ndarray[Any, Any]:
        found = self._file.array(self._path)
        if found is None:
            raise ValueError(f"{self._path} is no numbers")
        kind, shape, data = found
        return np.frombuffer(data.to_bytes(), kind).reshape(shape.to_py())


class _Attributes:
    def __init__(self, file: Any, path: str) -> None:
        self._file, self._path = file, path

    def get(self, name: str) -> int | None:
        number: int | None = self._file.attribute(self._path, name)
        return number
