"""Models with every kind of state that MuJoCo has, and an environment that is stepped alone.

The tests step a batch of each, here and in the browser.
"""

from typing import Any

import numpy as np

STEPS = 200
NUM_ENVS = 3


def arm(actuator: str = "", sensor: str = "", rest: str = "", *, head: str = "") -> str:
    """Two links on hinges that fall onto a floor, with a box that lies there."""
    return f"""
    <mujoco>
      <option timestep="0.005"/>
      {head}
      <worldbody>
        <geom name="floor" type="plane" size="2 2 .1"/>
        <body name="upper" pos="0 0 .7">
          <joint name="shoulder" axis="0 1 0" damping=".1"/>
          <geom type="capsule" fromto="0 0 0 .3 0 0" size=".04"/>
          <body name="lower" pos=".3 0 0">
            <joint name="elbow" axis="0 1 0" damping=".1"/>
            <geom type="capsule" fromto="0 0 0 .3 0 0" size=".04"/>
            <site name="tip" pos=".3 0 0"/>
          </body>
        </body>
        <body name="box" pos=".3 .5 .2"><freejoint/><geom type="box" size=".1 .1 .1"/></body>
        <body name="hand" mocap="true" pos="0 0 1.5">
          <geom size=".02" contype="0" conaffinity="0"/>
        </body>
      </worldbody>
      <actuator>{actuator}</actuator>
      <sensor>{sensor}</sensor>
      {rest}
    </mujoco>"""


MOTOR = '<motor joint="shoulder" ctrlrange="-3 3"/>'

OWN = {
    "delayed actuator": arm('<motor joint="shoulder" ctrlrange="-3 3" delay=".05" nsample="12"/>'),
    "two delays": arm(
        '<motor joint="shoulder" ctrlrange="-3 3" delay=".05" nsample="12"/>'
        '<position joint="elbow" kp="5" ctrlrange="-1 1" delay=".02" nsample="5"/>'
    ),
    "interpolated delay": arm(
        '<motor joint="shoulder" ctrlrange="-3 3" delay=".033" nsample="9" interp="linear"/>'
    ),
    "delayed sensor": arm(MOTOR, '<jointpos joint="elbow" delay=".04" nsample="10"/>'),
    "sensor with an interval": arm(MOTOR, '<jointvel joint="elbow" interval=".03" nsample="2"/>'),
    "sensors with an interval alone": arm(
        MOTOR,
        '<jointvel joint="elbow" interval=".03"/>'
        '<framepos objtype="site" objname="tip" interval=".013"/>',
    ),
    "sensor with an interval and a delay": arm(
        MOTOR, '<framepos objtype="site" objname="tip" interval=".02" delay=".05" nsample="9"/>'
    ),
    "filtered actuator": arm(
        '<general joint="elbow" dyntype="filter" dynprm=".1" gainprm="5" ctrlrange="-1 1"/>'
    ),
    "delayed activation": arm(
        '<general joint="elbow" dyntype="filterexact" dynprm=".1" gainprm="5" ctrlrange="-1 1"'
        ' delay=".03" nsample="8"/>'
    ),
    "integrated velocity": arm(
        '<intvelocity joint="elbow" kp="5" ctrlrange="-1 1" actrange="-2 2"/>'
    ),
    "muscle": arm('<muscle joint="elbow" ctrlrange="0 1" lengthrange="-1 1"/>'),
    "equality switches": arm(
        MOTOR,
        rest='<equality><connect body1="lower" body2="hand" anchor=".3 0 0"/>'
        '<joint joint1="shoulder" joint2="elbow" active="false"/></equality>',
    ),
    "weld to a mocap body": arm(
        MOTOR, rest='<equality><weld body1="box" body2="hand"/></equality>'
    ),
    "user data": arm(MOTOR, head='<size nuserdata="4"/>'),
    "Runge-Kutta": arm(MOTOR, head='<option integrator="RK4"/>'),
    "implicit": arm(MOTOR, head='<option integrator="implicitfast"/>'),
    "conjugate gradient": arm(MOTOR, head='<option solver="CG" iterations="5"/>'),
    "projected Gauss-Seidel": arm(MOTOR, head='<option solver="PGS" iterations="5"/>'),
    "no islands": arm(MOTOR, head='<option><flag island="disable"/></option>'),
    "energy": arm(
        MOTOR,
        "<e_potential/><subtreelinvel body='upper'/><force site='tip'/>",
        head='<option><flag energy="enable"/></option>',
    ),
    "tendon": arm(
        '<motor tendon="cord" ctrlrange="-2 2"/>',
        rest='<tendon><fixed name="cord"><joint joint="shoulder" coef="1"/>'
        '<joint joint="elbow" coef="-.5"/></fixed></tendon>',
    ),
    "cloth": arm(MOTOR).replace(
        "</worldbody>",
        '<flexcomp name="cloth" type="grid" count="4 4 1" spacing=".1 .1 .1" pos="0 -.5 .4" dim="2"'
        ' radius=".02" mass=".2"><edge equality="true"/></flexcomp></worldbody>',
    ),
    "soft body": arm(MOTOR).replace(
        "</worldbody>",
        '<flexcomp name="jelly" type="grid" count="3 3 3" spacing=".1 .1 .1" pos="0 -.5 .4" dim="3"'
        ' radius=".02" mass="2"><elasticity young="2e3" poisson=".1" damping=".01"/></flexcomp>'
        "</worldbody>",
    ),
}
"""By what is peculiar to each; both homes can load them."""

NATIVE = {
    "cable": arm(MOTOR)
    .replace(
        "</worldbody>",
        '<composite type="cable" curve="s" count="8 1 1" size=".8" offset="0 -.6 .6"'
        ' initial="free">'
        '<plugin plugin="mujoco.elasticity.cable"><config key="twist" value="1e6"/>'
        '<config key="bend" value="1e6"/></plugin><joint kind="main" damping=".01"/>'
        '<geom type="capsule" size=".01"/></composite></worldbody>',
    )
    .replace(
        "<worldbody>",
        '<extension><plugin plugin="mujoco.elasticity.cable"/></extension><worldbody>',
        1,
    ),
    "plugin with a state": arm(
        '<plugin joint="elbow" plugin="mujoco.pid" instance="pid" ctrlrange="-1 1"'
        ' dyntype="none" actdim="2"/>',
        rest='<extension><plugin plugin="mujoco.pid"><instance name="pid">'
        '<config key="kp" value="4"/><config key="ki" value="3"/><config key="kd" value=".2"/>'
        '<config key="slewmax" value="3"/><config key="imax" value="1"/>'
        "</instance></plugin></extension>",
    ),
}
"""With plugins that only MuJoCo's own package has."""


def inputs(model: Any, seed: int = 0) -> dict[str, Any]:
    """States to begin in and what is given from outside: the same for whoever steps.

    Args:
        model: `websim.physics.Model`.
        seed: Of the numbers.

    Returns:
        qpos [n, nq] and qvel [n, nv]; ctrl [steps, n, nu]; and what is given once, after the reset.
    """
    rng = np.random.default_rng(seed)
    n = NUM_ENVS
    low, high = np.nan_to_num(model.actuator_ctrlrange, posinf=1, neginf=-1).T
    low, high = np.where(low < high, low, -1), np.where(low < high, high, 1)
    force = np.zeros((n, model.nbody, 6))
    force[:, -1, :3] = rng.normal(0, 0.1, (n, 3))
    return {
        "qpos": np.tile(model.qpos0, (n, 1)),
        "qvel": rng.normal(0, 0.3, (n, model.nv)),
        "ctrl": rng.uniform(low, high, (STEPS, n, model.nu)),
        "eq_active": rng.integers(0, 2, (n, model.neq)).astype(float),
        "mocap_pos": rng.normal([0, 0, 1.5], 0.01, (n, model.nmocap, 3)),
        "userdata": rng.normal(0, 1, (n, model.nuserdata)),
        "xfrc_applied": force,
        "qfrc_applied": rng.normal(0, 0.01, (n, model.nv)),
    }


REFUSED = {
    "lets bodies sleep": arm(head='<option><flag sleep="enable"/></option>'),
    "has an <e_kinetic/> sensor": arm(
        sensor="<e_kinetic/>", head='<option><flag energy="enable"/></option>'
    ),
}
"""With a memory besides MuJoCo's state, by what is said of them."""
