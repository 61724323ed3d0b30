"""The application: the page, its sources, the vendored files, the Python package, the manifest."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from websim import task_ids
from websim_server import __version__, algorithms, kernels, lock
from websim_server.bundle import Bundle
from websim_server.engine import OPTIMISED, choose
from websim_server.headers import ResponseHeaders
from websim_server.paths import VENDOR, WEB, websim_source
from websim_server.static import IMMUTABLE, REVALIDATE, Files


def vendor_manifest(packages: list[lock.Package]) -> dict[str, Any]:
    """What a worker loads: addresses and sizes (bytes as they are after decoding)."""
    by_name = {package.name: package for package in packages}
    pyodide = by_name["pyodide"]
    return {
        "pyodide": {
            "version": pyodide.version,
            "index": f"/vendor/{pyodide.folder}/",
            "bytes": sum(file.bytes for file in pyodide.files),
        },
        "wheels": [
            {
                "name": p.name,
                "url": f"/vendor/{p.folder}/{p.files[0].name}",
                "bytes": p.files[0].bytes,
            }
            for p in packages
            if p.folder == "wheels"
        ],
    }


def create_app(
    *,
    web: Path = WEB,
    vendor: Path = VENDOR,
    python: Path | None = None,
    isolated: bool = True,
    engine: str = OPTIMISED,
) -> ASGIApp:
    """Makes the application.

    Args:
        web: the folder with index.html, app/ and sim/.
        vendor: the folder of the vendored files.
        python: the Python package to send to the browser; the installed websim if None.
        isolated: whether responses carry the headers of cross-origin isolation.
        engine: the MuJoCo module that the page runs: "optimised", "official" or a folder.

    Raises:
        EngineError: there is no such engine.
    """
    # No OpenAPI pages: they load scripts from elsewhere, which the policy forbids.
    api = FastAPI(title="MuJoCo WebSim", version=__version__, openapi_url=None)
    bundle = Bundle(python or websim_source())
    packages = lock.read()
    chosen = choose(engine, vendor, packages)
    vendored = {"mujoco": chosen.manifest(), **vendor_manifest(packages)}
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
                "algorithms": algorithms.manifest(),
                **vendored,
                "kernels": kernels.manifest(),
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
    api.mount("/kernels", Files(kernels.KERNELS, IMMUTABLE))
    if chosen.folder:
        api.mount(str(Path(chosen.script).parent), Files(chosen.folder, IMMUTABLE))
    return ResponseHeaders(
        api,
        index=web / "index.html",
        isolated=isolated,
        dynamic_execution=chosen.dynamic_execution,
    )
