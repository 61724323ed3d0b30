"""The safetensors file format, without its package, which has no build for the browser.

Eight bytes with the length of a JSON header, the header, then the arrays back to back, all
little-endian: https://github.com/huggingface/safetensors#format.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim import plain
from websim.errors import DamagedCheckpoint

DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
_ALIGNMENT = 8


def dumps(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Writes arrays by name; raises KeyError for a dtype that DTYPES does not have."""
    header: dict[str, Any] = {}
    parts: list[bytes] = []
    end = 0
    # Large elements first, so that each array is aligned to its own.
    for name, array in sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0])):
        dtype = array.dtype.newbyteorder("<")
        parts.append(np.ascontiguousarray(array, dtype).tobytes())
        start, end = end, end + len(parts[-1])
        header[name] = {
            "dtype": _NAMES[dtype],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def is_safetensors(data: bytes) -> bool:
    """Whether a file looks like one, before it is read."""
    length = int.from_bytes(data[:8], "little")
    return data[8:9] == b"{" and 8 + length <= len(data)


def loads(data: bytes) -> dict[str, NDArray[Any]]:
    """Reads arrays by name, as copies; raises DamagedCheckpoint for anything that is not right."""
    try:
        length = int.from_bytes(data[:8], "little")
        if len(data) < 8 + length:
            raise ValueError("its header is cut off")
        header = plain.loads(data[8 : 8 + length])
        header.pop("__metadata__", None)
        body = memoryview(data)[8 + length :]
        arrays, filled = {}, 0
        # One after the other: where they overlapped, a small file could unpack to any size.
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            start, end = entry["data_offsets"]
            dtype, shape = DTYPES[entry["dtype"]], tuple(entry["shape"])
            size = math.prod(shape) * dtype.itemsize
            if start != filled or not start <= end <= len(body) or end - start != size:
                raise ValueError(f"{name:.99} does not fit")
            arrays[name] = np.frombuffer(body[start:end], dtype).reshape(shape).copy()
            filled = end
        if len(body) != filled:
            raise ValueError("its arrays do not fill it")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DamagedCheckpoint(f"The safetensors data are damaged: {error}.") from None
    return arrays
