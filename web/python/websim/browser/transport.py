"""How the ranks of a tab reach each other: the workers' ends of `sim/shared/communicator.js`."""

from collections.abc import Sequence
from typing import Any

import websim_js  # what the worker lends to Python

from websim.ranks import Bytes, Communicator, Transport


class BrowserTransport(Transport):
    """`ExchangeEnd` of `sim/shared/communicator.js`, which moves bytes by their addresses."""

    def __init__(self, javascript: Any) -> None:
        """Takes the JavaScript object."""
        self._javascript = javascript
        self.slot_bytes = int(javascript.slot_bytes)

    def exchange(
        self, number: int, members: Sequence[int], timeout: float, given: Bytes, taken: Bytes
    ) -> tuple[int, ...]:
        """See Transport."""
        lost = self._javascript.exchange(
            number, members, timeout, given.ctypes.data, given.size, taken.ctypes.data
        )
        return () if lost is None else tuple(int(rank) for rank in lost)


def worker_communicator() -> Communicator:
    """The end of the worker that this runs in; one rank alone, unless the page joined several."""
    javascript = websim_js.transport()
    if javascript is None:
        return Communicator()
    rank, size = int(javascript.rank), int(javascript.ranks)
    return Communicator(rank, size, BrowserTransport(javascript))
