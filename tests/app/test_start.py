"""A page that cannot be put together says why."""

import pytest
from playwright.sync_api import Page, Route, expect


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
    page.goto(server)
    alert = page.locator("#app > .first")
    expect(alert).to_contain_text("The page could not be loaded")
    expect(alert).to_contain_text(says)
    page.unroute(address)
    alert.get_by_role("button", name="Load it again").click()
    expect(page.locator(".stage")).to_be_visible(timeout=60_000)
    page_errors.clear()
