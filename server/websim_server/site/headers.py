"""The headers that every response carries: isolation, content security policy."""

import base64
import hashlib
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: What gives a page SharedArrayBuffer; workers and errors need it too.
ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}

ALWAYS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

#: The page compiles the WASM modules for all its workers.
PAGE_SOURCES = ["'self'", "'wasm-unsafe-eval'"]

#: The only script that may, where the engine's bindings need it, make code from strings. A worker's
#: policy is that of its own script's response: the page's stays strict.
WORKER_SCRIPT = "/sim/worker/worker.js"


def policy(script_sources: str) -> str:
    """The content security policy with the given sources of scripts."""
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src {script_sources}",
            "worker-src 'self'",
            "connect-src 'self'",
            "img-src 'self' data: blob:",
            # The page's plots and panels set styles of elements.
            "style-src 'self' 'unsafe-inline'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        ]
    )


WORKER_POLICY = policy("'self' 'wasm-unsafe-eval'")
EVALUATING_WORKER_POLICY = policy("'self' 'unsafe-eval' 'wasm-unsafe-eval'")


class _InlineScripts(HTMLParser):
    """Collects the text of the script elements that have no src."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and "src" not in dict(attrs)
        if self._inside:
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = False


def script_hashes(html: str) -> list[str]:
    """The sources of a policy that allow the page's own inline scripts (its import map)."""
    parser = _InlineScripts()
    parser.feed(html)
    parser.close()
    digests = [hashlib.sha256(text.encode()).digest() for text in parser.texts]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


@lru_cache(maxsize=1)
def _page_policy(index: Path, _changed: int) -> str:
    return policy(" ".join([*PAGE_SOURCES, *script_hashes(index.read_text("utf-8"))]))


class ResponseHeaders:
    """ASGI middleware around everything, so that errors and 304s carry the headers too.

    Args:
        app: the application.
        index: the page, whose inline import map the policy allows.
        isolated: whether pages are cross-origin isolated.
        dynamic_execution: whether workers may make code from strings.
    """

    def __init__(self, app: ASGIApp, *, index: Path, isolated: bool, dynamic_execution: bool):
        self._app = app
        self._index = index
        self._worker_policy = EVALUATING_WORKER_POLICY if dynamic_execution else WORKER_POLICY
        self._headers = {**ALWAYS, **(ISOLATION if isolated else {})}

    def _policy(self, path: str) -> str:
        if path == WORKER_SCRIPT:
            return self._worker_policy
        try:
            # While developing, the page changes under a running server.
            return _page_policy(self._index, self._index.stat().st_mtime_ns)
        except FileNotFoundError:
            return policy(" ".join(PAGE_SOURCES))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on to the application, and adds to what it answers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers["Content-Security-Policy"] = self._policy(scope["path"])
            await send(message)

        await self._app(scope, receive, send_with_headers)
