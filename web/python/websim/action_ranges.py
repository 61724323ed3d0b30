"""The bounds of actions: from what a model says of its actuators, or -1 to 1."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from websim.physics import FloatArray, Model
from websim.physics.enums import Bias, Dynamics, Gain, Joint, Transmission

DIRECT = (Dynamics.NONE, Dynamics.FILTER, Dynamics.FILTEREXACT)
"""The control acts as it is, if need be with a delay."""


class ActionRanges(NamedTuple):
    """The bounds of actions.

    Attributes:
        low: [nu].
        high: [nu].
        sources: Where each comes from: "ctrlrange", "muscle", "joint range", "tendon range",
            "forcerange", "actuatorfrcrange", or "default" where the model sets no limit.
    """

    low: FloatArray
    high: FloatArray
    sources: tuple[str, ...]


def action_ranges(model: Model) -> ActionRanges:
    """The bounds that a model itself sets.

    That is an actuator's `ctrlrange`; without one, the range of the joint or tendon whose position
    a servo is told, or the controls at which a motor's force reaches its limit.
    """
    ranges, sources = np.empty((model.nu, 2)), []
    for i in range(model.nu):
        source, ranges[i] = next(
            (source, limits)
            for source, limits in _limits(model, i)
            if np.isfinite(limits).all() and limits[0] < limits[1]
        )
        sources.append(source)
    return ActionRanges(ranges[:, 0], ranges[:, 1], tuple(sources))


def _limits(model: Model, i: int) -> Iterator[tuple[str, FloatArray]]:
    """What could bound the control of actuator i; the first that is an interval does."""
    yield "ctrlrange", model.actuator_ctrlrange[i]
    gain, bias = model.actuator_gainprm[i, 0], model.actuator_biasprm[i]
    dynamics = model.actuator_dyntype[i]
    if dynamics == Dynamics.MUSCLE:
        yield "muscle", np.array([0.0, 1.0])  # MuJoCo clamps it to that
    elif dynamics in DIRECT and model.actuator_gaintype[i] == Gain.FIXED and gain != 0:
        gear, moved = model.actuator_gear[i, 0], model.actuator_trnid[i, 0]
        transmission = model.actuator_trntype[i]
        one_joint = (
            transmission in (Transmission.JOINT, Transmission.JOINTINPARENT)
            and model.jnt_type[moved] in (Joint.SLIDE, Joint.HINGE)
            and gear != 0
        )
        if model.actuator_biastype[i] == Bias.AFFINE and bias[0] == 0 and bias[1] == -gain:
            # Force = gain * (control - length), and length = gear * position.
            if one_joint and model.jnt_limited[moved]:
                yield "joint range", np.sort(gear * model.jnt_range[moved])
            elif transmission == Transmission.TENDON and model.tendon_limited[moved]:
                yield "tendon range", np.sort(gear * model.tendon_range[moved])
        elif model.actuator_biastype[i] == Bias.NONE:
            if model.actuator_forcelimited[i]:
                yield "forcerange", np.sort(model.actuator_forcerange[i] / gain)
            if one_joint and model.jnt_actfrclimited[moved]:
                yield "actuatorfrcrange", np.sort(model.jnt_actfrcrange[moved] / (gain * gear))
    yield "default", np.array([-1.0, 1.0])
