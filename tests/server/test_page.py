"""What a browser makes of the headers."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from websim_server import browser


def test_isolated_server_gives_shared_memory(server: str, page: Page) -> None:
    page.goto(f"{server}/healthz")
    assert page.evaluate("crossOriginIsolated && new SharedArrayBuffer(8).byteLength") == 8


def test_plain_server_does_not(server_plain: str, page: Page) -> None:
    page.goto(f"{server_plain}/healthz")
    assert page.evaluate("[crossOriginIsolated, typeof SharedArrayBuffer]") == [False, "undefined"]


def test_page_may_not_make_code_from_strings(server: str, page: Page) -> None:
    page.goto(f"{server}/healthz")
    # Playwright's own evaluate is beyond the policy; a timer's string is not.
    page.evaluate("setTimeout('window.made = true'), new Promise((done) => setTimeout(done))")
    assert page.evaluate("window.made") is None


@pytest.fixture
def other_origin() -> Iterator[ThreadingHTTPServer]:
    """A server whose pages are isolated, and embed the address that is their query."""

    class Embedding(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            self.end_headers()
            address = self.path.partition("?")[2]
            frame = f'<iframe src="{address}" allow="cross-origin-isolated"></iframe>'
            self.wfile.write(frame.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Embedding) as one:
        threading.Thread(target=one.serve_forever).start()
        yield one
        one.shutdown()


@pytest.mark.parametrize("allowed", [True, False])
def test_a_page_of_another_origin_shows_it_where_that_is_allowed(
    page: Page, other_origin: ThreadingHTTPServer, allowed: bool
) -> None:
    origin = f"http://127.0.0.1:{other_origin.server_port}"
    named = origin if allowed else "https://example.org"
    with browser.server("--embed-origins", named) as address:
        page.goto(f"{origin}/?{address}/")
        (frame,) = page.main_frame.child_frames
        if allowed:
            expect(frame.locator(".stage")).to_be_attached(timeout=30_000)
            assert frame.evaluate("crossOriginIsolated")
        else:
            assert frame.url == "chrome-error://chromewebdata/"
            expect(frame.locator(".stage")).to_have_count(0)
        page.close()


def test_any_page_shows_the_small_one(
    page: Page, other_origin: ThreadingHTTPServer, server: str
) -> None:
    query = "embed=1&task=InvertedPendulum-v5&envs=16&workers=1"
    page.goto(f"http://127.0.0.1:{other_origin.server_port}/?{server}/?{query}")
    (frame,) = page.main_frame.child_frames
    caption = frame.locator(".caption")
    expect(caption).to_contain_text("InvertedPendulum-v5", timeout=30_000)
    expect(caption).to_contain_text("shares memory with its workers")
    expect(frame.locator(".panel")).to_be_hidden()
    whole = caption.get_by_role("link")
    whole.evaluate("(link) => link.addEventListener('click', (event) => event.preventDefault())")
    whole.click()
    assert whole.get_attribute("href") == f"{server}/?task=InvertedPendulum-v5"
    page.close()
