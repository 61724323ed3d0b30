"""A page that cannot be put together says why."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.app.page import BOOT_MS, FEW


@pytest.mark.parametrize(
    ("address", "answer", "says"),
    [
        ("**/app/main.js", None, "/app/main.js"),
        ("**/app/theme.js", None, "did not come"),
        (
            "**/uPlot.esm.js",
            "throw new RangeError('bad locale'); export default 1;",
            "RangeError: bad locale",
        ),
        ("**/three.module.js", "this is no JavaScript", "SyntaxError"),
        ("**/app/session.js", "export const Session = 1; // something else", "Session"),
    ],
)
def test_a_module_that_fails_is_named(
    page: Page, page_errors: list[str], server: str, address: str, answer: str | None, says: str
) -> None:
    def reply(route: Route) -> None:
        if answer is None:
            route.abort()
        else:
            route.fulfill(body=answer, content_type="text/javascript")

    page.route(address, reply)
    page.goto(f"{server}/?{FEW}")
    alert = page.locator("#app > .first")
    expect(alert).to_contain_text("The page could not be loaded")
    expect(alert).to_contain_text(says)
    page_errors.clear()


def test_it_can_be_loaded_again(page: Page, page_errors: list[str], server: str) -> None:
    page.route("**/app/main.js", lambda route: route.abort())
    page.goto(f"{server}/?{FEW}")
    page.unroute("**/app/main.js")
    page.get_by_role("button", name="Load it again").click()
    expect(page.locator(".stage")).to_be_visible(timeout=BOOT_MS)
    page_errors.clear()
