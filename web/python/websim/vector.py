"""Many environments of one task behind Gymnasium's vector interface."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeGuard

import numpy as np
from gymnasium.spaces import Box
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from websim import mjcf
from websim.action_ranges import ActionRanges
from websim.errors import ClosedEnvironment, CodeFailed, InvalidArgument, ResetNeeded
from websim.forces import Forces
from websim.hands import Environments, Event, Hands
from websim.names import observation_names
from websim.physics import BatchData, FloatArray, IndexArray, Physics, make_physics
from websim.rewards import Measure, Reward, Terms, moments_of, sum_of
from websim.task import Actions, Outcome, Task
from websim.worlds import World
from websim.worlds.draws import keys_of
from websim.worlds.ground import Ground
from websim.worlds.ladder import Ladder
from websim.worlds.levels import TERRAIN
from websim.worlds.running import RunningWorld
from websim.worlds.site import Site

MAX_ENVIRONMENTS = 65_536
"""More than this is taken for a mistake: it would need hundreds of megabytes."""

BoolArray = NDArray[np.bool_]
Infos = dict[str, Any]

SHOWN = 4
"""Environments that a sentence names."""

MOST_PAID = 1e12
"""In a step, either way: what is learnt of more has squares that are no longer finite."""


class Unpaid(NamedTuple):
    """Environments whose pay nobody could learn from, though their state is good.

    Attributes:
        file: What pays.
        environments: Which, in order.
        terms: Names of the parts of the reward that are to blame.
        what: What the sum of these was: NaN, infinite or too large.
    """

    file: str
    environments: list[int]
    terms: list[str]
    what: str

    def told(self, first: int = 0) -> str:
        """In a sentence; `first` is the number of the first environment."""
        some = ", ".join(str(first + i) for i in self.environments[:SHOWN])
        more = len(self.environments) - SHOWN
        robots = f"robot {some}" if len(self.environments) == 1 else f"robots {some}"
        robots += f" and {more} more" if more > 0 else ""
        ends = "its episode was" if len(self.environments) == 1 else "their episodes were"
        of = f"the term {self.terms[0]}" if len(self.terms) == 1 else ", ".join(self.terms)
        return f"{self.file}: what it pays {robots} is {self.what} ({of}): {ends} ended, unpaid."


class Codes(NamedTuple):
    """What pays and judges environments, tried on them.

    Attributes:
        reward: Pays instead of the task; None: the task itself does.
        measure: Judges episodes; None: nobody does.
        terms: Names of the parts of the reward.
    """

    reward: Reward | None
    measure: Measure | None
    terms: tuple[str, ...]


class MujocoVectorEnv(VectorEnv[FloatArray, Actions, NDArray[Any]]):
    """Steps n environments of one task together; equal to a SyncVectorEnv of Gymnasium's own.

    An environment that blows up (MuJoCo warns of a bad state, or an observation or reward is not
    finite) ends its episode: truncated, reward 0, the last good observation as the final one,
    `infos["bad_state"]` marks it, and it is reset like any other ended episode.

    So does one whose own reward (`reward`) is not finite or above MOST_PAID though its state is
    good; of that `unpaid` tells. Where it is so for most environments the reward has failed.

    What pays and judges may change between two steps (`use`). If it fails as it runs and something
    was there before, nothing is paid until that is put back (`fall_back`).

    These arrays always hold the newest step, and are never rebound, but for `reward_term_values`
    when what pays changes:

    Attributes:
        task: The task.
        reward: Pays instead of the task; None: the task itself does.
        reward_terms: Names of the parts of the reward.
        measure: Judges episodes; None: nobody does.
        former: What may be put back if the present code fails; None: there is nothing.
        patient: Whether nothing is paid by code that has failed, until whoever steps has seen it in
            `failure`; otherwise `step` raises where there is no `former`.
        failure: Why nothing is paid; None: all is well.
        world: What differs from environment to environment, and disturbs them; None: nothing does.
        ground: Where they stand, if the world has a terrain: `ground.levels`, `ground.columns`.
        ladders: What has levels, by name: `terrain`, and what events of the world name.
        physics: Its physics; `physics.data` holds the state of all environments.
        data: The same as the task sees it: on a terrain from the tile, and over the ground.
        forces: What acts on their bodies from outside.
        hands: What pushes and pulls robots; records it, and does it again.
        action_sources: [nu], where the bounds of each action come from
            (`websim.action_ranges.ActionRanges`).
        observations: [n, obs] float64.
        rewards: [n] float64.
        terminations: [n] bool.
        truncations: [n] bool.
        reward_term_values: [n, k] float64, in the order of `reward_terms`.
        episode_returns: [n] float64, sum of rewards of the running episode.
        unrewarded_steps: [n] int32, steps of the running episode that its return lacks, because
            others made them (`websim.browser.overture.take_over`) or something else paid for them.
        episode_lengths: [n] int32, steps of the running episode.
        final_observations: [n, obs] float64, where an episode ended in this step (SAME_STEP only).
        final_returns: [n] float64, return of the last episode that ended; NaN where it lacks steps.
        final_lengths: [n] int32, length of the last episode that ended.
        episode_measures: [n] float64, what the measure knows of the running episode.
        final_measures: [n] float64, what it says of the last episode that ended; NaN where there is
            no measure, and where a mean or a sum lacks steps.
        final_levels: [n, ladders] int32, the levels on which that was.
        bad_states: How many blow-ups there have been.
        unpaid_states: How often a good state could not be paid.
        unpaid: The newest of these, until somebody has taken it (`take_unpaid`).
    """

    single_action_space: Box
    single_observation_space: Box

    def __init__(
        self,
        task: Task,
        num_envs: int,
        *,
        reward: Reward | None = None,
        measure: Measure | None = None,
        world: World | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        copy: bool = True,
        num_threads: int | None = None,
    ) -> None:
        """Compiles the model and allocates everything.

        Args:
            task: What the environments are about; belongs to this object from now on.
            num_envs: Number of environments n, from 1 to MAX_ENVIRONMENTS.
            reward: What is paid instead of the task's own reward; None: what the task's outcome
                pays, or its `reward_code` where that pays nothing.
            measure: What episodes are judged by.
            world: What differs from environment to environment, and disturbs them.
            autoreset_mode: What happens at the end of an episode, or its value as a string.
            max_episode_steps: Steps until truncation; None takes the task's, -1 never truncates.
            copy: False is the in-place mode for loops that must not lose time: `step` and `reset`
                return the arrays above themselves, and infos hold no more than `bad_state` and, in
                SAME_STEP mode, `episode` = {"r": returns, "l": lengths} of the episodes that ended.
            num_threads: Threads that step the physics, at most; None takes one a core. For programs
                that run several processes side by side. Numbers do not depend on it.

        Raises:
            InvalidArgument: an argument that is not allowed.
            ModelError: MuJoCo cannot compile the model.
            CodeFailed: the reward or the measure fails on robots that do not move.
        """
        if not _is_integer(num_envs) or not 1 <= num_envs <= MAX_ENVIRONMENTS:
            raise InvalidArgument(
                f"num_envs must be an integer from 1 to {MAX_ENVIRONMENTS}, not {num_envs!r}."
            )
        limit = task.max_episode_steps if max_episode_steps is None else max_episode_steps
        if not _is_integer(limit) or (limit < 1 and limit != -1):
            raise InvalidArgument(
                "max_episode_steps must be an integer of at least 1, -1 for no limit, or None for "
                f"the task's, not {max_episode_steps!r}."
            )
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError:
            modes = ", ".join(repr(mode.value) for mode in AutoresetMode)
            raise InvalidArgument(
                f"autoreset_mode must be one of {modes}, not {autoreset_mode!r}."
            ) from None

        if num_threads is not None and (not _is_integer(num_threads) or num_threads < 1):
            raise InvalidArgument(
                f"num_threads must be an integer of at least 1 or None, not {num_threads!r}."
            )

        source = mjcf.find(task.xml_file)
        self.task = task
        self.num_envs = n = int(num_envs)
        self.copy = copy
        self.metadata = {"autoreset_mode": self.autoreset_mode}
        self.bad_states = self.unpaid_states = 0
        self.unpaid: Unpaid | None = None
        self._max_episode_steps = np.iinfo(np.int32).max if limit == -1 else int(limit)
        terrain = None if world is None else world.terrain
        site = None if terrain is None else Site(terrain, task.id, source)
        floor = None if site is None else site.floor
        self.physics: Physics = make_physics(source, n, task.fields, num_threads, floor)
        try:
            self.ground = None if site is None else Ground(site, self.physics)
            self.data = self.physics.data if self.ground is None else self.ground.data
            model = self.physics.model
            task.bind(model)
            codes = self.tried(reward, measure)
            shapes = [part.shape for part in self._observed(self.data)]
            if any(len(shape) != 2 or shape[0] != n for shape in shapes):
                raise InvalidArgument(
                    f"The parts of an observation must have shapes ({n}, k); those of {task.id} "
                    f"have {', '.join(map(str, shapes))}."
                )
            size = sum(columns for _, columns in shapes)
            self.forces = Forces(self.physics)
            self.world = None
            if world is not None:
                self.world = RunningWorld(
                    world, self.physics, self.forces, self.ground, task.dt, size, task.commands
                )
            ranges = self._checked_ranges(task.action_ranges())
        except BaseException:
            self.physics.close()
            raise

        self.ladders: dict[str, Ladder] = {}
        if self.ground is not None:
            self.ladders[TERRAIN] = self.ground.ladder
        if self.world is not None:
            self.ladders |= self.world.ladders
        place = None if self.ground is None else self.ground.place
        self.hands = Hands(self.physics, self.forces, task.dt, place, self._look_again)
        low, high = (bound.astype(np.float32) for bound in ranges[:2])
        self.action_sources = ranges.sources
        self.single_action_space = Box(low, high, dtype=np.float32)
        self.single_observation_space = Box(-np.inf, np.inf, (size,), np.float64)
        self.action_space = batch_space(self.single_action_space, n)
        self.observation_space = batch_space(self.single_observation_space, n)

        self.observations: FloatArray = np.zeros((n, size))
        self.rewards: FloatArray = np.zeros(n)
        self.terminations: BoolArray = np.zeros(n, np.bool_)
        self.truncations: BoolArray = np.zeros(n, np.bool_)
        self.episode_returns: FloatArray = np.zeros(n)
        self.episode_lengths: NDArray[np.int32] = np.zeros(n, np.int32)
        self.unrewarded_steps: NDArray[np.int32] = np.zeros(n, np.int32)
        self.final_observations: FloatArray = np.zeros((n, size))
        self.final_returns: FloatArray = np.zeros(n)
        self.final_lengths: NDArray[np.int32] = np.zeros(n, np.int32)
        self.episode_measures: FloatArray = np.full(n, np.nan)
        self.final_measures: FloatArray = np.full(n, np.nan)
        self.final_levels: NDArray[np.int32] = np.zeros((n, len(self.ladders)), np.int32)

        self._fresh = np.zeros((n, size))
        self._waiting: BoolArray = np.zeros(n, np.bool_)  # Ended, and not reset yet.
        self._rngs: list[np.random.Generator | None] = [None] * n
        self._rng_seeds: list[int | None] = [None] * n
        self._started = False  # True once every environment has been reset.
        self.former: Codes | None = None
        self.patient = False
        self.failure: CodeFailed | None = None
        self.reward, self.measure, self.reward_terms = codes
        self._put(codes)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[FloatArray, Infos]:
        """Starts new episodes.

        Args:
            seed: An int s seeds environment i with s + i; a list seeds each; None goes on with the
                generators that there are.
            options: {"reset_mask": [n] bool} resets only those environments.

        Returns:
            Observations [n, obs] and infos.

        Raises:
            InvalidArgument: a seed or an option that is not allowed.
        """
        self._check_open()
        seeds = self._seeds(seed)
        mask = self._reset_mask(options or {})
        indices = np.flatnonzero(mask)
        seeded = [i for i in indices if seeds[i] is not None or self._rngs[i] is None]
        for i in seeded:
            self._rngs[i], self._rng_seeds[i] = np_random(seeds[i])
        keys = keys_of([self._rng_seeds[i] or 0 for i in seeded])
        for part in (self.world, self.ground):
            if part is not None:
                part.seed(np.array(seeded, np.intp), keys)
        self._restart(indices)
        self._forget(indices)
        self._waiting[indices] = False
        self._started = self._started or None not in self._rngs
        if seed is not None and len(indices) == self.num_envs:
            self.hands.start()
        if not self.copy:
            return self.observations, {}
        infos: Infos = {}
        self._add_reset_infos(infos, indices)
        return self.observations.copy(), infos

    def step(self, actions: Actions) -> tuple[FloatArray, FloatArray, BoolArray, BoolArray, Infos]:
        """Advances every environment by one step.

        Args:
            actions: [n, nu] float32 (or float64), finite. MuJoCo clamps them to the control
                range of an actuator that has one.

        Returns:
            Observations [n, obs], rewards [n], terminations [n], truncations [n], infos.

        Raises:
            InvalidArgument: actions of the wrong shape or dtype, or not finite.
            ResetNeeded: before the first `reset`; or in DISABLED mode, where an episode has ended.
        """
        self._check_open()
        actions = self._checked(actions)
        self._check_started()
        if self.autoreset_mode is AutoresetMode.DISABLED and self._waiting.any():
            over = np.flatnonzero(self._waiting).tolist()
            raise ResetNeeded(
                f"The episodes of environments {over} have ended: reset them first, with "
                "reset(options={'reset_mask': mask})."
            )
        outcome, bad, unpaid = self._advance(actions)
        waiting = self._waiting.copy()  # NEXT_STEP: this step resets them instead.
        if waiting.any():
            self._forget(waiting)
            bad &= ~waiting
        infos: Infos = {}
        if bad.any():
            infos = {"bad_state": bad, "_bad_state": bad.copy()}
            self._fresh[bad] = self.observations[bad]
            self._forget(bad)
            self.truncations[bad] = True
            self.bad_states += int((bad & ~unpaid).sum())
            self.unpaid_states += int((bad & unpaid).sum())
        self.observations[...] = self._fresh
        self.episode_returns += self.rewards
        self._judge(~(bad | waiting))
        ended = self.terminations | self.truncations
        some_ended = bool(ended.any())
        if some_ended:
            self.final_returns[ended] = self.episode_returns[ended]
            self.final_returns[ended & (self.unrewarded_steps > 0)] = np.nan
            self.final_lengths[ended] = self.episode_lengths[ended]
            if self.measure is not None:
                results = self.measure.result(self.episode_measures, self.episode_lengths)
                self.final_measures[ended] = results[ended]
            else:
                self.final_measures[ended] = np.nan
            self._judge_levels(ended, bad)
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            restarting = ended
            if some_ended:
                self.final_observations[ended] = self.observations[ended]
                infos |= self._final_infos(outcome, ended, bad)
        else:
            restarting = waiting
            self._waiting[...] = ended
        if self.copy:  # Before the resets: the values may be views of the data they write to.
            infos |= _masked({**outcome.infos, **outcome.terms}, ~(bad | restarting))
        indices = np.flatnonzero(restarting)
        self._restart(indices)
        self.forces.after_step()
        self.hands.after_step()
        if not self.copy:
            return self.observations, self.rewards, self.terminations, self.truncations, infos
        self._add_reset_infos(infos, indices)
        return (
            self.observations.copy(),
            self.rewards.copy(),
            self.terminations.copy(),
            self.truncations.copy(),
            infos,
        )

    def apply_force(
        self,
        environments: Environments,
        body: int | str,
        force: Any,
        *,
        torque: Any = (0.0, 0.0, 0.0),
        point: Any = None,
        seconds: float | None = None,
        steps: int | None = None,
    ) -> Event:
        """Pushes a body for some time, or until the episode ends: a row of `xfrc_applied`.

        A body that is pushed already is pushed in the new way only. Pushes of the world and a pull
        of the same body add to it.

        Args:
            environments: Indices in order, one index, or None for all.
            body: Name or id.
            force: [3], or [k, 3] for each of the environments, in newtons, in the world's frame.
            torque: Likewise, in newton metres.
            point: [3] where the force acts, in the body's frame as it is now; None: at its centre
                of mass.
            seconds: How long, rounded to steps of the environment, at least one.
            steps: How long, in such steps; either is given.

        Returns:
            What has been done, as it is recorded.

        Raises:
            InvalidArgument: no such environment or body, or something else that is not allowed.
        """
        self._check_started()
        return self.hands.push(
            environments, body, force, torque=torque, point=point, seconds=seconds, steps=steps
        )

    def pull(
        self,
        environments: Environments,
        body: int | str,
        target: Any,
        *,
        point: Any = (0.0, 0.0, 0.0),
        relative: bool = False,
    ) -> Event:
        """Pulls a body by a spring and a damper, as MuJoCo's viewer does, until `release`.

        Its force is mjv_applyPerturbForce's of each physics step, scaled by the mass that there is
        to move. An environment has one pull; a second one of the same point moves its target. It
        ends with the episode.

        Args:
            environments: See `apply_force`.
            body: Likewise.
            target: [3], or [k, 3], to where, in the world's frame.
            point: [3] of the body, in its frame.
            relative: Whether the target counts from where the point was when it was taken hold of.

        Raises:
            InvalidArgument: see `apply_force`; or the body cannot move.
        """
        self._check_started()
        return self.hands.pull(environments, body, target, point=point, relative=relative)

    def move(
        self,
        environments: Environments,
        body: int | str,
        target: Any,
        *,
        point: Any = (0.0, 0.0, 0.0),
        relative: bool = False,
    ) -> Event:
        """Moves robots that float, as a whole and at once, by a point of a body.

        MuJoCo's viewer does so while it is paused (mjv_applyPerturbPose). Velocities stay.

        Args:
            environments: See `apply_force`.
            body: Likewise.
            target: [3], or [k, 3], to where, in the world's frame.
            point: [3] of the body, in its frame.
            relative: Whether the target counts from where the point is.

        Raises:
            InvalidArgument: see `apply_force`; or what carries the body has no free joint.
        """
        self._check_started()
        return self.hands.move(environments, body, target, point=point, relative=relative)

    def release(self, environments: Environments = None) -> Event:
        """Ends pulls and pushes; see `apply_force`."""
        self._check_started()
        return self.hands.release(environments)

    def set_state(self, environments: Environments, qpos: Any, qvel: Any) -> Event:
        """Puts robots elsewhere in the middle of their episodes.

        Args:
            environments: See `apply_force`.
            qpos: [nq], or [k, nq]; on a terrain as in `data`, from the tile and over the ground.
            qvel: [nv], or [k, nv].

        Raises:
            InvalidArgument: see `apply_force`.
        """
        self._check_started()
        return self.hands.pose(environments, qpos, qvel)

    def set_keyframe(self, environments: Environments, keyframe: int | str) -> Event:
        """Puts robots into a keyframe of their model (positions, velocities, activations).

        On a terrain it is their tile's middle that takes the place of the origin.

        Args:
            environments: See `apply_force`.
            keyframe: Name or index.

        Raises:
            InvalidArgument: see `apply_force`.
        """
        self._check_started()
        return self.hands.keyframe(environments, keyframe)

    @property
    def codes(self) -> Codes:
        """What pays and judges."""
        return Codes(self.reward, self.measure, self.reward_terms)

    def tried(self, reward: Reward | None, measure: Measure | None) -> Codes:
        """Tries what is to pay and to judge, on robots at rest and on these environments.

        Returns:
            What `use` takes.

        Raises:
            CodeFailed: it fails, or costs too much (TooCostly). Nothing is changed.
        """
        model, dt, data = self.physics.model, self.task.dt, self.data
        if reward is None and self.task.reward_code and not self.task.reward_terms:
            reward = Reward(self.task.reward_code)
        codes = [code for code in (reward, measure) if code is not None]
        self.physics.publish([name for code in codes for name in code.fields])
        if self.ground is not None:
            self.ground.publish()
        moments = moments_of(model, dt, data, codes)
        terms = self.task.reward_terms
        if reward is not None:
            terms = reward.try_out(model, dt)
            reward.terms(moments, data.ctrl.astype(np.float32), terms)
        if measure is not None:
            measure.try_out(model, dt)
            measure.values(moments, self.num_envs)
        return Codes(reward, measure, terms)

    def use(self, codes: Codes) -> None:
        """Pays and judges otherwise from the next step on; what did until now is `former`.

        Episodes go on. If something else pays, their returns begin at 0 here and lack what came
        before, as `unrewarded_steps` say; as final ones they are NaN.

        Args:
            codes: What `tried` gave.
        """
        self.former, self.failure = self.codes, None
        self._put(codes)

    def _put(self, codes: Codes) -> None:
        former = self.codes
        self.reward, self.measure, self.reward_terms = codes
        there = [code for code in codes[:2] if code is not None]
        self._moments = moments_of(self.physics.model, self.task.dt, self.data, there)
        self.reward_term_values = np.zeros((self.num_envs, len(codes.terms)))
        if self.reward is not former.reward:
            self.episode_returns.fill(0.0)
            self.unrewarded_steps[...] = self.episode_lengths
        if self.measure is not former.measure:
            self.episode_measures.fill(np.nan)

    def fall_back(self) -> None:
        """Puts back what paid and judged before."""
        assert self.former is not None
        self._put(self.former)
        self.former = self.failure = None

    def take_unpaid(self) -> str:
        """What could not be paid lately, as a sentence; empty where all could, or it was told."""
        unpaid, self.unpaid = self.unpaid, None
        if unpaid is None or self.failure is not None:
            return ""
        return unpaid.told(self.hands.first)

    @property  # type: ignore[misc]  # As in SyncVectorEnv: one per environment, not settable.
    def np_random(self) -> tuple[np.random.Generator | None, ...]:  # type: ignore[override]
        """The generator of each environment; None before its first reset."""
        return tuple(self._rngs)

    @property
    def np_random_seed(self) -> tuple[int | None, ...]:  # type: ignore[override]
        """What each generator was seeded with; None before the environment's first reset."""
        return tuple(self._rng_seeds)

    def close_extras(self, **kwargs: Any) -> None:
        """Frees the physics."""
        self.physics.close()

    def _advance(self, actions: Actions) -> tuple[Outcome, BoolArray, BoolArray]:
        """Steps and judges all.

        Returns:
            The outcome, which environments cannot go on [n], and of which that is only the reward's
            fault [n].
        """
        data, world = self.data, self.world
        data.ctrl[...] = actions if world is None else world.act(actions)
        before = self.task.before(data)
        self._moments.remember()
        self.forces.before_step()
        if world is not None:
            world.before_step()
        self.physics.step(self.task.frame_skip)
        if self.ground is not None:
            self.ground.look()
        with np.errstate(all="ignore"):  # A state that blew up must not make numpy warn.
            outcome = self.task.outcome(data, before, actions)
            if self.reward is not None:
                terms = self._pay(actions)
                outcome = outcome._replace(rewards=sum_of(terms), terms=terms)
            np.concatenate(self._observed(data), axis=1, out=self._fresh)
            self.rewards[...] = outcome.rewards
            bad = self.physics.bad.copy()
            unpaid = np.zeros_like(bad)
            # One sum tells of nearly every step that all is finite.
            if not np.isfinite(self._fresh.sum() + self.rewards.sum()):
                bad |= ~np.isfinite(self._fresh).all(axis=1)
                if self.reward is None:
                    bad |= ~np.isfinite(self.rewards)
            if self.reward is not None:
                unpaid = self._unpayable(outcome.terms, ~bad)
                bad |= unpaid
        if world is not None:
            self._fresh[bad] = 0.0  # `step` puts the last good ones there
            world.observe(self._fresh)
        for k, name in enumerate(self.reward_terms):
            if name not in outcome.terms:
                raise InvalidArgument(
                    f"{self.task.id} names the reward term {name!r}, but its outcome has only "
                    f"{', '.join(outcome.terms) or 'none'}."
                )
            self.reward_term_values[:, k] = outcome.terms[name]
        self.terminations[...] = outcome.terminated
        self.episode_lengths += 1
        np.greater_equal(self.episode_lengths, self._max_episode_steps, out=self.truncations)
        if self.ground is not None:
            self.truncations |= self.ground.outside
        return outcome, bad, unpaid

    def _pay(self, actions: Actions) -> Terms:
        """The terms of a step."""
        assert self.reward is not None
        if self.failure is None:
            try:
                return self.reward.terms(self._moments, actions, self.reward_terms)
            except CodeFailed as error:
                self._failed(error)
        return {name: np.zeros(self.num_envs) for name in self.reward_terms}

    def _unpayable(self, terms: Terms, good: BoolArray) -> BoolArray:
        """Environments of a good state [n] whose pay nobody could learn from [n].

        That of most is a failure of the code.
        """
        assert self.reward is not None
        wrong: BoolArray = good & ~(np.abs(self.rewards) <= MOST_PAID)
        if not wrong.any():
            return wrong
        parts = {name: np.broadcast_to(value, wrong.shape)[wrong] for name, value in terms.items()}
        blamed = [name for name, part in parts.items() if not (np.abs(part) <= MOST_PAID).all()]
        sizes = np.abs(self.rewards[wrong])
        if np.isnan(sizes).any():
            what = "NaN"
        elif np.isinf(sizes).any():
            what = "infinite"
        else:
            what = f"{sizes.max():.3g} (up to {MOST_PAID:.0e} is allowed)"
        which, file = np.flatnonzero(wrong).tolist(), self.reward.program.file
        self.unpaid = Unpaid(file, which, blamed or list(terms), what)
        if self.failure is None and 2 * len(which) > self.num_envs:
            told = f"{', '.join(self.unpaid.terms)} is {what} for most robots"
            fault = "is no number" if what == "NaN" else "explodes"
            self._failed(CodeFailed(file, f"what it pays {fault}: {told}"))
        return wrong

    def _judge(self, rows: BoolArray) -> None:
        """Adds the step of some environments to what the measure knows of their episodes."""
        if self.measure is None or self.failure is not None:
            return
        try:
            values = self.measure.values(self._moments, self.num_envs)
        except CodeFailed as error:
            if self.former is not None and self.former.measure is self.measure:
                self.former = None  # which would judge no better
            self._failed(error)
        else:
            self.measure.add(self.episode_measures, values, rows)

    def _judge_levels(self, ended: BoolArray, bad: BoolArray) -> None:
        """Moves environments to other levels by the episodes that have just ended."""
        for k, ladder in enumerate(self.ladders.values()):
            self.final_levels[ended, k] = ladder.levels[ended]
        limited = self._max_episode_steps < np.iinfo(np.int32).max
        steps = self._max_episode_steps if limited else self.episode_lengths
        measures = None
        if self.measure is not None:
            measures = (
                self.final_measures if self.failure is None else np.full(self.num_envs, np.nan)
            )
        counts = ended & ~bad
        if self.ground is not None:
            self.ground.judge(counts, np.multiply(steps, self.task.dt), measures)
        if self.world is not None:
            lasted = self.episode_lengths / steps
            self.world.judge(counts, lasted if measures is None else measures)

    def _failed(self, error: CodeFailed) -> None:
        """Pays nothing until the code before is back; raises if there is none and nobody looks."""
        if self.former is None and not self.patient:
            raise error
        self.failure = error

    def _forget(self, rows: IndexArray | BoolArray) -> None:
        """Takes back what the step said of some environments."""
        self.rewards[rows] = 0.0
        self.reward_term_values[rows] = 0.0
        self.terminations[rows] = False
        self.truncations[rows] = False

    def _restart(self, indices: IndexArray) -> None:
        """Begins new episodes in environments `indices`."""
        if not len(indices):
            return
        model = self.physics.model
        qpos = np.empty((len(indices), model.nq))
        qvel = np.empty((len(indices), model.nv))
        userdata = np.empty((len(indices), model.nuserdata))
        for k, i in enumerate(indices):
            rng = self._rngs[i]
            assert rng is not None  # reset() comes before step().
            qpos[k], qvel[k] = self.task.initial_state(rng)
            if model.nuserdata:
                userdata[k] = self.task.initial_userdata(rng)
        if self.world is not None:
            self.world.begin(indices, qpos, qvel, userdata)
        if self.ground is not None:
            self.ground.begin(indices, qpos)
        self.physics.reset(indices, qpos, qvel)
        self.physics.data.userdata[indices] = userdata
        self.forces.release(indices)
        first = self.observe(indices)
        if self.world is not None:
            self.world.observe(first, indices)
        self.observations[indices] = first
        self.episode_returns[indices] = 0.0
        if self.measure is not None:
            self.episode_measures[indices] = self.measure.begun(len(indices))
        self.unrewarded_steps[indices] = 0
        self.episode_lengths[indices] = 0

    def observe(self, indices: IndexArray) -> FloatArray:
        """Observations [k, obs] of environments as they stand, without noise and delay."""
        if self.ground is not None:
            self.ground.look(indices)
        return np.concatenate(self._observed(self.data.rows(indices), indices), axis=1)

    def observation_names(self) -> tuple[str, ...]:
        """What each number of an observation is; see `websim.names.observation_names`."""
        names = observation_names(self.task, self.num_envs)
        return names if self.ground is None or not names else (*names, *self.ground.scan_names)

    def _observed(
        self, data: BatchData, rows: IndexArray | slice = slice(None)
    ) -> tuple[FloatArray, ...]:
        """The parts of the observation, of all or of these rows."""
        parts = self.task.observation(data)
        if self.ground is None or self.ground.terrain.scan is None:
            return parts
        return (*parts, self.ground.scan(rows))

    def _look_again(self, indices: IndexArray) -> None:
        """The state of environments has been set; a world's sensors tell of it in the next step."""
        if self.ground is not None:
            self.ground.look(indices)
        if self.world is None:
            self.observations[indices] = self.observe(indices)

    def _final_infos(self, outcome: Outcome, ended: BoolArray, bad: BoolArray) -> Infos:
        """What there is to report of episodes that SAME_STEP is about to replace."""
        if not self.copy:
            episode = {"r": self.final_returns, "l": self.final_lengths}
            return {"episode": episode, "_episode": ended}
        final_observations = np.full(self.num_envs, None, dtype=object)
        for i in np.flatnonzero(ended):
            final_observations[i] = self.final_observations[i].copy()
        return {
            "final_obs": final_observations,
            "_final_obs": ended.copy(),
            "final_info": _masked({**outcome.infos, **outcome.terms}, ended & ~bad),
            "_final_info": ended.copy(),
        }

    def _add_reset_infos(self, infos: Infos, indices: IndexArray) -> None:
        """Adds what there is to report of the new episodes of environments `indices`."""
        everyone = np.ones(self.num_envs, np.bool_)
        for name, ladder in self.ladders.items():
            infos |= _masked({f"{name}_level": ladder.levels}, everyone)
        if self.ground is not None:
            infos |= _masked({"terrain_kind": self.ground.columns}, everyone)
        if not len(indices):
            return
        for key, value in self.task.reset_infos(self.data.rows(indices)).items():
            if key not in infos:
                infos[key] = np.zeros((self.num_envs, *value.shape[1:]), value.dtype)
                infos[f"_{key}"] = np.zeros(self.num_envs, np.bool_)
            infos[key][indices] = value
            infos[f"_{key}"][indices] = True

    def _checked_ranges(self, ranges: ActionRanges) -> ActionRanges:
        """The bounds of actions, if a robot can be moved within them."""
        nu = self.physics.model.nu
        low, high = np.asarray(ranges.low, float), np.asarray(ranges.high, float)
        valid = low.shape == high.shape == (nu,) and len(ranges.sources) == nu
        if not valid or not (np.isfinite(low) & np.isfinite(high) & (low < high)).all():
            raise InvalidArgument(
                f"action_ranges() of {self.task.id} must give {nu} finite bounds low < high and "
                f"as many sources, not {low.tolist()}, {high.tolist()} and {ranges.sources}."
            )
        return ActionRanges(low, high, ranges.sources)

    def _checked(self, actions: Any) -> Actions:
        """Returns actions as an array if they are allowed."""
        array = np.asarray(actions)
        shape = self.action_space.shape
        if array.shape != shape:
            raise InvalidArgument(f"actions must have the shape {shape}, not {array.shape}.")
        if array.dtype not in (np.float32, np.float64):
            raise InvalidArgument(f"actions must be float32 or float64, not {array.dtype}.")
        if not np.isfinite(array).all():
            wrong = np.flatnonzero(~np.isfinite(array).all(axis=1)).tolist()
            raise InvalidArgument(f"actions must be finite; those of environments {wrong} are not.")
        return array

    def _seeds(self, seed: Any) -> list[int | None]:
        """One seed, or None, per environment."""
        if seed is None:
            return [None] * self.num_envs
        if _is_integer(seed):
            seeds: list[Any] = [int(seed) + i for i in range(self.num_envs)]
        elif isinstance(seed, Sequence | np.ndarray):
            seeds = list(seed)
        else:
            raise InvalidArgument(f"seed must be an integer, a list of them or None, not {seed!r}.")
        if len(seeds) != self.num_envs:
            raise InvalidArgument(
                f"A list of seeds must have one for each of the {self.num_envs} environments, "
                f"not {len(seeds)}."
            )
        for one in seeds:
            if one is not None and (not _is_integer(one) or one < 0):
                raise InvalidArgument(f"A seed must be an integer of at least 0, not {one!r}.")
        return [None if one is None else int(one) for one in seeds]

    def _reset_mask(self, options: dict[str, Any]) -> BoolArray:
        """The environments that options ask to reset [n]."""
        if unknown := options.keys() - {"reset_mask"}:
            raise InvalidArgument(
                f"reset() knows only the option 'reset_mask', not {', '.join(map(repr, unknown))}."
            )
        mask = options.get("reset_mask", np.ones(self.num_envs, np.bool_))
        if (
            not isinstance(mask, np.ndarray)
            or mask.dtype != np.bool_
            or mask.shape != (self.num_envs,)
            or not mask.any()
        ):
            raise InvalidArgument(
                f"options['reset_mask'] must be a bool array of shape ({self.num_envs},) with at "
                f"least one True, not {mask!r}."
            )
        return mask

    def _check_started(self) -> None:
        self._check_open()
        if not self._started:
            raise ResetNeeded("Call reset() for all environments first.")

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedEnvironment("This environment is closed.")


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _masked(values: dict[str, NDArray[Any]], mask: BoolArray) -> Infos:
    """Copies values, each beside a mask of the environments that have it; 0 elsewhere."""
    everyone = bool(mask.all())
    if not everyone and not mask.any():
        return {}
    infos: Infos = {}
    for key, value in values.items():
        infos[key] = value.copy()
        if not everyone:
            infos[key][~mask] = 0
        infos[f"_{key}"] = mask.copy()
    return infos
