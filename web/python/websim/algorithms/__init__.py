"""The algorithms that there are, by name, and their presets. One file each."""

from typing import Any

from websim.algorithms.ars import ARS
from websim.algorithms.base import Algorithm
from websim.algorithms.es import ES
from websim.algorithms.graph import UNLEARNABLE, Graph
from websim.algorithms.ppo import PPO
from websim.algorithms.reinforce import Reinforce
from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.ranks import Communicator

ALGORITHMS: dict[str, type[Algorithm]] = {kind.name: kind for kind in (PPO, ES, ARS, Reinforce)}


def algorithm_class(name: str) -> type[Algorithm]:
    """The class of an algorithm; raises InvalidArgument for a name that there is not."""
    if name == Graph.name:
        return Graph
    if name not in ALGORITHMS:
        raise InvalidArgument(f"Unknown algorithm {name!r}; there are: {', '.join(ALGORITHMS)}.")
    return ALGORITHMS[name]


def learner_class(name: str) -> type[Algorithm]:
    """The same, of an algorithm that learns; raises InvalidArgument for one that does not."""
    if name == Graph.name:
        raise InvalidArgument(UNLEARNABLE)
    return algorithm_class(name)


def make_algorithm(experiment: Experiment, communicator: Communicator) -> Algorithm:
    """Makes this rank's end of an experiment; raises InvalidArgument where that is wrong."""
    kind: Any = algorithm_class(experiment.algorithm)
    algorithm: Algorithm = kind(experiment, communicator)
    return algorithm


__all__ = ["ALGORITHMS", "Algorithm", "algorithm_class", "learner_class", "make_algorithm"]
