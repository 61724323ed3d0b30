"""Ranks: the same program several times over, and how its copies agree on numbers.

As with MPI, every rank runs the same code on environments of its own; experience never leaves it.
What is combined (gradients, statistics, returns) goes through a `Communicator`. All ranks call the
same collectives in the same order, and each combines the contributions in the order of the ranks
by itself, so that all get the same bits.

A rank that does not come to a collective within `timeout` seconds is expelled: the collective
raises `RankLost` in all others, at the same call, and `reform` makes the group go on without it.

How data travels is behind `Transport`: nothing for one rank, the memory of threads or processes in
`local`, a SharedArrayBuffer in the browser (`websim.browser.transport`).
"""

from websim.ranks.communicator import TIMEOUT, Bytes, Communicator, Transport

__all__ = ["TIMEOUT", "Bytes", "Communicator", "Transport"]
