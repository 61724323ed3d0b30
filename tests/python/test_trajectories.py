"""Recorded episodes, beside Gymnasium's environments, MuJoCo's own state and Minari's checks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from ctypes.util import find_library
from pathlib import Path
from typing import Any

import gymnasium
import h5py
import minari
import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from websim.browser import exchange
from websim.errors import ForeignPolicy, InvalidArgument, InvalidRecording
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.evaluation import evaluate
from websim.training.trainer import Trainer, policy_of
from websim.trajectories import cloning, lerobot, npz, videos
from websim.trajectories import minari as minari_format
from websim.trajectories.reading import Recorded, Recording, of_npz, read
from websim.trajectories.recorder import Episode, Recorder
from websim.trajectories.replay import Replay

HOPPER = Experiment(
    task="Hopper-v5", hyperparameters={"num_envs": 2, "num_steps": 32, "num_minibatches": 2}
)
EPISODES = 70
"""More than play at the same time."""


@pytest.fixture(scope="module")
def recorded() -> tuple[list[Episode], dict[str, Any], Any]:
    trainer = Trainer(HOPPER)
    recorder = Recorder(HOPPER, trainer.algorithm.state(), EPISODES, seed=5, random=0.5)
    episodes = list(recorder.play())
    about, spaces = recorder.about(), recorder.spaces
    recorder.close()
    trainer.close()
    return episodes, about, spaces


def test_every_episode_is_played_once_to_its_end(recorded: Any) -> None:
    episodes, about, _ = recorded
    assert sorted(episode.seed for episode in episodes) == [5 + i for i in range(EPISODES)]
    chosen = sum(episode.random for episode in episodes)
    assert 20 < chosen < 50
    for episode in episodes:
        assert episode.terminated or episode.truncated
        total = sum(episode.terms.values())
        np.testing.assert_allclose(total, episode.rewards, atol=1e-12)
    assert len(about["observation_names"]) == episodes[0].observations.shape[1]

    again = Recorder(HOPPER, None, 3, seed=5, random=1)
    alone = Recorder(HOPPER, None, 1, seed=7, random=1)
    theirs = {episode.seed: episode for episode in again.play()}
    (one,) = alone.play()
    np.testing.assert_array_equal(one.actions, theirs[7].actions)
    again.close()
    alone.close()


def test_gymnasium_and_mujoco_do_the_same_again(recorded: Any) -> None:
    episode = max(recorded[0], key=lambda one: len(one.rewards))
    env = gymnasium.make("Hopper-v5")
    observation, _ = env.reset(seed=episode.seed)
    np.testing.assert_allclose(observation, episode.observations[0], atol=1e-12)
    model, data = env.unwrapped.model, mujoco.MjData(env.unwrapped.model)  # type: ignore[attr-defined]
    bits = int(mujoco.mjtState.mjSTATE_INTEGRATION)
    for t, action in enumerate(episode.actions):
        observation, reward, *_, info = env.step(action)
        np.testing.assert_allclose(observation, episode.observations[t + 1], atol=1e-9)
        assert reward == pytest.approx(episode.rewards[t], abs=1e-9)
        assert info["x_position"] == pytest.approx(episode.infos["x_position"][t], abs=1e-9)

        mujoco.mj_setState(model, data, episode.states["state"][t], bits)
        data.ctrl[:] = action
        mujoco.mj_step(model, data, 4)
        np.testing.assert_allclose(data.qpos, episode.states["qpos"][t + 1], atol=1e-12)
        np.testing.assert_allclose(data.qvel, episode.states["qvel"][t + 1], atol=1e-12)
    env.close()


def test_npz_has_one_episode_behind_the_other(recorded: Any, tmp_path: Path) -> None:
    episodes, about, _ = recorded
    npz.write(tmp_path / "all.npz", iter(episodes), about)
    assert [path.name for path in tmp_path.iterdir()] == ["all.npz"]
    with np.load(tmp_path / "all.npz", allow_pickle=False) as file:
        assert json.loads(str(file["metadata"]))["task"] == "Hopper-v5"
        lengths: NDArray[np.int64] = file["lengths"]
        steps = np.cumsum(lengths)
        observations = np.split(file["observations"], (steps + np.arange(1, EPISODES + 1))[:-1])
        rewards = np.split(file["rewards"], steps[:-1])
        ends = file["terminations"] | file["truncations"]
        assert ends.sum() == EPISODES
        assert ends[steps - 1].all()
        for i, episode in enumerate(episodes):
            np.testing.assert_array_equal(observations[i], episode.observations)
            np.testing.assert_array_equal(rewards[i], episode.rewards)
            assert file["returns"][i] == pytest.approx(episode.rewards.sum())


def test_minari_reads_it_and_recovers_the_environment(
    recorded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    episodes, about, spaces = recorded
    folder = tmp_path / "hopper-v0"
    minari_format.write(folder, iter(episodes), HOPPER, spaces, about)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    dataset = minari.load_dataset("hopper-v0")
    assert dataset.total_episodes == EPISODES
    assert dataset.total_steps == sum(len(episode.rewards) for episode in episodes)
    for ours, theirs in zip(episodes, dataset, strict=True):
        assert dataset.spec.observation_space.contains(theirs.observations[0])
        assert dataset.spec.action_space.contains(theirs.actions[0])
        np.testing.assert_array_equal(theirs.observations, ours.observations)
        np.testing.assert_array_equal(theirs.infos["state"], ours.states["state"])
        np.testing.assert_array_equal(theirs.infos["x_position"][1:], ours.infos["x_position"])
        assert theirs.terminations[-1] == ours.terminated
    seeds = [one["seed"] for one in dataset.storage.get_episode_metadata(range(EPISODES))]
    assert seeds == [episode.seed for episode in episodes]
    env = dataset.recover_environment()
    assert env.spec is not None
    assert env.spec.id == "Hopper-v5"
    env.close()

    with pytest.raises(InvalidArgument, match="is there already"):
        minari_format.write(folder, iter(episodes), HOPPER, spaces, about)
    with pytest.raises(InvalidArgument, match="dataset's id"):
        minari_format.write(tmp_path / "no id!", iter(episodes), HOPPER, spaces, about)


def test_whatever_is_damaged_in_a_recording_is_named(recorded: Any, tmp_path: Path) -> None:
    episodes, about, _ = recorded
    npz.write(tmp_path / "some.npz", iter(episodes[:2]), about)
    whole = (tmp_path / "some.npz").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), rng.integers(1, 20)):
            data[place] = rng.integers(256)
        try:
            of_npz(bytes(data[: rng.integers(len(data) // 2, len(data) + 1)]))
        except InvalidRecording:
            refused += 1
    assert refused > 40


def test_a_policy_is_taught_what_is_recorded(
    recorded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloning, "UPDATES", 600)
    shown = [
        Recorded(one.seed, one.actions, one.observations, one.rewards)
        for one in recorded[0]
        if not one.random
    ]
    work = cloning.Cloning(Recording("Hopper-v5", shown), HOPPER)
    assert work.loss > 0.5
    work.advance()
    assert work.loss < 0.05
    run = work.run
    bound = np.ones(3, np.float32)
    policy = policy_of(run.experiment, run.learner, -bound, bound)
    wanted = np.concatenate([one.actions for one in shown])
    found = policy(np.concatenate([one.observations[:-1] for one in shown]))
    assert np.square(found - wanted).mean() < 0.05 * wanted.var(axis=0).mean()
    with pytest.raises(ForeignPolicy, match="takes 11 observations"):
        cloning.Cloning(Recording("", shown), Experiment(task="Ant-v5"))


def test_in_the_page_it_plays_what_it_was_taught(
    recorded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Python half; `tests/app/test_exchange.py` has the buttons."""
    monkeypatch.setattr(cloning, "UPDATES", 100)
    monkeypatch.setattr(exchange, "UPDATES", 100)
    episodes, about, _ = recorded
    npz.write(tmp_path / "all.npz", iter(episodes), about)
    runs = []
    for seed in (0, 0, 1):
        pupil = exchange.Pupil((tmp_path / "all.npz").read_bytes(), HOPPER, "taught", seed, 5)
        told = [pupil.play(0.01)]
        while not told[-1]["over"]:
            told.append(pupil.play(0.01))
        pupil.close()
        updates = [one["updates"] for one in told]
        assert updates == sorted(updates)
        assert updates[-1] == told[-1]["of"] == 100
        assert {one["archive"] for one in told[:-1]} == {None}
        runs.append(told[-1])
        run = checkpoints.loads(told[-1]["archive"])
        wanted = evaluate(run, 5, exchange.UNSEEN).returns.mean()
        assert told[-1]["episodeReturn"] == pytest.approx(wanted, rel=1e-9)
        recorded_return = np.mean([one.rewards.sum() for one in episodes])
        assert told[-1]["recordedReturn"] == pytest.approx(recorded_return)
        assert run.experiment.title == "taught"
    assert runs[0]["archive"] == runs[1]["archive"] != runs[2]["archive"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"episodes": 0}, "episodes must be"),
        ({"seed": -1}, "seed must be"),
        ({"random": 2.0}, "random must be 0 to 1"),
        ({"random": 0.5}, "no policy yet"),
    ],
)
def test_what_cannot_be_recorded_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        Recorder(HOPPER, None, **{"episodes": 1, "random": 1.0, **arguments})


def test_what_is_recorded_is_set_and_stepped_again(recorded: Any, tmp_path: Path) -> None:
    episodes, about, spaces = recorded
    npz.write(tmp_path / "all.npz", iter(episodes), about)
    minari_format.write(tmp_path / "hopper-v0", iter(episodes), HOPPER, spaces, about)
    d4rl = tmp_path / "d4rl.hdf5"
    with h5py.File(d4rl, "w") as file:
        for name, arrays in {
            "actions": [one.actions for one in episodes],
            "observations": [one.observations[:-1] for one in episodes],
            "rewards": [one.rewards for one in episodes],
            "infos/qpos": [one.states["qpos"][:-1] for one in episodes],
            "infos/qvel": [one.states["qvel"][:-1] for one in episodes],
            "terminals": [np.arange(len(one.rewards)) == len(one.rewards) - 1 for one in episodes],
            "timeouts": [np.zeros(len(one.rewards), bool) for one in episodes],
        }.items():
            file[name] = np.concatenate(arrays)
    env: Any = gymnasium.make("Hopper-v5").unwrapped
    env.reset()
    longest = max(range(EPISODES), key=lambda i: len(episodes[i].rewards))
    theirs = episodes[longest]
    replay = Replay(HOPPER)
    for path, task in ((tmp_path / "all.npz", "Hopper-v5"), (tmp_path / "hopper-v0", "Hopper-v5")):
        recording = read(path)
        assert recording.task == task
        one = recording.episodes[longest]
        assert one.seed == theirs.seed
        assert replay.difference(one) < 1e-12
        poses = replay.poses(one)
        for t in (0, len(one.rewards) // 2, len(one.rewards)):
            env.set_state(theirs.states["qpos"][t], theirs.states["qvel"][t])
            places = poses[t, :, :3].astype(np.float64)
            np.testing.assert_allclose(places, env.data.xpos, atol=1e-6)
    one = read(d4rl).episodes[longest]
    assert len(one.rewards) == len(theirs.rewards) - 1
    # Without the solver's warm start the same follows as far as it has converged.
    assert replay.difference(one) < 1e-4
    replay.close()

    other = Replay(Experiment(task="Ant-v5"))
    with pytest.raises(InvalidRecording, match="of another robot"):
        other.poses(one)
    other.close()
    (tmp_path / "torn.npz").write_bytes((tmp_path / "all.npz").read_bytes()[:-100])
    with pytest.raises(InvalidRecording, match="no recording"):
        read(tmp_path / "torn.npz")
    np.savez(tmp_path / "short.npz", **{**np.load(tmp_path / "all.npz"), "lengths": np.array([3])})
    with pytest.raises(InvalidRecording, match="do not sum up"):
        read(tmp_path / "short.npz")


def test_a_dataset_of_lerobots_holds_the_episodes(
    recorded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its schema, read with pyarrow; `bench/lerobot_reads.py` has LeRobot itself read one."""
    from pyarrow.parquet import read_table

    monkeypatch.setattr(lerobot, "_ROWS", 40)
    monkeypatch.setattr(lerobot, "FILE_MB", 0)  # a file each time
    episodes, about, _ = recorded
    experiment = Experiment(task="Hopper-v5", title="hop")
    lerobot.write(tmp_path / "data", iter(episodes), experiment, about)

    info = json.loads((tmp_path / "data" / "meta" / "info.json").read_text())
    total = sum(len(one.rewards) for one in episodes)
    told = (info["total_episodes"], info["total_frames"], info["fps"], info["splits"])
    assert told == (EPISODES, total, 125, {"train": f"0:{EPISODES}"})
    rows = read_table(tmp_path / "data" / "meta" / "episodes").to_pylist()
    places = []
    for number, (row, one) in enumerate(zip(rows, episodes, strict=True)):
        place = {f"{k}_index": row[f"data/{k}_index"] for k in ("chunk", "file")}
        places.append(place["file_index"])
        table = read_table(tmp_path / "data" / info["data_path"].format(**place))
        frames = table.filter(np.array(table["episode_index"]) == number)
        columns = {name: np.array(frames[name].to_pylist()) for name in info["features"]}
        np.testing.assert_array_equal(columns["action"], one.actions)
        np.testing.assert_allclose(columns["observation.state"], one.observations[:-1], 1e-6)
        np.testing.assert_allclose(columns["next.reward"], one.rewards, 1e-6)
        np.testing.assert_allclose(columns["timestamp"], np.arange(len(one.rewards)) / 125, 1e-6)
        assert columns["next.done"].tolist() == [False] * (len(one.rewards) - 1) + [True]
        ends = row["dataset_from_index"], row["dataset_to_index"]
        np.testing.assert_array_equal(columns["index"], np.arange(*ends))
        assert (row["seed"], row["tasks"]) == (one.seed, ["hop"])
        for name, feature in info["features"].items():
            assert columns[name].shape[1:] in (tuple(feature["shape"]), ())
            assert columns[name].astype(feature["dtype"]).tolist() == columns[name].tolist()
    assert len(set(places)) > 1

    stats = json.loads((tmp_path / "data" / "meta" / "stats.json").read_text())
    seen = np.concatenate([one.observations[:-1].astype(np.float32) for one in episodes])
    own = stats["observation.state"]
    for kind in ("min", "max", "mean", "std"):
        wanted = getattr(seen.astype(np.float64), kind)(axis=0)
        np.testing.assert_allclose(own[kind], wanted, 1e-9, 1e-12)
    assert own["count"] == [total]
    with pytest.raises(InvalidArgument, match="is there already"):
        lerobot.write(tmp_path / "data", iter(episodes), experiment, {})


class Painter:
    """Sees how far an episode is, and how long."""

    name = "painted"
    shape = (32, 48, 3)

    @staticmethod
    def colors(states: NDArray[np.float64]) -> NDArray[np.uint8]:
        steps = np.arange(len(states) - 1)
        rows = np.stack([40 + 3 * (steps % 60), 100 + 0 * steps, len(states) % 200 + 0 * steps])
        return rows.T.astype(np.uint8)

    def pictures(self, states: NDArray[np.float64]) -> Iterator[NDArray[np.uint8]]:
        for color in self.colors(states):
            yield np.broadcast_to(color, self.shape).copy()


@pytest.mark.parametrize("megabytes", [0, videos.FILE_MB])
def test_a_dataset_of_lerobots_has_video(
    megabytes: int, recorded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As LeRobot finds a frame: by the file of its episode, from a second of that on."""
    import av
    from pyarrow.parquet import read_table

    monkeypatch.setattr(videos, "FILE_MB", megabytes)
    episodes, about, _ = recorded
    episodes = episodes[:8]
    folder, key = tmp_path / "data", "observation.images.painted"
    lerobot.write(folder, iter(episodes), HOPPER, about, Painter())

    info = json.loads((folder / "meta" / "info.json").read_text())
    feature = info["features"][key]
    assert (feature["dtype"], feature["shape"]) == ("video", [32, 48, 3])
    assert feature["info"]["video.fps"] == info["fps"] == 125
    rows = read_table(folder / "meta" / "episodes").to_pylist()
    files = set()
    for row, one in zip(rows, episodes, strict=True):
        told = {k.rpartition("/")[2]: v for k, v in row.items() if k.startswith(f"videos/{key}/")}
        files.add(file := folder / info["video_path"].format(video_key=key, **told))
        with av.open(str(file)) as container:
            assert container.streams.video[0].codec_context.name == feature["info"]["video.codec"]
            seen = {
                round(float(frame.time) * 125): frame.to_ndarray(format="rgb24")
                for frame in container.decode(video=0)
                if frame.time is not None
            }
        first, end = (round(told[f"{name}_timestamp"] * 125) for name in ("from", "to"))
        assert end - first == len(one.rewards)
        found = np.array([seen[first + t].mean(axis=(0, 1)) for t in range(len(one.rewards))])
        assert abs(found - Painter.colors(one.states["state"])).max() < 8  # what compression leaves
        means = np.ravel(row[f"stats/{key}/mean"])
        np.testing.assert_allclose(
            means, Painter.colors(one.states["state"]).mean(axis=0) / 255, 1e-6
        )
    assert len(files) == (1 if megabytes else len(episodes))
    stats = json.loads((folder / "meta" / "stats.json").read_text())[key]
    assert np.shape(stats["mean"]) == (3, 1, 1)
    assert stats["count"] == [sum(len(one.rewards) for one in episodes)]


DRAWS = next((kind for kind in ("OSMesa", "EGL") if find_library(kind)), None)

#: In a process of its own: what draws is chosen as MuJoCo is imported.
SEEN = """
import gymnasium, numpy as np
from websim.experiments.experiment import Experiment
from websim.trajectories.camera import HEIGHT, WIDTH, Camera
from websim.trajectories.recorder import Recorder

experiment = Experiment(task="Hopper-v5")
recorder = Recorder(experiment, None, 1, random=1)
(episode,) = recorder.play()
recorder.close()
camera = Camera(experiment)
pictures = list(camera.pictures(episode.states["state"]))
camera.close()
assert len(pictures) == len(episode.rewards)
env = gymnasium.make("Hopper-v5", render_mode="rgb_array", width=WIDTH, height=HEIGHT).unwrapped
env.reset()
for t, picture in enumerate(pictures[:3]):
    env.set_state(episode.states["qpos"][t], episode.states["qvel"][t])
    assert abs(env.render().astype(int) - picture).mean() < 0.1, t
env.close()
assert abs(pictures[-1].astype(int) - pictures[0]).mean() > 1
"""


@pytest.mark.skipif(DRAWS is None, reason="there is neither OSMesa nor EGL: nothing draws here")
def test_a_camera_sees_what_gymnasium_draws() -> None:
    environment = {**os.environ, "MUJOCO_GL": str(DRAWS).lower()}
    subprocess.run([sys.executable, "-c", SEEN], env=environment, check=True)
