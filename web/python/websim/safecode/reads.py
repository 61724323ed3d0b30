"""Which arrays code reads, found in its syntax tree.

Followed is where the accessors that functions are given can go: into which names, arguments and
results. What cannot be told apart counts as read, so that nothing that is read is ever missing.
"""

import ast
from collections.abc import Mapping

from websim.safecode.checker import Functions, accessors, target_names
from websim.safecode.language import Accessor

Reads = Mapping[str, frozenset[str]]
"""The arrays that are read through each parameter."""

Kind = tuple[str, type[Accessor]]
"""Through which parameter something was got, and what it is."""


def reads(tree: ast.Module, functions: Functions) -> Reads:
    """What safe code reads."""
    follower = _Follower(tree, functions)
    size = -1
    while size != (size := follower.size()):
        follower.follow()
    return {name: frozenset(found) for name, found in follower.found.items()}


def possible_reads(tree: ast.Module, functions: Functions) -> Reads:
    """What code that was not checked may read: all that has a name of which it speaks."""
    spoken = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    arrays = frozenset(
        array
        for kind in accessors(functions)
        for name, computed_of in kind.attributes.items()
        if name in spoken
        for array in computed_of
    )
    parameters = [item for given in functions.values() for item in given.items()]
    return {name: arrays for name, kind in parameters if kind}


class _Follower(ast.NodeVisitor):
    def __init__(self, tree: ast.Module, functions: Functions) -> None:
        self.found: dict[str, set[str]] = {}
        self._functions = {
            node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)
        }
        self._names: dict[tuple[str, str], set[Kind]] = {}
        self._results: dict[str, set[Kind]] = {name: set() for name in self._functions}
        self._function = ""
        for function, parameters in functions.items():
            for name, kind in parameters.items():
                if kind is not None:
                    self._names.setdefault((function, name), set()).add((name, kind))
                    self.found.setdefault(name, set())

    def size(self) -> int:
        """How much is known."""
        tables = (self._names, self._results, self.found)
        return sum(len(known) for table in tables for known in table.values())

    def follow(self) -> None:
        """Goes through all functions once."""
        for name, function in self._functions.items():
            self._function = name
            for statement in function.body:
                self.visit(statement)

    def kinds(self, node: ast.AST | None) -> set[Kind]:
        """What may be in the value of an expression."""
        if node is None:
            return set()
        if isinstance(node, ast.Name):
            return self._names.get((self._function, node.id), set())
        if isinstance(node, ast.Attribute):
            for parameter, kind in self.kinds(node.value):
                self.found[parameter].update(kind.attributes.get(node.attr, ()))
            return set()
        if isinstance(node, ast.Call):
            return self._called(node)
        if isinstance(node, ast.ListComp | ast.DictComp):
            for loop in node.generators:
                self._assign(loop.target, self.kinds(loop.iter))
        found: set[Kind] = set()
        for child in ast.iter_child_nodes(node):
            found |= self.kinds(child)
        return found

    def _called(self, node: ast.Call) -> set[Kind]:
        arguments = [self.kinds(argument) for argument in node.args]
        named = {keyword.arg: self.kinds(keyword.value) for keyword in node.keywords}
        function = node.func
        if isinstance(function, ast.Attribute):
            return {
                (parameter, kind.methods[function.attr])
                for parameter, kind in self.kinds(function.value)
                if function.attr in kind.methods
            }
        if isinstance(function, ast.Name) and function.id in self._functions:
            parameters = [one.arg for one in self._functions[function.id].args.args]
            for name, kinds in (*zip(parameters, arguments, strict=False), *named.items()):
                self._names.setdefault((function.id, name or ""), set()).update(kinds)
            return self._results[function.id]
        return set().union(*arguments, *named.values())

    def _assign(self, target: ast.expr, kinds: set[Kind]) -> None:
        names = [target.value] if isinstance(target, ast.Subscript) else target_names(target)
        for name in names:
            if isinstance(name, ast.Name):
                self._names.setdefault((self._function, name.id), set()).update(kinds)

    def visit_Assign(self, node: ast.Assign) -> None:
        kinds = self.kinds(node.value)
        for target in node.targets:
            self.kinds(target)
            self._assign(target, kinds)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.kinds(node.target)
        self._assign(node.target, self.kinds(node.value))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.kinds(node.target)
        self._assign(node.target, self.kinds(node.value))

    def visit_For(self, node: ast.For) -> None:
        self._assign(node.target, self.kinds(node.iter))
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def visit_If(self, node: ast.If) -> None:
        self.kinds(node.test)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def visit_Return(self, node: ast.Return) -> None:
        self._results[self._function] |= self.kinds(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        self.kinds(node.value)
