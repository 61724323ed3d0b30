"""Does adapting help? Robots on terrain of rising difficulty, by several methods at equal compute.

    python -m bench.adaptation run quadruped ours 1 [--budget short] [--minutes 9]
    python -m bench.adaptation work [--budget short] [--robots quadruped] [--minutes 9]
    python -m bench.adaptation report [--budget short]

What is run and how it is judged is in bench/adaptation.toml. A cell is a robot, a method, a seed
and a number of steps. `run` learns one. When its minutes are over, or at Ctrl-C, it leaves what it
has in a folder under --runs, with status 3: the same command goes on from there. When it is over it
writes a row, docs/results/adaptation/<cell>.json, with its decisions beside it. `work`
takes cell after cell that has no row yet and that nobody else works on: start as many as there are
cores. `report` makes the table and the picture of the rows that there are
(docs/results/adaptation-<budget>.md and .svg).
"""

import argparse
import fcntl
import json
import os
import signal
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from bench.curricula import AlpGmmLevels, Curriculum, EvenLevels, RandomLevels, RisingLevels
from bench.curves import machine
from bench.intervals import Interval, interval
from websim.adaptation.settings import adaptation_of
from websim.adaptation.trainer import AdaptiveTrainer
from websim.algorithms.presets import preset
from websim.experiments import decisions
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.evaluation import evaluate
from websim.training.trainer import Trainer
from websim.worlds import Terrain, World

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"
ROWS = RESULTS / "adaptation"
PROTOCOL: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
ROBOTS: dict[str, dict[str, Any]] = {robot["name"]: robot for robot in PROTOCOL["robot"]}
METHODS: dict[str, dict[str, Any]] = PROTOCOL["method"]

ADAPTS = tuple(name for name, about in METHODS.items() if "rules" in about)
"""Methods by which a run changes its course."""

TIMES = "ours"
"""Whose times random acts have."""

CURVE = 20
"""Points of a curve that is kept."""

SEEDS = 3
"""Fewer say nothing of how far others would be."""

UNFINISHED = 3


@dataclass(frozen=True)
class Cell:
    """One run.

    Attributes:
        robot: A name of ROBOTS.
        method: A name of METHODS.
        seed: Of everything random.
        steps: Environment steps that it may spend.
    """

    robot: str
    method: str
    seed: int
    steps: int

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.robot}-{self.method}-{self.seed}-{self.steps}"

    @property
    def row(self) -> Path:
        """What is kept of it."""
        return ROWS / f"{self.name}.json"

    @property
    def decisions(self) -> Path:
        """What a run has decided that adapts."""
        return ROWS / f"{self.name}.jsonl"

    def beside(self, method: str) -> "Cell":
        """The same by another method."""
        return replace(self, method=method)

    def ready(self) -> bool:
        """Whether it can begin: random acts need the times of those that are not."""
        return self.method != "random" or self.beside(TIMES).row.exists()

    def experiment(self) -> Experiment:
        """What is learnt in."""
        robot = ROBOTS[self.robot]
        ground = PROTOCOL["ground"]
        terrain = Terrain(
            **{**ground, "kinds": tuple(ground["kinds"])},
            curriculum=METHODS[self.method].get("curriculum", "none"),
            speed=robot["speed"],
        )
        return Experiment(
            task=robot["task"],
            task_options=robot.get("task_options", {}),
            measure=robot["measure"],
            world=World(terrain=terrain),
            hyperparameters={
                **preset("ppo", "fast", robot["task"]),
                "anneal_lr": False,
                "total_timesteps": self.steps,
            },
            adaptation=self._adaptation() if self.method in ADAPTS else None,
            seed=self.seed,
        )

    def _adaptation(self) -> dict[str, Any]:
        about = METHODS[self.method]
        rules = dict(about["rules"])
        if "every" in about:
            rules["schedule"] = {"every": round(about["every"] * self.steps)}
        return {
            "rules": rules,
            "acts": about["acts"],
            "trial_steps": round(about["trial"] * self.steps),
            "episodes": about["episodes"],
        }

    def curriculum(self) -> Curriculum | None:
        """Who chooses levels in place of the package; None: nobody does."""
        rng = np.random.default_rng([self.seed, 1])
        match self.method:
            case "even":
                return EvenLevels(rng, self.steps)
            case "random":
                return RandomLevels(rng, self.steps)
            case "schedule":
                return RisingLevels(rng, self.steps, METHODS["schedule"]["until"])
            case "alp_gmm":
                return AlpGmmLevels(rng, self.steps)
        return None


class Run:
    """A cell at work, in a folder from which it can go on."""

    def __init__(self, cell: Cell, folder: Path) -> None:
        """Begins, or goes on."""
        self.cell, self._folder = cell, folder
        self._curriculum = cell.curriculum()
        self._at: list[float] = []
        if cell.method == "random":
            self._at = spent_at_events(decisions.load(cell.beside(TIMES).decisions.read_bytes()))
        state = self._read("state.json")
        saved = self._read("run.websim")
        known = json.loads(state) if state and saved else {}
        self.curve: list[dict[str, float]] = known.get("curve", [])
        self.seconds: float = known.get("seconds", 0.0)
        self._acted: int = known.get("acted", 0)
        self.acts: list[str] = known.get("acts", [])
        experiment = cell.experiment()
        self.trainer: Trainer | AdaptiveTrainer
        if cell.method in ADAPTS:
            self.trainer = AdaptiveTrainer(experiment, None, saved if known else None)
        elif known:
            checkpoint = checkpoints.loads(saved)
            self.trainer = Trainer(checkpoint.experiment, None, checkpoint)
        else:
            self.trainer = Trainer(experiment)
        if self._curriculum is not None:
            if known:
                self._curriculum.load(known["curriculum"])
            else:
                self._curriculum.begin(self.trainer.algorithm.env)
            self._teach()

    @property
    def spent(self) -> int:
        """Environment steps so far, all that it cost."""
        trainer = self.trainer
        own = trainer.algorithm.global_step
        return trainer.spent if isinstance(trainer, AdaptiveTrainer) else own

    @property
    def over(self) -> bool:
        """Whether all is spent."""
        return self.spent >= self.cell.steps

    def advance(self) -> None:
        """One iteration."""
        began = time.monotonic()
        if self._acted < len(self._at) and self.spent >= self._at[self._acted]:
            self._act()
        iteration = self.trainer.advance()
        self.seconds += time.monotonic() - began
        point = {name: iteration.metrics[f"charts/{name}"] for name in ("measure", "terrain_level")}
        due = len(self.curve) * self.cell.steps / CURVE
        if self.spent >= due and np.isfinite(list(point.values())).all():
            self.curve.append({"steps": self.spent, **point})

    def save(self) -> None:
        """Leaves what is needed to go on."""
        self._folder.mkdir(parents=True, exist_ok=True)
        run = self.trainer.checkpoint()
        assert run is not None
        state = {
            "curve": self.curve,
            "seconds": self.seconds,
            "acted": self._acted,
            "acts": self.acts,
            "curriculum": None if self._curriculum is None else self._curriculum.state(),
        }
        for name, data in (("run.websim", run), ("state.json", json.dumps(state).encode())):
            new = self._folder / f"{name}.new"
            new.write_bytes(data)
            new.replace(self._folder / name)

    def finish(self) -> None:
        """Judges what was learnt, and writes the row."""
        trainer = self.trainer
        scores = tested(self.cell, trainer.algorithm.policy_state())
        row = {
            **{name: getattr(self.cell, name) for name in ("robot", "method", "seed", "steps")},
            "spent": self.spent,
            "seconds": round(self.seconds, 1),
            "scores": {str(d): [round(one, 4) for one in of] for d, of in scores.items()},
            "score": round(float(np.mean(list(scores.values()))), 4),
            "curve": self.curve,
            "acts": self.acts,
            "hyperparameters": trainer.algorithm.experiment.hyperparameters,
            "machine": machine(),
        }
        ROWS.mkdir(parents=True, exist_ok=True)
        if isinstance(trainer, AdaptiveTrainer):
            self.cell.decisions.write_bytes(decisions.dump(trainer.decisions))
        self.cell.row.write_text(json.dumps(row) + "\n")

    def close(self) -> None:
        """Frees the environments."""
        self.trainer.close()

    def _read(self, name: str) -> bytes:
        path = self._folder / name
        return path.read_bytes() if path.exists() else b""

    def _teach(self) -> None:
        assert self._curriculum is not None
        self._curriculum.teach(self.trainer.algorithm.env, lambda: self.spent)

    def _act(self) -> None:
        """One of the acts that are tried at that time, by chance."""
        assert isinstance(self.trainer, Trainer)
        rng = np.random.default_rng([self.cell.seed, 2, self._acted])
        self._acted += 1
        known = adaptation_of(self.cell.beside(TIMES).experiment().adaptation)
        acts = [act for of_rule in known.acts.values() for act in of_rule]
        act = acts[rng.integers(len(acts))]
        changed = act.change(self.trainer.algorithm.experiment, rng)
        self.acts.append(f"{self.spent}: {act}{'' if changed else ', nothing to change'}")
        if changed is None:
            return
        run = self.trainer.checkpoint()
        assert run is not None
        self.trainer.close()
        self.trainer = Trainer(changed, None, checkpoints.loads(run))
        self._teach()


def spent_at_events(made: list[decisions.Decision]) -> list[float]:
    """What had been spent when decisions began: their own steps, and what those before had cost."""
    times, cost = [], 0.0
    for one in made:
        times.append(one.when["steps"] + cost)
        cost += sum(one.cost.values())
    return times


def tested(cell: Cell, policy: dict[str, Any]) -> dict[float, list[float]]:
    """Measures of episodes by the difficulty of the ground that judges."""
    test, ground = PROTOCOL["test"], PROTOCOL["ground"]
    scores: dict[float, list[float]] = {}
    for k, difficulty in enumerate(test["difficulties"]):
        terrain = Terrain(
            seed=test["seed"] + k,
            kinds=tuple(ground["kinds"]),
            levels=2,
            difficulty=(difficulty, difficulty),
            platform=ground["platform"],
            curriculum="robots",
        )
        experiment = replace(cell.experiment(), world=World(terrain=terrain), adaptation=None)
        run = Checkpoint(experiment, policy, [])
        first = test["first_seed"] + k * test["episodes"]
        scores[difficulty] = evaluate(run, test["episodes"], first).measures.tolist()
    return scores


def cells(budget: str, robots: list[str]) -> Iterator[Cell]:
    """All of a budget, seed by seed; those that others need come first."""
    of = PROTOCOL["budget"][budget]
    for robot in robots:
        for seed in of["seeds"]:
            for method in (TIMES, *(name for name in METHODS if name != TIMES)):
                yield Cell(robot, method, seed, of["steps"][robot])


def run(cell: Cell, runs: Path, until: float, stop: list[int]) -> bool:
    """Works on a cell until it is over, time is, or it is told to stop; says whether it is over."""
    one = Run(cell, runs / cell.name)
    try:
        while not one.over:
            one.advance()
            if stop or time.monotonic() > until:
                one.save()
                print(f"{cell.name}: {one.spent} of {cell.steps}", flush=True)
                return False
        one.finish()
        print(f"{cell.name}: {json.loads(cell.row.read_text())['score']}", flush=True)
        return True
    finally:
        one.close()


def work(todo: Iterator[Cell], runs: Path, until: float, stop: list[int]) -> bool:
    """Cell after cell; says whether all are over."""
    runs.mkdir(parents=True, exist_ok=True)
    whole = True
    for cell in todo:
        if cell.row.exists():
            continue
        if not cell.ready() or stop or time.monotonic() > until:
            whole = False
            continue
        with (runs / f"{cell.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # somebody else's
                whole = False
                continue
            if not cell.row.exists():
                whole &= run(cell, runs, until, stop)
    return whole


def rows(budget: str) -> list[dict[str, Any]]:
    """Those of a budget that there are."""
    known = [cell.row for cell in cells(budget, list(ROBOTS))]
    return [json.loads(path.read_text()) for path in known if path.exists()]


def scores_of(found: list[dict[str, Any]], method: str) -> dict[str, list[float]]:
    """By robot, of a seed each; of robots that have any."""
    of = {
        robot: [one["score"] for one in found if (one["robot"], one["method"]) == (robot, method)]
        for robot in ROBOTS
    }
    return {robot: scores for robot, scores in of.items() if scores}


def summary(found: list[dict[str, Any]]) -> dict[tuple[str, str], Interval]:
    """By robot and method, where there are seeds enough.

    Of all robots under "all", for methods that have all of them.
    """
    result: dict[tuple[str, str], Interval] = {}
    for method in METHODS:
        known = {robot: of for robot, of in scores_of(found, method).items() if len(of) >= SEEDS}
        for robot, scores in known.items():
            result[robot, method] = interval([scores])
        if len(known) == len(ROBOTS):
            result["all", method] = interval([*known.values()])
    return result


def table(budget: str, found: list[dict[str, Any]]) -> str:
    """In Markdown, with what there is of each robot."""
    known = summary(found)
    robots = [robot for robot in ROBOTS if any(one["robot"] == robot for one in found)]
    robots += ["all"] if any(robot == "all" for robot, _ in known) else []
    lines = [
        f"Made by `python -m bench.adaptation report --budget {budget}`. Mean measure on levels",
        "that nobody trained on: interquartile mean over seeds with its 95 % by stratified",
        f"bootstrap, where there are {SEEDS} seeds or more; of fewer each seed's.",
        "",
        f"| method | {' | '.join(robots)} |",
        f"|---|{'---|' * len(robots)}",
    ]
    for method, about in METHODS.items():
        single = scores_of(found, method)
        entries = []
        for robot in robots:
            if of := known.get((robot, method)):
                entries.append(f"{of.mean:.3f} ({of.low:.3f} to {of.high:.3f})")
            else:
                entries.append(
                    ", ".join(f"{one:.3f}" for one in single.get(robot, ())) or "not run"
                )
        lines.append(f"| {method}: {about['says']} | {' | '.join(entries)} |")
    for robot in robots:
        ours = known.get((robot, "ours"))
        others = {m: known[robot, m] for m in METHODS if m != "ours" and (robot, m) in known}
        if ours is None or not others:
            lines += ["", f"{robot}: too few seeds to compare."]
            continue
        above = [m for m, of in others.items() if ours.above(of)]
        below = [m for m, of in others.items() if of.above(ours)]
        lines += [
            "",
            f"{robot}: intervals apart, ours above {', '.join(above) or 'none'}; "
            f"below {', '.join(below) or 'none'}; of {len(others)}.",
        ]
    return "\n".join(lines) + "\n"


def draw(found: list[dict[str, Any]], path: Path) -> None:
    """Scores by the difficulty of the ground: a panel a robot, a line a method."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "websim"  # the same rows give the same file
    from matplotlib import pyplot

    robots = [robot for robot in ROBOTS if any(one["robot"] == robot for one in found)]
    figure, panels = pyplot.subplots(
        1, len(robots), figsize=(1 + 4.5 * len(robots), 4), squeeze=False, layout="constrained"
    )
    for panel, robot in zip(panels[0], robots, strict=True):
        for k, method in enumerate(METHODS):
            of = [one for one in found if (one["robot"], one["method"]) == (robot, method)]
            if not of:
                continue
            means = np.array([[np.mean(v) for v in one["scores"].values()] for one in of])
            x = [float(difficulty) for difficulty in of[0]["scores"]]
            width = 2.5 if method == "ours" else 1.2
            panel.plot(
                x, means.mean(axis=0), color=f"C{k}", lw=width, label=f"{method} ({len(of)})"
            )
            panel.fill_between(x, means.min(axis=0), means.max(axis=0), color=f"C{k}", alpha=0.1)
        panel.set_title(robot)
        panel.set_xlabel("difficulty, on ground of no run's")
        panel.set_ylabel("measure")
        panel.set_ylim(0, 1)
        panel.grid(alpha=0.3)
        panel.legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Runs a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("command", choices=("run", "work", "report"))
    parser.add_argument("cell", nargs="*", help="of run: robot, method, seed")
    parser.add_argument("--budget", choices=PROTOCOL["budget"], default="short")
    parser.add_argument("--robots", nargs="+", choices=ROBOTS, default=list(ROBOTS))
    parser.add_argument("--minutes", type=float, default=1e9, help="then leave what there is")
    parser.add_argument("--runs", type=Path, default=Path("runs") / "adaptation")
    arguments = parser.parse_args()
    if arguments.command == "report":
        found = rows(arguments.budget)
        stem = RESULTS / f"adaptation-{arguments.budget}"
        stem.with_suffix(".md").write_text(table(arguments.budget, found))
        draw(found, stem.with_suffix(".svg"))
        return
    stop: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: stop.append(received))
    until = time.monotonic() + 60 * arguments.minutes
    todo = cells(arguments.budget, arguments.robots)
    if arguments.command == "run":
        robot, method, seed = arguments.cell
        wanted = (robot, method, int(seed))
        todo = (one for one in todo if (one.robot, one.method, one.seed) == wanted)
    sys.exit(0 if work(todo, arguments.runs, until, stop) else UNFINISHED)


if __name__ == "__main__":
    main()
