"""What moving costs: torque, energy, jerks, blows."""

import numpy as np

from websim.action_ranges import action_ranges
from websim.authors.anatomy import Anatomy
from websim.authors.terms.quantity import Quantity, columns, number


def effort(anatomy: Anatomy) -> Quantity:
    """Of the actions: how much of their range is used."""
    ranges = action_ranges(anatomy.model)
    reach = np.maximum(np.abs(ranges[0]), np.abs(ranges[1]))
    same = bool(np.all(reach == reach[0])) if len(reach) else True
    most = number(float(reach[0])) if same else f"np.array({[round(float(r), 4) for r in reach]})"
    used = "action" if most == "1.0" else f"action / {most}"
    return Quantity(
        name="effort",
        says="How much of their range actions use: mean square, 0 to 1.",
        unit="",
        code=f"return np.square({used}).mean(axis=1)",
        scale=1.0,
        of_action=True,
    )


def _driven(anatomy: Anatomy) -> str:
    model = anatomy.model
    joints = anatomy.actuated or anatomy.hinges()
    return columns(int(model.jnt_dofadr[joint]) for joint in joints)


def power(anatomy: Anatomy) -> Quantity:
    """That motors spend, related to the robot's weight: the cost of transport's numerator."""
    weight = float(anatomy.model.body_mass.sum() * 9.81)
    return Quantity(
        name="power",
        says="What motors spend, torque times speed, per newton of its weight, in W/N.",
        unit="W/N",
        code=f"at = now.qfrc_actuator[:, {_driven(anatomy)}] * now.qvel[:, {_driven(anatomy)}]\n"
        f"return np.abs(at).sum(axis=1) / {number(weight)}",
        scale=5.0,
    )


def smoothness(anatomy: Anatomy) -> Quantity:
    """How fast velocities of driven joints change."""
    dofs = _driven(anatomy)
    return Quantity(
        name="jerkiness",
        says="How fast joints speed up or slow down, root mean square, in rad/s^2.",
        unit="rad/s^2",
        code=f"change = now.qvel[:, {dofs}] - before.qvel[:, {dofs}]\n"
        "return np.sqrt(np.square(change).mean(axis=1)) / now.dt",
        scale=200.0,
    )


def joint_speed(anatomy: Anatomy) -> Quantity:
    """Of driven joints."""
    return Quantity(
        name="joint_speed",
        says="How fast joints move, root mean square, in rad/s.",
        unit="rad/s",
        code=f"return np.sqrt(np.square(now.qvel[:, {_driven(anatomy)}]).mean(axis=1))",
        scale=5.0,
    )


def impact(anatomy: Anatomy) -> Quantity:
    """Of the largest force that anything exerts on a body, related to the robot's weight."""
    weight = float(anatomy.model.body_mass.sum() * 9.81)
    return Quantity(
        name="impact",
        says="The largest force of contacts on a body, in times of its weight.",
        unit="weights",
        code="force = np.linalg.norm(now.cfrc_ext[:, 1:, 3:], axis=2)\n"
        f"return force.max(axis=1) / {number(weight)}",
        scale=10.0,
    )
