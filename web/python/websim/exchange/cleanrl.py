"""Agents of CleanRL's scripts for continuous actions: what `--save-model` writes, or a state dict.

`ppo_continuous_action.py` keeps no statistics of observations in it: they lie in the environment's
NormalizeObservation, and have to be given beside.
"""

import re

import numpy as np

from websim.errors import ForeignPolicy
from websim.exchange import torch
from websim.exchange.folding import Activation, Found, Scaling, Step, layers_of, stacked

_PPO_LAYER = re.compile(r"actor_mean\.(\d+)\.weight")


def read(data: bytes) -> Found:
    """The actor of PPO, DDPG, TD3 or SAC.

    Raises:
        ForeignPolicy: it is none of them.
    """
    tensors = torch.state_dict(data)
    numbers = sorted(int(m[1]) for m in map(_PPO_LAYER.fullmatch, tensors) if m)
    if numbers:
        layers = layers_of(tensors, [f"actor_mean.{number}" for number in numbers])
        logstd = tensors.get("actor_logstd")
        fits = logstd is not None and logstd.size == layers[-1].bias.size
        return Found(
            stacked(layers, "tanh"),
            logstd.reshape(-1) if fits and logstd is not None else None,
        )
    head = next((name for name in ("fc_mu", "fc_mean") if f"{name}.weight" in tensors), None)
    if head is not None:
        layers = layers_of(tensors, ["fc1", "fc2", head])
        scale = tensors.get("action_scale", np.ones(1)).reshape(-1)
        shift = tensors.get("action_bias", np.zeros(1)).reshape(-1)
        scaled: list[Step] = [Activation("tanh"), Scaling(scale, shift)]
        return Found([*stacked(layers, "relu"), *scaled])
    raise ForeignPolicy(
        "The file is no agent of CleanRL's for continuous actions (PPO, DDPG, TD3, SAC): it has "
        f"{', '.join(tensors) or 'no tensors':.200}."
    )
