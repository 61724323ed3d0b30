"""websim beside Gymnasium's vector environments, EnvPool and bare MuJoCo, in one run.

    python -m bench.peers [--rounds 3] [--seconds 0.8] [--cores 2] [--output docs/results]

For each robot and number of environments, every contender makes its environments and then steps
them in turns, round by round, so that a machine whose speed drifts slows all of them alike; the
others wait meanwhile, and all are bound to the same cores. What counts are environment steps a
second (of `frame_skip` physics steps each): the median over rounds, and the lowest and highest.

EnvPool gets a virtual environment of its own below --peers, where puppeteer-core, which drives both
browsers, is installed as well. Writes peers.json, peers.md and peers.svg. docs/peers.md says how
each contender is run.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.browser import machine, spread
from bench.processes import Contender, ContenderError, native_command
from websim_server.browser import server

HERE = Path(__file__).parent
TASKS = ("Ant-v5", "HalfCheetah-v5", "Hopper-v5", "Walker2d-v5", "Humanoid-v5")
NUM_ENVS = (8, 64, 512)
PUPPETEER = "puppeteer-core@24.8.2"
BROWSERS = {"websim Chromium": "chrome", "websim Firefox": "firefox"}
PROGRAMS = {
    "chrome": ("chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox-esr", "firefox"),
}
NATIVE = (
    "websim native",
    "SyncVectorEnv",
    "AsyncVectorEnv",
    "EnvPool sync",
    "EnvPool async",
    "bare native",
)
GOALS = (  # of the table below the figures
    ("websim Chromium", "AsyncVectorEnv", 3.0),
    ("websim Chromium", "EnvPool", 0.7),
    ("websim native", "EnvPool", 1.0),
)

Rates = dict[str, list[float]]


def set_up(folder: Path) -> Path:
    """Installs what the project itself does not need; returns the Python of its environment."""
    requirements = HERE / "requirements-peers.txt"
    python = folder / "venv" / "bin" / "python"
    stamp = folder / "installed"
    wanted = hashlib.sha256(requirements.read_bytes() + PUPPETEER.encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    print(f"Installing EnvPool and puppeteer-core into {folder}", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "-r", str(requirements)], check=True)
    npm = ["npm", "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run([*npm, PUPPETEER], check=True)
    stamp.write_text(wanted)
    return python


def contenders(stack: ExitStack, folder: Path, python: Path, address: str) -> list[Contender]:
    """Starts a process for each; a browser that is not there or does not start is left out."""
    found: list[Contender] = []
    for name, browser in BROWSERS.items():
        program = next(filter(None, map(shutil.which, PROGRAMS[browser])), None)
        if program is None:
            print(f"{name}: there is no {' or '.join(PROGRAMS[browser])} here", file=sys.stderr)
            continue
        script = str(HERE / "browser_contender.mjs")
        command = ["node", script, str(folder), browser, program, address]
        try:
            found.append(Contender(name, command, greets=True))
        except ContenderError as error:
            print(f"{name}: {error}", file=sys.stderr)
    for name in NATIVE:
        own = str(python) if name.startswith("EnvPool") else sys.executable
        found.append(Contender(name, native_command(name, own)))
    for contender in found:
        stack.callback(contender.close)
    return found


def measure(
    contenders: list[Contender], task: str, num_envs: int, arguments: argparse.Namespace, bar: Any
) -> tuple[Rates, dict[str, str]]:
    """Rates of each contender in each round, and the errors of those that could not run."""
    errors: dict[str, str] = {}
    for contender in contenders:
        bar.set_description(f"{task} {num_envs}: {contender.name}")
        try:
            contender.make(task, num_envs, arguments.cores)
        except ContenderError as error:
            errors[contender.name] = str(error)
    rates: Rates = {c.name: [] for c in contenders if c.name not in errors}
    for _ in range(arguments.rounds):
        for contender in contenders:
            if contender.name in rates:
                try:
                    rates[contender.name].append(contender.rate(arguments.seconds))
                except ContenderError as error:
                    errors[contender.name] = str(error)
                    del rates[contender.name]
    bar.update()
    for name, message in errors.items():
        tqdm.write(f"{task} {num_envs}, {name}: {message}", file=sys.stderr)
    return rates, errors


def medians(rates: Rates) -> dict[str, float]:
    """The median of each contender; EnvPool's is that of its faster form."""
    result = {name: statistics.median(values) for name, values in rates.items()}
    pools = [rate for name, rate in result.items() if name.startswith("EnvPool")]
    return result | ({"EnvPool": max(pools)} if pools else {})


def tables(figures: dict[str, Any]) -> str:
    """The figures as Markdown: rates, and the ratios that there are goals for."""
    names = list(dict.fromkeys(name for run in figures["runs"] for name in run["rates"]))
    lines = [
        f"{figures['date']}; {figures['machine']}; median of {figures['rounds']} rounds of "
        f"{figures['seconds']} s (lowest to highest).",
        *(f"{name}: {version}." for name, version in figures["versions"].items()),
        "",
        "Environment steps a second:",
        "",
        "| robot | environments | " + " | ".join(names) + " |",
        "|---|---|" + "---|" * len(names),
    ]
    for run in figures["runs"]:
        cells = [
            spread(values, ",.0f") if (values := run["rates"].get(name)) else "not run"
            for name in names
        ]
        lines.append(f"| {run['task']} | {run['num_envs']} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Ratios (EnvPool: the faster of its two forms):",
        "",
        "| robot | environments | "
        + " | ".join(f"{one} / {other}, goal {goal:g}" for one, other, goal in GOALS)
        + " | websim native / bare native |",
        "|---|---|" + "---|" * (len(GOALS) + 1),
    ]
    for run in figures["runs"]:
        middle = medians(run["rates"])
        pairs = [(one, other) for one, other, _ in GOALS] + [("websim native", "bare native")]
        cells = [
            f"{middle[one] / middle[other]:.2f}" if one in middle and other in middle else "-"
            for one, other in pairs
        ]
        lines.append(f"| {run['task']} | {run['num_envs']} | " + " | ".join(cells) + " |")
    lines += [
        f"\nNot run: {run['task']}, {run['num_envs']}, {name}: {error}"
        for run in figures["runs"]
        for name, error in run["errors"].items()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Runs the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="+", default=TASKS, metavar="TASK")
    parser.add_argument("--envs", nargs="+", type=int, default=NUM_ENVS, metavar="N")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.8, help="of each contender a round")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--output", type=Path, default=HERE.parent / "docs" / "results")
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "websim-peers")
    arguments = parser.parse_args()

    # So that what was started is ended as well.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    python = set_up(arguments.peers)
    cores = sorted(os.sched_getaffinity(0))[: arguments.cores]
    if len(cores) < arguments.cores:
        parser.error(f"this machine has only {len(cores)} cores")
    os.sched_setaffinity(0, cores)
    versions = {
        name: subprocess.check_output(
            [program, "-c", f"import importlib.metadata as m; print(m.version('{package}'))"],
            text=True,
        ).strip()
        for name, program, package in (
            ("mujoco", sys.executable, "mujoco"),
            ("gymnasium", sys.executable, "gymnasium"),
            ("envpool", str(python), "envpool"),
        )
    }
    runs = []
    started = time.monotonic()
    with ExitStack() as stack:
        address = stack.enter_context(server())
        all_of_them = contenders(stack, arguments.peers, python, address)
        for contender in all_of_them:
            if contender.about:
                versions[contender.name] = contender.about.get("version", contender.about)
        bar = stack.enter_context(tqdm(total=len(arguments.tasks) * len(arguments.envs)))
        for task in arguments.tasks:
            for num_envs in arguments.envs:
                rates, errors = measure(all_of_them, task, num_envs, arguments, bar)
                runs.append({"task": task, "num_envs": num_envs, "rates": rates, "errors": errors})
    figures = {
        "date": date.today().isoformat(),
        "machine": machine(),
        "minutes": (time.monotonic() - started) / 60,
        "rounds": arguments.rounds,
        "seconds": arguments.seconds,
        "versions": versions,
        "runs": runs,
    }
    arguments.output.mkdir(parents=True, exist_ok=True)
    data = arguments.output / "peers.json"
    data.write_text(json.dumps(figures, indent=1) + "\n")
    (arguments.output / "peers.md").write_text(tables(figures))
    subprocess.run([python, HERE / "plots.py", "peers", data], check=True)
    print(tables(figures))


if __name__ == "__main__":
    main()
