"""Robots: MJCF and URDF that MuJoCo reads, changed by chance."""

import copy
import random
import warnings
from pathlib import Path
from xml.etree import ElementTree

import gymnasium
import numpy as np

from tests.state_models import OWN
from websim.errors import WebSimError
from websim.experiments.environments import make_vec
from websim.experiments.robot import make_robot
from websim.experiments.sources import of_robot

KIND = "models"

_ASSETS = Path(gymnasium.__file__).parent / "envs" / "mujoco" / "assets"

MODELS = [
    *(path.read_text() for path in sorted(_ASSETS.glob("*.xml"))),
    *OWN.values(),
]

ODD = [
    *(
        "",
        "0",
        "-1",
        "nan",
        "inf",
        "1e308",
        "1e-308",
        "1e9",
        "0 0 0",
        "0 0 0 0",
        "1 2",
        "x",
        "true",
    ),
    *("../../etc/passwd", "/dev/zero", "torso", "é", "0 " * 500, "world", "2147483648", "1T"),
    *("RK4", "implicit", "free", "ball", "plane", "mesh", "hfield", "sdf", "elliptic", "sphere"),
]


def attempt(rng: random.Random) -> str:
    """Brings a robot, makes two of it and moves them, which ends in a named error or in numbers."""
    text = spoil(rng.choice(MODELS), rng)
    try:
        envs = make_vec(of_robot(make_robot({"robot.xml": text})), 2)
    except WebSimError as error:
        return type(error).__name__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        envs.reset(seed=0)
        actions = np.ones((2, envs.physics.model.nu), np.float32)
        for _ in range(3):
            observations, *_ = envs.step(actions)
        envs.close()
    assert np.isfinite(observations).all(), text
    return "moved"


def spoil(text: str, rng: random.Random) -> bytes:
    """A model that is another in one to eight places."""
    root = ElementTree.fromstring(text)
    for _ in range(rng.choice([1, 1, 2, 4, 8])):
        elements = list(root.iter())
        element = rng.choice(elements)
        what = rng.random()
        if what < 0.7 and element.attrib:
            name = rng.choice(list(element.attrib))
            element.set(name, rng.choice(ODD) if rng.random() < 0.2 else _digit(element, name, rng))
        elif what < 0.75 and element.attrib:
            del element.attrib[rng.choice(list(element.attrib))]
        elif what < 0.85:
            alike = [e for e in elements if any(c.tag == element.tag for c in e)] or elements
            rng.choice(alike).insert(0, copy.deepcopy(element))
        elif what < 0.9 and len(element):
            element.remove(rng.choice(list(element)))
        elif what < 0.95:
            other = rng.choice([e for e in elements if e.tag == element.tag])
            element.set(*rng.choice([*other.attrib.items(), ("name", "x")]))
        else:
            element.tag = rng.choice([rng.choice(elements).tag, "plugin", "composite", "flexcomp"])
    data = ElementTree.tostring(root)
    if rng.random() < 0.1:
        at = rng.randrange(len(data))
        data = data[:at] + rng.choice([b"<", b">", b"&", b'"', b"\0", b"<body>" * 600]) + data[at:]
    return data


def _digit(element: ElementTree.Element, name: str, rng: random.Random) -> str:
    """The same value with another digit."""
    value = element.get(name, "")
    places = [k for k, letter in enumerate(value) if letter.isdigit()] or [0]
    at = rng.choice(places)
    return value[:at] + rng.choice(["9", "0", "3", "0.", "-", "e9"]) + value[at + 1 :]
