"""How the robots of each task begin: what a worker needs to move them before its Python is up.

It is all taken from the Python of the tasks. `web/sim/overture.js` makes use of it.
"""

import hashlib
import json
from typing import Any

from websim import mjcf, task_ids
from websim.shard import Shard

#: Episodes begin in as many different states; among a thousand robots each comes several times.
STATES = 64


class Openings:
    """Keeps the openings of all registered tasks, each below a name with its content's hash."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._contents: dict[str, bytes] = {}
        for task in task_ids():
            opening = describe(task)
            if opening is None:
                continue
            content = json.dumps(opening, separators=(",", ":")).encode()
            name = f"{task}-{hashlib.sha256(content).hexdigest()[:16]}.json"
            self._names[task] = name
            self._contents[name] = content

    def urls(self) -> dict[str, str]:
        """The address of each task's opening."""
        return {task: f"/openings/{name}" for task, name in self._names.items()}

    def get(self, name: str) -> bytes | None:
        """The opening of that name."""
        return self._contents.get(name)


def describe(task: str) -> dict[str, Any] | None:
    """What the shards of a task say of themselves, its MJCF, and states in which episodes begin.

    None for a model with files of its own: its robots wait for Python.
    """
    shard = Shard(task, STATES)
    try:
        shard.reset(0)
        env = shard.env
        xml, assets = mjcf.load(env.task.xml_file)
        if assets:
            return None
        about = shard.describe()
        del about["arrays"]  # addresses in this process
        data = env.physics.data
        return {
            **about,
            "fields": data.fields,
            "xml": xml,
            "states": STATES,
            "qpos": data.qpos.ravel().tolist(),
            "qvel": data.qvel.ravel().tolist(),
        }
    finally:
        shard.close()
