"""A link's outer part: bytes as text that can be cut or damaged on its way, and then says so.

    byte 0      version of all that follows
    bytes 1-3   length of the body, little-endian
    byte 4      check of the bytes before: the lowest byte of their CRC-32
    bytes 5-8   CRC-32 of the body, little-endian
    from 9      the body: a raw deflate stream (RFC 1951) with a preset dictionary

All of it is base64url (RFC 4648, without padding) behind `#r=`. Chat programs and address bars cut
links without a word: so the length lies in front, and the text's length can be compared with it.
"""

import base64
import re
import zlib

from websim.errors import CutLink, DamagedCheckpoint, ForeignCheckpoint, InvalidArgument
from websim.plain import check_version
from websim.sharing.dictionary import DICTIONARY

MARK = "#r="

VERSION = 1
"""Raised when a reader of the version before would misunderstand what is written."""

MAX_CHARACTERS = 1 << 20

MAX_BYTES = 1 << 20
"""More than this unpacked is taken for an attack."""

_HEADER = 9
_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
_RAW = -15


def is_link(text: str) -> bool:
    """Whether a text is meant as a link that carries a run: a fragment, or a whole address."""
    return MARK in text


def encode(parts: list[bytes]) -> str:
    """The fragment of a link; parts that look different are better packed apart.

    Raises:
        InvalidArgument: it is more than a link may carry.
    """
    size = sum(map(len, parts))
    if size > MAX_BYTES:
        raise InvalidArgument(f"A link may carry {MAX_BYTES:,} bytes, not {size:,}.")
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    body = b"".join(packer.compress(part) + packer.flush(zlib.Z_PARTIAL_FLUSH) for part in parts)
    body += packer.flush()
    front = bytes([VERSION]) + len(body).to_bytes(3, "little")
    check = bytes([zlib.crc32(front) & 0xFF]) + zlib.crc32(body).to_bytes(4, "little")
    return MARK + text_of(front + check + body)


def decode(link: str) -> bytes:
    """What a link carries: the parts, one behind the other.

    Args:
        link: Its fragment, or a whole address with one.

    Raises:
        ForeignCheckpoint: it is no such link.
        CutLink: its end is missing.
        FutureCheckpoint: it is of a newer version.
        DamagedCheckpoint: it is not what was written.
    """
    _, mark, text = link.partition(MARK)
    if not mark:
        raise ForeignCheckpoint(f"This is no link with a run in it: it has no {MARK}.")
    if len(text) > MAX_CHARACTERS:
        raise DamagedCheckpoint(
            f"The link has {len(text):,} characters, and may have {MAX_CHARACTERS:,}."
        )
    good = _ALPHABET.match(text)
    assert good is not None
    if len(good[0]) < len(text):
        raise DamagedCheckpoint(
            f"The link is damaged: its character {good.end() + 1:,} of {len(text):,}, "
            f"{text[good.end()]!r}, is none that a link has."
        )
    data = base64.urlsafe_b64decode(
        text[: len(text) - (len(text) % 4 == 1)] + "=" * (-len(text) % 4)
    )
    _check_front(data, len(text))
    length = int.from_bytes(data[1:4], "little")
    whole = _characters(_HEADER + length)
    if len(text) < whole:
        raise CutLink(
            f"The link was cut: {len(text):,} of its {whole:,} characters are here, "
            f"{whole - len(text):,} are missing. Ask for it again by a way that carries it whole."
        )
    if len(text) > whole:
        raise DamagedCheckpoint(
            f"The link is damaged: {len(text) - whole:,} characters are behind its end."
        )
    body = data[_HEADER:]
    if text_of(data) != text or zlib.crc32(body) != int.from_bytes(data[5:9], "little"):
        raise DamagedCheckpoint("The link is damaged: its checksum is another one.")
    return _unpacked(body)


def text_of(data: bytes) -> str:
    """Bytes as base64url, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _check_front(data: bytes, characters: int) -> None:
    """Looks at the version and at the length, which say how to go on."""
    if len(data) < _HEADER:
        raise CutLink(
            f"The link was cut: only its first {characters} characters are here. Ask for it again "
            "by a way that carries it whole."
        )
    if zlib.crc32(data[:4]) & 0xFF != data[4]:
        raise DamagedCheckpoint("The link is damaged: its beginning is not what it was.")
    try:
        check_version("link", data[0], VERSION)
    except InvalidArgument as error:
        raise DamagedCheckpoint(f"The link is damaged: {error}") from None


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(_RAW, DICTIONARY)
    try:
        found = unpacker.decompress(body, MAX_BYTES + 1)
    except zlib.error as error:
        raise DamagedCheckpoint(f"The link is damaged: {error}.") from None
    if len(found) > MAX_BYTES:
        raise DamagedCheckpoint(f"The link unpacks to more than {MAX_BYTES:,} bytes.")
    if not unpacker.eof or unpacker.unused_data:
        raise DamagedCheckpoint("The link is damaged: what is packed in it does not end with it.")
    return found


def _characters(size: int) -> int:
    """Of base64url without padding."""
    return -(-size * 4 // 3)
