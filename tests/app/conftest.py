"""The dashboard in a browser, with few environments so that it is there quickly."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

#: Booting MuJoCo and Python takes seconds, on a busy machine many.
BOOT_MS = 90_000

expect.set_options(timeout=15_000)

#: A pendulum steps in no time.
FEW = "task=InvertedPendulum-v5&envs=16&workers=1"


@dataclass
class Dashboard:
    """What the tests do with the page again and again."""

    page: Page
    server: str

    def open(self, query: str = FEW) -> None:
        self.page.goto(f"{self.server}/?{query}")
        self.booted()

    def booted(self) -> None:
        """Waits until the robots are there."""
        expect(self.page.locator(".details")).to_be_attached(timeout=BOOT_MS)
        expect(self.page.locator(".boot")).to_be_hidden(timeout=BOOT_MS)

    def sim(self, expression: str) -> Any:
        """The value of an expression about the running simulation, `sim`."""
        return self.page.evaluate(f"() => {{ const sim = window.websim; return {expression}; }}")

    def wait(self, expression: str, seconds: float = 10) -> None:
        """Waits until an expression about the simulation is true."""
        for _ in range(int(seconds * 10)):
            if self.sim(f"sim && ({expression})"):
                return
            self.page.wait_for_timeout(100)
        pytest.fail(f"did not come true: {expression}")

    @property
    def state(self) -> dict[str, str]:
        """The state in the address."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    def colors(self) -> int:
        """How many colours the canvas shows."""
        clip = self.page.locator("canvas.stage").bounding_box()
        assert clip is not None
        picture = self.page.screenshot(clip=clip)
        return int(
            self.page.evaluate(
                """async (bytes) => {
                  const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
                  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
                  const context = canvas.getContext('2d');
                  context.drawImage(bitmap, 0, 0);
                  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
                  return new Set(new Uint32Array(data.buffer)).size;
                }""",
                list(picture),
            )
        )


@pytest.fixture(scope="session", params=["server", "server_plain"], ids=["isolated", "messages"])
def site(request: pytest.FixtureRequest) -> str:
    """The address of the page with shared memory, and without."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def dashboard(page: Page, site: str) -> Dashboard:
    """A page of the test's own, not opened yet."""
    return Dashboard(page, site)


@pytest.fixture(scope="module")
def shared(chromium: Browser, site: str) -> Iterator[Dashboard]:
    """One page for the tests that leave it as they found it."""
    errors: list[str] = []
    with chromium.new_context() as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{error.message}\n{error.stack}"))
        dashboard = Dashboard(page, site)
        dashboard.open()
        yield dashboard
    assert not errors, "uncaught in the page:\n" + "\n".join(errors)
