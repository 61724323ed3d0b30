"""What safe code may say, and what not: every way out of a Python sandbox that we know of."""

import ast
import dis
from collections.abc import Iterator
from types import CodeType
from unittest.mock import patch

import numpy as np
import pytest

from tests.safe_programs import DEEP, FUNCTIONS, Robot, calls
from websim.errors import UnsafeCode
from websim.safecode import Program, check
from websim.safecode.language import NUMPY

ALLOWED = {
    "terms": 'return {"speed": now.qpos[:, 0], "effort": -0.1 * np.square(action).sum(axis=1)}',
    "an import of numpy": 'return {"a": numpy.sin(now.time)}',
    "masks": """
        upright = (now.qpos[:, 2] > 0.2) & ~(now.qpos[:, 2] >= 1.0)
        bonus = np.zeros(len(action))
        bonus[upright] = 1.0
        bonus[~upright] -= 2
        return {"a": np.where(upright, 1.0, 0.0), "b": bonus, "c": upright * 2.0}""",
    "names in a loop": """
        terms = {}
        for leg in ("left", "right"):
            terms[leg] = now.body(leg).height
        return terms""",
    "comprehensions": """
        heights = {leg: now.body(leg).height for leg in ("a", "b") if leg != "b"}
        total = sum([h for h in [heights["a"], heights["a"]]])
        both = np.stack([x * 2 for x in (total, total)], axis=1)
        return {"a": total, "b": both[:, 0]}""",
    "numbers": """
        best = max(1, 2.0) + min([3, 4]) ** 2 + abs(-1) + round(2.5) + int(3.7) + float(2)
        return {"a": best * np.ones_like(now.time)}""",
    "choices": """
        x = 1.0 if len(action) > 3 and not now.dt == 0 else 2.0
        if x > 1.5:
            x = 3.0
        elif x is None:
            pass
        return {"a": x + now.time}""",
    "loops": """
        total = np.zeros(len(action))
        for i in range(action.shape[1]):
            if i == 5:
                continue
            total += action[:, i]
        for i, (name, weight) in enumerate(zip(("a", "b"), (1, 2))):
            total = total + weight * i
            break
        return {"a": total}""",
    "annotations": """
        x: np.ndarray = now.time
        y: float
        return {"a": x}""",
    "indices": """
        q = now.qpos
        a = q[..., 0] + q[:, -1] + q[:, [0, 1]].sum(axis=1) + q[:, 1:4:2].mean(1)
        b = q[:, None, :2].reshape(-1, 2)[:, 0] + q.T[0] + q[q[:, 0] >= 0, 0]
        return {"a": a, "b": b}""",
    "methods": """
        a = action.astype(float).clip(-1, 1).std(axis=1, keepdims=True).ravel()
        return {"a": a.reshape((len(a), 1)).squeeze(axis=1).round(2), "b": a.astype(np.float32)}""",
    "vectors": """
        v = now.qpos[:, :3]
        u = np.cross(v, [0.0, 0.0, 1.0])
        length = np.linalg.norm(v, axis=1)
        return {"a": length, "b": np.vecdot(u, v), "c": v @ np.array([1, 2, 3])}""",
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_passes(name: str) -> None:
    program = Program(calls(ALLOWED[name]), FUNCTIONS, file="reward.py")
    robot = Robot(7)
    terms = program.call("reward", (robot, robot, np.ones((7, 8), np.float32)), 7)
    assert all(np.shape(values) == (7,) for values in terms.values()), terms


def test_it_gives_what_plain_python_gives() -> None:
    robot, action = Robot(7), np.linspace(-1, 1, 56).reshape(7, 8)
    for body in ALLOWED.values():
        safe, plain = (
            Program(calls(body), FUNCTIONS, file="reward.py", trusted=trusted).call(
                "reward", (robot, robot, action), 7
            )
            for trusted in (False, True)
        )
        assert safe.keys() == plain.keys()
        for name, values in safe.items():
            np.testing.assert_array_equal(values, plain[name])


REFUSED = {
    # Attributes.
    "dunder": "return now.__class__",
    "subclasses": "return ().__class__.__bases__[0].__subclasses__()",
    "mro": "return (1).__class__.__mro__",
    "globals of a function": "return reward.__globals__",
    "code of a function": "return reward.__code__",
    "getattr": 'return getattr(now, "__cl" + "ass__")',
    "setattr": 'return setattr(now, "dt", 1)',
    "vars": "return vars(now)",
    "dir": "return dir(now)",
    "type": 'return type("X", (), {})',
    "attribute that is set": "now.dt = 1",
    "attribute that is deleted": "del now.dt",
    "private": "return now._arrays",
    "unknown": "return now.nothing",
    "method as a value": "return now.qpos.sum",
    "accessor as a value": "return now.body",
    "base of an array": "return now.qpos.base",
    "ctypes of an array": "return now.qpos.ctypes.data",
    "buffer of an array": "return now.qpos.data",
    "flags of an array": "now.qpos.setflags(write=True)",
    "dtype": "return now.qpos.dtype.type",
    "tofile": 'now.qpos.tofile("x")',
    "dump": 'now.qpos.dump("x")',
    "tobytes": "return now.qpos.tobytes()",
    "resize": "now.qpos.resize(10)",
    "in place": "now.qpos.sort()",
    "out": "return np.add(now.qpos, 1, out=now.qpos)",
    "out without a name": "return np.add(now.qpos, 1, now.qpos)",
    "view": 'return now.qpos.view("O")',
    "astype to objects": "return now.qpos.astype(object)",
    "astype by text": 'return now.qpos.astype("O")',
    "dtype of an array": "return np.array([1], dtype=object)",
    "fullwidth name": "return \uff45val(1)",
    "fullwidth attribute": "return now._\uff3fclass_\uff3f",
    # Names.
    "eval": 'return eval("1")',
    "exec": 'exec("1")',
    "compile": 'return compile("1", "", "eval")',
    "open": 'return open("/etc/passwd")',
    "import": 'return __import__("os")',
    "import statement": "import os",
    "import from": "from os import system",
    "star import": "from numpy import *",
    "numpy by another name": "import numpy as numbers",
    "print": "print(1)",
    "input": "return input()",
    "breakpoint": "breakpoint()",
    "builtins": "return __builtins__",
    "builtins by dot": "return np.__builtins__",
    "debug": "return __debug__",
    "name": "return __name__",
    "loader": "return __loader__",
    "globals": "return globals()",
    "locals": "return locals()",
    "super": "return super()",
    "object": "return object()",
    "str": "return str(now)",
    "bytes": "return bytes(10)",
    "map": "return map(len, [1])",
    "sorted with a key": "return sorted([1], key=len)",
    "unknown name": "return nothing",
    "function as a value": "f = len",
    "own function as a value": "f = helper",
    "function in a dictionary": 'return {"f": np.sin}',
    "itself": "return reward(now, before, action)",
    "numpy as a value": "return np",
    # Numpy.
    "load": 'return np.load("x", allow_pickle=True)',
    "save": 'np.save("x", now.qpos)',
    "loadtxt": 'return np.loadtxt("/etc/passwd")',
    "genfromtxt": 'return np.genfromtxt("http://localhost/")',
    "fromfile": 'return np.fromfile("x")',
    "memmap": 'return np.memmap("x")',
    "DataSource": "return np.lib.npyio.DataSource()",
    "f2py": 'return np.f2py.compile("")',
    "ctypeslib": 'return np.ctypeslib.load_library("libc", "/")',
    "testing": 'return np.testing.runstring("1", {})',
    "distutils": "return np.distutils",
    "lib": "return np.lib.stride_tricks.as_strided(now.qpos, (1 << 40,))",
    "core": "return np.core",
    "sys through numpy": "return np.sys.modules",
    "os through numpy": 'return np.os.system("true")',
    "random": "return np.random.rand()",
    "frompyfunc": "return np.frompyfunc(len, 1, 1)",
    "vectorize": "return np.vectorize(len)",
    "apply_along_axis": "return np.apply_along_axis(len, 0, now.qpos)",
    "fromfunction": "return np.fromfunction(len, (3,))",
    "piecewise": "return np.piecewise(now.time, [now.time > 0], [len])",
    "reduce": "return np.add.reduce(now.qpos)",
    "at": "np.add.at(now.qpos, 0, 1)",
    "outer": "return np.multiply.outer(now.time, now.time)",
    "accumulate": "return np.add.accumulate(now.qpos)",
    "ufunc's class": "return np.add.__class__",
    "set_printoptions": "np.set_printoptions(formatter={})",
    "seterrcall": "np.seterrcall(len)",
    "einsum_path": 'return np.einsum_path("i,i", now.time, now.time)',
    "array2string": "return np.array2string(now.time)",
    "savez by a walk": "return np.linalg.linalg",
    "norm by a walk": "return np.linalg.norm.__globals__",
    "svd": "return np.linalg.svd(now.qpos)",
    "tile": "return np.tile(now.time, 1 << 30)",
    "repeat": "return np.repeat(now.time, 1 << 30)",
    "arange": "return np.arange(1 << 40)",
    "linspace": "return np.linspace(0, 1, 1 << 40)",
    "eye": "return np.eye(1 << 20)",
    "broadcast_to": "return np.broadcast_to(now.time, (1 << 40, 7))",
    "fromstring": 'return np.fromstring("1")',
    "char": 'return np.char.multiply("a", 1 << 40)',
    "pad": "return np.pad(now.time, 1 << 40)",
    "dtype by text": 'return np.dtype("O")',
    "object_": "return np.object_",
    "pi's attributes": "return np.pi.real",
    # Text.
    "format": 'return "{0.__class__}".format(now)',
    "format_map": 'return "{a}".format_map({"a": now})',
    "f-string": 'return f"{now.__class__}"',
    "f-string of a name": 'return now.body(f"leg {1}")',
    "join": 'return "".join(["a"])',
    "encode": 'return "a".encode()',
    "bytes of text": 'return b"a"',
    "long text": f'return "{"a" * 201}"',
    # Scopes and statements.
    "lambda": "return (lambda: 1)()",
    "lambda as a default": "def f(x=lambda: 1): return x",
    "function within": "def f(): return 1",
    "generator": "return (x for x in (1, 2)).gi_frame",
    "generator function": "yield 1",
    "yield from": "yield from (1, 2)",
    "await": "await now",
    "comprehension's name outside": 'a = [x for x in (1, 2)]\nreturn {"a": x}',
    "comprehension of a set": "return {x for x in (1, 2)}",
    "comprehension that hides": "return [len for len in (1, 2)]",
    "asynchronous comprehension": "return [x async for x in now]",
    "walrus": "return (x := 1)",
    "walrus in a comprehension": "return [y := x for x in (1, 2)]",
    "class": "class A: pass",
    "metaclass": "class A(metaclass=len): pass",
    "try": "try:\n    1 / 0\nexcept Exception as error:\n    return error.__traceback__.tb_frame",
    "except star": "try:\n    pass\nexcept* ValueError:\n    pass",
    "with": "with now as x:\n    pass",
    "raise": "raise ValueError",
    "assert": "assert now",
    "global": "global len",
    "nonlocal": "nonlocal len",
    "while": "while True:\n    pass",
    "match": "match now:\n    case object(__class__=x):\n        return x",
    "delete": "del now",
    "unpacking": "a, *b = (1, 2)",
    "call with a star": "return np.sin(*[now.time])",
    "call with two stars": 'return np.sin(**{"x": 1})',
    "dictionary with two stars": 'return {**{"a": 1}}',
    "else after for": "for i in (1,):\n    pass\nelse:\n    pass",
    "expression alone": "now.qpos",
    "call alone": "np.sin(now.time)",
    "shifts": "return 1 << 1000",
    "in": 'return "a" in ("a", "b")',
    "chain": "return 0 < now.time < 1",
    "complex": "return 1j",
    "huge number": f"return {2**60}",
    "set": "return {1, 2}",
    "element of a call": "now.body(1)[0] = 2",
    "two targets": "a = b[0] = 1",
    # Names that shadow.
    "hides numpy": "np = now",
    "hides a function of Python's": "len = 3",
    "hides a function of its own": "helper = 3",
    "hides a constant": "SCALE = 3",
    "hides numpy in a loop": "for np in (1, 2):\n    pass",
    "hides float": "float = 1",
    "begins with an underscore": "_x = 1",
    "dunder name": "__builtins__ = 1",
    # Calls.
    "call of a call": "return now.body(1)(2)",
    "call of an element": "return [1][0]()",
    "call of a parameter": "return now()",
    "too many arguments": "return np.sin(now.time, now.time)",
    "too few": "return np.where(now.time)",
    "keyword": "return np.sum(now.time, where=now.time)",
    "dtype of a sum": "return now.qpos.sum(0, object)",
    "deep": "return " + "-" * 60 + "1",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_pass(name: str) -> None:
    with pytest.raises(UnsafeCode) as error:
        check(calls(REFUSED[name]), FUNCTIONS)
    for problem in error.value.problems:
        assert problem.line > 1
        assert problem.column >= 1
        assert "no Python" not in problem.refused


@pytest.mark.parametrize("name", DEEP)
def test_what_is_nested_too_deep_is_not_even_read(name: str) -> None:
    with (
        patch("ast.parse", side_effect=AssertionError),
        pytest.raises(UnsafeCode, match="Nested too deep"),
    ):
        check(DEEP[name], FUNCTIONS)


def test_long_code_is_not_deep() -> None:
    terms = " + ".join(["2.0 * now.qpos[:, 0]"] * 40)
    entries = ", ".join(f'"t{i}": {terms}' for i in range(8))
    check(calls(f"return {{{entries}}}"), FUNCTIONS)


FILES = {
    "decorator": "@len\n",
    "default that is computed": "def f(x=np.zeros(3)):\n    return x\n",
    "asynchronous function": "async def f():\n    return 1\n",
    "class": "class A:\n    pass\n",
    "statement": "for i in (1, 2):\n    pass\n",
    "statement that calls": "np.sin(1)\n",
    "type parameters": "def f[T](x):\n    return x\n",
    "type alias": "type X = int\n",
    "star parameters": "def f(*a, **b):\n    return a\n",
    "keyword parameters": "def f(*, a):\n    return a\n",
    "a function twice": "def f():\n    return 1\ndef f():\n    return 2\n",
    "a constant twice": "A = 1\nA = 2\n",
    "dunder": "__builtins__ = 1\n",
    "hides": "np = 1\n",
    "function of numpy's name": "def np():\n    return 1\n",
    "parameter that hides": "def f(len):\n    return 1\n",
    "recursion": "def f(x):\n    return g(x)\ndef g(x):\n    return f(x)\n",
    "itself": "def f(x):\n    return f(x)\n",
    "import": "import os\n",
    "import with numpy": "import numpy as np, os\n",
    "import of a part": "import numpy.lib as np\n",
    "unpacking": "A, B = 1, 2\n",
    "attribute": "A.b = 1\n",
    "future": "from __future__ import annotations\n",
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_do_not_pass(name: str) -> None:
    with pytest.raises(UnsafeCode):
        check(FILES[name] + calls('return {"a": now.time}'), FUNCTIONS)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("", "There is no function reward. Define it: def reward(now, before, action)."),
        ("def reward(a, b): return 1", "It is called as reward(now, before, action)."),
        ("def reward(now, before, action=1): return 1", "reward has other parameters"),
        ("def reward(now, now, action): return 1", "other parameters"),
        ("def reward(:", "This is no Python"),
        ("x\0", "reward.py, line 1"),
        ("a" * 20_001, "up to 20000 characters"),
        ("def reward(now, before, action):\n    break", "no Python: 'break' outside loop"),
        ("def f(a, a): return 1\n" + calls("return 1"), "no Python: duplicate argument 'a'"),
    ],
)
def test_what_is_no_reward(source: str, told: str) -> None:
    with pytest.raises(UnsafeCode) as error:
        Program(source, FUNCTIONS, file="reward.py")
    assert told in str(error.value)


def test_errors_say_where_what_and_what_else() -> None:
    source = calls('x = "é" if True else now.heigth\nreturn eval(x) + while_')
    with pytest.raises(UnsafeCode) as error:
        check(source, FUNCTIONS, "own.py")
    first, second, third = error.value.problems
    line = next(k for k, text in enumerate(source.splitlines()) if "é" in text)
    column = source.splitlines()[line].index("now.heigth") + 1
    assert first[:2] == (line + 1, column)
    assert first.refused == "There is no attribute heigth here"
    assert first.allowed.startswith("Did you mean height? There are: T, dt, height, ")
    assert "no function eval" in second.refused
    assert "There are: abs, bool, enumerate" in second.allowed
    assert third.refused == "There is no name while_ here"
    assert str(error.value).startswith(f"own.py, line {line + 1}, column {column}: There is no")


def opcodes(code: CodeType) -> Iterator[tuple[str, object]]:
    for instruction in dis.get_instructions(code):
        yield instruction.opname, instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from opcodes(constant)


def test_what_runs_has_no_attributes_and_calls_guards() -> None:
    """Whatever the checker let through, there is no way left to an object's attributes."""
    for body in ALLOWED.values():
        program = Program(calls(body), FUNCTIONS, file="reward.py")
        for name, argument in opcodes(program._code):
            assert not any(word in name for word in ("ATTR", "METHOD", "IMPORT", "BUILD_CLASS")), (
                name
            )
            if name in ("LOAD_GLOBAL", "LOAD_NAME"):
                assert argument in program._namespace
                assert not hasattr(np, str(argument)) or argument in (
                    "abs",
                    "round",
                    "min",
                    "max",
                    "sum",
                    "bool",
                    "float",
                    "int",
                )


def test_the_list_is_numpys() -> None:
    """Every function is there, and none of them knows files, objects or code."""
    for name in NUMPY:
        found: object = np
        for part in name.split("."):
            found = getattr(found, part)
        assert callable(found)
    assert not {"load", "save", "frompyfunc", "vectorize", "fromfile", "memmap"} & NUMPY.keys()


def test_reads_are_followed() -> None:
    def reads(body: str, before: str = "") -> dict[str, frozenset[str]]:
        return dict(Program(before + calls(body), FUNCTIONS, file="reward.py").reads)

    none: frozenset[str] = frozenset()
    assert reads('return {"a": now.time}') == {"now": {"time"}, "before": none}
    assert reads('b = before.body("a")\nreturn {"a": b.height}') == {
        "now": none,
        "before": {"xpos"},
    }
    helper = "def up(b):\n    return b.velocity\ndef first(every):\n    return every[0]\n"
    assert reads('return {"a": up(now.body("a"))[:, 0]}', helper)["now"] == {"cvel", "xpos"}
    assert reads('x = {"a": (now, before)}\ny, z = x["a"]\nreturn {"a": y.qvel}') == {
        "now": {"qvel"},
        "before": {"qvel"},
    }
    assert reads('return {"a": first([now]).body("a").height}', helper)["now"] == {"xpos"}
    assert reads('return {"a": [b.height for b in [now.body("a")]][0]}')["now"] == {"xpos"}
    assert reads("for b in (now, before):\n    x = b.time\nreturn {'a': x}")["before"] == {"time"}
    assert reads('return {"a": up(b=before.body("b"))}', helper)["before"] == {"cvel", "xpos"}


def test_a_tree_is_left_as_it_was_written() -> None:
    source = calls('return {"a": now.time * 2}')
    assert ast.unparse(check(source, FUNCTIONS)) == ast.unparse(ast.parse(source))
