"""Rewards: those of the project changed by chance, and expressions of all that Python has."""

import ast
import builtins
import dis
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

import numpy as np

import websim
from tests.safe_programs import calls
from websim.errors import CodeFailed, UnsafeCode
from websim.registry import task_class
from websim.rewards import Reward, State
from websim.safecode import guards
from websim.safecode.language import ARRAY_METHODS, BUILTINS, NUMPY, Call

KIND = "programs"

FILE = "fuzzed.py"

VALUES = ["x", "x", "action", "SCALE"]
ODD_NAMES = [
    *dir(builtins),
    *(*BUILTINS, *guards.Guards().namespace(), "now", "np", "numpy", "helper", "reward"),
    *("__globals__", "self", "os", "_x", "\uff4e\uff50"),  # the last is np, to Python
]
ATTRIBUTES = ["T", "shape", "ndim", "size"]
ODD_ATTRIBUTES = [
    *(name for kind in (np, np.ndarray, np.ufunc, type, str, dict, State) for name in dir(kind)),
    *("__globals__", "__code__", "__closure__", "f_globals", "gi_frame", "tb_frame", "_state"),
    *("_guards", "_spend", "budget", "qpos", "body", "height"),
]
CONSTANTS = [0, 1, 2, 3, -1, 0.5, 1e9, 1e300]
ODD_CONSTANTS = [
    *("a", "torso", "{0.__class__}", None, True, ..., 2**53, 2**64, 10**40, b"a", 1j, "a" * 300),
]


def sources() -> list[str]:
    """The rewards that the project has."""
    found = [task_class(task).reward_code for task in websim.task_ids()]
    return [*filter(None, found), calls('return {"a": helper(now.qpos[:, 0]) * SCALE}')]


SOURCES = sources()

ENVS = websim.make_vec("Ant-v5", 1)


class Author:
    """Writes expressions and statements; `odd` is how often it takes what is hardly allowed."""

    def __init__(self, rng: random.Random, odd: float) -> None:
        self.rng, self.odd = rng, odd

    def pick(self, known: list[Any], odd: list[Any]) -> Any:
        return self.rng.choice(odd if self.rng.random() < self.odd else known)

    def name(self) -> str:
        return str(self.pick(VALUES, ODD_NAMES))

    def attribute(self) -> str:
        return str(self.pick(ATTRIBUTES, ODD_ATTRIBUTES))

    def expression(self, depth: int) -> ast.expr:
        makers = self.leaves if depth <= 0 else self.pick(self.usual, self.unusual)
        maker: Callable[[int], ast.expr] = self.rng.choice(makers)
        return maker(depth - 1)

    def expressions(self, depth: int, most: int = 3) -> list[ast.expr]:
        return [self.expression(depth) for _ in range(self.rng.randint(0, most))]

    @property
    def leaves(self) -> list[Callable[[int], ast.expr]]:
        return [
            lambda _: ast.Name(self.name(), ast.Load()),
            lambda _: ast.Constant(self.pick(CONSTANTS, ODD_CONSTANTS)),
            lambda _: ast.Attribute(
                ast.Name(self.rng.choice(["now", "before"]), ast.Load()),
                self.pick(["qpos", "qvel", "time", "dt", "center_of_mass"], ODD_ATTRIBUTES),
                ast.Load(),
            ),
        ]

    @property
    def usual(self) -> list[list[Callable[[int], ast.expr]]]:
        rng = self.rng
        return [
            self.leaves,
            [
                lambda d: ast.BinOp(self.expression(d), self.operator(), self.expression(d)),
                lambda d: ast.UnaryOp(
                    rng.choice([ast.USub, ast.UAdd, ast.Not, ast.Invert])(), self.expression(d)
                ),
                lambda d: ast.Compare(
                    self.expression(d),
                    [rng.choice([ast.Lt, ast.GtE, ast.Eq, ast.NotEq, ast.Is])()],
                    [self.expression(d)],
                ),
                lambda d: ast.IfExp(*(self.expression(d) for _ in range(3))),
                lambda d: ast.Subscript(self.expression(d), self.index(d), ast.Load()),
                lambda d: ast.Tuple(self.expressions(d), ast.Load()),
                lambda d: ast.List(self.expressions(d), ast.Load()),
                lambda d: ast.Attribute(self.expression(d), self.attribute(), ast.Load()),
                lambda d: ast.ListComp(self.expression(d), [self.loop(d)]),
                lambda d: ast.BoolOp(
                    rng.choice([ast.And, ast.Or])(), [self.expression(d), self.expression(d)]
                ),
            ],
            [
                lambda d: self.call("", {**BUILTINS, "helper": Call(1, 2)}, ODD_NAMES, d),
                lambda d: self.call("np", NUMPY, ODD_ATTRIBUTES, d),
                lambda d: self.call(".", ARRAY_METHODS, ODD_ATTRIBUTES, d),
            ],
        ]

    @property
    def unusual(self) -> list[list[Callable[[int], ast.expr]]]:
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        return [
            [
                lambda d: ast.Lambda(nothing, self.expression(d)),
                lambda d: ast.NamedExpr(ast.Name("x", ast.Store()), self.expression(d)),
                lambda d: ast.GeneratorExp(self.expression(d), [self.loop(d)]),
                lambda d: ast.SetComp(self.expression(d), [self.loop(d)]),
                lambda d: ast.DictComp(self.expression(d), self.expression(d), [self.loop(d)]),
                lambda d: ast.JoinedStr([ast.FormattedValue(self.expression(d), 114, None)]),
                lambda d: ast.Dict([None], [self.expression(d)]),
                lambda d: ast.Set([self.expression(d)]),
                lambda d: ast.Await(self.expression(d)),
                lambda d: ast.Yield(self.expression(d)),
                lambda d: ast.Call(self.expression(d), self.expressions(d), []),
                lambda d: ast.Compare(self.expression(d), [ast.In()], [self.expression(d)]),
            ]
        ]

    def operator(self) -> ast.operator:
        kinds = [ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod, ast.FloorDiv, ast.MatMult]
        odd = [ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor]
        made: ast.operator = self.pick(kinds, odd)()
        return made

    def index(self, depth: int) -> ast.expr:
        if self.rng.random() < 0.4:
            return ast.Slice(self.expression(0), None, None)
        parts = [self.expression(depth), ast.Slice(None, None, None)]
        return ast.Tuple(parts, ast.Load()) if self.rng.random() < 0.3 else parts[0]

    def loop(self, depth: int) -> ast.comprehension:
        return ast.comprehension(ast.Name("x", ast.Store()), self.expression(depth), [], 0)

    def call(self, of: str, known: Mapping[str, Call], odd: list[str], depth: int) -> ast.Call:
        """A call of a function, of one of numpy's, or of a method."""
        name = str(self.pick([*known], odd))
        call = known.get(name, Call(0, 3))
        arguments = [self.expression(depth) for _ in range(self.pick([call.fewest], [0, 1, 2, 5]))]
        keywords = [
            ast.keyword(word, ast.Constant(self.pick([0, 1, -1], [True, None, 2, "a"])))
            for word in [self.pick([*call.keywords, None], ["out", "dtype", "where", "__class__"])]
            if word
        ]
        if arguments and self.rng.random() < self.odd:
            arguments[0] = ast.Starred(arguments[0], ast.Load())
        function: ast.expr = ast.Name(name, ast.Load())
        if of:
            owner = ast.Name("np", ast.Load()) if of == "np" else self.expression(depth)
            function = ast.Attribute(owner, name, ast.Load())
        return ast.Call(function, arguments, keywords)

    def statement(self) -> ast.stmt:
        value = self.expression(3)
        target = ast.Name(self.pick(["x", "y"], ODD_NAMES), ast.Store())
        element = ast.Subscript(ast.Name("x", ast.Load()), self.index(1), ast.Store())
        body: list[ast.stmt] = [ast.Assign([target], self.expression(2), lineno=1)]
        usual: list[ast.stmt] = [
            ast.Assign([target], value, lineno=1),
            ast.Assign([element], value, lineno=1),
            ast.AugAssign(target, self.operator(), value),
            ast.If(value, body, []),
            ast.For(target, value, body, [], lineno=1),
            ast.Return(ast.Dict([ast.Constant("a")], [value])),
        ]
        unusual: list[ast.stmt] = [
            ast.Expr(value),
            ast.While(value, body, []),
            ast.Import([ast.alias(self.name())]),
            ast.ImportFrom(self.name(), [ast.alias("*")], 0),
            ast.Delete([target]),
            ast.Global(["x"]),
            ast.Assert(value),
            ast.Raise(value),
            ast.With([ast.withitem(value, target)], body, lineno=1),
            ast.Try(body, [ast.ExceptHandler(value, "x", body)], [], []),
            ast.ClassDef("A", [value], [], body, [], **_type_parameters()),
        ]
        statement: ast.stmt = self.pick(usual, unusual)
        return statement


def _type_parameters() -> dict[str, Any]:
    return {"type_params": []} if sys.version_info >= (3, 12) else {}


class Changer(ast.NodeTransformer):
    """Puts something else in the place of some expressions and statements."""

    def __init__(self, author: Author, often: float) -> None:
        self.author, self.often = author, often

    def visit(self, node: ast.AST) -> Any:
        node = self.generic_visit(node)
        if self.author.rng.random() >= self.often:
            return node
        if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store):
            return self.author.expression(2)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.If | ast.For):
            return [self.author.statement(), node]
        return node


def program(rng: random.Random) -> str:
    """One file."""
    author = Author(rng, rng.choice([0.0, 0.0, 0.02, 0.2]))
    if rng.random() < 0.5:
        tree = ast.parse(rng.choice(SOURCES))
        tree = Changer(author, rng.choice([0.005, 0.02, 0.1])).visit(tree)
    else:
        tree = ast.parse(calls("x = now.qpos[:, 0]\nreturn {'a': x}"))
        function = tree.body[-1]
        assert isinstance(function, ast.FunctionDef)
        at = len(function.body) - 1
        function.body[at:at] = [author.statement() for _ in range(rng.randint(1, 3))]
    text = ast.unparse(ast.fix_missing_locations(tree))
    if rng.random() < 0.2:  # what no tree says
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice(["(", "'", "\\", "\0", "\n", "\t", "\u0301", " "]) + text[at:]
    return text


def attempt(rng: random.Random) -> str:
    """Checks, loads and calls one; what it does beyond calling guards is an error."""
    source = program(rng)
    try:
        reward = Reward(source, file=FILE)
    except (UnsafeCode, CodeFailed) as error:
        return type(error).__name__
    except Exception as error:
        raise AssertionError(source) from error
    for name, argument in _instructions(reward.program._code):
        word = next((w for w in ("ATTR", "METHOD", "IMPORT", "BUILD_CLASS") if w in name), None)
        assert word is None, (name, argument, source)
    before = reward.program._namespace.copy()
    with warnings.catch_warnings(), _Watch() as watch:
        warnings.simplefilter("ignore")  # of numpy's, which opens files to show them
        try:
            reward.try_out(ENVS.physics.model, ENVS.task.dt)
            outcome = "ran"
        except CodeFailed as error:
            outcome = type(error).__name__
    assert not watch.strangers, (watch.strangers, source)
    assert before == reward.program._namespace, source
    return outcome


def _instructions(code: CodeType) -> Iterator[tuple[str, object]]:
    for instruction in dis.get_instructions(code):
        yield instruction.opname, instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _instructions(constant)


_watch: "_Watch | None" = None


class _Watch:
    """Notes what a file calls that is neither its own nor a guard, and what Python audits."""

    def __init__(self) -> None:
        self.strangers: list[str] = []

    def __enter__(self) -> "_Watch":
        global _watch
        _watch = self
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_: object) -> None:
        global _watch
        sys.setprofile(None)
        _watch = None

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        mine = f"<{FILE}>"
        caller, code = frame.f_back, frame.f_code
        if event == "c_call" and code.co_filename == mine:
            self.strangers.append(repr(argument))
        elif event == "call" and caller and caller.f_code.co_filename == mine:
            if code.co_filename in (mine, guards.__file__):
                return
            self.strangers.append(f"{code.co_filename}: {code.co_name}")


HARMLESS = frozenset({"object.__getattr__", "sys.setprofile", "sys._getframe"})
"""Events that reading an attribute of a function, and this module itself, raise."""


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _watch is not None and event not in HARMLESS:
        _watch.strangers.append(f"{event} {arguments!r:.200}")


sys.addaudithook(_audit)
