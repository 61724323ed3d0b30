"""`websim export-site`: the page as files that any host can hand out, with runs beside it."""

import argparse
import json
import shutil
import sys
import urllib.request
from dataclasses import dataclass
from email.message import Message
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websim_server.build import lock
from websim_server.errors import ServerError

if TYPE_CHECKING:
    from websim_server.site.opened import Opened
    from websim_server.store.pictures import Picture

PAGE = "page"
"""Where the page is, if there is a list of runs in front of it."""

WATCH = '<script src="./app/watch.js"></script>'
"""What runs first in the page."""

NO_MODEL = {
    "available": False,
    "why": "This page comes from a host of files: there is no server that could ask one.",
}

NAME_LENGTH = 12


class ExportError(ServerError):
    """Raised when a site cannot be written."""


@dataclass(frozen=True)
class Listed:
    """A run on the list.

    Attributes:
        name: By which the page opens it.
        about: What its file says of itself.
        picture: Of it, if there is one.
    """

    name: str
    about: dict[str, Any]
    picture: "Picture | None"


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("export-site", help="write the page as files for any host")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new or an empty one")
    parser.add_argument(
        "--run",
        dest="runs",
        nargs="+",
        action="extend",
        type=Path,
        default=[],
        metavar="FILE",
        help="runs (.websim) or robots that lie beside it; the site begins with a list of them",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command.

    Raises:
        ExportError: the folder has something in it.
        OpenError, NoRun: a run cannot be opened.
    """
    from websim_server.site.opened import OpenedFile

    folder: Path = arguments.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportError(f"{folder} is not empty: name a new folder.")
    files = [OpenedFile(path).read() for path in arguments.runs]
    page = folder / PAGE if files else folder
    try:
        write_page(page)
        _write(folder, "/.nojekyll", b"")  # GitHub Pages: files are as they are
        if files:
            listed = [write_run(page, file) for file in files]
            write_list(folder, listed)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {total / 1e6:,.0f} MB, {len(files)} runs")
    print(f"try it: {Path(sys.executable).name} -m http.server --directory {folder}")


def write_page(folder: Path) -> None:
    """What a server of ours answers, as files; see `isolation.js` for what a host does not say."""
    from websim_server.browser import server
    from websim_server.build import assets, documents

    assets.require()
    with server() as address:

        def fetch(path: str) -> tuple[bytes, Message]:
            with urllib.request.urlopen(address.rstrip("/") + path) as answer:
                return answer.read(), answer.headers

        manifest = fetch("/manifest.json")[0]
        told = json.loads(manifest)
        index, headers = fetch("/")
        sources = [path for path in told["sources"]["urls"] if path != "/"]
        later = [file["url"] for files in told["libraries"].values() for file in files]
        for path in ["/sw.js", *sources, *told["files"], *later, *_licences()]:
            _write(folder, path, fetch(path)[0])
    for name, content in documents.read(documents.made().find()).items():
        _write(folder, f"/docs/{name}", content)
    _write(folder, "/manifest.json", manifest)
    _write(folder, "/llm", json.dumps(NO_MODEL).encode())
    _write(folder, "/index.html", _hosted(index.decode(), headers).encode())


def _licences() -> list[str]:
    """Whose files are passed on are passed on under their terms."""
    return [
        package.address(file)
        for package in lock.read()
        for file in package.files
        if file.is_licence
    ]


def _hosted(index: str, headers: Message) -> str:
    """The page for a host that sends no headers: a policy in itself, and who adds isolation."""
    directives = headers["Content-Security-Policy"].split("; ")
    # Of a policy within a page browsers take all but who may embed it.
    policy = "; ".join(one for one in directives if not one.startswith("frame-ancestors"))
    meta = f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
    if WATCH not in index:
        raise ExportError("this index.html is none that could be exported")
    isolation = '<script src="./app/isolation.js"></script>'
    return index.replace(WATCH, f"{meta}\n  {isolation}\n  {WATCH}")


def write_run(folder: Path, file: "Opened") -> Listed:
    """What the page asks for to open a run."""
    from websim_server.site.opened import ADDRESS
    from websim_server.store.inspection import inspect
    from websim_server.store.pictures import picture_of

    about = inspect(file.archive)
    name = file.digest[:NAME_LENGTH]
    _write(folder, f"{ADDRESS}/{name}.json", json.dumps(file.told).encode())
    _write(folder, f"{ADDRESS}/{file.digest}.websim", file.archive)
    return Listed(name, about, picture_of(file.archive))


def write_list(folder: Path, listed: list[Listed]) -> None:
    """The page that the site begins with."""
    from websim_server.site.runs import titles

    cards = []
    for one in listed:
        title, said = titles(one.about)
        shown = ""
        if one.picture is not None:
            path = f"pictures/{one.name}.{one.picture.media_type.partition('/')[2]}"
            _write(folder, f"/{path}", one.picture.data)
            size = f'width="{one.picture.width}" height="{one.picture.height}"'
            shown = f'<img src="{path}" alt="" {size}>'
        author = f" by {one.about['author']}" if one.about["author"] else ""
        cards.append(
            f'<li><a href="{PAGE}/?open={one.name}">{shown}<strong>{escape(title)}</strong></a>'
            f"<p>{escape(said + author)}</p></li>"
        )
    _write(folder, "/index.html", _LIST.replace("CARDS", "\n".join(cards)).encode())


def _write(folder: Path, path: str, content: bytes) -> None:
    file = folder / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


_LIST = f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Runs in MuJoCo WebSim</title>
  <link rel="icon" href="{PAGE}/app/icon.svg" type="image/svg+xml">
  <style>
    body {{ font: 15px/1.45 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }}
    ul {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1.5rem; padding: 0; list-style: none; }}
    img {{ display: block; width: 100%; height: auto; aspect-ratio: 40/21; object-fit: cover; border-radius: 10px; margin-bottom: .4rem; }}
    p {{ margin: 0; opacity: .75; }}
  </style>
</head>
<body>
  <h1>Runs in MuJoCo WebSim</h1>
  <p>Each opens in this browser and moves there: real MuJoCo, nothing to install.
    <a href="{PAGE}/">Or begin with another robot.</a></p>
  <ul>
CARDS
  </ul>
</body>
</html>
"""  # noqa: E501
