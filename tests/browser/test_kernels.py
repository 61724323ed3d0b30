"""Both variants of the WASM kernels, in a worker's Python, against float64 numpy."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import kernel_cases
from tests.browser.conftest import with_shared_memory
from websim_server.build import kernels

CASES = Path(kernel_cases.__file__).read_text()

LOAD = """
from pathlib import Path
from pyodide.http import pyfetch
from websim.kernels.wasm import WasmKernels
file = Path(f"/tmp/{variant}.so")
file.write_bytes(await (await pyfetch(url)).bytes())
kernels = WasmKernels(file)
"""


def load(sim: Any, variant: str, worker: int = 0) -> None:
    """Gives a worker's Python the variable `kernels` and the functions of kernel_cases.py."""
    url = sim.page.evaluate("location.origin") + kernels.manifest()[variant]["url"]
    sim.python(f"variant, url = {variant!r}, {url!r}\n{LOAD}\n{CASES}\nNone", worker)


def call(worker: Any, function: str) -> Any:
    return json.loads(worker.python(f"import json\njson.dumps({function}(kernels))"))


@pytest.mark.parametrize("variant", kernels.VARIANTS)
def test_against_float64(worker: Any, variant: str) -> None:
    load(worker, variant)
    found = call(worker, "errors") | call(worker, "network_errors")
    assert len(found) > 200
    assert {name: error for name, error in found.items() if error > 1e-5} == {}
    found = call(worker, "functions")
    assert {name: error for name, error in found.items() if error > 1e-6} == {}
    assert found["tanh above 1"] <= 0
    assert call(worker, "not_finite")


def test_wrong_arrays_are_refused(worker: Any) -> None:
    load(worker, "plain")
    said = worker.python("""
import numpy as np
from websim.errors import InvalidArgument
good = np.zeros((4, 4), np.float32)
said = []
for bad in (np.zeros((4, 4)), np.zeros((4, 5), np.float32), np.zeros((4, 8), np.float32)[:, ::2]):
    try:
        kernels.matmul(good, bad[:4], good)
    except InvalidArgument as error:
        said.append(str(error))
said
""")
    assert len(said) == 3
    assert "got float64" in said[0]
    assert "[4, 5]" in said[1]
    assert "not C-contiguous" in said[2]


@with_shared_memory
def test_workers_choose_a_variant(sim: Any) -> None:
    name = "from websim.kernels import kernels as used\nused.name"
    sim.create(task="InvertedPendulum-v5", numEnvs=1, numWorkers=1)
    assert sim.python(name) == "relaxed"
    sim.create(task="InvertedPendulum-v5", numEnvs=1, numWorkers=1, reproducible=True)
    assert sim.python(name) == "plain"


@with_shared_memory
def test_plain_kernels_give_the_same_bits(sim: Any) -> None:
    """In two workers, 50 updates each."""
    sim.create(task="InvertedPendulum-v5", numEnvs=2, numWorkers=2, reproducible=True)
    weights = []
    for worker in range(2):
        load(sim, "plain", worker)
        weights.append(sim.python("learns(kernels).hex()", worker))
    assert weights[0] == weights[1]
