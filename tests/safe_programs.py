"""What the tests of safe code share: a robot without physics, and a file around a body."""

import textwrap
from typing import ClassVar

import numpy as np

from websim.safecode import Accessor, Functions


class Part(Accessor):
    """A body."""

    attributes: ClassVar = {"height": ("xpos",), "velocity": ("cvel", "xpos")}

    def __init__(self, n: int) -> None:
        self.height = np.linspace(0, 1, n)
        self.velocity = np.ones((n, 3))


class Robot(Accessor):
    """What `now` and `before` are."""

    attributes: ClassVar = {"qpos": ("qpos",), "qvel": ("qvel",), "time": ("time",), "dt": ()}
    methods: ClassVar = {"body": Part}

    def __init__(self, n: int) -> None:
        self.n, self.dt = n, 0.05
        self.qpos, self.qvel = np.linspace(0, 1, 15 * n).reshape(n, 15), np.ones((n, 14))
        self.time = np.arange(n) * 0.1
        for array in (self.qpos, self.qvel, self.time):
            array.flags.writeable = False

    def body(self, name: str) -> Part:
        return Part(self.n)


FUNCTIONS: Functions = {"reward": {"now": Robot, "before": Robot, "action": None}}


def calls(body: str) -> str:
    """A file whose reward has this body."""
    return (
        '"""A reward."""\n\nimport numpy as np\n\nSCALE = 2.0\n\n\n'
        "def helper(x, scale=1.0):\n    return x * scale\n\n\n"
        "def reward(now, before, action):\n"
        + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
        + "\n"
    )


DEEP = {
    name: f"x = {code}"
    for name, code in {
        "not": "not " * 4900 + "1",
        "signs": "-" * 19000 + "1",
        "attributes": "a" + ".b" * 9000,
        "calls": "a" + "()" * 9000,
        "indices": "a" + "[0]" * 6000,
        "sums": "1" + "+1" * 9000,
        "powers": "1" + "**1" * 6000,
        "choices": "1" + " if 1 else 1" * 1600,
        "functions": "lambda: " * 2400 + "1",
        "brackets": ("(" + "not " * 20) * 190 + "1" + ")" * 190,
        "else": "1\nif 1: x\n" + "elif 1: x\n" * 1900,
        "an end that is missing": "not " * 4900 + "'",
    }.items()
}
"""Files that Python's parser goes through level by level: too many for a browser's stack."""

AS_DEEP_AS_MAY_BE = ("not " * 490 + "1", "a" + ".b" * 490, "1" + " if 1 else 1" * 245)
"""Expressions that are read, and then refused by what they mean."""
