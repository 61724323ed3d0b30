"""The JSON Schema of experiments is that of the dataclasses, and says what their reader says."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from websim import InvalidArgument
from websim.experiments.experiment import Experiment, document, from_document
from websim.experiments.robot import make_robot
from websim.experiments.sources import of_robot
from websim.worlds.world import world_from_dict
from websim_server.build import schema

BALL = b"<mujoco><worldbody><body><freejoint/><geom size='.1'/></body></worldbody></mujoco>"

WORLD = {
    "events": [
        {"mode": "reset", "target": "body_mass", "operation": "scale", "range": [0.5, 1.5]},
    ],
}

ROBOT = make_robot({"ball.xml": BALL})

WHOLE = Experiment(
    task="Robot-v0",
    robot=ROBOT,
    reward="def reward(now, before, action):\n    return {'one': now.body(1).height}\n",
    task_options={"frame_skip": 4},
    hyperparameters={"num_envs": 4, "hidden_sizes": [64, 64]},
    world=world_from_dict(WORLD),
    title="a ball",
    seed=7,
)


def test_the_file_is_what_is_declared() -> None:
    assert schema.FILE.read_text() == schema.text(), "python -m websim_server.build.schema"
    Draft202012Validator.check_schema(schema.schema())


@pytest.mark.parametrize("experiment", [Experiment(task="Ant-v5"), of_robot(ROBOT), WHOLE])
def test_what_is_written_is_valid(experiment: Experiment) -> None:
    written = json.loads(json.dumps(document(experiment)))
    Draft202012Validator(schema.schema()).validate(written)
    assert from_document(written, ROBOT.files) == experiment


@pytest.mark.parametrize(
    "change",
    [
        {"task": 7},
        {"wheels": 4},
        {"version": 2},
        {"format": "another"},
        {"seed": 1.5},
        {"seed": "1"},
        {"hyperparameters": []},
        {"robot": {"main": "ball.xml"}},
        {"robot": "ball.xml"},
        {"world": {"events": [{"mode": "sometimes"}]}},
        {"world": {"winds": []}},
    ],
)
def test_what_the_schema_refuses_the_reader_refuses(change: dict[str, Any]) -> None:
    written = {**json.loads(json.dumps(document(WHOLE))), **change}
    assert not Draft202012Validator(schema.schema()).is_valid(written)
    with pytest.raises((InvalidArgument, ValueError)):
        from_document(written, ROBOT.files)
