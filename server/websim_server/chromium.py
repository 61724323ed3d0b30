"""A Chromium for tests and measurements: found on this machine, or installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from websim_server.errors import ServerError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

VARIABLE = "WEBSIM_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

ARGUMENTS = [
    "--no-sandbox",  # containers have no user namespaces for it
    "--no-first-run",
    # No traffic of the browser's own in a measurement.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
]

#: WebGL by software, where there is no graphics card: for looking at what is drawn with it. The
#: page itself draws without WebGL there, which takes less of the processor.
SOFTWARE_WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


class ChromiumError(ServerError):
    """Raised when there is no Chromium to drive."""


def _playwrights_own(playwright: "Playwright") -> str | None:
    path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def find(playwright: "Playwright") -> str | None:
    """The path of a Chromium: of WEBSIM_CHROMIUM, else on the PATH, else Playwright's own.

    Raises:
        ChromiumError: WEBSIM_CHROMIUM names a file that is not there.
    """
    if chosen := os.environ.get(VARIABLE):
        if not shutil.which(chosen):
            raise ChromiumError(f"{VARIABLE} is {chosen}, which is not a program")
        return chosen
    on_path = (shutil.which(name) for name in NAMES)
    return next(filter(None, on_path), None) or _playwrights_own(playwright)


def launch(playwright: "Playwright", *arguments: str) -> "Browser":
    """Starts a headless Chromium.

    Args:
        playwright: A running Playwright.
        *arguments: Of the command line, besides those that it always gets.

    Raises:
        ChromiumError: there is none.
    """
    path = find(playwright)
    if path is None:
        raise ChromiumError(
            f"there is no Chromium: install one, or name one in the variable {VARIABLE}"
        )
    # Ctrl-C is for who drives it: a training run still has to be saved.
    return playwright.chromium.launch(
        executable_path=path, args=[*ARGUMENTS, *arguments], handle_sigint=False
    )


def install() -> None:
    """Installs a Chromium: Playwright's own, or Debian's where this is root.

    Raises:
        ChromiumError: neither can be had.
    """
    print("Fetching Playwright's Chromium ...", flush=True)
    if subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"]).returncode == 0:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Debian's Chromium ...", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            done = subprocess.run(["apt-get", "--quiet", *command], env=environment)
        if done.returncode == 0:
            return
    raise ChromiumError(
        "no Chromium could be installed: install one (Debian: apt-get install chromium), "
        f"or name one in the variable {VARIABLE}"
    )


def main() -> int:
    """`python -m websim_server.chromium`: says which Chromium is used; installs one if need be."""
    from playwright.sync_api import sync_playwright

    try:
        with sync_playwright() as playwright:
            path = find(playwright)
        if path is None:
            install()
        else:
            print(f"Chromium: {path}")
    except ChromiumError as error:
        print(f"websim: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
