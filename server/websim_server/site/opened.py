"""A robot or a run that the page opens at once: `websim serve --open FILE`."""

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import JSONResponse, Response

from websim import WebSimError
from websim.browser.experiments import as_json
from websim.experiments.archive import dump
from websim.experiments.sources import experiment_of, whole
from websim.training import checkpoints
from websim_server.errors import OpenError
from websim_server.site import runs
from websim_server.site.static import REVALIDATE
from websim_server.site.visitors import Pages
from websim_server.store.errors import NotStored
from websim_server.store.store import Store

ADDRESS = "/open"


@dataclass
class Opened:
    """What a file is now.

    Attributes:
        name: By which people know it.
        experiment: As JSON.
        digest: Sha256 of the archive.
        archive: That it comes in.
        has_learnt: Whether the archive has a policy as well.
    """

    name: str
    experiment: str
    digest: str
    archive: bytes
    has_learnt: bool

    @property
    def told(self) -> dict[str, Any]:
        """What the page asks first, as JSON can say it."""
        return {
            "name": self.name,
            "experiment": json.loads(self.experiment),
            "sha256": self.digest,
            "hasLearnt": self.has_learnt,
        }


class OpenedFile:
    """Reads the file anew whenever a page asks, so that what was edited is shown.

    Args:
        path: of a robot (MJCF, URDF, a folder, a zip archive) or a run.

    Raises:
        OpenError: it cannot be read.
    """

    def __init__(self, path: Path):
        self.path = path
        self.name = path.resolve().name
        self._newest = self.read()

    @property
    def query(self) -> str:
        """What the page's address says of it."""
        return f"?open={quote(self.name)}"

    def read(self) -> Opened:
        """The file as it is now; raises OpenError."""
        try:
            experiment = whole(experiment_of(self.path))
            data = self.path.read_bytes() if self.path.is_file() else b""
            has_learnt = checkpoints.is_run(data) and checkpoints.has_learnt(data)
            archive = data if has_learnt else dump(experiment)
            digest = hashlib.sha256(archive).hexdigest()
            self._newest = Opened(self.name, as_json(experiment), digest, archive, has_learnt)
        except WebSimError as error:
            raise OpenError(f"{self.path}: {error}") from None
        except OSError as error:
            raise OpenError(f"{self.path} cannot be read: {error.strerror}") from None
        return self._newest

    def archive(self, digest: str) -> bytes | None:
        """What was read, if nothing else has been read since; by another process, perhaps."""
        if self._newest.digest != digest:
            with contextlib.suppress(OpenError):
                self.read()
        return self._newest.archive if self._newest.digest == digest else None


def router(opened: OpenedFile | None, store: Store | None, pages: Pages) -> APIRouter:
    """`/open/NAME.json`, what a file is, and `/open/SHA256.websim`, with all that it needs.

    Args:
        opened: The file that the server was asked to open.
        store: Where runs are that have been shared; their names are their ids.
        pages: Who gets that file.
    """
    routes = APIRouter()

    @routes.api_route(ADDRESS + "/{name}.json", methods=["GET", "HEAD"])
    def about(name: str, request: Request) -> Response:
        if store is not None and (opened is None or name != opened.name):
            try:
                return JSONResponse(runs.opened(store, name), headers={"Cache-Control": REVALIDATE})
            except NotStored as error:
                return JSONResponse({"message": str(error)}, 404)
        if opened is None or name != opened.name:
            message = f"This server was not asked to open {name!r:.99}: websim serve --open FILE."
            return JSONResponse({"message": message}, 404)
        pages.check_name(request)
        try:
            found = opened.read()
        except OpenError as error:
            return JSONResponse({"message": str(error)}, 422)
        return JSONResponse(found.told, headers={"Cache-Control": REVALIDATE})

    @routes.api_route(ADDRESS + "/{digest}.websim", methods=["GET", "HEAD"])
    def archive(digest: str, request: Request) -> Response:
        content = opened.archive(digest) if opened else None
        if content is not None:
            pages.check_name(request)
        if content is None and store is not None:
            content = runs.archive(store, digest)
        if content is None:
            raise HTTPException(404)
        headers = {"Cache-Control": REVALIDATE}
        return Response(content, media_type="application/zip", headers=headers)

    return routes
