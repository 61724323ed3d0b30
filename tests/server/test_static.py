"""Caching, compression, media types, and that nothing outside of the folders is served."""

import gzip
from pathlib import Path

import brotli
import pytest
from starlette.testclient import TestClient

from tests.server.http_client import fetch
from websim_server.paths import VENDOR
from websim_server.site.app import create_app
from websim_server.site.static import accepted

WASM = "/vendor/mujoco-3.14.0/mujoco.wasm"


@pytest.mark.parametrize("path", ["/", "/sim/websim.js", "/sim/worker/worker.js"])
def test_sources_are_asked_for_each_time(server: str, path: str) -> None:
    answer = fetch(server, path)
    assert answer["cache-control"] == "no-cache"
    assert fetch(server, path, if_none_match='"other"').status == 200
    assert fetch(server, path, if_modified_since=answer["last-modified"]).status == 304


def test_vendored_files_stay(server: str) -> None:
    for path in (WASM, "/vendor/pyodide-314.0.3/python_stdlib.zip"):
        assert fetch(server, path)["cache-control"] == "public, max-age=31536000, immutable"


def test_missing_files_are_not_cached_as_if_they_were_there(server: str) -> None:
    assert fetch(server, "/vendor/mujoco-3.14.0/none.wasm").all("cache-control") == ["no-store"]


def test_compressed_copies(server: str) -> None:
    plain = fetch(server, WASM)
    br = fetch(server, WASM, accept_encoding="gzip, deflate, br, zstd")
    gz = fetch(server, WASM, accept_encoding="gzip, br;q=0")
    assert plain.all("content-encoding") == []
    assert (br["content-encoding"], gz["content-encoding"]) == ("br", "gzip")
    assert brotli.decompress(br.body) == gzip.decompress(gz.body) == plain.body
    assert len(br.body) < len(gz.body) < 0.3 * len(plain.body)
    for answer in (plain, br, gz):
        assert answer["vary"] == "Accept-Encoding"
        assert answer["content-type"] == "application/wasm"
        assert int(answer["content-length"]) == len(answer.body)
    assert len({plain["etag"], br["etag"], gz["etag"]}) == 3


def test_a_range_is_one_of_the_file_itself(server: str) -> None:
    answer = fetch(server, WASM, accept_encoding="br", range="bytes=0-3")
    assert (answer.status, answer.body) == (206, b"\0asm")
    assert answer.all("content-encoding") == []


def test_what_does_not_shrink_is_sent_as_it_is(server: str) -> None:
    answer = fetch(server, "/vendor/pyodide-314.0.3/python_stdlib.zip", accept_encoding="br")
    assert answer.all("content-encoding") == []


@pytest.mark.parametrize(
    ("header", "codings"),
    [
        ("", []),
        ("identity", []),
        ("br", ["br"]),
        ("gzip;q=1.0, BR", ["br", "gzip"]),
        ("br;q=0, gzip", ["gzip"]),
        ("*", ["br", "gzip"]),
        ("*;q=0, gzip;q=0.5", ["gzip"]),
        ("br;q=much, gzip", ["gzip"]),
    ],
)
def test_accept_encoding(header: str, codings: list[str]) -> None:
    assert [coding for coding, _ in accepted(header)] == codings


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/sim/websim.js", "text/javascript; charset=utf-8"),
        ("/vendor/pyodide-314.0.3/pyodide.mjs", "text/javascript; charset=utf-8"),
        ("/vendor/pyodide-314.0.3/pyodide.asm.wasm", "application/wasm"),
        ("/vendor/pyodide-314.0.3/pyodide-lock.json", "application/json"),
        ("/vendor/pyodide-314.0.3/python_stdlib.zip", "application/zip"),
        ("/vendor/wheels/gymnasium-1.3.0-py3-none-any.whl", "application/zip"),
        ("/vendor/uplot-1.6.32/dist/uPlot.min.css", "text/css; charset=utf-8"),
        ("/healthz", "application/json"),
    ],
)
@pytest.mark.parametrize("encoding", ["identity", "br"])
def test_media_types(server: str, path: str, media_type: str, encoding: str) -> None:
    answer = fetch(server, path, accept_encoding=encoding)
    assert (answer.status, answer["content-type"]) == (200, media_type)


@pytest.mark.parametrize(
    "path",
    [
        "/sim/../../pyproject.toml",
        "/sim/%2e%2e/%2e%2e/pyproject.toml",
        "/sim/..%2f..%2fpyproject.toml",
        "/sim/..%5c..%5cpyproject.toml",
        "/vendor/../index.html",
        "/vendor//etc/passwd",
        "/vendor/%2fetc%2fpasswd",
        "/vendor/%00",
        "/python/..%2f..%2fpyproject.toml",
        "/web/index.html",
        "/pyproject.toml",
        "/vendor/" + "x" * 5000,
        # Other ways to write the address of a file, and what is no file of its own.
        "/app/main.js/",
        "/app//main.js",
        "/app/main.js/main.js",
        "/app/panel/../main.js",
        WASM + ".br",
        WASM + ".gz",
    ],
)
def test_nothing_else_is_served(server: str, path: str) -> None:
    assert fetch(server, path).status == 404


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (tmp_path / "web/sim").mkdir(parents=True)
    (tmp_path / "web/sim/link.txt").symlink_to(secret)
    client = TestClient(create_app(web=tmp_path / "web", vendor=VENDOR))
    assert client.get("/sim/link.txt").status_code == 404


def test_a_new_folder_of_the_page_is_served_and_stored(tmp_path: Path) -> None:
    for folder in ("code/editor", "vendor", ".hidden"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "main.js").write_text("1")
    (tmp_path / "index.html").write_text("page")
    client = TestClient(create_app(web=tmp_path, vendor=VENDOR))
    assert client.get("/code/editor/main.js").headers["cache-control"] == "no-cache"
    assert client.get("/.hidden/main.js").status_code == 404
    stored = client.get("/manifest.json").json()["sources"]["urls"]
    assert stored == ["/", "/code/editor/main.js"]
