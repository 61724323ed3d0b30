"""Experiments, alone and as files: what the project writes, changed by chance."""

import copy
import io
import json
import random
import re
import zipfile
from functools import cache
from typing import Any

from tests.fuzz.models import MODELS
from websim.errors import WebSimError
from websim.experiments import archive
from websim.experiments.experiment import Experiment
from websim.experiments.robot import make_robot
from websim.experiments.sources import of_robot
from websim.registry import task_class
from websim.training.verification import try_out

KIND = "documents"

ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 10**30, 1e-9, 0.5, -1e308, float("nan")),
    *(
        "",
        "Ant-v5",
        "ppo",
        "Robot-v0",
        "../../etc/passwd",
        "\0",
        "é" * 300,
        "__class__",
        "1e400",
        "\ud800",
    ),
    *([], {}, [[]], [0] * 1000, {"": None}, {"__proto__": {}}),
]


@cache
def originals() -> list[bytes]:
    """Files that can be opened."""
    ant = task_class("Ant-v5")
    experiments = [
        Experiment(
            task="Ant-v5",
            task_options={"healthy_z_range": [0.2, 1.0], "ctrl_cost_weight": 0.5},
            reward=ant.reward_code,
            measure=ant.measure_code,
            hyperparameters={"num_envs": 4, "hidden_sizes": [8, 8], "anneal_lr": False},
            title="An ant",
            parent="0" * 64,
        ),
        Experiment(task="HalfCheetah-v5", algorithm="ars", hyperparameters={"num_envs": 8}),
        of_robot(make_robot({"parts/robot.xml": MODELS[0].encode()})),
    ]
    return [archive.dump(experiment) for experiment in experiments]


def attempt(rng: random.Random) -> str:
    """Opens a file as the page does, which ends in a named error or in environments."""
    data = spoil(rng.choice(originals()), rng)
    try:
        try_out(archive.load(data))
    except WebSimError as error:
        # An error that nobody foresaw says nothing of what is wrong.
        if re.search(r"(Type|Key|Index|Attribute|Assertion)Error\(", str(error)):
            raise AssertionError("says nothing of what is wrong") from error
        return type(error).__name__
    return "opened"


def spoil(data: bytes, rng: random.Random) -> bytes:
    """A file, spoilt in its document or in its members."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    document = json.loads(members[archive.NAME])
    for _ in range(rng.choice([1, 1, 2, 4])):
        change(document, rng)
    written = json.dumps(document)
    if rng.random() < 0.1:
        at = rng.randrange(len(written))
        written = written[:at] + rng.choice(['"', "{", "}", "[" * 5000, ",", "\\", "9" * 5000])
    members[archive.NAME] = written.encode(errors="replace")
    if rng.random() < 0.1:
        name = rng.choice(list(members))
        members[rng.choice(["../" + name, "/" + name, name.upper(), "x" * 300])] = members.pop(name)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    packed = bytearray(out.getvalue())
    if rng.random() < 0.1:
        for _ in range(rng.choice([1, 5])):
            packed[rng.randrange(len(packed))] = rng.randrange(256)
    return bytes(packed[: rng.randrange(len(packed))] if rng.random() < 0.05 else packed)


def change(document: Any, rng: random.Random) -> None:
    """Changes one place of a document, anywhere in it."""
    places = [(document, key) for key in _keys(document)]
    for holder, key in places:  # grows while it is gone through
        inside = holder[key]
        places.extend((inside, deeper) for deeper in _keys(inside))
    holder, key = rng.choice(places[rng.choice([0, 2, 2, 2]) :])  # seldom format and version
    what = rng.random()
    if what < 0.5:
        holder[key] = copy.deepcopy(rng.choice(ODD))
    elif what < 0.7:
        del holder[key]
    elif what < 0.85:
        other, name = rng.choice(places)
        if name in _keys(other):
            holder[key] = copy.deepcopy(other[name])
    elif isinstance(holder, dict):
        holder[rng.choice(["", "__proto__", "task", "version", key + "s"])] = holder.pop(key)
    else:
        holder.insert(key, copy.deepcopy(rng.choice(ODD)))


def _keys(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value)
    return list(range(len(value))) if isinstance(value, list) else []
