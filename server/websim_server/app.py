"""The application: the page, its sources, the vendored files, the Python package, the manifest."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from websim import task_ids
from websim_server import __version__, image, kernels, lock
from websim_server.bundle import Bundle
from websim_server.headers import ResponseHeaders
from websim_server.paths import VENDOR, WEB, websim_source
from websim_server.static import IMMUTABLE, REVALIDATE, Files


def vendor_manifest(packages: list[lock.Package]) -> dict[str, Any]:
    """What a worker loads: addresses and sizes (bytes as they are after decoding)."""
    by_name = {package.name: package for package in packages}
    mujoco, pyodide = by_name["mujoco"], by_name["pyodide"]
    return {
        "mujoco": {
            "version": mujoco.version,
            "script": f"/vendor/{mujoco.folder}/mujoco.js",
            "wasm": f"/vendor/{mujoco.folder}/mujoco.wasm",
            "bytes": next(f.bytes for f in mujoco.files if f.name == "mujoco.wasm"),
        },
        "pyodide": {
            "version": pyodide.version,
            "index": f"/vendor/{pyodide.folder}/",
            # Workers import the scripts themselves.
            "bytes": sum(f.bytes for f in pyodide.files if not f.name.endswith(".mjs")),
        },
    }


def create_app(
    *,
    web: Path = WEB,
    vendor: Path = VENDOR,
    python: Path | None = None,
    isolated: bool = True,
) -> ASGIApp:
    """Makes the application.

    Args:
        web: the folder with index.html, app/ and sim/.
        vendor: the folder of the vendored files.
        python: the Python package to send to the browser; the installed websim if None.
        isolated: whether responses carry the headers of cross-origin isolation.
    """
    # No OpenAPI pages: they load scripts from elsewhere, which the policy forbids.
    api = FastAPI(title="MuJoCo WebSim", version=__version__, openapi_url=None)
    bundle = Bundle(python or websim_source())
    vendored = vendor_manifest(lock.read())
    sources = Files(web, REVALIDATE)

    @api.api_route("/", methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        return await sources.get_response("index.html", request.scope)

    @api.api_route("/healthz", methods=["GET", "HEAD"])
    def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    @api.api_route("/manifest.json", methods=["GET", "HEAD"])
    def manifest() -> Response:
        name = bundle.name()
        content = bundle.get(name)
        assert content is not None
        websim = {"url": f"/python/{name}", "bytes": len(content)}
        return JSONResponse(
            {
                "version": __version__,
                "tasks": task_ids(),
                **vendored,
                "kernels": kernels.manifest(),
                "image": image.manifest(),
                "websim": websim,
            },
            headers={"Cache-Control": REVALIDATE},
        )

    @api.api_route("/python/{name}", methods=["GET", "HEAD"])
    def python_package(name: str) -> Response:
        content = bundle.get(name)
        if content is None:
            raise HTTPException(404)
        return Response(content, media_type="application/zip", headers={"Cache-Control": IMMUTABLE})

    for folder in ("app", "sim"):
        api.mount(f"/{folder}", Files(web / folder, REVALIDATE))
    api.mount("/vendor", Files(vendor, IMMUTABLE))
    api.mount("/image", Files(image.IMAGES, IMMUTABLE))
    api.mount("/kernels", Files(kernels.KERNELS, IMMUTABLE))
    return ResponseHeaders(api, index=web / "index.html", isolated=isolated)
