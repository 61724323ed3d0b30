"""Policies that a worker's robots may follow: what every worker has from the beginning.

Learning is imported when something is to be learnt (`learner.py`).
"""

from typing import Any

import websim
from websim.browser.messages import PolicySizes, plain
from websim.experiments.experiment import Experiment
from websim.policies import Policy
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import policy_of
from websim.training.verification import verify

MAX_BYTES = 256 << 20
"""Of a file that is opened in the page, unpacked."""


class Policies(dict[str, Policy]):
    """The policies of a worker, by name."""

    def add(self, name: str, data: bytes) -> None:
        """Takes the policy of a checkpoint; raises CheckpointError where it cannot be read."""
        self[name], _ = _load_policy(checkpoints.loads(data))

    def sizes_of(self, data: bytes) -> dict[str, Any]:
        """The task of a checkpoint's policy, and the sizes of what it sees and does.

        Raises:
            CheckpointError: no run could go on from it.
            UnsafeCode: its task is code that has not run here yet.
        """
        checkpoint = checkpoints.loads(data)
        checkpoint.experiment = _unpaid(checkpoint.experiment)
        verify(checkpoint)
        _, sizes = _load_policy(checkpoint)
        return plain(sizes)


def _load_policy(checkpoint: Checkpoint) -> tuple[Policy, PolicySizes]:
    experiment = _unpaid(checkpoint.experiment)
    env = websim.make_vec(experiment)
    space, observation_size = env.single_action_space, env.observations.shape[1]
    env.close()
    sizes = PolicySizes(
        task=experiment.task, observation_size=observation_size, action_size=space.low.size
    )
    return policy_of(experiment, checkpoint.learner, space.low, space.high), sizes


def _unpaid(experiment: Experiment) -> Experiment:
    """What a policy has to do with: not what pays and judges."""
    return experiment.with_code(reward=None, measure=None)
