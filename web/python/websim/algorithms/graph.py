"""No algorithm: a run whose policy is a graph of ONNX's, on which nothing here learns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.algorithms.base import (
    COUNTERS,
    MAX_CLIP,
    Algorithm,
    Hyperparameters,
    Metrics,
    hyperparameter,
    make_hyperparameters,
)
from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.policies import Bounds, Policy
from websim.ranks import Communicator
from websim.states import StateDict


@dataclass(kw_only=True)
class GraphHyperparameters(Hyperparameters):
    """How the graph is played."""

    num_envs: int = hyperparameter(1, "environments", 1)
    clip_obs: float = hyperparameter(
        MAX_CLIP, "normalised observations are clipped to +- this", 1e-3, MAX_CLIP
    )
    scale_output: bool = hyperparameter(False, "-1 and 1 mean the bounds of actions")
    output: str = hyperparameter("", "the graph's output with the actions; empty: the likeliest")

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """No layers of ours."""
        return ()


class Graph(Algorithm):
    """See this file."""

    name = "graph"
    Hyperparameters = GraphHyperparameters

    def __init__(self, experiment: Experiment, communicator: Communicator) -> None:
        """See Algorithm."""
        self.args = make_hyperparameters(GraphHyperparameters, experiment.hyperparameters)
        super().__init__(experiment, communicator, self.args.num_envs)
        self._graph: NDArray[np.uint8] = np.zeros(0, np.uint8)

    @property
    def num_iterations(self) -> int:
        """See Algorithm."""
        return 1

    @property
    def weights(self) -> NDArray[np.float32]:
        """See Algorithm: they are its own affair."""
        return np.zeros(0, np.float32)

    @property
    def parameters(self) -> dict[str, NDArray[Any]]:
        """See Algorithm."""
        return {"graph": self._graph}

    def iterate(self) -> Metrics:
        """See Algorithm; raises InvalidArgument."""
        raise InvalidArgument(UNLEARNABLE)

    @classmethod
    def policy_of(
        cls,
        args: GraphHyperparameters,
        state: StateDict,
        low: NDArray[np.float32],
        high: NDArray[np.float32],
    ) -> Policy:
        """See Algorithm; raises ForeignPolicy and MissingLibrary as well."""
        from websim.onnx.policy import GraphPolicy

        bounds = Bounds(low, high, args.squash_output)
        return GraphPolicy(state, bounds, args.scale_output, args.output, args.clip_obs)

    def load(self, state: StateDict) -> None:
        """See Algorithm."""
        self.load_policy(state)

    def load_policy(self, state: StateDict) -> None:
        """See Algorithm."""
        from websim.onnx.policy import graph_of

        self._graph = graph_of(state)
        self.normalize_observation.rms.load(state["normalize_observation"])
        self.iteration, self.global_step = (state[name] for name in COUNTERS)


UNLEARNABLE = (
    "This policy is a graph of ONNX's that is no perceptron: it is played and measured, and cannot "
    "be learnt on, put into a link or made smaller. To learn on, record its episodes and teach a "
    "policy of ours what they show (websim record, websim clone)."
)
