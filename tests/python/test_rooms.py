"""How the package's rooms depend on each other."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import websim

PACKAGE = Path(websim.__file__).parent


def test_no_room_imports_one_that_imports_it() -> None:
    rooms: dict[str, set[str]] = {}
    for file in PACKAGE.rglob("*.py"):
        room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom) and node.module == "websim":
                names = [f"websim.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            imported = {name.split(".")[1] for name in names if name.startswith("websim.")}
            rooms.setdefault(room, set()).update(imported - {room})
    order = list(TopologicalSorter(rooms).static_order())  # raises CycleError
    assert order.index("kernels") < order.index("nn") < order.index("algorithms")
    assert order.index("algorithms") < order.index("training") < order.index("browser")
