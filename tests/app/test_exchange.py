"""Policies of other programs on the page, and what was learnt here for them."""

import io
import re
import zipfile
from pathlib import Path

import minari
import numpy as np
import onnxruntime
import pytest
from playwright.sync_api import expect

from tests.app.opened import drop
from tests.app.page import BOOT_MS
from tests.app.training_page import TrainingPage
from tests.graphs import convolution, recurrent
from websim.exchange.imports import READERS, run_from
from websim.experiments.experiment import Experiment
from websim.training.trainer import policy_of
from websim.trajectories.recorder import Recorder

MODELS = Path(__file__).resolve().parents[1] / "python" / "exchange" / "models"


def test_a_foreign_policy_moves_robots_and_leaves_as_onnx(
    open_page: TrainingPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page.page
    files = {name: (MODELS / name).read_bytes() for name in ("ppo.zip", "ppo.pkl")}
    # What cannot be taken is named, and nothing changes.
    drop(page.locator(".stage"), {"broken.onnx": "hello"})
    sheet = page.get_by_role("dialog", name="A policy of another program")
    expect(sheet).to_contain_text("no ONNX", timeout=BOOT_MS)
    expect(sheet.get_by_role("button", name="Use it")).to_be_disabled()
    sheet.get_by_role("button", name="Cancel").click()

    drop(page.locator(".stage"), files)
    expect(sheet).to_contain_text("normalised by ppo.pkl")
    choices = sheet.get_by_role("radio")
    expect(choices).to_have_count(3, timeout=BOOT_MS)
    returns = [float(one) for one in re.findall(r"returned (\d+)", sheet.inner_text())]
    assert returns == sorted(returns, reverse=True)
    sheet.get_by_text("Its actions as they are").click()
    sheet.get_by_role("button", name="Use it").click()
    expect(sheet).to_have_count(0)
    open_page.wait("sim.controller?.startsWith('saved-')", 20)

    page.get_by_role("button", name="Export: ppo").click()
    export = page.get_by_role("dialog", name="For other programs")
    with page.expect_download(timeout=BOOT_MS) as download:
        export.get_by_role("button", name="Save as ONNX").click()
    path = tmp_path / "policy.onnx"
    download.value.save_as(path)
    with np.load(MODELS / "ppo.npz") as known:
        observations, theirs = known["observations"], known["actions"]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (actions,) = session.run(None, {"observation": observations})
    assert abs(actions - theirs).max() < 1e-5

    with page.expect_download(timeout=BOOT_MS) as download:
        export.get_by_role("button", name="Save as TensorFlow.js").click()
    data = Path(download.value.path()).read_bytes()
    run = run_from(READERS["tfjs"](data), Experiment(task="InvertedPendulum-v5"))
    three = np.full(1, 3, np.float32)
    policy = policy_of(run.experiment, run.learner, -three, three)
    assert abs(policy(observations) - theirs).max() < 1e-4
    export.get_by_role("button", name="Save as safetensors").click()  # CleanRL's agents have tanh
    expect(export).to_contain_text("this policy has elu")

    export.get_by_role("spinbutton", name="Episodes").fill("3")
    export.get_by_label("Seed of the first").fill("7")
    export.get_by_label("Share of them that chance plays").fill("1")
    with page.expect_download(timeout=BOOT_MS) as download:
        export.get_by_role("button", name="Record").click()
    path = tmp_path / "episodes.npz"
    download.value.save_as(path)
    recorder = Recorder(Experiment(task="InvertedPendulum-v5"), None, 3, seed=7, random=1)
    episodes = list(recorder.play())
    recorder.close()
    with np.load(path) as file:
        np.testing.assert_array_equal(file["seeds"], [one.seed for one in episodes])
        np.testing.assert_array_equal(
            file["actions"], np.concatenate([one.actions for one in episodes])
        )
        np.testing.assert_allclose(
            file["state"], np.concatenate([one.states["state"] for one in episodes]), atol=1e-9
        )
    export.get_by_label("Format").select_option("minari")
    with page.expect_download(timeout=BOOT_MS) as download:
        export.get_by_role("button", name="Record").click()
    zipped = Path(download.value.path()).read_bytes()
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        archive.extractall(tmp_path)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    dataset = minari.load_dataset("invertedpendulum-v0")
    assert dataset.total_steps == sum(len(one.rewards) for one in episodes)
    made = dataset.recover_environment()
    assert made.spec.id == "InvertedPendulum-v5"
    assert (made.observation_space, made.action_space) == (
        dataset.observation_space,
        dataset.action_space,
    )
    made.close()
    for written, one in zip(dataset.iterate_episodes(), episodes, strict=True):
        np.testing.assert_array_equal(written.actions, one.actions)
        np.testing.assert_allclose(written.infos["state"], one.states["state"], atol=1e-9)
        np.testing.assert_array_equal(np.flatnonzero(written.terminations), [len(one.rewards) - 1])
    export.get_by_role("button", name="Close").click()

    # A recording plays beside a live robot, Minari's too; what is damaged is named.
    drop(page.locator(".stage"), {"broken.hdf5": b"\x89HDF\r\n\x1a\n"})
    expect(page.locator(".notices")).to_contain_text("no HDF5, or damaged", timeout=BOOT_MS)
    drop(page.locator(".stage"), {"dataset.zip": zipped})
    player = page.get_by_role("region", name="A recording")
    expect(player).to_be_visible(timeout=BOOT_MS)
    player.get_by_role("button", name="Pause").click()
    longest = max(range(3), key=lambda i: len(episodes[i].rewards))
    player.get_by_label("Episode", exact=True).select_option(str(longest))
    last = len(episodes[longest].rewards)
    scrub = player.get_by_label("Step of the episode")
    expect(scrub).to_have_attribute("max", str(last))
    scrub.fill(str(last))
    expect(player).to_contain_text(f"Step {last} of {last}: return")
    # A policy is taught what it shows, in a worker of its own, until somebody has had enough.
    player.get_by_role("button", name="Learn to do it").click()
    expect(player).to_contain_text(re.compile(r"[1-9][\d,]* of 20,000 updates"), timeout=BOOT_MS)
    player.get_by_role("button", name="Cancel").click()
    expect(player.get_by_role("button", name="Learn to do it")).to_be_enabled()
    player.get_by_role("button", name="Close the recording").click()
    expect(player).to_have_count(0)


def test_a_graph_that_remembers_plays_in_the_tab(open_page: TrainingPage, tmp_path: Path) -> None:
    """Beside ONNX Runtime natively, over whole episodes; it cannot be learnt on."""
    page = open_page.page
    sheet = page.get_by_role("dialog", name="A policy of another program")
    before = page.evaluate("websim.controller")
    # The runtime itself says what is wrong with a graph; nothing changes.
    broken = convolution(4, 1).replace(b"LeakyRelu", b"LeakyXXXX")
    drop(page.locator(".stage"), {"broken.onnx": broken})
    expect(sheet).to_contain_text("LeakyXXXX", timeout=BOOT_MS)
    expect(sheet.get_by_role("button", name="Use it")).to_be_disabled()
    sheet.get_by_role("button", name="Cancel").click()
    assert page.evaluate("websim.controller") == before

    model = recurrent(4, 1)
    drop(page.locator(".stage"), {"lstm.onnx": model})
    expect(sheet.get_by_role("radio")).to_have_count(3, timeout=BOOT_MS)
    sheet.get_by_text("Its actions as they are").click()
    sheet.get_by_role("button", name="Use it").click()
    expect(sheet).to_have_count(0, timeout=BOOT_MS)
    open_page.wait("sim.controller?.startsWith('saved-')", 60)

    page.get_by_role("button", name="Export: lstm").click()
    export = page.get_by_role("dialog", name="For other programs")
    export.get_by_role("spinbutton", name="Episodes").fill("3")
    with page.expect_download(timeout=BOOT_MS) as download:
        export.get_by_role("button", name="Record").click()
    path = tmp_path / "episodes.npz"
    download.value.save_as(path)
    export.get_by_role("button", name="Save as ONNX").click()
    expect(export).to_contain_text("only perceptrons go into links")
    export.get_by_role("button", name="Close").click()

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    with np.load(path) as file:
        ends = file["lengths"].cumsum()
        seen = np.split(file["observations"], (ends + np.arange(1, len(ends) + 1))[:-1])
        done = np.split(file["actions"], ends[:-1])
    for observations, actions in zip(seen, done, strict=True):
        state = [np.zeros((1, 1, 16), np.float32)] * 2
        for row, action in zip(observations.astype(np.float32), actions, strict=False):
            given = {"obs": row[None], "h0": state[0], "c0": state[1]}
            wanted, *state = session.run(["actions", "hn", "cn"], given)
            assert abs(np.clip(wanted, -3, 3) - action).max() < 1e-5
