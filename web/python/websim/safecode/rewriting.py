"""Puts guards into safe code: each operation that could become large or slow calls one.

What is made has no attribute access left in it, and calls nothing but guards and its own functions.
Guards have names that no source can say, such as "+" and ".sum".
"""

import ast
from collections.abc import Sequence

from websim.safecode.checker import dotted, is_numpy, is_text, numpy_name
from websim.safecode.language import NUMBER_TYPES

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.UAdd: "+x",
    ast.USub: "-x",
    ast.Invert: "~x",
}
"""The guards of operators."""

ATTRIBUTE, ITEM, STORE, SLICE, KEY, ROUNDS, ENTER = ".", "[]", "[]=", "[:]", "{}", "for", "def"
"""The other guards; those of numpy are called "np.sum" and so on, those of methods ".sum"."""


def guarded(tree: ast.Module) -> ast.Module:
    """The same with guards, for safe code (`checker.check`); changes the tree itself."""
    result: ast.Module = _Guarded().visit(tree)
    return ast.fix_missing_locations(result)


def _call(at: ast.AST, guard: str, arguments: Sequence[ast.expr]) -> ast.Call:
    function = ast.copy_location(ast.Name(guard, ast.Load()), at)
    return ast.copy_location(ast.Call(function, list(arguments), []), at)


class _Guarded(ast.NodeTransformer):
    def visit_Module(self, node: ast.Module) -> ast.Module:
        node.body = [statement for statement in node.body if not is_numpy(statement)]
        self.generic_visit(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        for argument in node.args.args:
            argument.annotation = None
        self.generic_visit(node)
        after_docstring = int(is_text(node.body[0]))
        node.body.insert(after_docstring, ast.copy_location(ast.Expr(_call(node, ENTER, [])), node))
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        node.iter = _call(node.iter, ROUNDS, [node.iter])
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        self.generic_visit(node)
        node.iter = _call(node.iter, ROUNDS, [node.iter])
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.value = self.visit(node.value)
        target = node.targets[0]
        if not isinstance(target, ast.Subscript):
            return node
        arguments = [target.value, self._index(target.slice), node.value]
        return ast.copy_location(ast.Expr(_call(node, STORE, arguments)), node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return self.visit_Assign(
            ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)
        )

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        # Makes a new array, so that no other name of the same array changes with it.
        value, target = self.visit(node.value), node.target
        if isinstance(target, ast.Subscript):
            array = target.value
            index = self._index(target.slice)
            # "[]=" takes the operator as well: the index is computed once.
            arguments = [array, index, value, ast.Name(OPERATORS[type(node.op)], ast.Load())]
            return ast.copy_location(ast.Expr(_call(node, STORE, arguments)), node)
        assert isinstance(target, ast.Name)
        old = ast.copy_location(ast.Name(target.id, ast.Load()), target)
        new = _call(node, OPERATORS[type(node.op)], [old, value])
        return ast.copy_location(ast.Assign(targets=[target], value=new), node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.Call:
        return _call(node, ITEM, [self.visit(node.value), self._index(node.slice)])

    def _index(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Tuple):
            node.elts = [self._index(element) for element in node.elts]
            return node
        if isinstance(node, ast.Slice):
            none = ast.Constant(None)
            bounds = [self.visit(b) if b else none for b in (node.lower, node.upper, node.step)]
            return _call(node, SLICE, bounds)
        result: ast.expr = self.visit(node)
        return result

    def visit_BinOp(self, node: ast.BinOp) -> ast.Call:
        return _call(
            node, OPERATORS[type(node.op)], [self.visit(node.left), self.visit(node.right)]
        )

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            return node
        return _call(node, OPERATORS[type(node.op)], [node.operand])

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.ops[0], ast.Is | ast.IsNot):
            return node
        return _call(node, OPERATORS[type(node.ops[0])], [node.left, node.comparators[0]])

    def visit_Dict(self, node: ast.Dict) -> ast.Dict:
        self.generic_visit(node)
        node.keys = [_call(key, KEY, [key]) for key in node.keys if key]
        return node

    def visit_DictComp(self, node: ast.DictComp) -> ast.DictComp:
        self.generic_visit(node)
        node.key = _call(node.key, KEY, [node.key])
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        constant = numpy_name(node)
        if constant is not None:
            return ast.copy_location(ast.Name(f"np.{constant}", ast.Load()), node)
        return _call(node, ATTRIBUTE, [self.visit(node.value), ast.Constant(node.attr)])

    def visit_Call(self, node: ast.Call) -> ast.Call:
        function = node.func
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        if isinstance(function, ast.Attribute) and function.attr == "astype":
            node.args = [ast.Constant(NUMBER_TYPES[dotted(node.args[0]) or ""])]
        else:
            node.args = [self.visit(argument) for argument in node.args]
        constant = numpy_name(function)
        if constant is not None:
            node.func = ast.copy_location(ast.Name(f"np.{constant}", ast.Load()), function)
        elif isinstance(function, ast.Attribute):
            node.args.insert(0, self.visit(function.value))
            node.func = ast.copy_location(ast.Name(f".{function.attr}", ast.Load()), function)
        return node
