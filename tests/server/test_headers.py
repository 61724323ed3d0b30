"""Isolation headers exactly once on every response, and the content security policy."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.server.http_client import Answer, fetch
from websim_server.errors import OriginError
from websim_server.site.app import create_app
from websim_server.site.headers import script_hashes
from websim_server.site.package import Bundle

ISOLATION = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
}
ALWAYS = {
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

# path, method, request headers, status
KINDS = [
    ("/", "GET", {}, 200),
    ("/", "HEAD", {}, 200),
    ("/?task=Ant-v5&envs=20", "GET", {}, 200),
    ("/", "POST", {}, 405),
    ("/healthz", "GET", {}, 200),
    ("/healthz", "HEAD", {}, 200),
    ("/healthz", "DELETE", {}, 405),
    ("/manifest.json", "GET", {}, 200),
    ("/sim/worker/worker.js", "GET", {}, 200),
    ("/sim/websim.js", "HEAD", {}, 200),
    ("/sim/nothing.js", "GET", {}, 404),
    ("/sim/", "GET", {}, 404),
    ("/sim/websim.js", "PUT", {}, 405),
    ("/nothing", "GET", {}, 404),
    ("/python/websim-0000000000000000.zip", "GET", {}, 404),
    ("/vendor/mujoco-3.14.0/mujoco.js", "GET", {"accept_encoding": "br"}, 200),
    ("/vendor/mujoco-3.14.0/mujoco.js", "GET", {"range": "bytes=0-9"}, 206),
    ("/vendor/mujoco-3.14.0/mujoco.js", "GET", {"range": "bytes=99999999-"}, 416),
    ("/vendor/mujoco-3.14.0/mujoco.js", "GET", {"range": "lines=1-2"}, 400),
    ("/vendor/mujoco-3.14.0/none.wasm", "GET", {}, 404),
]


def once(answer: Answer, expected: dict[str, str]) -> None:
    for name, value in expected.items():
        assert answer.all(name) == [value], name
    assert len(answer.all("content-security-policy")) == 1


@pytest.mark.parametrize(("path", "method", "request_headers", "status"), KINDS)
def test_every_kind_of_response(
    server: str, path: str, method: str, request_headers: dict[str, str], status: int
) -> None:
    answer = fetch(server, path, method, **request_headers)
    assert answer.status == status
    once(answer, ISOLATION | ALWAYS)


@pytest.mark.parametrize(
    "path", ["/", "/sim/worker/worker.js", "/sim/websim.js", "/vendor/mujoco-3.14.0/mujoco.wasm"]
)
@pytest.mark.parametrize("encoding", ["identity", "br", "gzip"])
def test_not_modified(server: str, path: str, encoding: str) -> None:
    first = fetch(server, path, accept_encoding=encoding)
    second = fetch(server, path, accept_encoding=encoding, if_none_match=first["etag"])
    assert (second.status, second.body) == (304, b"")
    once(second, ISOLATION | ALWAYS)
    # The browser takes what a 304 says over what it has stored.
    for name in ("content-security-policy", "cache-control", "vary"):
        assert second[name] == first[name]


def test_failure_inside_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Bundle) -> str:
        raise RuntimeError("broken on purpose")

    client = TestClient(create_app(), raise_server_exceptions=False)
    monkeypatch.setattr(Bundle, "name", fail)
    response = client.get("/manifest.json")
    assert response.status_code == 500
    once(Answer(500, response.headers.multi_items(), b""), ISOLATION | ALWAYS)


def test_plain_server_leaves_isolation_away(server_plain: str) -> None:
    for path in ("/", "/sim/worker/worker.js", "/nothing"):
        answer = fetch(server_plain, path)
        once(answer, ALWAYS)
        assert not any(answer.all(name) for name in ISOLATION)


def directives(answer: Answer) -> dict[str, list[str]]:
    parts = (d.split() for d in answer["content-security-policy"].split(";"))
    return {name: sources for name, *sources in parts}


def test_policy_is_strict_and_knows_the_import_map(server: str) -> None:
    answer = fetch(server, "/")
    found = directives(answer)
    assert found["default-src"] == ["'self'"]
    assert found["connect-src"] == ["'self'", "ws://127.0.0.1:*"]
    assert found["object-src"] == found["base-uri"] == ["'none'"]
    assert found["frame-ancestors"] == ["'self'"]
    (text,) = re.findall(rb'<script type="importmap">(.*?)</script>', answer.body, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
    assert found["script-src"] == ["'self'", "'wasm-unsafe-eval'", f"'sha256-{digest}'"]


def test_only_the_worker_script_may_make_code_from_strings(server: str) -> None:
    worker = directives(fetch(server, "/sim/worker/worker.js"))
    assert worker["script-src"] == ["'self'", "'unsafe-eval'", "'wasm-unsafe-eval'"]
    others = ["/", "/sim/websim.js", "/sim/nothing.js", "/vendor/mujoco-3.14.0/mujoco.js"]
    # Other ways to write the address of the worker script, and look-alikes.
    others += [
        "/sim//worker.js",
        "/sim/worker/worker.js/",
        "/app/worker.js",
        "//sim/worker/worker.js",
    ]
    for path in others:
        # WASM modules may be compiled anywhere; code may be made of strings in the worker only.
        sources = directives(fetch(server, path))["script-src"]
        assert "'unsafe-eval'" not in sources, path


def test_policy_follows_an_edited_page(tmp_path: Path) -> None:
    index = tmp_path / "index.html"
    client = TestClient(create_app(web=tmp_path))
    index.write_text('<script type="importmap">{}</script><script src="a.js"></script>')
    first = client.get("/").headers["content-security-policy"]
    index.write_text('<script type="importmap">{"imports": {}}</script>')
    second = client.get("/").headers["content-security-policy"]
    assert first.count("sha256-") == second.count("sha256-") == 1
    assert first != second


def test_script_hashes_are_of_the_exact_text() -> None:
    text = '\n  {"imports": {"a&amp;b": "<x>"}}\n'
    (found,) = script_hashes(f"<head><script type=importmap>{text}</script></head>")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert found == f"'sha256-{digest}'"


def test_other_origins_may_be_allowed_to_embed_the_page() -> None:
    origins = ["https://example.org", "http://localhost:3000"]
    client = TestClient(create_app(embed_origins=origins))
    page, script = client.get("/").headers, client.get("/sim/websim.js").headers
    said = page["content-security-policy"].split("; ")
    assert "frame-ancestors 'self' https://example.org http://localhost:3000" in said
    # An isolated page embeds what says so, and itself is isolated.
    assert page["cross-origin-resource-policy"] == "cross-origin"
    assert page["cross-origin-embedder-policy"] == "require-corp"
    assert script["cross-origin-resource-policy"] == "same-origin"
    # By default any page, one on a disk too, may show the small one.
    small, whole = (TestClient(create_app()).get(path).headers for path in ("/?embed=1", "/"))
    assert "frame-ancestors" not in small["content-security-policy"]
    assert "frame-ancestors 'self'" in whole["content-security-policy"].split("; ")
    said_so = (small["cross-origin-resource-policy"], whole["cross-origin-resource-policy"])
    assert said_so == ("cross-origin", "same-origin")
    nobody = TestClient(create_app(embed_origins=[])).get("/?embed=1").headers
    assert "frame-ancestors 'self'" in nobody["content-security-policy"].split("; ")
    versions = {
        TestClient(app).get("/manifest.json").json()["sources"]["version"]
        for app in (create_app(), create_app(embed_origins=origins))
    }
    assert len(versions) == 2  # a browser stores pages with their headers


@pytest.mark.parametrize(
    "text",
    ["example.org", "*", "https://*.org", "https://a.org/", "https://a.org; x", "ftp://a", "null"],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(OriginError, match=r"is not an origin.*https://example\.org"):
        create_app(embed_origins=[text])
