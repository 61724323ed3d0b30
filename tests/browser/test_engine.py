"""The optimised MuJoCo module computes what the official one computes, to the last bit."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

import websim
from websim_server.browser import server

from .conftest import Sim, open_blank

STEPS = 300


def engine_of(sim: Sim) -> str:
    told: str = sim.page.evaluate(
        "async () => (await (await fetch('/manifest.json')).json()).mujoco.engine"
    )
    return told


@pytest.fixture(scope="module")
def engines(visitor: BrowserContext, worker: Sim) -> Iterator[dict[str, Sim]]:
    """A worker of each engine, one of them everybody's."""
    other = {"official": "optimised", "optimised": "official"}[engine_of(worker)]
    with server("--engine", other) as address, visitor.new_page() as page:
        sim = open_blank(page, address)
        assert engine_of(sim) == other
        sim.create(task="InvertedPendulum-v5", numEnvs=1, numWorkers=1)
        yield {engine_of(worker): worker, other: sim}
        sim.close()


@pytest.mark.parametrize("task", websim.task_ids())
def test_trajectories_are_bit_identical(engines: dict[str, Sim], task: str) -> None:
    runs: dict[str, Any] = {
        name: sim.call("trajectory", task, STEPS, 0, {}) for name, sim in engines.items()
    }
    observations = runs["official"]["observations"]
    assert observations[0] != observations[-1], "nothing moves: the comparison would prove nothing"
    # JSON has the shortest decimals that give the same double back: equal lists are equal bits.
    assert runs["optimised"] == runs["official"]
