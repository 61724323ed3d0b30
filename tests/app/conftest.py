"""Pages of the dashboard, open and not yet."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.app.page import Dashboard
from tests.app.training_page import SMALL, TrainingPage
from tests.conftest import watched
from websim_server import chromium


@pytest.fixture(scope="session", params=["server", "server_plain"], ids=["isolated", "messages"])
def site(request: pytest.FixtureRequest) -> str:
    """The address of the page with shared memory, and without."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def dashboard(page: Page, site: str) -> TrainingPage:
    """A page of the test's own, not opened yet."""
    return TrainingPage(page, site)


@pytest.fixture(scope="module")
def shared(chromium: Browser, site: str) -> Iterator[Dashboard]:
    """One page for the tests that leave it as they found it."""
    with chromium.new_context() as context, watched(context, []) as page:
        dashboard = Dashboard(page, site)
        dashboard.open()
        yield dashboard


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


@pytest.fixture
def training(isolated: TrainingPage) -> TrainingPage:
    """A page in which a pendulum learns."""
    isolated.open(SMALL)
    isolated.start()
    return isolated
