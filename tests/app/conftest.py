"""Pages of the dashboard, open and not yet."""

import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright

from tests.app.page import FEW, Dashboard
from tests.app.training_page import TrainingPage
from tests.conftest import forgetting, watched
from websim_server import chromium


@pytest.fixture(scope="session", params=["server", "server_plain"], ids=["isolated", "messages"])
def site(request: pytest.FixtureRequest) -> str:
    """The address of the page with shared memory, and without."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture(scope="session")
def own_port() -> str:
    """For servers of tests' own, one after another: what was compiled for an address is kept."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A page that stays is opened anew after a test that failed: others find it as it should be."""
    report = yield
    if report.failed and call.when == "call":
        for name in ("shared", "open_page"):
            dashboard = item.funcargs.get(name)
            if isinstance(dashboard, Dashboard):
                with suppress(Error):  # a page that is gone fails the next test, not pytest itself
                    dashboard.page.evaluate("localStorage.clear()")
                    dashboard.open()
    return report


@contextmanager
def staying(resident: BrowserContext, server: str, query: str = FEW) -> Iterator[TrainingPage]:
    """An open page for several tests."""
    with forgetting(resident), watched(resident, []) as page:
        dashboard = TrainingPage(page, server)
        dashboard.open(query)
        yield dashboard


@pytest.fixture(scope="module")
def shared(resident: BrowserContext, site: str) -> Iterator[Dashboard]:
    """One page for the tests that leave it as they found it."""
    with staying(resident, site) as dashboard:
        yield dashboard


@pytest.fixture(scope="module")
def open_page(resident: BrowserContext, server: str) -> Iterator[TrainingPage]:
    """One page for the tests of a file that put it right before they begin."""
    with staying(resident, server) as dashboard:
        yield dashboard


@pytest.fixture(scope="session")
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    """Small, and there are fingers."""
    with chromium.new_context(
        service_workers="block", viewport={"width": 390, "height": 844}, has_touch=True
    ) as context:
        yield context


@pytest.fixture
def isolated(page: Page, server: str) -> TrainingPage:
    """A page with shared memory, not opened yet; what is not about the mode needs one only."""
    return TrainingPage(page, server)


@pytest.fixture
def with_webgl(playwright: Playwright, server: str) -> Iterator[Dashboard]:
    """A page in a Chromium with WebGL by software, not opened yet."""
    errors: list[str] = []
    with chromium.launch(playwright, *chromium.SOFTWARE_WEBGL) as browser:
        page = browser.new_page()
        page.on("pageerror", lambda error: errors.append(f"{error.message}\n{error.stack}"))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        yield Dashboard(page, server)
    assert not errors, "errors in the page:\n" + "\n".join(errors)
