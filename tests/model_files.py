"""Layouts of model files that MuJoCo finds by its own rules, for tests of both homes."""

from pathlib import Path

TETRAHEDRON = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"

_BODY = "<body name='robot' pos='0 0 1'><freejoint/><geom type='mesh' mesh='hull' mass='1'/></body>"


def _model(inside: str) -> str:
    return f"<mujoco>{inside}</mujoco>"


def _robot(file: str, compiler: str = "") -> str:
    return _model(
        f"{compiler}<asset><mesh name='hull' file='{file}'/></asset><worldbody>{_BODY}</worldbody>"
    )


#: By what is special: the main file, and all files with what is in them.
LAYOUTS: dict[str, tuple[str, dict[str, str]]] = {
    "beside": ("main.xml", {"main.xml": _robot("hull.obj"), "hull.obj": TETRAHEDRON}),
    "single quotes": (
        "main.xml",
        {
            "main.xml": _robot("hull.obj", "<compiler meshdir='assets'/>"),
            "assets/hull.obj": TETRAHEDRON,
        },
    ),
    "double quotes": (
        "main.xml",
        {
            "main.xml": _robot("hull.obj", '<compiler  meshdir = "assets" />'),
            "assets/hull.obj": TETRAHEDRON,
        },
    ),
    "assetdir": (
        "main.xml",
        {
            "main.xml": _robot("hull.obj", "<compiler assetdir='a/b'/>"),
            "a/b/hull.obj": TETRAHEDRON,
        },
    ),
    "a folder set in one file and used in another": (
        "main.xml",
        {
            "main.xml": _model(
                "<compiler meshdir='meshes'/><include file='parts/robot.xml'/>"
                "<worldbody><geom type='plane' size='5 5 1'/></worldbody>"
            ),
            "parts/robot.xml": _robot("hull.obj"),
            "meshes/hull.obj": TETRAHEDRON,
        },
    ),
    "above": (
        "robots/main.xml",
        {
            "robots/main.xml": _robot("hull.obj", "<compiler meshdir='../meshes'/>"),
            "meshes/hull.obj": TETRAHEDRON,
        },
    ),
    "an include of an include": (
        "main.xml",
        {
            "main.xml": _model("<include file='a.xml'/>"),
            "a.xml": _model("<include file='b.xml'/>"),
            "b.xml": _robot("hull.obj"),
            "hull.obj": TETRAHEDRON,
        },
    ),
    "a comment that names a file": (
        "main.xml",
        {
            "main.xml": _robot("hull.obj", "<!-- file='gone.obj' meshdir='nowhere' -->"),
            "hull.obj": TETRAHEDRON,
        },
    ),
    "an include among bodies": (
        "main.xml",
        {
            "main.xml": _model(
                "<asset><mesh name='hull' file='hull.obj'/></asset>"
                f"<worldbody>{_BODY}<include file='floor.xml'/></worldbody>"
            ),
            "floor.xml": _model("<geom type='plane' size='5 5 1'/>"),
            "hull.obj": TETRAHEDRON,
        },
    ),
}


def write(folder: Path, name: str) -> Path:
    """Writes a layout's files; returns the main one."""
    main, contents = LAYOUTS[name]
    for path, text in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder / main
