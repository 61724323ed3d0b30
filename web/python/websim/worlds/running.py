"""A world at work: draws what it says for a batch, and gives it to the physics."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import DamagedCheckpoint, InvalidArgument
from websim.forces import Forces
from websim.physics import FloatArray, IndexArray, Physics
from websim.worlds.draws import Counters, draw, uniform
from websim.worlds.ground import Ground
from websim.worlds.ladder import Ladder
from websim.worlds.parts import (
    Part,
    bodies_of,
    changed,
    lengths,
    part_of,
    positions_of,
    quaternions_of,
    velocities_of,
)
from websim.worlds.signals import Delay, noisy
from websim.worlds.targets import TARGETS
from websim.worlds.world import EventTerm, World

_OBSERVED, _BEGUN, _ACTED = range(3)
_LAGS = {"observation": 3, "action": 4}
"""Streams of random numbers, besides those of the events."""

_VALUE, _WAIT, _DIRECTION = range(3)
"""Streams of an event."""


TILE = "terrain kind", "terrain level"
"""Names of the numbers that say where an environment stands."""

_LADDERS = 1 << 17
"""The stream of random numbers of the first levels."""

_SIGNS = {"abs": "=", "scale": "*", "add": "+"}


def _stream(event: int, of: int) -> int:
    return 8 + 4 * event + of


class RunningWorld:
    """What a world has done to environments so far, and does next.

    Attributes:
        names: Of the numbers in `values`, each another: what changes, and how (=, * or +).
        values: [n, k], what has been drawn for the models and delays that environments have now,
            their levels, and on a terrain their tile: the column, and the level; NaN where nothing
            has been yet.
        ladders: The levels of events, by name.
    """

    def __init__(
        self,
        world: World,
        physics: Physics,
        forces: Forces,
        ground: Ground | None,
        dt: float,
        observation_size: int,
        commands: Sequence[str],
    ) -> None:
        """Binds the world to a model.

        Args:
            world: What it says.
            physics: Of the environments; the fields that events change differ from now on.
            forces: What acts on their bodies.
            ground: Where they stand, if the world has a terrain.
            dt: Seconds of an environment step.
            observation_size: Numbers of an observation.
            commands: See `Task.commands`.

        Raises:
            InvalidArgument: the model has not what is to be changed; the message begins with the
                path in the document.
        """
        self._world, self._physics, self._forces, self._dt = world, physics, forces, dt
        self._ground = ground
        n, model = physics.num_envs, physics.model
        self._commands = tuple(commands)
        self._parts: dict[int, Part] = {}
        self._places: dict[int, IndexArray] = {}  # of what is no part of the model
        for i, event in enumerate(world.events):
            try:
                self._bind(i, event)
            except InvalidArgument as error:
                raise InvalidArgument(f"world.events[{i}].{error}") from None
        self._masses = physics.model_array("body_subtreemass")
        self._quaternions = quaternions_of(model)
        fields = [f for i in self._parts for f in TARGETS[world.events[i].target].fields]
        physics.vary(fields)
        self._compiled = {name: physics.model_array(name) for name in physics.varied}

        self._keys: Counters = np.zeros(n, np.int64)
        self._drawn: Counters = np.zeros((n, len(world.events)), np.int64)
        self._waits: Counters = np.zeros((n, len(world.events)), np.int64)
        self._due: FloatArray = np.zeros((n, len(world.events)))
        self._episodes: Counters = np.zeros(n, np.int64)
        self._steps: Counters = np.zeros(n, np.int64)
        self._all = np.arange(n)
        self.ladders = {
            term.name: Ladder(term, n, _LADDERS + i) for i, term in enumerate(world.level_terms)
        }
        self._levelled = [i for i, event in enumerate(world.events) if event.level is not None]
        self._observation = _delay(world.observation_delay, n, observation_size)
        self._action = _delay(world.action_delay, n, model.nu)
        self.names = self._names()
        self.values: FloatArray = np.full((n, len(self.names)), np.nan)

    def seed(self, indices: IndexArray, keys: Counters) -> None:
        """Begins environments [k] anew, with these keys: what is drawn at startup is drawn."""
        if not len(indices):
            return
        self._keys[indices] = keys
        for ladder in self.ladders.values():
            ladder.seed(indices, keys)
        for counters in (self._waits, self._episodes, self._steps):
            counters[indices] = 0
        self._drawn[indices] = [event.mode == "startup" for event in self._world.events]
        self._set_models(indices, list(self._parts))

    def judge(self, ended: NDArray[np.bool_], achieved: FloatArray) -> None:
        """Moves environments to other levels by the episodes that have just ended.

        Args:
            ended: [n], whose episodes count.
            achieved: [n], see `LevelTerm`.
        """
        for term in self._world.level_terms:
            up, down = achieved >= term.up, achieved < term.down
            self.ladders[term.name].judge(ended, achieved, up, down)

    def begin(
        self, indices: IndexArray, qpos: FloatArray, qvel: FloatArray, userdata: FloatArray
    ) -> None:
        """New episodes of environments [k]: changes their models, and the states they begin in.

        Args:
            indices: [k].
            qpos: [k, nq], changed in place.
            qvel: [k, nv], likewise.
            userdata: [k, nuserdata], likewise: the task's commands come first.
        """
        self._episodes[indices] += 1
        models = list(self._levelled)  # what was drawn before is as wide as the level is now
        for i, event in enumerate(self._world.events):
            if event.mode == "interval":
                self._wait(i, indices, np.zeros(len(indices)))
            elif event.mode == "reset":
                self._drawn[indices, i] += 1
                if i in self._parts:
                    models.append(i)
                elif event.target == "command":
                    self._change(i, indices, userdata)
                elif event.target == "qpos":
                    self._change(i, indices, qpos)
                    for places in self._quaternions:
                        qpos[:, places] /= lengths(qpos[:, places])
                else:
                    self._change(i, indices, qvel)
        self._set_models(indices, models)
        for name, delay in self._delays():
            low, high = getattr(self._world, f"{name}_delay")
            stream = _LAGS[name]
            one = uniform(self._keys[indices], stream, self._episodes[indices], 1)[:, 0]
            delay.begin(indices, low + (one * (high + 1 - low)).astype(np.int64))
        self._report(indices)

    def act(self, actions: NDArray[Any]) -> NDArray[Any]:
        """What actuators are told [n, nu], where a policy gives these actions; counts the step."""
        self._steps += 1
        noise = self._world.action_noise
        if noise is not None:
            actions = noisy(actions, noise, self._keys, _ACTED, self._steps)
        return actions if self._action is None else self._action(actions, self._all)

    def before_step(self) -> None:
        """Draws what is due: changes models and velocities, and begins pushes."""
        data = self._physics.data
        for i, event in enumerate(self._world.events):
            if event.mode != "interval":
                continue
            due = np.flatnonzero(data.time > self._due[:, i] - 0.5 * self._dt)
            if not len(due):
                continue
            self._drawn[due, i] += 1
            if i in self._parts:
                self._set_models(due, [i])
                self._report(due)
            elif event.target == "qvel":
                qvel = data.qvel[due]
                self._change(i, due, qvel)
                data.qvel[due] = qvel
            else:
                self._push(i, due)
            self._wait(i, due, data.time[due])

    def observe(self, observations: FloatArray, indices: IndexArray | None = None) -> None:
        """Gives observations noise, and delays them, in place.

        Args:
            observations: After a step [n, obs], or at the beginning of episodes [k, obs].
            indices: [k], of the environments whose episodes begin; None: all have made a step.
        """
        noise = self._world.observation_noise
        rows = self._all if indices is None else indices
        if noise is not None:
            stream, counters = (
                (_OBSERVED, self._steps) if indices is None else (_BEGUN, self._episodes[rows])
            )
            observations[...] = noisy(observations, noise, self._keys[rows], stream, counters)
        if self._observation is not None:
            observations[...] = self._observation(observations, rows)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What has to be known to go on, besides levels: by name, [n, ...] each."""
        arrays: dict[str, NDArray[Any]] = {
            "keys": self._keys,
            "drawn": self._drawn,
            "waits": self._waits,
            "due": self._due,
            "episodes": self._episodes,
            "steps": self._steps,
        }
        for name, delay in self._delays():
            arrays[f"{name}_lags"] = delay.lags
            arrays[f"{name}_count"] = delay.count
            arrays[f"{name}_kept"] = delay.kept
        return arrays

    def check(self, state: Any) -> None:
        """Makes sure that `load` can use a state; raises DamagedCheckpoint."""
        for name, array in self.arrays().items():
            saved = state.get(name) if isinstance(state, dict) else None
            if (
                not isinstance(saved, np.ndarray)
                or saved.shape != array.shape
                or saved.dtype != array.dtype
                or not np.isfinite(saved).all()
                or (name not in ("keys", "observation_kept", "action_kept") and (saved < 0).any())
            ):
                raise DamagedCheckpoint(f"The saved {name} of the world are damaged.")
        for name, delay in self._delays():
            if (state[f"{name}_lags"] >= delay.kept.shape[1]).any():
                raise DamagedCheckpoint(f"The saved delays of {name}s are too long.")

    def load(self, state: dict[str, NDArray[Any]]) -> None:
        """Goes on from what `arrays` gave, if `check` lets it pass; levels are there already."""
        for name, array in self.arrays().items():
            array[...] = state[name]
        self._report(self._all)

    def _bind(self, i: int, event: EventTerm) -> None:
        target, model = TARGETS[event.target], self._physics.model
        if taken := [name for name in target.fields if name in self._physics.varied]:
            raise InvalidArgument(
                f"target: {taken[0]} is where the terrain puts robots that move in a plane."
            )
        if target.fields:
            self._parts[i] = part_of(self._physics, target, event.names)
        elif event.target == "push":
            self._places[i] = bodies_of(model, event.names)
        elif event.target == "command":
            self._places[i] = self._commands_of(event.names)
        else:
            of = positions_of if event.target == "qpos" else velocities_of
            self._places[i] = of(model, event.names)
            if not len(self._places[i]):
                raise InvalidArgument("target: the model has no joints.")

    def _commands_of(self, names: Sequence[str]) -> IndexArray:
        """Columns of userdata."""
        if not self._commands:
            raise InvalidArgument("target: nothing tells this robot where to go.")
        for name in names:
            if name not in self._commands:
                raise InvalidArgument(
                    f"names: there is no command {name!r:.99}; there are: "
                    f"{', '.join(self._commands)}."
                )
        return np.array([self._commands.index(name) for name in names or self._commands])

    def _delays(self) -> list[tuple[str, Delay]]:
        both = (("observation", self._observation), ("action", self._action))
        return [(name, delay) for name, delay in both if delay is not None]

    def _numbers(self, i: int, indices: IndexArray, size: int) -> FloatArray:
        """What event i draws for environments [k]: [k, size], or [k, 1] for all alike."""
        event = self._world.events[i]
        size = 1 if event.shared_random else size
        counters = self._drawn[indices, i]
        keys, stream = self._keys[indices], _stream(i, _VALUE)
        if event.level is None:
            return draw(event.distribution, event.range, keys, stream, counters, size)
        ladder = self.ladders[event.level]
        span = event.range_at(ladder.difficulties[indices][:, np.newaxis])
        return draw(event.distribution, span, keys, stream, counters, size)

    def _wait(self, i: int, indices: IndexArray, now: FloatArray) -> None:
        """Draws when event i comes next."""
        self._waits[indices, i] += 1
        limits = self._world.events[i].interval_range_s
        assert limits is not None
        keys, counters = self._keys[indices], self._waits[indices, i]
        waits = draw("uniform", limits, keys, _stream(i, _WAIT), counters, 1)
        self._due[indices, i] = now + waits[:, 0]

    def _set_models(self, indices: IndexArray, events: list[int]) -> None:
        """Gives environments [k] the models that follow from what has been drawn.

        Args:
            indices: [k].
            events: Those of which something new has been drawn.
        """
        events = [i for i in events if i in self._parts]
        if not events or not len(indices):
            return
        names = {name for i in events for name in TARGETS[self._world.events[i].target].fields}
        # Models follow from the compiled one by all events, one after the other.
        arrays = {
            name: np.tile(array, (len(indices),) + (1,) * array.ndim)
            for name, array in self._compiled.items()
        }
        for i, part in self._parts.items():
            had = self._drawn[indices, i] > 0
            if not had.any():
                continue
            rows = {name: array[had] for name, array in arrays.items()}
            drawn = self._numbers(i, indices[had], len(part.places))
            part.change(rows, self._world.events[i].operation, drawn)
            for name, array in arrays.items():
                array[had] = rows[name]
        self._physics.set_model(indices, {name: arrays[name] for name in names})

    def _change(self, i: int, indices: IndexArray, state: FloatArray) -> None:
        """Changes qpos or qvel [k, ...] of environments in place."""
        places = self._places[i]
        drawn = self._numbers(i, indices, len(places))
        state[:, places] = changed(state[:, places], self._world.events[i].operation, drawn)

    def _push(self, i: int, indices: IndexArray) -> None:
        """Pushes bodies sideways for the step that follows, each in a direction of its own.

        The force is that which would give the mass of the body and of all that hangs on it the
        speed that is drawn.
        """
        bodies = self._places[i]
        speeds = self._numbers(i, indices, len(bodies)) + np.zeros(len(bodies))
        counters, stream = self._drawn[indices, i], _stream(i, _DIRECTION)
        angles = 2 * np.pi * uniform(self._keys[indices], stream, counters, len(bodies))
        forces = np.zeros((len(indices), len(bodies), 6))
        size = speeds * self._masses[bodies] / self._dt
        forces[..., 0], forces[..., 1] = size * np.cos(angles), size * np.sin(angles)
        self._forces.add(indices[:, np.newaxis], bodies[np.newaxis], forces)

    def _names(self) -> tuple[str, ...]:
        """What `values` are."""
        names: list[str] = []
        before = Counter[str]()
        for i, part in self._parts.items():
            event = self._world.events[i]
            for label in ("",) if event.shared_random else part.labels:
                name = f"{event.target} {label}".strip()
                before[name] += 1
                name += f" ({before[name]})" if before[name] > 1 else ""
                names.append(f"{name} {_SIGNS[event.operation]}")
        names += [f"{name} delay" for name, _ in self._delays()]
        names += [f"{name} level" for name in self.ladders]
        return tuple(names) if self._ground is None else (*names, *TILE)

    def _report(self, indices: IndexArray) -> None:
        """Brings `values` up to date."""
        column = 0
        for i, part in self._parts.items():
            drawn = self._numbers(i, indices, len(part.places))
            drawn[self._drawn[indices, i] == 0] = np.nan
            self.values[indices, column : column + drawn.shape[1]] = drawn
            column += drawn.shape[1]
        for _, delay in self._delays():
            self.values[indices, column] = delay.lags[indices]
            column += 1
        for ladder in self.ladders.values():
            self.values[indices, column] = ladder.levels[indices]
            column += 1
        if self._ground is not None:
            tile = self._ground.columns[indices], self._ground.levels[indices]
            self.values[indices, column:] = np.stack(tile, axis=1)


def _delay(limits: tuple[int, int] | None, num_envs: int, size: int) -> Delay | None:
    return None if limits is None else Delay(num_envs, limits[1], size)
