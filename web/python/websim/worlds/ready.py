"""Parts of worlds that are often wanted, to begin with."""

from websim.worlds.terrain import Terrain
from websim.worlds.world import EventTerm, Noise, World

READY: dict[str, World] = {
    "Terrain of all kinds": World(terrain=Terrain()),
    "Rough ground": World(terrain=Terrain(kinds=("rough",))),
    "Terrain, harder by what is walked": World(terrain=Terrain(curriculum="robots")),
    "Friction of the ground and all else, 0.5 to 1.5 times": World(
        events=(
            EventTerm(
                mode="startup",
                target="friction",
                operation="scale",
                range=(0.5, 1.5),
                shared_random=True,
            ),
        )
    ),
    "Mass of each body, 0.8 to 1.2 times": World(
        events=(EventTerm(mode="startup", target="mass", operation="scale", range=(0.8, 1.2)),)
    ),
    "Strength of each motor, 0.8 to 1.2 times": World(
        events=(EventTerm(mode="startup", target="gains", operation="scale", range=(0.8, 1.2)),)
    ),
    "Damping of each joint, 0.5 to 2 times": World(
        events=(
            EventTerm(
                mode="startup",
                target="dof_damping",
                operation="scale",
                range=(0.5, 2),
                distribution="log_uniform",
            ),
        )
    ),
    "Gravity, 0.9 to 1.1 times, in each episode": World(
        events=(EventTerm(mode="reset", target="gravity", operation="scale", range=(0.9, 1.1)),)
    ),
    "Another pose to begin with": World(
        events=(EventTerm(mode="reset", target="qpos", operation="add", range=(-0.1, 0.1)),)
    ),
    "Pushes every 2 to 4 s": World(
        events=(
            EventTerm(
                mode="interval",
                target="push",
                operation="add",
                range=(0, 1),
                interval_range_s=(2, 4),
            ),
        )
    ),
    "Pushes, harder by how long it stands": World(
        events=(
            EventTerm(
                mode="interval",
                target="push",
                operation="add",
                range=(0, 2),
                interval_range_s=(2, 4),
                level="pushes",
            ),
        )
    ),
    "Noise of observations": World(observation_noise=Noise(range=(0, 0.02))),
    "Observations up to 2 steps late": World(observation_delay=(0, 2)),
    "Noise of actions": World(action_noise=Noise(range=(0, 0.05))),
    "Actions up to 2 steps late": World(action_delay=(0, 2)),
}
"""By what they are called; each has one thing in it."""
