"""The optimised MuJoCo module computes what the official one computes, to the last bit."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

import websim
from websim_server.browser import server

from .conftest import Sim, open_blank

STEPS = 300


@pytest.fixture(scope="module")
def engines(visitor: BrowserContext) -> Iterator[dict[str, Sim]]:
    """A worker of each engine."""
    with (
        server("--engine", "official") as official,
        server("--engine", "optimised") as optimised,
    ):
        sims = {}
        for name, address in {"official": official, "optimised": optimised}.items():
            sims[name] = open_blank(visitor.new_page(), address)
            told = sims[name].page.evaluate(
                "async () => (await (await fetch('/manifest.json')).json()).mujoco.engine"
            )
            assert told == name
            sims[name].create(task="InvertedPendulum-v5", numEnvs=1, numWorkers=1)
        yield sims
        for sim in sims.values():
            sim.close()
            sim.page.close()


@pytest.mark.parametrize("task", websim.task_ids())
def test_trajectories_are_bit_identical(engines: dict[str, Sim], task: str) -> None:
    runs: dict[str, Any] = {
        name: sim.call("trajectory", task, STEPS, 0, {}) for name, sim in engines.items()
    }
    observations = runs["official"]["observations"]
    assert observations[0] != observations[-1], "nothing moves: the comparison would prove nothing"
    # JSON has the shortest decimals that give the same double back: equal lists are equal bits.
    assert runs["optimised"] == runs["official"]
