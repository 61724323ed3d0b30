"""What Chromium's developer tools tell of a thread: where its time goes, and what it allocates."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from playwright.sync_api import Page

SAMPLE_MICROSECONDS = 250
SAMPLE_BYTES = 1024
ANSWER_SECONDS = 60
POLL_MS = 10


class Thread(Protocol):
    """A thread of a page, as the tools see it; a CDPSession of Playwright's is one."""

    def send(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of a command of the tools' protocol."""


class WorkerThread:
    """The one worker of a page.

    Playwright gives sessions with pages only; a session with a worker goes through its page's, as
    messages inside of messages.
    """

    def __init__(self, page: Page) -> None:
        """Attaches to the worker that the page has."""
        self._page = page
        self._tools = page.context.new_cdp_session(page)
        self._sessions: list[str] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._sent = 0
        self._tools.on("Target.attachedToTarget", self._attached)
        self._tools.on("Target.receivedMessageFromTarget", self._received)
        options = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False}
        self._tools.send("Target.setAutoAttach", options)
        self._wait(lambda: bool(self._sessions))

    def send(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """See Thread."""
        self._sent += 1
        number = self._sent
        message = json.dumps({"id": number, "method": method, "params": params or {}})
        self._tools.send(
            "Target.sendMessageToTarget", {"sessionId": self._sessions[0], "message": message}
        )
        self._wait(lambda: number in self._answers)
        result: dict[str, Any] = self._answers.pop(number)["result"]
        return result

    def _attached(self, event: dict[str, Any]) -> None:
        self._sessions.append(event["sessionId"])

    def _received(self, event: dict[str, Any]) -> None:
        answer = json.loads(event["message"])
        if "id" in answer:
            self._answers[answer["id"]] = answer

    def _wait(self, condition: Callable[[], bool]) -> None:
        """Lets messages in until something is there."""
        for _ in range(1000 * ANSWER_SECONDS // POLL_MS):
            if condition():
                return
            self._page.wait_for_timeout(POLL_MS)
        raise SystemExit("the developer tools do not answer")


@contextmanager
def self_times(thread: Thread, times: dict[tuple[str, str], float]) -> Iterator[None]:
    """Adds to `times` the microseconds of the body by (source, function), of functions themselves.

    The source is the address of the script or WASM module that the function is of, or, for a
    function of the browser's own, of the nearest of its callers that has one. It is empty for what
    the profiler names in parentheses: "(idle)", "(garbage collector)", "(program)".
    """
    thread.send("Profiler.enable")
    thread.send("Profiler.setSamplingInterval", {"interval": SAMPLE_MICROSECONDS})
    thread.send("Profiler.start")
    try:
        yield
    finally:
        profile = thread.send("Profiler.stop")["profile"]
    frames = {node["id"]: node["callFrame"] for node in profile["nodes"]}
    callers = {child: node["id"] for node in profile["nodes"] for child in node.get("children", [])}
    for sample, elapsed in zip(profile["samples"], profile["timeDeltas"], strict=True):
        node = sample
        while not frames[node]["url"] and node in callers:
            node = callers[node]
        key = frames[node]["url"], frames[sample]["functionName"]
        times[key] = times.get(key, 0) + elapsed


class Allocation:
    """What a thread's JavaScript allocated in a body; there after it.

    Attributes:
        allocated: Bytes by the address of the script, those that are garbage already included
            (sampled).
        kept: Bytes by which the heap has grown, garbage collected before and after.
    """

    def __init__(self) -> None:
        """Nothing yet."""
        self.allocated: dict[str, float] = {}
        self.kept = 0


@contextmanager
def allocation(thread: Thread) -> Iterator[Allocation]:
    """Measures what the body allocates."""
    measured = Allocation()
    before = _heap(thread)
    thread.send(
        "HeapProfiler.startSampling",
        {
            "samplingInterval": SAMPLE_BYTES,
            "includeObjectsCollectedByMajorGC": True,
            "includeObjectsCollectedByMinorGC": True,
        },
    )
    yield measured
    profile = thread.send("HeapProfiler.stopSampling")["profile"]
    _add_allocated(profile["head"], "", measured.allocated)
    measured.kept = _heap(thread) - before


def _add_allocated(node: dict[str, Any], caller: str, sizes: dict[str, float]) -> None:
    """Adds a node and those below to the sizes by source."""
    source = node["callFrame"]["url"] or caller
    sizes[source] = sizes.get(source, 0) + node["selfSize"]
    for child in node["children"]:
        _add_allocated(child, source, sizes)


def _heap(thread: Thread) -> int:
    """Bytes of the JavaScript heap in use, once garbage is collected."""
    for _ in range(2):  # what the first one frees may hold more
        thread.send("HeapProfiler.collectGarbage")
    return int(thread.send("Runtime.getHeapUsage")["usedSize"])
