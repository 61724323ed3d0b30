"""Makes `messages.js` and `constants.js` of what `websim` declares, when run by `python -m`.

The types are apart: nothing loads them.
"""

import inspect
import json
import re
import types
import typing
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from websim.authors.tournament.tournament import MAX_CANDIDATES, MAX_EPISODES
from websim.authors.warnings import DOMINANT_SHARE
from websim.browser.messages import MESSAGES, spelt
from websim.browser.policies import MAX_BYTES as MAX_RUN_BYTES
from websim.experiments.experiment import CODE, Experiment, Simulation
from websim.experiments.files import MAX_BYTES, MAX_FILES
from websim.experiments.robot import Robot, RobotDocument
from websim.ranks.local import SLOT_BYTES
from websim.training.trainer import RECENT_EPISODES
from websim.worlds import EventTerm, LevelTerm, Noise, Scan, Terrain, World
from websim_server.paths import WEB

SHARED = WEB / "sim" / "shared"

HEADER = """\
/**
 * What Python hands to JavaScript, as `websim/browser/messages.py` declares it. Made by
 * `python -m websim_server.build.messages`; a test compares.
 */
"""

HEADER_OF_CONSTANTS = """\
/**
 * Numbers that Python and JavaScript share, as `websim` declares them. Made by
 * `python -m websim_server.build.messages`; a test compares.
 */
"""

CONSTANTS: dict[str, tuple[Any, str]] = {
    "DOMINANT_SHARE": (
        DOMINANT_SHARE,
        "A term of a greater share of all that is paid is warned of.",
    ),
    "MAX_CANDIDATES": (MAX_CANDIDATES, "That learn in a tournament at first."),
    "MAX_JUDGING_EPISODES": (MAX_EPISODES, "By which a candidate is judged."),
    "CODE": ([*CODE], "What of an experiment is Python."),
    "MAX_ROBOT_BYTES": (MAX_BYTES, "Of the files of a robot of one's own together."),
    "MAX_ROBOT_FILES": (MAX_FILES, "How many they may be."),
    "MAX_RUN_BYTES": (MAX_RUN_BYTES, "Of a run's file that is opened in the page, unpacked."),
    "RANK_SLOT_BYTES": (SLOT_BYTES, "What a rank hands to the others at once, in bytes."),
    "RECENT_EPISODES": (RECENT_EPISODES, "Runs are judged by the mean return of so many."),
}

_PLAIN = {
    int: "number",
    float: "number",
    str: "string",
    bool: "boolean",
    bytes: "Uint8Array<ArrayBuffer>",
    types.NoneType: "null",
    Any: "unknown",
    Robot: RobotDocument.__name__,  # as it is written down
}


def modules() -> dict[Path, str]:
    """The text of each JavaScript module."""
    # Python says all that there is to a message.
    typedefs = [_typedef(message, spelt, True) for message in MESSAGES]
    # Documents, not messages: their names are Python's wherever they are written.
    documents = (
        *(Experiment, Simulation, RobotDocument),
        *(World, EventTerm, LevelTerm, Noise, Terrain, Scan),
    )
    typedefs += [_typedef(part, str, False) for part in documents]
    constants = [
        f"/** {help} */\nexport const {name} = {json.dumps(value)};\n"
        for name, (value, help) in CONSTANTS.items()
    ]
    return {
        SHARED / "messages.js": "\n".join([HEADER, *typedefs, "export {};\n"]),
        SHARED / "constants.js": "\n".join([HEADER_OF_CONSTANTS, *constants]),
    }


def _typedef(kind: type, spelling: typing.Callable[[str], str], whole: bool) -> str:
    hints, said = typing.get_type_hints(kind), helps(kind)
    lines = [f" * @typedef {{object}} {kind.__name__}  {_sentence(inspect.getdoc(kind) or '')}"]
    for entry in fields(kind):
        name = spelling(entry.name)
        name = f"[{name}]" if not whole and _optional(entry) else name
        lines.append(f" * @property {{{_type(hints[entry.name])}}} {name}  {said[entry.name]}")
    return "\n".join(["/**", *lines, " */", ""])


def _type(hint: Any) -> str:
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is list or arguments[1:] == (Ellipsis,):
        return f"{_type(arguments[0])}[]"
    if origin is tuple:
        return f"[{', '.join(map(_type, arguments))}]"
    if origin is dict:
        return f"Record<{_type(arguments[0])}, {_type(arguments[1])}>"
    if origin is typing.Literal:
        return " | ".join(f"'{value}'" for value in arguments)
    if origin is types.UnionType:
        return " | ".join(dict.fromkeys(map(_type, arguments)))  # int and float are one
    return str(hint.__name__)


def _optional(entry: "Field[Any]") -> bool:
    return entry.default is not MISSING or entry.default_factory is not MISSING


def _sentence(text: str) -> str:
    first = text.split("\n\n")[0].replace("\n", " ").rstrip(".")
    return first[0].lower() + first[1:]


def helps(kind: type) -> dict[str, str]:
    """By field: what the docstring of the class, or of one that it is made of, says of it."""
    said: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        text = inspect.cleandoc(one.__doc__ or "").partition("Attributes:")[2]
        found = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", text, re.MULTILINE)
        said |= {name: _sentence(re.sub(r"\s+", " ", help)) for name, help in found}
    return said


if __name__ == "__main__":
    for file, text in modules().items():
        file.write_text(text)
