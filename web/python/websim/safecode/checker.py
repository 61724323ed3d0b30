"""Tells safe code from other code by walking its syntax tree.

What is not in the lists of `language.py` and in the methods here is refused, whatever it is: there
is no list of what is forbidden that something new could be missing from.
"""

import ast
import difflib
import io
import token
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from keyword import iskeyword

from websim.errors import Problem, UnsafeCode
from websim.safecode.language import (
    ARRAY_ATTRIBUTES,
    ARRAY_METHODS,
    BUILTINS,
    MAX_DEPTH,
    MAX_LITERAL,
    MAX_SOURCE,
    MAX_TEXT,
    MAX_TOKENS,
    NUMBER_TYPES,
    NUMPY,
    NUMPY_CONSTANTS,
    Accessor,
    Call,
)

Functions = Mapping[str, Mapping[str, type[Accessor] | None]]
"""The functions that a file must have, with their parameters: what each reads from, or None."""

ARITHMETIC = (
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.FloorDiv,
    ast.Mod,
    ast.Pow,
    ast.MatMult,
    ast.BitAnd,
    ast.BitOr,
    ast.BitXor,
)
COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot)

OPERATORS = (
    "Operators are + - * / // % ** @, & | ^ ~ between masks, == != < <= > >=, `is None`, and, or, "
    "not."
)
STATEMENTS = (
    "A function consists of assignments, if, for and return; a file of `import numpy as np`, "
    "constants and functions."
)
EXPRESSIONS = (
    "Expressions are made of numbers, texts, names, operators, tuples, lists, dictionaries, "
    "indices, comprehensions of lists and dictionaries, and calls of listed functions."
)

INSTEAD: dict[type[ast.AST], tuple[str, str]] = {
    ast.Import: ("this import", "Only `import numpy as np` is there, and it is not needed."),
    ast.ImportFrom: ("this import", "Only `import numpy as np` is there, and it is not needed."),
    ast.While: ("while", "Loop with `for` over a range or a tuple."),
    ast.Lambda: ("lambda", "Define a function at the top of the file."),
    ast.JoinedStr: ("an f-string", "Write the names out, for example in a tuple."),
    ast.GeneratorExp: ("a generator", "Write [...] around it to make a list."),
    ast.NamedExpr: (":=", "Assign in a line of its own."),
    ast.Starred: ("*", "Write the elements or arguments out."),
    ast.FunctionDef: ("a function within something", "Define it at the top of the file."),
    ast.ClassDef: ("class", STATEMENTS),
    ast.Global: ("global", "Functions take arguments and return results."),
    ast.Nonlocal: ("nonlocal", "Functions take arguments and return results."),
    ast.Try: ("try", STATEMENTS),
    ast.With: ("with", STATEMENTS),
    ast.SetComp: ("a set", EXPRESSIONS),
    ast.Set: ("a set", EXPRESSIONS),
}

BODY = (
    ast.Assign,
    ast.AugAssign,
    ast.AnnAssign,
    ast.Return,
    ast.If,
    ast.For,
    ast.Pass,
    ast.Break,
    ast.Continue,
)
"""Statements of a function."""


def check(source: str, functions: Functions, file: str = "reward.py") -> ast.Module:
    """Checks a file of safe code.

    Args:
        source: Python.
        functions: What it has to define.
        file: What it is called in errors.

    Returns:
        Its syntax tree.

    Raises:
        UnsafeCode: with everything that is not allowed.
    """
    tree = parse(source, file)
    checker = _Checker(source, functions)
    checker.module(tree)
    if checker.problems:
        raise UnsafeCode(file, sorted(checker.problems))
    return tree


def parse(source: str, file: str) -> ast.Module:
    """The syntax tree of a file; raises UnsafeCode where it is no Python, or too much of it."""
    if len(source) > MAX_SOURCE:
        raise UnsafeCode(
            file, [Problem(1, 1, "Too long", f"A file has up to {MAX_SOURCE} characters.")]
        )
    deep = too_deep(source)
    if deep:
        raise UnsafeCode(file, [_nested(*deep)])
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        problem = Problem(
            error.lineno or 1, error.offset or 1, f"This is no Python: {error.msg}", EXPRESSIONS
        )
        raise UnsafeCode(file, [problem]) from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise UnsafeCode(
            file, [Problem(1, 1, f"Python cannot read this: {error}", EXPRESSIONS)]
        ) from None
    levels: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        levels = [child for node in levels for child in ast.iter_child_nodes(node)]
    if levels:
        node = next((node for node in levels if hasattr(node, "lineno")), tree)
        place = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        raise UnsafeCode(file, [_nested(*place)])
    return tree


def _nested(line: int, column: int) -> Problem:
    return Problem(line, column, "Nested too deep", "Give what is inside a name of its own.")


def too_deep(source: str) -> tuple[int, int] | None:
    """Line and column at which a file is nested so deep that reading it could end Python.

    Python's parser calls itself for each level, and in a browser's worker it has a small stack,
    whose end is that of Pyodide. So tokens are counted before it reads them: within a statement
    each operator may be a level, those in brackets besides those before the brackets.
    """
    elifs = level = 0
    around: list[int] = []
    try:
        for kind, text, place, _, _ in tokenize.generate_tokens(io.StringIO(source).readline):
            if kind == token.NEWLINE:
                level, around = elifs, []
            elif kind == token.OP and text in ("(", "[", "{"):
                around.append(level + 1)
                level += 1
            elif kind == token.OP and text in (")", "]", "}"):
                level = around.pop() if around else level
            elif kind == token.OP and text == ",":
                level = around[-1] if around else elifs
            elif (kind == token.OP and text not in ("=", ":")) or iskeyword(text):
                level += 1
                elifs += text == "elif"
            if level > MAX_TOKENS:
                return place[0], place[1] + 1
    except (tokenize.TokenError, SyntaxError):
        pass  # The parser stops there as well, and says why.
    return None


def target_names(target: ast.expr) -> Iterator[ast.Name]:
    """The names that an assignment, a loop or a comprehension gives values to."""
    if isinstance(target, ast.Name):
        yield target
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from target_names(element)


def dotted(node: ast.expr) -> str | None:
    """`np.linalg.norm` as text, where a node is no more than names and dots."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return None


def numpy_name(node: ast.expr) -> str | None:
    """`linalg.norm` for `np.linalg.norm`; None for what is not numpy's."""
    base, _, rest = (dotted(node) or "").partition(".")
    return rest if rest and base in ("np", "numpy") else None


def is_numpy(statement: ast.stmt) -> bool:
    """Whether a statement is `import numpy as np`, which changes nothing."""
    return isinstance(statement, ast.Import) and all(
        (alias.name, alias.asname) in (("numpy", "np"), ("numpy", None))
        for alias in statement.names
    )


def is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a text alone: a docstring."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def is_none(node: ast.expr) -> bool:
    """Whether an expression is None itself."""
    return isinstance(node, ast.Constant) and node.value is None


def accessors(functions: Functions) -> set[type[Accessor]]:
    """All that can be reached from the parameters of functions."""
    found: set[type[Accessor]] = set()
    waiting = [kind for parameters in functions.values() for kind in parameters.values() if kind]
    while waiting:
        kind = waiting.pop()
        if kind not in found:
            found.add(kind)
            waiting.extend(kind.methods.values())
    return found


class _Checker(ast.NodeVisitor):
    def __init__(self, source: str, functions: Functions) -> None:
        self.problems: list[Problem] = []
        self.functions: dict[str, ast.arguments] = {}  # those defined above
        self.constants: list[str] = []
        self._lines = source.splitlines()
        self._wanted = functions
        kinds = accessors(functions)
        self._attributes = {
            *ARRAY_ATTRIBUTES,
            *(name for kind in kinds for name in kind.attributes),
        }
        self._accessors = {name for kind in kinds for name in kind.methods}
        self._module_names: set[str] = set()
        self._locals: set[str] = set()
        self._loops = 0

    def refuse(self, node: ast.AST, refused: str, allowed: str) -> None:
        """Notes a problem."""
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        column = len(text.encode()[:offset].decode(errors="ignore")) + 1
        self.problems.append(Problem(line, column, refused, allowed))

    def refuse_kind(self, node: ast.AST, otherwise: str) -> None:
        """Notes a problem with what a node is."""
        refused, allowed = INSTEAD.get(type(node), (type(node).__name__, otherwise))
        self.refuse(node, f"{refused} is not allowed", allowed)

    def refuse_name(self, node: ast.AST, what: str, name: str, known: Iterable[str]) -> None:
        """Notes a name that is not in a list."""
        names = sorted(known)
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        listed = ", ".join(names) or "none"
        self.refuse(node, f"There is no {what} {name} here", f"{hint}There are: {listed}.")

    # A file.

    def module(self, tree: ast.Module) -> None:
        """Checks all of it."""
        for statement in tree.body:
            if isinstance(statement, ast.Assign):
                for target in statement.targets:
                    self._module_names.update(name.id for name in target_names(target))
            elif isinstance(statement, ast.FunctionDef):
                self._module_names.add(statement.name)
        for statement in tree.body:
            if isinstance(statement, ast.FunctionDef):
                self.function(statement)
            elif isinstance(statement, ast.Assign):
                self.constant(statement)
            elif not is_text(statement) and not is_numpy(statement):
                self.refuse_kind(statement, STATEMENTS)
        for name, parameters in self._wanted.items():
            if name not in self.functions:
                signature = f"def {name}({', '.join(parameters)})"
                self.refuse(tree, f"There is no function {name}", f"Define it: {signature}.")

    def constant(self, statement: ast.Assign) -> None:
        """Checks an assignment outside functions."""
        self.expression(statement.value)
        for target in statement.targets:
            if not isinstance(target, ast.Name):
                self.refuse(target, "This is not allowed here", "A constant is one name.")
            elif target.id in self.constants or target.id in self.functions:
                self.refuse(target, f"{target.id} is there already", "A constant stays as it is.")
            elif self.new_name(target, target.id):
                self.constants.append(target.id)

    def function(self, node: ast.FunctionDef) -> None:
        """Checks a function."""
        for decorator in node.decorator_list:
            self.refuse(decorator, "A decorator is not allowed", STATEMENTS)
        for parameter in getattr(node, "type_params", ()):
            self.refuse(parameter, "A type parameter is not allowed", STATEMENTS)
        self.new_name(node, node.name)
        if node.name in self.functions or node.name in self.constants:
            self.refuse(node, f"{node.name} is there already", "Call it something else.")
        arguments = node.args
        names = [argument.arg for argument in arguments.args]
        if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs:
            self.refuse(node, "* and / between parameters are not allowed", "Name each of them.")
        wanted = self._wanted.get(node.name)
        if wanted is not None and (names != list(wanted) or arguments.defaults):
            self.refuse(
                node,
                f"{node.name} has other parameters",
                f"It is called as {node.name}({', '.join(wanted)}).",
            )
        for argument in arguments.args:
            self.new_name(argument, argument.arg, self._module_names)
        for default in arguments.defaults:
            if not isinstance(default, ast.Constant):
                self.refuse(
                    default, "This default is not allowed", "A default is a number or text."
                )
            else:
                self.expression(default)
        self._locals = {*names}
        self.local_names(node.body)
        self.body(node.body)
        self._locals = set()
        self.functions[node.name] = arguments

    def new_name(self, node: ast.AST, name: str, taken: Iterable[str] = ()) -> bool:
        """Checks a name that is given to something; returns whether it may be."""
        if name.startswith("_") and name != "_":
            self.refuse(node, f"The name {name} is not allowed", "A name begins with a letter.")
        elif name in BUILTINS or name in ("np", "numpy") or name in NUMBER_TYPES or name in taken:
            self.refuse(node, f"{name} means something already", "Call it something else.")
        else:
            return True
        return False

    def local_names(self, body: list[ast.stmt]) -> None:
        """Finds the names that statements give values to."""
        for statement in body:
            targets: list[ast.expr] = []
            if isinstance(statement, ast.Assign):
                targets = statement.targets
            elif isinstance(statement, ast.AugAssign | ast.AnnAssign | ast.For):
                targets = [statement.target]
            self._locals.update(name.id for target in targets for name in target_names(target))
            if isinstance(statement, ast.If | ast.For):
                self.local_names([*statement.body, *statement.orelse])

    # Statements.

    def body(self, statements: list[ast.stmt]) -> None:
        """Checks statements of a function."""
        for statement in statements:
            if is_text(statement):
                continue
            if not isinstance(statement, BODY):
                self.refuse_kind(statement, STATEMENTS)
                continue
            self.visit(statement)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Names, or an element of something."""
        self.expression(node.value)
        if len(node.targets) > 1 and any(isinstance(t, ast.Subscript) for t in node.targets):
            self.refuse(
                node, "An element cannot be set together with others", "Use a line for each."
            )
        for target in node.targets:
            self.target(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """The same with an operator."""
        self.operator(node, node.op)
        self.expression(node.value)
        self.target(node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """The annotation is not looked at: it is not kept either."""
        if node.value is not None:
            self.expression(node.value)
        self.target(node.target)

    def visit_Return(self, node: ast.Return) -> None:
        """A result."""
        if node.value is not None:
            self.expression(node.value)

    def visit_If(self, node: ast.If) -> None:
        """A choice."""
        self.expression(node.test)
        self.body(node.body)
        self.body(node.orelse)

    def visit_For(self, node: ast.For) -> None:
        """A loop."""
        self.expression(node.iter)
        self.names(node.target)
        self.body(node.body)
        for statement in node.orelse:
            self.refuse(statement, "else after for is not allowed", STATEMENTS)

    def visit_Pass(self, node: ast.Pass) -> None:
        """Nothing."""

    def visit_Break(self, node: ast.Break) -> None:
        """The end of a loop."""

    def visit_Continue(self, node: ast.Continue) -> None:
        """The next round."""

    def target(self, node: ast.expr) -> None:
        """Checks what gets a value."""
        if not isinstance(node, ast.Subscript):
            self.names(node)
        elif not isinstance(node.value, ast.Name):
            self.refuse(
                node, "Only elements of a name can be set", "Give the array or dictionary a name."
            )
        else:
            self.expression(node.value)
            self.index(node.slice)

    def names(self, node: ast.expr) -> None:
        """Checks names that get values."""
        if isinstance(node, ast.Tuple | ast.List):
            for element in node.elts:
                self.names(element)
        elif isinstance(node, ast.Name):
            self.new_name(node, node.id, self._module_names)
        else:
            self.refuse(node, "This cannot be assigned to", "Assign to names, or to name[index].")

    # Expressions.

    def expression(self, node: ast.expr) -> None:
        """Checks an expression."""
        if hasattr(self, f"visit_{type(node).__name__}"):
            self.visit(node)
        else:
            self.refuse_kind(node, EXPRESSIONS)

    def visit_Constant(self, node: ast.Constant) -> None:
        """A number, a text, None or an ellipsis."""
        value = node.value
        if isinstance(value, str):
            if len(value) > MAX_TEXT:
                self.refuse(node, "Too long a text", f"A text has up to {MAX_TEXT} characters.")
        elif isinstance(value, int):
            if value > MAX_LITERAL:
                self.refuse(
                    node, "Too large a number", "Whole numbers go up to 2**53; write it as 1e20."
                )
        elif not isinstance(value, float) and value is not None and value is not Ellipsis:
            self.refuse(node, f"A value of type {type(value).__name__} is not allowed", EXPRESSIONS)

    def visit_Name(self, node: ast.Name) -> None:
        """A value's name."""
        name = node.id
        if name in self.functions:
            self.refuse(node, f"The function {name} is no value", "Call it.")
        elif name in BUILTINS or name in NUMBER_TYPES or name in ("np", "numpy"):
            self.refuse(node, f"{name} is no value", "Call it, or what is in it.")
        elif name not in self._locals and name not in self.constants:
            self.refuse_name(node, "name", name, {*self._locals, *self.constants})

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """A constant of numpy's, or a listed attribute."""
        constant = numpy_name(node)
        if constant is not None:
            if constant in NUMPY:
                self.refuse(node, f"The function np.{constant} is no value", "Call it.")
            elif constant not in NUMPY_CONSTANTS:
                self.refuse_name(
                    node, "constant", f"np.{constant}", map("np.{}".format, NUMPY_CONSTANTS)
                )
            return
        if node.attr in ARRAY_METHODS or node.attr in self._accessors:
            self.refuse(node, f"{node.attr} is no value", "Call it.")
        elif node.attr not in self._attributes:
            self.refuse_name(node, "attribute", node.attr, self._attributes)
        self.expression(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """An index, a mask or a key."""
        self.expression(node.value)
        self.index(node.slice)

    def index(self, node: ast.expr) -> None:
        """Checks what stands between brackets."""
        for part in node.elts if isinstance(node, ast.Tuple) else [node]:
            if isinstance(part, ast.Slice):
                for bound in (part.lower, part.upper, part.step):
                    if bound is not None:
                        self.expression(bound)
            else:
                self.expression(part)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        """A few values."""
        for element in node.elts:
            self.expression(element)

    def visit_List(self, node: ast.List) -> None:
        """Likewise."""
        for element in node.elts:
            self.expression(element)

    def visit_Dict(self, node: ast.Dict) -> None:
        """Values with names."""
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self.refuse(value, "** is not allowed", "Write the entries out.")
            else:
                self.expression(key)
            self.expression(value)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Arithmetic."""
        self.operator(node, node.op)
        self.expression(node.left)
        self.expression(node.right)

    def operator(self, node: ast.AST, operator: ast.operator) -> None:
        """Checks an operator."""
        if not isinstance(operator, ARITHMETIC):
            self.refuse(node, f"{type(operator).__name__} is not allowed", OPERATORS)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """A sign, `not` or the opposite of a mask."""
        self.expression(node.operand)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """`and` and `or`."""
        for value in node.values:
            self.expression(value)

    def visit_Compare(self, node: ast.Compare) -> None:
        """One comparison."""
        if len(node.ops) > 1:
            self.refuse(node, "A chain of comparisons is not allowed", "Write (a < x) & (x < b).")
        values = [node.left, *node.comparators]
        for operator in node.ops:
            if not isinstance(operator, COMPARISONS):
                self.refuse(node, f"{type(operator).__name__} is not allowed", OPERATORS)
            elif isinstance(operator, ast.Is | ast.IsNot) and not any(map(is_none, values)):
                self.refuse(node, "`is` without None is not allowed", "Compare with == or !=.")
        for value in values:
            self.expression(value)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """A choice between two values."""
        for value in (node.test, node.body, node.orelse):
            self.expression(value)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        """A list of what a loop gives."""
        self.comprehension(node.generators, [node.elt])

    def visit_DictComp(self, node: ast.DictComp) -> None:
        """A dictionary of what a loop gives."""
        self.comprehension(node.generators, [node.key, node.value])

    def comprehension(self, loops: list[ast.comprehension], results: list[ast.expr]) -> None:
        """Checks loops within brackets; their names are theirs alone."""
        outside = self._locals
        for loop in loops:
            if loop.is_async:
                self.refuse(loop.iter, "async is not allowed", EXPRESSIONS)
            self.expression(loop.iter)
            self.names(loop.target)
            self._locals = {*self._locals, *(name.id for name in target_names(loop.target))}
            for condition in loop.ifs:
                self.expression(condition)
        for result in results:
            self.expression(result)
        self._locals = outside

    def visit_Call(self, node: ast.Call) -> None:
        """A call of something listed, or of a function defined above."""
        function = node.func
        constant = numpy_name(function)
        if constant is not None:
            if constant not in NUMPY:
                self.refuse_name(function, "function", f"np.{constant}", map("np.{}".format, NUMPY))
            else:
                self.arguments(node, f"np.{constant}", NUMPY[constant])
        elif isinstance(function, ast.Attribute):
            self.method(node, function)
        elif not isinstance(function, ast.Name):
            self.refuse(function, "This cannot be called", "Functions are called by their name.")
        elif function.id in BUILTINS:
            self.arguments(node, function.id, BUILTINS[function.id])
        elif function.id in self.functions:
            names = tuple(argument.arg for argument in self.functions[function.id].args)
            self.arguments(node, function.id, Call(0, len(names), names))
        elif function.id in self._module_names and function.id not in self.constants:
            self.refuse(
                function, f"{function.id} is not there yet", "Functions call those defined above."
            )
        else:
            self.refuse_name(function, "function", function.id, {*BUILTINS, *self.functions, "np."})
        is_astype = isinstance(function, ast.Attribute) and function.attr == "astype"
        for value in (*node.args, *(keyword.value for keyword in node.keywords)):
            if is_astype:
                name = dotted(value)
                if name not in NUMBER_TYPES:
                    self.refuse(
                        value, "This type is not allowed", f"There are: {', '.join(NUMBER_TYPES)}."
                    )
            else:
                self.expression(value)

    def method(self, node: ast.Call, function: ast.Attribute) -> None:
        """Checks the call of a method."""
        self.expression(function.value)
        name = function.attr
        if name in ARRAY_METHODS:
            self.arguments(node, f".{name}", ARRAY_METHODS[name])
        elif name in self._accessors:
            self.arguments(node, f".{name}", Call(1, 1))
        else:
            self.refuse_name(function, "method", name, {*ARRAY_METHODS, *self._accessors})

    def arguments(self, node: ast.Call, name: str, call: Call) -> None:
        """Checks how many arguments there are, and which by name."""
        keywords = [keyword.arg for keyword in node.keywords]
        if len(node.args) > call.most or len(node.args) + len(keywords) < call.fewest:
            number = f"{call.fewest} to {call.most}" if call.most > call.fewest else f"{call.most}"
            self.refuse(node, f"{name} takes other arguments", f"It takes {number} without a name.")
        for keyword in node.keywords:
            if keyword.arg is None:
                self.refuse(keyword.value, "** is not allowed", "Write the arguments out.")
            elif keyword.arg not in call.keywords:
                self.refuse_name(keyword.value, f"argument of {name},", keyword.arg, call.keywords)
