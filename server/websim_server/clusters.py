"""Ray, where it is installed, and a cluster of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from websim_server.train.job import TrainError

try:
    import ray
except ModuleNotFoundError:
    raise TrainError(
        "--backend ray needs Ray: pip install 'mujoco-websim[ray]', or make ray"
    ) from None

__all__ = ["cluster", "cores", "ray"]


@contextmanager
def cluster() -> Iterator[None]:
    """The cluster that `RAY_ADDRESS` names, else one of this machine.

    Raises:
        TrainError: it cannot be reached.
    """
    try:
        ray.init(logging_level="warning")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise TrainError(f"the Ray cluster cannot be reached: {error}") from None
    try:
        yield
    finally:
        ray.shutdown()


def cores() -> int:
    """CPUs of the cluster."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))
