"""README and docs/ as pages: all that they link to is there."""

import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from websim_server.build import documents
from websim_server.errors import AssetError
from websim_server.site.app import create_app


class Seen(HTMLParser):
    """What a page links to and shows, and the names in it that can be linked to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id" and value:
                self.names.add(value)


def test_all_that_documents_link_to_is_there() -> None:
    files = documents.read(documents.made().find())
    seen = {n: Seen(c.decode()) for n, c in files.items() if n.endswith(".html")}
    assert {"index.html", "dashboard.html", "results/drawing.html"} <= seen.keys()
    with TestClient(create_app()) as client:
        for name, page in seen.items():
            for link in page.links:
                parts = urlsplit(link)
                if parts.scheme:
                    continue
                here = f"/docs/{name}"
                there = posixpath.join(posixpath.dirname(here), parts.path) if parts.path else here
                there = posixpath.normpath(there)
                if parts.fragment:
                    assert parts.fragment in seen[there.removeprefix("/docs/")].names, (name, link)
                elif there.startswith("/docs/"):
                    assert there.removeprefix("/docs/") in files, (name, link)
                else:
                    assert client.head(there).status_code == 200, (name, link)


def test_the_server_hands_them_out() -> None:
    with TestClient(create_app()) as client:
        answer = client.get("/docs/")
        assert answer.url.path == "/docs/index.html"
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "default-src" in answer.headers["Content-Security-Policy"]
        assert re.search("<h1[^>]*>MuJoCo WebSim</h1>", answer.text)
        picture = client.get("/docs/images/dashboard.png")
        assert picture.headers["Content-Type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG")
        assert client.get("/docs/nothing.html").status_code == 404


def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path) -> None:
    checkout = tmp_path
    (checkout / "docs").mkdir()
    for name in ("README", "CHANGELOG", "CONTRIBUTING"):
        (checkout / f"{name}.md").write_text(f"# {name}\n\n<b>no HTML</b> [other](docs/a.md#b)\n")
    made = documents.made(checkout / "made", checkout)
    with pytest.raises(AssetError, match=r"README.md links to docs/a.md#b, which is not there"):
        made.provide()
    (checkout / "server").mkdir()
    (checkout / "docs/a.md").write_text("# A\n\n## B\n\n[code](../server) [more](../bench/a.py)\n")
    files = documents.read(made.provide())
    assert b'<a href="a.html#b">other</a>' in files["index.html"]
    assert b"&lt;b&gt;no HTML&lt;/b&gt;" in files["index.html"]
    assert b'<h2 id="b">' in files["a.html"]
    # What no server hands out is not linked, nor what an image has not got.
    assert b"<p>code more</p>" in files["a.html"]
