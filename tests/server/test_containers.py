"""The files of containers agree with each other, and with the commands that they call.

`docker/prove.sh` and `docker/prove_ray.sh` build and run the images; that takes minutes.
"""

import argparse
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from websim_server.author import command as author
from websim_server.train import command as train

ROOT = Path(__file__).resolve().parents[2]

FILES = ("docker-compose.yml", "docker/kuberay.yaml", "docker/ray-up.yaml")

IMAGE = "mujoco-websim-ray"


def read(file: str) -> dict[str, Any]:
    found = yaml.safe_load((ROOT / file).read_text())
    assert isinstance(found, dict)
    return found


def values_of(tree: Any, key: str) -> Iterator[Any]:
    """Everything that stands under a name, however deep."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == key:
                yield value
            yield from values_of(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from values_of(value, key)


def stages() -> dict[str, str]:
    """The text of each stage of the Dockerfile."""
    parts = re.split(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_all_name_the_image_that_compose_builds() -> None:
    compose = read("docker-compose.yml")["services"]
    for name in ("ray-head", "ray-worker"):
        assert compose[name]["profiles"] == ["ray"]
        assert compose[name]["build"]["target"] in stages()
        assert compose[name]["image"] == IMAGE
    assert "profiles" not in compose["websim"]
    assert list(stages())[-1] == "server"  # what is built without a target
    assert set(values_of(read("docker/kuberay.yaml"), "image")) == {IMAGE}
    assert set(values_of(read("docker/ray-up.yaml"), "image")) == {IMAGE}


def test_all_meet_at_the_port_that_the_image_opens() -> None:
    ray = stages()["ray"]
    (port,) = re.findall(r"^EXPOSE (\d+)$", ray, flags=re.MULTILINE)
    assert f"--port={port}" in ray
    for file in FILES:
        text = (ROOT / file).read_text()
        named = re.findall(
            r"(?:ray-head|127\.0\.0\.1|RAY_HEAD_IP|FQ_RAY_IP|--port=?|containerPort: )[: =]?(\d+)",
            text,
        )
        named = [one for one in named if one != "8000"]  # the page's
        assert set(named) == {port}, file


def test_a_token_that_is_not_set_is_not_handed_on_as_an_empty_one() -> None:
    for name in ("ray-head", "ray-worker"):
        given = read("docker-compose.yml")["services"][name]["environment"]
        assert given == {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": None}


def test_volumes_of_the_image_are_the_ones_that_are_mounted() -> None:
    assert "VOLUME /runs\n" in stages()["ray"]
    services = read("docker-compose.yml")["services"]
    assert services["ray-head"]["volumes"] == services["ray-worker"]["volumes"] == ["runs:/runs"]
    assert "runs" in read("docker-compose.yml")["volumes"]


def test_ray_is_the_locked_one() -> None:
    locked = re.search(r"^ray==(\S+)", (ROOT / "requirements-ray.lock").read_text(), re.MULTILINE)
    assert locked is not None
    assert read("docker/kuberay.yaml")["spec"]["rayVersion"] == locked[1]
    assert "-r requirements-ray.lock" in stages()["build-ray"]


@pytest.mark.parametrize("file", [*FILES, "docs/cluster.md"])
def test_commands_of_websim_are_understood(file: str) -> None:
    text = (ROOT / file).read_text().replace("\\\n#", "")
    commands = re.findall(r"websim (?:train|author) [^\n#'`|]*--backend ray[^\n#'`|]*", text)
    assert commands
    parser = argparse.ArgumentParser(exit_on_error=False)
    known = parser.add_subparsers()
    train.add_command(known)
    author.add_command(known)
    for command in commands:
        assert parser.parse_args(shlex.split(command)[1:]).backend == "ray"


def test_commands_of_ray_are_understood() -> None:
    scripts = pytest.importorskip("ray.scripts.scripts", reason="Ray is not installed: make ray")
    import jsonschema
    import ray

    up = read("docker/ray-up.yaml")
    services = read("docker-compose.yml")["services"]
    (command,) = re.findall(r"^CMD (.*)$", stages()["ray"], flags=re.MULTILINE)
    starts = [json.loads(command), services["ray-worker"]["command"]]
    starts += [
        line.split() for line in (*up["head_start_ray_commands"], *up["worker_start_ray_commands"])
    ]
    starts += [services["ray-head"]["healthcheck"]["test"][1:]]
    for start in starts:
        name, *options = start[1:]
        scripts.cli.commands[name].make_context(name, list(options))
    known = {option for one in scripts.start.params for option in one.opts}
    for given in values_of(read("docker/kuberay.yaml"), "rayStartParams"):
        assert {f"--{name}" for name in given} <= known
    schema = Path(ray.__file__).parent / "autoscaler" / "ray-schema.json"
    jsonschema.validate(up, json.loads(schema.read_text()))
