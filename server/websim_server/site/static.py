"""Static files: sources that may change, and vendored files that never do."""

import mimetypes
import os
from pathlib import Path

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from websim_server.build.compress import ENCODINGS

REVALIDATE = "no-cache"
IMMUTABLE = "public, max-age=31536000, immutable"

# Not left to the machine's tables, which miss some of these or say otherwise.
MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".whl": "application/zip",
    ".xml": "application/xml",
    ".zip": "application/zip",
    ".bin": "application/octet-stream",
}
for _suffix, _type in MEDIA_TYPES.items():
    mimetypes.add_type(_type, _suffix)


def accepted(accept_encoding: str) -> list[tuple[str, str]]:
    """Those of ENCODINGS that a client takes, by its Accept-Encoding header, in our order."""
    weights: dict[str, float] = {}
    for item in accept_encoding.lower().split(","):
        coding, _, parameter = item.partition(";")
        try:
            weights[coding.strip()] = float(parameter.partition("=")[2]) if parameter else 1.0
        except ValueError:
            continue
    return [e for e in ENCODINGS if weights.get(e[0], weights.get("*", 0.0)) > 0]


class Files(StaticFiles):
    """Files of a folder, sent compressed where a compressed copy lies beside.

    Args:
        directory: the folder.
        cache_control: the caching rule of all its files.
    """

    def __init__(self, directory: Path, cache_control: str):
        super().__init__(directory=directory, check_dir=False)
        self._cache_control = cache_control

    def get_path(self, scope: Scope) -> str:
        """The path of a file in the folder.

        Raises:
            HTTPException: 404: it is another way to write the address of a file, or a compressed
                copy, which is no file of its own.
        """
        path = super().get_path(scope)
        same = get_route_path(scope) == f"/{Path(path).as_posix()}"
        if not same or path.endswith(tuple(suffix for _, suffix in ENCODINGS)):
            raise HTTPException(404)
        return path

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Answers with the file, its compressed copy, or a 304 without a body."""
        request = Headers(scope=scope)
        headers = {"Cache-Control": self._cache_control, "Vary": "Accept-Encoding"}
        media_type = mimetypes.guess_type(full_path)[0] or "application/octet-stream"
        # A range is one of the file itself.
        if "range" not in request:
            for coding, suffix in accepted(request.get("accept-encoding", "")):
                packed = Path(f"{full_path}{suffix}")
                if packed.is_file():
                    full_path, stat_result = packed, packed.stat()
                    headers["Content-Encoding"] = coding
                    break
        response = FileResponse(
            full_path, status_code, headers, media_type, stat_result=stat_result
        )
        if self.is_not_modified(response.headers, request):
            return NotModifiedResponse(response.headers)
        return response
