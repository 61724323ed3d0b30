"""Whether LeRobot itself reads what `websim record --format lerobot` writes.

    python -m bench.lerobot_reads write --folder /tmp/cheetah
    python3.11 -m venv /tmp/lerobot && /tmp/lerobot/bin/pip install lerobot==0.4.4
    /tmp/lerobot/bin/python bench/lerobot_reads.py read --folder /tmp/cheetah

`write` records 20 episodes of HalfCheetah by chance, and once more as .npz. `read` opens the
dataset with `LeRobotDataset`, compares every 97th frame with the .npz, and takes a batch with the
next four actions, as policies there do.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np


def write(folder: Path) -> None:
    """Records."""
    for kind, out in (("lerobot", folder), ("npz", folder.with_suffix(".npz"))):
        command = [sys.executable, "-m", "websim_server", "record", "HalfCheetah-v5"]
        command += ["--random", "1", "--episodes", "20", "--format", kind, "--out", str(out)]
        subprocess.run(command, check=True)


def read(folder: Path) -> None:
    """Reads, and compares."""
    import torch
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    dataset = LeRobotDataset("websim/cheetah", root=folder)
    file = np.load(folder.with_suffix(".npz"))
    lengths = file["lengths"]
    last = (lengths + 1).cumsum() - 1
    seen = np.delete(file["observations"], last, axis=0)
    apart = {"observation.state": 0.0, "action": 0.0, "next.reward": 0.0}
    theirs = {"observation.state": seen, "action": file["actions"], "next.reward": file["rewards"]}
    for i in range(0, len(dataset), 97):
        frame = dataset[i]
        for name, rows in theirs.items():
            off = np.abs(np.asarray(frame[name]) - rows[i]).max()
            apart[name] = max(apart[name], float(off))
    ahead = {"action": [k / dataset.fps for k in range(4)]}
    batches = torch.utils.data.DataLoader(
        LeRobotDataset("websim/cheetah", root=folder, delta_timestamps=ahead), batch_size=32
    )
    batch = next(iter(batches))
    told = {
        "episodes": dataset.num_episodes,
        "frames": dataset.num_frames,
        "fps": dataset.fps,
        "task": frame["task"],
        "apart": apart,
        "batch": {name: list(batch[name].shape) for name in ("observation.state", "action")},
        "mean_reward": dataset.meta.stats["next.reward"]["mean"].tolist(),
    }
    print(json.dumps(told, indent=2))


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("write", "read"))
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    (write if arguments.what == "write" else read)(arguments.folder)


if __name__ == "__main__":
    main()
