"""Statistics of observations in a file beside a policy."""

import io
import math
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim import plain
from websim.errors import DamagedCheckpoint, ForeignPolicy
from websim.exchange import pickles
from websim.exchange.folding import SEEN, Clipping, FloatArray, Scaling, Step
from websim.nn.normalization import EPSILON
from websim.training import safetensors

MAX_BYTES = 64 << 20


class Normalizer:
    """What a policy sees observations through: (x - mean) / sqrt(var + epsilon), clipped.

    Attributes:
        steps: The same, for `websim.exchange.folding.folded`.
        mean: [size]
        std: Likewise, with epsilon.
        clip: To how much they are clipped at last; infinite: to nothing.
        size: Of an observation.
        count: Observations that the statistics are of.
    """

    def __init__(
        self,
        mean: NDArray[Any],
        var: NDArray[Any],
        *,
        epsilon: float = EPSILON,
        clip: float = math.inf,
        count: float = SEEN,
    ) -> None:
        """Takes the statistics; raises ForeignPolicy where they are none."""
        mean, var = (np.asarray(array, np.float64).reshape(-1) for array in (mean, var))
        if mean.size == 0 or mean.shape != var.shape:
            raise ForeignPolicy(
                f"The statistics have {mean.size} means and {var.size} variances: they must have "
                "one of each for each observation."
            )
        numbers = [*mean, *var, epsilon, count]
        if not np.isfinite(numbers).all() or (var + epsilon <= 0).any() or count <= 0 or clip <= 0:
            raise ForeignPolicy("The statistics are not finite, or a variance is not above 0.")
        std: FloatArray = np.sqrt(var + epsilon)
        self.size, self.count = mean.size, count
        self.mean, self.std, self.clip = mean, std, clip
        self.steps: list[Step] = [Scaling(1 / std, -mean / std)]
        if clip < math.inf:
            self.steps.append(Clipping(np.array([-clip]), np.array([clip])))


def read(data: bytes) -> Normalizer:
    """Statistics of a file, whose kind is seen from what it holds.

    An .npz, safetensors or JSON have `mean` and `var`, and perhaps `epsilon`, `clip` and `count`.
    A .pkl is the VecNormalize of Stable-Baselines3, read without running its code.

    Raises:
        ForeignPolicy: it is none of them, or damaged.
    """
    if len(data) > MAX_BYTES:
        raise ForeignPolicy(f"The statistics have {len(data):,} bytes, and may have {MAX_BYTES:,}.")
    if data.startswith(b"PK"):
        return _of(_npz(data))
    if safetensors.is_safetensors(data):
        try:
            return _of(safetensors.loads(data))
        except DamagedCheckpoint as error:
            raise ForeignPolicy(str(error)) from None
    if data.lstrip()[:1] == b"{":
        try:
            return _of(plain.loads(data))
        except ValueError as error:
            raise ForeignPolicy(f"The statistics are damaged: {plain.brief(error)}.") from None
    return _vecnormalize(pickles.read(data))


def _npz(data: bytes) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(info.file_size for info in archive.infolist())
        if size > MAX_BYTES:
            raise ValueError(f"they unpack to {size:,} bytes, and may to {MAX_BYTES:,}")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception as error:  # of zipfile, zlib and numpy: each has its own
        raise ForeignPolicy(f"The statistics are damaged: {plain.brief(error)}.") from None


def _of(values: dict[str, Any]) -> Normalizer:
    if missing := {"mean", "var"} - set(values):
        raise ForeignPolicy(
            f"The statistics lack {' and '.join(sorted(missing))}: a file has mean and var, and "
            "perhaps epsilon, clip and count."
        )
    known = {name: _numbers(name, values[name]) for name in ("mean", "var")}
    more = {
        name: float(_numbers(name, values[name]).reshape(-1)[0])
        for name in ("epsilon", "clip", "count")
        if values.get(name) is not None
    }
    return Normalizer(known["mean"], known["var"], **more)


def _numbers(name: str, value: Any) -> NDArray[np.float64]:
    try:
        found: NDArray[np.float64] = np.asarray(value, np.float64)
    except (ValueError, TypeError):
        raise ForeignPolicy(f"The statistics' {name} must be numbers.") from None
    if not found.size:
        raise ForeignPolicy(f"The statistics' {name} must be numbers.")
    return found


def _vecnormalize(value: Any) -> Normalizer:
    """Of Stable-Baselines3's `VecNormalize.save`."""
    saved = pickles.attributes(value)
    moments = pickles.attributes(saved.get("obs_rms"))
    if not saved.get("norm_obs", True):
        raise ForeignPolicy("The VecNormalize does not normalise observations: leave it away.")
    arrays = {name: pickles.array_of(moments.get(name)) for name in ("mean", "var", "count")}
    mean, var, count = arrays.values()
    if mean is None or var is None:
        raise ForeignPolicy(
            "The pickle has no statistics of observations: it must be what VecNormalize.save wrote."
        )
    limits = {}
    for name, default in (("epsilon", 1e-8), ("clip_obs", 10.0)):
        found = pickles.array_of(saved.get(name, default))
        if found is None or found.size != 1:
            raise ForeignPolicy(f"The VecNormalize's {name} must be a number.")
        limits[name] = float(found)
    return Normalizer(
        mean,
        var,
        epsilon=limits["epsilon"],
        clip=limits["clip_obs"],
        count=float(count) if count is not None and count.size == 1 else SEEN,
    )
