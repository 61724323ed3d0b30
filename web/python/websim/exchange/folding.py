"""What other programs compute, step by step, folded into a perceptron of ours.

Whatever only shifts and scales goes into the statistics of observations or into the layer beside
it, in float64.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from websim.algorithms.base import MAX_CLIP
from websim.errors import ForeignPolicy, NoPerceptron
from websim.exchange.perceptron import Perceptron
from websim.nn.normalization import EPSILON
from websim.policies import Bounds
from websim.policies.network import Array, Network

FloatArray = NDArray[np.float64]

SEEN = 1e8
"""Observations that foreign statistics are taken to be of where they do not say it: learning on,
they move slowly."""

_SAME = 1e-5
"""How far a range may be from the bounds of actions, relative to it."""


@dataclass
class Scaling:
    """x * scale + shift, both [size] or of one number."""

    scale: FloatArray
    shift: FloatArray


@dataclass
class Clipping:
    """No less than low, no more than high, both [size] or of one number."""

    low: FloatArray
    high: FloatArray


@dataclass
class Linear:
    """x @ weight + bias."""

    weight: FloatArray
    bias: FloatArray


@dataclass
class Activation:
    """One of `websim.kernels.ACTIVATIONS`."""

    name: str


Step = Scaling | Clipping | Linear | Activation


@dataclass
class Found:
    """What a file holds of a policy.

    Attributes:
        steps: From observations to actions.
        logstd: Logarithms of the standard deviations of actions [nu], where it knows them.
        normalized: Whether -1 and 1 mean the bounds of an action, where the file says so.
        graph: The file itself where it is one of ONNX's, which can act without being a perceptron.
    """

    steps: list[Step]
    logstd: FloatArray | None = None
    normalized: bool = False
    graph: "Graph | None" = None


@dataclass
class Graph:
    """A graph of ONNX's.

    Attributes:
        data: The file.
        output: Name of its output with the actions; "": the likeliest.
        problem: Why it is no perceptron, where that is known.
    """

    data: bytes
    output: str = ""
    problem: str = ""


def layers_of(tensors: Mapping[str, FloatArray], names: Sequence[str]) -> list[Linear]:
    """Layers of torch's tensors "NAME.weight" [out, in] and "NAME.bias" [out].

    Raises:
        ForeignPolicy: one is missing, or they do not fit.
    """
    layers = []
    for name in names:
        weight, bias = (tensors.get(f"{name}.{part}") for part in ("weight", "bias"))
        if weight is None or bias is None:
            raise ForeignPolicy(f"The policy lacks the weight or the bias of {name:.99}.")
        if weight.ndim != 2 or bias.shape != weight.shape[:1]:
            raise ForeignPolicy(
                f"The layer {name:.99} has weights {weight.shape} and a bias {bias.shape}: ours "
                "are of perceptrons."
            )
        layers.append(Linear(weight.T, bias))
    return layers


def stacked(layers: Sequence[Linear], activation: str) -> list[Step]:
    """Layers with an activation between them."""
    steps: list[Step] = []
    for layer in layers:
        steps += [Activation(activation), layer] if steps else [layer]
    return steps


def folded(
    steps: list[Step],
    bounds: Bounds,
    count: float,
) -> Perceptron:
    """The perceptron that does the same within the bounds of actions.

    Args:
        steps: From observations to actions.
        bounds: Of actions.
        count: Observations that its statistics are of.

    Raises:
        ForeignPolicy: ours cannot do that.
    """
    _check_finite(steps)
    places = [i for i, step in enumerate(steps) if isinstance(step, Linear)]
    if not places:
        raise ForeignPolicy("The policy has no layer, so there is nothing to learn on.")
    first, last = places[0], places[-1]
    mean, std, clip, left = _normalization(steps[:first], steps[first])
    layers, activations = _layers([left, *steps[first : last + 1]])
    squash = _ending(steps[last + 1 :], layers[-1], bounds)
    if len(set(activations)) > 1:
        raise NoPerceptron(
            f"The policy's layers end in {', '.join(sorted(set(activations)))}: those of ours all "
            "end in the same."
        )
    rounded: list[tuple[Array, Array | None]] = []
    with np.errstate(over="ignore"):
        for layer in layers:
            rounded.append((layer.weight.astype(np.float32), layer.bias.astype(np.float32)))
            if not all(np.isfinite(array).all() for array in rounded[-1] if array is not None):
                raise NoPerceptron("The policy has weights beyond what float32 can hold.")
    return Perceptron(
        Network(rounded, None, count, mean, std),
        activations[0] if activations else "tanh",
        clip,
        Bounds(bounds.low, bounds.high, squash),
    )


def _check_finite(steps: list[Step]) -> None:
    for step in steps:
        arrays = [value for value in vars(step).values() if isinstance(value, np.ndarray)]
        bad = np.isnan if isinstance(step, Clipping) else lambda array: ~np.isfinite(array)
        if any(bad(array).any() for array in arrays):
            raise ForeignPolicy("The policy has weights that are not finite (NaN or infinity).")


def _normalization(steps: list[Step], first: Step) -> tuple[FloatArray, FloatArray, float, Scaling]:
    """Mean, deviation and clipping of observations, and how they are scaled after that."""
    assert isinstance(first, Linear)
    size = len(first.weight)
    scaling, left = Scaling(np.ones(size), np.zeros(size)), Scaling(np.ones(size), np.zeros(size))
    clip: float | None = None
    for step in steps:
        if isinstance(step, Scaling):
            if clip is None:
                scaling = _both(scaling, step)
            else:
                left = _both(left, step)
        elif isinstance(step, Clipping):
            low, high = np.unique(step.low), np.unique(step.high)
            same = low.size == high.size == 1 and low[0] < high[0]
            if clip is not None or not same or np.isinf(low[0]) != np.isinf(high[0]):
                raise NoPerceptron(
                    "The policy clips observations otherwise than once and between the same two "
                    "numbers, and ours do no more."
                )
            if np.isfinite(low[0]):
                # Ours clip to +- one number: what lies between others is shifted there and back.
                middle = np.full(size, (low[0] + high[0]) / 2)
                scaling, left = (
                    Scaling(scaling.scale, scaling.shift - middle),
                    Scaling(left.scale, middle),
                )
                clip = float(min((high[0] - low[0]) / 2, MAX_CLIP))
            else:
                clip = MAX_CLIP
        else:
            raise NoPerceptron("The policy does not begin with a layer, and ours do.")
    if scaling.scale.shape != (size,) or not (scaling.scale > 0).all():
        raise ForeignPolicy(
            f"The policy must scale its {size} observations by as many numbers above 0."
        )
    mean, std = -scaling.shift / scaling.scale, 1 / scaling.scale
    if (np.square(std) < EPSILON * (1 - 1e-6)).any():
        raise NoPerceptron(
            f"The policy divides observations by {std.min():.3g}, and ours by no less than "
            f"{EPSILON**0.5:.3g}."
        )
    return mean, std, MAX_CLIP if clip is None else clip, left


def _layers(steps: list[Step]) -> tuple[list[Linear], list[str]]:
    """The layers, and the activation of each but the last."""
    layers: list[Linear] = []
    activations: list[str] = []
    pending: Scaling | None = None
    for step in steps:
        ended = len(activations) == len(layers)  # the newest layer has its activation
        if isinstance(step, Linear):
            new = step if pending is None else _after(pending, step)
            if not ended:
                new = _after_layer(layers.pop(), new)
            elif layers and layers[-1].weight.shape[1] != len(new.weight):
                raise ForeignPolicy("The policy's layers do not fit each other.")
            layers.append(new)
            pending = None
        elif isinstance(step, Scaling):
            if ended:
                pending = step if pending is None else _both(pending, step)
            else:
                layers[-1] = _before(layers[-1], step)
        elif isinstance(step, Activation):
            if ended:
                raise NoPerceptron("The policy has two activations one after the other.")
            activations.append(step.name)
        else:
            raise NoPerceptron("The policy clips numbers between its layers, and ours do not.")
    return layers, activations


def _ending(steps: list[Step], last: Linear, bounds: Bounds) -> bool:
    """Folds what comes after the last layer into it; whether tanh keeps actions within bounds."""
    scaling = Scaling(np.ones(1), np.zeros(1))
    squash = False
    clipped: list[Clipping] = []
    for step in steps:
        if isinstance(step, Activation):
            if squash or clipped or step.name != "tanh":
                raise NoPerceptron(
                    f"The policy's actions come out of {step.name}: of ours, out of the last layer "
                    "or of tanh."
                )
            last.weight, last.bias = vars(_before(last, scaling)).values()
            squash, scaling = True, Scaling(np.ones(1), np.zeros(1))
        elif isinstance(step, Scaling):
            scaling = _both(scaling, step)
            if clipped and not (step.scale > 0).all():
                raise NoPerceptron("The policy turns round what it has clipped.")
            clipped = [Clipping(*(_scaled(v, step) for v in vars(c).values())) for c in clipped]
        elif isinstance(step, Clipping):
            clipped.append(step)
    slack = _SAME * (bounds.high - bounds.low)
    for step in clipped:
        if (step.low > bounds.low + slack).any() or (step.high < bounds.high - slack).any():
            raise ForeignPolicy(
                f"The policy clips its actions to {step.low.min():g} to {step.high.max():g}, and "
                f"the task's go from {bounds.low.min():g} to {bounds.high.max():g}. If the policy "
                "means the task's bounds by -1 and 1, say --actions normalized."
            )
    if not squash:
        last.weight, last.bias = vars(_before(last, scaling)).values()
        return False
    off = abs(scaling.scale - bounds.half), abs(scaling.shift - bounds.middle)
    if any((array > slack).any() for array in off):
        raise ForeignPolicy(
            f"The policy's actions go from {(scaling.shift - scaling.scale).min():g} to "
            f"{(scaling.shift + scaling.scale).max():g}, and the task's from "
            f"{bounds.low.min():g} to {bounds.high.max():g}. If the policy means the task's bounds "
            "by -1 and 1, say --actions normalized."
        )
    return True


def _both(one: Scaling, then: Scaling) -> Scaling:
    return Scaling(one.scale * then.scale, _scaled(one.shift, then))


def _scaled(values: FloatArray, by: Scaling) -> FloatArray:
    scaled: FloatArray = values * by.scale + by.shift
    return scaled


def _after(scaling: Scaling, layer: Linear) -> Linear:
    """A layer that scales what comes in."""
    size = len(layer.weight)
    scale, shift = (np.broadcast_to(array, size) for array in vars(scaling).values())
    return Linear(scale[:, np.newaxis] * layer.weight, shift @ layer.weight + layer.bias)


def _before(layer: Linear, scaling: Scaling) -> Linear:
    """A layer that scales what goes out."""
    return Linear(layer.weight * scaling.scale, _scaled(layer.bias, scaling))


def _after_layer(one: Linear, then: Linear) -> Linear:
    return Linear(one.weight @ then.weight, one.bias @ then.weight + then.bias)
