"""What Python hands to JavaScript is declared once."""

from dataclasses import fields

import pytest

from websim.browser.messages import MESSAGES, spelt
from websim.browser.shard import Shard
from websim_server.build import messages


def test_the_types_of_javascript_are_those_of_python() -> None:
    said = "python -m websim_server.build.messages"
    assert messages.FILE.read_text() == messages.module(), f"make it anew: {said}"


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
