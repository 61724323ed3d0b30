"""What the offline author writes is safe, runs, differs, and is judged by something else."""

import re
import sys
from dataclasses import replace
from math import pi
from pathlib import Path

import numpy as np
import pytest

from websim.authors import (
    AUTHORS,
    Attempt,
    Brief,
    Candidate,
    Hand,
    LlmAuthor,
    OfflineAuthor,
    Snapshot,
    experiment_of,
)
from websim.authors.anatomy import read_anatomy
from websim.authors.reflection import reflect
from websim.authors.weights import weights_of
from websim.experiments.experiment import Experiment
from websim.experiments.robot import read_robot
from websim.rewards import Measure
from websim.tasks.robot import RobotTask

SUITE = Path(sys.prefix) / "models" / "dm_control" / "suite"

WORDS = {
    "Ant-v5": "spin fast with your body low",
    "HalfCheetah-v5": "do a back flip and then stand",
    "Humanoid-v5": "hold a lunge",
    "Walker2d-v5": "walk backwards",
    "Hopper-v5": "jump high on the spot",
    "QuadrupedWalk-v0": "trot slowly and smoothly with little effort",
    "Swimmer-v5": "swim forward fast",
}


def propose(task: str, words: str, **more: object) -> list[Candidate]:
    brief = Brief(words=words, experiment=Experiment(task=task), **more)  # type: ignore[arg-type]
    return OfflineAuthor().propose(brief, 16)


@pytest.mark.parametrize("task", WORDS)
def test_candidates_run_on_moving_robots(task: str) -> None:
    candidates = propose(task, WORDS[task])
    assert len({candidate.reward for candidate in candidates}) == len(candidates) >= 4
    assert len({candidate.measure for candidate in candidates}) == 1
    for candidate in candidates:
        experiment = experiment_of(candidate, Experiment(task=task))
        envs = experiment.make_vec(4)
        try:
            envs.reset(seed=1)
            assert set(weights_of(candidate.reward)) == set(envs.reward_terms)
            for _ in range(20):
                envs.step(envs.action_space.sample())
            assert np.isfinite(envs.reward_term_values).all()
            assert envs.failure is None
            # Comparable magnitudes: nothing is paid by the dozen.
            assert np.abs(envs.rewards).max() < 15
        finally:
            envs.close()


@pytest.mark.parametrize("name", ["quadruped", "dog", "walker", "humanoid", "cheetah", "hopper"])
def test_robots_that_nobody_here_has_seen(name: str) -> None:
    robot = read_robot(SUITE / f"{name}.xml")
    experiment = Experiment(task=RobotTask.id, robot=robot)
    for words in ("walk backwards slowly", "stand still", "jump on the spot", "crouch"):
        candidates = OfflineAuthor().propose(Brief(words=words, experiment=experiment), 2)
        assert len(candidates) == 2


def test_a_measure_is_no_sum_of_terms() -> None:
    for candidate in propose("Ant-v5", "walk steadily at 0.5 m/s"):
        measure = Measure(candidate.measure)
        assert measure.reduce == "sum"
        assert not weights_of(candidate.measure)


def test_the_measure_of_a_speed_is_the_share_of_steps_at_it() -> None:
    candidate = propose("HalfCheetah-v5", "run forward at 2 m/s")[0]
    envs = Experiment(task="HalfCheetah-v5", measure=candidate.measure).make_vec(3)
    try:
        envs.reset(seed=0)
        for speed in (0.0, 2.0, 5.0):
            qpos, qvel = np.zeros((3, 9)), np.zeros((3, 9))
            qpos[:, 1], qvel[:, 0] = 1.0, speed
            envs.physics.reset(np.arange(3), qpos, qvel)
            before = envs.episode_measures.copy()
            envs.step(np.zeros((3, 6), np.float32))
            gained = 1000 * (envs.episode_measures - before)
            assert gained == pytest.approx(1.0 if speed == 2.0 else 0.0, abs=1e-6)
    finally:
        envs.close()


def test_one_turn_is_told_from_none_and_from_half() -> None:
    """The state is the memory: MuJoCo's quaternion is back after two turns, not one."""
    candidate = propose("Ant-v5", "turn once on the spot and then stand still")[0]
    experiment = experiment_of(candidate, Experiment(task="Ant-v5"))
    envs = experiment.make_vec(5)
    try:
        envs.reset(seed=0)
        rest = envs.physics.model.qpos0.copy()
        rest[2] = 0.4
        rest[7:] = [0, 0.6, 0, -0.6, 0, -0.6, 0, 0.6]
        angles = np.array([0.0, pi, 2 * pi, -pi / 4, 2 * pi + pi / 8])
        qpos = np.tile(rest, (5, 1))
        qpos[:, 3], qpos[:, 6] = np.cos(angles / 2), np.sin(angles / 2)
        envs.physics.reset(np.arange(5), qpos, np.zeros((5, 14)))
        envs.step(np.zeros((5, 8), np.float32))
        terms = dict(zip(envs.reward_terms, envs.reward_term_values.T, strict=True))
        turned = terms["yaw_angle"] / weights_of(candidate.reward)["yaw_angle"]
        assert turned == pytest.approx([0, 1 / 8, 1, -1 / 512, (15 / 16) ** 3], abs=0.03)
        assert terms["then_still"][2] > 10 * np.delete(terms["then_still"], [2, 4]).max()
    finally:
        envs.close()


def test_episodes_go_on_where_the_words_need_it() -> None:
    off = {"terminate_when_unhealthy": False}
    assert propose("Humanoid-v5", "hold a plank")[0].task_options == off
    assert propose("Humanoid-v5", "walk upright")[0].task_options == {}
    assert propose("Walker2d-v5", "lie down")[0].task_options == off
    options = propose("Hopper-v5", "jump on the spot")[0].task_options
    assert options == {"exclude_current_positions_from_observation": False}


def test_a_seed_draws_the_order() -> None:
    brief = Brief(words="walk", experiment=Experiment(task="Ant-v5"))
    names = [[c.name for c in OfflineAuthor().propose(brief, 64, seed)] for seed in (1, 1, 2)]
    assert names[0] == names[1] != names[2]
    assert sorted(names[0]) == sorted(names[2])


def test_nearly_the_same_is_not_tried_first() -> None:
    for seed in range(4):
        brief = Brief(words="walk", experiment=Experiment(task="Ant-v5"))
        names = [c.name for c in OfflineAuthor().propose(brief, 64, seed)]
        assert names[:2] == ["product", "sum"]
        costs = ["no costs" not in name for name in names]
        assert costs == sorted(costs, reverse=True)
    # Nothing rears or lies by more than all of it: a cap changes nothing there.
    for task, words in (("HalfCheetah-v5", "stand on your back legs"), ("Ant-v5", "lie down")):
        assert not [c.name for c in propose(task, words) if "uncapped" in c.name]
    assert [c.name for c in propose("HalfCheetah-v5", "run") if "uncapped" in c.name]


def test_steady_is_said_of_where_it_goes() -> None:
    """A robot that may sway does so within each stride."""

    def pays(task: str, words: str) -> set[str]:
        return set(weights_of(propose(task, words)[1].reward))

    assert "sway" in pays("Ant-v5", "walk steadily at 0.5 m/s")
    assert "sway" not in pays("Ant-v5", "walk at 0.5 m/s")
    assert "sway" not in pays("Ant-v5", "stand steadily")
    assert "sway" not in pays("HalfCheetah-v5", "walk steadily")


@pytest.mark.parametrize("task", ["Hopper-v5", "Humanoid-v5"])
def test_who_jumps_may_bend(task: str) -> None:
    weights = weights_of(propose(task, "jump on the spot")[1].reward)
    assert "tall" not in weights
    assert weights["climb"] >= weights["airborne"], "a leap begins with rising, not with flying"


def test_a_high_jump_is_judged_by_more_than_a_jump() -> None:
    judged = [
        float(
            re.findall(r"^airborne_target = (\S+)", propose("Hopper-v5", words)[0].measure, re.M)[0]
        )
        for words in ("jump on the spot", "jump high on the spot")
    ]
    assert judged[1] > 1.4 * judged[0] > 0.1


@pytest.mark.parametrize("task", ["Ant-v5", "HalfCheetah-v5", "QuadrupedWalk-v0"])
def test_low_is_nearer_to_lying_than_to_standing(task: str) -> None:
    anatomy = read_anatomy(Experiment(task=task).make_task())
    room = anatomy.height - anatomy.lying
    candidate = propose(task, "walk low")[0]
    heights = {
        name: float(re.findall(r"^low_target = (\S+)", getattr(candidate, name), re.M)[0])
        for name in ("reward", "measure")
    }
    assert anatomy.lying < heights["reward"] < anatomy.lying + 0.25 * room
    assert heights["reward"] < heights["measure"] < anatomy.lying + 0.65 * room


def snapshots(measure: float, **terms: list[float]) -> list[Snapshot]:
    count = len(next(iter(terms.values())))
    return [
        Snapshot(
            global_step=i,
            measure=measure,
            episodic_return=0.0,
            episodic_length=9.0,
            terms={name: (v[i] - 1, v[i], v[i] + 1) for name, v in terms.items()},
        )
        for i in range(count)
    ]


def test_rules_of_reflection() -> None:
    candidate = replace(
        propose("Ant-v5", "walk")[0],
        reward="a_weight = 1.0\nb_weight = 1.0\nc_weight = 2.0\n\n\n"
        "def reward(now, before, action):\n"
        '    return {"a": a_weight, "b": b_weight, "c": c_weight}\n',
    )
    brief = Brief(
        words="walk",
        experiment=Experiment(task="Ant-v5"),
        attempts=[
            Attempt(candidate=candidate, snapshots=snapshots(0.5, a=[50, 90], b=[1, 2], c=[1, 1])),
            Attempt(candidate=candidate, snapshots=snapshots(0.0, a=[1, 2], b=[1, 3], c=[1, 2])),
        ],
    )
    good, bad = reflect(brief)
    assert good.dominant == "a"
    assert good.flat == ("c",)
    assert good.weights["a"] == pytest.approx(0.1)
    assert not good.rewrite
    assert bad.rewrite
    proposed = OfflineAuthor().propose(brief, 16)
    assert weights_of(proposed[0].reward)["a"] == pytest.approx(0.1)
    assert "a had" in proposed[0].why


def test_what_a_hand_wrote_is_an_author_too() -> None:
    assert {"offline": OfflineAuthor, "llm": LlmAuthor, "hand": Hand} == AUTHORS
