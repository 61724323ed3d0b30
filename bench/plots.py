"""Draws the figures of bench/ as SVG, beside their JSON files.

    python bench/plots.py peers|scaling|soak FILE.json

Needs matplotlib, which the environment of `bench.peers` has (bench/requirements-peers.txt).
"""

import json
import statistics
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams.update({"svg.hashsalt": "websim", "axes.grid": True, "grid.alpha": 0.3})

import matplotlib.pyplot as plt  # noqa: E402  # after the choice of how to draw


def peers(figures: dict[str, Any]) -> Any:
    """Bars of environment steps a second: a panel a robot, a group a number of environments."""
    tasks = list(dict.fromkeys(run["task"] for run in figures["runs"]))
    names = list(dict.fromkeys(name for run in figures["runs"] for name in run["rates"]))
    figure, panels = plt.subplots(
        len(tasks), 1, figsize=(9, 2.6 * len(tasks)), squeeze=False, layout="constrained"
    )
    width = 0.85 / len(names)
    for panel, task in zip(panels[:, 0], tasks, strict=True):
        runs = [run for run in figures["runs"] if run["task"] == task]
        for k, name in enumerate(names):
            places, heights, errors = [], [], []
            for i, run in enumerate(runs):
                if values := run["rates"].get(name):
                    middle = statistics.median(values)
                    places.append(i + (k - (len(names) - 1) / 2) * width)
                    heights.append(middle)
                    errors.append((middle - min(values), max(values) - middle))
            spread = list(zip(*errors, strict=True)) if errors else None
            panel.bar(places, heights, width, yerr=spread, label=name, error_kw={"lw": 0.8})
        panel.set_xticks(range(len(runs)), [f"{run['num_envs']} environments" for run in runs])
        panel.set_title(task)
        panel.set_ylabel("environment steps/s")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def scaling(figures: dict[str, Any]) -> Any:
    """Environment steps a second, and the renderer's memory, along each curve."""
    labels = {
        "environments": "Ants, in two workers",
        "workers": "workers, 1,024 Ants",
        "types": "robot types among 1,000 robots, in two workers",
    }
    figure, panels = plt.subplots(1, len(labels), figsize=(12, 3.6), layout="constrained")
    for panel, (name, label) in zip(panels, labels.items(), strict=True):
        points = figures["curves"][name]
        numbers = [point["n"] for point in points]
        middles = [statistics.median(point["rates"]) for point in points]
        spread = [
            [middle - min(p["rates"]) for middle, p in zip(middles, points, strict=True)],
            [max(p["rates"]) - middle for middle, p in zip(middles, points, strict=True)],
        ]
        panel.errorbar(numbers, middles, spread, marker="o", color="C0", capsize=3)
        panel.set_ylim(bottom=0)
        panel.set_xlabel(label)
        panel.set_ylabel("environment steps/s", color="C0")
        if name == "environments":
            panel.set_xscale("log", base=2)
        panel.set_xticks(numbers, [f"{number:,}" for number in numbers])
        memory = panel.twinx()
        memory.plot(numbers, [p["megabytes"] for p in points], marker="s", color="C1")
        memory.set_ylim(bottom=0)
        memory.set_ylabel("renderer, MB", color="C1")
        memory.grid(visible=False)
    return figure


def soak(figures: dict[str, Any]) -> Any:
    """Memory and steps a second over time."""
    minutes = [sample["seconds"] / 60 for sample in figures["samples"]]
    figure, panels = plt.subplots(2, 1, figsize=(9, 5), sharex=True, layout="constrained")
    for panel, name, label in (
        (panels[0], "megabytes", "renderer, MB"),
        (panels[1], "steps_per_second", "environment steps/s"),
    ):
        panel.plot(minutes, [sample[name] for sample in figures["samples"]])
        panel.set_ylim(bottom=0)
        panel.set_ylabel(label)
    panels[1].set_xlabel("minutes")
    return figure


DRAWINGS = {"peers": peers, "scaling": scaling, "soak": soak}


def main() -> None:
    """Draws one figure."""
    kind, file = sys.argv[1], Path(sys.argv[2])
    figure = DRAWINGS[kind](json.loads(file.read_text()))
    figure.savefig(file.with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
