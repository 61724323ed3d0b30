"""A run that adapts: changes are tried beside it, and what does not help leaves no trace."""

import io
import itertools
import json
import zipfile
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.python.learning.test_ranks import together
from websim.adaptation.settings import adaptation_of
from websim.adaptation.trainer import AdaptiveTrainer
from websim.errors import DamagedCheckpoint, InvalidArgument
from websim.experiments import decisions
from websim.experiments.experiment import Experiment
from websim.ranks import Communicator
from websim.registry import task_class
from websim.training import checkpoints, evaluation
from websim.training.checkpoints import Checkpoint
from websim.training.evaluation import Evaluation
from websim.training.trainer import Iteration, Trainer
from websim.worlds import Terrain, World

BATCH = 4 * 32

PARENT = "0" * 64


def experiment(act: dict[str, Any], every: int = 2, trial: int = 2, **changed: Any) -> Experiment:
    """A small run that tries an act every so many iterations, for so many."""
    adaptation = {
        "rules": {"schedule": {"every": every * BATCH}},
        "acts": {"schedule": [act]},
        "trial_steps": trial * BATCH,
        "episodes": 8,
    }
    hyperparameters = {
        "num_envs": 4,
        "num_steps": 32,
        "num_minibatches": 2,
        "total_timesteps": 10 * BATCH,
        **changed.pop("hyperparameters", {}),
    }
    return Experiment(
        **{
            "task": "InvertedPendulum-v5",
            "adaptation": adaptation,
            "hyperparameters": hyperparameters,
            **changed,
        }
    )


SLOWER = {"act": "rescale", "hyperparameter": "learning_rate", "factor": 0.5}


def run(
    given: Experiment, communicator: Communicator | None = None, stop_at: int | None = None
) -> Any:
    """To the end, perhaps through a file; says weights, steps and decisions."""
    trainer = AdaptiveTrainer(given, communicator)
    done = False
    while not done:
        if trainer.algorithm.iteration == stop_at:
            stop_at = None
            saved = trainer.checkpoint()
            trainer.close()
            trainer = AdaptiveTrainer(given, communicator, saved)
        done = trainer.advance().done
    algorithm = trainer.algorithm
    result = algorithm.weights.copy(), algorithm.global_step, trainer.decisions, trainer.spent
    trainer.close()
    return result


def test_it_tries_what_its_document_says_and_writes_down_what_came_of_it() -> None:
    _, steps, written, spent = run(experiment(SLOWER))
    assert steps == 10 * BATCH
    assert len(written) == 2  # after 2 iterations for 2, and after 2 more; then there is no time
    for one in written:
        assert one.what.startswith(
            "schedule: act rescale, hyperparameter learning_rate, factor 0.5"
        )
        assert one.cost["steps"] == 2 * BATCH
        assert 16 <= one.cost["judging_steps"] <= 16 * 1000  # two times eight episodes
        assert {"schedule", "of", "with", "without", "difference", "episodes"} == set(one.evidence)
        difference = one.evidence["difference"]
        better = difference["mean"] > 2 * difference["standard_error"]
        assert one.outcome.endswith("goes on." if better else "left away.")
    judging = sum(one.cost["judging_steps"] for one in written)
    assert spent == steps + 4 * BATCH + judging


@pytest.mark.parametrize("stop_at", [1, 2, 3, 4, 7])
def test_stopped_at_any_time_it_comes_to_the_same(stop_at: int) -> None:
    weights, steps, written, _ = run(experiment(SLOWER))
    again = run(experiment(SLOWER), stop_at=stop_at)
    np.testing.assert_array_equal(again[0], weights)
    assert (again[1], again[2]) == (steps, written)


@pytest.mark.parametrize("stop_at", [2, 3])
def test_paused_it_goes_on_as_if_it_had_not_been(stop_at: int) -> None:
    """By the checkpoint that a pause gives, and with the learner that there is."""
    weights, steps, written, _ = run(experiment(SLOWER))
    trainer, saved, done = AdaptiveTrainer(experiment(SLOWER)), None, False
    while not done:
        iteration = trainer.advance(stop=trainer.algorithm.iteration == stop_at - 1)
        saved = iteration.checkpoint if iteration.iteration == stop_at else saved
        done = iteration.finished
    np.testing.assert_array_equal(trainer.algorithm.weights, weights)
    trainer.close()
    trainer, done = AdaptiveTrainer(experiment(SLOWER), checkpoint=saved), False
    while not done:
        done = trainer.advance().done
    np.testing.assert_array_equal(trainer.algorithm.weights, weights)
    assert (trainer.algorithm.global_step, trainer.decisions) == (steps, written)
    trainer.close()


def test_ranks_decide_the_same() -> None:
    first, second = together(lambda communicator: run(experiment(SLOWER), communicator), 2)
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1:] == second[1:]
    assert first[2]


def test_what_does_not_help_leaves_no_trace() -> None:
    """Learning that is thrown off its course is left away: the same bits as without adapting."""
    wild = {"act": "rescale", "hyperparameter": "learning_rate", "factor": 1000.0}
    given = experiment(wild, hyperparameters={"learning_rate": 1e-3})
    weights, _, written, _ = run(given)
    assert written
    assert all(one.outcome.endswith("left away.") for one in written)
    plain = Trainer(replace(given, adaptation=None))
    while not plain.advance().done:
        pass
    np.testing.assert_array_equal(weights, plain.algorithm.weights)
    plain.close()


def test_what_helps_goes_on_and_is_still_made_of_what_it_came_of() -> None:
    """A rate at which nothing is learnt, made a thousand times greater."""
    faster = {"act": "rescale", "hyperparameter": "learning_rate", "factor": 1000.0}
    given = experiment(
        faster, every=1, trial=12, hyperparameters={"learning_rate": 1e-6, "total_timesteps": 2560}
    )
    given = replace(given, parent=PARENT)
    trainer = AdaptiveTrainer(given)
    iteration = trainer.advance()
    while not trainer.decisions:
        iteration = trainer.advance()
    (one,) = trainer.decisions
    assert one.outcome.endswith("goes on.")
    assert one.evidence["with"]["mean"] > one.evidence["without"]["mean"]
    assert trainer.algorithm.args.learning_rate == pytest.approx(1e-3)
    assert iteration.checkpoint is not None  # of the one that goes on
    with zipfile.ZipFile(io.BytesIO(iteration.checkpoint)) as archive:
        assert decisions.load(archive.read(decisions.NAME)) == [one]
        told = json.loads(archive.read("experiment.json"))
    assert told["parent"] == PARENT  # what it came of, however its course changes
    trainer.close()


def until_decided(trainer: AdaptiveTrainer, count: int = 1) -> Iteration:
    iteration = trainer.advance()
    while len(trainer.decisions) < count:
        iteration = trainer.advance()
    return iteration


def test_what_was_left_away_can_be_gone_back_to_and_that_undone_too() -> None:
    trainer = AdaptiveTrainer(experiment(SLOWER, hyperparameters={"learning_rate": 1e-3}))
    iteration = until_decided(trainer)
    assert iteration.course is not None
    assert iteration.course.undoable == [0]
    decided, taken = trainer.algorithm.global_step, trainer.decisions[0].taken
    rates = (1e-3, 5e-4) if taken else (5e-4, 1e-3)
    trainer.advance()
    own = trainer.algorithm.weights.copy()
    saved = trainer.checkpoint()
    iteration = trainer.advance(wish={"undo": 0}, save=True)
    assert trainer.algorithm.args.learning_rate == rates[0]
    assert trainer.algorithm.global_step == decided + BATCH  # an iteration on from where it was
    undo = trainer.decisions[1]
    assert (undo.event, undo.act) == ("undo", {"undo": 0})
    assert undo.cost == {"steps": BATCH}
    assert iteration.course is not None
    assert iteration.course.undoable == [1]
    assert iteration.course.experiment is not None
    assert json.loads(iteration.course.experiment)["hyperparameters"]["learning_rate"] == rates[0]
    # What is kept of the sides is in the file.
    for data, number, rate in ((saved, 0, rates[0]), (iteration.checkpoint, 1, rates[1])):
        again = AdaptiveTrainer(experiment(SLOWER), checkpoint=data)
        again.advance(wish={"undo": number})
        assert again.algorithm.args.learning_rate == rate
        again.close()
    trainer.advance(wish={"undo": 1})
    assert trainer.algorithm.args.learning_rate == rates[1]
    assert not np.array_equal(trainer.algorithm.weights, own)  # an iteration on
    iteration = trainer.advance(wish={"undo": 0})
    assert iteration.course is not None
    assert "decision 0 cannot be undone: its other side is not kept; of these it is: 2" in (
        iteration.course.refused
    )
    assert len(trainer.decisions) == 3
    trainer.close()


def test_what_is_proposed_waits_for_a_word() -> None:
    given = experiment(SLOWER)
    given = replace(given, adaptation={**(given.adaptation or {}), "ask": True})
    trainer = AdaptiveTrainer(given)
    courses = [trainer.advance(save=True) for _ in range(4)]
    assert trainer.decisions == []
    proposed = [one.course.proposed if one.course else None for one in courses]
    assert proposed[0] is None
    assert proposed[1] is not None
    assert proposed[1].act == {**SLOWER, "from_zero": 0.0}
    assert proposed[1:] == [proposed[1]] * 3
    # Somebody else may be asked tomorrow.
    again = AdaptiveTrainer(given, checkpoint=courses[-1].checkpoint)
    iteration = again.advance(wish={"answer": False})
    assert [one.outcome for one in again.decisions] == ["Not tried: somebody said no."]
    assert iteration.course is not None
    assert iteration.course.proposed is None
    iteration = again.advance(wish={"answer": True})
    assert iteration.course is not None
    assert "nothing is proposed" in iteration.course.refused
    again.close()
    iteration = trainer.advance(wish={"answer": True})
    assert iteration.course is not None
    assert iteration.course.trying is not None
    until_decided(trainer)
    trainer.close()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_changed_side_that_fails_is_left_away() -> None:
    """Its losses are beyond all bounds."""
    wild = {"act": "rescale", "hyperparameter": "vf_coef", "factor": 1e200}
    weights, _, written, _ = run(experiment(wild))
    assert written
    assert written[0].outcome.startswith("Left away, for it failed: After ")
    assert written[0].taken is False
    plain = Trainer(replace(experiment(wild), adaptation=None))
    while not plain.advance().done:
        pass
    np.testing.assert_array_equal(weights, plain.algorithm.weights)
    plain.close()


def test_where_what_goes_on_without_fails_the_changed_side_goes_on() -> None:
    slower = {"act": "rescale", "hyperparameter": "learning_rate", "factor": 0.5}
    trainer = AdaptiveTrainer(experiment(slower, hyperparameters={"learning_rate": 1e-3}))
    for _ in range(3):
        trainer.advance()
    trainer.algorithm.args.learning_rate = np.nan
    iteration = trainer.advance()
    assert np.isfinite(trainer.algorithm.weights).all()
    assert trainer.decisions[0].taken
    assert trainer.decisions[0].outcome.startswith(
        "Goes on, for without it learning failed: After "
    )
    assert trainer.algorithm.args.learning_rate == 5e-4
    assert iteration.metrics
    trainer.close()


def test_another_world_is_judged_in_the_one_before() -> None:
    given = experiment(
        {"act": "harder", "by": 0.5},
        task="Hopper-v5",
        world=World(terrain=Terrain(kinds=("rough",), levels=2, difficulty=(0.0, 0.1))),
    )
    _, _, written, _ = run(given)
    assert [one.outcome.endswith(("goes on.", "left away.")) for one in written] == [True] * 2


def test_where_levels_follow_robots_all_of_them_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Robots of a curriculum begin on its first level: that alone would be no judge."""
    terrain = Terrain(kinds=("rough",), levels=5, curriculum="robots")
    given = experiment(SLOWER, task="Hopper-v5", world=World(terrain=terrain))
    judged_on = []

    def evaluate(run: Checkpoint, episodes: int, *others: Any) -> Evaluation:
        env = run.experiment.make_vec(episodes)
        env.reset(seed=0)
        assert env.ground is not None
        judged_on.append(set(env.ground.levels.tolist()))
        env.close()
        return evaluation.evaluate(run, episodes, *others)

    monkeypatch.setattr("websim.adaptation.judgement.evaluate", evaluate)
    run(given)
    assert judged_on
    assert all(len(levels) > 1 for levels in judged_on)


def test_a_file_that_was_altered_is_refused() -> None:
    trainer = AdaptiveTrainer(experiment(SLOWER))
    trainer.advance()
    saved = trainer.checkpoint()
    trainer.close()
    assert saved is not None
    for text in (b"[]", b"{}", b'{"origin": 3}'):
        file = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(saved)) as old,
            zipfile.ZipFile(file, "w") as new,
        ):
            for name in old.namelist():
                new.writestr(name, text if name == "adaptation.json" else old.read(name))
        with pytest.raises(DamagedCheckpoint, match=r"adaptation\.json is damaged"):
            AdaptiveTrainer(experiment(SLOWER), checkpoint=file.getvalue())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "adaptation must be an object"),
        ({"rule": {}}, "adaptation.rule is unknown; there are: rules, acts, trial_steps"),
        ({"rules": {"boredom": {}}}, "adaptation.rules knows no 'boredom'; there are: plateau"),
        ({"rules": {"plateau": {"gain": "much"}}}, "adaptation.rules.plateau.gain must be"),
        ({"rules": {"mastery": {}}}, "adaptation.rules.mastery.goal is missing"),
        ({"acts": {"plateau": {}}}, "adaptation.acts.plateau must be a list"),
        ({"acts": {"plateau": [{"act": "pray"}]}}, r"adaptation.acts.plateau\[0\].act knows no"),
        ({"acts": {"plateau": [{}]}}, "must be an object with an act"),
        ({"trial_steps": 0}, "adaptation.trial_steps must be an integer from 1"),
        ({"episodes": 1e9}, "adaptation.episodes must be an integer from 1 to 4096"),
        ({"wishes": []}, "adaptation.wishes must be a list of 1 to 100 texts"),
        ({"wishes": ["run", 3]}, r"adaptation.wishes\[1\] must be a text"),
        ({"standard_errors": -1}, "adaptation.standard_errors must be a number from 0 to 100"),
    ],
)
def test_mistakes_are_named(given: Any, says: str) -> None:
    with pytest.raises(InvalidArgument, match=says):
        adaptation_of(given)


def test_a_document_has_it() -> None:
    from websim.experiments.experiment import document, from_document

    given = experiment(SLOWER)
    assert from_document(json.loads(json.dumps(document(given))), {}) == given


def test_wishes_are_learnt_one_after_the_other_and_the_document_says_so() -> None:
    """Each turn changes reward and measure, and is judged by the measure it brings."""
    given = experiment(
        {"act": "next_wish"}, task="HalfCheetah-v5", hyperparameters={"total_timesteps": 7 * BATCH}
    )
    wishes = ["run", "run backwards", "hop"]
    assert given.adaptation is not None
    adaptation = {**given.adaptation, "episodes": 2, "wishes": wishes}
    given = replace(given, adaptation=adaptation, parent=PARENT)
    trainer = AdaptiveTrainer(given)
    first = trainer.algorithm.experiment
    assert first.title == "run"
    weights, seen = trainer.algorithm.weights.copy(), [first]
    done = False
    while not done:
        if trainer.algorithm.iteration == 4:  # through a file, as any run
            saved = trainer.checkpoint()
            assert saved is not None
            trainer.close()
            trainer = AdaptiveTrainer(checkpoints.loads(saved).experiment, None, saved)
        done = trainer.advance().done
        if trainer.algorithm.experiment.title != seen[-1].title:
            seen.append(trainer.algorithm.experiment)
    assert [one.title for one in seen] == wishes
    for one, left in zip(seen, (wishes, wishes[1:], wishes[2:]), strict=True):
        assert one.adaptation is not None
        assert one.adaptation["wishes"] == left
    for before, after in itertools.pairwise(seen):
        assert after.parent == PARENT
        assert after.reward != before.reward
        assert after.measure != before.measure
    assert [
        (one.evidence["former"]["wish"], one.evidence["next"]["wish"]) for one in trainer.decisions
    ] == [*itertools.pairwise(wishes)]
    assert not np.array_equal(trainer.algorithm.weights, weights)
    trainer.advance(wish={"id": 1, "undo": 1})
    back = trainer.algorithm.experiment
    assert (back.title, back.measure) == ("run backwards", seen[1].measure)
    assert trainer.settings.wishes == ("run backwards", "hop")
    trainer.close()


def test_another_reward_for_the_same_wish_is_tried_by_the_same_measure() -> None:
    given = experiment(
        {"act": "rewrite"}, task="HalfCheetah-v5", hyperparameters={"total_timesteps": 5 * BATCH}
    )
    assert given.adaptation is not None
    given = replace(given, adaptation={**given.adaptation, "episodes": 2, "wishes": ["run"]})
    trainer = AdaptiveTrainer(given)
    first, tried = trainer.algorithm.experiment, None
    while not trainer.advance().done:
        if trainer._trial is not None:
            tried = trainer._trial.changed.algorithm.experiment
    assert tried is not None
    assert tried.reward != first.reward
    assert tried.measure == first.measure
    assert trainer.decisions
    trainer.close()


def test_an_author_that_makes_nothing_of_the_words_is_told_and_learning_goes_on() -> None:
    """Reward and measure are there, so that nobody was asked before."""
    task = task_class("InvertedPendulum-v5")
    given = experiment({"act": "rewrite"}, hyperparameters={"total_timesteps": 5 * BATCH})
    given = replace(
        given,
        reward=task.reward_code,
        measure=task.measure_code,
        adaptation={**(given.adaptation or {}), "wishes": ["xyzzy"]},
    )
    trainer = AdaptiveTrainer(given)
    while not trainer.advance().done:
        pass
    assert trainer.decisions
    for one in trainer.decisions:
        assert one.outcome.startswith("It cannot be tried: ")
        assert "xyzzy" in one.outcome
        assert one.taken is None
    assert len(trainer.decisions) <= 2  # as often as the rule says
    plain = Trainer(replace(given, adaptation=None))
    while not plain.advance().done:
        pass
    np.testing.assert_array_equal(trainer.algorithm.weights, plain.algorithm.weights)
    plain.close()
    trainer.close()


def test_a_wish_that_nobody_understands_is_told_before_anything_is_learnt() -> None:
    given = replace(
        experiment(SLOWER), task="HalfCheetah-v5", adaptation={"wishes": ["run", "xyzzy"]}
    )
    with pytest.raises(InvalidArgument, match=r"adaptation\.wishes\[1\]: .*xyzzy"):
        AdaptiveTrainer(given)
