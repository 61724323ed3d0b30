"""Makes `docs/experiment.schema.json` of what `websim` declares, when run by `python -m`."""

import inspect
import json
import re
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from websim.experiments.experiment import FORMAT, VERSION, Experiment
from websim.experiments.robot import Robot, RobotDocument
from websim_server.build.messages import helps
from websim_server.paths import WEB

FILE = WEB.parent / "docs" / "experiment.schema.json"

_PLAIN: dict[Any, dict[str, Any]] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
    Any: {},
}


def schema() -> dict[str, Any]:
    """The JSON Schema of an experiment as it is written down."""
    parts: dict[str, Any] = {}
    whole = _object(Experiment, parts)
    del whole["properties"]["trusted"]  # no document can say it
    properties = {
        "format": {"const": FORMAT},
        "version": {"type": "integer", "minimum": 1, "maximum": VERSION},
        **whole["properties"],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Experiment",
        **whole,
        "properties": properties,
        "required": ["format", "version", *whole["required"]],
        "$defs": dict(sorted(parts.items())),
    }


def text() -> str:
    """The file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _object(kind: type, parts: dict[str, Any]) -> dict[str, Any]:
    """A dataclass; those that it has within go to `parts`, by name."""
    hints, said = typing.get_type_hints(kind), helps(kind)
    properties, required = {}, []
    for entry in fields(kind):
        properties[entry.name] = {
            **_type(hints[entry.name], parts),
            "description": said[entry.name][0].upper() + said[entry.name][1:] + ".",
        }
        if entry.default is not MISSING:
            properties[entry.name]["default"] = entry.default
        elif entry.default_factory is MISSING:
            required.append(entry.name)
    return {
        "description": re.sub(r"\s+", " ", (inspect.getdoc(kind) or "").partition("\n\n")[0]),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _type(hint: Any, parts: dict[str, Any]) -> dict[str, Any]:
    hint = RobotDocument if hint is Robot else hint  # as it is written down
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    if is_dataclass(hint):
        assert isinstance(hint, type)
        if hint.__name__ not in parts:
            parts[hint.__name__] = {}  # it may be within itself
            parts[hint.__name__] = _object(hint, parts)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is types.UnionType:
        return {"anyOf": [_type(one, parts) for one in arguments]}
    if origin is dict:
        return {"type": "object", "additionalProperties": _type(arguments[1], parts)}
    if origin is tuple and arguments[1:] != (Ellipsis,):
        items = [_type(one, parts) for one in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
    return {"type": "array", "items": _type(arguments[0], parts)}


if __name__ == "__main__":
    FILE.write_text(text())
