"""Acts change what they say, leave experiments that can be simulated, and never more."""

from dataclasses import replace

import numpy as np
import pytest

from websim.adaptation.acts import Act, Follow, Harder, Rescale, Reweigh, Widen
from websim.experiments.experiment import Experiment, as_dict
from websim.worlds import EventTerm, LevelTerm, Terrain, World

REWARD = """
forward_weight = 1.0
effort_weight = -0.5


def reward(now, before, action):
    return {"forward": forward_weight * now.qvel[:, 0], "effort": effort_weight * action[:, 0] ** 2}
"""

EXPERIMENT = Experiment(
    task="HalfCheetah-v5",
    reward=REWARD,
    world=World(
        terrain=Terrain(kinds=("flat", "rough"), levels=2, difficulty=(0.2, 0.9)),
        events=(
            EventTerm(mode="startup", target="mass", operation="scale", range=(0.8, 1.25)),
            EventTerm(mode="startup", target="gravity", operation="abs", range=(9.0, 10.0)),
            EventTerm(
                mode="interval",
                target="push",
                operation="add",
                range=(-0.5, 1.0),
                interval_range_s=(1, 2),
                level="pushes",
            ),
            EventTerm(
                mode="reset",
                target="friction",
                operation="scale",
                range=(1.0, 0.1),
                distribution="gaussian",
            ),
        ),
    ),
)


def changed(act: Act, experiment: Experiment = EXPERIMENT) -> Experiment:
    other = act.change(experiment, np.random.default_rng(0))
    assert other is not None
    return other


def test_ground_gets_harder_up_to_the_end() -> None:
    world = changed(Harder(by=0.2)).world
    assert world is not None
    assert world.terrain is not None
    assert world.terrain.difficulty == pytest.approx((0.4, 1.0))
    hardest = EXPERIMENT
    for _ in range(5):
        hardest = Harder(by=0.2).change(hardest, np.random.default_rng(0)) or hardest
    assert Harder(by=0.2).change(hardest, np.random.default_rng(0)) is None


def test_levels_of_any_kind_get_harder_and_follow_something_else() -> None:
    """Also those that the document does not describe: events that name them do."""
    eased = changed(Harder(by=-0.3, of="pushes"))
    assert eased.world == replace(
        EXPERIMENT.world,  # type: ignore[type-var]
        levels=(LevelTerm(name="pushes", difficulty=(0.0, 0.7)),),
    )
    other = changed(Follow(curriculum="progress", of="pushes"), eased).world
    assert other is not None
    (pushes,) = other.levels
    assert (pushes.curriculum, pushes.difficulty) == ("progress", (0.0, 0.7))
    ground = changed(Follow(curriculum="robots")).world
    assert ground is not None
    assert ground.terrain is not None
    assert ground.terrain.curriculum == "robots"
    rng = np.random.default_rng(0)
    assert Follow(curriculum="none").change(EXPERIMENT, rng) is None
    assert Follow(of="width").change(EXPERIMENT, rng) is None


def test_ranges_widen_about_what_changes_nothing() -> None:
    world = changed(Widen(factor=2.0)).world
    assert world is not None
    ranges = [event.range for event in world.events]
    assert ranges[0] == pytest.approx((0.64, 1.5625))
    assert ranges[1] == pytest.approx((8.5, 10.5))
    assert ranges[2] == pytest.approx((-1.0, 2.0))
    assert ranges[3] == pytest.approx((1.0, 0.2))
    back = changed(Widen(factor=0.5), replace(EXPERIMENT, world=world)).world
    assert back is not None
    assert EXPERIMENT.world is not None
    for event, own in zip(back.events, EXPERIMENT.world.events, strict=True):
        assert event.range == pytest.approx(own.range)


def test_hyperparameters_stay_within_what_is_allowed() -> None:
    rate = changed(Rescale(hyperparameter="learning_rate", factor=0.5))
    assert rate.hyperparameters == {"learning_rate": 1.5e-4}
    entropy = changed(Rescale(hyperparameter="ent_coef", factor=2.0, from_zero=0.005))
    assert entropy.hyperparameters == {"ent_coef": 0.005}
    assert changed(
        Rescale(hyperparameter="ent_coef", factor=2.0, from_zero=0.005), entropy
    ).hyperparameters == {"ent_coef": 0.01}


def test_one_weight_moves_and_the_rest_of_the_reward_stays() -> None:
    reward = changed(Reweigh()).reward
    assert reward is not None
    pairs = zip(REWARD.splitlines(), reward.splitlines(), strict=True)
    different = [(old, new) for old, new in pairs if old != new]
    assert len(different) == 1
    assert different[0][0].split(" = ")[0] == different[0][1].split(" = ")[0]


@pytest.mark.parametrize(
    "act",
    [
        Harder(),
        Harder(of="pushes"),
        Follow(),
        Widen(),
        Reweigh(),
        Rescale(hyperparameter="ent_coef", factor=2.0),
        Rescale(hyperparameter="num_envs", factor=2.0),
        Rescale(hyperparameter="gamma", factor=2.0),
        Rescale(hyperparameter="no_such", factor=2.0),
    ],
)
def test_where_there_is_nothing_to_change_nothing_is(act: Act) -> None:
    plain = Experiment(task="HalfCheetah-v5")
    assert act.change(plain, np.random.default_rng(0)) is None


@pytest.mark.parametrize(
    "act", [Harder(), Widen(), Reweigh(), Rescale(hyperparameter="learning_rate", factor=2.0)]
)
def test_what_comes_out_can_be_simulated_and_the_rest_is_as_it_was(act: Act) -> None:
    other = changed(act)
    before, after = as_dict(EXPERIMENT), as_dict(other)
    assert len([name for name in after if after[name] != before.get(name)]) == 1
    env = other.make_vec(2)
    env.reset(seed=0)
    env.step(np.zeros((2, 6), np.float32))
    env.close()
