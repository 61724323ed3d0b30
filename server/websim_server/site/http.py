"""HTTP/1.1 as uvicorn speaks it, with an end to requests that do not arrive whole."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 15.0
"""So long a client may take for a whole request. Pages of this server send a few hundred bytes."""


class TimedProtocol(H11Protocol):
    """Closes connections whose request has begun, or could begin, and is not whole in time.

    uvicorn's own time limit is for connections that wait between two requests.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """See H11Protocol."""
        super().on_response_complete()
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """See H11Protocol; where an answer is under way already, no other one can follow."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()
        if self.cycle is not None:
            self.cycle.disconnected = True  # what it still says goes nowhere

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Runs the clock while a request is awaited; what trickles in does not wind it up."""
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self.cycle is not None and not self.cycle.response_complete:
            return  # it is being answered although the rest of it is missing: the answer counts
        self.transport.close()
