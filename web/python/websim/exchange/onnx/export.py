"""A run's policy as an ONNX model: what it sees observations through, and its bounds, are inside.

Observations go in as float64, [batch, obs], as environments give them: rounded to float32 first,
those that hardly vary would lose what is learnt of them. Actions come out as float32, [batch, act],
any number of them at once. Metadata say what the numbers are.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim import __version__
from websim.algorithms.base import MAX_CLIP
from websim.exchange.perceptron import (
    Perceptron,
    Surroundings,
    perceptron_of,
    surroundings_of,
)
from websim.experiments.experiment import Experiment
from websim.experiments.sources import whole
from websim.onnx.model import DOUBLE, FLOAT, Model, Node, Slot, dumps
from websim.policies.network import Array
from websim.training.checkpoints import Checkpoint
from websim.training.verification import verify

OBSERVATION, ACTION = "observation", "action"

_OPERATORS = {"tanh": "Tanh", "relu": "Relu", "elu": "Elu"}


def export(run: Checkpoint) -> bytes:
    """The ONNX model of a run's policy.

    Raises:
        CheckpointError: the run is damaged, or has no policy.
        WebSimError: it cannot be simulated.
    """
    verify(run)
    experiment = run.experiment
    surroundings = surroundings_of(experiment)
    model = _Writer(perceptron_of(run, surroundings)).model
    model.metadata = _metadata(experiment, surroundings, run.learner["global_step"])
    model.doc = f"{experiment.title or experiment.task}: a policy without noise"
    model.producer = ("mujoco-websim", __version__)
    return dumps(model)


def _metadata(experiment: Experiment, surroundings: Surroundings, steps: int) -> dict[str, str]:
    task = experiment.make_task()
    robot = experiment.robot
    return {
        "task": experiment.task,
        "robot": robot.name if robot is not None else str(task.xml_file),
        "observation_names": json.dumps(surroundings.observations),
        "action_names": json.dumps(surroundings.actions),
        "experiment_sha256": whole(experiment).sha256,
        "algorithm": experiment.algorithm,
        "global_step": str(steps),
    }


class _Writer:
    """Puts one node behind the other."""

    def __init__(self, perceptron: Perceptron) -> None:
        network = perceptron.network
        self._at, self._activation = OBSERVATION, perceptron.activation
        self._nodes: list[Node] = []
        self._constants: dict[str, NDArray[Any]] = {}
        self._normalize(network.mean, network.std, perceptron.clip_obs)
        for i, (weight, bias) in enumerate(network.layers):
            if i:
                self._activate()
            self._layer(i, weight, bias)
        bounds = perceptron.bounds
        if bounds.squash:
            self._add("Tanh")
            self._add("Mul", half_range=bounds.half)
            self._add("Add", middle=bounds.middle)
        else:
            self._add("Max", low=bounds.low)
            self._add("Min", high=bounds.high)
        self._nodes[-1].outputs[:] = [ACTION]
        widths = network.widths
        self.model = Model(
            self._nodes,
            [Slot(OBSERVATION, ["batch", widths[0]], DOUBLE)],
            [Slot(ACTION, ["batch", widths[-1]])],
            self._constants,
        )

    def _normalize(self, mean: NDArray[np.float64], std: NDArray[np.float64], clip: float) -> None:
        self._add("Sub", mean=mean)
        self._add("Div", std=std)
        if clip < MAX_CLIP:
            self._add("Clip", clip_low=np.array(-clip), clip_high=np.array(clip))
        self._add("Cast")
        self._nodes[-1].attributes["to"] = FLOAT

    def _layer(self, number: int, weight: Array, bias: Array | None) -> None:
        name = f"layer{number}"
        if bias is None:
            self._add("MatMul", **{f"{name}.weight": weight})
        else:
            self._add("Gemm", **{f"{name}.weight": weight, f"{name}.bias": bias})

    def _activate(self) -> None:
        if self._activation in _OPERATORS:
            self._add(_OPERATORS[self._activation])
        elif self._activation == "silu":
            before = self._at
            self._add("Sigmoid")
            sigmoid = self._at
            self._nodes.append(Node("Mul", [before, sigmoid], [self._next()]))

    def _add(self, op: str, **constants: NDArray[Any]) -> None:
        self._constants |= constants
        before = self._at
        self._nodes.append(Node(op, [before, *constants], [self._next()]))

    def _next(self) -> str:
        self._at = f"t{len(self._nodes)}"
        return self._at
