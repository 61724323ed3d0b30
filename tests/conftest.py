"""Fixtures of all tests: a running server, with and without isolation, and a browser."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from websim_server import chromium as chromium_finder


@contextmanager
def running_server(*options: str) -> Iterator[str]:
    """Runs `websim serve` on a free port and gives its address."""
    command = [sys.executable, "-m", "websim_server", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            if " is at " not in line:
                pytest.fail(f"the server did not start; it said: {line!r}")
            yield line.split(" is at ")[1].split()[0]
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server whose pages are cross-origin isolated."""
    with running_server() as address:
        yield address


@pytest.fixture(scope="session")
def server_plain() -> Iterator[str]:
    """The address of a server without the isolation headers."""
    with running_server("--no-isolation") as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium with WebGL by software."""
    with sync_playwright() as playwright, chromium_finder.launch(playwright) as browser:
        yield browser


@pytest.fixture
def page_errors() -> list[str]:
    """The uncaught errors of `page`; a test that provokes some empties the list."""
    return []


@pytest.fixture
def page(chromium: Browser, page_errors: list[str]) -> Iterator[Page]:
    """A page with nothing stored; the test fails when an error goes uncaught in it."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.on("pageerror", lambda error: page_errors.append(f"{error.message}\n{error.stack}"))
        yield page
        page.close()
    assert not page_errors, "uncaught in the page:\n" + "\n".join(page_errors)
