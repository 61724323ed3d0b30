"""The documents as pages: README and docs/ as HTML, with what they show, in one zip."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from websim_server.build.made import Made, stamp
from websim_server.build.zips import pack
from websim_server.errors import AssetError
from websim_server.paths import CHECKOUT, WEB

if TYPE_CHECKING:
    from markdown_it.token import Token

DOCUMENTS = WEB / "docs"

#: Of the repository's own folder; README is where the documents begin.
BEGIN = "README.md"
_TOP = [BEGIN, "CHANGELOG.md", "CONTRIBUTING.md"]

_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{title} · MuJoCo WebSim</title>
  <link rel="icon" href="{root}app/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="{root}app/style.css">
  <link rel="stylesheet" href="{root}app/documents/documents.css">
  <script type="module" src="{root}app/documents/documents.js"></script>
</head>
<body class="documents">
  <header><a href="{root}">MuJoCo WebSim</a>
    <details><summary>All documents</summary><ul>
{all}
    </ul></details></header>
  <main>
{body}  </main>
</body>
</html>
"""


def made(folder: Path = DOCUMENTS, checkout: Path | None = CHECKOUT) -> Made:
    """The zip of all of them."""

    def current() -> str:
        assert checkout is not None
        files = [path for path in (checkout / "docs").rglob("*") if path.is_file()]
        sources = [*(checkout / name for name in _TOP), *sorted(files), Path(__file__)]
        return stamp("documents", sources)

    def make() -> bytes:
        assert checkout is not None
        return pack(sorted(_render(checkout)))

    return Made(
        "zip of the documents", folder, "documents-*.zip", current if checkout else None, make
    )


def read(path: Path) -> dict[str, bytes]:
    """Pages and what they show, by address below /docs/."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _render(checkout: Path) -> Iterator[tuple[str, bytes]]:
    """All pages, and the files that they link to or show, by address below /docs/."""
    try:
        from markdown_it import MarkdownIt
    except ImportError:
        raise AssetError(
            "the package markdown-it-py is missing; install it with: "
            "pip install 'mujoco-websim[assets]'"
        ) from None
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    paths = [
        *_TOP,
        *(p.relative_to(checkout).as_posix() for p in sorted((checkout / "docs").rglob("*.md"))),
    ]
    texts = {path: (checkout / path).read_text("utf-8") for path in paths}
    titles = {path: _title(path, text) for path, text in texts.items()}
    beside: set[str] = set()
    for path, text in texts.items():
        tokens = markdown.parse(text)
        _name_headings(tokens)
        beside |= _redirect(tokens, path, checkout)
        address = _address(path)
        root = "../" * (address.count("/") + 1)
        listed = "\n".join(
            f'      <li><a href="{root}docs/{_address(other)}">{escape(title)}</a></li>'
            for other, title in titles.items()
            if other.count("/") < 2  # results are linked where they are explained
        )
        body = markdown.renderer.render(tokens, markdown.options, {})
        page = _PAGE.format(title=escape(titles[path]), root=root, all=listed, body=body)
        yield address, page.encode()
    for path in beside:
        yield path.removeprefix("docs/"), (checkout / path).read_bytes()


def _title(path: str, text: str) -> str:
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1].replace("`", "") if found else Path(path).stem


def _address(path: str) -> str:
    """Where a document is as a page, below /docs/."""
    if path == BEGIN:
        return "index.html"
    return path.removeprefix("docs/").removesuffix(".md") + ".html"


def _name_headings(tokens: "list[Token]") -> None:
    """Gives headings the ids that links name: as GitHub does."""
    seen: dict[str, int] = {}
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        words = "".join(token.content for token in inline.children or [])
        name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        number = seen.get(name, 0)
        seen[name] = number + 1
        opening.attrSet("id", f"{name}-{number}" if number else name)


def _redirect(tokens: "list[Token]", path: str, checkout: Path) -> set[str]:
    """Turns links between files into links between pages; gives the files that belong beside them.

    What no server hands out, such as a source of a benchmark, is named and not linked.

    Raises:
        AssetError: there is no such file.
    """
    beside = set()
    for token in tokens:
        kept: list[Token] = []
        dropped = False
        for child in token.children or []:
            attribute = {"link_open": "href", "image": "src"}.get(child.type)
            if attribute:
                target, asset = _target(str(child.attrs[attribute]), path, checkout)
                if asset:
                    beside.add(asset)
                if target is None:
                    dropped = True
                    continue
                child.attrs[attribute] = target
            elif child.type == "link_close" and dropped:
                dropped = False
                continue
            kept.append(child)
        if token.children is not None:
            token.children = kept
    return beside


def _target(link: str, path: str, checkout: Path) -> tuple[str | None, str | None]:
    """Where a link of a document leads as a page's, and the file that has to be there for it."""
    parts: Any = urlsplit(link)
    if parts.scheme or not parts.path:
        return link, None
    there = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path)))
    if not (checkout / there).exists():
        folder, _, file = there.partition("/")
        if file and not (checkout / folder).exists():  # as in an image, made of a part of all
            return None, None
        raise AssetError(f"{path} links to {link}, which is not there")
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    here = posixpath.dirname(posixpath.join("docs", _address(path)))
    if there.endswith(".md"):
        return posixpath.relpath(f"docs/{_address(there)}", here) + fragment, None
    if there.startswith("docs/") and (checkout / there).is_file():
        return posixpath.relpath(there, here), there
    if there.startswith("web/app/"):  # of the page itself
        return posixpath.relpath(there.removeprefix("web/"), here), None
    return None, None
