"""What a checkpoint costs in a tab: `python -m bench.checkpoints [--rounds 12]`.

For robots and nets of two sizes two workers learn in the dashboard's page, with a checkpoint after
every iteration. Workers: how long an iteration is held up by it, in the rank that writes it and in
the other (`saving` of `websim.training.trainer.Iteration`). Page: how long its thread is busy with
keeping one in IndexedDB, and with saving one as a file, without the waiting in between. The share
is what the rank that writes is held up at an interval of ten seconds, the longest.
"""

import argparse
import statistics
from typing import Any

from tqdm import tqdm

from bench.browser import Blank, machine, spread
from websim_server.bench.command import _wait
from websim_server.browser import open_browser

CASES: dict[str, dict[str, Any]] = {
    "Ant-v5, 64x64": {"task": "Ant-v5", "hidden_sizes": [64, 64]},
    "Humanoid-v5, 256x256": {"task": "Humanoid-v5", "hidden_sizes": [256, 256]},
}
NUM_ENVS, NUM_STEPS = 64, 16
INTERVAL_SECONDS = 10

WATCH = """
from websim.browser.learner import Learner
saving = []
advance = Learner.advance
def watched(*arguments):
    made = advance(*arguments)
    saving.append(made["saving"])
    return made
Learner.advance = watched
None
"""

TRAIN = """(async () => {
  const checkpoints = [];
  sim.on('checkpoint', ({ data }) => checkpoints.push(data));
  sim.training.start();
  while (checkpoints.length < x) await new Promise((resolve) => setTimeout(resolve, 50));
  await sim.training.stop();
  window.checkpoint = checkpoints.at(-1);
  return checkpoint.byteLength;
})()"""

# Time of the page's thread: what is awaited runs elsewhere, between two of its tasks.
PAGE = """(async () => {
  const [{ RunStore }, { Run }, { packRun }] = await Promise.all(
    ['storage', 'run', 'runfile'].map((name) => import(`/app/training/${name}.js`)));
  const store = new RunStore();
  const experiment = { ...sim.training.experiment };
  const run = new Run(experiment);
  const metrics = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`charts/${i}`, i]));
  for (let i = 1; i <= 1000; i++) {
    run.take({ iteration: i, globalStep: i, metrics, seconds: 1, lost: [] });
  }
  const busy = async (work) => {
    let spent = 0, idle = true, last = performance.now();
    const channel = new MessageChannel();
    // The longest gaps between two tasks of a thread that has nothing else to do.
    channel.port1.onmessage = () => {
      const now = performance.now();
      if (now - last > 0.5) spent += now - last;
      last = now;
      if (idle) channel.port2.postMessage(0);
    };
    channel.port2.postMessage(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    spent = 0;
    await work();
    await new Promise((resolve) => setTimeout(resolve, 20));
    idle = false;
    return spent;
  };
  const kept = [], packed = [];
  for (let i = 0; i < x; i++) {
    const where = { iteration: 1000, globalStep: 1000, episodicReturn: 0, seconds: 1 };
    run.saved = { checkpoint: checkpoint.slice(0), ...where };
    kept.push(await busy(async () => {
      const what = run.toKeep({ name: '', kept: false, unfinished: true });
      await store.put(what.record, what.kept);
    }));
    packed.push(await busy(async () => packRun(run.kept)));
  }
  await store.remove(run.id);
  return { kept, packed };
})()"""


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12, help="checkpoints (%(default)s)")
    rounds = parser.parse_args().rounds
    with open_browser() as (browser, address), tqdm(total=len(CASES)) as bar:
        print(
            f"Chromium {browser.version}; {machine()}; 2 workers; milliseconds, median of {rounds}"
        )
        for case, settings in CASES.items():
            blank = Blank(browser, address)
            # The dashboard's import map, and none of its robots.
            blank.page.goto(f"{address}/?envs=2&workers=1&paused=1")
            _wait(blank.page, "window.websim")
            blank.page.evaluate(
                "async () => { await websim.close(); window.WebSim = websim.constructor; }"
            )
            experiment = {
                "task": settings["task"],
                "hyperparameters": {
                    "num_envs": NUM_ENVS,
                    "num_steps": NUM_STEPS,
                    "hidden_sizes": settings["hidden_sizes"],
                    "update_epochs": 1,
                },
            }
            training = {"experiment": experiment, "checkpointSeconds": 0.001}
            blank.create(training=training, tasks=[], numWorkers=2)
            blank.python(WATCH, [0, 1])
            size = blank.run(TRAIN, rounds + 2)
            ranks = [
                [seconds for seconds in times if seconds > 1e-5]
                for times in blank.python("saving", [0, 1])
            ]
            page = blank.run(PAGE, rounds)
            writer, other = ([1000 * seconds for seconds in times] for times in ranks)
            share = statistics.median(writer) / 1000 / INTERVAL_SECONDS
            print(f"{case}: {size / 1e6:.2f} MB")
            print(f"  worker that writes it   {spread(writer, '.1f')}   {share:.2%} of the time")
            print(f"  the other worker        {spread(other, '.1f')}")
            print(f"  page, keeping it        {spread(page['kept'], '.1f')}")
            print(f"  page, saving a file     {spread(page['packed'], '.1f')}")
            blank.close()
            bar.update()


if __name__ == "__main__":
    main()
