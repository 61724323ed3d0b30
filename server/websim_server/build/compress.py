"""Compressed copies beside the vendored files, so that serving one costs no processor time."""

import gzip
from pathlib import Path

from websim_server.errors import AssetError

#: What the server may send in place of a file, best first: (content coding, file suffix).
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))

COMPRESSIBLE = {".bin", ".css", ".js", ".json", ".mjs", ".wasm"}

# For the two WASM modules 9 takes 2 s; 11 takes 42 s and makes them 12% smaller.
BROTLI_QUALITY = 9

# For clients without Brotli, which no browser is.
GZIP_LEVEL = 6


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a whole file or none of it: an interrupted run leaves nothing half done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)  # where the disk is full, half a file is in the way
        raise


def compress(path: Path) -> None:
    """Writes `path`.br and `path`.gz where they are missing, if the kind of file shrinks."""
    if path.suffix not in COMPRESSIBLE:
        return
    missing = [suffix for _, suffix in ENCODINGS if not path.with_name(path.name + suffix).exists()]
    if not missing:
        return
    try:
        import brotli
    except ModuleNotFoundError:
        raise AssetError(
            "the package brotli is missing; install it with: pip install 'mujoco-websim[assets]'"
        ) from None
    data = path.read_bytes()
    for suffix in missing:
        packed = (
            brotli.compress(data, quality=BROTLI_QUALITY)
            if suffix == ".br"
            else gzip.compress(data, GZIP_LEVEL, mtime=0)
        )
        write_atomically(path.with_name(path.name + suffix), packed)


def remove_compressed(path: Path) -> None:
    """Removes the compressed copies of a file that is about to change."""
    for _, suffix in ENCODINGS:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
