"""What a form has to know of worlds, as the manifest says."""

from typing import get_args

from websim.browser.messages import Worlds, WorldTarget
from websim.worlds import Scan, Terrain, World
from websim.worlds.ready import READY
from websim.worlds.targets import TARGETS
from websim.worlds.world import MAX_LAG, Distribution, world_as_dict


def describe() -> Worlds:
    """See `websim.browser.messages`."""
    return Worlds(
        targets=[
            WorldTarget(
                name=target.name,
                help=target.help,
                kind=target.kind,
                modes=list(target.modes),
                operations=list(target.operations),
            )
            for target in TARGETS.values()
        ],
        distributions=list(get_args(Distribution)),
        most_lag=MAX_LAG,
        terrain=world_as_dict(World(terrain=Terrain(scan=Scan())))["terrain"],
        ready={name: world_as_dict(world) for name, world in READY.items()},
    )
