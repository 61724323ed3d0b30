"""Graphs that are no perceptrons of ours, as policies: ONNX Runtime plays them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import DamagedCheckpoint, ForeignPolicy
from websim.onnx.model import outline
from websim.onnx.runtime import session_of
from websim.onnx.wiring import Port, wiring_of
from websim.policies.base import Actions
from websim.policies.bounds import Bounds
from websim.policies.normalization import normalization_of

Memory = list[NDArray[Any]]

_SAME = 1e-3
"""How far actions may differ between a batch and each of it alone."""


class GraphPolicy:
    """A graph with what its observations pass through; a `RecurrentPolicy`."""

    def __init__(
        self, state: Mapping[str, Any], bounds: Bounds, scale: bool, output: str, clip_obs: float
    ) -> None:
        """Reads the graph, and tries it.

        Args:
            state: Of a run with it.
            bounds: Of actions; with `squash`, what it gives passes through a tanh first.
            scale: Whether -1 and 1 mean the bounds.
            output: See `wiring_of`.
            clip_obs: Normalised observations are clipped to +- this.

        Raises:
            DamagedCheckpoint: there is no graph.
            ForeignPolicy: the graph fits nothing here.
            MissingLibrary: what plays it is not there.
        """
        normalization = normalization_of(state, clip_obs)
        self._mean, self._std, self._clip = normalization.mean, normalization.std, clip_obs
        self._bounds, self._scale = bounds, scale
        data = graph_of(state).tobytes()
        self._wiring = wiring_of(outline(data), self._mean.size, bounds.low.size, output)
        self._wanted = [self._wiring.action, *(name for _, name in self._wiring.memory)]
        self._session = session_of(data)
        self._single = self._wiring.single
        self._try()

    def __call__(self, observations: NDArray[np.float64]) -> Actions:
        """See Policy: each step is taken for the first of an episode."""
        return self.remembering(observations, None, np.ones(len(observations), np.bool_))[0]

    def remembering(
        self, observations: NDArray[np.float64], memory: Any, started: NDArray[np.bool_]
    ) -> tuple[Actions, Any]:
        """See RecurrentPolicy; raises ForeignPolicy where the graph fails with what it is given."""
        seen = np.clip((observations - self._mean) / self._std, -self._clip, self._clip)
        n = len(seen)
        count = n if self._single else 1
        before: list[Memory | None] = [None] * count if memory is None else memory
        parts = zip(np.split(seen, count), np.split(started, count), before, strict=True)
        results = [self._run(*part) for part in parts]
        outputs = np.concatenate([actions for actions, _ in results]).astype(np.float32)
        if self._bounds.squash or not self._scale:
            actions = self._bounds(outputs)
        else:
            actions = self._bounds(self._bounds.middle + self._bounds.half * outputs)
        return actions, [kept for _, kept in results]

    def _run(
        self, seen: NDArray[np.float64], started: NDArray[np.bool_], memory: Memory | None
    ) -> tuple[NDArray[Any], Memory]:
        """Actions [n, act] as the graph gives them, and what it remembers."""
        n, wiring = len(started), self._wiring
        inputs = {wiring.observation.name: _laid(wiring.observation, seen)}
        for port, at_start in wiring.flags:
            inputs[port.name] = _laid(port, (started == at_start)[:, None])
        for i, (port, _) in enumerate(wiring.memory):
            before = port.empty(n) if memory is None else memory[i].copy()
            rows = np.moveaxis(before, 0 if port.axis is None else port.axis, 0)
            rows[started if port.axis is not None else started.any()] = 0
            inputs[port.name] = before
        outputs = self._session.run(inputs, self._wanted)
        actions = outputs[wiring.action]
        if actions.size != n * self._bounds.low.size:
            raise ForeignPolicy(
                f"The graph's {wiring.action:.99} has the shape {actions.shape} for {n} "
                f"observations: wanted are {self._bounds.low.size} actions for each."
            )
        for port, name in wiring.memory:
            if outputs[name].shape != inputs[port.name].shape:
                raise ForeignPolicy(
                    f"The graph's {name:.99} has the shape {outputs[name].shape}, and "
                    f"{port.name:.99}, into which it goes again, {inputs[port.name].shape}."
                )
        kept = [outputs[name].astype(port.dtype) for port, name in wiring.memory]
        return actions.reshape(n, -1), kept

    def _try(self) -> None:
        """Runs it for two environments at once, and alone where it cannot keep them apart."""
        seen = np.linspace(-1, 1, 2 * self._mean.size).reshape(2, -1)
        begin = np.ones(1, np.bool_)
        if not self._single:
            try:
                both, _ = self._run(seen, np.ones(2, np.bool_), None)
            except ForeignPolicy:
                self._single = True
        alone = [self._run(seen[i : i + 1], begin, None)[0] for i in range(2)]
        if not self._single:
            each = np.concatenate(alone)
            self._single = not np.allclose(both, each, rtol=_SAME, atol=_SAME, equal_nan=True)


def graph_of(state: Mapping[str, Any]) -> NDArray[np.uint8]:
    """The .onnx in a run's state [bytes]; raises DamagedCheckpoint without one."""
    policy = state.get("policy")
    graph = policy.get("graph") if isinstance(policy, dict) else None
    if not isinstance(graph, np.ndarray) or graph.dtype != np.uint8 or graph.ndim != 1:
        raise DamagedCheckpoint("The checkpoint lacks the graph that acts.")
    return graph


def _laid(port: Port, rows: NDArray[Any]) -> NDArray[Any]:
    """Rows [n, size] as a tensor takes them."""
    shape = list(port.shape)
    if port.axis is not None:
        del shape[port.axis]
        rows = np.moveaxis(rows.reshape(len(rows), *shape), 0, port.axis)
    else:
        rows = rows.reshape(shape)
    return np.ascontiguousarray(rows, port.dtype)
