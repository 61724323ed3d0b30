"""Tensors of a file that `torch.save` wrote: a zip with a pickle, read as data, and their bytes.

Safetensors have the same by name.
"""

import io
import math
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim import plain
from websim.errors import DamagedCheckpoint, ForeignPolicy
from websim.exchange import pickles
from websim.exchange.pickles import Elsewhere, Made, Named
from websim.training import safetensors

Tensors = dict[str, NDArray[np.float64]]

MAX_BYTES = 512 << 20
"""More than this unpacked is taken for an attack."""

_STORAGES = {
    "FloatStorage": "f4",
    "DoubleStorage": "f8",
    "HalfStorage": "f2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "BoolStorage": "?",
}
_STATE_DICTS = {Named("collections", "OrderedDict")}


def state_dict(data: bytes) -> Tensors:
    """The tensors of a state dict by name; of several in a tuple those of the first.

    Raises:
        ForeignPolicy: it is none, or holds what no state dict holds.
    """
    if safetensors.is_safetensors(data):
        try:
            arrays = safetensors.loads(data)
        except DamagedCheckpoint as error:
            raise ForeignPolicy(str(error)) from None
        return {name: array.astype(np.float64) for name, array in arrays.items()}
    with opened(data, "state dict of torch") as archive:
        pickled = next((name for name in archive.namelist() if name.endswith("data.pkl")), None)
        if pickled is None:
            raise ForeignPolicy(
                "The file is no state dict of torch: it has no data.pkl. Save it with "
                "torch.save(agent.state_dict(), FILE), by torch 1.6 or newer."
            )
        folder = pickled.removesuffix("data.pkl")
        if _is_big(archive, folder):
            raise ForeignPolicy("The file has its numbers in big-endian order: save it elsewhere.")
        content = pickles.read(member(archive, pickled))
        if isinstance(content, tuple) and content:
            content = content[0]
        items = content.items if isinstance(content, Made) else content
        if isinstance(content, Made) and content.by not in _STATE_DICTS:
            raise ForeignPolicy(
                f"The file holds {_called(content.by)}, whose code would have to be run: save "
                "agent.state_dict() in place of it."
            )
        if not isinstance(items, dict) or not all(isinstance(key, str) for key in items):
            raise ForeignPolicy("The file is no state dict of torch: it has no tensors by name.")
        # Numbers and the like lie beside tensors in what some programs save.
        tensors = {name: value for name, value in items.items() if isinstance(value, Made)}
        return {name: _tensor(archive, folder, name, value) for name, value in tensors.items()}


def opened(data: bytes, what: str) -> zipfile.ZipFile:
    """A zip archive that unpacks to a sane size; raises ForeignPolicy."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ForeignPolicy(f"The file is no {what}: {plain.brief(error)}.") from None
    size = sum(info.file_size for info in archive.infolist())
    if size > MAX_BYTES:
        raise ForeignPolicy(f"The file unpacks to {size:,} bytes, and may to {MAX_BYTES:,}.")
    return archive


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A file of an archive; raises ForeignPolicy where it is missing or damaged."""
    try:
        return archive.read(name)
    except Exception as error:  # of zipfile and zlib: each has its own
        raise ForeignPolicy(f"{name} cannot be read in the archive: {error!r:.200}.") from None


def _tensor(archive: zipfile.ZipFile, folder: str, name: str, value: Made) -> NDArray[np.float64]:
    """A tensor; raises ForeignPolicy for what is none."""
    if value.by == Named("torch._utils", "_rebuild_parameter"):
        (value, *_) = value.args
    wrong = ForeignPolicy(f"{name!r:.99} is no tensor of numbers.")
    if not isinstance(value, Made) or value.by != Named("torch._utils", "_rebuild_tensor_v2"):
        raise wrong
    try:
        storage, offset, shape, strides, *_ = value.args
        assert isinstance(storage, Elsewhere)
        _, kind, key, *_ = storage.key
        dtype = np.dtype(_STORAGES[kind.name]).newbyteorder("<")
        numbers = np.frombuffer(member(archive, f"{folder}data/{key}"), dtype)
        sizes = [*shape, *strides, offset]
        if not all(plain.is_count(size) for size in sizes) or len(shape) != len(strides):
            raise wrong
        if math.prod(shape) > len(numbers):
            raise wrong
        last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
        if math.prod(shape) and last >= len(numbers):
            raise wrong
        view: Any = np.lib.stride_tricks.as_strided(
            numbers[offset:], shape, [step * dtype.itemsize for step in strides]
        )
        tensor: NDArray[np.float64] = view.astype(np.float64)
        return tensor
    except ForeignPolicy:
        raise
    except Exception as error:  # of zip, of tuples that are too short, of names that are none
        raise ForeignPolicy(f"{name!r:.99} cannot be read: {plain.brief(error)}.") from None


def _is_big(archive: zipfile.ZipFile, folder: str) -> bool:
    name = f"{folder}byteorder"
    return name in archive.namelist() and member(archive, name) != b"little"


def _called(value: Any) -> str:
    return f"{value.module}.{value.name}" if isinstance(value, Named) else "an object"
