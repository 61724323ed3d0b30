"""A language model that says what a test has it say, over real HTTP, as both APIs have it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PIECE = 40
"""Characters of a piece of a stream."""


@dataclass(kw_only=True)
class Say:
    """An answer.

    Attributes:
        text: What is said.
        status: Of the response; an error where it is not 200.
        headers: Besides.
        silence: Seconds before the first word.
        pace: Seconds before each piece.
        cut: Pieces after which the connection is closed; None: none.
        stop: Why it ends, in the words of OpenAI's API.
        refusal: What a refusal says.
        counted: Whether it says how many tokens there were.
        written: How many it says it wrote.
    """

    text: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    silence: float = 0.0
    pace: float = 0.0
    cut: int | None = None
    stop: str = "stop"
    refusal: str = ""
    counted: bool = True
    written: int = 50


@dataclass(kw_only=True)
class Peer:
    """The model.

    Attributes:
        url: Where OpenAI's API is; Anthropic's is at its root.
        says: What it says, one after another; the last again and again.
        asked: Requests so far, as (path, headers, body).
        hung_up: Set when somebody closed the connection in the middle of an answer.
    """

    url: str
    says: list[Say] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)

    @property
    def root(self) -> str:
        return self.url.removesuffix("/v1")


def _openai(say: Say) -> Iterator[str]:
    def chunk(delta: dict[str, Any], stop: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": stop}
        about = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        return f"data: {json.dumps(about | {'choices': [choice]})}\n\n"

    yield chunk({"role": "assistant", "content": ""})
    for i in range(0, len(say.text), PIECE):
        yield chunk({"content": say.text[i : i + PIECE]})
    if say.refusal:
        yield chunk({"refusal": say.refusal})
    yield chunk({}, say.stop)
    if say.counted:
        usage = {"prompt_tokens": 100, "completion_tokens": say.written, "total_tokens": 0}
        about = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        yield f"data: {json.dumps(about | {'choices': [], 'usage': usage})}\n\n"
    yield "data: [DONE]\n\n"


def _anthropic(say: Say) -> Iterator[str]:
    def event(kind: str, **more: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n"

    usage = {"input_tokens": 100, "output_tokens": 1}
    message: dict[str, Any] = {
        "id": "m", "type": "message", "role": "assistant", "model": "m", "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    yield event("message_start", message=message)
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    yield event("ping")
    for i in range(0, len(say.text), PIECE):
        delta = {"type": "text_delta", "text": say.text[i : i + PIECE]}
        yield event("content_block_delta", index=0, delta=delta)
    yield event("content_block_stop", index=0)
    stop = {"stop": "end_turn", "length": "max_tokens"}.get(say.stop, say.stop)
    details = {"type": "refusal", "category": None, "explanation": say.refusal}
    last: dict[str, Any] = {
        "stop_reason": "refusal" if say.refusal else stop,
        "stop_sequence": None,
    }
    last |= {"stop_details": details} if say.refusal else {}
    yield event("message_delta", delta=last, usage={"output_tokens": say.written})
    yield event("message_stop")


class _Handler(BaseHTTPRequestHandler):
    peer: Peer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        peer = self.peer
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        peer.asked.append((self.path, headers, body))
        say = peer.says.pop(0) if len(peer.says) > 1 else peer.says[0]
        time.sleep(say.silence)
        try:
            if say.status != 200:
                told = json.dumps({"error": {"type": "error", "message": say.text}}).encode()
                self._begin(say, "application/json", len(told))
                self.wfile.write(told)
                return
            self._begin(say, "text/event-stream")
            pieces = _anthropic(say) if self.path == "/v1/messages" else _openai(say)
            for i, piece in enumerate(pieces):
                if i == say.cut:
                    break
                time.sleep(say.pace)
                self.wfile.write(f"{len(piece.encode()):x}\r\n{piece}\r\n".encode())
                self.wfile.flush()
            else:
                self.wfile.write(b"0\r\n\r\n")
            self.close_connection = True
        except (BrokenPipeError, ConnectionResetError):
            peer.hung_up.set()

    def _begin(self, say: Say, kind: str, length: int | None = None) -> None:
        self.send_response(say.status)
        self.send_header("Content-Type", kind)
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        for name, value in say.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def scripted() -> Iterator[Peer]:
    """A peer that listens; a test says what it says."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    peer = Peer(url=f"http://127.0.0.1:{server.server_port}/v1")
    server.RequestHandlerClass = type("Handler", (_Handler,), {"peer": peer})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def waited(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Whether something comes true within a time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
