"""Environments that live in an open tab: any program that learns on Gymnasium's moves robots there.

The program listens on this machine alone, and the tab comes to it with a token. What crosses is a
message for each reset and each step of all environments (`web/app/driven.js`).
"""

import hashlib
import json
import os
import queue
import threading
from typing import Any
from urllib.parse import urlencode

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from websim import plain
from websim.errors import ClosedEnvironment, InvalidArgument, MissingLibrary, ResetNeeded, TabLost

LOOPBACK = "127.0.0.1"


def connect(
    port: int = 8765,
    task: str = "InvertedPendulum-v5",
    num_envs: int = 8,
    *,
    page: str = "http://127.0.0.1:8000",
    token: str | None = None,
    seconds: float = 300,
) -> "TabVectorEnv":
    """Environments in a tab of this machine, as a vector environment.

    Waits until somebody opens the address that is printed.

        env = websim.connect(8765, "Ant-v5", num_envs=64)
        observations, infos = env.reset(seed=1)

    Args:
        port: To listen at, for the tab; 0: a free one.
        task: Task id.
        num_envs: How many.
        page: Where `websim serve` serves the page.
        token: What the tab has to know; None: one is drawn.
        seconds: To wait for the tab.

    Raises:
        InvalidArgument: an argument that is not allowed.
        MissingLibrary: websockets is not installed.
        OSError: the port is taken.
        TabLost: no tab came.
    """
    if not plain.is_count(port, high=65535):
        raise InvalidArgument(f"port must be 0 to 65535, not {port!r}.")
    if not plain.is_count(num_envs, low=1, high=4096):
        raise InvalidArgument(f"num_envs must be 1 to 4096, not {num_envs!r}.")
    door = _Door(port, os.urandom(24).hex() if token is None else token)
    query = urlencode({"task": task, "envs": num_envs, "paused": 1})
    address = f"{page}/?{query}#drive={door.port}.{door.token}"
    print(f"Open {address}", flush=True)
    try:
        return TabVectorEnv(door, task, num_envs, seconds)
    except BaseException:
        door.close()
        raise


class _Door:
    """Where one tab comes in, that knows the token."""

    def __init__(self, port: int, token: str) -> None:
        try:
            from websockets.sync.server import serve
        except ImportError:
            raise MissingLibrary(
                'websockets is not installed: pip install "mujoco-websim[tab]".'
            ) from None
        self.token = token
        self._tabs: queue.Queue[Any] = queue.Queue()
        self._closed = threading.Event()
        self._server = serve(
            self._stay,
            LOOPBACK,
            port,
            compression=None,
            max_size=None,
            process_request=self._admit,
        )
        self.port = int(self._server.socket.getsockname()[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait(self, seconds: float) -> Any:
        """The tab that comes; raises TabLost where none does."""
        try:
            return self._tabs.get(timeout=seconds)
        except queue.Empty:
            raise TabLost(f"No tab came to port {self.port} within {seconds:g} s.") from None

    def close(self) -> None:
        """Lets the tab go, and nobody else in."""
        self._closed.set()
        self._server.shutdown()

    def _admit(self, connection: Any, request: Any) -> Any:
        # Of digests nobody learns by the time that it takes how much was right.
        given, wanted = (
            hashlib.sha256(path.encode()).digest() for path in (request.path, f"/{self.token}")
        )
        if given != wanted:
            return connection.respond(403, "The token is wrong.\n")
        return None

    def _stay(self, connection: Any) -> None:
        self._tabs.put(connection)
        self._closed.wait()


class TabVectorEnv(gymnasium.vector.VectorEnv[Any, Any, Any]):
    """Environments in an open tab; `connect` makes them.

    An episode that ends begins anew in the same step (SAME_STEP): `infos["final_obs"]` has what was
    seen last.
    """

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012  # Gymnasium's own

    def __init__(self, door: _Door, task: str, num_envs: int, seconds: float) -> None:
        """Waits for the tab; see `connect`."""
        self._door = door
        self._tab = door.wait(seconds)
        self._begun = False
        about = self._told(self._receive(seconds))
        if (about["task"], about["numEnvs"]) != (task, num_envs):
            raise TabLost(
                f"The tab has {about['numEnvs']} of {about['task']}, not {num_envs} of {task}."
            )
        self.num_envs = num_envs
        low, high = (np.array(about[name], np.float32) for name in ("actionLow", "actionHigh"))
        self.single_action_space = Box(low, high, dtype=np.float32)
        self._size = size = int(about["observationSize"])
        self.single_observation_space = Box(-np.inf, np.inf, (size,), np.float64)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Begins all episodes anew; environment i is seeded with `seed + i`.

        Raises:
            InvalidArgument: a seed that is not allowed, or options: there are none.
            ClosedEnvironment: it is closed.
            TabLost: the tab has gone.
        """
        if seed is not None and not plain.is_count(seed):
            raise InvalidArgument(f"seed must be an integer of at least 0, or None, not {seed!r}.")
        if options:
            raise InvalidArgument(f"There are no options of reset here, but {[*options]} came.")
        self._send(json.dumps({"reset": seed}))
        observations = np.frombuffer(self._bytes(), np.float64)
        self._begun = True
        return self._shaped(observations), {}

    def step(
        self, actions: Any
    ) -> tuple[
        NDArray[np.float64],
        NDArray[np.float64],
        NDArray[np.bool_],
        NDArray[np.bool_],
        dict[str, Any],
    ]:
        """One step of all.

        Args:
            actions: [num_envs, nu].

        Raises:
            InvalidArgument: another shape.
            ResetNeeded: there was no reset.
            ClosedEnvironment: it is closed.
            TabLost: the tab has gone, or has refused the actions.
        """
        wanted = self.action_space.shape
        rows = np.ascontiguousarray(actions, np.float32)
        if rows.shape != wanted:
            raise InvalidArgument(f"actions must have the shape {wanted}, not {rows.shape}.")
        if not self._begun:
            raise ResetNeeded("Call reset before the first step.")
        self._send(rows.tobytes())
        n, size = self.num_envs, self._size
        data = self._bytes()
        numbers = np.frombuffer(data, np.float64, 2 * n * size + n)
        flags = np.frombuffer(data, np.uint8, 2 * n, numbers.nbytes).astype(np.bool_)
        seen, rewards, final = np.split(numbers, [n * size, n * size + n])
        terminations, truncations = flags[:n], flags[n:]
        infos: dict[str, Any] = {}
        ended = terminations | truncations
        if ended.any():
            last = np.full(n, None, dtype=object)
            for i in np.flatnonzero(ended):
                last[i] = final[i * size : (i + 1) * size].copy()
            infos = {"final_obs": last, "_final_obs": ended}
        return self._shaped(seen), rewards.copy(), terminations, truncations, infos

    def close_extras(self, **kwargs: Any) -> None:
        """Lets the tab go; its robots stay."""
        self._door.close()

    def _shaped(self, observations: NDArray[np.float64]) -> NDArray[np.float64]:
        return observations.reshape(self.num_envs, -1).copy()

    def _send(self, message: str | bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        if self.closed:
            raise ClosedEnvironment("This environment is closed.")
        try:
            self._tab.send(message)
        except ConnectionClosed as error:
            raise TabLost(f"The tab has gone: {error}.") from None

    def _receive(self, seconds: float | None = None) -> str | bytes:
        from websockets.exceptions import ConnectionClosed

        try:
            message: str | bytes = self._tab.recv(timeout=seconds)
        except TimeoutError:
            raise TabLost(f"The tab said nothing for {seconds:g} s.") from None
        except ConnectionClosed as error:
            raise TabLost(f"The tab has gone: {error}.") from None
        return message

    def _bytes(self) -> bytes:
        message = self._receive()
        if isinstance(message, str):
            self._told(message)
            raise TabLost("The tab said something else than was asked.")
        return message

    def _told(self, message: str | bytes) -> Any:
        told = json.loads(message)
        if "error" in told:
            raise TabLost(f"The tab could not do it: {told['error']}")
        return told
