"""Pictures of runs, for previews: one that came in the run's file, or one that is drawn here."""

import io
import struct
import zipfile
from dataclasses import dataclass

from websim_server.store import limited
from websim_server.store.errors import NoRun

MEMBERS = {"picture.png": "image/png", "picture.jpg": "image/jpeg"}
"""Where it lies in a run's file, if there is one. Both are what every preview shows."""

MAX_BYTES = 512 << 10

SIDES = range(16, 4097)
"""Pixels that width and height may have."""


@dataclass(frozen=True)
class Picture:
    """One that can be shown.

    Attributes:
        media_type: `image/png` or `image/jpeg`.
        width: In pixels.
        height: Likewise.
        data: The file.
    """

    media_type: str
    width: int
    height: int
    data: bytes


def picture_of(run: bytes) -> Picture | None:
    """The picture of a run that has been inspected.

    None comes with it and none can be drawn: None. That is no reason to refuse a run.
    """
    try:
        return checked(limited.ask("websim_server.store.drawing", run))
    except NoRun:
        return None


def brought(run: bytes) -> Picture | None:
    """The picture that lies in a run's file; raises NoRun where it is none that could be shown."""
    with zipfile.ZipFile(io.BytesIO(run)) as archive:
        for name in MEMBERS.keys() & set(archive.namelist()):
            size = archive.getinfo(name).file_size
            if size > MAX_BYTES:
                raise NoRun(f"Its {name} may have {MAX_BYTES:,} bytes, not {size:,}.")
            picture = checked(archive.read(name), name)
            if picture.media_type != MEMBERS[name]:
                raise NoRun(f"Its {name} is no {MEMBERS[name]} but {picture.media_type}.")
            return picture
    return None


def checked(data: bytes, name: str = "picture") -> Picture:
    """A picture, by its header; raises NoRun."""
    if len(data) > MAX_BYTES:
        raise NoRun(f"Its {name} may have {MAX_BYTES:,} bytes, not {len(data):,}.")
    try:
        kind, width, height = _png(data) or _jpeg(data) or ("", 0, 0)
    except (struct.error, IndexError):
        kind, width, height = "", 0, 0
    if not kind:
        raise NoRun(f"Its {name} is neither a PNG nor a JPEG, or is cut.")
    if width not in SIDES or height not in SIDES:
        raise NoRun(
            f"Its {name} has {width} x {height} pixels: sides may have {SIDES[0]} to {SIDES[-1]}."
        )
    return Picture(kind, width, height, data)


def _png(data: bytes) -> tuple[str, int, int] | None:
    """A signature, and IHDR as the first chunk (5.2 and 11.2.1 of the PNG specification)."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") or b"IEND" not in data[-12:]:
        return None
    return "image/png", *struct.unpack_from(">II", data, 16)


def _jpeg(data: bytes) -> tuple[str, int, int] | None:
    """By annex B of ITU-T T.81: segments up to the one that begins a frame."""
    if not data.startswith(b"\xff\xd8\xff") or not data.endswith(b"\xff\xd9"):
        return None
    at = 2
    while data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return "image/jpeg", width, height
        at += 2 + length
    return None
