"""The headers that every response carries: isolation, content security policy."""

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from websim_server.errors import OriginError

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


_SMALL = b"embed=1"

_ORIGIN = re.compile(r"https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?")


def require_origin(text: str) -> None:
    """Makes sure that a policy may name `text` as the origin of a page.

    Raises:
        OriginError: it is none.
    """
    if not _ORIGIN.fullmatch(text):
        raise OriginError(
            f"{text!r} is not an origin: scheme, host and port alone are allowed, in small "
            "letters, such as https://example.org or http://localhost:3000"
        )


LOOPBACK_SOCKETS = "ws://127.0.0.1:*"
"""Programs of the visitor's own machine that move the page's robots (`websim.connect`)."""


def policy(
    script_sources: str, ancestors: Sequence[str] | None = (), *, connects: str = "'self'"
) -> str:
    """The content security policy with these sources of scripts.

    Args:
        script_sources: As it writes them.
        ancestors: Other origins whose pages may embed; None: any page may, one on a disk, too.
        connects: Where scripts may connect to.
    """
    embedding = [] if ancestors is None else [" ".join(["frame-ancestors 'self'", *ancestors])]
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src {script_sources}",
            "worker-src 'self'",
            f"connect-src {connects}",
            "img-src 'self' data: blob:",
            # The page's plots and panels set styles of elements.
            "style-src 'self' 'unsafe-inline'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            *embedding,
        ]
    )


WORKER_POLICY = policy(" ".join(PAGE_SOURCES))
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


@lru_cache(maxsize=2)
def _page_policy(index: Path, _changed: int, ancestors: tuple[str, ...] | None) -> str:
    hashes = script_hashes(index.read_text("utf-8"))
    connects = f"'self' {LOOPBACK_SOCKETS}"
    return policy(" ".join([*PAGE_SOURCES, *hashes]), ancestors, connects=connects)


class ResponseHeaders:
    """ASGI middleware around everything, so that errors and 304s carry the headers too.

    Args:
        index: the page, whose inline import map the policy allows.
        isolated: whether pages are cross-origin isolated.
        dynamic_execution: whether workers may make code from strings.
        embed_origins: other origins whose pages may show the page in a frame; None: the small one
            (`?embed=1`) any page, the whole one none.

    Raises:
        OriginError: one of the origins is none.
    """

    def __init__(
        self,
        *,
        index: Path,
        isolated: bool,
        dynamic_execution: bool,
        embed_origins: Sequence[str] | None = None,
    ):
        for text in embed_origins or ():
            require_origin(text)
        self._index = index
        self._worker_policy = EVALUATING_WORKER_POLICY if dynamic_execution else WORKER_POLICY
        self._headers = {**ALWAYS, **(ISOLATION if isolated else {})}
        self._embed_origins = None if embed_origins is None else tuple(embed_origins)

    def _of(self, scope: Scope) -> dict[str, str]:
        path, ancestors = scope["path"], self._embed_origins
        if ancestors is None and not (path == "/" and _SMALL in scope["query_string"].split(b"&")):
            ancestors = ()
        headers = {**self._headers, "Content-Security-Policy": self._policy(path, ancestors)}
        if path == "/" and ancestors != ():
            # An isolated page embeds only what says so. Who may is said by the policy.
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return headers

    def _policy(self, path: str, ancestors: tuple[str, ...] | None) -> str:
        if path == WORKER_SCRIPT:
            return self._worker_policy
        try:
            # While developing, the page changes under a running server.
            changed = self._index.stat().st_mtime_ns
            return _page_policy(self._index, changed, ancestors)
        except FileNotFoundError:
            return policy(" ".join(PAGE_SOURCES))

    def around(self, app: ASGIApp) -> ASGIApp:
        """The application that adds them to what `app` answers."""

        async def with_headers(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_with_headers(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = MutableHeaders(scope=message)
                    for name, value in self._of(scope).items():
                        headers.setdefault(name, value)
                await send(message)

            await app(scope, receive, send_with_headers if scope["type"] == "http" else send)

        return with_headers
