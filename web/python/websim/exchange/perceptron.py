"""A policy as our learners have it, apart from a run, and how runs are made of it and into it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from websim.algorithms import algorithm_class
from websim.algorithms.base import COUNTERS, MAX_CLIP, MAX_LAYERS, MAX_WIDTH, make_hyperparameters
from websim.algorithms.presets import PRESETS, preset
from websim.errors import ForeignPolicy, NoPerceptron, WebSimError
from websim.experiments.experiment import Experiment
from websim.experiments.sources import whole
from websim.kernels import ACTIVATIONS
from websim.policies import Bounds
from websim.policies.network import Network, learner_of, network_of
from websim.training.checkpoints import Checkpoint
from websim.training.verification import verify


@dataclass
class Perceptron:
    """What acts.

    Attributes:
        network: Layers, and the statistics that observations are normalised with.
        activation: Between layers, one of `websim.kernels.ACTIVATIONS`.
        clip_obs: Normalised observations are clipped to +- this.
        bounds: What becomes of the last layer's numbers.
    """

    network: Network
    activation: str
    clip_obs: float
    bounds: Bounds


@dataclass
class Surroundings:
    """What a policy sees and moves.

    Attributes:
        observations: Names of what is observed, "" where one is not known; as many as there are.
        actions: Names of the actions.
        bounds: Of the actions; they are clipped.
    """

    observations: tuple[str, ...]
    actions: tuple[str, ...]
    bounds: Bounds


def surroundings_of(experiment: Experiment) -> Surroundings:
    """What the policies of an experiment see and move.

    Raises:
        WebSimError: it cannot be simulated.
    """
    from websim.names import action_names

    env = experiment.make_vec(1)
    try:
        size = env.single_observation_space.shape[0]
        space = env.single_action_space
        return Surroundings(
            env.observation_names() or ("",) * size,
            action_names(env.physics.model),
            Bounds(space.low, space.high),
        )
    finally:
        env.close()


def perceptron_of(run: Checkpoint, surroundings: Surroundings) -> Perceptron:
    """The policy of a run that is known to be sound."""
    experiment = run.experiment
    args: Any = make_hyperparameters(
        algorithm_class(experiment.algorithm).Hyperparameters, experiment.hyperparameters
    )
    return Perceptron(
        network_of(run.learner, args.hidden_sizes),
        getattr(args, "activation", "tanh"),
        args.clip_obs,
        replace(surroundings.bounds, squash=args.squash_output),
    )


def run_of(perceptron: Perceptron, experiment: Experiment, title: str) -> Checkpoint:
    """A run that PPO can go on from, of a policy and what it moves.

    Args:
        perceptron: The policy; its numbers may be of any precision.
        experiment: With the task, or the robot, that it is for.
        title: What people call the run.

    Raises:
        ForeignPolicy: it does not fit the task, or our learners have none like it.
        WebSimError: the experiment cannot be simulated.
    """
    network, widths = perceptron.network, perceptron.network.widths
    hidden = list(widths[1:-1])
    if len(hidden) > MAX_LAYERS or max(hidden, default=1) > MAX_WIDTH:
        raise NoPerceptron(
            f"The policy has hidden layers of {hidden}: up to {MAX_LAYERS} are possible, each up "
            f"to {MAX_WIDTH} wide."
        )
    if perceptron.activation not in ACTIVATIONS:
        raise NoPerceptron(
            f"The policy's layers end in {perceptron.activation}; possible are "
            f"{', '.join(ACTIVATIONS)}."
        )
    chosen: dict[str, Any] = {
        **preset("ppo", next(iter(PRESETS["ppo"])), experiment.task),
        "hidden_sizes": hidden,
        "activation": perceptron.activation,
        "clip_obs": min(float(perceptron.clip_obs), MAX_CLIP),
        "squash_output": perceptron.bounds.squash,
    }
    args: Any = make_hyperparameters(algorithm_class("ppo").Hyperparameters, chosen)
    experiment = replace(
        whole(experiment.for_learning()),
        algorithm="ppo",
        hyperparameters=chosen,
        adaptation=None,
        hands=None,
        title=title,
    )
    if network.logstd is None:
        logstd = np.full(widths[-1], args.log_std_init, np.float32)
        network = replace(network, logstd=logstd)
    learner = {**dict.fromkeys(COUNTERS, 0), **learner_of(network, flat=False)}
    run = Checkpoint(experiment, learner, [])
    try:
        verify(run)
    except WebSimError as error:
        raise ForeignPolicy(f"The policy cannot be used: {error}") from None
    return run


def check_widths(
    observations: int, actions: int, surroundings: Surroundings, experiment: Experiment
) -> None:
    """Raises ForeignPolicy where a policy takes or gives other numbers than there are."""
    wanted = len(surroundings.observations), len(surroundings.actions)
    if (observations, actions) != wanted:
        raise ForeignPolicy(
            f"The policy takes {observations} observations and gives {actions} actions, and "
            f"{experiment.task} has {wanted[0]} and {wanted[1]}: it was learnt with another task, "
            "or with other options of it."
        )
