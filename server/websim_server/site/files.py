"""The routes of files: the page, its sources, what is vendored and what is made of it."""

from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from websim_server.build import image, kernels
from websim_server.build.engine import Engine
from websim_server.site.static import IMMUTABLE, REVALIDATE, Files


def router(web: Path, folders: list[str], vendor: Path, engine: Engine) -> APIRouter:
    """The page's `folders` of `web`, the vendored files, and what is made of them."""
    routes = APIRouter()
    sources = Files(web, REVALIDATE)

    @routes.api_route("/", methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        return await sources.get_response("index.html", request.scope)

    @routes.api_route("/sw.js", methods=["GET", "HEAD"])
    async def service_worker(request: Request) -> Response:
        # At the root, because a service worker serves what is below its own address.
        return await sources.get_response("sw.js", request.scope)

    for folder in folders:
        routes.mount(f"/{folder}", Files(web / folder, REVALIDATE))
    routes.mount("/vendor", Files(vendor, IMMUTABLE))
    routes.mount("/image", Files(image.IMAGES, IMMUTABLE))
    routes.mount("/kernels", Files(kernels.KERNELS, IMMUTABLE))
    if engine.folder:
        routes.mount(str(Path(engine.script).parent), Files(engine.folder, IMMUTABLE))
    return routes
