"""The algorithms that there are, by name, and their presets. One file each."""

from websim.algorithms.ars import ARS
from websim.algorithms.base import Algorithm
from websim.algorithms.es import ES
from websim.algorithms.ppo import PPO
from websim.algorithms.reinforce import Reinforce
from websim.errors import InvalidArgument

ALGORITHMS: dict[str, type[Algorithm]] = {kind.name: kind for kind in (PPO, ES, ARS, Reinforce)}


def algorithm_class(name: str) -> type[Algorithm]:
    """The class of an algorithm; raises InvalidArgument for a name that there is not."""
    if name not in ALGORITHMS:
        raise InvalidArgument(f"Unknown algorithm {name!r}; there are: {', '.join(ALGORITHMS)}.")
    return ALGORITHMS[name]


__all__ = ["ALGORITHMS", "Algorithm", "algorithm_class"]
