"""What a browser makes of the headers."""

from playwright.sync_api import Page


def test_isolated_server_gives_shared_memory(server: str, page: Page) -> None:
    page.goto(f"{server}/healthz")
    assert page.evaluate("crossOriginIsolated && new SharedArrayBuffer(8).byteLength") == 8


def test_plain_server_does_not(server_plain: str, page: Page) -> None:
    page.goto(f"{server_plain}/healthz")
    assert page.evaluate("[crossOriginIsolated, typeof SharedArrayBuffer]") == [False, "undefined"]


def test_page_may_not_make_code_from_strings(server: str, page: Page) -> None:
    page.goto(f"{server}/healthz")
    # Playwright's own evaluate is beyond the policy; a timer's string is not.
    page.evaluate("setTimeout('window.made = true'), new Promise(done => setTimeout(done, 50))")
    assert page.evaluate("window.made") is None


def test_software_webgl_is_there(server: str, page: Page) -> None:
    page.goto(f"{server}/healthz")
    assert page.evaluate("document.createElement('canvas').getContext('webgl2') !== null")
