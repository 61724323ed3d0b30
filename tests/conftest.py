"""Fixtures of all tests: a running server, with and without isolation, and a browser."""

import os

# Before numpy is imported, as `websim train` has it: for small products a second thread only waits,
# and takes a core for that.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from websim_server import browser
from websim_server import chromium as chromium_finder

# No test asks a language model that somebody pays for.
for name in ("ANTHROPIC_API_KEY", "WEBSIM_LLM_URL", "WEBSIM_LLM_MODEL", "WEBSIM_LLM_KEY"):
    os.environ.pop(name, None)


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


@contextmanager
def _profile(playwright: Playwright) -> Iterator[BrowserContext]:
    """A Chromium with a disk of its own: others forget what they compiled from page to page."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        playwright.chromium.launch_persistent_context(
            folder,
            executable_path=chromium_finder.find(playwright),
            args=chromium_finder.ARGUMENTS,
            service_workers="block",
        ) as context,
    ):
        yield context


@pytest.fixture(scope="session")
def visitor(playwright: Playwright) -> Iterator[BrowserContext]:
    """One who has been here before: what is fetched and compiled once is not again.

    Visits without the server have tests of their own (`newcomer`).
    """
    with _profile(playwright) as context:
        yield context


@pytest.fixture(scope="session")
def resident(playwright: Playwright) -> Iterator[BrowserContext]:
    """The same, for pages that stay while tests end: what a visitor has stored is deleted then."""
    with _profile(playwright) as context:
        yield context


@pytest.fixture
def page_errors() -> list[str]:
    """The uncaught errors of `page`; a test that provokes some empties the list."""
    return []


@pytest.fixture
def page(visitor: BrowserContext, page_errors: list[str]) -> Iterator[Page]:
    """A page with nothing stored; the test fails when an error goes uncaught in it."""
    with forgetting(visitor), watched(visitor, page_errors) as page:
        yield page


@pytest.fixture
def newcomer(chromium: Browser, page_errors: list[str]) -> Iterator[Page]:
    """The same, and everything has to be fetched."""
    with chromium.new_context() as context, watched(context, page_errors) as page:
        yield page


@contextmanager
def watched(context: BrowserContext, errors: list[str]) -> Iterator[Page]:
    """A page that may have no uncaught errors."""
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(f"{error.message}\n{error.stack}"))
    yield page
    page.close()
    assert not errors, "uncaught in the page:\n" + "\n".join(errors)


@contextmanager
def forgetting(visitor: BrowserContext) -> Iterator[None]:
    """Closes the pages that are opened meanwhile, and deletes what they have stored."""
    pages: list[Page] = []

    def opened(page: Page) -> None:
        pages.append(page)

    visitor.on("page", opened)
    try:
        yield
    finally:
        visitor.remove_listener("page", opened)
        for page in pages:
            page.close()
        blank = visitor.new_page()
        cdp = visitor.new_cdp_session(blank)
        for address in {frame.url for page in pages for frame in page.frames}:
            origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
            cdp.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        blank.close()
