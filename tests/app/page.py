"""The dashboard in a browser, with few environments so that it is there quickly."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from imageio.v3 import imread
from playwright.sync_api import Page, expect

#: Booting MuJoCo and Python takes seconds, on a busy machine many.
BOOT_MS = 90_000

expect.set_options(timeout=15_000)

#: A pendulum steps in no time; at the speed of the real one it leaves time for the page.
FEW = "task=InvertedPendulum-v5&envs=16&workers=1&speed=1"


@dataclass
class Dashboard:
    """What the tests do with the page again and again."""

    page: Page
    server: str

    def open(self, query: str = FEW) -> None:
        self.page.goto(f"{self.server}/?{query}")
        self.booted()

    def go(self, query: str) -> None:
        """Goes to an address without a reload, as by the history: workers need not boot again."""
        self.page.evaluate(
            """(query) => {
              history.pushState(null, '', `/?${query}`);
              dispatchEvent(new PopStateEvent('popstate'));
            }""",
            query,
        )

    def booted(self) -> None:
        """Waits until the robots are there."""
        expect(self.page.locator(".details")).to_be_attached(timeout=BOOT_MS)
        expect(self.page.locator(".boot")).to_be_hidden(timeout=BOOT_MS)

    def unfold(self, name: str) -> None:
        """Unfolds a part of the panel."""
        group = self.page.locator(f".group[data-group='{name}']")
        if group.get_attribute("open") is None:
            group.locator("summary").first.click()
            self.page.evaluate("document.activeElement.blur()")  # Space would fold it again

    def _ask(self, expression: str) -> dict[str, Any] | None:
        """The value of an expression about the running simulation; None where there is none."""
        told: dict[str, Any] | None = self.page.evaluate(
            f"""async () => {{
              const sim = window.websim;
              return sim ? {{ value: await ({expression}) }} : null;
            }}"""
        )
        return told

    def sim(self, expression: str) -> Any:
        """The value of an expression about the simulation, `sim`, as soon as one is there.

        There is none while a page loads or goes from one simulation to another.
        """
        for _ in range(BOOT_MS // 100):
            if told := self._ask(expression):
                return told["value"]
            self.page.wait_for_timeout(100)
        pytest.fail(f"no simulation came: {expression}\n{self.said()}")

    def wait(self, expression: str, seconds: float = 10) -> None:
        """Waits until an expression about the simulation is true."""
        for _ in range(int(seconds * 10)):
            if (told := self._ask(expression)) and told["value"]:
                return
            self.page.wait_for_timeout(100)
        pytest.fail(f"did not come true: {expression}\n{self.said()}")

    def said(self) -> str:
        """What the page tells its user, and where it is: why a test has failed."""
        shown = self.page.locator(".boot, .notice, .reading, [role='dialog'], dialog").all()
        texts = [element.inner_text() for element in shown if element.is_visible()]
        return "\n".join([self.page.url, *texts])

    @property
    def state(self) -> dict[str, str]:
        """The state in the address."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    def drawn(self) -> None:
        """Waits until the canvas shows more than a plain ground."""
        for _ in range(50):
            if self.colors() > 50:
                return
            self.page.wait_for_timeout(100)
        pytest.fail("nothing is drawn")

    def picture(self) -> Any:
        """What the stage shows, [height, width, 3]."""
        clip = self.page.locator(".stage canvas").bounding_box()
        assert clip is not None
        return imread(self.page.screenshot(clip=clip))[..., :3]

    def colors(self) -> int:
        """How many colours the canvas shows."""
        return np.unique(self.picture() @ np.array([1 << 16, 1 << 8, 1])).size
