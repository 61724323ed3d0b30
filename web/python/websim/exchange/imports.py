"""Policies of other programs as runs of ours, which act, are measured and shared, and learn on."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np

from websim.algorithms.base import COUNTERS, MAX_CLIP
from websim.algorithms.graph import Graph as GraphRun
from websim.errors import ForeignPolicy, MissingLibrary, NoPerceptron, WebSimError
from websim.exchange import cleanrl, normalizer, sb3
from websim.exchange.folding import SEEN, Activation, Found, Graph, Linear, Scaling, folded
from websim.exchange.onnx import perceptrons
from websim.exchange.perceptron import Surroundings, check_widths, run_of, surroundings_of
from websim.exchange.tfjs import bundle, models
from websim.experiments.experiment import Experiment
from websim.experiments.sources import whole
from websim.onnx.model import outline
from websim.onnx.wiring import wiring_of
from websim.policies.network import statistics_of
from websim.training import safetensors
from websim.training.checkpoints import Checkpoint
from websim.training.verification import verify

READERS: dict[str, Callable[..., Found]] = {
    "onnx": perceptrons.read,
    "sb3": sb3.read,
    "cleanrl": cleanrl.read,
    "tfjs": models.read,
}
"""What reads the bytes of a file, by the program that wrote it."""

Meaning = Literal["as-is", "normalized", "squashed"]
"""What a policy's actions mean: themselves; -1 and 1 the bounds; or that after a tanh."""

MEANINGS: tuple[Meaning, ...] = get_args(Meaning)


def program_of(data: bytes) -> str:
    """Which of READERS is for a file, by how it begins and by what is in it."""
    if sb3.is_model(data):
        return "sb3"
    if bundle.is_bundle(data):
        return "tfjs"
    torch = data.startswith((b"PK", b"\x80")) or safetensors.is_safetensors(data)
    return "cleanrl" if torch else "onnx"


def run_from(
    found: Found,
    experiment: Experiment,
    *,
    statistics: bytes | None = None,
    actions: Meaning = "as-is",
    title: str = "",
) -> Checkpoint:
    """A run with a policy without a learner.

    A graph of ONNX's that is no perceptron of ours acts as it is.

    Args:
        found: What a reader found.
        experiment: With the task, or the robot, that it is for.
        statistics: A file of them (`websim.exchange.normalizer`) that lies beside the policy.
        actions: What they mean, where the file does not say it.
        title: What people call it.

    Raises:
        ForeignPolicy: it does not fit the task, or our learners have none like it.
        MissingLibrary: it is a graph, and what plays those is not there.
        WebSimError: the experiment cannot be simulated.
    """
    graph = found.graph
    if graph is None or not graph.problem:
        try:
            return _perceptron(found, experiment, statistics, actions, title)
        except NoPerceptron as problem:
            if graph is None:
                raise
            graph.problem = str(problem)
    return _graph(graph, experiment, statistics, actions, title)


def _perceptron(
    found: Found,
    experiment: Experiment,
    statistics: bytes | None,
    actions: Meaning,
    title: str,
) -> Checkpoint:
    surroundings = surroundings_of(experiment)
    linear = [step for step in found.steps if isinstance(step, Linear)]
    if linear:
        check_widths(
            linear[0].weight.shape[0], linear[-1].weight.shape[1], surroundings, experiment
        )
    steps, count = list(found.steps), SEEN
    if statistics is not None:
        given = _normalizer(statistics, surroundings, experiment)
        steps, count = [*given.steps, *steps], given.count
    bounds = surroundings.bounds
    if actions == "squashed":
        steps.append(Activation("tanh"))
    if actions != "as-is" or found.normalized:
        half, middle = (array.astype(np.float64) for array in (bounds.half, bounds.middle))
        steps.append(Scaling(half, middle))
    perceptron = folded(steps, bounds, count=count)
    if found.logstd is not None:
        with np.errstate(over="ignore"):
            logstd = found.logstd.astype(np.float32)
        perceptron.network = replace(perceptron.network, logstd=logstd)
    return run_of(perceptron, experiment, title)


def _graph(
    graph: Graph, experiment: Experiment, statistics: bytes | None, actions: Meaning, title: str
) -> Checkpoint:
    surroundings = surroundings_of(experiment)
    size = len(surroundings.observations)
    try:
        wiring_of(outline(graph.data), size, len(surroundings.actions), graph.output)
    except ForeignPolicy as error:
        raise ForeignPolicy(f"{error} It is no perceptron either: {graph.problem}") from None
    chosen: dict[str, Any] = {
        "scale_output": actions == "normalized",
        "squash_output": actions == "squashed",
        "output": graph.output,
    }
    mean, std, count = np.zeros(size), np.ones(size), SEEN
    if statistics is not None:
        given = _normalizer(statistics, surroundings, experiment)
        mean, std, count = given.mean, given.std, given.count
        chosen["clip_obs"] = min(given.clip, MAX_CLIP)
    run = Checkpoint(
        replace(
            whole(experiment.for_learning()),
            algorithm=GraphRun.name,
            hyperparameters=chosen,
            adaptation=None,
            hands=None,
            title=title,
        ),
        {
            **dict.fromkeys(COUNTERS, 0),
            "policy": {"graph": np.frombuffer(graph.data, np.uint8)},
            "normalize_observation": statistics_of(mean, std, count),
        },
        [],
    )
    try:
        verify(run)
    except MissingLibrary:
        raise
    except WebSimError as error:
        raise ForeignPolicy(
            f"The policy cannot be used: {error} It is no perceptron either: {graph.problem}"
        ) from None
    return run


def _normalizer(
    statistics: bytes, surroundings: Surroundings, experiment: Experiment
) -> normalizer.Normalizer:
    given = normalizer.read(statistics)
    if given.size != len(surroundings.observations):
        raise ForeignPolicy(
            f"The statistics are of {given.size} observations, and {experiment.task} has "
            f"{len(surroundings.observations)}."
        )
    return given
