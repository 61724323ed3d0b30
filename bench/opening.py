"""From a link to robots that move by its policy.

    python -m bench.opening LINK [--envs 1000] [--visits 5] [--against ADDRESS] [--json FILE]

LINK is `#r=…` or a run's file, of which a link is made. The clock starts with the navigation and
stops when the poses of all workers have changed under the link's policy; before that robots may
have moved at random. Cold: a browser that has nothing of the page, neither fetched nor compiled.
Warm: one that was there before. ADDRESS is of another server, of another version of the page: then
visits alternate, and the table has both.
"""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.browser import spread
from websim.sharing.envelope import is_link
from websim.sharing.links import read_run, share
from websim_server.browser import server

WATCH = """() => {
  let before = null;
  const look = setInterval(() => {
    const { websim: sim } = window;
    if (!sim?.controller?.startsWith('saved-')) return;
    const poses = sim.poseShards(0).map(({ current }) => Array.from(current));
    before ??= poses;
    if (!poses.every((shard, i) => shard.some((value, k) => value !== before[i][k]))) return;
    clearInterval(look);
    window.opened = performance.now();
  }, 20);
}"""

PATIENCE_MS = 120_000


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("link", metavar="LINK|FILE")
    parser.add_argument("--envs", type=int, default=1000)
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--against", metavar="ADDRESS")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    link = arguments.link
    if not is_link(link):
        link = share(read_run(link), max_characters=1 << 20).fragment
    with server() as address:
        addresses = [address, *([arguments.against.rstrip("/")] if arguments.against else [])]
        pages = [f"{one}/?envs={arguments.envs}{link}" for one in addresses]
        rows = {kind: measure(pages, arguments.visits, kind) for kind in ("cold", "warm")}
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")
    names = ["here", "against"][: len(pages)]
    print(f"| | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for kind, found in rows.items():
        print(f"| {kind} | {' | '.join(spread(times, '.1f') + ' s' for times in found)} |")


def measure(pages: list[str], visits: int, kind: str) -> list[list[float]]:
    """Seconds of each visit to each page, which take turns."""
    found: list[list[float]] = [[] for _ in pages]
    if kind == "cold":
        for _ in range(visits):
            for times, page in zip(found, pages, strict=True):
                with visitor() as context:
                    times.append(visit(context, page))
        return found
    with visitor() as context:
        for page in pages:
            visit(context, page)
        for _ in range(visits):
            for times, page in zip(found, pages, strict=True):
                times.append(visit(context, page))
    return found


@contextmanager
def visitor() -> Iterator[Any]:
    """A browser with a disk of its own."""
    from playwright.sync_api import sync_playwright

    from websim_server import chromium

    with (
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        sync_playwright() as playwright,
        playwright.chromium.launch_persistent_context(
            folder, executable_path=chromium.find(playwright), args=chromium.ARGUMENTS
        ) as context,
    ):
        yield context


def visit(context: Any, address: str) -> float:
    """Seconds until robots move by the link's policy."""
    page = context.new_page()
    try:
        page.add_init_script(f"({WATCH})()")
        page.goto(address)
        for _ in range(PATIENCE_MS // 100):
            opened = page.evaluate("() => window.opened ?? null")
            if opened is not None:
                return float(opened) / 1000
            page.wait_for_timeout(100)
        raise TimeoutError(f"after {PATIENCE_MS // 1000} s no robot moves by the link's policy")
    finally:
        page.close()


if __name__ == "__main__":
    main()
