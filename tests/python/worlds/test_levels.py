"""Levels: one rule moves environments, whatever it is that gets harder by them."""

from typing import Any, cast

import numpy as np
import pytest

from websim.errors import DamagedCheckpoint
from websim.experiments.experiment import Experiment
from websim.snapshots import first_rows, restore, snapshot
from websim.worlds import EventTerm, LevelTerm, World
from websim.worlds.draws import keys_of
from websim.worlds.ladder import EVEN, FAST, SLOW, Ladder
from websim.worlds.levels import Levels

N = 200
EVERYONE = np.arange(N)


def ladder(curriculum: str, levels: int = 5, num_envs: int = N) -> Ladder:
    made = Ladder(Levels(levels=levels, curriculum=cast(Any, curriculum)), num_envs, 3)
    made.seed(np.arange(num_envs), keys_of(range(num_envs)))
    return made


def ended(made: Ladder, achieved: Any, who: Any = True) -> None:
    """Episodes end, of which 0.8 is enough to go up and 0.4 to stay."""
    over = np.full(len(achieved), who)
    made.judge(over, achieved, achieved >= 0.8, achieved < 0.4)


def test_robots_go_up_and_down_as_legged_gym_has_it() -> None:
    """`terrain_levels += 1 * up - 1 * down`, at least 0; past the last a random one."""
    made, rng, redrawn = ladder("robots"), np.random.default_rng(0), []
    assert not made.levels.any()
    for _ in range(60):
        before = made.levels.copy()
        achieved, over = rng.uniform(0.1, 1.4, N), rng.random(N) < 0.7
        ended(made, achieved, over)
        up, down = achieved >= 0.8, achieved < 0.4
        wanted = np.where(over, np.maximum(before + 1 * up - 1 * down, 0), before)
        past = wanted == 5
        np.testing.assert_array_equal(made.levels[~past], wanted[~past])
        redrawn += made.levels[past].tolist()
    shares = np.bincount(redrawn, minlength=5) / len(redrawn)
    np.testing.assert_allclose(shares, 0.2, atol=4 * np.sqrt(0.16 / len(redrawn)))
    np.testing.assert_array_equal(made.difficulties, made.levels / 4)


def test_who_is_not_judged_stays() -> None:
    for curriculum in ("none", "robots", "progress"):
        made = ladder(curriculum)
        before = made.levels.copy()
        assert len(set(before.tolist())) == (1 if curriculum == "robots" else 5)
        ended(made, np.full(N, np.nan))
        ended(made, np.ones(N), False)
        if curriculum == "none":
            ended(made, np.ones(N))
        np.testing.assert_array_equal(made.levels, before)


def test_progress_is_the_gap_of_two_means_of_what_is_achieved() -> None:
    """Beside loops in float64; and what is drawn has the odds that follow."""
    made, rng = ladder("progress"), np.random.default_rng(1)
    window = np.array([FAST, SLOW]) * N / 5
    left = 1 - 1 / (1 + window)
    sums, weights = np.zeros((2, 2, 5))
    for step in range(12):
        before = made.levels.copy()
        achieved = before * 0.05 * step + 0.1 * rng.random(N)
        over = rng.random(N) < 0.5
        ended(made, achieved, over)
        for level in range(5):
            there = achieved[over & (before == level)]
            for k in range(2):
                kept = left[k] ** len(there)
                sums[k, level] *= kept
                sums[k, level] += (1 - kept) * (there.mean() if len(there) else 0.0)
                weights[k, level] = weights[k, level] * kept + 1 - kept
        fast, slow = sums / weights
        gap = np.abs(fast - slow)
        gap[gap < 1e-9] = 0.0  # after one batch both means are the same, but for rounding
        odds = EVEN / 5 + (1 - EVEN) * (gap / gap.sum() if gap.any() else np.full(5, 0.2))
        np.testing.assert_allclose(made.odds, odds, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(made.levels[~over], before[~over])
    assert made.odds.argmax() == 4
    many = ladder("progress", num_envs=20_000)
    ended(many, 0.1 * many.levels)
    ended(many, 0.3 * many.levels)
    drawn = np.bincount(many.levels, minlength=5) / 20_000
    assert np.ptp(many.odds) > 0.2
    np.testing.assert_allclose(drawn, many.odds, atol=4 * np.sqrt(0.25 / 20_000))


def test_progress_goes_where_something_is_learnt_and_elsewhere_when_it_is() -> None:
    """Each level is learnt by practice once the one before it is."""
    made, skill = ladder("progress", 4), np.zeros(4)
    shown = []
    for _ in range(300):
        for level, count in enumerate(np.bincount(made.levels, minlength=4)):
            if level == 0 or skill[level - 1] > 0.8:
                skill[level] = min(1.0, skill[level] + 0.002 * count / 10)
        ended(made, skill[made.levels])
        shown.append((np.bincount(made.levels, minlength=4) / N, skill.copy()))
    assert (skill > 0.8).all()
    for level in range(4):
        learning = [share[level] for share, now in shown if 0.2 < now[level] < 0.8]
        assert np.mean(learning) > 0.5, "twice chance"


@pytest.mark.parametrize("curriculum", ["none", "robots"])
def test_a_level_is_that_of_the_environment_alone(curriculum: str) -> None:
    whole, part = ladder(curriculum), ladder(curriculum, num_envs=3)
    mine = np.array([5, 17, 100])
    part.seed(np.arange(3), keys_of(mine.tolist()))
    achieved = np.random.default_rng(2).uniform(0.3, 1.4, (40, N))
    for row in achieved:
        ended(whole, row)
        ended(part, row[mine])
        np.testing.assert_array_equal(whole.levels[mine], part.levels)


SCALED = EventTerm(
    mode="startup", target="friction", operation="scale", range=(0.5, 2.0), shared_random=True
)
PUSH = EventTerm(
    mode="interval", target="push", operation="add", range=(1, 2), interval_range_s=(0.01, 0.01)
)
TOLD = EventTerm(
    mode="reset", target="command", operation="add", range=(0.0, 1.0), names=("forward",)
)


def world(*events: EventTerm, level: str | None = None, **term: Any) -> World:
    """With levels for each of the events, or without."""
    names = [level and f"{level}{i}" for i in range(len(events))]
    terms = [LevelTerm(name=name, **term) for name in names if name]
    levelled = tuple(
        EventTerm(**{**vars(event), "level": name})
        for event, name in zip(events, names, strict=True)
    )
    return World(events=levelled, levels=tuple(terms))


def made(of: World, task: str = "QuadrupedWalk-v0", n: int = 40, **options: Any) -> Any:
    env = Experiment(task=task, world=of).make_vec(n, autoreset_mode="SameStep", **options)
    env.reset(seed=5)
    return env


def still(env: Any) -> Any:
    return np.zeros(env.action_space.shape, np.float32)


def test_what_is_drawn_is_as_wide_as_the_level() -> None:
    """Friction, pushes and the speed asked, beside the same draws of the whole range."""
    events = (SCALED, PUSH, TOLD)
    whole = made(world(*events))
    env = made(world(*events, level="of", levels=3, curriculum="none", difficulty=(0.0, 1.0)))
    friction, push, told = (env.ladders[f"of{i}"].levels / 2 for i in range(3))
    assert all(len(set(one.tolist())) == 3 for one in (friction, push, told))
    assert not (friction == push).all()
    # A factor is nothing at 1, so its logarithm is what the level shares out of the range's ends.
    part = (whole.world.values[:, 0] - 0.5) / 1.5
    low, high = 0.5**friction, 2.0**friction
    np.testing.assert_allclose(env.world.values[:, 0], low + (high - low) * part)
    np.testing.assert_allclose(
        env.physics.varied["geom_friction"][:, :, 0],
        env.world.values[:, :1] * env.physics.model_array("geom_friction")[:, 0],
    )
    shown = {name: env.world.values[:, i] for i, name in enumerate(env.world.names)}
    for i in range(3):
        np.testing.assert_array_equal(shown[f"of{i} level"], env.ladders[f"of{i}"].levels)
    goals = env.data.userdata[:, :3] - whole.data.userdata[:, :3]
    np.testing.assert_array_equal(goals[:, 1:], 0)
    base = made(World())
    asked = whole.data.userdata[:, 0] - base.data.userdata[:, 0]
    assert ((asked > 0) & (asked < 1)).all()
    np.testing.assert_allclose(env.data.userdata[:, 0] - base.data.userdata[:, 0], told * asked)
    np.testing.assert_allclose(env.observations[:, 34] - base.observations[:, 34], told * asked)
    # A push is a force over the step.
    for one in (whole, env):
        one.world.before_step()
    forces = [
        np.linalg.norm(one.physics.data.xfrc_applied[:, 1, :2], axis=1) for one in (whole, env)
    ]
    np.testing.assert_allclose(forces[1], push * forces[0])
    for one in (whole, env, base):
        one.close()


def test_levels_follow_what_robots_achieve_and_models_follow_levels() -> None:
    """Who lasts goes up, and what was drawn for it once is wider; a measure has the last word."""
    env = made(world(SCALED, level="width", levels=4), n=6, max_episode_steps=10)
    drawn = []
    for episode in range(3):
        np.testing.assert_array_equal(env.ladders["width0"].levels, episode)
        drawn.append(env.world.values[:, 0].copy())
        for _ in range(10):
            *_, infos = env.step(still(env))
        np.testing.assert_array_equal(infos["width0_level"], episode + 1)
        np.testing.assert_array_equal(env.final_levels[:, 0], episode)
    np.testing.assert_array_equal(drawn[0], 1.0)
    parts = [
        (one - 0.5**d) / (2.0**d - 0.5**d) for one, d in zip(drawn[1:], (1 / 3, 2 / 3), strict=True)
    ]
    np.testing.assert_allclose(parts[0], parts[1])
    assert len(np.unique(parts[0])) == 6
    env.close()
    measure = "reduce = 'last'\n\n\ndef measure(now, before):\n    return 0.3 + 0 * now.time\n"
    given = world(SCALED, level="width", levels=4)
    experiment = Experiment(task="QuadrupedWalk-v0", world=given, measure=measure)
    env = experiment.make_vec(6, autoreset_mode="SameStep", max_episode_steps=10)
    env.reset(seed=5)
    env.ladders["width0"].levels[:] = [0, 1, 2, 3, 3, 0]
    for _ in range(10):
        env.step(still(env))
    np.testing.assert_array_equal(env.ladders["width0"].levels, [0, 0, 1, 2, 2, 0])
    env.close()


def test_progress_goes_on_to_the_same_bits_and_damage_is_named() -> None:
    given = world(SCALED, PUSH, level="by", curriculum="progress")
    env, other = (made(given, n=30, max_episode_steps=3) for _ in range(2))
    for _ in range(20):
        env.step(still(env))
    saved = snapshot(env)
    restore(other, saved)
    for _ in range(20):
        for a, b in zip(env.step(still(env))[:2], other.step(still(env))[:2], strict=True):
            np.testing.assert_array_equal(a, b)
    for name in ("by0", "by1"):
        assert len(set(env.ladders[name].levels.tolist())) > 3
        for key, array in env.ladders[name].arrays().items():
            np.testing.assert_array_equal(array, other.ladders[name].arrays()[key])
    few = made(given, n=2)
    restore(few, first_rows(saved, 30, 2))  # as a run's file is tried
    for name, ladder in few.ladders.items():
        np.testing.assert_array_equal(ladder.levels, saved["levels"][name]["levels"][:2])
        np.testing.assert_array_equal(ladder.arrays()["sums"], saved["levels"][name]["sums"])
    few.close()
    own = saved["levels"]["by1"]
    for change in (
        {"levels": own["levels"] + 10},
        {"keys": own["keys"][:2]},
        {"drawn": own["drawn"].astype(np.float32)},
        {"sums": own["sums"] * np.nan},
        {"weights": own["weights"] - 9},
    ):
        damaged = {**saved, "levels": {**saved["levels"], "by1": {**own, **change}}}
        with pytest.raises(
            DamagedCheckpoint, match=f"saved {next(iter(change))} of the levels of by1"
        ):
            restore(other, damaged)
    with pytest.raises(DamagedCheckpoint, match="of the levels of by0"):
        restore(other, {name: value for name, value in saved.items() if name != "levels"})
    env.close()
    other.close()
