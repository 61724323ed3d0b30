"""Worlds as documents: read as they were written, and refused in words with the path."""

import json
from dataclasses import replace
from typing import Any

import pytest

from websim.errors import InvalidArgument
from websim.experiments.archive import dump, load
from websim.experiments.experiment import Experiment, document, from_dict, from_document
from websim.physics.variation import VARIABLE
from websim.worlds import EventTerm, LevelTerm, Noise, World
from websim.worlds.targets import TARGETS

FRICTION = {"mode": "startup", "target": "friction", "operation": "scale", "range": [0.5, 1.5]}
PUSH = {
    "mode": "interval",
    "target": "push",
    "operation": "add",
    "range": [0, 1],
    "interval_range_s": [2, 4],
}

WHOLE = World(
    events=(
        EventTerm(mode="startup", target="friction", operation="scale", range=(0.5, 1.5)),
        EventTerm(
            mode="reset",
            target="mass",
            operation="add",
            range=(0, 0.5),
            names=("torso",),
            distribution="gaussian",
            shared_random=True,
        ),
        EventTerm(
            mode="interval",
            target="push",
            operation="add",
            range=(0, 1),
            interval_range_s=(2, 4),
            level="pushes",
        ),
    ),
    levels=(LevelTerm(name="pushes", levels=5, curriculum="progress", up=0.9),),
    observation_noise=Noise(range=(0, 0.01)),
    observation_delay=(0, 3),
    action_noise=Noise(range=(0.9, 1.1), distribution="uniform", operation="scale"),
    action_delay=(1, 2),
)


def read(world: Any) -> World:
    made = from_dict({"task": "Ant-v5", "world": world}, {}).world
    assert made is not None
    return made


def test_a_world_is_read_as_it_was_written() -> None:
    experiment = Experiment(task="Ant-v5", world=WHOLE)
    again = load(dump(experiment))
    assert again == experiment
    assert again.sha256 == experiment.sha256
    text = json.dumps(document(experiment))
    assert from_document(json.loads(text), {}) == experiment
    assert replace(experiment, world=World()).sha256 != experiment.sha256
    assert "world" not in document(Experiment(task="Ant-v5"))


def test_what_is_left_out_is_as_by_default() -> None:
    assert read({}) == World()
    assert read({"events": [FRICTION], "action_delay": None}) == World(
        events=(EventTerm(mode="startup", target="friction", operation="scale", range=(0.5, 1.5)),)
    )


def event(change: dict[str, Any], of: dict[str, Any] = FRICTION) -> dict[str, Any]:
    return {"events": [PUSH, {**of, **change}]}


def levels(change: dict[str, Any]) -> dict[str, Any]:
    return {**event({"level": "wide"}), "levels": [{"name": "wide", **change}]}


@pytest.mark.parametrize(
    ("world", "says"),
    [
        (7, "^world must be an object, not 7"),
        ({"wind": 1}, "^world.wind is unknown; there are: terrain, events, levels"),
        ({"events": {}}, "^world.events must be a list"),
        ({"events": [FRICTION] * 65}, "^world.events must be a list of at most 64"),
        ({"events": [3]}, r"^world.events\[0\] must be an object"),
        (event({"size": 3}), r"^world.events\[1\].size is unknown; there are: mode, target"),
        (event({"mode": None}), r"^world.events\[1\].mode is missing"),
        (event({"mode": "never"}), r"\[1\].mode must be one of startup, reset, interval, not 'nev"),
        (event({"mode": ["reset"]}), r"\[1\].mode must be one of"),
        (event({"target": "colour"}), r"\[1\].target must be one of mass, friction, gains"),
        (event({"operation": "mul"}), r"\[1\].operation must be one of abs, scale, add"),
        (event({"distribution": "beta"}), r"\[1\].distribution must be one of uniform, log_un"),
        (event({"range": [2, 1]}), r"\[1\].range must be two numbers \(low, high\), not \[2, 1\]"),
        (event({"range": [1]}), r"\[1\].range must be two numbers"),
        (event({"range": 1}), r"\[1\].range must be two numbers"),
        (event({"range": ["a", "b"]}), r"\[1\].range must be two numbers"),
        (event({"range": [False, True]}), r"\[1\].range must be two numbers"),
        (event({"range": [0, float("nan")]}), r"\[1\].range must be two numbers"),
        (event({"range": [0, float("inf")]}), r"\[1\].range must be two numbers"),
        (event({"range": [0, 10**400]}), r"\[1\].range must be two numbers"),
        (event({"range": [-1, 1]}), r"\[1\].range of friction must not go below 0"),
        (event({"range": [-1, 1], "operation": "abs"}), r"\[1\].range of friction must not go be"),
        (
            event({"range": [0, 1], "distribution": "log_uniform"}),
            r"\[1\].range of a log_uniform must be above 0",
        ),
        (
            event({"range": [1, -1], "distribution": "gaussian"}),
            r"\[1\].range of a gaussian must be a mean and a standard deviation",
        ),
        (event({"names": "floor"}), r"\[1\].names must be a list of texts"),
        (event({"names": [1]}), r"\[1\].names must be a list of texts"),
        (event({"names": [""]}), r"\[1\].names must be a list of texts"),
        (event({"names": ["a", "a"]}), r"\[1\].names may be 256, and none twice"),
        (event({"names": [str(i) for i in range(257)]}), r"\[1\].names may be 256"),
        (event({"target": "gravity", "names": ["a"]}), r"\[1\].names must be empty: gravity"),
        (event({"shared_random": 1}), r"\[1\].shared_random must be true or false"),
        (event({"interval_range_s": [1, 2]}), r"\[1\].interval_range_s must be there if the mode"),
        (event({"interval_range_s": None}, PUSH), r"\[1\].interval_range_s must be there if"),
        (event({"interval_range_s": [0, 1]}, PUSH), r"\[1\].interval_range_s must be above 0"),
        (event({"interval_range_s": [2, 1]}, PUSH), r"\[1\].interval_range_s must be two numbers"),
        (event({"mode": "reset"}, PUSH), r"\[1\].mode of push must be one of interval, not 'reset"),
        (event({"operation": "abs"}, PUSH), r"\[1\].operation of push must be one of add"),
        (event({"target": "qpos"}), r"\[1\].mode of qpos must be one of reset, not 'startup'"),
        ({"observation_noise": 1}, "^world.observation_noise must be an object"),
        ({"action_noise": {}}, "^world.action_noise.range is missing"),
        ({"action_noise": {"range": [0, 1], "mean": 0}}, "^world.action_noise.mean is unknown"),
        ({"action_noise": {"range": [0, -1]}}, "^world.action_noise.range of a gaussian must"),
        (
            {"observation_noise": {"range": [0, 1], "operation": "abs"}},
            "^world.observation_noise.operation must be one of add, scale, not 'abs'",
        ),
        ({"terrain": 3}, "^world.terrain must be an object, not 3"),
        ({"terrain": {"lava": 1}}, "^world.terrain.lava is unknown; there are: levels, difficulty"),
        (
            {"terrain": {"kinds": ["flat", "lava"]}},
            r"^world.terrain.kinds\[1\] must be one of flat",
        ),
        (
            {"terrain": {"levels": 10**9, "kinds": ["flat"], "tile": 1e9}},
            "^world.terrain.levels must be an integer from 1 to 100",
        ),
        (
            {"terrain": {"levels": 100, "tile": 100, "resolution": 0.01}},
            "^world.terrain.resolution must be greater, .* may have 1,048,576 heights",
        ),
        (event({"level": "Wide"}), r"\[1\].level must be a name of small letters"),
        (event({"level": "terrain"}), r"\[1\].level must be a name .* other than terrain"),
        ({"levels": {}}, "^world.levels must be a list, not"),
        ({"levels": [{}]}, r"^world.levels\[0\].name is missing"),
        ({"levels": [{"name": "wide"}]}, r"^world.levels\[0\].name must be the level of an event"),
        (levels({"by": 1}), r"^world.levels\[0\].by is unknown; there are: levels"),
        (levels({"levels": 0}), r"^world.levels\[0\].levels must be an integer from 1 to 100"),
        (levels({"curriculum": "walked"}), r"\[0\].curriculum must be one of none, robots"),
        (levels({"difficulty": [1, 0]}), r"\[0\].difficulty must be two numbers \(low, high\)"),
        (levels({"up": "far"}), r"\[0\].up must be a number"),
        (levels({"down": 0.9}), r"\[0\].down must be at most up \(0.8\), not 0.9"),
        (
            {"events": [{**FRICTION, "level": "wide"}], "levels": [{"name": "wide"}] * 2},
            r"^world.levels\[1\].name must be another one: wide is there",
        ),
        ({"terrain": {"scan": [1]}}, "^world.terrain.scan must be an object"),
        ({"terrain": {"scan": {"size": 1}}}, "^world.terrain.scan.size must be two numbers"),
        ({"terrain": {"seed": 2**53}}, "^world.terrain.seed must be an integer from 0 to"),
        ({"observation_delay": 3}, "^world.observation_delay must be two whole numbers of steps"),
        ({"observation_delay": [0, 1.5]}, "^world.observation_delay must be two whole numbers"),
        ({"action_delay": [2, 1]}, "^world.action_delay must be two whole numbers"),
        ({"action_delay": [0, 101]}, r"^world.action_delay must be .* from 0 to 100"),
        ({"action_delay": [-1, 1]}, r"^world.action_delay must be .* from 0 to 100"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(world: Any, says: str) -> None:
    with pytest.raises(InvalidArgument, match=says):
        read(world)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"names": ["wheel"]}, r"world.events\[0\].names: The model has no geom named 'wheel'"),
        (
            {"target": "tendon_damping"},
            r"world.events\[0\].target: the model has no tendon_damping",
        ),
        (
            {"target": "geom_size", "names": ["floor"]},
            r"world.events\[0\].names: the size of floor cannot differ",
        ),
        (
            {"target": "command", "mode": "reset"},
            r"world.events\[0\].target: nothing tells this robot where to go",
        ),
        ({"target": "pair_friction"}, r"world.events\[0\].target: the model has no pair_friction"),
    ],
)
def test_what_a_model_has_not_is_told_with_the_path(change: dict[str, Any], says: str) -> None:
    experiment = from_dict({"task": "Ant-v5", "world": {"events": [{**FRICTION, **change}]}}, {})
    with pytest.raises(InvalidArgument, match=says):
        experiment.make_vec(2)


def test_python_is_checked_as_documents_are() -> None:
    with pytest.raises(InvalidArgument, match="mode must be one of"):
        EventTerm(mode="never", target="mass", operation="add", range=(0, 1))  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match=r"world.events\[0\] must be an EventTerm"):
        World(events=(FRICTION,))  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match=r"world\.action_noise must be a Noise"):
        World(action_noise=(0, 1))  # type: ignore[arg-type]


def test_every_field_that_may_differ_is_a_target() -> None:
    assert VARIABLE.keys() < TARGETS.keys()
