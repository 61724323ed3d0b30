"""`websim train --backend browser`: the same run in a headless Chromium's workers."""

import base64
from typing import TYPE_CHECKING

from websim_server.browser import open_browser
from websim_server.train.interruptions import interruptions
from websim_server.train.job import Job, TrainError
from websim_server.train.reporter import Reporter

if TYPE_CHECKING:
    from playwright.sync_api import Page

_CREATE = """async ({ experiment, archive, checkpoint, ...options }) => {
  const { WebSim } = await import('/sim/websim.js');
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const sim = await WebSim.create({
    ...options,
    training: {
      ...options.training,
      experiment: { ...experiment, archive: bytes(archive) },
      checkpoint: checkpoint ? bytes(checkpoint) : undefined,
    },
    tasks: [],
  });
  const news = [];
  let wake = () => {};
  for (const name of ['notice', 'error', 'iteration', 'training', 'checkpoint']) {
    sim.on(name, (detail) => {
      news.push({ name, detail });
      wake();
    });
  }
  const encoded = (data) => new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(',')[1]);
    reader.readAsDataURL(new Blob([data]));
  });
  window.run = {
    training: sim.training,
    // What has happened since; waits a while if nothing has.
    async news(ms) {
      if (!news.length) {
        await new Promise((resolve) => {
          wake = resolve;
          setTimeout(resolve, ms);
        });
      }
      return Promise.all(news.splice(0).map(async ({ name, detail }) => (
        { name, detail: detail.data ? { ...detail, data: await encoded(detail.data) } : detail }
      )));
    },
  };
}"""

_WAIT_MS = 250

_ENDS = ("finished", "stopped", "failed")


def train(job: Job, ranks: int, *, reproducible: bool) -> None:
    """Trains with `ranks` workers.

    Args:
        job: What to train, and where to write.
        ranks: Number of workers.
        reproducible: Whether the kernels give the same bits on every machine, for some speed.

    Raises:
        TrainError: the run cannot start, or has failed.
        BrowserError: the browser cannot start, or is gone.
    """
    from websim.browser.messages import read_iteration

    with open_browser() as (browser, address):
        page = browser.new_page()
        page.goto(f"{address}/healthz")
        _create(page, job, ranks, reproducible)
        first_step = page.evaluate("run.training.globalStep")
        total = page.evaluate("run.training.totalTimesteps")
        with Reporter(job, first_step, total) as reporter, interruptions() as interrupted:
            page.evaluate("run.training.start()")
            told = False
            while True:
                if interrupted() and not told:
                    told = True
                    page.evaluate("() => void run.training.stop()")
                state, message = "running", ""
                for event in page.evaluate("run.news", _WAIT_MS):
                    detail = event["detail"]
                    if event["name"] == "training":
                        state, message = detail["state"], detail.get("message", "")
                    elif event["name"] == "iteration":
                        reporter.report(read_iteration(detail))
                    elif event["name"] == "checkpoint":
                        reporter.save(base64.b64decode(detail["data"]))
                    else:
                        reporter.say(detail["message"])
                if state == "failed":
                    raise TrainError(message)
                if state in _ENDS:
                    return


def _create(page: "Page", job: Job, ranks: int, reproducible: bool) -> None:
    from playwright.sync_api import Error

    from websim.experiments.archive import dump
    from websim.experiments.experiment import as_dict

    checkpoint = base64.b64encode(job.checkpoint).decode() if job.checkpoint else None
    options = {
        "experiment": as_dict(job.experiment) | {"trusted": job.experiment.trusted},
        "archive": base64.b64encode(dump(job.experiment)).decode(),
        "checkpoint": checkpoint,
        "training": {"checkpointSeconds": job.checkpoint_seconds},
        "numWorkers": ranks,
        "reproducible": reproducible,
    }
    try:
        page.evaluate(_CREATE, options)
    except Error as error:
        name, _, message = error.message.splitlines()[0].partition(": ")[2].partition(": ")
        raise TrainError(message or name) from None
