"""Policies without noise: what acts once something has been learnt. One kind a file."""

from websim.policies.base import Actions, Policy, acting_weights
from websim.policies.bounds import Bounds
from websim.policies.deterministic import DeterministicPolicy
from websim.policies.gaussian import GaussianPolicy
from websim.policies.playing import Playing, RecurrentPolicy

__all__ = [
    "Actions",
    "Bounds",
    "DeterministicPolicy",
    "GaussianPolicy",
    "Playing",
    "Policy",
    "RecurrentPolicy",
    "acting_weights",
]
