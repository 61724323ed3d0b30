"""What Python and JavaScript hand to each other, declared once: plain data, spelt as each does.

The types of the other side, `web/sim/shared/messages.js`, are made of these classes
(`python -m websim_server.build.messages`), and a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, TypeVar

from websim.experiments.decisions import Course, Decision
from websim.sharing.network import Precision
from websim.sharing.proof import Proof
from websim.training.claims import Claim
from websim.training.trainer import Change, Iteration

Message = TypeVar("Message")

Value = bool | int | float | str | list[int] | None
"""Of a hyperparameter."""


@dataclass(kw_only=True)
class ShardSizes:
    """Sizes of what a shard publishes.

    Attributes:
        num_envs: Environments.
        observation_size: Numbers of an observation.
        action_size: Numbers of an action.
        reward_terms: Terms that a reward is the sum of.
        world_values: Numbers that the world has drawn for an environment.
        nq: Numbers of a position.
        nv: Numbers of a velocity.
        nbody: Bodies, the world included.
    """

    num_envs: int
    observation_size: int
    action_size: int
    reward_terms: int
    world_values: int
    nq: int
    nv: int
    nbody: int


@dataclass(kw_only=True)
class ArrayPlace:
    """Where an array lies in Python's memory.

    Attributes:
        name: As in the layout of shared memory, `web/sim/shared/memory.js`.
        address: Of its first byte.
        length: Numbers in it.
    """

    name: str
    address: int
    length: int


@dataclass(kw_only=True)
class JointPlace:
    """A joint of one number.

    Attributes:
        name: Its own, or what it is called by.
        address: Of its number within qpos.
        low: Least value; null: any.
        high: Greatest value; null: any.
        angle: Whether it is an angle, in radians; otherwise a length, in metres.
    """

    name: str
    address: int
    low: float | None
    high: float | None
    angle: bool


@dataclass(kw_only=True)
class About:
    """What a shard says of its environments.

    Attributes:
        sizes: Of what it publishes.
        frame_skip: Physics steps of an environment step.
        dt: Seconds of simulated time of an environment step.
        action_names: By the actuators' names, or by what they move.
        observation_names: Empty texts where there is none; none at all where the task is not
            understood.
        action_low: Lower bounds of an action.
        action_high: Upper bounds.
        action_sources: Where the bounds of each come from, see `websim.action_ranges`.
        reward_terms: Names of the terms that a reward is the sum of.
        world_values: Names of the numbers that the world has drawn for an environment.
        terrain_kinds: Of the terrain's columns; none: there is no terrain.
        joints: Those of one number, hinges and slides.
        keyframes: Names of the model's; those without one by their number.
    """

    sizes: ShardSizes
    frame_skip: int
    dt: float
    action_names: list[str]
    observation_names: list[str]
    action_low: list[float]
    action_high: list[float]
    action_sources: list[str]
    reward_terms: list[str]
    world_values: list[str]
    terrain_kinds: list[str]
    joints: list[JointPlace]
    keyframes: list[str]


@dataclass(kw_only=True)
class Deed:
    """What a hand is to do to environments of one group that follow each other.

    Attributes:
        group: Index of the group.
        first: The first of them within their group.
        count: How many.
        do: As in `websim.hands.KINDS`; `joint` sets one of the `joints` of each.
        what: The others of its values (KINDS); of a push `seconds` in place of `steps`, of `joint`
            `joint` and `value`.
    """

    group: int
    first: int
    count: int
    do: Literal["push", "pull", "move", "release", "pose", "joint", "keyframe"]
    what: dict[str, Any]


@dataclass(kw_only=True)
class ShardPlace:
    """Which environments of a group one worker owns.

    Attributes:
        group: Index of the group.
        first: Index of the first environment within its group.
        num_envs: Environments.
        seed: Of the group's first environment.
    """

    group: int
    first: int
    num_envs: int
    seed: int


@dataclass(kw_only=True)
class Opening:
    """How the robots of a task begin, before Python is up.

    Attributes:
        about: What a shard of them says.
        xml: MJCF.
        fields: Arrays of MjData that the task reads besides the state.
        states: In which episodes begin.
        qpos: Of each of them [states, nq].
        qvel: Likewise [states, nv].
        userdata: Likewise [states, nuserdata].
        episode_steps: Of half of the episodes under random actions; null: many.
    """

    about: About
    xml: str
    fields: list[str]
    states: int
    qpos: list[float]
    qvel: list[float]
    userdata: list[float]
    episode_steps: int | None


@dataclass(kw_only=True)
class TrainingPlan:
    """How a run is dealt to workers.

    Attributes:
        experiment: The fields of an Experiment, as JSON.
        num_envs: Environments that learn, of all ranks together.
        max_episode_steps: After which an episode ends at the latest.
        total_timesteps: Environment steps in all.
        iteration: To go on from.
        global_step: Likewise.
        ranks: How many of the workers can learn.
        adapts: Whether the run changes its own course.
        decisions: That were made, the newest last.
        undoable: Numbers of those whose other side is kept.
    """

    experiment: str
    num_envs: int
    max_episode_steps: int
    total_timesteps: int
    iteration: int
    global_step: int
    ranks: int
    adapts: bool
    decisions: list[Decision]
    undoable: list[int]


@dataclass(kw_only=True)
class RunDescription:
    """What a run is, and how far.

    Attributes:
        experiment: The fields of an Experiment, as JSON.
        iteration: Finished iterations.
        global_step: Environment steps so far.
        ranks: Ranks that wrote it; 0 where there is no learner in it.
        has_learnt: Whether it has a policy.
        changes: Of what is paid or judged by, the newest last.
        decisions: That were made without a hand, the newest last.
    """

    experiment: str
    iteration: int
    global_step: int
    ranks: int
    has_learnt: bool
    changes: list[Change] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)


@dataclass(kw_only=True)
class LinkReading:
    """What a link carries.

    Attributes:
        id: Of what is in it.
        archive: It as a run's file.
        experiment: The fields of its Experiment, as JSON.
        title: What it is called.
        author: Who made it; empty: nobody says.
        claim: What it says of itself.
    """

    id: str
    archive: bytes
    experiment: str
    title: str
    author: str
    claim: Claim | None


@dataclass(kw_only=True)
class SharedLink:
    """A run as a link.

    Attributes:
        fragment: What goes behind the address of a page.
        precision: Of its weights.
        claim: What was measured when it was made.
    """

    fragment: str
    precision: Precision
    claim: Claim


@dataclass(kw_only=True)
class SharedFile:
    """A run as a file for others, with all that has been learnt.

    Attributes:
        archive: The file.
        claim: What was measured when it was made.
    """

    archive: bytes
    claim: Claim


@dataclass(kw_only=True)
class Measuring:
    """How far the episodes of a claim are.

    Attributes:
        over: Whether there is nothing left to do.
        taught: How much a smaller policy has been taught, from 0 to 1, where there is to be one.
        episodes: That are over.
        of: Of so many.
        proof: What came of them, where a claim was to be proven and all are over.
        link: Likewise, where a link was to be made.
        file: Likewise, where a file was.
    """

    over: bool
    taught: float
    episodes: int
    of: int
    proof: Proof | None
    link: SharedLink | None
    file: SharedFile | None


@dataclass(kw_only=True)
class Taking:
    """A way to take another program's policy.

    Attributes:
        actions: What they mean, a `websim.exchange.imports.Meaning`.
        problem: Why it cannot be taken so; empty where it can.
        archive: The run that is made of it; null where it cannot.
        episode_return: Of one episode that it played; null likewise.
        length: Of that, in environment steps.
    """

    actions: str
    problem: str = ""
    archive: bytes | None = None
    episode_return: float | None = None
    length: int = 0


@dataclass(kw_only=True)
class Importing:
    """How far the trial of another program's policy is.

    Attributes:
        over: Whether all ways have been tried.
        steps: Environment steps that were played.
        takings: The ways to take it, the likeliest first, once all are tried.
    """

    over: bool
    steps: int
    takings: list[Taking]


@dataclass(kw_only=True)
class RecordingOrder:
    """Which episodes are played and written down, and how.

    Attributes:
        episodes: How many.
        seed: Of the first.
        random: Share of the episodes that chance plays, 0 to 1.
        format: What becomes of them: an .npz, or a dataset of Minari's as .zip.
    """

    episodes: int
    seed: int
    random: float
    format: Literal["npz", "minari"]


@dataclass(kw_only=True)
class Recording:
    """How far the recording of episodes is.

    Attributes:
        over: Whether the file is complete.
        episodes: That are recorded.
        of: Of so many.
        steps: Environment steps in them.
        size: Of what has been written, in bytes.
        file: What came of it where it is not on disk, once it is over.
    """

    over: bool
    episodes: int
    of: int
    steps: int
    size: int
    file: bytes | None


@dataclass(kw_only=True)
class RecordedEpisode:
    """One of those in a recording.

    Attributes:
        steps: How long it is.
        episode_return: Sum of its rewards.
        seed: It began with; null: that is not known.
    """

    steps: int
    episode_return: float
    seed: int | None


@dataclass(kw_only=True)
class RecordingRead:
    """What is in a recording.

    Attributes:
        task: Id of its task; empty: that is not known.
        episodes: At least one.
        frame_seconds: Of the simulation, between two steps.
    """

    task: str
    episodes: list[RecordedEpisode]
    frame_seconds: float


@dataclass(kw_only=True)
class RecordedPoses:
    """What an episode looks like.

    Attributes:
        poses: Of all bodies, after the reset and after each step: position, and quaternion w, x, y,
            z, float32 [steps + 1, nbody, 7].
        returns: Sums of the rewards until then [steps + 1].
    """

    poses: bytes
    returns: list[float]


@dataclass(kw_only=True)
class Cloned:
    """How far a policy has been taught what a recording shows, and judged.

    Attributes:
        over: Whether it is taught, and its episodes are over.
        updates: Of its weights, so far.
        of: Of so many.
        episodes: Of its own that are over; they begin when it is taught.
        of_episodes: Of so many.
        recorded_return: Mean of the recorded episodes.
        episode_return: Mean of its own, once it is over.
        loss: What is left of the variance of actions, likewise.
        archive: A run with it, likewise.
    """

    over: bool
    updates: int
    of: int
    episodes: int
    of_episodes: int
    recorded_return: float
    episode_return: float | None
    loss: float | None
    archive: bytes | None


@dataclass(kw_only=True)
class RobotReading:
    """What files of a robot come to.

    Attributes:
        experiment: The fields of an Experiment, as JSON; null where something is open.
        archive: A run with the robot's files.
        missing: Files that the model names and that are not there.
        models: Of which one is to be chosen.
        kind: What they are; one file alone may be a run, another program's policy, or recorded
            episodes.
    """

    experiment: str | None = None
    archive: bytes | None = None
    missing: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    kind: Literal["robot", "run", "policy", "recording"] = "robot"


@dataclass(kw_only=True)
class PolicySizes:
    """What a checkpoint's policy can move.

    Attributes:
        task: Task id.
        observation_size: Numbers that it sees.
        action_size: Numbers that it gives.
    """

    task: str
    observation_size: int
    action_size: int


@dataclass(kw_only=True)
class WorkedReward:
    """A reward of the gallery, with its measure.

    Attributes:
        name: Its file's.
        title: What it is called.
        about: A sentence on it.
        reward: Its code.
        measure: That of its measure.
    """

    name: str
    title: str
    about: str
    reward: str
    measure: str


@dataclass(kw_only=True)
class Vocabulary:
    """What code may say of robots.

    Attributes:
        names: Of the model, by what has them: bodies, joints, ...
        attributes: What each is by its name, of `now` and of what is asked by name.
        array: Attributes and methods of arrays.
        numpy: Functions and constants of numpy.
        builtins: Functions of Python.
        own: The task's own reward and measure, empty texts where it has none, and the task itself.
        gallery: Worked rewards for such robots.
    """

    names: dict[str, list[str]]
    attributes: dict[str, dict[str, str]]
    array: list[str]
    numpy: list[str]
    builtins: list[str]
    own: dict[Literal["reward", "measure", "task_code"], str]
    gallery: list[WorkedReward]


@dataclass(kw_only=True)
class CodeProblem:
    """Something that is wrong with code.

    Attributes:
        line: From 1.
        column: From 1.
        refused: What is wrong.
        allowed: What is allowed; empty where that is no answer.
    """

    line: int
    column: int
    refused: str
    allowed: str = ""


@dataclass(kw_only=True)
class Hyperparameter:
    """A hyperparameter as a form shows it.

    Attributes:
        name: Its name.
        type: Of its value; `ints` are several.
        default: Null: a number that may be left out.
        low: Least value; null: any.
        high: Greatest value; null: any.
        most: How many numbers there may be, where there may be several.
        choices: Where it is one of some texts.
        help: What it is.
    """

    name: str
    type: Literal["int", "float", "bool", "str", "ints"]
    default: Value
    low: float | None
    high: float | None
    most: int | None
    choices: list[str] | None
    help: str


@dataclass(kw_only=True)
class Algorithm:
    """An algorithm as a form shows it.

    Attributes:
        hyperparameters: In their order.
        presets: Values by preset and task, "*" being every task.
    """

    hyperparameters: list[Hyperparameter]
    presets: dict[str, dict[str, dict[str, Value]]]


@dataclass(kw_only=True)
class WorldTarget:
    """What an event of a world can change, as a form shows it.

    Attributes:
        name: Its name.
        help: What it is, and its unit.
        kind: Of what it has a value each; null: the environment has one.
        modes: When it may be drawn.
        operations: What may be done with the number drawn.
    """

    name: str
    help: str
    kind: str | None
    modes: list[str]
    operations: list[str]


@dataclass(kw_only=True)
class Worlds:
    """Worlds as a form shows them.

    Attributes:
        targets: In their order.
        distributions: Of what is drawn.
        most_lag: Steps of delay, at most.
        terrain: One that says nothing of itself, with all that it then is, a scan included.
        ready: Worlds to begin with, by what they are called.
    """

    targets: list[WorldTarget]
    distributions: list[str]
    most_lag: int
    terrain: dict[str, Any]
    ready: dict[str, dict[str, Any]]


@dataclass(kw_only=True)
class Threshold:
    """A number by which a run that changes its own course acts, as a form shows it.

    Attributes:
        name: The rule's name and its own, or its own alone.
        default: What it is where nobody says; null: without it there is no such rule.
        whole: Whether it is a whole number.
        help: What it is.
    """

    name: str
    default: float | None
    whole: bool
    help: str


@dataclass(kw_only=True)
class TournamentJob:
    """A training of one candidate that is to be done in one worker.

    Attributes:
        number: Its number.
        entry: Number of the candidate.
        origin: Number of the job whose run it goes on from; null: none.
        order: What Python has to know of it, as JSON.
        experiment: What is learnt, as JSON.
    """

    number: int
    entry: int
    origin: int | None
    order: str
    experiment: str


@dataclass(kw_only=True)
class Contender:
    """A candidate of a tournament.

    Attributes:
        number: Its number.
        name: What it is called.
        why: What is paid, and why.
        reward: Its source.
        weights: Of its terms.
        parent: Number of the candidate whose policy it began with; null: none.
        out: Why it learns no longer; empty: it is in.
        kept: Whether somebody wants it to go on.
        job: Number of the job whose run speaks for it; null: there is none yet.
        measure: Of its newest judgement; NaN before the first.
        standard_error: Of that.
        curve_steps: Environment steps of its snapshots.
        curve: Measures of the episodes that ended by then; NaN: none had.
        warnings: What people should know of its reward.
    """

    number: int
    name: str
    why: str
    reward: str
    weights: dict[str, float]
    parent: int | None
    out: str
    kept: bool
    job: int | None
    measure: float
    standard_error: float
    curve_steps: list[int]
    curve: list[float]
    warnings: list[str]


@dataclass(kw_only=True)
class TournamentStep:
    """How a tournament stands.

    Attributes:
        state: All that it is, as JSON.
        stage: What is going on.
        round: Of the stage.
        over: Whether there is nothing more to do.
        ending: Why it ended before all was done; empty: it did not.
        progress: How much of the budget is used, 0 to 1.
        seconds_left: Until the budget is used; NaN: nobody knows yet.
        steps: Environment steps that were learnt.
        jobs: That are to be done.
        needed: Numbers of the jobs whose runs may be wanted again.
        contenders: All candidates, by number.
        decisions: All, a sentence or two each.
        best: Number of the best candidate; null before anything was judged.
        best_job: Number of the job whose run is the best.
        best_measure: Its measure.
        best_error: Standard error of that.
    """

    state: str
    stage: Literal["author", "trial", "halving", "weights", "finish", "final", "over"]
    round: int
    over: bool
    ending: str
    progress: float
    seconds_left: float
    steps: int
    jobs: list[TournamentJob]
    needed: list[int]
    contenders: list[Contender]
    decisions: list[str]
    best: int | None
    best_job: int | None
    best_measure: float
    best_error: float


@dataclass(kw_only=True)
class AuthorStep:
    """How a conversation with a language model stands.

    Attributes:
        system: What it begins with, whatever is asked for.
        turns: What is said, by us and by the model in turns.
        over: Whether nothing more is to be sent.
        returns: How often something went back.
        problems: What was wrong with the newest answer.
        kept: Names of the candidates that have passed.
        candidates: These, as JSON, once it is over.
        failure: Why there are none, likewise; empty: there are.
    """

    system: str
    turns: list[str]
    over: bool
    returns: int
    problems: list[str]
    kept: list[str]
    candidates: str
    failure: str


@dataclass(kw_only=True)
class JobEnd:
    """What came of a job.

    Attributes:
        result: For the tournament, as JSON.
        checkpoint: The run; null where the candidate failed.
    """

    result: str
    checkpoint: bytes | None


@dataclass(kw_only=True)
class ScenePool:
    """Scenes of which somebody picks those that move well.

    Attributes:
        known: What Python has to know of them, as JSON.
        sums: Of the reward's terms over each scene, not weighted.
        ways: How the robot of each was moved.
        frames: Pictures of each; the last one stays.
        most_frames: For how many there is room in `poses`.
        frame_seconds: From one picture to the next.
        poses: Of all bodies: position, and quaternion w, x, y, z, float32
            [scenes, most_frames, nbody, 7].
    """

    known: str
    sums: list[list[float]]
    ways: list[str]
    frames: list[int]
    most_frames: int
    frame_seconds: float
    poses: bytes


@dataclass(kw_only=True)
class PicksStanding:
    """What picks say.

    Attributes:
        terms: Names of the reward's terms.
        before: Their weights as they are.
        after: As the picks say.
        errors: Standard deviations of those.
        picks: How many there are, those of earlier decisions included.
        certainty: How sure it is which of two scenes is liked better, 0.5 to 1.
        next: Scenes that are to be shown next.
        reward: With the new weights.
        why: What the run is to tell of them, as JSON.
    """

    terms: list[str]
    before: list[float]
    after: list[float]
    errors: list[float]
    picks: int
    certainty: float
    next: list[int]
    reward: str
    why: str


@dataclass(kw_only=True)
class EngineFiles:
    """MuJoCo's module.

    Attributes:
        engine: Its kind, `official`, `optimised` or `own`.
        version: MuJoCo's.
        script: Address of its bindings.
        wasm: Address of the module.
        bytes: Of the module.
    """

    engine: str
    version: str
    script: str
    wasm: str
    bytes: int


@dataclass(kw_only=True)
class PyodideFiles:
    """Python.

    Attributes:
        version: Pyodide's.
        index: Address of its folder.
        bytes: Of what the page fetches itself.
    """

    version: str
    index: str
    bytes: int


@dataclass(kw_only=True)
class File:
    """A file that never changes under its address.

    Attributes:
        url: Its address.
        bytes: Its size.
    """

    url: str
    bytes: int


@dataclass(kw_only=True)
class PageSources:
    """Sources of the page itself.

    Attributes:
        version: Hash of all of them.
        urls: Their addresses.
    """

    version: str
    urls: list[str]


@dataclass(kw_only=True)
class TaskFile:
    """Python that registers tasks of the user's own.

    Attributes:
        name: Of the file, for messages.
        code: The source.
    """

    name: str
    code: str


@dataclass(kw_only=True)
class TrainedRun:
    """A run that comes with the page, whose policy moves the robots of its task.

    Attributes:
        task: Whose robots.
        url: Its address.
        bytes: Its size.
        algorithm: By which it was learnt.
        steps: For how many environment steps.
        mean_return: What its policy returned, a mean of episodes.
        return_std: Standard deviation of those.
    """

    task: str
    url: str
    bytes: int
    algorithm: str
    steps: int
    mean_return: float
    return_std: float


@dataclass(kw_only=True)
class Manifest:
    """What the server has to offer, `/manifest.json`.

    Attributes:
        version: Of websim.
        mujoco: The engine.
        pyodide: Python.
        image: The Python image.
        websim: The Python package, as a zip.
        kernels: The learning kernels.
        tasks: All task ids.
        task_files: Where those come from that are not in the package.
        openings: Folder with an Opening of each task, if there is one.
        trained: Runs that come with the page.
        algorithms: By name.
        worlds: What worlds can have in them.
        adaptation: By which runs change their own course.
        shares: Whether the server keeps runs that people share.
        sources: Of the page itself.
        files: Everything that never changes under its address.
        libraries: What a page loads when it needs it, likewise, by name; the first of each is to
            be imported.
    """

    version: str
    mujoco: EngineFiles
    pyodide: PyodideFiles
    image: File
    websim: File
    kernels: dict[Literal["plain", "relaxed"], File]
    tasks: list[str]
    task_files: list[TaskFile]
    openings: str | None
    trained: list[TrainedRun]
    algorithms: dict[str, Algorithm]
    worlds: Worlds
    adaptation: list[Threshold]
    shares: bool
    sources: PageSources
    files: list[str]
    libraries: dict[str, list[File]]


MESSAGES = (
    ShardSizes,
    ArrayPlace,
    JointPlace,
    About,
    Deed,
    ShardPlace,
    Opening,
    TrainingPlan,
    RunDescription,
    Claim,
    Proof,
    LinkReading,
    SharedLink,
    SharedFile,
    Measuring,
    Taking,
    Importing,
    RecordingOrder,
    Recording,
    RecordedEpisode,
    RecordingRead,
    RecordedPoses,
    Cloned,
    RobotReading,
    PolicySizes,
    WorkedReward,
    Vocabulary,
    CodeProblem,
    Change,
    Decision,
    Course,
    Iteration,
    Hyperparameter,
    Algorithm,
    WorldTarget,
    Worlds,
    Threshold,
    AuthorStep,
    TournamentJob,
    Contender,
    TournamentStep,
    JobEnd,
    ScenePool,
    PicksStanding,
    EngineFiles,
    PyodideFiles,
    File,
    PageSources,
    TaskFile,
    TrainedRun,
    Manifest,
)
"""All of them."""


def spelt(name: str) -> str:
    """A name as JavaScript spells it: `global_step` is `globalStep`."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def plain(message: Any) -> dict[str, Any]:
    """A message as it crosses: a dictionary, its names spelt as JavaScript does."""
    return {spelt(entry.name): _plain(getattr(message, entry.name)) for entry in fields(message)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return plain(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def read_iteration(message: Mapping[str, Any]) -> Iteration:
    """The same of an Iteration, with its course."""
    iteration = read(Iteration, message)
    if (course := message.get("course")) is not None:
        iteration.course = read(Course, course)
        for name in ("trying", "proposed"):
            one = course.get(name)
            setattr(iteration.course, name, None if one is None else read(Decision, one))
        told = course.get("decisions")
        iteration.course.decisions = told and [read(Decision, one) for one in told]
    return iteration


def read(kind: type[Message], message: Mapping[str, Any]) -> Message:
    """A message that JavaScript hands back, or has to say: undoes `plain`."""
    declared: Any = kind
    names = {spelt(entry.name): entry.name for entry in fields(declared)}
    return kind(**{names[name]: value for name, value in message.items() if name in names})
