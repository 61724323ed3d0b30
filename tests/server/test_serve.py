"""The command line: what it says when it cannot serve."""

import argparse
import errno
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from websim_server import cli
from websim_server.build import assets
from websim_server.build.compress import write_atomically
from websim_server.site.serve import add_command, address, http_options, listen


def websim(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "websim_server", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_other_commands_do_not_load_the_server() -> None:
    """Every command, and every process of `train`, would begin half a second later."""
    program = (
        "import sys, websim_server.cli\n"
        "heavy = {'fastapi', 'sqlalchemy', 'uvicorn', 'playwright', 'anthropic', 'openai'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = websim("serve", "--port", str(port))
    assert result.returncode == 1
    assert f"port {port} at 127.0.0.1 is in use" in result.stderr
    assert f"--port {port + 1}" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--port", "70000"], "ports are 0 to 65535"),
        (["--port", "-1"], "ports are 0 to 65535"),
        (["--host", "192.0.2.1"], "cannot listen at 192.0.2.1"),
        (["--host", "no such host"], "cannot listen at no such host"),
    ],
)
def test_impossible_addresses(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["serve", *options]) == 1
    assert said in capsys.readouterr().err


def test_missing_asset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(assets.require, "__defaults__", (tmp_path,))
    assert cli.main(["serve", "--port", "0"]) == 1
    said = capsys.readouterr().err
    assert re.search(r"/LICENSE is missing \(and \d+ more\)", said)
    assert "Bring it with: websim assets" in said


def test_address_is_one_to_type() -> None:
    assert address("127.0.0.1", 8000) == "http://127.0.0.1:8000"
    assert address("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert address("::1", 8000) == "http://[::1]:8000"


def test_free_port() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0


def test_answers_are_not_held_back() -> None:
    """A connection that waits with a body until its header is acknowledged loses 40 ms a file."""
    with (
        listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as one,
    ):
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ("named", "believed"), [([], False), (["--forwarded-allow-ips", "10.0.0.1,127.0.0.1"], True)]
)
def test_only_a_proxy_that_was_named_says_who_asks(
    named: list[str], believed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        said = f"{scope['scheme']} {scope['client'][0]}"
        await PlainTextResponse(said)(scope, receive, send)

    parser = argparse.ArgumentParser()
    add_command(parser.add_subparsers())
    config = uvicorn.Config(app, **http_options(parser.parse_args(["serve", *named])))
    config.load()
    client = TestClient(config.loaded_app, client=("127.0.0.1", 50_000))
    forwarded = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https"}
    said = client.get("/", headers=forwarded).text
    assert said == ("https 192.0.2.9" if believed else "http 127.0.0.1")


def test_commands_are_listed() -> None:
    result = websim("--help")
    assert result.returncode == 0
    assert "serve" in result.stdout
    assert "assets" in result.stdout


def test_a_full_disk_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kernels" / "plain.wasm"

    def full(part: Path, data: bytes) -> int:
        with part.open("wb") as stream:
            stream.write(data[:1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(part))

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(assets, "provide", lambda *_: write_atomically(path, b"much"))
    assert cli.main(["assets"]) == 1
    said = capsys.readouterr().err
    assert said == f"websim: cannot write: No space left on device ({path}.part)\n"
    assert list(path.parent.iterdir()) == []
