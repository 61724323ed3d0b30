"""`websim train --backend ray`: ranks are actors, which Ray places, and starts again elsewhere.

Ray carries none of their bytes: they join the driver's group as ranks of other machines do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from websim.errors import GroupEnded, RankLost
from websim.ranks.coordinator import Coordinator
from websim.ranks.wire import Security
from websim_server.clusters import cluster, cores, ray
from websim_server.train.backends.machines import Drive, Launch, Meeting, drive
from websim_server.train.job import Job, TrainError
from websim_server.train.rank import Address, take_part
from websim_server.train.several import carry_out

RESOURCES: dict[str, Any] = {"num_cpus": 1}
"""What an actor asks for, if nothing else is said."""

END_SECONDS = 5.0


def train(job: Job, ranks: int, meeting: Meeting, resources: Mapping[str, Any]) -> None:
    """Trains with `ranks` actors of the cluster that `RAY_ADDRESS` names, or of this machine.

    Args:
        job: What to train, and where to write.
        ranks: How many there are when all are there.
        meeting: What lets them in, its PEM file on every node; they meet at this node's address.
        resources: What an actor asks for, as `ray.remote` takes it.

    Raises:
        TrainError: the cluster cannot be reached, or the run has failed.
        WebSimError: the run cannot start.
    """
    with cluster():
        drive(job, ranks, *_run(job, ranks, meeting, resources))


def train_all(
    jobs: Sequence[Job], at_once: int | None, meeting: Meeting, resources: Mapping[str, Any]
) -> list[float]:
    """Carries out several runs, an actor each; see `several.carry_out`.

    Args:
        jobs: The runs.
        at_once: How many at a time; None: as many as the cluster has CPUs.
        meeting: See `train`.
        resources: Likewise.

    Raises:
        TrainError: the cluster cannot be reached, or runs have failed.
        WebSimError: nobody can join there.
    """
    with cluster():
        begin = [partial(Drive, job, 1, *_run(job, 1, meeting, resources)) for job in jobs]
        return carry_out(begin, at_once or cores())


def _run(
    job: Job, ranks: int, meeting: Meeting, resources: Mapping[str, Any]
) -> tuple[Meeting, Launch]:
    """Where a run's actors meet, and what starts them."""
    meeting = replace(meeting, address=(ray.util.get_node_ip_address(), 0))

    def launch(coordinator: Coordinator, say: Callable[[str], None]) -> _Actors:
        try:
            return _Actors(
                ranks,
                coordinator.address,
                meeting.security,
                job.experiment.trusted,
                {**RESOURCES, **resources},
            )
        except (TypeError, ValueError) as error:
            raise TrainError(f"--rank-resources: {error}") from None

    return meeting, launch


class _Rank:
    """An actor."""

    def learn(self, address: Address, token: str, tls: str | None, trusted: list[str]) -> None:
        """See `take_part`."""
        take_part(address, Security(token, tls), trusted)


class _Actors:
    """Ranks that Ray places. One that has died, with its node perhaps, it starts again."""

    def __init__(
        self,
        count: int,
        address: Address,
        security: Security,
        trusted: Sequence[str],
        resources: Mapping[str, Any],
    ) -> None:
        self._arguments = address, security.token, security.tls, [*trusted]
        kind = ray.remote(_Rank).options(max_restarts=-1, max_task_retries=-1, **resources)
        self._actors = [kind.remote() for _ in range(count)]
        self._learning = {actor.learn.remote(*self._arguments): actor for actor in self._actors}

    def tend(self) -> int:
        """See Launcher; raises TrainError where a rank cannot run anywhere."""
        ended, _ = ray.wait([*self._learning], num_returns=len(self._learning), timeout=0)
        for one in ended:
            try:
                ray.get(one)
            except ray.exceptions.RayTaskError as error:
                if not isinstance(error.cause, RankLost | GroupEnded):
                    raise TrainError(f"a rank cannot run: {error.cause}") from None
            except ray.exceptions.RayError as error:
                raise TrainError(f"a rank cannot run: {error}") from None
            actor = self._learning.pop(one)
            self._learning[actor.learn.remote(*self._arguments)] = actor
        return len(ended)

    def close(self) -> None:
        """See Launcher."""
        ray.wait([*self._learning], num_returns=len(self._learning), timeout=END_SECONDS)
        for actor in self._actors:
            ray.kill(actor)
