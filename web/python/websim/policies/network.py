"""The network of a run's policy, as what reads and writes policies sees it."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import ForeignPolicy
from websim.nn.layers import TinyMLP
from websim.nn.normalization import EPSILON
from websim.states import StateDict

Array = NDArray[np.float32]


@dataclass
class Network:
    """What acts.

    Attributes:
        layers: Weight [in, out] and bias [out] of each; all have a bias, or none.
        logstd: Logarithms of the standard deviations of actions; None where it knows none.
        count: Observations that the statistics are of.
        mean: Of observations.
        std: Likewise, as they are divided by it.
    """

    layers: list[tuple[Array, Array | None]]
    logstd: Array | None
    count: float
    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    @property
    def widths(self) -> tuple[int, ...]:
        """From observations to actions."""
        return (len(self.layers[0][0]), *(weight.shape[1] for weight, _ in self.layers))


def network_of(learner: StateDict, hidden: tuple[int, ...]) -> Network:
    """The network of a run's policy.

    Args:
        learner: `Checkpoint.learner`.
        hidden: Widths of its hidden layers.

    Raises:
        ForeignPolicy: it has another kind of policy.
    """
    policy, saved = learner["policy"], learner["normalize_observation"]
    if "graph" in policy:
        raise ForeignPolicy(
            "The policy is a graph of ONNX's: only perceptrons go into links and to other "
            "programs, and can be made smaller."
        )
    logstd = policy.get("actor.logstd")
    layers: list[tuple[Array, Array | None]]
    if "weights" in policy:
        layers = list(
            _tiny(saved["mean"].size, policy["weights"].size, hidden).views(policy["weights"])
        )
    else:
        layers = [
            (policy[f"actor.{i}.weight"], policy[f"actor.{i}.bias"]) for i in range(len(hidden) + 1)
        ]
    std = np.sqrt(saved["m2"] / saved["count"] + EPSILON)
    return Network(layers, logstd, float(saved["count"]), saved["mean"], std)


def learner_of(network: Network, *, flat: bool) -> StateDict:
    """The part of `Checkpoint.learner` that acts.

    Args:
        network: Its network.
        flat: Whether the algorithm keeps all weights in one vector, as ES and ARS do.
    """
    policy: dict[str, NDArray[Any]] = {}
    if flat:
        arrays = [array.ravel() for layer in network.layers for array in layer if array is not None]
        policy["weights"] = np.concatenate(arrays)
    else:
        for i, (weight, bias) in enumerate(network.layers):
            policy[f"actor.{i}.weight"] = weight
            policy[f"actor.{i}.bias"] = (
                np.zeros(weight.shape[1], np.float32) if bias is None else bias
            )
        size = network.widths[-1]
        policy["actor.logstd"] = (
            np.zeros(size, np.float32) if network.logstd is None else network.logstd
        )
    statistics = statistics_of(network.mean, network.std, network.count)
    return {"policy": policy, "normalize_observation": statistics}


def statistics_of(
    mean: NDArray[np.float64], std: NDArray[np.float64], count: float
) -> dict[str, Any]:
    """Statistics of observations as a learner keeps them; arguments as of Network."""
    m2 = np.maximum(0.0, np.square(std) - EPSILON) * count
    return {"count": count, "mean": mean, "m2": m2}


def _tiny(observations: int, size: int, hidden: tuple[int, ...]) -> TinyMLP:
    """The perceptron of so many weights."""
    inner = (observations, *hidden)
    before = sum((rows + 1) * columns for rows, columns in itertools.pairwise(inner))
    return TinyMLP(observations, (size - before) // (inner[-1] + bool(hidden)), hidden)
