"""What was learnt from the twelve sentences, as series of pictures by MuJoCo's renderer.

    MUJOCO_GL=osmesa python -m bench.intent_pictures [NAME ...] [--runs runs/intents]

Of each run that `bench.intent_figures` has kept of the search: an episode without noise, a row of
pictures of it. Writes docs/images/intents/NAME.jpg.
"""

import argparse
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import mujoco
import numpy as np

from bench.intents import intents
from websim.physics.native import NativePhysics
from websim.training import checkpoints
from websim.trajectories.recorder import Episode, Recorder

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images" / "intents"
SEED = 1_000_000
"""Of the episode: the first of those that judge."""

FRAMES, SIZE, QUALITY = 8, 160, 80
AZIMUTH, ELEVATION, DISTANCE = 90, -12, 3.5

#: When the first picture is taken and how long after it the next ones, in seconds.
MOVING = (4.0, 0.1)
TIMES = {
    "ant_walks_at_half_a_metre": (4.0, 0.3),
    "cheetah_rears": (0.0, 0.25),
    "ant_turns_once": (0.0, 1.5),
    "cheetah_flips_back": (3.0, 0.9),
    "humanoid_planks": (0.0, 1.0),
    "humanoid_lunges": (0.0, 1.0),
}


def episode_of(run: Path) -> tuple[mujoco.MjModel, float, Episode]:
    """The model, the seconds of a step, and an episode that the run's policy plays."""
    checkpoint = checkpoints.loads(run.read_bytes())
    recorder = Recorder(checkpoint.experiment, checkpoint.learner, 1, seed=SEED)
    try:
        (episode,) = recorder.play()
        assert isinstance(recorder.env.physics, NativePhysics)
        return recorder.env.physics.compiled, recorder.env.task.dt, episode
    finally:
        recorder.close()


def series(
    model: mujoco.MjModel, episode: Episode, seconds: float, begin: float, every: float
) -> Any:
    """A row of pictures, [height, width, 3], of an episode whose steps take so many seconds."""
    data = mujoco.MjData(model)
    camera = mujoco.MjvCamera()
    camera.distance, camera.azimuth, camera.elevation = DISTANCE, AZIMUTH, ELEVATION
    pictures = []
    with mujoco.Renderer(model, SIZE, SIZE) as renderer:
        for frame in range(FRAMES):
            step = round((begin + frame * every) / seconds)
            if step >= len(episode.observations):
                break
            data.qpos[:] = episode.states["qpos"][step]
            mujoco.mj_forward(model, data)
            camera.lookat = [data.subtree_com[0, 0], data.subtree_com[0, 1], 0.7]
            renderer.update_scene(data, camera)
            pictures.append(renderer.render().copy())
    return np.hstack(pictures)


def main() -> None:
    """Takes all pictures."""
    names = [intent.name for intent in intents()]
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", choices=[[], *names], metavar="NAME")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "intents")
    arguments = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    for intent in intents():
        run = arguments.runs / f"{intent.name}-search-1.websim"
        if not run.exists() or (arguments.names and intent.name not in arguments.names):
            continue
        model, seconds, episode = episode_of(run)
        row = series(model, episode, seconds, *TIMES.get(intent.name, MOVING))
        imageio.imwrite(IMAGES / f"{intent.name}.jpg", row, quality=QUALITY)


if __name__ == "__main__":
    main()
