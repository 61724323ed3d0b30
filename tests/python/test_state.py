"""Environments of a batch against an MjData for each, bit by bit, for many models."""

import sys
from importlib.util import find_spec
from pathlib import Path

import mujoco
import numpy as np
import pytest

from tests.state_models import NATIVE, NUM_ENVS, OWN, REFUSED, inputs
from websim import ModelError
from websim.mjcf import Source
from websim.physics import FIELDS, STATE, make_physics
from websim.physics.native import load_model

MODELS = Path(sys.prefix) / "models"
"""Where `make setup-test` puts packages of which the models alone are wanted."""

LOOK = 49
"""Steps between two looks: what has gone wrong stays wrong."""


def folders() -> list[Path]:
    """Whose models are tried, as far as they are models by themselves."""
    gymnasium = find_spec("gymnasium")
    assert gymnasium
    assert gymnasium.origin
    return [Path(gymnasium.origin).parent / "envs" / "mujoco" / "assets", MODELS]


def check(source: Source) -> None:
    """Steps a batch, and as many MjData."""
    model = load_model(source)
    physics = make_physics(source, NUM_ENVS, tuple(FIELDS), num_threads=2)
    given = inputs(physics.model)
    datas = [mujoco.MjData(model) for _ in range(NUM_ENVS)]
    physics.reset(np.arange(NUM_ENVS), given["qpos"], given["qvel"])
    for i, data in enumerate(datas):
        data.qpos[:], data.qvel[:] = given["qpos"][i], given["qvel"][i]
        mujoco.mj_forward(model, data)
    for name in given.keys() - {"qpos", "qvel", "ctrl"}:
        getattr(physics.data, name)[...] = given[name]
        for i, data in enumerate(datas):
            getattr(data, name)[...] = given[name][i]
    for step, ctrl in enumerate(given["ctrl"]):
        physics.data.ctrl[...] = ctrl
        physics.step(1)
        for i, data in enumerate(datas):
            data.ctrl[:] = ctrl[i]
            mujoco.mj_step(model, data)
            mujoco.mj_rnePostConstraint(model, data)
            if step % LOOK:
                continue
            for name in (*STATE, *FIELDS):
                np.testing.assert_array_equal(
                    getattr(physics.data, name)[i], getattr(data, name), f"{name}, step {step}"
                )
    physics.close()


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # MuJoCo writes its warnings to MUJOCO_LOG.TXT.


@pytest.mark.parametrize("name", OWN | NATIVE)
def test_every_kind_of_state(name: str) -> None:
    check((OWN | NATIVE)[name])


def test_models_of_others() -> None:
    if not MODELS.is_dir():
        pytest.skip(f"{MODELS} is not there: `make setup-test` installs it")
    checked = 0
    for path in (path for folder in folders() for path in sorted(folder.rglob("*.xml"))):
        try:
            model = mujoco.MjModel.from_xml_path(str(path))
        except ValueError:
            continue  # a part of another, or broken for a test of theirs
        if not model.nv:
            continue
        check(path)
        checked += 1
    assert checked >= 80


def test_the_list_is_mujocos_own() -> None:
    """In its order: that of the bits."""
    bits = mujoco.mjtState
    others = {"qacc_warmstart": "warmstart", "plugin_state": "plugin"}
    names = [f"mjSTATE_{others.get(name, name).upper()}" for name in STATE]
    values = [int(getattr(bits, name)) for name in names]
    assert values == sorted(values)
    assert sum(values) == int(bits.mjSTATE_INTEGRATION)


@pytest.mark.parametrize("why", REFUSED)
def test_a_model_that_cannot_be_swapped_is_refused(why: str) -> None:
    with pytest.raises(ModelError, match=f"The model {why}"):
        make_physics(REFUSED[why], 1, ())
