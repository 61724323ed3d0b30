"""Pick what you like: scenes are played as they are learnt, and picks find what somebody likes."""

from dataclasses import replace

import numpy as np
import pytest

import websim
from websim.authors.picks import Pick, Scenes, fit, picks_of, reason_of, record
from websim.authors.weights import weighted, weights_of, with_weights
from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.trainer import Trainer

REWARD = """
import numpy as np

forward_weight = 1.0
upright_weight = 0.5
effort_weight = 0.1
smooth_weight = 0.0
still = 0.2


def reward(now, before, action):
    speed = (now.qpos[:, 0] - before.qpos[:, 0]) / now.dt
    return {
        "forward": forward_weight * speed,
        "upright": upright_weight * np.cos(now.qpos[:, 2]),
        "height": now.qpos[:, 1],
        "effort": -effort_weight * np.square(action).sum(axis=1),
        "smooth": -smooth_weight * np.square(now.qvel[:, 3:]).mean(axis=1),
    }
"""

CHEETAH = Experiment(
    task="HalfCheetah-v5",
    reward=REWARD,
    algorithm="ppo",
    hyperparameters={"num_envs": 4, "num_steps": 32, "total_timesteps": 1024},
)


@pytest.fixture(scope="module")
def run() -> bytes:
    trainer = Trainer(CHEETAH)
    found = trainer.advance(save=True).checkpoint
    trainer.close()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def scenes(run: bytes) -> Scenes:
    checkpoint = checkpoints.loads(run)
    return record(checkpoint.experiment, checkpoint, seed=1)


@pytest.fixture(scope="module")
def others(run: bytes) -> Scenes:
    checkpoint = checkpoints.loads(run)
    return record(checkpoint.experiment, checkpoint, seed=2)


def test_scenes_are_what_the_environments_do(scenes: Scenes) -> None:
    assert scenes.terms == ("forward", "upright", "height", "effort", "smooth")
    assert scenes.weights.tolist() == [1.0, 0.5, 1.0, 0.1, 0.0]
    assert len(scenes.sums) == len(scenes.frames) == len(scenes.poses) == len(scenes.ways)
    assert {"as learnt", "differently", "with noise", "at random"} <= {*scenes.ways}
    assert (scenes.sums.std(axis=0) > 0).all()
    # The oracle is an environment that somebody steps by hand: how far the torso gets is the sum
    # of `forward`, but for the step before the first picture.
    body = 1
    moved = scenes.poses[:, -1, body, 0] - scenes.poses[:, 0, body, 0]
    env = websim.make_vec(CHEETAH, 1)
    dt = env.task.dt
    env.close()
    steps = scenes.poses.shape[1]
    bound = np.abs(scenes.sums[:, 0] * dt - moved)
    assert bound.max() < 12 * dt * (steps / (steps - 1))
    assert np.corrcoef(scenes.sums[:, 0], moved)[0, 1] > 0.99
    quaternions = np.linalg.norm(scenes.poses[:, :, 1:, 3:], axis=-1)
    assert quaternions == pytest.approx(1.0, abs=1e-5)


def test_scenes_repeat_with_their_seed(run: bytes, scenes: Scenes) -> None:
    checkpoint = checkpoints.loads(run)
    again = record(checkpoint.experiment, checkpoint, seed=1)
    assert np.array_equal(again.sums, scenes.sums)
    assert np.array_equal(again.poses, scenes.poses)


def person(hidden: np.ndarray, errs: float, rng: np.random.Generator):  # type: ignore[no-untyped-def]
    """Clicks the one of the scenes that it likes best; now and then any."""

    def clicks(sums: np.ndarray) -> tuple[int, ...]:
        if rng.random() < errs:
            return (int(rng.integers(len(sums))),)
        return (int(np.argmax(sums @ hidden)),)

    return clicks


def agreement(weights: np.ndarray, hidden: np.ndarray, sums: np.ndarray) -> float:
    """Of all pairs of scenes, how many are put into the same order."""
    first, second = np.triu_indices(len(sums), 1)
    difference = sums[first] - sums[second]
    return float(np.mean((difference @ weights > 0) == (difference @ hidden > 0)))


def recovered(
    scenes: Scenes, others: Scenes, seed: int, shown: int, errs: float = 0.0, picks: int = 60
) -> float:
    """After so many picks, the pairs of scenes that nobody has seen that are ordered as hidden."""
    rng = np.random.default_rng(seed)
    hidden = rng.standard_normal(len(scenes.terms)) / scenes.sums.std(axis=0)
    clicks = person(hidden, errs, rng)
    told: list[Pick] = []
    preference = fit(told, scenes.weights, scenes.sums)
    for _ in range(picks):
        asked = scenes.sums[preference.ask(scenes.sums, shown, rng)]
        told.append(Pick(asked, clicks(asked)))
        preference = fit(told, scenes.weights, scenes.sums)
    return agreement(preference.weights, hidden, others.sums)


@pytest.mark.parametrize("shown", [2, 6])
@pytest.mark.parametrize("seed", range(3))
def test_a_hidden_preference_is_found_within_60_picks(
    scenes: Scenes, others: Scenes, seed: int, shown: int
) -> None:
    assert recovered(scenes, others, seed, shown) >= 0.9


@pytest.mark.parametrize("seed", range(2))
def test_who_errs_once_in_ten_times_is_understood_too(
    scenes: Scenes, others: Scenes, seed: int
) -> None:
    assert recovered(scenes, others, seed, 4, errs=0.1) >= 0.85


def test_what_is_asked_tells_more_than_what_comes_by_chance(scenes: Scenes) -> None:
    """Twelve picks of pairs: those that are asked for make surer than any others."""
    rng = np.random.default_rng(0)
    hidden = rng.standard_normal(len(scenes.terms)) / scenes.sums.std(axis=0)
    clicks = person(hidden, 0.0, rng)
    certain = []
    for asks in (True, False):
        told: list[Pick] = []
        for _ in range(12):
            preference = fit(told, scenes.weights, scenes.sums)
            chance = rng.choice(len(scenes.sums), 2, replace=False).tolist()
            asked = scenes.sums[preference.ask(scenes.sums, 2, rng) if asks else chance]
            told.append(Pick(asked, clicks(asked)))
        certain.append(fit(told, scenes.weights, scenes.sums).certainty(scenes.sums))
    assert certain[0] > certain[1]


def test_a_pair_is_fitted_as_bradley_and_terry_say() -> None:
    """One term and one pair: the peak of the posterior, by bisection of its derivative."""
    picks = [Pick(np.array([[1.0], [0.0]]), (0,))] * 3 + [Pick(np.array([[1.0], [0.0]]), (1,))]
    preference = fit(picks, [1.0])
    unit = 2.0  # of a term that is 0 or 1 as often the standard deviation is a half
    low, high = -20.0, 20.0
    for _ in range(200):
        odds = (low + high) / 2
        slope = unit * (3 - 4 / (1 + np.exp(-unit * odds))) - (odds - 1.0) / 4
        low, high = (odds, high) if slope > 0 else (low, odds)
    assert preference.mean == pytest.approx([odds], abs=1e-6)


def test_without_a_pick_weights_stay(scenes: Scenes) -> None:
    nobody = fit([], scenes.weights, scenes.sums)
    assert nobody.weights == pytest.approx(scenes.weights)
    none = Pick(scenes.sums[:4], ())
    assert fit([none], scenes.weights, scenes.sums).weights == pytest.approx(scenes.weights)


def test_weights_keep_what_is_at_stake_and_those_that_nothing_is_known_of() -> None:
    sums = np.array([[1.0, 0.0, 7.0], [0.0, 2.0, 7.0], [1.0, 1.0, 7.0]])
    picks = [Pick(sums, (1,))] * 5
    preference = fit(picks, [3.0, 1.0, 0.25])
    assert preference.weights[2] == 0.25
    assert preference.errors[2] == 0.0
    spread = sums.std(axis=0)
    assert np.linalg.norm(preference.weights * spread) == pytest.approx(
        np.linalg.norm(np.array([3.0, 1.0, 0.25]) * spread)
    )
    assert preference.weights[1] > 1.0


@pytest.mark.parametrize(
    ("sums", "chosen"),
    [
        (np.zeros((1, 2)), ()),
        (np.zeros((17, 2)), ()),
        (np.zeros((2, 2)), (2,)),
        (np.zeros((2, 2)), (0, 0)),
        (np.full((2, 2), np.nan), (0,)),
    ],
)
def test_what_is_no_pick_is_refused(sums: np.ndarray, chosen: tuple[int, ...]) -> None:
    with pytest.raises(InvalidArgument):
        Pick(sums, chosen)


def test_sums_of_other_terms_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="2 weights"):
        fit([Pick(np.zeros((2, 3)), (0,))], [1.0, 1.0])


def test_each_term_gets_a_weight_and_pays_the_same() -> None:
    source = weighted(REWARD)
    assert weights_of(source) == {
        "forward": 1.0, "upright": 0.5, "height": 1.0, "effort": 0.1, "smooth": 0.0
    }  # fmt: skip
    paid = []
    for reward in (REWARD, source):
        env = websim.make_vec(replace(CHEETAH, reward=reward), 3)
        env.reset(seed=0)
        env.action_space.seed(0)
        paid.append([env.step(env.action_space.sample())[1] for _ in range(5)])
        env.close()
    assert np.array_equal(paid[0], paid[1])
    assert weighted(source) == source


def test_terms_that_nobody_sees_cannot_be_weighted() -> None:
    code = "def reward(now, before, action):\n    terms = {'a': now.time}\n    return terms\n"
    with pytest.raises(InvalidArgument, match="line 3"):
        weighted(code)


def test_a_weight_that_is_no_factor_is_refused() -> None:
    code = REWARD.replace("forward_weight * speed", "speed**2 + forward_weight")
    with pytest.raises(InvalidArgument, match="not the sum of its terms"):
        record(replace(CHEETAH, reward=code))


def test_other_options_of_a_task_are_noticed() -> None:
    experiment = Experiment(task="HalfCheetah-v5", task_options={"ctrl_cost_weight": 5.0})
    with pytest.raises(InvalidArgument, match="other options"):
        record(experiment)


def test_the_run_tells_why_its_weights_are_what_they_are(run: bytes, scenes: Scenes) -> None:
    picks = [Pick(scenes.sums[:4], (2,)), Pick(scenes.sums[4:8], ())]
    preference = fit(picks, scenes.weights, scenes.sums)
    weights = dict(zip(scenes.terms, preference.weights.tolist(), strict=True))
    reward = with_weights(scenes.reward, weights)
    why = reason_of(scenes.terms, picks, preference)
    checkpoint = checkpoints.loads(run)
    trainer = Trainer(checkpoint.experiment, checkpoint=checkpoint)
    trainer.advance(code={"reward": reward, "why": why})
    saved = trainer.advance(save=True).checkpoint
    trainer.close()
    assert saved is not None
    told = checkpoints.loads(saved)
    assert told.experiment.reward == reward
    assert weights_of(reward) == pytest.approx(weights, rel=1e-5)
    assert [one.what for one in told.decisions] == [why["what"]]
    again = picks_of(told.decisions, scenes.terms)
    assert [pick.chosen for pick in again] == [(2,), ()]
    assert again[0].sums == pytest.approx(picks[0].sums, rel=1e-5)
    assert picks_of(told.decisions, ("forward",)) == []
    # And they stay when it goes on.
    trainer = Trainer(told.experiment, checkpoint=told)
    later = trainer.advance(save=True).checkpoint
    trainer.close()
    assert later is not None
    assert checkpoints.loads(later).decisions == told.decisions
