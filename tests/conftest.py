"""Fixtures of all tests: a running server, with and without isolation, and a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from websim_server import browser
from websim_server import chromium as chromium_finder


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server whose pages are cross-origin isolated."""
    with browser.server() as address:
        yield address


@pytest.fixture(scope="session")
def server_plain() -> Iterator[str]:
    """The address of a server without the isolation headers."""
    with browser.server("--no-isolation") as address:
        yield address


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives browsers."""
    with sync_playwright() as one:
        yield one


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A headless Chromium."""
    with chromium_finder.launch(playwright) as one:
        yield one


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
