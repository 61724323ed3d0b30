"""The algorithms that there are, by name, and their presets. One file each."""

from websim.algorithms.base import Algorithm
from websim.algorithms.ppo import PPO
from websim.errors import InvalidArgument

ALGORITHMS: dict[str, type[Algorithm]] = {kind.name: kind for kind in (PPO,)}


def algorithm_class(name: str) -> type[Algorithm]:
    """The class of an algorithm; raises InvalidArgument for a name that there is not."""
    if name not in ALGORITHMS:
        raise InvalidArgument(f"Unknown algorithm {name!r}; there are: {', '.join(ALGORITHMS)}.")
    return ALGORITHMS[name]


__all__ = ["ALGORITHMS", "Algorithm", "algorithm_class"]
