"""Rules see what they are made for in runs by chance, and nothing else."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from websim.adaptation.history import Episode, History, Point
from websim.adaptation.rules import RULES, Collapse, Mastery, Plateau, Schedule

STEPS = 4096

Shape = Callable[[int], float]


def made(
    measure: Shape,
    iterations: int = 100,
    spread: float = 1.0,
    seed: int = 0,
    history: History | None = None,
    **losses: float,
) -> History:
    """A run whose measure has this course, and this noise."""
    rng = np.random.default_rng(seed)
    history = history or History()
    begun = history.points[-1].iteration if history.points else 0
    for i in range(1, iterations + 1):
        values = measure(i) + spread * rng.normal(size=4)
        metrics = {"charts/measure": float(values.mean()), "charts/episodic_return": 0.0}
        metrics |= {f"losses/{name}": value for name, value in losses.items()}
        step = (begun + i) * STEPS
        history.add(
            Point(begun + i, step, metrics), [Episode(step, 0.0, 100, float(v)) for v in values]
        )
    return history


def seen(history: History) -> set[str]:
    rules = Plateau(), Mastery(goal=50.0), Collapse()
    events = [rule.look(history, np.random.default_rng(0)) for rule in rules]
    return {event.kind for event in events if event is not None}


@pytest.mark.parametrize("seed", range(5))
def test_growth_is_nothing_to_act_on(seed: int) -> None:
    assert seen(made(lambda i: 0.2 * i, seed=seed, approx_kl=0.001)) == set()


@pytest.mark.parametrize("seed", range(5))
def test_plateau_is_seen_where_growth_ends(seed: int) -> None:
    assert seen(made(lambda i: min(0.4 * i, 20.0), seed=seed, approx_kl=0.001)) == {"plateau"}


def test_who_still_moves_far_is_not_on_a_plateau() -> None:
    flat = made(lambda i: min(0.4 * i, 20.0), approx_kl=0.02, entropy=1.0)
    assert seen(flat) == set()
    assert seen(made(lambda i: min(0.4 * i, 20.0), approx_kl=0.02, entropy=-1.0)) == {"plateau"}


def test_entropy_is_that_of_each_number_of_an_action() -> None:
    """PPO tells that of a whole action: 8 numbers with this deviation, or one."""
    narrow = float(np.log(0.3 * np.sqrt(2 * np.pi * np.e)))  # 0.215 nats
    for size in (1, 8):
        flat = made(
            lambda i: min(0.4 * i, 20.0),
            history=History(size),
            approx_kl=0.02,
            entropy=size * narrow,
        )
        event = Plateau(entropy=0.25).look(flat, np.random.default_rng(0))
        assert event is not None
        assert event.evidence["entropy_of_each"] == pytest.approx(narrow)
        assert Plateau(entropy=0.2).look(flat, np.random.default_rng(0)) is None


def test_without_losses_growth_alone_counts() -> None:
    assert seen(made(lambda i: min(0.4 * i, 20.0))) == {"plateau"}


@pytest.mark.parametrize("seed", range(5))
def test_collapse_is_told_from_a_dip(seed: int) -> None:
    fallen = made(lambda i: 30.0 if 30 < i < 85 else 0.0, seed=seed, approx_kl=0.02, entropy=1)
    assert seen(fallen) == {"collapse"}
    dip = made(lambda i: 10.0 if i == 90 else min(i, 30.0), seed=seed, approx_kl=0.02, entropy=1)
    assert seen(dip) == set()


def test_mastery_needs_so_many_episodes_and_so_few_failures() -> None:
    def run(failures: int) -> History:
        history = History()
        episodes = [Episode(STEPS, 0.0, 9, float(i >= failures)) for i in range(50)]
        history.add(Point(1, STEPS, {}), episodes)
        return history

    rule = Mastery(goal=1.0)
    rng = np.random.default_rng(0)
    found = {failures: rule.look(run(failures), rng) for failures in (0, 4, 6, 50)}
    assert {failures for failures, event in found.items() if event} == {0, 4}
    assert found[4] is not None
    assert found[4].evidence["successes"] == 46
    assert 0.8 <= found[4].evidence["lower_bound"] < 0.92
    # With levels it is told how each of them went.
    level = History(levels=("terrain", "pushes"))
    episodes = [Episode(STEPS, 0.0, 9, float(i % 5 > 0), (i % 2, 7)) for i in range(50)]
    level.add(Point(1, STEPS, {}), episodes)
    event = Mastery(goal=1.0, success=0.6).look(level, rng)
    assert event is not None
    assert event.evidence["levels"] == {
        "terrain": {0: (25, 0.8), 1: (25, 0.8)},
        "pushes": {7: (50, 0.8)},
    }
    again = History(levels=("terrain", "pushes"))
    again.load(json.loads(json.dumps(level.state())))
    assert again.by_level() == level.by_level()
    few = History()
    few.add(Point(1, STEPS, {}), [Episode(STEPS, 0.0, 9, 1.0)] * 49)
    assert rule.look(few, rng) is None


def test_who_is_not_measured_masters_nothing() -> None:
    history = History()
    history.add(Point(1, STEPS, {}), [Episode(STEPS, 0.0, 9, np.nan)] * 50)
    assert Mastery(goal=0.0).look(history, np.random.default_rng(0)) is None


def test_a_change_begins_anew() -> None:
    history = made(lambda i: 60.0, approx_kl=0.001)
    assert seen(history) == {"plateau", "mastery"}
    history.forget()
    assert seen(history) == set()
    assert Schedule(every=STEPS).look(history, np.random.default_rng(0)) is None
    made(lambda i: 60.0, 5, history=history)
    event = Schedule(every=5 * STEPS).look(history, np.random.default_rng(0))
    assert event is not None
    assert (event.iteration, event.evidence) == (105, {"steps": 5 * STEPS})


def test_a_history_goes_on_from_plain_data() -> None:
    history = made(lambda i: min(0.4 * i, 20.0), approx_kl=0.001)
    again = History()
    again.load(json.loads(json.dumps(history.state())))
    assert again.state() == history.state()
    rng = np.random.default_rng(0), np.random.default_rng(0)
    for rule in (Plateau(), Collapse()):
        assert rule.look(again, rng[0]) == rule.look(history, rng[1])


def test_each_rule_has_a_name() -> None:
    for name, kind in RULES.items():
        assert kind.__name__.lower() == name
