"""What one worker owns of one task: some environments, what drives them, and how they are shown.

The worker (`sim/worker/shard.js`) copies a Display's arrays to the page; a Shard it also calls once
a batch.
"""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

import websim
from websim.browser.controllers import Controller, make_controller
from websim.browser.messages import (
    About,
    ArrayPlace,
    Deed,
    JointPlace,
    ShardPlace,
    ShardSizes,
    plain,
    read,
)
from websim.browser.overture import take_over
from websim.errors import ForeignPolicy, InvalidArgument
from websim.experiments.environments import tried
from websim.experiments.experiment import Experiment
from websim.experiments.sources import experiment_of
from websim.hands import Event
from websim.names import action_names
from websim.physics import Model
from websim.physics.enums import Joint
from websim.policies import Policy
from websim.vector import Codes, MujocoVectorEnv

OnEpisode = Callable[[int, float, int], object]

OnFailure = Callable[[str, str, str], object]


class Display:
    """Environments as the page sees them, whoever steps them.

    Attributes:
        env: The vector environment.
        low: Lower bounds of an action [nu].
        high: Upper bounds.
        actions: [n, nu] float32, the actions of the last step.
    """

    def __init__(
        self,
        env: MujocoVectorEnv,
        first: int = 0,
        on_episode: OnEpisode = lambda index, episode_return, length: None,
    ) -> None:
        """Takes the environments.

        Args:
            env: In the in-place mode (`copy=False`), restarting environments in the step that ends
                their episode.
            first: Index of the first one within its group.
            on_episode: Told index within the group, return and length of each episode that ended.
        """
        self.first = first
        self._on_episode = on_episode
        self._bad_before = 0
        self.env = env
        env.hands.first = first
        space = env.single_action_space
        self.low, self.high = space.low, space.high
        self.actions: NDArray[np.float32] = np.zeros((env.num_envs, *space.shape), np.float32)

    def show(self, env: MujocoVectorEnv) -> None:
        """Shows these environments, of the same robots, in place of others."""
        self._bad_before += self.env.bad_states
        self.env = env
        env.hands.first = self.first

    def about(self) -> About:
        """Names and sizes of everything that the worker publishes."""
        env, model = self.env, self.env.physics.model
        return About(
            sizes=ShardSizes(
                num_envs=env.num_envs,
                observation_size=env.observations.shape[1],
                action_size=self.actions.shape[1],
                reward_terms=len(env.reward_terms),
                world_values=0 if env.world is None else len(env.world.names),
                nq=model.nq,
                nv=model.nv,
                nbody=model.nbody,
            ),
            frame_skip=env.task.frame_skip,
            dt=model.timestep * env.task.frame_skip,
            action_names=list(action_names(model)),
            observation_names=list(env.observation_names()),
            action_low=self.low.tolist(),
            action_high=self.high.tolist(),
            action_sources=list(env.action_sources),
            reward_terms=list(env.reward_terms),
            world_values=[] if env.world is None else list(env.world.names),
            terrain_kinds=[] if env.ground is None else list(env.ground.terrain.kinds),
            joints=list(_joints(model)),
            keyframes=[name or str(i) for i, name in enumerate(model.key_names)],
        )

    def describe(self) -> dict[str, Any]:
        """The same, as it crosses."""
        return plain(self.about())

    def places(self) -> list[dict[str, Any]]:
        """Where the arrays lie that the worker publishes: an ArrayPlace each."""
        env, data = self.env, self.env.physics.data
        arrays: dict[str, NDArray[Any]] = {
            "observations": env.observations,
            "finalObservations": env.final_observations,
            "rewards": env.rewards,
            "rewardTerms": env.reward_term_values,
            "worldValues": env.reward_term_values[:, :0] if env.world is None else env.world.values,
            "episodeReturns": env.episode_returns,
            "episodeLengths": env.episode_lengths,
            "unrewardedSteps": env.unrewarded_steps,
            "qpos": env.data.qpos,
            "qvel": data.qvel,
            "time": data.time,
            "actions": self.actions,
            "terminations": env.terminations,
            "truncations": env.truncations,
        }
        return [
            plain(ArrayPlace(name=name, address=array.ctypes.data, length=array.size))
            for name, array in arrays.items()
        ]

    @property
    def physics(self) -> Any:
        """The JavaScript half of the physics (in the browser only)."""
        return cast(Any, self.env.physics).batch

    @property
    def bad_states(self) -> int:
        """Episodes ended by a bad state so far."""
        return self._bad_before + self.env.bad_states

    def take_unpaid(self) -> str:
        """See MujocoVectorEnv."""
        return self.env.take_unpaid()

    def handle(self, deed: Mapping[str, Any]) -> str:
        """Does what a hand is to do, a Deed, to those of its environments that are here.

        Returns:
            The `websim.hands.Event` as JSON: in JavaScript None is not null.

        Raises:
            InvalidArgument: something that is not allowed; nothing is changed.
        """
        wanted = read(Deed, deed)
        first = wanted.first - self.first
        indices = np.arange(max(0, first), min(self.env.num_envs, first + wanted.count))
        hands = self.env.hands
        ways: dict[str, Callable[..., Event]] = {
            "push": hands.push,
            "pull": hands.pull,
            "move": hands.move,
            "release": hands.release,
            "pose": hands.pose,
            "joint": self._set_joint,
            "keyframe": hands.keyframe,
        }
        try:
            return json.dumps(ways[wanted.do](indices, **wanted.what))
        except TypeError as error:  # of a name that the method does not have
            raise InvalidArgument(f"A hand cannot {wanted.do} so: {error}.") from None

    def _set_joint(self, indices: NDArray[np.intp], joint: int | str, value: float) -> Event:
        data, joints = self.env.data, list(_joints(self.env.physics.model))
        found = [one for i, one in enumerate(joints) if joint in (one.name, i)]
        if not found or isinstance(joint, bool):
            names = ", ".join(one.name for one in joints) or "none"
            raise InvalidArgument(f"joint must be one of {names}, not {joint!r:.99}.")
        qpos = data.qpos[indices]
        try:
            qpos[:, found[0].address] = value
        except (TypeError, ValueError):
            raise InvalidArgument(f"value must be a number, not {value!r:.99}.") from None
        return self.env.hands.pose(indices, qpos, data.qvel[indices])

    def refresh(self) -> None:
        """Brings `actions` up to date, where somebody else steps."""
        self.actions[...] = self.env.physics.data.ctrl

    def tell(self, ended: NDArray[np.bool_]) -> None:
        """Tells of the environments [n] whose episode ended in the last step.

        Not of those whose return is not known, because they began without us (`take_over`).
        """
        env = self.env
        for i in np.flatnonzero(ended & ~np.isnan(env.final_returns)):
            self._on_episode(
                self.first + int(i), float(env.final_returns[i]), int(env.final_lengths[i])
            )

    def close(self) -> None:
        """Frees the physics."""
        self.env.close()


class Shard(Display):
    """Environments `first` to `first + num_envs - 1` of a group, with their controllers.

    Environment i of a group is seeded with `seed + i`, so that the group does the same however it
    is divided over workers.
    """

    def __init__(
        self,
        experiment: str | Experiment,
        num_envs: int,
        *,
        first: int = 0,
        seed: int = 0,
        controller: str = "random",
        policies: Mapping[str, Policy] | None = None,
        on_episode: OnEpisode = lambda index, episode_return, length: None,
        on_failure: OnFailure = lambda message, part, source: None,
    ) -> None:
        """Makes the environments; `reset` starts them.

        Args:
            experiment: What is simulated; a task id stands for one by default.
            num_envs: Number of environments n.
            first: Index of the first one within its group.
            seed: Of the group's first environment.
            controller: A name of `websim.browser.controllers.CONTROLLERS`, or of `policies`.
            policies: By name, what else may control; may change later.
            on_episode: Told index within the group, return and length of each episode that ended.
            on_failure: Told what made the reward or the measure fail as it ran, which of them, and
                its source, when it has given way (`give_up`).
        """
        self._experiment = experiment_of(experiment)
        env = websim.make_vec(
            self._experiment,
            num_envs,
            autoreset_mode=AutoresetMode.SAME_STEP,
            copy=False,
        )
        super().__init__(env, first, on_episode)
        self._on_failure = on_failure
        self._tried: tuple[Experiment, Codes] | None = None
        self._former: Experiment | None = None
        env.patient = True
        self._seed = seed
        self._policies = {} if policies is None else policies
        self._held: dict[int, NDArray[np.float32]] = {}
        self._stumbled = ""
        self._names = [controller] * num_envs
        self._controllers: dict[tuple[int, int, str], Controller] = {}
        self._make_controllers()

    def reset(self, seed: int | None = None) -> None:
        """Starts all episodes anew; a seed (of the group's first environment) makes them repeat."""
        if seed is None:
            self.env.reset()
            return
        self._seed = seed
        self.env.reset(seed=[seed + self.first + i for i in range(self.env.num_envs)])
        self._controllers.clear()
        self._make_controllers()

    def take_over(self, state: Mapping[str, Any], lengths: Any) -> None:
        """Goes on where others have stepped the environments to (`websim.browser.overture`)."""
        take_over(self.env, state, lengths)

    def take_unpaid(self) -> str:
        """See Display; likewise, that a policy has failed."""
        stumbled, self._stumbled = self._stumbled, ""
        return stumbled or super().take_unpaid()

    def set_controller(self, name: str, first: int = 0, count: int | None = None) -> None:
        """Hands environments to a controller.

        Args:
            name: See the constructor.
            first: The first of them within this shard.
            count: How many; None: all that follow.

        Raises:
            InvalidArgument: there is no controller of that name; nothing is changed.
        """
        before = self._names.copy()
        end = self.env.num_envs if count is None else first + count
        self._names[first:end] = [name] * (end - first)
        try:
            self._make_controllers()
        except InvalidArgument:
            self._names = before
            raise

    def _make_controllers(self) -> None:
        """One for each run of environments with the same name; those that there are stay."""
        controllers: dict[tuple[int, int, str], Controller] = {}
        start = 0
        for name, run in itertools.groupby(self._names):
            count = len(list(run))
            key = (start, count, name)
            controllers[key] = self._controllers.get(key) or make_controller(
                name, count, self.low, self.high, self._seed + self.first + start, self._policies
            )
            start += count
        self._controllers = controllers

    def hold(self, index: int, action: Any = None) -> None:
        """Holds one environment's action instead of the controller's; None lets go.

        Args:
            index: Environment within this shard.
            action: [nu], or None.

        Raises:
            InvalidArgument: the action has another shape or is not finite.
        """
        if action is None:
            self._held.pop(index, None)
            return
        row = np.array(action, dtype=np.float32)
        if row.shape != self.actions.shape[1:] or not np.isfinite(row).all():
            raise InvalidArgument(
                f"An action has {self.actions.shape[1]} finite numbers, not {row.tolist()}."
            )
        self._held[index] = row

    def step(self) -> None:
        """One step under the controllers, and under held actions where there are some."""
        env = self.env
        time = env.physics.data.time
        started = env.episode_lengths == 0
        for (start, count, name), controller in [*self._controllers.items()]:
            rows = slice(start, start + count)
            try:
                chosen = controller(env.observations[rows], time[rows], started[rows])
            except ForeignPolicy as error:  # a graph may fail at what it has not seen before
                self._stumbled = f"The policy {name!r} acts no longer: {error}"
                self.set_controller("zero", start, count)
                chosen = np.clip(np.zeros_like(self.low), self.low, self.high)
            self.actions[rows] = chosen
        for index, action in self._held.items():
            self.actions[index] = action
        self.apply()

    def apply(self) -> None:
        """One step under `actions` as they stand."""
        *_, infos = self.env.step(self.actions)
        if "_episode" in infos:
            self.tell(infos["_episode"])
        if (failure := self.env.failure) is not None:
            measure = self.env.measure
            judged = measure is not None and failure.file == measure.program.file
            part = "measure" if judged else "reward"
            source = str(getattr(self._experiment, part))
            self.give_up(part, source)
            self._on_failure(str(failure), part, source)

    def try_code(self, code: str) -> None:
        """Tries another reward or measure, which `use_code` then puts in force.

        Args:
            code: A `websim.training.trainer.Code` as JSON.

        Raises:
            UnsafeCode, CodeFailed, InvalidArgument: the code is wrong; nothing is changed.
        """
        wanted = self._experiment.with_code(**json.loads(code))
        self._tried = wanted, tried(self.env, self._experiment, wanted)

    def use_code(self) -> None:
        """Pays and judges by what was tried; episodes go on."""
        assert self._tried is not None
        self._former = self._experiment
        self._experiment, codes = self._tried
        self.env.use(codes)

    def give_up(self, part: str, source: str) -> None:
        """Pays and judges by what did before the last change.

        Where that was the same, the task itself pays, or nobody judges.

        Args:
            part: What has failed, here or in another worker: "reward" or "measure".
            source: It; where it is not in force nothing is done.
        """
        own, former = self._experiment, self._former
        if getattr(own, part) != source:
            return
        if former is None or self.env.former is None or getattr(former, part) == source:
            former = own.with_code(**{part: None})
            self.env.former = tried(self.env, own, former)
        self.env.fall_back()
        self._experiment, self._former = former, None


def _joints(model: Model) -> Iterator[JointPlace]:
    """Those of one number."""
    for i, kind in enumerate(map(Joint, model.jnt_type)):
        if kind not in (Joint.HINGE, Joint.SLIDE):
            continue
        low, high = model.jnt_range[i].tolist() if model.jnt_limited[i] else (None, None)
        yield JointPlace(
            name=model.joint_names[i] or f"joint {i}",
            address=int(model.jnt_qposadr[i]),
            low=low,
            high=high,
            angle=kind is Joint.HINGE,
        )


def make_shard(
    experiment: Experiment,
    place: Mapping[str, Any],
    controller: str,
    policies: Mapping[str, Policy],
    on_episode: OnEpisode,
    on_failure: OnFailure,
) -> Shard:
    """Makes the environments of a ShardPlace, and starts their episodes; see Shard."""
    wanted = read(ShardPlace, place)
    shard = Shard(
        experiment,
        wanted.num_envs,
        first=wanted.first,
        seed=wanted.seed,
        controller=controller,
        policies=policies,
        on_episode=on_episode,
        on_failure=on_failure,
    )
    shard.reset(wanted.seed)
    return shard
