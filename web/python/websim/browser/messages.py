"""What Python hands to JavaScript, declared once: plain data, spelt there as JavaScript spells it.

The types of the other side, `web/sim/shared/messages.js`, are made of these classes
(`python -m websim_server.build.messages`), and a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

from websim.training.trainer import Iteration

Message = TypeVar("Message")


@dataclass(kw_only=True)
class ShardSizes:
    """Sizes of what a shard publishes.

    Attributes:
        num_envs: Environments.
        observation_size: Numbers of an observation.
        action_size: Numbers of an action.
        reward_terms: Terms that a reward is the sum of.
        nq: Numbers of a position.
        nv: Numbers of a velocity.
        nbody: Bodies, the world included.
    """

    num_envs: int
    observation_size: int
    action_size: int
    reward_terms: int
    nq: int
    nv: int
    nbody: int


@dataclass(kw_only=True)
class ArrayPlace:
    """Where an array lies in Python's memory.

    Attributes:
        name: As in the layout of shared memory, `web/sim/shared/memory.js`.
        address: Of its first byte.
        length: Numbers in it.
    """

    name: str
    address: int
    length: int


@dataclass(kw_only=True)
class About:
    """What a shard says of its environments.

    Attributes:
        sizes: Of what it publishes.
        frame_skip: Physics steps of an environment step.
        dt: Seconds of simulated time of an environment step.
        action_names: Empty texts where there is none.
        observation_names: Likewise; none at all where the task is not understood.
        action_low: Lower bounds of an action.
        action_high: Upper bounds.
        action_sources: Where the bounds of each come from, see `websim.action_ranges`.
        reward_term_names: In the order of the terms.
    """

    sizes: ShardSizes
    frame_skip: int
    dt: float
    action_names: list[str]
    observation_names: list[str]
    action_low: list[float]
    action_high: list[float]
    action_sources: list[str]
    reward_term_names: list[str]


@dataclass(kw_only=True)
class TrainingPlan:
    """How a run is dealt to workers.

    Attributes:
        spec: A TrainingSpec, complete, as JSON.
        num_envs: Environments that learn, of all ranks together.
        max_episode_steps: After which an episode ends at the latest.
        total_timesteps: Environment steps in all.
        iteration: To go on from.
        global_step: Likewise.
        ranks: How many of the workers can learn.
    """

    spec: str
    num_envs: int
    max_episode_steps: int
    total_timesteps: int
    iteration: int
    global_step: int
    ranks: int


@dataclass(kw_only=True)
class CheckpointDescription:
    """What a checkpoint is of.

    Attributes:
        spec: A TrainingSpec, complete, as JSON.
        iteration: Finished iterations.
        global_step: Environment steps so far.
        ranks: Ranks that wrote it.
    """

    spec: str
    iteration: int
    global_step: int
    ranks: int


@dataclass(kw_only=True)
class PolicySizes:
    """What a checkpoint's policy can move.

    Attributes:
        task: Task id.
        observation_size: Numbers that it sees.
        action_size: Numbers that it gives.
    """

    task: str
    observation_size: int
    action_size: int


MESSAGES = (
    ShardSizes,
    ArrayPlace,
    About,
    TrainingPlan,
    CheckpointDescription,
    PolicySizes,
    Iteration,
)
"""All of them."""


def spelt(name: str) -> str:
    """A name as JavaScript spells it: `global_step` is `globalStep`."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def plain(message: Any) -> dict[str, Any]:
    """A message as it crosses: a dictionary, its names spelt as JavaScript does."""
    values = {spelt(entry.name): getattr(message, entry.name) for entry in fields(message)}
    return {name: plain(value) if is_dataclass(value) else value for name, value in values.items()}


def read(kind: type[Message], message: Mapping[str, Any]) -> Message:
    """A message that JavaScript hands back, or has to say: undoes `plain`."""
    declared: Any = kind
    names = {spelt(entry.name): entry.name for entry in fields(declared)}
    return kind(**{names[name]: value for name, value in message.items() if name in names})
