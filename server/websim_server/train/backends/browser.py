"""`websim train --backend browser`: the same run in a headless Chromium's workers."""

import base64
import dataclasses
from typing import TYPE_CHECKING

from websim_server.browser import open_browser
from websim_server.train.interruptions import interruptions
from websim_server.train.job import Job, TrainError
from websim_server.train.reporter import Reporter

if TYPE_CHECKING:
    from playwright.sync_api import Page

_CREATE = """async ({ spec, checkpoint, ...options }) => {
  const { WebSim } = await import('/sim/websim.js');
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const sim = await WebSim.create({
    ...options,
    training: { ...options.training, spec, checkpoint: checkpoint ? bytes(checkpoint) : undefined },
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
    from websim.browser.messages import read
    from websim.training.trainer import Iteration

    _refuse_model_files(job)
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
                        reporter.report(read(Iteration, detail))
                    elif event["name"] == "checkpoint":
                        reporter.save(base64.b64decode(detail["data"]))
                    else:
                        reporter.say(detail["message"])
                if state == "failed":
                    raise TrainError(message)
                if state in _ENDS:
                    return


def _refuse_model_files(job: Job) -> None:
    from websim import mjcf

    xml_file = job.spec.task_options.get("xml_file")
    if isinstance(xml_file, str) and not isinstance(mjcf.find(xml_file), str):
        raise TrainError(
            f"{xml_file} is a file of this machine, and files do not travel into the browser: "
            "leave --backend browser away, or give a model without further files as MJCF text"
        )


def _create(page: "Page", job: Job, ranks: int, reproducible: bool) -> None:
    from playwright.sync_api import Error

    checkpoint = base64.b64encode(job.checkpoint).decode() if job.checkpoint else None
    options = {
        "spec": dataclasses.asdict(job.spec),
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
