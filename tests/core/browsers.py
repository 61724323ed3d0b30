"""Three browsers behind one face: each opens a page, evaluates JavaScript in it, and ends."""

import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Page, Playwright
from websockets.sync.client import ClientConnection, connect

from websim_server import chromium

ANSWER_S = 120
"""So long a page may take to open or to answer, on a busy machine."""


class Tab(Protocol):
    """One page."""

    def goto(self, url: str) -> None:
        """Opens an address; returns when its scripts may run."""

    def back(self) -> None:
        """Presses the back button."""

    def evaluate(self, function: str, argument: Any = None) -> Any:
        """The awaited value of a JavaScript function, `async (x) => ...`, as JSON can say it."""

    def screenshot(self, path: Path) -> None:
        """Keeps a picture of it."""


class MissingBrowser(Exception):
    """Raised where the machine has no such browser."""


def _program(*names: str) -> str:
    for name in names:
        if path := shutil.which(name):
            return path
    raise MissingBrowser(f"this machine has no {' or '.join(names)}")


class ChromiumTab:
    """A page of Playwright's."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def goto(self, url: str) -> None:
        self._page.goto(url)

    def back(self) -> None:
        self._page.go_back(wait_until="commit")

    def evaluate(self, function: str, argument: Any = None) -> Any:
        return self._page.evaluate(function, argument)

    def screenshot(self, path: Path) -> None:
        self._page.screenshot(path=path)


@contextmanager
def open_chromium(playwright: Playwright) -> Iterator[Tab]:
    """With the back/forward cache that people have and Playwright leaves out."""
    with playwright.chromium.launch(
        executable_path=chromium.find(playwright),
        args=chromium.ARGUMENTS,
        ignore_default_args=["--disable-back-forward-cache"],
    ) as browser:
        yield ChromiumTab(browser.new_context().new_page())


class _Firefox:
    """Over WebDriver BiDi, which Firefox speaks without a driver (w3c.github.io/webdriver-bidi)."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count()
        self._command("session.new", capabilities={})
        (context,) = self._command("browsingContext.getTree")["contexts"]
        self._context = context["context"]

    def _command(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(ANSWER_S))
            if answer.get("id") == number:  # the others are events
                break
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]

    def goto(self, url: str) -> None:
        self.evaluate("async () => { globalThis.isLeft = true; }")
        # Of its own waits one did not end, once, for a page that went into the back/forward cache.
        self._command("browsingContext.navigate", context=self._context, url=url, wait="none")
        ready = "async () => !globalThis.isLeft && document.readyState !== 'loading'"
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline:
            with contextlib.suppress(RuntimeError):  # asked of the page that is going
                if self.evaluate(ready):
                    return
            time.sleep(0.05)
        raise TimeoutError(f"{url} did not open within {ANSWER_S} s")

    def back(self) -> None:
        self._command("browsingContext.traverseHistory", context=self._context, delta=-1)

    def evaluate(self, function: str, argument: Any = None) -> Any:
        expression = f"({function})({json.dumps(argument)}).then((v) => JSON.stringify(v ?? null))"
        told = self._command(
            "script.evaluate",
            expression=expression,
            target={"context": self._context},
            awaitPromise=True,
        )
        if told["type"] == "exception":
            raise RuntimeError(told["exceptionDetails"]["text"])
        return json.loads(told["result"]["value"])

    def screenshot(self, path: Path) -> None:
        import base64

        taken = self._command("browsingContext.captureScreenshot", context=self._context)
        path.write_bytes(base64.b64decode(taken["data"]))


@contextmanager
def open_firefox() -> Iterator[Tab]:
    """Debian's, with a profile of its own."""
    program = _program("firefox-esr", "firefox")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # No traffic of the browser's own.
        Path(profile, "user.js").write_text(
            'user_pref("app.normandy.enabled", false);\n'
            'user_pref("services.settings.server", "data:,");\n'
            'user_pref("browser.newtabpage.enabled", false);\n'
        )
        command = [program, "--headless", "--no-remote", "--profile", profile]
        with subprocess.Popen(
            [*command, "--remote-debugging-port", "0"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "HOME": profile, "MOZ_CRASHREPORTER_DISABLE": "1"},
        ) as process:
            try:
                assert process.stderr is not None
                address = next(
                    found[0] for line in process.stderr if (found := re.search(r"ws://\S+", line))
                )
                with connect(f"{address}/session", max_size=None, open_timeout=60) as socket:
                    yield _Firefox(socket)
            finally:
                process.terminate()


class _WebKit:
    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def goto(self, url: str) -> None:
        self._driver.get(url)

    def back(self) -> None:
        self._driver.back()

    def evaluate(self, function: str, argument: Any = None) -> Any:
        told = self._driver.execute_async_script(
            f"""const done = arguments[arguments.length - 1];
            ({function})(arguments[0]).then(
              (value) => done({{ value: JSON.stringify(value ?? null) }}),
              (error) => done({{ error: `${{error.name}}: ${{error.message}}` }}),
            );""",
            argument,
        )
        if "error" in told:
            raise RuntimeError(told["error"])
        return json.loads(told["value"])

    def screenshot(self, path: Path) -> None:
        self._driver.save_screenshot(str(path))


@contextmanager
def open_webkit() -> Iterator[Tab]:
    """WebKitGTK's own small browser, on a screen that nobody sees."""
    from selenium import webdriver
    from selenium.webdriver.webkitgtk.options import Options
    from selenium.webdriver.webkitgtk.service import Service

    driver_program, screen_program = _program("WebKitWebDriver"), _program("Xvfb")
    reading, writing = os.pipe()
    with subprocess.Popen(
        [screen_program, "-displayfd", str(writing), "-screen", "0", "1280x900x24"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    ) as screen:
        os.close(writing)
        try:
            with open(reading) as told:  # noqa: PTH123  a pipe, not a path
                display = told.readline().strip()
            environment = {
                **os.environ,
                "DISPLAY": f":{display}",
                "GDK_BACKEND": "x11",
                # A container has no user namespaces for it.
                "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
                "LIBGL_ALWAYS_SOFTWARE": "1",
            }
            service = Service(executable_path=driver_program, env=environment)
            driver = webdriver.WebKitGTK(options=Options(), service=service)
            try:
                driver.set_script_timeout(300)
                driver.set_page_load_timeout(120)
                yield _WebKit(driver)
            finally:
                with contextlib.suppress(Exception):
                    driver.quit()
        finally:
            screen.terminate()


OTHERS: dict[str, Callable[[], contextlib.AbstractContextManager[Tab]]] = {
    "firefox": open_firefox,
    "webkit": open_webkit,
}
