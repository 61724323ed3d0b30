"""The route of the documents: README and docs/ as pages."""

import functools
import mimetypes

from fastapi import APIRouter, HTTPException
from starlette.responses import RedirectResponse, Response

from websim_server.build import documents
from websim_server.site.static import REVALIDATE


def router() -> APIRouter:
    """`/docs/NAME`."""
    routes = APIRouter()

    @functools.cache
    def files() -> dict[str, bytes]:
        return documents.read(documents.made().find())

    @routes.api_route("/docs/{name:path}", methods=["GET", "HEAD"])
    def document(name: str) -> Response:
        if not name:
            return RedirectResponse("/docs/index.html")
        content = files().get(name)
        if content is None:
            raise HTTPException(404)
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(content, media_type=media_type, headers={"Cache-Control": REVALIDATE})

    return routes
