"""How long MuJoCo WASM and native MuJoCo stay together: `python -m bench.divergence`.

One environment of each task runs under the same seed and random actions in a headless Chromium and
natively, for 1,000 steps without termination where the task allows that. Printed is the first step
at which an observation differs by more than a threshold (relative, absolute below 1). Rounding
differs in the last bit; contacts are chaotic and blow that up, smooth motion is not and does not.
"""

import json

import numpy as np
from playwright.sync_api import sync_playwright

import websim
from tests.browser import both_homes
from tests.browser.conftest import open_blank
from websim_server import chromium
from websim_server.browser import server as serve

STEPS = 1000
THRESHOLDS = (1e-12, 1e-9, 1e-6, 1e-3)
ENDLESS = {
    task: {"terminate_when_unhealthy": False}
    for task in ("Ant-v5", "Hopper-v5", "Humanoid-v5", "Walker2d-v5")
}


def main() -> None:
    """Prints a table, in Markdown."""
    print("| task | " + " | ".join(f"> {t:.0e}" for t in THRESHOLDS) + " | greatest |")
    print("|---|" + "---|" * (len(THRESHOLDS) + 1))
    with (
        serve() as server,
        sync_playwright() as playwright,
        chromium.launch(playwright) as browser,
    ):
        sim = open_blank(browser.new_page(), server)
        sim.create(task="InvertedPendulum-v5", numEnvs=1, numWorkers=1)
        for task in websim.task_ids():
            arguments = task, STEPS, 0, ENDLESS.get(task, {})
            native = np.array(both_homes.trajectory(*arguments)["observations"])
            wasm = np.array(
                sim.call("trajectory", *json.loads(json.dumps(arguments)))["observations"]
            )
            difference = (np.abs(wasm - native) / np.maximum(1, np.abs(native))).max(axis=1)
            first = [
                str(np.argmax(difference > t)) if (difference > t).any() else "-"
                for t in THRESHOLDS
            ]
            print(f"| {task} | {' | '.join(first)} | {difference.max():.0e} |")
        sim.close()


if __name__ == "__main__":
    main()
