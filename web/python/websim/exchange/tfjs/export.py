"""A run's policy as a layers model of TensorFlow.js: a .zip with `model.json` and `weights.bin`.

It takes observations [batch, obs] and gives actions [batch, act], in float32, as all there is.
There are no layers that clip, or that scale each number by its own: ReLU up to a number and
BatchNormalization do both, and what has to be shifted for them goes into the layer beside them.
"""

import io
import json
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim import __version__
from websim.algorithms.base import MAX_CLIP
from websim.errors import ForeignPolicy
from websim.exchange.perceptron import Perceptron, perceptron_of, surroundings_of
from websim.exchange.tfjs.bundle import MODEL
from websim.experiments.sources import whole
from websim.training.checkpoints import Checkpoint
from websim.training.verification import verify

WEIGHTS = "weights.bin"

_NAMES = {"tanh": "tanh", "relu": "relu", "elu": "elu", "silu": "swish", "identity": "linear"}

_EPSILON = 1e-8

FloatArray = NDArray[np.float64]


def export(run: Checkpoint) -> bytes:
    """The model of a run's policy.

    Raises:
        ForeignPolicy: some of its actions have bounds and some have none.
        CheckpointError: the run is damaged, or has no policy.
        WebSimError: it cannot be simulated.
    """
    verify(run)
    surroundings = surroundings_of(run.experiment)
    writer = _Writer(perceptron_of(run, surroundings))
    entries = [
        {"name": name, "shape": list(array.shape), "dtype": "float32"}
        for name, array in writer.weights.items()
    ]
    content = {
        "format": "layers-model",
        "generatedBy": f"mujoco-websim {__version__}",
        "convertedBy": None,
        "modelTopology": {
            "keras_version": "2.15.0",
            "backend": "tensorflow",
            "model_config": {
                "class_name": "Sequential",
                "config": {"name": "policy", "layers": writer.layers},
            },
        },
        "weightsManifest": [{"paths": [WEIGHTS], "weights": entries}],
        "userDefinedMetadata": {
            "task": run.experiment.task,
            "observation_names": list(surroundings.observations),
            "action_names": list(surroundings.actions),
            "experiment_sha256": whole(run.experiment).sha256,
        },
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(MODEL, json.dumps(content))
        archive.writestr(WEIGHTS, b"".join(a.tobytes() for a in writer.weights.values()))
    return made.getvalue()


class _Writer:
    """Puts one layer behind the other."""

    def __init__(self, perceptron: Perceptron) -> None:
        self.layers: list[dict[str, Any]] = []
        self.weights: dict[str, NDArray[np.float32]] = {}
        network, bounds = perceptron.network, perceptron.bounds
        self._size = network.widths[0]
        clip = perceptron.clip_obs
        clipped = clip < MAX_CLIP
        self._scale(
            "observations", 1 / network.std, network.mean, np.full(self._size, clip * clipped)
        )
        if clipped:
            self._add("ReLU", "clipped", max_value=2 * clip)
        half, middle = bounds.half.astype(float), bounds.middle.astype(float)
        bounded = np.isfinite(half)
        if bounded.any() and not bounded.all():
            raise ForeignPolicy("Some of its actions have bounds and some have none.")
        for i, (weight, bias) in enumerate(network.layers):
            kernel = weight.astype(float)
            shift = np.zeros(kernel.shape[1]) if bias is None else np.asarray(bias, float)
            if i == 0 and clipped:
                shift = shift - clip * kernel.sum(axis=0)
            last = i == len(network.layers) - 1
            if last and not bounds.squash and bounded.all():
                kernel, shift = kernel / (2 * half), (shift - bounds.low) / (2 * half)
            activation = "tanh" if bounds.squash else "identity"
            self._dense(f"layer{i}", kernel, shift, activation if last else perceptron.activation)
        if bounds.squash:
            self._scale("actions", half, np.zeros_like(half), middle)
        elif bounded.all():
            self._add("ReLU", "bounded", max_value=1.0)
            self._scale("actions", 2 * half, np.zeros_like(half), bounds.low.astype(float))

    def _dense(self, name: str, kernel: FloatArray, bias: FloatArray, activation: str) -> None:
        units = kernel.shape[1]
        self._add("Dense", name, units=units, activation=_NAMES[activation], use_bias=True)
        self._put(f"{name}/kernel", kernel)
        self._put(f"{name}/bias", bias)

    def _scale(self, name: str, factor: FloatArray, mean: FloatArray, shift: FloatArray) -> None:
        """(x - mean) * factor + shift, as a BatchNormalization that no longer learns."""
        self._add("BatchNormalization", name, axis=-1, epsilon=_EPSILON, center=True, scale=True)
        self._put(f"{name}/gamma", factor)
        self._put(f"{name}/beta", shift)
        self._put(f"{name}/moving_mean", mean)
        self._put(f"{name}/moving_variance", np.ones(factor.size))

    def _put(self, name: str, array: FloatArray) -> None:
        self.weights[name] = np.ascontiguousarray(array, "<f4")

    def _add(self, kind: str, name: str, **settings: Any) -> None:
        if not self.layers:
            settings["batch_input_shape"] = [None, self._size]
        config = {"name": name, "trainable": False, "dtype": "float32", **settings}
        self.layers.append({"class_name": kind, "config": config})
