"""Native physics behind the seam: one MjData a thread, states that do not touch each other."""

import gc
import multiprocessing
import os
import tracemalloc
from importlib.resources import files
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

import websim
from websim import InvalidArgument, ModelError
from websim.errors import MissingLibrary
from websim.physics import FIELDS, STATE, Physics, make_physics, stepper

ANT = (files("gymnasium") / "envs" / "mujoco" / "assets" / "ant.xml").read_text()

EVERYTHING = """
<mujoco>
  <size nuserdata="3"/>
  <worldbody>
    <geom name="floor" type="plane" size="1 1 1"/>
    <body name="target" mocap="true" pos="0 0 2"><geom type="sphere" size=".1"/></body>
    <body name="arm" pos="0 0 1">
      <joint name="hinge" axis="0 1 0"/>
      <geom type="capsule" size=".05 .3"/>
      <site name="tip" pos="0 0 .3"/>
    </body>
  </worldbody>
  <tendon><fixed name="cord"><joint joint="hinge" coef="1"/></fixed></tendon>
  <actuator>
    <general name="muscle" joint="hinge" dyntype="filter" dynprm=".1" gainprm="5"/>
  </actuator>
  <sensor><jointvel joint="hinge"/><framepos objtype="site" objname="tip"/></sensor>
</mujoco>
"""


def test_model() -> None:
    model = make_physics(EVERYTHING, 1, ()).model
    assert (model.nq, model.nv, model.na, model.nu) == (1, 1, 1, 1)
    assert (model.nbody, model.nsite, model.nmocap, model.nuserdata) == (3, 1, 1, 3)
    assert (model.ntendon, model.nsensordata, model.timestep) == (1, 4, 0.002)
    assert model.body_names == ("world", "target", "arm")
    assert model.geom_names == ("floor", "", "")
    assert (model.body("arm"), model.joint("hinge"), model.site("tip")) == (2, 0, 0)
    assert (model.actuator("muscle"), model.geom("floor")) == (0, 0)
    with pytest.raises(InvalidArgument, match="no joint named 'knee'; it has: hinge"):
        model.joint("knee")
    with pytest.raises(InvalidArgument, match="no geom named ''"):
        model.geom("")


def test_every_field_is_what_mujoco_computes() -> None:
    physics = make_physics(EVERYTHING, 3, tuple(FIELDS))
    rng = np.random.default_rng(0)
    physics.reset(np.arange(3), rng.uniform(-1, 1, (3, 1)), rng.uniform(-1, 1, (3, 1)))
    physics.data.mocap_pos[:] = rng.uniform(-1, 1, (3, 1, 3))
    physics.data.userdata[:] = rng.uniform(-1, 1, (3, 3))
    model = mujoco.MjModel.from_xml_string(EVERYTHING)
    references = [mujoco.MjData(model) for _ in range(3)]
    for i, reference in enumerate(references):
        reference.qpos = physics.data.qpos[i]
        reference.qvel = physics.data.qvel[i]
        mujoco.mj_forward(model, reference)
        reference.mocap_pos[:] = physics.data.mocap_pos[i]
        reference.userdata[:] = physics.data.userdata[i]
    for _ in range(20):
        physics.data.ctrl[:] = rng.uniform(-1, 1, (3, 1))
        physics.step(3)
        for i, reference in enumerate(references):
            reference.ctrl[:] = physics.data.ctrl[i]
            mujoco.mj_step(model, reference, 3)
            mujoco.mj_rnePostConstraint(model, reference)
            for name in (*STATE, *FIELDS):
                np.testing.assert_array_equal(
                    getattr(physics.data, name)[i], getattr(reference, name), err_msg=name
                )
    assert not physics.bad.any()


@pytest.mark.parametrize("damage", [False, True])
@pytest.mark.parametrize("task", ["Ant-v5", "Humanoid-v5", "InvertedPendulum-v5"])
def test_numbers_do_not_depend_on_threads(
    task: str, damage: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # MuJoCo writes its warnings to MUJOCO_LOG.TXT.
    envs = [websim.make_vec(task, 21, num_threads=threads) for threads in (1, 2, 5)]
    rng = np.random.default_rng(0)
    for env in envs:
        env.reset(seed=0)
    # More batches than it takes to try all numbers of threads and to settle for one.
    for step in range(30):
        actions = rng.uniform(-1, 1, envs[0].action_space.shape).astype(np.float32)
        first, *others = envs
        for env in envs:
            if damage and step % 3 == 1:
                env.physics.data.qvel[step % 21] = np.nan
        results = [env.step(actions) for env in envs]
        assert first.physics.bad.any() == (damage and step % 3 == 1)
        for env, result in zip(others, results[1:], strict=True):
            np.testing.assert_array_equal(env.physics.bad, first.physics.bad)
            for name in (*STATE, *env.task.fields):
                np.testing.assert_array_equal(
                    getattr(env.physics.data, name), getattr(first.physics.data, name), name
                )
            for one, other in zip(result[:4], results[0][:4], strict=True):
                np.testing.assert_array_equal(one, other)


def test_an_error_in_a_thread_is_told() -> None:
    bodies = "".join(
        f"<body pos='0 0 {0.05 * i}'><freejoint/><geom size='.1'/></body>" for i in range(8)
    )
    xml = f"<mujoco><size memory='5K'/><worldbody>{bodies}</worldbody></mujoco>"
    physics = make_physics(xml, 4, (), num_threads=2)
    for _ in range(12):
        with pytest.raises(mujoco.FatalError, match="out of memory"):
            physics.step(1)


def _step_in_child(physics: Physics, queue: "multiprocessing.SimpleQueue[Any]") -> None:
    for _ in range(2):
        physics.step(5)
    queue.put(physics.data.qpos)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_stepping_goes_on_in_a_forked_process() -> None:
    physics = make_physics(ANT, 8, ("xpos",), num_threads=2)
    qpos = np.tile(physics.model.qpos0, (8, 1))
    physics.reset(np.arange(8), qpos, np.zeros((8, physics.model.nv)))
    for _ in range(2):
        physics.step(5)  # alone, and with a thread that the fork does not have
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_step_in_child, args=(physics, queue))
    child.start()
    in_child = queue.get()
    child.join()
    for _ in range(2):
        physics.step(5)
    np.testing.assert_array_equal(in_child, physics.data.qpos)


def test_forward_shows_a_state_written_from_outside() -> None:
    physics = make_physics(ANT, 2, ("xpos",))
    qpos = np.tile(physics.model.qpos0, (2, 1))
    physics.reset(np.arange(2), qpos, np.zeros((2, physics.model.nv)))
    physics.data.qpos[1, :3] = [5.0, 6.0, 7.0]
    physics.forward(np.array([1]))
    np.testing.assert_allclose(physics.data.xpos[1, 1], [5.0, 6.0, 7.0])
    np.testing.assert_allclose(physics.data.xpos[0, 1], qpos[0, :3])


def test_what_c_would_not_check() -> None:
    physics = make_physics(ANT, 3, ())
    qpos, qvel = np.zeros((1, physics.model.nq)), np.zeros((1, physics.model.nv))
    for index in (-1, 3):
        with pytest.raises(InvalidArgument, match="Indices of environments go from 0 to 2, not"):
            physics.reset(np.array([index]), qpos, qvel)
        with pytest.raises(InvalidArgument, match="Indices of environments go from 0 to 2, not"):
            physics.forward(np.array([index]))
    with pytest.raises(InvalidArgument, match=r"qpos must have the shape \(2, 15\), not \(1, 15\)"):
        physics.reset(np.arange(2), qpos, qvel)
    with pytest.raises(InvalidArgument, match=r"qvel must have the shape \(1, 14\), not \(1, 15\)"):
        physics.reset(np.arange(1), qpos, qpos)
    physics.reset(np.arange(0), qpos[:0], qvel[:0])
    physics.forward(np.arange(0))


def test_a_library_that_is_not_built_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepper, "LIBRARY", "nothing-*.so")
    stepper._load.cache_clear()
    with pytest.raises(MissingLibrary, match="websim assets"):
        make_physics(ANT, 1, ())


def test_unknown_fields_and_bad_models() -> None:
    with pytest.raises(InvalidArgument, match="Unknown field 'xpose': a task may ask for xpos"):
        make_physics(ANT, 1, ("xpose",))
    with pytest.raises(ModelError, match="line 3"):
        make_physics("<mujoco>\n<worldbody>\n<geom type='egg'/></worldbody></mujoco>", 1, ())
    physics = make_physics(ANT, 1, ("xpos",))
    with pytest.raises(AttributeError, match="no array 'cvel' here: name it in the task's"):
        physics.data.cvel  # noqa: B018


def test_close() -> None:
    physics = make_physics(ANT, 1, ())
    physics.close()
    physics.close()
    with pytest.raises(websim.ClosedEnvironment):
        physics.step(1)
    with pytest.raises(websim.ClosedEnvironment):
        physics.forward(np.array([0]))


def test_a_thousand_ants_share_a_model_and_a_data_each_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: dict[str, int] = {"data": 0, "model": 0}
    real_data, real_compile = mujoco.MjData, mujoco.MjModel.from_xml_string

    def count_data(*arguments: Any) -> Any:
        made["data"] += 1
        return real_data(*arguments)

    class CountingModel:
        @staticmethod
        def from_xml_string(*arguments: Any) -> Any:
            made["model"] += 1
            return real_compile(*arguments)

    monkeypatch.setattr(mujoco, "MjData", count_data)
    monkeypatch.setattr(mujoco, "MjModel", CountingModel)
    gc.collect()
    tracemalloc.start()
    env = websim.make_vec("Ant-v5", 1000, autoreset_mode="SameStep", copy=False, num_threads=2)
    env.reset(seed=0)
    for _ in range(3):
        env.step(np.zeros((1000, 8), np.float32))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made == {"data": 2, "model": 1}
    assert env.physics.data.nbytes / 1000 < 2_500
    assert held / 1000 < 9_000, f"{held / 1000:.0f} bytes per environment"


@pytest.mark.parametrize("fields", [("xpos",), ("cfrc_ext", "subtree_com")])
def test_fields_published_later_are_those_published_at_once(fields: tuple[str, ...]) -> None:
    """And nothing else changes."""
    later, at_once = make_physics(ANT, 3, ("xquat",)), make_physics(ANT, 3, ("xquat", *fields))
    for step in range(6):
        if step == 3:
            later.publish((*fields, "xquat"))
            fresh = make_physics(ANT, 3, fields)
            for name in STATE:
                getattr(fresh.data, name)[...] = getattr(later.data, name)
            fresh.forward(np.arange(3))
            for name in fields:
                np.testing.assert_array_equal(getattr(later.data, name), getattr(fresh.data, name))
            with pytest.raises(InvalidArgument, match="Unknown field 'nothing'"):
                later.publish(("nothing",))
        for physics in (later, at_once):
            physics.data.ctrl[...] = np.sin(step + np.arange(3))[:, None]
            physics.step(5)
        for name in (*STATE, "xquat", *(fields if step >= 3 else ())):
            np.testing.assert_array_equal(getattr(later.data, name), getattr(at_once.data, name))


@pytest.mark.parametrize("timestep", ["nan", "1e-300", "5"])
def test_a_step_of_no_sensible_length_is_refused(timestep: str) -> None:
    xml = f"""<mujoco><option timestep="{timestep}"/>
        <worldbody><body><freejoint/><geom size="1"/></body></worldbody></mujoco>"""
    with pytest.raises(ModelError, match="timestep"):
        make_physics(xml, 1, ())
