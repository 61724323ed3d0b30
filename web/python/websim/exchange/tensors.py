"""A run's policy as safetensors, with the names of CleanRL's PPO agent.

`actor_mean.0.weight` [out, in] and so on, as torch has them, `actor_logstd` [1, nu], and what
observations are normalised by: `mean`, `var` [obs], `clip` [1]. In torch
`agent.load_state_dict(safetensors.torch.load_file(FILE), strict=False)` takes the actor.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import ForeignPolicy
from websim.exchange.perceptron import perceptron_of, surroundings_of
from websim.nn.normalization import EPSILON
from websim.training import safetensors
from websim.training.checkpoints import Checkpoint
from websim.training.verification import verify


def export(run: Checkpoint) -> bytes:
    """The tensors of a run's policy.

    Raises:
        ForeignPolicy: it has another activation than such agents, or squashes its actions.
        CheckpointError: the run is damaged, or has no policy.
        WebSimError: it cannot be simulated.
    """
    verify(run)
    perceptron = perceptron_of(run, surroundings_of(run.experiment))
    if perceptron.activation != "tanh" or perceptron.bounds.squash:
        raise ForeignPolicy(
            "Agents of CleanRL's PPO have tanh between their layers and actions that are clipped, "
            f"and this policy has {perceptron.activation}"
            f"{' and squashes its actions' if perceptron.bounds.squash else ''}: write it as ONNX."
        )
    network = perceptron.network
    tensors: dict[str, NDArray[Any]] = {
        "mean": network.mean,
        "var": np.square(network.std) - EPSILON,
        "clip": np.array([perceptron.clip_obs]),
    }
    for i, (weight, bias) in enumerate(network.layers):
        tensors[f"actor_mean.{2 * i}.weight"] = np.ascontiguousarray(weight.T)
        zeros = np.zeros(weight.shape[1], np.float32)
        tensors[f"actor_mean.{2 * i}.bias"] = zeros if bias is None else np.asarray(bias)
    if network.logstd is not None:
        tensors["actor_logstd"] = network.logstd[np.newaxis]
    return safetensors.dumps(tensors)
