"""Clients that do not behave: the server answers plainly, goes on, and ends when it is told to."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO
from urllib.parse import urlsplit

import pytest

from tests.server.http_client import fetch
from websim_server.site import http, serve

LARGE = "/vendor/mujoco-3.14.0/mujoco.wasm"


@pytest.fixture
def process(request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of the test's own, and its address."""
    program = getattr(request, "param", ["-m", "websim_server"])
    command = [sys.executable, *program, "serve", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as one:
        out: IO[str] | None = one.stdout
        assert out is not None
        yield one, out.readline().split(" is at ")[1].split()[0]
        one.kill()


def connect(address: str) -> socket.socket:
    host, port = urlsplit(address).netloc.split(":")
    one = socket.create_connection((host, int(port)), timeout=60)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return one


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stalled_reader_does_not_keep_it_from_ending(
    process: tuple[subprocess.Popen[str], str], number: signal.Signals
) -> None:
    server, address = process
    with connect(address) as stalled:
        stalled.sendall(f"GET {LARGE} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert stalled.recv(15).startswith(b"HTTP/1.1 200")
        server.send_signal(number)
        server.wait(serve.GRACE_SECONDS + 10)
    assert server.stderr is not None
    assert "Traceback" not in server.stderr.read()


HALVES = {
    "nothing": b"",
    "headers": b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
    "a second one": b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /heal",
    "a body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
}


IMPATIENT = """
import sys
from websim_server import cli
from websim_server.site import http
http.REQUEST_SECONDS = 1.0
sys.exit(cli.main())
"""


@pytest.mark.parametrize("process", [["-c", IMPATIENT]], indirect=True)
def test_half_a_request_is_not_waited_for_for_ever(
    process: tuple[subprocess.Popen[str], str],
) -> None:
    _, address = process
    start = time.monotonic()
    clients = [connect(address) for _ in HALVES]
    for client, half in zip(clients, HALVES.values(), strict=True):
        client.sendall(half)
    for client in clients:
        with client:
            while client.recv(4096):
                pass
    assert time.monotonic() - start < http.REQUEST_SECONDS, "it is told to wait for a second"
    assert fetch(address, "/healthz").status == 200


MALFORMED = [
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnothing\r\n",
    b"POST /sim/websim.js HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    b"no request at all\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
]


def test_a_malformed_request_is_told_and_the_server_goes_on(
    process: tuple[subprocess.Popen[str], str],
) -> None:
    server, address = process
    for request in MALFORMED:
        with connect(address) as client:
            client.sendall(request)
            answer = b""
            while part := client.recv(65536):
                answer += part
        assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 200", b"HTTP/1.1 405"), answer[:200]
        assert fetch(address, "/healthz").status == 200
    server.terminate()
    server.wait(30)
    assert server.stderr is not None
    assert "Traceback" not in server.stderr.read()
