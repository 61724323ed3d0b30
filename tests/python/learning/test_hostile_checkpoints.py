"""Files that were made to do harm, or by chance: each is refused in words, and quickly."""

import io
import json
import random
import time
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from websim.errors import CheckpointError, DamagedCheckpoint, ForeignCheckpoint, InvalidArgument
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training import safetensors as ours
from websim.training.trainer import Trainer
from websim.training.verification import verify

Members = dict[str, bytes]
Change = Callable[[Members], None]

#: What a file may be longest looked at, in seconds.
PATIENCE = 5

SMALL = {
    "ppo": {"num_envs": 4, "num_steps": 16, "num_minibatches": 2, "update_epochs": 1},
    "es": {"num_envs": 4},
    "ars": {"num_envs": 4},
    "reinforce": {"num_envs": 4},
}


def members_of(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: Members) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def saved_by(algorithm: str, task: str = "InvertedPendulum-v5") -> bytes:
    trainer = Trainer(Experiment(task=task, algorithm=algorithm, hyperparameters=SMALL[algorithm]))
    trainer.advance()
    data = trainer.checkpoint()
    trainer.close()
    assert data is not None
    return data


@pytest.fixture(scope="module")
def good() -> bytes:
    return saved_by("ppo")


@pytest.fixture(scope="module")
def stranger() -> bytes:
    return saved_by("ppo", "Hopper-v5")


def opened(data: bytes) -> None:
    began = time.monotonic()
    try:
        verify(checkpoints.loads(data))
    finally:
        assert time.monotonic() - began < PATIENCE


@pytest.mark.parametrize("algorithm", SMALL)
def test_good_files_are_taken(algorithm: str) -> None:
    opened(saved_by(algorithm))


def in_json(member: str, *path: str, value: Any) -> Change:
    """Puts another value at a path."""

    def change(members: Members) -> None:
        tree = json.loads(members[member])
        place = tree
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        members[member] = json.dumps(tree).encode()

    return change


def header(name: str, value: Any) -> Change:
    return in_json("learner/checkpoint.json", name, value=value)


def document(name: str, value: Any) -> Change:
    return in_json("experiment.json", name, value=value)


def hyperparameter(name: str, value: Any) -> Change:
    return in_json("experiment.json", "hyperparameters", name, value=value)


def learner(*path: str, value: Any) -> Change:
    return in_json("learner/learner.json", *path, value=value)


def array(member: str, name: str, change: Callable[[Any], Any]) -> Change:
    """Puts another array in place of one."""

    def changed(members: Members) -> None:
        arrays = ours.loads(members[member])
        arrays[name] = change(arrays[name])
        members[member] = ours.dumps(arrays)

    return changed


def content(member: str, data: bytes) -> Change:
    return lambda members: members.__setitem__(member, data)


def without(member: str) -> Change:
    return lambda members: members.__delitem__(member)


WEIGHT = "policy/actor.0.weight"
OVERLAPPING = json.dumps(
    {f"a{i}": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]} for i in range(9)}
).encode()

HOSTILE: dict[str, tuple[Change, str]] = {
    "huge step": (learner("global_step", value=10**20), "up to 9007199254740991"),
    "step below 0": (learner("global_step", value=-5), "at least 0, not -5"),
    "step that is a text": (learner("global_step", value="7"), "at least 0, not '7'"),
    "true as iteration": (learner("iteration", value=True), "at least 0, not True"),
    "step that is not finite": (learner("global_step", value=float("nan")), "not finite"),
    "gradient steps in words": (learner("gradient_steps", value="7"), "at least 0, not '7'"),
    "count of statistics 0": (learner("normalize_observation", "count", value=0), "statistics"),
    "deep learner": (content("learner/learner.json", b"[" * 200_000), "200,000 levels deep"),
    "deep header": (content("learner/checkpoint.json", b"[" * 60_000), "60,000 levels deep"),
    "deep safetensors": (
        content("learner/learner.safetensors", (10**5).to_bytes(8, "little") + b"[" * 10**5),
        "levels deep",
    ),
    "many quotes": (content("learner/learner.json", rb"\"" * 100_000), "damaged"),
    "long header": (content("learner/checkpoint.json", b" " * 10**6), "may have 65,536"),
    "long number": (content("learner/learner.json", b"9" * 10_000), "damaged"),
    "deep document": (content("experiment.json", b"[" * 60_000), "60,000 levels deep"),
    "no rank": (without("learner/rank-0.json"), "its learner/rank-0.json is missing"),
    "half a character": (content("experiment.json", rb'{"title": "\ud800"}'), "half a character"),
    "long document": (content("experiment.json", b" " * 10**6), "may have 262,144"),
    "document of version 0": (document("version", 0), "version must be 1"),
    "document of something else": (document("format", "text"), "no experiment"),
    "unknown part": (document("wings", 2), "wings is unknown; there are: task"),
    "a robot that is none": (document("robot", "ant"), "robot must be an object"),
    "a robot without files": (document("robot", {"main": "a.xml"}), "robot.files must be"),
    "a robot that is not there": (
        document("robot", {"main": "a.xml", "files": {"a.xml": "0"}}),
        "robot.files: a.xml is missing",
    ),
    "a robot from elsewhere": (
        document("robot", {"main": "../a.xml", "files": {"../a.xml": "0"}}),
        "no path within a folder",
    ),
    "title without end": (document("title", "x" * 1000), "title may have 200"),
    "version -1": (header("version", -1), "version must be 1 to 2, not -1"),
    "version true": (header("version", True), "version must be 1 to 2, not True"),
    "ranks -1": (header("ranks", -1), "-1 ranks, and may have 0 to 1024"),
    "a million ranks": (header("ranks", 10**6), "1000000 ranks"),
    "all ranks lost": (header("lost_ranks", [0]), "lost ranks"),
    "lost ranks no list": (header("lost_ranks", 7), "lost ranks"),
    "task in a list": (document("task", ["Ant-v5"]), "task must be a text"),
    "unknown task": (document("task", "Octopus-v1"), "Unknown task 'Octopus-v1'.*There are: "),
    "endless task": (document("task", "x" * 60_000), "Unknown task"),
    "unknown algorithm": (document("algorithm", "magic"), "Unknown algorithm 'magic'; there are"),
    "other algorithm": (document("algorithm", "es"), "no hyperparameter"),
    "unknown option": (document("task_options", {"wings": 2}), "no option 'wings'"),
    "endless frames": (document("task_options", {"frame_skip": 10**9}), "from 1 to 10000"),
    "another's model": (document("task_options", {"xml_file": "/etc/passwd"}), "cannot use"),
    "seed below 0": (document("seed", -1), "seed must be an integer of at least 0"),
    "unknown hyperparameter": (hyperparameter("speed", 9), "no hyperparameter 'speed'"),
    "a billion environments": (
        hyperparameter("num_envs", 10**9),
        "num_envs must be a whole number from 1 to 65536",
    ),
    "endless steps": (
        hyperparameter("num_steps", 10**15),
        "num_steps must be a whole number from 1",
    ),
    "endless epochs": (
        hyperparameter("update_epochs", 10**12),
        "update_epochs must be a whole number from 1",
    ),
    "huge layers": (hyperparameter("hidden_sizes", [99_999, 99_999]), "from 1 to 4096"),
    "many layers": (hyperparameter("hidden_sizes", [8] * 1000), "up to 8 whole numbers"),
    "layers of text": (hyperparameter("hidden_sizes", ["x"]), "up to 8 whole numbers"),
    "another number of environments": (hyperparameter("num_envs", 8), "not of 8 environments"),
    "weights that are not finite": (
        array("learner/learner.safetensors", WEIGHT, lambda a: a * np.nan),
        "actor.0.weight' is not finite",
    ),
    "weights beyond their type": (
        array("learner/learner.safetensors", WEIGHT, lambda a: a.astype(float) + 1e300),
        "actor.0.weight' is not finite",
    ),
    "weights of another size": (
        array("learner/learner.safetensors", WEIGHT, lambda a: a[:-1]),
        "actor.0.weight' does not fit",
    ),
    "variance below 0": (
        array("learner/learner.safetensors", "normalize_observation/m2", lambda a: a - 1e9),
        "statistics",
    ),
    "positions that are not finite": (
        array("learner/rank-0.safetensors", "env/qpos", lambda a: a * np.inf),
        "qpos are not finite",
    ),
    "a generator beyond its bits": (
        in_json("learner/rank-0.json", "rng", "state", "state", value=str(10**50)),
        "random generator",
    ),
    "a generator of another kind": (
        in_json("learner/rank-0.json", "env", "generators", value=[{}, {}, {}, {}]),
        "random generator",
    ),
    "arrays that overlap": (
        content(
            "learner/learner.safetensors",
            len(OVERLAPPING).to_bytes(8, "little") + OVERLAPPING + b"12345678",
        ),
        "does not fit",
    ),
    "an array deep down": (
        content("learner/learner.safetensors", ours.dumps({"a/" * 5000 + "a": np.zeros(1)})),
        "too deep",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_words(good: bytes, name: str) -> None:
    change, says = HOSTILE[name]
    members = members_of(good)
    change(members)
    with pytest.raises((DamagedCheckpoint, ForeignCheckpoint), match=says) as caught:
        opened(zipped(members))
    assert len(str(caught.value)) < 600


def test_weights_of_another_robot(good: bytes, stranger: bytes) -> None:
    members = members_of(good)
    members["learner/learner.safetensors"] = members_of(stranger)["learner/learner.safetensors"]
    with pytest.raises(DamagedCheckpoint, match="does not fit"):
        opened(zipped(members))


def test_a_file_that_unpacks_without_end(good: bytes) -> None:
    members = members_of(good) | {"learner/rank-0.safetensors": bytes(10 << 20)}
    with pytest.raises(DamagedCheckpoint, match="and may have 1,048,576"):
        checkpoints.loads(zipped(members), 1 << 20)


def test_two_members_of_one_name(good: bytes) -> None:
    out = io.BytesIO(good)
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("learner/learner.json", b"{}")
    with pytest.raises(DamagedCheckpoint, match="two files of one name"):
        opened(out.getvalue())


#: What a fuzzer puts in place of any value.
ODD: list[Any] = [
    *(None, True, -1, 0, 10**20, 2**53 - 1, -1e308, float("nan"), float("inf")),
    *("", "x" * 1000, "__proto__", [], [[]], {}, {"a": []}),
]


def mutated(rng: random.Random, good: Members) -> bytes:
    """A good file with one to three changes: of bytes, of values, of members."""
    members = dict(good)
    for _ in range(rng.randint(1, 3)):
        member = rng.choice(sorted(members))
        data = bytearray(members[member])
        kind = rng.choice(("value", "value", "value", "bytes", "cut", "swap"))
        if kind == "value" and member.endswith(".json"):
            try:
                tree = json.loads(bytes(data))
            except ValueError:
                continue
            place = tree
            while isinstance(place, dict | list) and place:
                key = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
                if not isinstance(place[key], dict | list) or rng.random() < 0.3:
                    place[key] = rng.choice(ODD)
                    break
                place = place[key]
            members[member] = json.dumps(tree).encode()
        elif kind == "cut":
            members[member] = bytes(data[: rng.randrange(len(data) + 1)])
        elif kind == "swap":
            members[member] = members[rng.choice(sorted(members))]
        else:
            for _ in range(rng.randint(1, 8)):
                if data:
                    data[rng.randrange(len(data))] = rng.randrange(256)
            members[member] = bytes(data)
    packed = bytearray(zipped(members))
    if rng.random() < 0.2:
        packed[rng.randrange(len(packed))] ^= 1 << rng.randrange(8)
    return bytes(packed)


@pytest.mark.parametrize("part", range(4))
def test_mutations_are_taken_or_refused_in_words(good: bytes, part: int) -> None:
    """A file that is taken trains on; nothing but a named error tells of one that is not."""
    rng = random.Random(part)
    members = members_of(good)
    taken = 0
    refusals = []
    for _ in range(150):
        data = mutated(rng, members)
        try:
            checkpoint = checkpoints.loads(data)
            verify(checkpoint)
        except CheckpointError as error:
            refusals.append(str(error))
            continue
        taken += 1
        trainer = Trainer(checkpoint.experiment, checkpoint=checkpoint)
        assert isinstance(trainer.algorithm.global_step, int)
        trainer.close()
    assert len(refusals) > 50
    assert all(20 < len(text) < 600 for text in refusals)
    assert taken > 0


def test_hyperparameters_that_change_what_fits(good: bytes) -> None:
    checkpoint = checkpoints.loads(good)
    wanted = Experiment(
        task=checkpoint.experiment.task, hyperparameters={**SMALL["ppo"], "hidden_sizes": [8]}
    )
    with pytest.raises(DamagedCheckpoint, match="does not fit"):
        verify(checkpoint, wanted)
    wanted.hyperparameters = {**SMALL["ppo"], "learning_rate": 1e-5}
    assert verify(checkpoint, wanted).learning_rate == 1e-5
    with pytest.raises(InvalidArgument, match="batch"):
        Trainer(Experiment(task="Ant-v5", hyperparameters={"num_steps": 10**6, "num_envs": 100}))
