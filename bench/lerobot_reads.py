"""Whether LeRobot itself reads what `websim record --format lerobot` writes.

    python -m bench.lerobot_reads write --folder /tmp/cheetah [--video]
    python3.11 -m venv /tmp/lerobot && /tmp/lerobot/bin/pip install lerobot==0.4.4
    /tmp/lerobot/bin/python bench/lerobot_reads.py read --folder /tmp/cheetah

`write` records 20 episodes of HalfCheetah by chance, and once more as .npz; with `--video` of
Hopper, whose episodes are shorter, and what the camera sees as .npy. `read` opens the dataset with
`LeRobotDataset`, compares every 97th frame with the .npz, and takes a batch with the next four
actions, as policies there do.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

EVERY = 97


def write(folder: Path, video: bool) -> None:
    """Records."""
    task = "Hopper-v5" if video else "HalfCheetah-v5"
    shared = ["record", task, "--random", "1", "--episodes", "20"]
    more = ["--video"] if video else []
    for arguments in (
        ["--format", "lerobot", *more, "--out", str(folder)],
        ["--out", str(folder.with_suffix(".npz"))],
    ):
        command = [sys.executable, "-m", "websim_server", *shared, *arguments]
        subprocess.run(command, check=True)
    if video:
        os.environ.setdefault("MUJOCO_GL", "osmesa")
        np.save(folder.with_suffix(".npy"), seen_of(folder.with_suffix(".npz"), task))


def seen_of(recording: Path, task: str) -> np.ndarray:
    """What the camera sees in every 97th frame, as it is drawn."""
    from websim.experiments.experiment import Experiment
    from websim.trajectories.camera import Camera
    from websim.trajectories.reading import read as read_recording

    camera = Camera(Experiment(task=task))
    episodes = read_recording(recording).episodes
    states = [one.state for one in episodes if one.state is not None]
    seen = [picture.copy() for one in states for picture in camera.pictures(one)]
    camera.close()
    return np.array(seen[::EVERY])


def read(folder: Path) -> None:
    """Reads, and compares."""
    import torch
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    dataset = LeRobotDataset("websim/recorded", root=folder)
    file = np.load(folder.with_suffix(".npz"))
    lengths = file["lengths"]
    last = (lengths + 1).cumsum() - 1
    seen = np.delete(file["observations"], last, axis=0)
    theirs = {"observation.state": seen, "action": file["actions"], "next.reward": file["rewards"]}
    if dataset.meta.video_keys:
        pictures = np.load(folder.with_suffix(".npy")).transpose(0, 3, 1, 2) / 255
        (key,) = dataset.meta.video_keys
        theirs[key] = np.repeat(pictures, EVERY, axis=0)
    apart = dict.fromkeys(theirs, 0.0)
    for i in range(0, len(dataset), EVERY):
        frame = dataset[i]
        for name, rows in theirs.items():
            off = np.abs(np.asarray(frame[name]) - rows[i])
            apart[name] = max(apart[name], float(off.mean() if off.ndim == 3 else off.max()))
    ahead = {"action": [k / dataset.fps for k in range(4)]}
    batches = torch.utils.data.DataLoader(
        LeRobotDataset("websim/recorded", root=folder, delta_timestamps=ahead), batch_size=32
    )
    batch = next(iter(batches))
    told = {
        "episodes": dataset.num_episodes,
        "frames": dataset.num_frames,
        "fps": dataset.fps,
        "task": frame["task"],
        "apart": apart,
        "batch": {name: list(batch[name].shape) for name in theirs if name != "next.reward"},
        "mean_reward": dataset.meta.stats["next.reward"]["mean"].tolist(),
    }
    print(json.dumps(told, indent=2))


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("write", "read"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--video", action="store_true")
    arguments = parser.parse_args()
    if arguments.what == "write":
        write(arguments.folder, arguments.video)
    else:
        read(arguments.folder)


if __name__ == "__main__":
    main()
