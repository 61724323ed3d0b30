"""What behaviour cloning keeps of an expert: `python -m bench.cloning [--browser] [RUN ...]`.

Learns an expert of each task by the preset `fast` (or takes runs that are given), records episodes
of it, teaches policies of other seeds what they show, and plays 100 episodes of the expert and of
each, from seeds that were not recorded. With `--browser` all but the expert's learning and its 100
episodes is done in headless Chromium, by what the page's own buttons do; without it natively
(`websim clone`). Prints a table in Markdown.
"""

import argparse
import base64
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bench.browser import Blank
from bench.curves import machine
from websim.browser.exchange import UNSEEN
from websim.experiments.experiment import Experiment
from websim.sharing.links import archive_of, read_run
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.evaluation import evaluate
from websim.training.trainer import Trainer
from websim.trajectories import npz
from websim.trajectories.cloning import Cloning
from websim.trajectories.reading import read
from websim.trajectories.recorder import Recorder
from websim_server.browser import open_browser

TASKS = ("HalfCheetah-v5", "Hopper-v5")
EPISODES = 50
JUDGED = 100

IN_THE_TAB = """async ({ run, task, episodes, judged, seeds }) => {
  const { Exchange } = await import('/sim/page/exchange.js');
  const exchange = await Exchange.start();
  const bytes = Uint8Array.from(atob(run), (c) => c.charCodeAt(0)).buffer;
  const order = { episodes, seed: 0, random: 0, format: 'npz' };
  const file = await exchange.record({ run: bytes, experiment: null, order });
  const recording = await file.arrayBuffer();
  const returns = [];
  for (let seed = 0; seed < seeds; seed++) {
    const how = { seed, episodes: judged };
    returns.push((await exchange.clone(recording, { task }, how)).episodeReturn);
  }
  exchange.close();
  return returns;
}"""


def learnt(task: str) -> Checkpoint:
    """An expert, by the preset `fast`."""
    from websim.algorithms.presets import preset

    trainer = Trainer(Experiment(task=task, hyperparameters=preset("ppo", "fast", task)))
    while not (iteration := trainer.advance()).done:
        pass
    data = iteration.checkpoint
    trainer.close()
    assert data is not None
    return checkpoints.loads(data)


def natively(expert: Checkpoint, seeds: int) -> list[float]:
    """Mean returns of policies that were taught by an expert's episodes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "episodes.npz"
        recorder = Recorder(expert.experiment, expert.learner, EPISODES)
        npz.write(file, recorder.play(), recorder.about())
        recorder.close()
        recording = read(file)
    means = []
    for seed in range(seeds):
        cloning = Cloning(recording, Experiment(task=expert.experiment.task), seed=seed)
        cloning.advance()
        means.append(float(evaluate(cloning.run, JUDGED, UNSEEN).returns.mean()))
    return means


def in_the_tab(blank: Blank) -> Callable[[Checkpoint, int], list[float]]:
    """The same in a page."""

    def cloned(expert: Checkpoint, seeds: int) -> list[float]:
        wanted = {
            "run": base64.b64encode(archive_of(expert)).decode(),
            "task": expert.experiment.task,
            "episodes": EPISODES,
            "judged": JUDGED,
            "seeds": seeds,
        }
        means: list[float] = blank.page.evaluate(IN_THE_TAB, wanted)
        return means

    return cloned


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="*", help="experts (.websim); otherwise they are learnt")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--browser", action="store_true", help="in headless Chromium")
    arguments = parser.parse_args()
    experts = map(read_run, arguments.runs) if arguments.runs else map(learnt, TASKS)
    with ExitStack() as stack:
        cloned: Callable[[Checkpoint, int], list[float]] = natively
        if arguments.browser:
            cloned = in_the_tab(Blank(*stack.enter_context(open_browser())))
        where = "headless Chromium" if arguments.browser else "natively"
        print(f"{machine()}, {where}\n\n| task | expert | cloned, by seed | of the expert's |")
        print("|---|---|---|---|")
        for expert in experts:
            known = evaluate(expert, JUDGED, UNSEEN).returns
            means = cloned(expert, arguments.seeds)
            shares = [f"{mean / known.mean():.0%}" for mean in means]
            told = f"| {expert.experiment.task} | {known.mean():.0f} ± {known.std():.0f} | "
            told += ", ".join(f"{mean:.0f}" for mean in means)
            print(f"{told} | {', '.join(shares)} |", flush=True)


if __name__ == "__main__":
    main()
