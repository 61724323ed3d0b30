"""A headless Chromium and a server for it: what commands drive the page with."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from websim_server.errors import ServerError

if TYPE_CHECKING:
    from playwright.sync_api import Browser


class BrowserError(ServerError):
    """Raised when there is no browser to drive, or it breaks."""


@contextmanager
def open_browser(*arguments: str) -> "Iterator[tuple[Browser, str]]":
    """Gives a browser, and the address of a server that runs as long.

    Args:
        *arguments: Of the browser's command line, besides those that it always gets.

    Raises:
        BrowserError: Playwright is not installed, or the server does not start; or, in the body,
            the browser fails.
        ServerError: there is no Chromium, or vendored files are missing.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise BrowserError(
            "this drives a browser with Playwright, which is not installed: "
            "pip install 'mujoco-websim[browser]'"
        ) from None
    from websim_server import chromium
    from websim_server.build import assets

    assets.require()
    try:
        with (
            server() as address,
            sync_playwright() as playwright,
            chromium.launch(playwright, *arguments) as browser,
        ):
            yield browser, address
    except Error as error:
        raise BrowserError(f"the browser failed: {error.message.splitlines()[0]}") from None


@contextmanager
def server(*options: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """A server of its own process, so that it takes no time from what is driven here.

    Args:
        *options: Of `websim serve`; without others it has no store.
        environment: Its variables; None: those of this process.
    """
    command = [sys.executable, "-m", "websim_server", "serve", "--port", "0"]
    command += ["--store", "none", *options]
    # A session of its own: Ctrl-C is for the command, which may still need the server.
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if " is at " not in line:
                raise BrowserError("the server did not start")
            yield line.split(" is at ")[1].split()[0]
        finally:
            process.terminate()
