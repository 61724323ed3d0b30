"""The files of a TensorFlow.js model as one .zip, and what is in them."""

import io
import json
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from websim import plain
from websim.errors import ForeignPolicy
from websim.exchange.torch import Tensors, member, opened

MODEL = "model.json"

_DTYPES = {"float32": "<f4", "int32": "<i4", "bool": "?"}
_QUANTIZED = {"uint8": "u1", "uint16": "<u2", "float16": "<f2"}


@dataclass
class Bundle:
    """A model.

    Attributes:
        topology: What its `modelTopology` says.
        weights: By name.
    """

    topology: dict[str, Any]
    weights: Tensors


def is_bundle(data: bytes) -> bool:
    """Whether a file looks like one, before it is read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.rpartition("/")[2] == MODEL for name in archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def packed(model: Path) -> bytes:
    """A `model.json` and the weights that it names, which lie beside it, as one .zip.

    Raises:
        OSError: one of them cannot be read.
        ForeignPolicy: it is no such file.
    """
    text = model.read_bytes()
    paths = [path for group in _manifest(_json(text)) for path in group["paths"]]
    for path in paths:
        if Path(path).name != path:
            raise ForeignPolicy(f"Its weights must lie beside it, not at {path:.99}.")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(MODEL, text)
        for path in paths:
            archive.write(model.with_name(path), path)
    return made.getvalue()


def read(data: bytes) -> Bundle:
    """What is in such a .zip.

    Raises:
        ForeignPolicy: it is none, or its weights are not what it says.
    """
    with opened(data, "model of TensorFlow.js (.zip with its model.json and weights)") as archive:
        names = {name.rpartition("/")[2]: name for name in archive.namelist()}
        if MODEL not in names:
            raise ForeignPolicy(f"The file is no model of TensorFlow.js: it has no {MODEL}.")
        content = _json(member(archive, names[MODEL]))
        weights: Tensors = {}
        for group in _manifest(content):
            missing = [path for path in group["paths"] if path not in names]
            if missing:
                raise ForeignPolicy(f"The model's weights are missing: {missing[0]!r:.99}.")
            weights |= _weights(
                b"".join(member(archive, names[path]) for path in group["paths"]), group["weights"]
            )
    topology = content.get("modelTopology")
    if not isinstance(topology, dict):
        raise ForeignPolicy("The model has no modelTopology.")
    return Bundle(topology, weights)


def _json(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ForeignPolicy(f"{MODEL} is no JSON: {plain.brief(error)}.") from None
    if not isinstance(content, dict):
        raise ForeignPolicy(f"{MODEL} is no model of TensorFlow.js.")
    return content


def _manifest(content: dict[str, Any]) -> list[dict[str, Any]]:
    groups = content.get("weightsManifest")
    sound = isinstance(groups, list) and all(
        isinstance(group, dict)
        and isinstance(group.get("paths"), list)
        and all(isinstance(path, str) for path in group["paths"])
        and isinstance(group.get("weights"), list)
        for group in groups
    )
    if not sound or not isinstance(groups, list):
        raise ForeignPolicy(
            f"{MODEL} is no model of TensorFlow.js: its weightsManifest is unsound."
        )
    return groups


def _weights(data: bytes, entries: list[Any]) -> Tensors:
    weights: Tensors = {}
    at = 0
    for entry in entries:
        try:
            name, shape = str(entry["name"]), [int(size) for size in entry["shape"]]
            quantized = entry.get("quantization")
            kind = entry["dtype"] if quantized is None else quantized["dtype"]
            dtype = np.dtype((_DTYPES if quantized is None else _QUANTIZED)[kind])
            scale, least = (
                (1.0, 0.0)
                if quantized is None or kind == "float16"
                else (float(quantized["scale"]), float(quantized["min"]))
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ForeignPolicy(
                f"The model describes weights in a way that is not known: {entry!r:.99}."
            ) from None
        size = math.prod(shape) * dtype.itemsize
        if min(shape, default=1) < 0 or at + size > len(data):
            raise ForeignPolicy(f"The model's weights end before those of {name!r:.99}.")
        array = np.frombuffer(data, dtype, math.prod(shape), at).reshape(shape)
        whole = quantized is None and dtype.kind != "f"
        weights[name] = array if whole else array.astype(np.float64) * scale + least
        at += size
    return weights
