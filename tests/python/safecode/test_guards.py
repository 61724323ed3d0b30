"""What a call may cost, and what goes wrong in one."""

import time
import tracemalloc
from typing import Any

import numpy as np
import pytest

from tests.safe_programs import FUNCTIONS, Robot, calls
from websim.errors import CodeFailed, TooCostly
from websim.safecode import Program
from websim.safecode.guards import SECONDS, Budget, OverBudget
from websim.safecode.program import TRIES


def run(body: str, before: str = "", n: int = 1000) -> Any:
    program = Program(before + calls(body), FUNCTIONS, file="reward.py")
    robot = Robot(n)
    return program.call("reward", (robot, robot, np.ones((n, 8), np.float32)), n)


DOUBLES = "def f0(x):\n    return x\n" + "".join(
    f"def f{i}(x):\n    f = f{i - 1}(x)\n    return f{i - 1}(f)\n" for i in range(1, 40)
)

COSTLY = {
    "broadcast": "x = now.time[:, None, None] + now.time[:, None] + now.time",
    "zeros": "x = np.zeros((10**9, 10**9))",
    "ones": "x = np.ones(10**10)",
    "full": "x = np.full((10**5, 10**5), 1.0)",
    "many": "for i in range(250):\n    x = np.zeros(10**5)",
    "comparison": "x = now.time[:, None, None] < now.time[:, None] + now.time",
    "mask": "x = now.time[:, None, None] > 0\ny = x & (now.time[:, None] > 0) & (now.time > 0)",
    "where": "x = np.where(now.time[:, None, None] > 0, now.time[:, None], now.time)",
    "maximum": "x = np.maximum(now.time[:, None, None], now.time[:, None] * now.time)",
    "sign": "x = -now.qpos\nfor i in range(200):\n    for j in range(200):\n        x = -x",
    "stack": "x = [now.qpos for i in range(256)]\nfor i in range(20):\n    y = np.stack(x)",
    "list of arrays": "x = [now.qpos for i in range(99)]\nfor i in range(9):\n    y = np.array(x)",
    "operand of nested lists": "t = (1.0, 1.0)\nfor i in range(3):\n    t = [t for j in range(256)]"
    "\nx = now.time + t",
    "lists": "x = [[[1 for a in range(256)] for b in range(256)] for c in range(256)]",
    "loops": "for a in range(256):\n    for b in range(256):\n        for c in range(256):\n"
    "            x = a",
    "index": "i = np.zeros((1000, 1000)).astype(int)\nx = now.qpos[i]",
    "index of two": "i = np.zeros((1000, 1)).astype(int)\nx = now.qpos[i, 0]\ny = now.time[i + i.T]"
    "\nfor k in range(20):\n    y = now.qpos[i, i.T]",
    "mask of all": "m = now.qpos > -1\nfor i in range(250):\n    for j in range(250):\n"
    "        x = now.qpos[m]",
    "matrices": "x = now.qpos[:, :1] @ now.qpos[:, :1].T\ny = x @ x",
    "dot": "x = np.dot(now.time[:, None], now.time[None])\ny = x.dot(x)",
    "cross": "x = np.cross(now.qpos[:, None, :3], now.qpos[None, :, :3])\ny = np.cross(x, x)"
    "\nz = np.cross(x, y)",
    "sort": "x = np.zeros((1000, 1000))\nfor i in range(20):\n    x = np.sort(x, axis=0)",
    "median": "x = np.zeros((1000, 1000))\nfor i in range(20):\n    y = np.median(x)",
    "reductions": "for i in range(256):\n    for j in range(256):\n        x = now.qpos.sum()",
    "norms": "for i in range(256):\n    for j in range(256):\n        x = np.linalg.norm(now.qpos)",
    "sum of a list": "x = sum([now.time, now.time[:, None], now.time[:, None, None]])",
    "accessors": "for i in range(256):\n    for j in range(256):\n        x = now.body('a')",
    "slices of tuples": "t = [1 for i in range(256)]\nfor i in range(256):\n"
    "    for j in range(256):\n        x = t[:]",
    "dictionaries": "d = {}\nfor i in range(256):\n    for j in range(256):\n        d[i * j] = i",
    "store": "x = np.zeros((1000, 1000))\nfor i in range(99):\n    x[x == 0] = 1.0\n    x[:] = 0.0",
    "calls": "x = f39(1)",
}


@pytest.mark.parametrize("name", COSTLY)
def test_what_costs_too_much_is_stopped(name: str) -> None:
    tracemalloc.start()
    began = time.perf_counter()
    try:
        with pytest.raises(TooCostly, match=r"^reward\.py, line \d+, column \d+: stopped") as error:
            run(COSTLY[name] + '\nreturn {"a": now.time}', DOUBLES)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.value.line
    assert peak < 100 << 20
    assert time.perf_counter() - began < 10 * TRIES * SECONDS


FAILING = {
    "shapes": ("return now.qpos + now.qvel", "could not be broadcast|shape mismatch"),
    "division": ("return 1 / 0", "ZeroDivisionError"),
    "text times number": ('return "a" * 1000000', "a text is no number"),
    "text of a format": ('return "%999999999d" % 1', "a text is no number"),
    "text and text": ('return "a" + "b"', "a text is no number"),
    "tuple times number": ("t = (1, 2)\nreturn t * 3 + (None,) * 10**9", "not of None"),
    "huge power": ("return 10**10**10", "OverflowError"),
    "power of a power": ("x = 2\nfor i in range(64):\n    x = x**2", "OverflowError"),
    "product": ("x = 2\nfor i in range(200):\n    x = x * x", "greater than 2\\*\\*63"),
    "float to whole": ("return int(1e300)", "greater than 2\\*\\*63"),
    "text to number": ('return float("1")', "single number is needed here, not a text"),
    "objects": ("return np.array([now, before])", "made of numbers, not of robot"),
    "texts": ('return np.array(["a"])', "made of numbers, not of a text"),
    "None in an array": ("return np.array([None])", "not of None"),
    "nested": ("t = 1\nfor i in range(60):\n    t = (t, t)\nx = np.array(t)", "up to 4 levels"),
    "ragged": ("return np.array([[1, 2], [3]])", "ValueError"),
    "loop over environments": ("for x in now.time:\n    pass", "loop over an array"),
    "loop over text": ('for x in "abc":\n    pass', "not a text"),
    "loop over an accessor": ("for x in now:\n    pass", "not robot"),
    "long loop": ("for x in range(10**18):\n    pass", "up to 256 rounds"),
    "state that is written": (
        "x = now.qpos\nx[0] = 1\n",
        "belongs to the simulation: change a .copy",
    ),
    "view that is written": ("x = now.qpos[:, 0]\nx[0] = 1\n", "belongs to the simulation"),
    "constant that is written": ("C[0] = 2.0\n", "belongs to the simulation"),
    "constant dictionary": ('D["a"] = 2.0\n', "cannot be set"),
    "constant list": ("L[0] = 2.0\n", "cannot be set"),
    "text in an array": ('x = now.qpos.copy()\nx[0, 0] = "a"\n', "a text is no number"),
    "accessor as a key": ("d = {}\nd[now] = 1\n", "a key is a text or a number"),
    "tuple as a key": ("return {(1, 2): 1}", "a key is a text or a number"),
    "field of an array": ('return now.qpos["a"]', "a text is no index"),
    "mask of one": ("return now.qpos[True]", "a bool is no index"),
    "index by an accessor": ("return now.qpos[now]", "robot is no index"),
    "slice by an accessor": ("return now.qpos[now:]", "a single number is needed"),
    "element of an accessor": ("return now[0]", "robot has no element"),
    "attribute of a tuple": ("return (1, 2).T", "a tuple has no attribute T"),
    "attribute of another": ('return now.height + now.body("a").height', "robot has no attribute"),
    "method of another": ("return now.qpos.body(1)", "a ndarray has no method body"),
    "method of a list": ("return [1, 2].sum()", "a list has no method sum: use np.sum"),
    "method of an accessor": ("return now.sum()", "robot has no method sum"),
    "name that is no text": ("return now.body(1)", "takes a name, not a int"),
    "axis": ("return now.qpos.sum(axis=7)", "AxisError"),
    "axis by text": ('return now.qpos.sum(axis="a")', "a single number is needed"),
    "norm of matrices": ("return np.linalg.norm(now.qpos, 2)", "norms are those of vectors"),
    "comparison of lists": ("return [1] == [now]", "not of robot"),
    "truth of an array": ("return 1 if now.time > 0 else 2", "ValueError: The truth value"),
    "not assigned": ("if len(action) == 0:\n    x = 1\nreturn x", "UnboundLocalError"),
    "no such key": ('return {"a": 1}["b"]', "KeyError"),
    "stack of one array": ("return np.stack(now.qpos)", "list or tuple of arrays is needed"),
    "length of a number": ("return len(1)", "a int has no length"),
    "arguments": ("return helper()", "missing 1 required positional argument"),
    "zeros of a float": ("return np.zeros(1e20)", "cannot be interpreted as an integer"),
    "negative zeros": ("return np.zeros(-1)", "a length is negative"),
    "matrices of three": ("return np.zeros((2, 2, 2)) @ now.qpos.T", "products are of matrices"),
}


@pytest.mark.parametrize("name", FAILING)
def test_failures_say_where(name: str) -> None:
    body, told = FAILING[name]
    constants = 'C = np.array([1.0, 2.0])\nD = {"a": 1.0}\nL = [1.0]\n'
    with pytest.raises(CodeFailed, match=told) as error:
        run(body, constants)
    assert error.value.line > 14
    assert error.value.column >= 1


def test_constants_that_fail_or_cost_too_much() -> None:
    with pytest.raises(CodeFailed, match=r"^reward\.py, line 1, column 5: ZeroDivisionError"):
        run("return 1", "A = 1 / 0\n")
    with pytest.raises(TooCostly, match=r"^reward\.py, line 1, column 5: stopped"):
        run("return 1", "A = np.zeros(10**9)\n")
    nested = [f"A{i} = (A{i - 1}, A{i - 1})\n" for i in range(1, 60)]
    assert run("return len(A59)", "".join(["A0 = 1\n", *nested])) == 2


def test_nothing_remains_of_a_call() -> None:
    program = Program(
        "C = np.array([1.0, 2.0])\n" + calls("d = {}\nd['a'] = C * 2\nd['a'] += 1\nreturn d"),
        FUNCTIONS,
        file="reward.py",
    )
    robot = Robot(3)
    first, second = (program.call("reward", (robot, robot, robot.qpos), 3) for _ in range(2))
    np.testing.assert_array_equal(first["a"], second["a"])
    assert first["a"] is not second["a"]


def test_an_assignment_with_an_operator_changes_no_other_name() -> None:
    a, b = run("a = now.time.copy()\nb = a\nb += 1\nreturn a, b")
    np.testing.assert_array_equal(a + 1, b)


def test_more_environments_may_cost_more() -> None:
    body = "x = now.qpos\nfor i in range(20):\n    x = np.sin(x)\nreturn x"
    assert run(body).shape == (1000, 15)
    budget = Budget()
    budget.begin(4000)
    budget.spend(30 << 20)
    with pytest.raises(OverBudget, match="more than 256 MB"):
        budget.spend(3 << 20)


def test_a_call_that_was_slow_once_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine with other things to do."""
    program = Program(calls("return now.time"), FUNCTIONS, file="reward.py")
    robot = Robot(3)
    begun = []

    def begin(self: Budget, environments: int) -> None:
        begun.append(environments)
        original(self, environments)
        if len(begun) < slow:
            self._deadline = 0.0

    original, slow = Budget.begin, TRIES
    monkeypatch.setattr(Budget, "begin", begin)
    program.call("reward", (robot, robot, robot.qpos), 3)
    assert begun == [3] * TRIES
    begun.clear()
    slow = TRIES + 1
    with pytest.raises(TooCostly, match=r"line 12, .*: stopped: a call takes more than 50 ms"):
        program.call("reward", (robot, robot, robot.qpos), 3)


def test_waiting_costs_nothing() -> None:
    """Other work on the machine must not end a run."""
    budget = Budget()
    budget.begin(1000)
    time.sleep(2 * SECONDS)
    budget.spend(1)
