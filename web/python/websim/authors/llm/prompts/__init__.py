"""What a language model is told. The words are files beside this one, with `$names` to fill in."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cache
from importlib.resources import files
from string import Template

from websim.authors.anatomy import Anatomy
from websim.authors.candidates import Attempt, Brief
from websim.authors.reflection import reflect
from websim.authors.warnings import warnings
from websim.rewards import State
from websim.safecode.language import BUILTINS, NUMPY
from websim.task import Task

MAX_NAMES = 60
"""Of a kind that are listed; a robot's file may have thousands."""

MAX_NAME = 60
"""Characters of a name that is listed."""

FULL_ATTEMPTS = 4
"""That are told with their code; of the others a line each."""

MAX_ATTEMPTS = 40

MAX_PROBLEMS = 8
"""Lines of what is wrong with a file."""

MAX_LINE = 400

TASK_OPTIONS = {
    "goes_on_when_unhealthy": "terminate_when_unhealthy",
    "sees_where_it_is": "exclude_current_positions_from_observation",
}
"""Answers that turn an option of the task off."""


@cache
def _template(name: str) -> Template:
    return Template(files(__package__).joinpath(f"{name}.md").read_text("utf-8"))


@cache
def system_prompt() -> str:
    """What every conversation begins with, whatever is asked for."""
    accessors = [
        f'  - `now.{name}("...")`: {", ".join(f"`{one}`" for one in kind.attributes)}'
        for name, kind in State.methods.items()
    ]
    return _template("system").substitute(
        accessors="\n".join(accessors),
        numpy=", ".join(sorted(NUMPY)),
        builtins=", ".join(sorted(BUILTINS)),
    )


def request(brief: Brief, count: int, task: Task, anatomy: Anatomy) -> str:
    """The first thing that is said: what is wanted, of which robot, and what was tried."""
    model = anatomy.model
    known = {field.name for field in fields(task)}
    ends = "It ends only then."
    if "terminate_when_unhealthy" in known:
        ends = "It ends sooner where the robot is unhealthy, as the task has it."
    names = {kind: getattr(model, f"{kind}_names") for kind in State.methods}
    names["actuator"] = model.actuator_labels
    addresses = zip(model.joint_names, model.jnt_qposadr, model.jnt_dofadr, strict=True)
    places = [
        f"{_quoted(name)} from qpos[:, {qpos}] and qvel[:, {dof}]"
        for name, qpos, dof in list(addresses)[:MAX_NAMES]
    ]
    measure = brief.attempts[0].candidate.measure if brief.attempts else ""
    return _template("request").substitute(
        words=json.dumps(brief.words, ensure_ascii=False),
        anatomy=_plain(anatomy.describe()),
        names="".join(_listed(kind, found) for kind, found in names.items()),
        nq=model.nq,
        nv=model.nv,
        nu=model.nu,
        places=f"Joints: {'; '.join(places)}." if places else "",
        task=_plain(brief.experiment.task[:MAX_NAME]) or "A task of the user's own",
        dt=f"{task.dt:g}",
        steps=f"{task.max_episode_steps:,}",
        ends=ends,
        pays=task.reward_code.strip() or "# not said",
        tried=_tried(brief, measure) if brief.attempts else "",
        wanted=wanted(count, measure_fixed=bool(brief.attempts)),
    )


def wanted(count: int, *, measure_fixed: bool) -> str:
    """How many are to be written."""
    many = "one candidate" if count == 1 else f"{count} candidates of different structure"
    if measure_fixed:
        return f"Write {many}. The measure is fixed: leave `measure` empty."
    return f"Write the measure and {many}."


def returned(kept: Sequence[str], problems: Sequence[str], missing: int, measured: bool) -> str:
    """What goes back where something did not pass.

    Args:
        kept: Names of what passed.
        problems: What did not, and why.
        missing: How many candidates are still wanted.
        measured: Whether the measure has passed, or is fixed.
    """
    has = [f"{_quoted(name)} is kept." for name in kept]
    if measured:
        has.append("The measure stands: leave `measure` empty.")
    if kept and missing:
        ask = f"Write {missing} more in place of those"
        ask += "." if measured else ", and the measure anew."
    elif kept:
        ask = "Write the measure anew; of the candidates repeat the first one."
    else:
        ask = wanted(missing, measure_fixed=measured)
    return (
        _template("return")
        .substitute(
            kept=" ".join(has),
            problems="\n".join(f"- {problem}" for problem in problems),
            wanted=f"{ask} Files in full, in one JSON object of the same form.",
        )
        .strip()
    )


def shortened(problem: str) -> str:
    """What is wrong with a file, in a few lines."""
    lines = problem.splitlines()
    kept = [line[:MAX_LINE] for line in lines[:MAX_PROBLEMS]]
    if len(lines) > MAX_PROBLEMS:
        kept.append(f"and {len(lines) - MAX_PROBLEMS} more")
    return "\n  ".join(kept)


def _plain(text: str) -> str:
    """Text of a file that nobody knows, without characters that cannot be seen."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def _quoted(name: str) -> str:
    return json.dumps(_plain(name[:MAX_NAME]), ensure_ascii=False)


def _listed(kind: str, names: Iterable[str]) -> str:
    found = [name for name in names if name and len(name) <= MAX_NAME]
    if not found:
        return ""
    more = f" and {len(found) - MAX_NAMES} more" if len(found) > MAX_NAMES else ""
    return f"{kind}: {', '.join(map(_quoted, found[:MAX_NAMES]))}{more}\n"


def _tried(brief: Brief, measure: str) -> str:
    """What was tried, the best first, with its figures and what follows of them."""
    remarks = dict(enumerate(reflect(brief)))
    order = sorted(
        range(len(brief.attempts)), key=lambda i: _reached(brief.attempts[i]), reverse=True
    )
    told = []
    for rank, i in enumerate(order[:MAX_ATTEMPTS]):
        attempt = brief.attempts[i]
        name, reached = _quoted(attempt.candidate.name), _reached(attempt)
        if rank < FULL_ATTEMPTS:
            says = [*remarks[i].says, *warnings(attempt.snapshots)]
            told.append(_told(name, attempt, says))
        else:
            told.append(f"Another, {name}: measure {reached:.4g} at best.\n")
    return _template("tried").substitute(measure=measure.strip(), attempts="\n".join(told))


def _told(name: str, attempt: Attempt, says: Sequence[str]) -> str:
    lines = [f"## {name}", "", "```python", attempt.candidate.reward.strip(), "```", ""]
    if not attempt.snapshots:
        return "\n".join((*lines, "It has not been learnt from.", ""))
    lines += figures(attempt)
    lines += [f"\n{' '.join(says)}"] if says else []
    return "\n".join((*lines, ""))


def figures(attempt: Attempt) -> list[str]:
    """Snapshots of an attempt as a table: of each term and the measure, then max, mean and min."""
    snapshots = attempt.snapshots
    steps = " | ".join(f"{snapshot.global_step:,}" for snapshot in snapshots)
    rows = [
        f"| environment steps | {steps} | max | mean | min |",
        "|" + "---|" * (len(snapshots) + 4),
    ]
    columns = {
        "measure": [snapshot.measure for snapshot in snapshots],
        "episode length": [snapshot.episodic_length for snapshot in snapshots],
    }
    for name, values in columns.items():
        known = [value for value in values if value == value]
        rows.append(_row(name, values, known, known))
    for name in snapshots[-1].terms:
        terms = [snapshot.terms[name] for snapshot in snapshots if name in snapshot.terms]
        means = [mean for _, mean, _ in terms]
        rows.append(
            _row(
                f"term {name}", means, [low for low, _, _ in terms], [high for _, _, high in terms]
            )
        )
    return rows


def _row(
    name: str, values: Sequence[float], least: Sequence[float], greatest: Sequence[float]
) -> str:
    known = [value for value in values if value == value]
    ends = "- | - | -"
    if known:
        ends = f"{max(greatest):.3g} | {sum(known) / len(known):.3g} | {min(least):.3g}"
    cells = " | ".join("-" if value != value else f"{value:.3g}" for value in values)
    return f"| {name} | {cells} | {ends} |"


def _reached(attempt: Attempt) -> float:
    values = [snapshot.measure for snapshot in attempt.snapshots]
    return max((value for value in values if value == value), default=float("-inf"))
