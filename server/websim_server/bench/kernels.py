"""`websim bench --kernels`: the learning kernels in a browser's worker, beside numpy.

Round by round, so that a machine whose speed drifts slows all of them alike, PPO's update and three
of its parts are timed with the plain kernels, the relaxed ones, and numpy in Pyodide, all in one
worker, and with numpy outside. Of each round the fastest call counts. One core does all of it, but
for numpy outside, whose matrix products take what there is.
"""

import json
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websim_server.build import kernels

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROUNDS = 8
SECONDS = 0.5  # for each thing in each round

_START = """async () => {
  const { WebSim } = await import('/sim/websim.js');
  window.websim = await WebSim.create({ task: 'InvertedPendulum-v5', numEnvs: 1, numWorkers: 1 });
}"""

_LOAD = """
import json
from pathlib import Path
from pyodide.http import pyfetch
from websim.kernels import NumpyKernels
from websim.training.bench import measure
from websim.kernels.wasm import WasmKernels

implementations = {}
for variant, url in urls.items():
    file = Path(f"/tmp/{variant}.so")
    file.write_bytes(await (await pyfetch(url)).bytes())
    implementations[variant] = WasmKernels(file)
implementations["numpy"] = NumpyKernels()
None
"""

NAMES = {
    "plain": "plain SIMD",
    "relaxed": "relaxed SIMD",
    "numpy": "numpy in Pyodide",
    "native": "numpy outside",
}


def measure(page: "Page", address: str, bar: Any) -> list[dict[str, dict[str, float]]]:
    """One entry a round: by implementation, what `websim.training.bench.measure` gives."""
    from websim.kernels import NumpyKernels
    from websim.training import bench as here

    bar.set_description("starting a worker")
    page.goto(f"{address}/healthz")
    page.evaluate(_START)
    urls = {variant: address + entry["url"] for variant, entry in kernels.manifest().items()}
    _python(page, f"urls = {urls!r}\n{_LOAD}")
    rounds = []
    for _ in range(ROUNDS):
        figures = {}
        for name, label in NAMES.items():
            bar.set_description(label)
            if name == "native":
                figures[name] = here.measure(NumpyKernels(), SECONDS)
            else:
                code = f"json.dumps(measure(implementations[{name!r}], {SECONDS}))"
                figures[name] = json.loads(_python(page, code))
            bar.update(1)
        rounds.append(figures)
    bar.set_description("done")
    page.evaluate("websim.close()")
    return rounds


def _python(page: "Page", code: str) -> Any:
    return page.evaluate("(code) => websim.runPython(code)", code)


def table(rounds: list[dict[str, dict[str, float]]], machine: str) -> str:
    """The medians, with the least and greatest of the update's."""
    from websim.training.bench import BATCH, gflops

    lines = [
        f"PPO update: minibatch {BATCH}, 105 -> 64 -> 64 -> 8 and its value network; {machine}",
        f"{'':18}{'update':>9}{'GFLOP/s':>9}  {'least to greatest':18}"
        f"{'matmul':>8}{'tanh':>7}{'act':>9}",
        f"{'':18}{'ms':>9}{'':29}{'GFLOP/s':>8}{'ns':>7}{'ms':>9}",
    ]
    for name, label in NAMES.items():
        own = [r[name] for r in rounds]
        rates = [gflops(m) for m in own]
        update = [rate["update"] for rate in rates]
        median = {key: statistics.median(m[key] for m in own) for key in own[0]}
        matmul = statistics.median(rate["matmul"] for rate in rates)
        lines.append(
            f"{label:18}{median['update'] / 1e6:9.1f}{statistics.median(update):9.1f}  "
            f"{f'{min(update):.1f} to {max(update):.1f}':18}{matmul:8.1f}"
            f"{median['tanh']:7.2f}{median['act'] / 1e6:9.2f}"
        )
    return "\n".join(lines)


def write_json(path: Path, rounds: list[dict[str, dict[str, float]]], machine: str) -> None:
    """Writes what was measured, round by round, in ns."""
    path.write_text(json.dumps({"machine": machine, "rounds": rounds}, indent=2) + "\n")
