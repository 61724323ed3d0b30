"""The browser's shared-memory transport, in Node's threads; `websim.ranks` is tested in Python."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("communicator_ranks.mjs")


def ranks(count: int, dies: int, *, from_outside: bool = False) -> Any:
    command = ["node", str(SCRIPT), str(count), str(dies), str(int(from_outside))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_rank_sees_what_the_others_wrote(count: int) -> None:
    # Each writes one byte, rank + n.
    sums = [sum((rank + n) % 256 for rank in range(count)) for n in range(1, 201)]
    for report in ranks(count, -1):
        assert report["slotBytes"] == 64
        assert report["sums"] == sums


@pytest.mark.parametrize("from_outside", [False, True])
def test_a_lost_rank_is_expelled_and_the_others_go_on(from_outside: bool) -> None:
    first, dead, third = ranks(3, 1, from_outside=from_outside)
    assert dead["sums"] == [6]
    assert first["sums"] == third["sums"] == [6, [1], *(2 + 2 * n for n in range(3, 201))]
    assert first["members"] == third["members"] == [0, 2]
