"""What robots have learnt that come with the page: a run of each task, `/trained/TASK.websim`."""

from pathlib import Path

from websim.browser.messages import TrainedRun
from websim.training import checkpoints
from websim_server.paths import WEB

FOLDER = WEB / "trained"


def describe(folder: Path = FOLDER) -> list[TrainedRun]:
    """The runs of the folder, by task, as the manifest has them.

    Raises:
        CheckpointError: one of the files is no run.
        ValueError: one claims nothing.
    """
    return [_run(path) for path in sorted(folder.glob("*.websim"))]


def _run(path: Path) -> TrainedRun:
    data = path.read_bytes()
    run = checkpoints.loads(data)
    if run.claim is None:
        raise ValueError(f"{path.name} does not say what its policy returns: bench/trained.py does")
    return TrainedRun(
        task=run.experiment.task,
        url=f"/trained/{path.name}",
        bytes=len(data),
        algorithm=run.experiment.algorithm,
        steps=run.learner["global_step"],
        mean_return=run.claim.mean_return,
        return_std=run.claim.return_std,
    )
