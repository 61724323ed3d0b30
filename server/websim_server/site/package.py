"""The Python package of the browser: a zip with its content's hash in the name, and its route."""

import hashlib
from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from websim_server.build.zips import pack
from websim_server.site.snapshot import snapshot
from websim_server.site.static import IMMUTABLE


def zip_folder(folder: Path) -> bytes:
    """Zips a Python package, below its own name; the same source gives the same bytes."""
    paths = [Path(one.path) for one in snapshot(folder)]
    return pack(
        (f"{folder.name}/{p.relative_to(folder).as_posix()}", p.read_bytes()) for p in paths
    )


class Bundle:
    """Keeps the zip of a package up to date with its source.

    Args:
        folder: the package.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._seen: object = None
        self._current = ""
        # A worker that is replaced needs what its page began with: older ones stay.
        self._zips: dict[str, bytes] = {}

    def name(self) -> str:
        """The file name of the current zip; made anew when a source file has changed."""
        seen = snapshot(self._folder)
        if seen != self._seen:
            content = zip_folder(self._folder)
            digest = hashlib.sha256(content).hexdigest()[:16]
            self._current = f"{self._folder.name}-{digest}.zip"
            self._zips[self._current] = content
            self._seen = seen
        return self._current

    def get(self, name: str) -> bytes | None:
        """The zip of that name, if it is one that this process made."""
        if name not in self._zips:
            self.name()
        return self._zips.get(name)


def router(bundle: Bundle) -> APIRouter:
    """`/python/NAME`: the zips that `bundle` has made."""
    routes = APIRouter()

    @routes.api_route("/python/{name}", methods=["GET", "HEAD"])
    def python_package(name: str) -> Response:
        content = bundle.get(name)
        if content is None:
            raise HTTPException(404)
        return Response(content, media_type="application/zip", headers={"Cache-Control": IMMUTABLE})

    return routes
