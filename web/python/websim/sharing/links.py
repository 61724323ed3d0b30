"""Links that carry a run: its experiment, the policy that was learnt, and what is claimed of it.

The envelope (`envelope.py`) holds four bytes with the length of a JSON document, little-endian,
that document, and a network (`network.py`). The document is canonical, without what is as by
default; a robot's files are texts in it.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import MISSING, Field, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from websim import plain
from websim.algorithms import algorithm_class
from websim.algorithms.base import COUNTERS, make_hyperparameters
from websim.algorithms.population import PopulationAlgorithm
from websim.documents import as_plain
from websim.errors import CheckpointError, DamagedCheckpoint, InvalidArgument, ModelError
from websim.experiments import decisions
from websim.experiments.experiment import Experiment, as_dict, canonical, from_dict
from websim.experiments.files import is_model
from websim.experiments.robot import Robot, robot_as_dict
from websim.experiments.sources import whole
from websim.policies.network import Network, learner_of, network_of
from websim.sharing import addresses, envelope, network, rounding, stores
from websim.sharing.network import Precision
from websim.sharing.player import Player
from websim.sharing.proof import claim_of
from websim.sharing.rounding import Steps
from websim.states import StateDict
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.claims import Claim, read_claim
from websim.training.evaluation import Judge

MAX_DOCUMENT = 512 << 10

CHAT = 2000
"""Characters that chat programs carry whole."""

PLAYED = 250
"""Steps of each of a few environments, for whose observations weights are rounded."""


@dataclass
class Link:
    """A run as a link.

    Attributes:
        fragment: `#r=` and all that it carries; it goes behind the address of any page of ours.
        precision: Of its weights.
        run: As whoever opens the link has it.
    """

    fragment: str
    precision: Precision
    run: Checkpoint


class Draft:
    """A run that is about to become a link: rounded as the link has it, not yet measured.

    Attributes:
        precision: Of its weights.
        run: As whoever opens the link will have it, without a claim.
    """

    def __init__(self, run: Checkpoint, precision: Precision) -> None:
        """Rounds the policy, in int8 for observations that it comes to in a few episodes.

        Raises:
            InvalidArgument: a link cannot carry it: its robot has meshes, for instance.
            UnsafeCode: its code does more than calculate, and has to run for int8.
        """
        self.precision = precision
        experiment = replace(whole(run.experiment.for_learning()), hands=None)
        self._experiment = _written(experiment)
        acts = network_of(run.learner, _hyperparameters(experiment).hidden_sizes)
        steps = None if precision == "fp16" else _rounded(run, acts)
        self._network = network.dumps(acts, steps)
        learner = _learner(experiment, self._network, run.learner)
        self.run = Checkpoint(experiment, learner, [])

    def link(self, claim: Claim | None = None) -> Link:
        """The link, with what is claimed of the rounded policy."""
        run = replace(self.run, claim=claim)
        document = {
            **{name: run.learner[name] for name in COUNTERS},
            "experiment": self._experiment,
            **({} if claim is None else {"claim": _without_nothing(as_plain(claim))}),
        }
        text = canonical(document)
        if len(text) > MAX_DOCUMENT:
            raise InvalidArgument(f"A link carries no experiment of {len(text):,} bytes.")
        front = len(text).to_bytes(4, "little") + text
        return Link(envelope.encode([front, self._network]), self.precision, run)


def _rounded(run: Checkpoint, acts: Network) -> list[tuple[Steps, Steps | None]]:
    """The weights of a run's network in int8."""
    with closing(Player(run)) as player:
        return rounding.rounded(acts, player.activation, player.play(PLAYED))


def share(
    run: Checkpoint,
    *,
    precision: Precision | Literal["auto"] = "auto",
    max_characters: int = CHAT,
    episodes: int = 20,
    seed: int = 0,
) -> Link:
    """Makes a link of a run, and measures what it claims: what the link carries, not the run.

    Args:
        run: With a policy.
        precision: Of weights; "auto" takes fp16 where it fits, else int8.
        max_characters: How long the link may be.
        episodes: That are played for the claim.
        seed: Of the first.

    Raises:
        InvalidArgument: it does not fit, or a link cannot carry it.
        WebSimError: it cannot be simulated.
    """
    kinds: list[Precision] = ["fp16", "int8"] if precision == "auto" else [precision]
    length = 0
    for kind in kinds:
        draft = Draft(run, kind)
        length = len(draft.link().fragment)
        if length > max_characters:
            continue  # it would be longer yet with a claim
        judge = Judge(draft.run, episodes, seed)
        try:
            judge.play()
        finally:
            judge.close()
        link = draft.link(claim_of(judge.result, seed))
        length = len(link.fragment)
        if length <= max_characters:
            return link
    raise InvalidArgument(
        f"The link would have {length:,} characters, and may have {max_characters:,}: allow more, "
        "or make the policy smaller."
    )


def open_link(link: str) -> Checkpoint:
    """The run that a link carries, a policy without a learner.

    Args:
        link: Its fragment, or a whole address with one.

    Raises:
        CheckpointError: it is none, was cut or damaged, or cannot be used; see `envelope.decode`.
    """
    data = envelope.decode(link)
    size = int.from_bytes(data[:4], "little")
    try:
        if len(data) < 4 + size:
            raise ValueError("its document is incomplete")
        document = plain.loads(data[4 : 4 + size], MAX_DOCUMENT)
        plain.check_finite(document)
        if not isinstance(document, dict):
            raise ValueError("its document is no object")
        if unknown := set(document) - {*COUNTERS, "experiment", "claim"}:
            raise ValueError(f"its document has {min(unknown)!r:.99}")
        for name in COUNTERS:
            if not plain.is_count(document.get(name)):
                raise ValueError(f"its {name} must be an integer of at least 0")
        experiment = _read(document.get("experiment"))
        learner = _learner(experiment, data[4 + size :], document)
        claim = read_claim(document["claim"]) if "claim" in document else None
    except CheckpointError:
        raise
    except Exception as error:  # of json, base64, and what reads an experiment: each has its own
        raise DamagedCheckpoint(f"The link is damaged: {plain.brief(error)}.") from None
    return Checkpoint(experiment, learner, [], claim=claim)


def archive_of(run: Checkpoint) -> bytes:
    """A run as a file: with its learner where it has one, its decisions and its claim."""
    ranks = [None if rank is None else checkpoints.pack(rank) for rank in run.ranks]
    written = checkpoints.dumps(run.experiment, checkpoints.pack(run.learner), ranks, run.claim)
    return decisions.written(written, run.decisions) if run.decisions else written


def run_bytes(source: str | Path) -> bytes:
    """A run's file: as it is read or fetched, or made of a link.

    Raises:
        ModelError: there is no such file, or it cannot be had.
        CheckpointError: see `open_link` and `addresses.fetch_run`.
    """
    if isinstance(source, str) and envelope.is_link(source):
        return archive_of(open_link(source))
    if isinstance(source, str) and stores.is_address(source):
        return stores.fetch(source)
    if isinstance(source, str) and addresses.is_address(source):
        return addresses.fetch_run(source)
    try:
        return Path(source).expanduser().read_bytes()
    except OSError as error:
        raise ModelError(f"{source} cannot be read: {error.strerror}.") from None


def read_run(source: str | Path) -> Checkpoint:
    """A run of a file, a link, or an address on the web.

    Raises:
        ModelError: there is no such file.
        CheckpointError: it is none, or damaged.
    """
    return checkpoints.loads(run_bytes(source))


def _hyperparameters(experiment: Experiment) -> Any:
    kind = algorithm_class(experiment.algorithm)
    return make_hyperparameters(kind.Hyperparameters, experiment.hyperparameters)


def _learner(experiment: Experiment, data: bytes, counters: Mapping[str, Any]) -> StateDict:
    """What `Checkpoint.learner` is, of a network and how far it is."""
    flat = issubclass(algorithm_class(experiment.algorithm), PopulationAlgorithm)
    carried = network.loads(data)
    wanted = tuple(_hyperparameters(experiment).hidden_sizes)
    if carried.widths[1:-1] != wanted:
        raise DamagedCheckpoint(
            f"The link is damaged: its layers are {carried.widths[1:-1]} wide, not {wanted}."
        )
    acting = learner_of(carried, flat=flat)
    return {**{name: counters[name] for name in COUNTERS}, **acting}


def _written(experiment: Experiment) -> dict[str, Any]:
    """Its fields that are not as by default; the robot's files as texts."""
    values = as_dict(experiment)
    for entry in fields(Experiment):
        if entry.name in values and values[entry.name] == _default(entry):
            del values[entry.name]
    robot = experiment.robot
    if robot is not None:
        values["robot"] = {"main": robot.main, "files": _texts(robot)}
        if robot.floor is not None:
            values["robot"]["floor"] = robot.floor
    return values


def _texts(robot: Robot) -> dict[str, str]:
    """The files of a robot of primitives; raises InvalidArgument where there are others."""
    others = [path for path in robot.files if not is_model(path)]
    if others:
        raise InvalidArgument(
            f"A link carries robots of primitives only, and this one has {', '.join(others)}: "
            "send the run's file instead."
        )
    try:
        return {path: content.decode() for path, content in robot.files.items()}
    except UnicodeDecodeError as error:
        raise InvalidArgument(f"A link carries files in UTF-8 only: {error}.") from None


def _read(written: Any) -> Experiment:
    """Undoes `_written`; raises InvalidArgument for what is not allowed."""
    if not isinstance(written, dict):
        raise InvalidArgument(f"experiment must be an object, not {written!r:.99}.")
    values, files = dict(written), {}
    if "trusted" in values:
        raise InvalidArgument("trusted is nothing that a link can say.")
    if "robot" in values:
        robot = values["robot"]
        texts = robot.get("files") if isinstance(robot, dict) else None
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            raise InvalidArgument("robot.files must be an object of texts.")
        files = {path: text.encode() for path, text in texts.items()}
        _check_robot(robot)
        values["robot"] = robot_as_dict(Robot(robot.get("main"), files, robot.get("floor")))
    return from_dict(values, files)


def _check_robot(robot: Mapping[str, Any]) -> None:
    if unknown := set(robot) - {"main", "files", "floor"}:
        raise InvalidArgument(f"robot.{min(unknown)!s:.99} is unknown.")


def _default(entry: "Field[Any]") -> Any:
    return entry.default if entry.default_factory is MISSING else entry.default_factory()


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
