"""What people are warned of, and what not."""

import numpy as np
import pytest

import websim
from websim import Experiment
from websim.authors.candidates import Snapshot
from websim.authors.warnings import FEWEST, rank_correlation, warnings
from websim.authors.watch import Journal

NAN = float("nan")


def snapshots(
    measure: list[float],
    episodic_return: list[float],
    length: list[float] | None = None,
    terms: dict[str, tuple[float, float, float]] | None = None,
    sizes: dict[str, float] | None = None,
) -> list[Snapshot]:
    return [
        Snapshot(
            global_step=i,
            measure=measure[i],
            episodic_return=episodic_return[i],
            episodic_length=1000.0 if length is None else length[i],
            terms=terms or {"a": (0.0, 1.0, 2.0), "b": (-1.0, 0.0, 1.0)},
            sizes=sizes or {"a": 1.0, "b": 0.5},
        )
        for i in range(len(measure))
    ]


GROWS = [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_healthy_run_is_left_alone() -> None:
    assert warnings(snapshots(GROWS, GROWS)) == []
    assert warnings([]) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (snapshots(GROWS, GROWS, sizes={"a": 19.0, "b": 1.0}), "a is 95% of all that is paid"),
        (
            snapshots(GROWS, GROWS, terms={"a": (0, 1, 2), "b": (0.7, 0.7, 0.7)}),
            r"b is full from the start \(0.7 in each step",
        ),
        (
            snapshots(GROWS, GROWS, terms={"a": (0, 1, 2), "b": (0.0, 0.0, 0.0)}),
            "b has paid nothing so far",
        ),
        (
            snapshots(GROWS, GROWS, terms={"a": (0, 1, 2), "b": (-0.7, -0.7, -0.7)}),
            r"b costs the same in each step \(0.7\)",
        ),
        (snapshots(GROWS[::-1], GROWS), r"rank correlation -1.00"),
        (snapshots(GROWS, GROWS, [900, 800, 500, 300, 100]), r"get shorter \(900 to 100 steps\)"),
    ],
)
def test_each_is_told_in_a_sentence(given: list[Snapshot], said: str) -> None:
    import re

    (warning,) = warnings(given)
    assert re.search(said, warning)


@pytest.mark.parametrize(
    "given",
    [
        snapshots(GROWS, GROWS, sizes={"a": 9.0, "b": 1.0}),  # 90 %, not above
        snapshots(GROWS, GROWS, sizes={"a": 1.0}),  # one alone
        snapshots(GROWS, GROWS, sizes={"a": 0.0, "b": 0.0}),
        snapshots([3.0, 2.0, 1.0], [1.0, 2.0, 3.0]),  # too few
        snapshots([NAN, 2.0, NAN, 1.0, NAN], GROWS),
        snapshots(GROWS, GROWS[::-1][::-1], [1000, 990, 980, 970, 960]),  # hardly shorter
        snapshots(GROWS[::-1], GROWS[::-1], [900, 800, 500, 300, 100]),  # the reward falls too
    ],
)
def test_what_says_nothing_is_not_warned_of(given: list[Snapshot]) -> None:
    assert warnings(given) == []


def test_the_correlation_is_spearmans() -> None:
    """Beside the formula for ranks without ties, and numpy's of ranks with them."""
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 30))
    ranks = [np.argsort(np.argsort(values)) for values in (one, other)]
    difference = ((ranks[0] - ranks[1]) ** 2).sum()
    assert rank_correlation(one, other) == pytest.approx(1 - 6 * difference / (30 * (900 - 1)))
    tied = rank_correlation([1, 1, 2, 3], [4, 4, 5, 5])
    expected = np.corrcoef([0.5, 0.5, 2, 3], [0.5, 0.5, 2.5, 2.5])[0, 1]
    assert tied == pytest.approx(expected)
    assert np.isnan(rank_correlation([1, 1, 1, 1], [1, 2, 3, 4]))


def test_a_run_is_watched_however_long_it_is() -> None:
    """Beside all that was paid, step by step."""
    reward = """
def reward(now, before, action):
    return {"upright": 0 * now.time + 1.0, "effort": -np.square(action).sum(axis=1)}
"""
    env = websim.make_vec(
        Experiment(task="InvertedPendulum-v5", reward=reward), num_envs=4, autoreset_mode="SameStep"
    )
    try:
        journal = Journal(env)
        env.reset(seed=0)
        rng = np.random.default_rng(0)
        said: list[str] = []
        for step in range(1, 501):
            env.step(rng.uniform(-3, 3, (4, 1)))
            journal.stepped(env.terminations | env.truncations)
            if step % 5 == 0:
                said = journal.note(4 * step)
                assert bool(said) == (step >= 5 * FEWEST), step
        assert [text for text in said if text.startswith("upright is full from the start (1 ")]
    finally:
        env.close()
