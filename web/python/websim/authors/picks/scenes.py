"""Short scenes of a run's robots, of which somebody picks those that move well.

Where all robots moved alike there would be nothing to pick. So besides the policy as it is learnt,
and the best so far, robots are moved by copies of it whose weights are disturbed (noise in the
space of parameters gives other ways to move, not a shiver: Plappert et al. 2018), by noise that is
held for a while, and by noise alone. Each robot's motion is cut into pieces of the same length; a
piece in which an episode ends is over there.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from websim.algorithms import learner_class
from websim.authors.picks.preference import FloatArray
from websim.authors.weights import weighted, weights_of, with_weights
from websim.errors import CheckpointError, InvalidArgument
from websim.experiments.experiment import Experiment
from websim.policies import Actions, Policy
from websim.rewards import Reward, moments_of, sum_of
from websim.states import StateDict
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import policy_of
from websim.vector import MujocoVectorEnv

ROBOTS = 3
"""That move in each way."""

PIECES = 3
"""Of each robot's motion."""

SECONDS = 2.0
"""Of a scene."""

MOST_STEPS = 250
"""Of a scene."""

FRAMES_PER_SECOND = 25
"""Of a scene, at most; less where environments take longer steps."""

DISTURBED = (0.1, 0.2, 0.2, 0.4, 0.4)
"""Standard deviations of what is added to weights, of their own root mean square."""

NOISE = 0.5
"""Standard deviation of noise that is added to actions, of half of their range."""

HELD = 0.2
"""Seconds that it stays the same."""


@dataclass(frozen=True, kw_only=True)
class Scenes:
    """Scenes, all of one run.

    Attributes:
        reward: The reward that the run has, each term with a weight of its own.
        terms: Names of its terms.
        weights: Theirs [terms].
        sums: Sums of the terms over each scene, not weighted [scenes, terms].
        ways: How the robot of each scene was moved, in words.
        frames: Pictures of each scene [scenes]; the last one stays.
        poses: Of all bodies in each picture: position, and quaternion w, x, y, z, float32
            [scenes, most frames, nbody, 7].
        frame_seconds: From one picture to the next.
    """

    reward: str
    terms: tuple[str, ...]
    weights: FloatArray
    sums: FloatArray
    ways: tuple[str, ...]
    frames: NDArray[np.int32]
    poses: NDArray[np.float32]
    frame_seconds: float


def record(
    experiment: Experiment,
    checkpoint: Checkpoint | None = None,
    *,
    seed: int = 0,
    seconds: float = SECONDS,
) -> Scenes:
    """Plays scenes.

    Args:
        experiment: Whose robots move; paid by its reward, or else by its task's own.
        checkpoint: What has been learnt; None: nothing.
        seed: Of the episodes and of all noise.
        seconds: How long scenes are.

    Raises:
        InvalidArgument: there is no reward whose terms could be weighted, or `seconds` are wrong,
            or nothing learns on the run's policy.
        UnsafeCode, CodeFailed: the reward is wrong.
        CheckpointError: the policy does not fit.
    """
    if not 0.1 <= seconds <= 10.0:
        raise InvalidArgument(f"A scene lasts 0.1 to 10 seconds, not {seconds!r}.")
    if checkpoint is not None:
        learner_class(checkpoint.experiment.algorithm)
    source = weighted(_reward_of(experiment))
    rng = np.random.default_rng(seed)
    probe = experiment.make_vec(1)
    try:
        ways = _ways(experiment, checkpoint, probe, rng)
    finally:
        probe.close()
    env = experiment.make_vec(len(ways) * ROBOTS, autoreset_mode=AutoresetMode.DISABLED, copy=False)
    try:
        return _play(env, experiment, source, ways, seconds, seed)
    finally:
        env.close()


def _reward_of(experiment: Experiment) -> str:
    source = experiment.reward
    if source is None:
        source = experiment.task_class().reward_code
    if not source:
        raise InvalidArgument("These robots are paid nothing: give them a reward first.")
    return source


def _ways(
    experiment: Experiment,
    checkpoint: Checkpoint | None,
    env: MujocoVectorEnv,
    rng: np.random.Generator,
) -> list[tuple[str, Policy]]:
    """What moves robots, and what that is called."""
    space = env.single_action_space
    low, high = space.low, space.high
    hold = max(1, round(HELD / env.task.dt))

    def rests(observations: NDArray[np.float64]) -> Actions:
        return np.tile((low + high) / 2, (len(observations), 1))

    chance = _Noise(rests, low, high, hold, rng)
    if checkpoint is None:
        return [("at random", chance)] * (len(DISTURBED) + 2)
    learner = checkpoint.learner

    def policy(state: StateDict) -> Policy:
        return policy_of(experiment, state, low, high)

    learnt = policy(learner)
    ways: list[tuple[str, Policy]] = [("as learnt", learnt)]
    if best := learner.get("best", {}).get("policy"):
        ways.append(("the best so far", policy(best)))
    ways += [("differently", policy(_disturbed(learner, part, rng))) for part in DISTURBED]
    ways.append(("with noise", _Noise(learnt, low, high, hold, rng)))
    ways.append(("at random", chance))
    return ways


class _Noise:
    """A policy with noise that is held for some steps."""

    def __init__(
        self,
        policy: Callable[[NDArray[np.float64]], Actions],
        low: Actions,
        high: Actions,
        hold: int,
        rng: np.random.Generator,
    ) -> None:
        self.policy, self.low, self.high, self.hold, self.rng = policy, low, high, hold, rng
        self._age = 0
        self._noise: NDArray[np.float64] = np.zeros(())

    def __call__(self, observations: NDArray[np.float64]) -> Actions:
        """See Policy."""
        if self._age % self.hold == 0:
            shape = len(observations), len(self.low)
            self._noise = NOISE * (self.high - self.low) / 2 * self.rng.standard_normal(shape)
        self._age += 1
        actions = np.clip(self.policy(observations) + self._noise, self.low, self.high)
        return actions.astype(np.float32)


def _disturbed(state: StateDict, part: float, rng: np.random.Generator) -> StateDict:
    """A policy's state with noise in its weights."""
    arrays = deepcopy(state.get("policy"))
    if not isinstance(arrays, dict):
        raise CheckpointError("The checkpoint has no policy.")
    for array in arrays.values():
        size = float(np.sqrt(np.mean(np.square(array)))) if array.size else 0.0
        array += (part * size * rng.standard_normal(array.shape)).astype(array.dtype)
    return {**state, "policy": arrays}


def _play(
    env: MujocoVectorEnv,
    experiment: Experiment,
    source: str,
    ways: list[tuple[str, Policy]],
    seconds: float,
    seed: int,
) -> Scenes:
    model, dt = env.physics.model, env.task.dt
    trusted = "reward" in experiment.trusted
    paid = Reward(source, trusted=trusted)
    names = paid.try_out(model, dt)
    weights = weights_of(source)
    if missing := [name for name in names if name not in weights]:
        raise InvalidArgument(
            f"The terms {', '.join(missing)} have no weight that could be seen: a constant "
            f"`{missing[0]}_weight` outside of functions."
        )
    ones = Reward(with_weights(source, dict.fromkeys(names, 1.0)), trusted=trusted)
    several = {name: float(k) for k, name in enumerate(names, 2)}
    others = Reward(with_weights(source, several), trusted=trusted)
    env.tried(paid, None)
    env.physics.publish(("xpos", "xquat"))
    moments = moments_of(model, dt, env.data, (paid, ones, others))
    steps = min(MOST_STEPS, max(2, round(seconds / dt)))
    stride = max(1, round(1 / (FRAMES_PER_SECOND * dt)))
    length, robots = -(-steps // stride), env.num_envs
    values = np.array([weights[name] for name in names])
    sums = np.zeros((PIECES, robots, len(names)))
    frames = np.zeros((PIECES, robots), np.int32)
    poses = np.zeros((PIECES, length, robots, model.nbody, 7), np.float32)
    observations, _ = env.reset(seed=seed)
    data = env.physics.data
    for piece in range(PIECES):
        goes_on = np.ones(robots, np.bool_)
        ended = np.zeros(robots, np.bool_)
        for step in range(steps):
            actions = np.concatenate(
                [
                    policy(observations[ROBOTS * i : ROBOTS * (i + 1)])
                    for i, (_, policy) in enumerate(ways)
                ]
            )
            moments.remember()
            env.step(actions)
            terms = ones.terms(moments, actions, names)
            plain_terms = np.stack([terms[name] for name in names], axis=-1)
            fine = goes_on & np.isfinite(plain_terms).all(axis=-1) & ~env.physics.bad
            if piece == step == 0:
                own = sum_of(paid.terms(moments, actions, names))
                other = others.terms(moments, actions, names)
                factors = all(
                    np.allclose(other[name][fine], several[name] * terms[name][fine])
                    for name in names
                )
                _check_sum(factors, own[fine], (plain_terms @ values)[fine], env.rewards[fine])
            sums[piece, fine] += plain_terms[fine]
            if step % stride == 0:
                pose = np.concatenate([data.xpos, data.xquat], axis=-1)
                poses[piece, step // stride, goes_on] = pose[goes_on]
                frames[piece, goes_on] += 1
            over = env.terminations | env.truncations | env.physics.bad
            ended |= over
            goes_on &= ~over
            if over.any():
                # It is somewhere else from now on; its piece is over.
                observations, _ = env.reset(options={"reset_mask": over})
            else:
                observations = env.observations
    # Of each robot one piece after the other, in the order of ways.
    order = np.arange(PIECES * robots).reshape(PIECES, robots).T.ravel()
    moved = np.moveaxis(poses, 1, 2).reshape(PIECES * robots, length, model.nbody, 7)
    # A piece of one step is nothing that could be looked at.
    kept = order[frames.ravel()[order] >= 2]
    return Scenes(
        reward=source,
        terms=names,
        weights=values,
        sums=sums.reshape(-1, len(names))[kept],
        ways=tuple(ways[(i % robots) // ROBOTS][0] for i in kept.tolist()),
        frames=frames.ravel()[kept],
        poses=moved[kept],
        frame_seconds=stride * dt,
    )


def _check_sum(factors: bool, own: FloatArray, weighed: FloatArray, paid: FloatArray) -> None:
    """Raises InvalidArgument where the reward is anything else than terms times weights."""
    if not (factors and np.allclose(weighed, own)):
        raise InvalidArgument(
            "The reward is not the sum of its terms, each times its weight: what a weight stands "
            "in must be a factor of one term, and of no other."
        )
    if not np.allclose(own, paid):
        raise InvalidArgument(
            "The task pays something else than its code says, since it has other options: write a "
            "reward first."
        )
