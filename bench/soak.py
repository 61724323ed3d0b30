"""Half an hour of a thousand environments that learn, in Chromium: does anything grow or stall?

    python -m bench.soak [--minutes 30] [--envs 1000] [--task Ant-v5] [--output docs/results]

PPO trains in two workers, all environments are those of the learners, and the page keeps the newest
checkpoint, as the dashboard does. Every ten seconds: the renderer's proportional set size,
environment steps since the last look, the worst silence of a learner, and how long a fixed loop
takes, which tells a machine that slows down from a program that does. At the end memory must be
within 5% of that of minute 5 (each the median over a minute), no worker may have been replaced (a
worker that is not heard of for 10 s is), and the steps a second of no later fifth of the run may be
below 0.9 of the first after minute 5. Ends with status 1 where one of these fails. Writes
soak.json and soak.md; `python bench/plots.py soak FILE` draws them.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.browser import Blank, head, write
from websim_server.browser import open_browser

SAMPLE_SECONDS = 10.0
REFERENCE_MINUTE = 5
GROWTH = 0.05
STEADY = 0.9
PARTS = 5
LOOP = 200_000

START = """(async () => {
  const seen = { restarts: [], notices: [], errors: [], states: [], checkpoints: 0, silence: 0 };
  let last = performance.now();
  sim.on('workerRestart', ({ worker, reason }) => seen.restarts.push(`${worker}: ${reason}`));
  sim.on('notice', ({ level, message }) => seen.notices.push(`${level}: ${message}`));
  sim.on('error', ({ name, message }) => seen.errors.push(`${name}: ${message}`));
  sim.on('checkpoint', ({ data }) => {
    seen.checkpoint = data;
    seen.checkpoints += 1;
  });
  sim.on('training', ({ state, message }) => {
    seen.silence = Math.max(seen.silence, performance.now() - last);
    last = performance.now();
    if (seen.states.at(-1) !== state) seen.states.push(state);
    if (message) seen.notices.push(message);
  });
  window.seen = seen;
  await sim.training.start();
})()"""

LOOK = """(() => {
  const { training } = sim;
  const { restarts, notices, errors, states, checkpoints, silence } = seen;
  seen.silence = 0;
  return {
    state: training.state, iteration: training.iteration, globalStep: training.globalStep,
    restarts, notices, errors, states, checkpoints, silence,
    workers: sim.stats().workerLoads.map(({ state }) => state),
  };
})()"""


def loop_ms() -> float:
    """Processor time of a fixed loop: how fast the machine is now, whatever else runs on it."""
    start = time.process_time()
    for _ in range(LOOP):
        pass
    return 1000 * (time.process_time() - start)


def run(blank: Blank, minutes: float, bar: Any) -> list[dict[str, Any]]:
    """One entry every ten seconds, once the learners are under way."""
    blank.run(START)
    while (first := blank.run(LOOK))["iteration"] == 0:
        if first["state"] not in ("waiting", "running"):
            raise SystemExit(f"the training did not start: {first}")
        blank.pass_time(0.2)
    samples: list[dict[str, Any]] = []
    start = last_time = time.monotonic()
    last_step = first["globalStep"]
    while time.monotonic() - start < 60 * minutes:
        blank.pass_time(SAMPLE_SECONDS)
        look = blank.run(LOOK)
        now = time.monotonic()
        samples.append(
            {
                **look,
                "seconds": now - start,
                "megabytes": blank.megabytes(),
                "loop_ms": min(loop_ms() for _ in range(3)),
                "steps_per_second": (look["globalStep"] - last_step) / (now - last_time),
            }
        )
        last_time, last_step = now, look["globalStep"]
        bar.update(now - start - bar.n)
        bar.set_postfix_str(f"{samples[-1]['megabytes']:.0f} MB")
        if look["state"] != "running":
            break
    return samples


def judge(samples: list[dict[str, Any]], minutes: float) -> tuple[dict[str, Any], list[str]]:
    """What came out, and what of it is not as it should be."""

    def memory(minute: float) -> float:
        """The median over the minute that ends then."""
        inside: list[float] = [
            s["megabytes"] for s in samples if minute - 1 < s["seconds"] / 60 <= minute
        ]
        return statistics.median(inside)

    wrong = []
    end = samples[-1]
    if end["state"] != "running" or end["seconds"] < 60 * minutes:
        wrong.append(f"training was {end['state']} at {end['seconds'] / 60:.1f} minutes")
    reference = min(REFERENCE_MINUTE, minutes / 2)
    results: dict[str, Any] = {
        "megabytes_reference": memory(reference),
        "megabytes_end": memory(end["seconds"] / 60),
        "longest_silence_seconds": max(s["silence"] for s in samples) / 1000,
        "restarts": end["restarts"],
        "errors": end["errors"],
        "checkpoints": end["checkpoints"],
        "steps": end["globalStep"],
    }
    growth = results["megabytes_end"] / results["megabytes_reference"] - 1
    if abs(growth) > GROWTH:
        wrong.append(f"memory changed by {growth:+.1%} after minute {reference:g}")
    if end["restarts"]:
        wrong.append(f"workers were replaced: {end['restarts']}")
    if end["errors"]:
        wrong.append(f"errors: {end['errors']}")
    later = [s for s in samples if s["seconds"] / 60 > reference]
    size = max(1, len(later) // PARTS)
    for name in ("steps_per_second", "loop_ms"):
        results[name] = [
            statistics.mean(s[name] for s in later[i : i + size])
            for i in range(0, size * PARTS, size)
        ]
    parts = results["steps_per_second"]
    if min(parts) < STEADY * parts[0]:
        wrong.append(f"steps a second fell to {min(parts) / parts[0]:.0%}")
    return results, wrong


def report(figures: dict[str, Any]) -> str:
    """The outcome as Markdown."""
    r = figures["results"]
    growth = r["megabytes_end"] / r["megabytes_reference"] - 1
    parts = ", ".join(f"{rate:,.0f}" for rate in r["steps_per_second"])
    loops = ", ".join(f"{ms:.1f}" for ms in r["loop_ms"])
    lines = [
        f"{figures['date']}; {figures['browser']}; {figures['machine']}; {figures['envs']} "
        f"{figures['task']}, PPO in {figures['ranks']} workers, {figures['minutes']:g} minutes.",
        "",
        "| | |",
        "|---|---|",
        f"| memory of the renderer at minute {figures['reference_minute']:g}, at the end | "
        f"{r['megabytes_reference']:.0f} MB, {r['megabytes_end']:.0f} MB ({growth:+.1%}) |",
        f"| workers replaced | {len(r['restarts'])} |",
        f"| longest wait for an iteration of the learner | {r['longest_silence_seconds']:.1f} s |",
        f"| environment steps/s, in fifths of the time after that minute | {parts} |",
        f"| a fixed loop on the same machine meanwhile, ms | {loops} |",
        f"| environment steps in all; checkpoints | {r['steps']:,}; {r['checkpoints']} |",
        f"| verdict | {'; '.join(figures['wrong']) or 'as it should be'} |",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Runs the soak."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--envs", type=int, default=1000)
    parser.add_argument("--task", default="Ant-v5")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parents[1] / "docs" / "results"
    )
    arguments = parser.parse_args()
    if arguments.minutes < 4:
        parser.error("--minutes must be 4 or more: memory is compared minute by minute")
    experiment = {
        "task": arguments.task,
        "algorithm": "ppo",
        "seed": 1,
        "hyperparameters": {
            "num_envs": arguments.envs,
            "num_steps": 16,
            "num_minibatches": 8,
            "update_epochs": 5,
            "total_timesteps": 1_000_000_000,
        },
    }
    bar = tqdm(
        total=60 * arguments.minutes, unit="s", bar_format="{l_bar}{bar}| {elapsed} {postfix}"
    )
    with bar, open_browser() as (browser, address):
        blank = Blank(browser, address)
        blank.create(training={"experiment": experiment}, tasks=[], numWorkers=arguments.workers)
        ranks = blank.run("sim.training.ranks")
        samples = run(blank, arguments.minutes, bar)
        about = head(browser)
    results, wrong = judge(samples, arguments.minutes)
    figures = {
        **about,
        "task": arguments.task,
        "envs": arguments.envs,
        "ranks": ranks,
        "minutes": arguments.minutes,
        "reference_minute": min(REFERENCE_MINUTE, arguments.minutes / 2),
        "results": results,
        "wrong": wrong,
        "samples": samples,
    }
    write(arguments.output, "soak", figures, report(figures))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
