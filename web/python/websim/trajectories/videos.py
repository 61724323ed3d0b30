"""Pictures of episodes as files of video, one behind the other, as LeRobot's datasets have them."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import MissingLibrary

CODEC = "h264"
PIXELS = "yuv420p"

FILE_MB = 200
"""A file that is larger is ended, and the next one begun with the next episode."""

_OPTIONS = {"g": "2", "bf": "0", "crf": "23"}
"""Every second picture stands alone, so that any one is found at once."""

_LOOKED_AT = 100
"""Pictures of an episode of which statistics are made, and every fourth row and column of them."""


class Videos:
    """Takes the pictures of episodes.

    Attributes:
        number: Of the file into which the next episode goes.
    """

    def __init__(self, folder: Path, template: str, chunk: int, fps: float) -> None:
        """Takes where files go.

        Args:
            folder: In which they are.
            template: Of their paths, by `chunk_index` and `file_index`.
            chunk: Files in a folder.
            fps: Pictures of a second.

        Raises:
            MissingLibrary: what writes them is not installed.
        """
        try:
            import av  # noqa: F401
        except ImportError:
            raise MissingLibrary(
                'PyAV is not installed: pip install "mujoco-websim[lerobot]".'
            ) from None
        self._folder, self._template, self._chunk = folder, template, chunk
        self._rate = Fraction(fps).limit_denominator(10_000)
        self._container: Any = None
        self._stream: Any = None
        self._pictures = 0
        self.number = 0

    def add(
        self, pictures: Iterable[NDArray[np.uint8]], count: int
    ) -> tuple[dict[str, Any], NDArray[np.float64]]:
        """Writes an episode of `count` pictures [height, width, 3], RGB.

        Returns:
            Where it is (`chunk_index`, `file_index`, `from_timestamp`, `to_timestamp`), and colours
            0 to 1 of what statistics are made of [n, 3].
        """
        import av

        first, seen = self._pictures, []
        each = max(1, count // _LOOKED_AT)
        for i, picture in enumerate(pictures):
            if self._container is None:
                self._begin(*picture.shape[:2])
            if i % each == 0:
                seen.append(picture[::4, ::4].reshape(-1, 3) / 255)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = self._pictures
            self._container.mux(self._stream.encode(frame))
            self._pictures += 1
        chunk, file = divmod(self.number, self._chunk)
        place = {
            "chunk_index": chunk,
            "file_index": file,
            "from_timestamp": float(first / self._rate),
            "to_timestamp": float(self._pictures / self._rate),
        }
        if self._path.stat().st_size >= FILE_MB << 20:
            self.finish()
        return place, np.concatenate(seen)

    def finish(self) -> None:
        """Ends the file."""
        if self._container is not None:
            self._container.mux(self._stream.encode())
            self._container.close()
            self._container, self._pictures, self.number = None, 0, self.number + 1

    @property
    def _path(self) -> Path:
        chunk, file = divmod(self.number, self._chunk)
        return self._folder / self._template.format(chunk_index=chunk, file_index=file)

    def _begin(self, height: int, width: int) -> None:
        import av

        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._container = av.open(str(self._path), "w")
        self._stream = self._container.add_stream(CODEC, rate=self._rate, options=_OPTIONS)
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = PIXELS
        self._stream.codec_context.time_base = 1 / self._rate
