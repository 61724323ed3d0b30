"""Policies of other programs as runs of ours, which act, are measured and shared, and learn on."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from websim.errors import ForeignPolicy
from websim.exchange import cleanrl, normalizer, sb3
from websim.exchange.folding import SEEN, Found, Linear, Scaling, folded
from websim.exchange.onnx import perceptrons
from websim.exchange.perceptron import check_widths, run_of, surroundings_of
from websim.experiments.experiment import Experiment
from websim.training.checkpoints import Checkpoint

READERS: dict[str, Callable[..., Found]] = {
    "onnx": perceptrons.read,
    "sb3": sb3.read,
    "cleanrl": cleanrl.read,
}
"""What reads the bytes of a file, by the program that wrote it."""


def run_from(
    found: Found,
    experiment: Experiment,
    *,
    statistics: bytes | None = None,
    normalized: bool = False,
    title: str = "",
) -> Checkpoint:
    """A run with a policy without a learner.

    Args:
        found: What a reader found.
        experiment: With the task, or the robot, that it is for.
        statistics: A file of them (`websim.exchange.normalizer`) that lies beside the policy.
        normalized: Whether -1 and 1 mean the bounds of an action, whatever the file says.
        title: What people call it.

    Raises:
        ForeignPolicy: it does not fit the task, or our learners have none like it.
        WebSimError: the experiment cannot be simulated.
    """
    surroundings = surroundings_of(experiment)
    linear = [step for step in found.steps if isinstance(step, Linear)]
    if linear:
        check_widths(
            linear[0].weight.shape[0], linear[-1].weight.shape[1], surroundings, experiment
        )
    steps, count = list(found.steps), SEEN
    if statistics is not None:
        given = normalizer.read(statistics)
        if given.size != len(surroundings.observations):
            raise ForeignPolicy(
                f"The statistics are of {given.size} observations, and {experiment.task} has "
                f"{len(surroundings.observations)}."
            )
        steps, count = [*given.steps, *steps], given.count
    bounds = surroundings.bounds
    if normalized or found.normalized:
        half, middle = (array.astype(np.float64) for array in (bounds.half, bounds.middle))
        steps.append(Scaling(half, middle))
    perceptron = folded(steps, bounds, count=count)
    if found.logstd is not None:
        with np.errstate(over="ignore"):
            logstd = found.logstd.astype(np.float32)
        perceptron.network = replace(perceptron.network, logstd=logstd)
    return run_of(perceptron, experiment, title)
