"""Episodes as a dataset of LeRobot's, version 3.0: parquet files, and JSON that says what they are.

meta/info.json, meta/stats.json              features, sizes; statistics of all frames
meta/tasks.parquet                           what is to be done, by number
meta/episodes/chunk-000/file-000.parquet     an episode a row: length, place, statistics, seed
data/chunk-000/file-000.parquet              a frame a row
videos/observation.images.NAME/chunk-000/file-000.mp4   what a camera saw, where there is one

A frame is what is seen before an action, the action, and what comes of it (`next.reward`,
`next.done`, `next.truncated`).
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidArgument, MissingLibrary
from websim.experiments.experiment import Experiment
from websim.trajectories import videos
from websim.trajectories.recorder import Episode
from websim.trajectories.videos import Videos

VERSION = "v3.0"

FILE_MB = 100
"""A file of frames that is larger is ended, and the next one begun."""

CHUNK = 1000
"""Files in a folder."""

_ROWS = 1 << 14
"""Frames that are written at a time."""

_FILE = "chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"

_VIDEO = "videos/{key}/chunk-{{chunk_index:03d}}/file-{{file_index:03d}}.mp4"

QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}

Stats = dict[str, dict[str, NDArray[Any]]]


class Eye(Protocol):
    """What sees episodes; `websim.trajectories.camera.Camera` is one.

    Attributes:
        name: What its pictures are called.
        shape: Of a picture: height, width, and 3.
    """

    name: str
    shape: tuple[int, int, int]

    def pictures(self, states: NDArray[np.float64]) -> Iterator[NDArray[np.uint8]]:
        """What is seen before each action; RGB.

        Args:
            states: Of an episode, MuJoCo's own (mjSTATE_INTEGRATION) [T + 1, k].
        """


def write(
    folder: Path,
    episodes: Iterable[Episode],
    experiment: Experiment,
    about: Mapping[str, Any],
    eye: Eye | None = None,
) -> None:
    """Writes a dataset.

    Observations are `observation.state`, in float32 as there; who wants to replay states exactly
    records as .npz or for Minari.

    Args:
        folder: A new one.
        episodes: As they come; memory does not grow with them.
        experiment: What is simulated; its title, or else its task, is the task that is told.
        about: What is known of it (`Recorder.about`).
        eye: What sees the episodes, for a video of them.

    Raises:
        InvalidArgument: the folder is there already.
        MissingLibrary: what writes parquet, or video, is not installed.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise MissingLibrary(
            'pyarrow is not installed: pip install "mujoco-websim[lerobot]".'
        ) from None
    if folder.exists():
        raise InvalidArgument(f"{folder} is there already: name a new folder.")
    (folder / "meta").mkdir(parents=True)
    try:
        dataset = _Dataset(folder, experiment, about, eye)
        for episode in episodes:
            dataset.add(episode)
        dataset.finish()
    except BaseException:
        shutil.rmtree(folder)  # half a dataset is none
        raise


class _Files:
    """Rows that go to one parquet file after another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[Any] = []
        self._rows = 0
        self._writer: Any = None
        self.number = 0

    @property
    def place(self) -> tuple[int, int]:
        """Chunk and file into which the next rows go."""
        return divmod(self.number, CHUNK)

    def add(self, table: Any) -> None:
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= _ROWS:
            self._write()
            if self._path.stat().st_size >= FILE_MB << 20:
                self._end()

    def finish(self) -> None:
        if self._waiting:
            self._write()
        self._end()

    @property
    def _path(self) -> Path:
        chunk, file = self.place
        return self._folder / _FILE.format(chunk_index=chunk, file_index=file)

    def _write(self) -> None:
        import pyarrow
        from pyarrow.parquet import ParquetWriter

        table = pyarrow.concat_tables(self._waiting)
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = ParquetWriter(self._path, table.schema, compression="snappy")
        self._writer.write_table(table)
        self._waiting, self._rows = [], 0

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer, self.number = None, self.number + 1


class _Dataset:
    def __init__(
        self, folder: Path, experiment: Experiment, about: Mapping[str, Any], eye: Eye | None
    ) -> None:
        self._folder, self._about, self._eye = folder, about, eye
        self._task = experiment.title or experiment.task
        self._robot = experiment.robot.name if experiment.robot is not None else experiment.task
        rate = 1 / about["seconds_per_step"]
        self._fps = round(rate) if abs(rate - round(rate)) < 1e-6 else rate
        self._frames, self._index = 0, 0
        self._data = _Files(folder / "data")
        self._episodes = _Files(folder / "meta" / "episodes")
        self._stats: Stats = {}
        self._features: dict[str, Any] = {}
        if eye is not None:
            self._key = f"observation.images.{eye.name}"
            path = _VIDEO.format(key=self._key)
            self._videos = Videos(folder, path, CHUNK, self._fps)

    def add(self, episode: Episode) -> None:
        """Writes an episode down."""
        import pyarrow

        steps = len(episode.rewards)
        columns = self._columns(episode, steps)
        stats = {name: _stats_of(values) for name, values in columns.items()}
        if not self._features:
            self._features = self._described(columns)
        seen = {}
        if self._eye is not None:
            place, colors = self._videos.add(self._eye.pictures(episode.states["state"]), steps)
            seen = {f"videos/{self._key}/{name}": value for name, value in place.items()}
            # By channel, as of pictures [channel, height, width].
            of_colors = _stats_of(colors)
            stats[self._key] = {
                kind: np.array([steps]) if kind == "count" else values.reshape(3, 1, 1)
                for kind, values in of_colors.items()
            }
        chunk, file = self._data.place
        told = {
            "episode_index": self._index,
            "tasks": [self._task],
            "length": steps,
            "data/chunk_index": chunk,
            "data/file_index": file,
            "dataset_from_index": self._frames,
            "dataset_to_index": self._frames + steps,
            "meta/episodes/chunk_index": self._episodes.place[0],
            "meta/episodes/file_index": self._episodes.place[1],
            "seed": episode.seed,
            "random": episode.random,
            **seen,
            **{
                f"stats/{name}/{kind}": values.tolist()
                for name, one in stats.items()
                for kind, values in one.items()
            },
        }
        self._data.add(pyarrow.table({name: _column(values) for name, values in columns.items()}))
        self._episodes.add(pyarrow.table({name: [value] for name, value in told.items()}))
        self._stats = _merged(self._stats, stats)
        self._frames, self._index = self._frames + steps, self._index + 1

    def finish(self) -> None:
        """Ends the files, and says what is in them."""
        self._data.finish()
        self._episodes.finish()
        if self._eye is not None:
            self._videos.finish()
        _write_tasks(self._folder / "meta" / "tasks.parquet", self._task)
        self._write(
            "info",
            {
                "codebase_version": VERSION,
                "robot_type": self._robot,
                "total_episodes": self._index,
                "total_frames": self._frames,
                "total_tasks": 1,
                "chunks_size": CHUNK,
                "data_files_size_in_mb": FILE_MB,
                "video_files_size_in_mb": videos.FILE_MB,
                "fps": self._fps,
                "splits": {"train": f"0:{self._index}"},
                "data_path": f"data/{_FILE}",
                "video_path": None if self._eye is None else _VIDEO.format(key="{video_key}"),
                "features": self._features,
                "websim": dict(self._about),
            },
        )
        stats = {
            name: {kind: values.tolist() for kind, values in one.items()}
            for name, one in self._stats.items()
        }
        self._write("stats", stats)

    def _columns(self, episode: Episode, steps: int) -> dict[str, NDArray[Any]]:
        done, cut = np.zeros(steps, np.bool_), np.zeros(steps, np.bool_)
        done[-1], cut[-1] = episode.terminated, episode.truncated
        frames = np.arange(steps)
        return {
            "observation.state": episode.observations[:-1].astype(np.float32),
            "action": episode.actions,
            "next.reward": episode.rewards.astype(np.float32),
            "next.done": done | cut,
            "next.truncated": cut,
            "timestamp": (frames / self._fps).astype(np.float32),
            "frame_index": frames,
            "episode_index": np.full(steps, self._index),
            "index": self._frames + frames,
            "task_index": np.zeros(steps, np.int64),
        }

    def _described(self, columns: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        names = {
            "observation.state": self._about["observation_names"],
            "action": self._about["action_names"],
        }
        described: dict[str, Any] = {
            name: {
                "dtype": values.dtype.name,
                "shape": list(values.shape[1:] or (1,)),
                "names": list(names.get(name) or ()) or None,
            }
            for name, values in columns.items()
        }
        if self._eye is not None:
            described[self._key] = self._described_video(self._eye.shape)
        return described

    def _described_video(self, shape: tuple[int, int, int]) -> dict[str, Any]:
        return {
            "dtype": "video",
            "shape": list(shape),
            "names": ["height", "width", "channels"],
            "info": {
                "video.height": shape[0],
                "video.width": shape[1],
                "video.codec": videos.CODEC,
                "video.pix_fmt": videos.PIXELS,
                "video.is_depth_map": False,
                "video.fps": self._fps,
                "video.channels": shape[2],
                "has_audio": False,
            },
        }

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        path = self._folder / "meta" / f"{name}.json"
        path.write_text(json.dumps(content, indent=4) + "\n", "utf-8")


def _column(values: NDArray[Any]) -> Any:
    import pyarrow

    if values.ndim == 1:
        return pyarrow.array(values)
    flat = pyarrow.array(np.ascontiguousarray(values).reshape(-1))
    return pyarrow.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _stats_of(values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    rows = values.reshape(len(values), -1).astype(np.float64)
    quantiles = np.quantile(rows, [*QUANTILES.values()], axis=0)
    return {
        "min": rows.min(axis=0),
        "max": rows.max(axis=0),
        "mean": rows.mean(axis=0),
        "std": rows.std(axis=0),
        "count": np.array([len(rows)]),
        **dict(zip(QUANTILES, quantiles, strict=True)),
    }


def _merged(one: Stats, other: Stats) -> Stats:
    """Of both together; quantiles are averaged, as LeRobot does."""
    return {name: _both(one[name], other[name]) for name in other} if one else other


def _both(
    one: Mapping[str, NDArray[Any]], other: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    count = one["count"] + other["count"]
    share = other["count"] / count
    apart = other["mean"] - one["mean"]
    variance = (1 - share) * one["std"] ** 2 + share * other["std"] ** 2
    return {
        "min": np.minimum(one["min"], other["min"]),
        "max": np.maximum(one["max"], other["max"]),
        "mean": one["mean"] + share * apart,
        "std": np.sqrt(variance + share * (1 - share) * apart**2),
        "count": count,
        **{name: one[name] + share * (other[name] - one[name]) for name in QUANTILES},
    }


def _write_tasks(path: Path, task: str) -> None:
    """As pandas writes a table whose index are the tasks: LeRobot reads it so."""
    import pyarrow
    from pyarrow.parquet import write_table

    index = "__index_level_0__"

    def told(name: str | None, field: str, kind: str, numpy_type: str) -> dict[str, Any]:
        return {
            "name": name,
            "field_name": field,
            "pandas_type": kind,
            "numpy_type": numpy_type,
            "metadata": None,
        }

    metadata = {
        "index_columns": [index],
        "column_indexes": [told(None, "None", "unicode", "object")],
        "columns": [
            told("task_index", "task_index", "int64", "int64"),
            told(None, index, "unicode", "object"),
        ],
        "creator": {"library": "pyarrow", "version": pyarrow.__version__},
        "pandas_version": "2.2.0",
    }
    table = pyarrow.table({"task_index": pyarrow.array([0], pyarrow.int64()), index: [task]})
    write_table(table.replace_schema_metadata({"pandas": json.dumps(metadata)}), path)
