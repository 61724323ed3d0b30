"""How the robots of each task begin: what a worker needs to move them before its Python is up.

It is all taken from the Python of the tasks. `web/sim/worker/overture.js` makes use of it.
"""

import asyncio
import functools
import json
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from fastapi import APIRouter, FastAPI, HTTPException
from starlette.responses import Response

from websim import mjcf, task_ids
from websim.browser.messages import Opening, plain
from websim.browser.shard import Shard
from websim_server.site.package import Bundle
from websim_server.site.static import IMMUTABLE

#: Episodes begin in as many different states; among a thousand robots each comes several times.
STATES = 16

#: Random episodes are looked at for so many steps.
STEPS = 50


_one_at_a_time = threading.Lock()


@asynccontextmanager
async def prepared(app: FastAPI) -> AsyncIterator[None]:
    """Makes all openings while an application is up, so that nobody waits for them.

    What is being made when it ends is waited for: a process that ends while a thread of its own is
    inside MuJoCo crashes.
    """
    ends = threading.Event()

    def make_all() -> None:
        for task in task_ids():
            if ends.is_set():
                return
            opening(task)

    thread = threading.Thread(target=make_all, daemon=True)
    thread.start()
    yield
    ends.set()
    await asyncio.to_thread(thread.join)


def opening(task: str) -> bytes | None:
    """What the shards of a task say of themselves, its MJCF, and states in which episodes begin.

    Returns:
        JSON, an `Opening` of `websim.browser.messages`, or null where the model has files of its
        own or the task fails: its robots wait for Python, which says why. None: there is no such
        task.
    """
    with _one_at_a_time:
        return _made(task) if task in task_ids() else None


@functools.cache
def _made(task: str) -> bytes:
    try:
        return _make(task)
    except Exception as error:  # whatever the Python of a task raises
        print(f"{task} cannot begin: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return b"null"


def _make(task: str) -> bytes:
    shard = Shard(task, STATES)
    try:
        shard.reset(0)
        env = shard.env
        xml = mjcf.find(env.task.xml_file)
        if not isinstance(xml, str):
            return b"null"
        data = env.physics.data
        begin = Opening(
            about=shard.about(),
            xml=xml,
            fields=list(data.fields),
            states=STATES,
            qpos=data.qpos.ravel().tolist(),
            qvel=data.qvel.ravel().tolist(),
            userdata=data.userdata.ravel().tolist(),
            episode_steps=_median_length(shard),
        )
        return json.dumps(plain(begin), separators=(",", ":")).encode()
    finally:
        shard.close()


def _median_length(shard: Shard) -> int | None:
    """Steps of an episode that has just begun; None where most go on for longer than STEPS."""
    env = shard.env
    ended = np.zeros(env.num_envs, bool)
    for steps in range(1, STEPS + 1):
        shard.step()
        ended |= env.terminations | env.truncations
        if 2 * ended.sum() >= env.num_envs:
            return steps
    return None


class Openings:
    """Where openings are: below the name of the package that this process has imported.

    Args:
        folder: the package's.

    Attributes:
        package: The name of its zip. A source that was edited since has another one.
        tasks: The package's. Others may change under the same address: they wait for Python.
        address: What their addresses begin with.
    """

    def __init__(self, folder: Path):
        self.package = Bundle(folder).name()
        self.address = f"/openings/{self.package}/"
        self.tasks = task_ids()


def router(openings: Openings) -> APIRouter:
    """`/openings/PACKAGE/TASK.json`."""
    routes = APIRouter()

    @routes.api_route("/openings/{package}/{task}.json", methods=["GET", "HEAD"])
    def how_robots_begin(package: str, task: str) -> Response:
        known = package == openings.package
        if known and task not in openings.tasks and task in task_ids():
            return Response(b"null", media_type="application/json")
        content = opening(task) if known else None
        if content is None:
            raise HTTPException(404)
        headers = {"Cache-Control": IMMUTABLE}
        return Response(content, media_type="application/json", headers=headers)

    return routes
