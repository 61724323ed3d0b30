"""`websim serve`: serves the page on this machine."""

import argparse
import asyncio
import contextlib
import errno
import os
import socket
import sys
import webbrowser
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websim_server.build import engine, lock
from websim_server.errors import AddressError
from websim_server.llm import settings as llm
from websim_server.paths import VENDOR
from websim_server.store import settings as store

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from websim_server.store.store import Store

MAX_WORKERS = 64

ALLOWED_HOSTS = "WEBSIM_ALLOWED_HOSTS"

FORWARDED_ALLOW_IPS = "FORWARDED_ALLOW_IPS"
"""As uvicorn calls it."""

HEALTH_SECONDS = 60
"""So long a worker may say nothing before it is replaced: processors may be busy."""

GRACE_SECONDS = 3
"""So long answers under way may take once the server is to end: a reader may have stalled."""


def listen(host: str, port: int) -> socket.socket:
    """Opens the socket to serve at; port 0 takes a free one.

    Raises:
        AddressError: the port is in use or not allowed, or the host is not one of this machine.
    """
    if not 0 <= port <= 65535:
        raise AddressError(f"port {port} is not allowed: ports are 0 to 65535")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = (
                f"port {port} at {host} is in use, perhaps by another `websim serve`: "
                f"stop that one, or choose another port with --port {port + 1} "
                f"(with make: make serve PORT={port + 1})"
            )
        elif error.errno == errno.EACCES:
            reason = f"port {port} needs more rights than this user has: choose one above 1023"
        else:
            reason = f"cannot listen at {host} port {port}: {error.strerror or error}"
        raise AddressError(reason) from None
    # Taken over by every connection; asyncio's own setting passes over sockets that were made
    # elsewhere. Without it a body waits up to 40 ms for the answer to its header.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def address(host: str, port: int) -> str:
    """The URL of the page, as one would type it on this machine."""
    if host in ("0.0.0.0", "::", ""):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("serve", help="serve the page")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=8000, help="port to listen at, 0 for a free one (%(default)s)"
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes that answer (%(default)s): one hands out files to many; several are for a "
        "busy store of shared runs",
    )
    parser.add_argument(
        "--open",
        nargs="?",
        const="",
        metavar="FILE",
        help="open the page in the browser; with FILE, a robot (MJCF, URDF, a folder, a zip "
        "archive) or a run (.websim), if there is one",
    )
    parser.add_argument(
        "--tasks",
        nargs="+",
        action="extend",
        type=Path,
        default=[],
        metavar="FILE",
        help="Python files that register tasks of your own",
    )
    parser.add_argument(
        "--no-isolation",
        dest="isolated",
        action="store_false",
        help="leave the isolation headers away: the page then works without shared memory, slower",
    )
    parser.add_argument(
        "--embed-origins",
        nargs="*",
        action="extend",
        metavar="ORIGIN",
        help="other origins whose pages may show the page in a frame, such as https://example.org; "
        "none named: no page (by default any page may show the small one, ?embed=1, and none the "
        "whole one)",
    )
    parser.add_argument(
        "--allowed-hosts",
        nargs="+",
        action="extend",
        default=os.environ.get(ALLOWED_HOSTS, "").split(),
        metavar="NAME",
        help="names of this server besides localhost and IP addresses, such as example.org: pages "
        "under other names can neither share runs nor ask the language model (the variable "
        f"{ALLOWED_HOSTS} has them too, with spaces between them)",
    )
    parser.add_argument(
        "--forwarded-allow-ips",
        default=os.environ.get(FORWARDED_ALLOW_IPS, ""),
        metavar="ADDRESSES",
        help="addresses of proxies, with commas between them, that are believed which visitor and "
        f"which scheme they forward (none; the variable {FORWARDED_ALLOW_IPS} sets it too)",
    )
    parser.add_argument(
        "--engine",
        default=engine.default(),
        metavar="NAME|FOLDER",
        help="MuJoCo module: optimised, official, or a folder with one of your own (%(default)s; "
        "the variable WEBSIM_ENGINE sets it too)",
    )
    llm.add_options(parser)
    store.add_options(parser)
    parser.set_defaults(run=run)


def _language_model(arguments: argparse.Namespace) -> llm.LlmSettings | llm.LlmUnavailable:
    """What the page can ask, or why nothing."""
    try:
        return llm.read_settings(arguments)
    except llm.LlmUnavailable as error:
        return error


def make_app(arguments: argparse.Namespace, shared: "Store | None") -> "ASGIApp":
    """The application that the command asks for, in front of a store."""
    from websim_server.site import openings
    from websim_server.site.app import create_app
    from websim_server.site.opened import OpenedFile

    model = _language_model(arguments)
    if isinstance(model, llm.LlmSettings):
        # Each worker counts for itself, and together they keep to the limit.
        model = replace(model, max_cost=model.max_cost / arguments.workers)
    return create_app(
        isolated=arguments.isolated,
        engine=arguments.engine,
        embed_origins=arguments.embed_origins,
        tasks=arguments.tasks,
        open_file=OpenedFile(Path(arguments.open)) if arguments.open else None,
        language_model=model,
        store=shared,
        hosts=arguments.allowed_hosts,
        lifespan=openings.prepared,
    )


def make_worker(arguments: argparse.Namespace) -> "ASGIApp":
    """What each of several workers answers with."""
    return make_app(arguments, store.open_store(arguments))


def http_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """How uvicorn speaks with clients."""
    from websim_server.site.http import TimedProtocol

    return {
        "http": TimedProtocol,
        # uvicorn's own default believes all that comes from this machine: a tunnel brings anybody.
        "forwarded_allow_ips": arguments.forwarded_allow_ips,
        "log_level": "warning",
        "access_log": False,
    }


def run(arguments: argparse.Namespace) -> None:
    """Runs the command until it is interrupted.

    Raises:
        AddressError: it cannot listen there.
        ServerError: something that it is to serve cannot be used.
    """
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from websim_server.build import assets
    from websim_server.site.opened import OpenedFile
    from websim_server.store.measurer import Measurer

    def tell() -> None:
        print(f"MuJoCo WebSim is at {url} (Ctrl+C stops it)", flush=True)
        if isinstance(model, llm.LlmSettings):
            print(
                f"Whoever reaches it may have {model.model} ({model.service}) write "
                f"rewards, for up to ${model.max_cost:.2f} a day.",
                flush=True,
            )
        if arguments.open is not None:
            webbrowser.open(url)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                tell()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # Not uvicorn's own limit: that cancels the answers, each with a traceback.
            asyncio.get_running_loop().call_later(GRACE_SECONDS, self._hang_up)
            await super().shutdown(sockets)

        def _hang_up(self) -> None:
            for connection in list(self.server_state.connections):
                connection.transport.abort()

    if not 1 <= arguments.workers <= MAX_WORKERS:
        raise AddressError(f"--workers {arguments.workers} is not allowed: 1 to {MAX_WORKERS}")
    assets.require()
    chosen = engine.choose(arguments.engine, VENDOR, lock.read())
    if arguments.engine == engine.OPTIMISED != chosen.name:
        print(
            "The optimised MuJoCo module is missing: the page uses the official one, which has "
            "twice the bytes. It is made by: websim assets",
            file=sys.stderr,
        )
    model = _language_model(arguments)
    if isinstance(model, llm.LlmUnavailable) and (
        arguments.llm_url or os.environ.get(llm.CLAUDE_KEY)
    ):
        print(f"websim: {model}", file=sys.stderr)  # the rest is served
    # What is wrong with it is told before anything answers, and a store is made once.
    shared = store.open_store(arguments)
    app = make_app(arguments, shared)
    measuring: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
    if shared is not None and not shared.settings.read_only and arguments.measures:
        measuring = Measurer(shared)
    with listen(arguments.host, arguments.port) as listener:
        url = address(arguments.host, listener.getsockname()[1])
        if arguments.open:
            url += f"/{OpenedFile(Path(arguments.open)).query}"
        common = http_options(arguments)
        if arguments.workers == 1:
            with measuring:
                Server(uvicorn.Config(app, **common)).run(sockets=[listener])
            return
        config = uvicorn.Config(
            partial(make_worker, arguments),
            factory=True,
            workers=arguments.workers,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_worker_healthcheck=HEALTH_SECONDS,
            **common,
        )
        tell()  # what is asked until they are up waits
        with measuring:
            Multiprocess(config, sockets=[listener]).run()
