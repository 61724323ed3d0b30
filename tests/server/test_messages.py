"""What Python and JavaScript hand to each other is declared once."""

import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from websim.browser.messages import (
    MESSAGES,
    Manifest,
    Opening,
    ShardPlace,
    TrainingPlan,
    plain,
    read,
    spelt,
)
from websim.browser.shard import Shard, make_shard
from websim.experiments.experiment import Experiment
from websim_server.build import messages
from websim_server.site.app import create_app


def check(hint: Any, value: Any, at: str) -> None:
    """Makes sure that plain data are as declared."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        names = {spelt(entry.name): entry.name for entry in fields(hint)}
        assert value.keys() == names.keys(), at
        for name, part in value.items():
            check(hints[names[name]], part, f"{at}.{name}")
    elif origin is list:
        for part in value:
            check(arguments[0], part, f"{at}[]")
    elif origin is dict:
        for key, part in value.items():
            check(arguments[0], key, f"{at}'s keys")
            check(arguments[1], part, f"{at}.{key}")
    elif origin is typing.Literal:
        assert value in arguments, at
    elif origin is types.UnionType:
        kinds = tuple(typing.get_origin(kind) or kind for kind in arguments)
        assert isinstance(value, (*kinds, int) if float in kinds else kinds), at
    elif hint is not Any:
        assert isinstance(value, (int, float) if hint is float else hint), at


def test_what_the_server_says_is_as_declared() -> None:
    client = TestClient(create_app())
    manifest = client.get("/manifest.json").json()
    check(Manifest, manifest, "manifest")
    check(Opening, client.get(f"{manifest['openings']}Reacher-v5.json").json(), "opening")


def test_messages_both_ways() -> None:
    place = ShardPlace(group=0, first=3, num_envs=2, seed=7)
    crossing = plain(place)
    assert crossing.keys() >= {"numEnvs", "first"}
    assert read(ShardPlace, crossing) == place
    with pytest.raises(TypeError, match="max_episode_steps"):
        read(TrainingPlan, crossing)
    experiment = Experiment(task="Reacher-v5", task_options={"reward_dist_weight": 2.0})
    nobody = lambda *told: None  # noqa: E731
    shard = make_shard(experiment, crossing, "zero", {}, nobody, nobody)
    alone = Shard(experiment, 1, first=4)
    try:
        alone.reset(7)
        assert shard.env.observations[1].tolist() == alone.env.observations[0].tolist()
    finally:
        shard.close()
        alone.close()


def test_the_types_of_javascript_are_those_of_python() -> None:
    said = "python -m websim_server.build.messages"
    for file, text in messages.modules().items():
        assert file.read_text() == text, f"make it anew: {said}"


@pytest.mark.parametrize("kind", MESSAGES)
def test_every_field_is_explained(kind: type) -> None:
    for entry in fields(kind):
        assert f"    {entry.name}: " in (kind.__doc__ or "")


def test_names_are_spelt_as_javascript_does() -> None:
    assert [spelt(name) for name in ("global_step", "nq", "dt")] == ["globalStep", "nq", "dt"]
    shard = Shard("Reacher-v5", 3)
    try:
        about = shard.describe()
        assert about["sizes"]["numEnvs"] == 3
        assert about["frameSkip"] == shard.env.task.frame_skip
        assert {place["name"] for place in shard.places()} > {"finalObservations", "qpos"}
    finally:
        shard.close()
