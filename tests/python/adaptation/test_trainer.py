"""A run that adapts: changes are tried beside it, and what does not help leaves no trace."""

import io
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
from websim.training.trainer import Trainer
from websim.worlds import Terrain, World

BATCH = 4 * 32


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
        assert one.cost == {"steps": 2 * BATCH}
        assert {"schedule", "with", "without", "episodes"} == set(one.evidence)
        better = one.evidence["with"]["mean"] > one.evidence["without"]["mean"]
        assert one.outcome.endswith("goes on." if better else "left away.")
    assert spent == steps + 4 * BATCH


@pytest.mark.parametrize("stop_at", [1, 2, 3, 4, 7])
def test_stopped_at_any_time_it_comes_to_the_same(stop_at: int) -> None:
    weights, steps, written, _ = run(experiment(SLOWER))
    again = run(experiment(SLOWER), stop_at=stop_at)
    np.testing.assert_array_equal(again[0], weights)
    assert (again[1], again[2]) == (steps, written)


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


def test_what_helps_goes_on_and_names_where_it_came_from() -> None:
    """A rate at which nothing is learnt, made a thousand times greater."""
    faster = {"act": "rescale", "hyperparameter": "learning_rate", "factor": 1000.0}
    given = experiment(
        faster, every=1, trial=12, hyperparameters={"learning_rate": 1e-6, "total_timesteps": 2560}
    )
    trainer = AdaptiveTrainer(given)
    iteration = trainer.advance()
    while not trainer.decisions:
        iteration = trainer.advance()
    (one,) = trainer.decisions
    assert one.outcome.endswith("goes on.")
    assert one.evidence["with"]["mean"] > one.evidence["without"]["mean"]
    assert trainer.algorithm.experiment.parent == given.sha256
    assert trainer.algorithm.args.learning_rate == pytest.approx(1e-3)
    assert iteration.checkpoint is not None  # of the one that goes on
    with zipfile.ZipFile(io.BytesIO(iteration.checkpoint)) as archive:
        assert decisions.load(archive.read(decisions.NAME)) == [one]
        told = json.loads(archive.read("experiment.json"))
    assert told["parent"] == given.sha256
    trainer.close()


def test_another_world_is_judged_in_the_one_before() -> None:
    given = experiment(
        {"act": "harder", "by": 0.5},
        task="Hopper-v5",
        world=World(terrain=Terrain(kinds=("rough",), levels=2, difficulty=(0.0, 0.1))),
    )
    _, _, written, _ = run(given)
    assert [one.outcome.endswith(("goes on.", "left away.")) for one in written] == [True] * 2


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
    ],
)
def test_mistakes_are_named(given: Any, says: str) -> None:
    with pytest.raises(InvalidArgument, match=says):
        adaptation_of(given)


def test_a_document_has_it() -> None:
    from websim.experiments.experiment import document, from_document

    given = experiment(SLOWER)
    assert from_document(json.loads(json.dumps(document(given))), {}) == given
