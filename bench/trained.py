"""The trained policies that come with the page: `web/trained/TASK.websim`.

    websim train TASK --preset fast        # and so on: docs/learning.md has the commands
    python -m bench.trained RUN.websim...

Each run's policy is rounded to half precision, as a link has it, and plays episodes; what they
come to is claimed in the file, so that `websim verify` measures it again. The learner stays behind.
"""

import argparse
import io
import zipfile
from dataclasses import replace
from pathlib import Path

from websim.sharing.links import Draft
from websim.sharing.proof import claim_of
from websim.training import checkpoints
from websim.training.evaluation import Judge
from websim_server.site.trained import FOLDER

EPISODES = 100


def packed(run: checkpoints.Checkpoint) -> bytes:
    """A run's file with nothing but its policy, compressed."""
    plain = checkpoints.dumps(run.experiment, checkpoints.pack(run.learner), [], run.claim)
    small = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(plain)) as read,
        zipfile.ZipFile(small, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as written,
    ):
        for name in read.namelist():
            written.writestr(zipfile.ZipInfo(name), read.read(name), zipfile.ZIP_DEFLATED, 9)
    return small.getvalue()


def main() -> None:
    """Writes them, and prints what they come to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="a run of each task")
    parser.add_argument("--episodes", type=int, default=EPISODES)
    arguments = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    print("| task | algorithm | steps | return | kB |\n|---|---|---|---|---|")
    for path in arguments.runs:
        draft = Draft(checkpoints.loads(path.read_bytes()), "fp16")
        judge = Judge(draft.run, arguments.episodes)
        try:
            judge.play()
        finally:
            judge.close()
        claim = claim_of(judge.result, 0)
        run = replace(draft.run, claim=claim)
        data = packed(run)
        experiment = run.experiment
        (FOLDER / f"{experiment.task}.websim").write_bytes(data)
        print(
            f"| {experiment.task} | {experiment.algorithm.upper()} "
            f"| {run.learner['global_step']:,} "
            f"| {claim.mean_return:,.1f} ± {claim.return_std:,.1f} | {len(data) / 1e3:.0f} |"
        )


if __name__ == "__main__":
    main()
