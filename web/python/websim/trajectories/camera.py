"""Pictures of recorded episodes, drawn natively by MuJoCo's own renderer.

It needs OpenGL without a screen: `MUJOCO_GL` is "egl" or "osmesa" before `mujoco` is imported.
"""

from collections.abc import Iterator

import mujoco
import numpy as np
from numpy.typing import NDArray

from websim.errors import MissingLibrary
from websim.experiments.experiment import Experiment
from websim.physics.native import NativePhysics

WIDTH, HEIGHT = 320, 240

TRACK = "track"
"""The camera that Gymnasium's robots are seen by, where they have one."""


class Camera:
    """Sees a robot.

    Attributes:
        name: What its pictures are called.
        shape: Of a picture: height, width, and 3.
    """

    name = TRACK
    shape = (HEIGHT, WIDTH, 3)

    def __init__(self, experiment: Experiment) -> None:
        """Makes a robot and what draws it.

        Raises:
            MissingLibrary: MuJoCo cannot draw here.
            WebSimError: the experiment cannot be simulated.
        """
        env = experiment.make_vec(1)
        assert isinstance(env.physics, NativePhysics)
        self._model = env.physics.compiled
        env.close()
        self._data = mujoco.MjData(self._model)
        try:
            self._renderer = mujoco.Renderer(self._model, HEIGHT, WIDTH)
        except Exception as error:  # of OpenGL's libraries: each has its own
            raise MissingLibrary(
                "MuJoCo cannot draw here: it needs EGL (libegl1, MUJOCO_GL=egl) or OSMesa "
                f"(libosmesa6, MUJOCO_GL=osmesa). {error}"
            ) from None
        self._camera = self._of_model()

    def pictures(self, states: NDArray[np.float64]) -> Iterator[NDArray[np.uint8]]:
        """What is seen before each action [height, width, 3], RGB.

        Args:
            states: Of an episode, MuJoCo's own (mjSTATE_INTEGRATION) [T + 1, k].
        """
        model, data = self._model, self._data
        for state in states[:-1]:
            mujoco.mj_setState(model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
            mujoco.mj_fwdPosition(model, data)
            self._renderer.update_scene(data, self._camera)
            yield self._renderer.render()

    def close(self) -> None:
        """Frees what draws."""
        self._renderer.close()

    def _of_model(self) -> mujoco.MjvCamera:
        """Its own that follows the robot; else one that has all in sight."""
        camera = mujoco.MjvCamera()
        mujoco.mjv_defaultFreeCamera(self._model, camera)
        own = mujoco.mj_name2id(self._model, mujoco.mjtObj.mjOBJ_CAMERA, TRACK)
        if own >= 0:
            camera.type, camera.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, own
        elif self._model.njnt and self._model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE:
            camera.type = mujoco.mjtCamera.mjCAMERA_TRACKING
            camera.trackbodyid = self._model.jnt_bodyid[0]
        return camera
