"""Experiments as documents: written, read, refused in words; and robots that somebody brings."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import websim
from websim.errors import FutureCheckpoint, InvalidArgument, ModelError, WebSimError
from websim.experiments import decisions
from websim.experiments import files as robot_files
from websim.experiments.archive import dump, load
from websim.experiments.experiment import (
    Experiment,
    canonical,
    document,
    from_dict,
    from_document,
)
from websim.experiments.files import MissingFiles, SeveralModels
from websim.experiments.robot import Robot, make_robot, read_robot
from websim.experiments.sources import experiment_of, of_robot
from websim.physics import make_physics

BALL = """<mujoco><worldbody><body pos="0 0 1"><freejoint name="free"/><geom size=".1"/>
  <body name="arm" pos="0 0 .2"><joint name="elbow" axis="0 1 0"/>
  <geom type="capsule" size=".05 .2"/></body></body></worldbody>
  <actuator><motor joint="elbow"/></actuator>{}</mujoco>"""

CORNERS = np.eye(4, 3, -1)
BOX = (
    bytes(80)
    + (4).to_bytes(4, "little")
    + b"".join(
        np.array([0, 0, 0, *CORNERS[list(corners)].ravel()], "<f4").tobytes() + bytes(2)
        for corners in ((0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3))
    )
)
"""A tetrahedron as binary STL."""

URDF = b"""<robot name="arm"><link name="base"/><link name="arm"><inertial><mass value="1"/>
  <inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>
  <visual><geometry><mesh filename="package://arm/meshes/box.stl"/></geometry></visual></link>
  <joint name="shoulder" type="revolute"><parent link="base"/><child link="arm"/>
  <axis xyz="0 1 0"/><limit lower="-1" upper="1" effort="1" velocity="1"/></joint></robot>"""

PARTS = {
    "robot.xml": b'<mujoco><compiler meshdir="meshes"/><include file="parts/arm.xml"/></mujoco>',
    "parts/arm.xml": b'<mujoco><asset><mesh name="box" file="box.stl"/></asset><worldbody><body>'
    b'<freejoint/><geom type="mesh" mesh="box"/></body></worldbody></mujoco>',
    "meshes/box.stl": BOX,
}


def ball(inside: str = "") -> Robot:
    return make_robot({"ball.xml": BALL.format(inside).encode()})


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return file.getvalue()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def test_a_document_is_read_as_it_was_written() -> None:
    experiment = Experiment(
        task="Robot-v0",
        task_options={"frame_skip": 3, "reset_noise_scale": 0.1},
        robot=ball(),
        hyperparameters={"learning_rate": 1e-4, "hidden_sizes": [8, 8]},
        seed=7,
        title="A ball with an arm",
    )
    again = load(dump(experiment))
    assert again == experiment
    assert again.sha256 == experiment.sha256
    assert replace(experiment, seed=8).sha256 != experiment.sha256
    text = json.dumps(document(experiment))
    assert experiment.robot is not None
    assert from_document(json.loads(text), experiment.robot.files) == experiment


def test_the_same_content_gives_the_same_bytes_at_any_time() -> None:
    """What is shared has its address of them."""
    file = dump(Experiment(task="Hopper-v5", reward="def reward(now, before, action):\n    pass\n"))
    decided = decisions.written(file, [])
    for data in (file, decided, decisions.written(decided, [])):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_canonical_form_is_that_of_javascript_too() -> None:
    """There 1 and 1.0 are the same number, and keys have whatever order."""
    first = {"b": 1.0, "a": [1e-5, 1e20, "é"], "c": {"y": -0.5, "x": True}}
    second = {"c": {"x": True, "y": -0.5}, "a": [0.00001, 100000000000000000000.0, "é"], "b": 1}
    assert canonical(first) == canonical(second)
    assert json.loads(canonical(first)) == first
    with pytest.raises(InvalidArgument, match="finite"):
        canonical({"a": float("nan")})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"task": 7}, "task must be a text, not 7"),
        ({"task": None}, "task is missing"),
        ({"tusk": "x"}, "tusk is unknown; there are: task, task_options"),
        ({"robot": {"main": ["a"], "files": {"a": ""}}}, "robot.main must be one of its files"),
        ({"task_options": []}, r"task_options must be an object, not \[\]"),
        (
            {"task_options": {"a": {"b": [0, float("nan")]}}},
            r"task_options.a.b\[1\] must be finite",
        ),
        ({"hyperparameters": {"x": {1}}}, "hyperparameters.x must be plain data"),
        ({"seed": -1}, "seed must be an integer of at least 0"),
        ({"seed": 1.5}, "seed must be an integer"),
        ({"title": "x" * 201}, "title may have 200"),
        ({"robot": {"main": "a", "files": {"a": ""}, "wheels": 4}}, "robot.wheels is unknown"),
        ({"robot": {"main": "b", "files": {"a": ""}}}, "robot.main must be one of its files"),
        ({"robot": {"main": "a", "files": {"a": ""}}}, "robot.files: a is not what"),
        ({"robot": {"main": "a", "files": {"a": ""}, "floor": "x"}}, "robot.floor must be"),
    ],
)
def test_what_is_wrong_in_a_document_is_named_by_its_path(
    change: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidArgument, match=says):
        from_dict({"task": "Ant-v5", **change}, {"a": b"x"})


def test_no_document_can_say_that_it_is_trusted() -> None:
    trusted = Experiment(task="Ant-v5", trusted=["reward"])
    written = document(trusted)
    assert "trusted" not in written
    assert from_document(written, {}) == trusted == Experiment(task="Ant-v5")
    with pytest.raises(InvalidArgument, match="trusted is nothing that a document can say"):
        from_document(written | {"trusted": ["reward"]}, {})
    with pytest.raises(InvalidArgument, match="trusted names reward, measure, task_code, not 'x'"):
        from_dict({"task": "Ant-v5"} | {"trusted": ["x"]}, {})


def test_a_newer_document_says_so() -> None:
    with pytest.raises(FutureCheckpoint, match="version 9"):
        from_document({**document(Experiment(task="Ant-v5")), "version": 9}, {})


def test_a_robot_stands_on_a_floor_if_it_would_fall() -> None:
    assert ball().floor == 0.0
    assert make_robot({"a.xml": BALL.format("").replace('"0 0 1"', '"0 0 -1"').encode()}).floor == (
        pytest.approx(-1.1)
    )
    ground = '<worldbody><geom type="plane" size="1 1 1"/></worldbody>'
    assert ball(ground).floor is None
    fixed = BALL.replace('<freejoint name="free"/>', "").format("").encode()
    assert make_robot({"a.xml": fixed}).floor is None
    env = websim.make_vec(experiment_of(Experiment(task="Robot-v0", robot=ball())), num_envs=2)
    env.reset(seed=0)
    for _ in range(300):
        env.step(np.zeros((2, 1), np.float32))
    assert (env.physics.data.qpos[:, 2] > 0.05).all()
    assert (env.physics.data.qpos[:, 2] < 0.5).all()  # it fell, and lies on the floor


def test_a_robot_that_is_only_observed() -> None:
    keys = '<sensor><clock/></sensor><keyframe><key qpos="0 0 2 1 0 0 0 .5"/></keyframe>'
    env = websim.make_vec(Experiment(task="Robot-v0", robot=ball(keys)), num_envs=3)
    observations, _ = env.reset(seed=0)
    assert observations.shape == (3, 6 + 7 + 1)  # height, quaternion, elbow; velocities; clock
    np.testing.assert_allclose(observations[:, 0], 2.0)
    np.testing.assert_allclose(observations[:, 5], 0.5, atol=0.01)
    assert len(np.unique(observations[:, 5])) == 3
    _, rewards, terminations, truncations, _ = env.step(np.zeros((3, 1), np.float32))
    assert not rewards.any()
    assert not terminations.any()
    assert not truncations.any()


def test_a_path_stands_where_a_task_id_does(tmp_path: Path, monkeypatch: Any) -> None:
    write(tmp_path, PARTS | {"notes.txt": b"not needed"})
    (tmp_path / "robot.zip").write_bytes(zipped({f"deep/{p}": c for p, c in PARTS.items()}))
    (tmp_path / "arm.websim").write_bytes(dump(experiment_of(tmp_path / "robot.xml")))
    monkeypatch.chdir(tmp_path)
    states = []
    for source in ("./robot.xml", tmp_path, "./robot.zip", Path("robot.xml"), "./arm.websim"):
        env = websim.make_vec(source, num_envs=2)
        env.reset(seed=0)
        states.append(env.step(np.zeros((2, 0), np.float32))[0])
        robot = experiment_of(source).robot
        assert robot is not None
        names = sorted(Path(path).name for path in robot.files)
        assert names == ["arm.xml", "box.stl", "robot.xml"]
    for other in states[1:]:
        np.testing.assert_array_equal(states[0], other)


def test_files_of_several_folders_are_those_that_a_model_needs(tmp_path: Path) -> None:
    outside = {
        "robots/dog.xml": PARTS["robot.xml"]
        .replace(b'"meshes"', b'"../meshes"')
        .replace(b"parts/", b"../parts/"),
        "parts/arm.xml": PARTS["parts/arm.xml"],
        "meshes/box.stl": BOX,
        "meshes/other.stl": BOX,
    }
    robot = read_robot(write(tmp_path, outside) / "robots" / "dog.xml")
    assert robot.main == "robots/dog.xml"
    assert sorted(robot.files) == ["meshes/box.stl", "parts/arm.xml", "robots/dog.xml"]


def test_urdf_with_a_mesh_in_a_package() -> None:
    robot = make_robot({"arm.urdf": URDF, "arm/meshes/box.stl": BOX})
    physics = make_physics(robot.path(), 1, ())
    assert physics.model.joint_names == ("shoulder",)
    physics.close()


def test_missing_files_are_listed_and_may_come_later() -> None:
    files = {path: PARTS[path] for path in ("robot.xml", "parts/arm.xml")}
    with pytest.raises(MissingFiles, match=r"box\.stl") as caught:
        make_robot(files)
    assert caught.value.names == ["box.stl"]
    assert make_robot(files | {"box.stl": BOX}).main == "robot.xml"


def test_one_of_several_models_is_to_be_chosen() -> None:
    files = {"a.xml": BALL.format("").encode(), "b.xml": BALL.format("").encode()}
    with pytest.raises(SeveralModels) as caught:
        make_robot(files)
    assert caught.value.names == ["a.xml", "b.xml"]
    assert make_robot(files, "b.xml").main == "b.xml"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "no model"),
        ({"a.stl": BOX}, "no model"),
        ({"a.xml": b"<html/>"}, "no model"),
        ({"a.xml": b"<mujoco>"}, "a.xml is no XML: no element found: line 1"),
        ({"a.xml": b"<mujoco>" + b"<body>" * 5000}, "more than 256 deep"),
        ({"a.xml": b"<mujoco><wheel/></mujoco>"}, "(?s)Schema violation.*wheel"),
        ({"../a.xml": b"<mujoco/>"}, "no path within a folder"),
        ({"/etc/a.xml": b"<mujoco/>"}, "no path within a folder"),
        ({"C:\\a.xml": b"<mujoco/>"}, "no path within a folder"),
        ({"a\n.xml": b"<mujoco/>"}, "printable"),
        ({"a.zip": b"PK no zip"}, "archive is damaged"),
        ({"a.zip": zipped({"../../a.xml": b"<mujoco/>"})}, "no path within a folder"),
        ({f"{i}.stl": b"" for i in range(5000)}, "may have 4,096 files"),
        ({"a.xml": b"<mujoco/>", "b.stl": bytes(65 << 20)}, "64 MB together"),
        ({"a.zip": zipped({"a.xml": b"<mujoco/>", "b": bytes(65 << 20)})}, "64 MB together"),
    ],
)
def test_bad_robots_are_refused_in_words(files: dict[str, bytes], says: str) -> None:
    with pytest.raises((InvalidArgument, ModelError), match=says):
        make_robot(files)


def test_entities_do_not_grow_without_end() -> None:
    bomb = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "x" * 1000}">' for i in range(12))
    text = f"<!DOCTYPE mujoco [{bomb}]><mujoco model='&e11;'/>"
    with pytest.raises(WebSimError):
        make_robot({"a.xml": text.encode()})


def test_mentions_are_read_from_any_quotes() -> None:
    said = robot_files.mentions(
        "a.xml", b"<mujoco><mesh file='a b.stl'/><x filetop=\"t.png\"/></mujoco>"
    )
    assert (said.root, said.files) == ("mujoco", ["a b.stl", "t.png"])


def test_the_example_of_the_page_stands_and_moves_by_its_motors() -> None:
    lamp = Path(__file__).parents[2] / "web" / "app" / "opening" / "lamp.xml"
    experiment = of_robot(make_robot({"desk lamp.xml": lamp.read_bytes()}))
    env: Any = experiment.make_vec(4)
    env.reset(seed=0)
    for held in (0.0, -1.0):
        for _ in range(100):
            observations, *_ = env.step(np.full((4, 3), held, np.float32))
        height, joints = env.physics.data.qpos[:, 2], env.physics.data.qpos[:, 7:]
        assert np.isfinite(observations).all()
        if not held:
            assert (abs(height - 0.03) < 0.02).all(), "its foot lies on the floor"
            still = joints.copy()
    assert (abs(joints - still).max(axis=1) > 0.3).all()
    env.close()
