"""The application: the page, its sources, the vendored files, the Python package, the manifest."""

import hashlib
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from websim import task_ids
from websim_server import __version__
from websim_server.build import image, kernels, lock
from websim_server.build.engine import OPTIMISED, choose
from websim_server.paths import VENDOR, WEB, websim_source
from websim_server.site import algorithms
from websim_server.site.bundle import Bundle
from websim_server.site.headers import ResponseHeaders
from websim_server.site.openings import opening
from websim_server.site.static import IMMUTABLE, REVALIDATE, Files


def vendor_manifest(packages: list[lock.Package]) -> dict[str, Any]:
    """What a worker loads: addresses and sizes (bytes as they are after decoding)."""
    by_name = {package.name: package for package in packages}
    pyodide = by_name["pyodide"]
    return {
        "pyodide": {
            "version": pyodide.version,
            "index": f"/vendor/{pyodide.folder}/",
            # Workers import the scripts themselves.
            "bytes": sum(f.bytes for f in pyodide.files if not f.name.endswith(".mjs")),
        },
    }


def vendored_files(packages: list[lock.Package]) -> list[str]:
    """The addresses of the vendored files that any page loads: wheels are inside the image."""
    return [
        f"/vendor/{package.folder}/{file.name}"
        for package in packages
        for file in package.files
        if package.source == "npm" and package.name != "mujoco" and file.name != "LICENSE"
    ]


class Sources:
    """The page's own files, which change from version to version.

    Args:
        web: the folder with index.html, sw.js, app/ and sim/.
        isolated: whether they are sent with the headers of isolation; another mode counts as
            another version, because a browser stores files with their headers.
    """

    def __init__(self, web: Path, isolated: bool):
        self._web = web
        self._isolated = isolated
        self._seen: object = None
        self._version = ""

    def manifest(self) -> dict[str, Any]:
        """Their addresses, and a hash of all of them; made anew when a file has changed."""
        paths = [path for d in ("app", "sim") for path in sorted((self._web / d).rglob("*.*"))]
        urls = ["/", *(f"/{path.relative_to(self._web).as_posix()}" for path in paths)]
        paths.insert(0, self._web / "index.html")
        seen = [(p, (s := p.stat()).st_mtime_ns, s.st_size) for p in paths if p.is_file()]
        if seen != self._seen:
            digest = hashlib.sha256(repr((urls, self._isolated, __version__)).encode())
            for path, *_ in seen:
                digest.update(path.read_bytes())
            self._version = digest.hexdigest()[:16]
            self._seen = seen
        return {"version": self._version, "urls": urls}


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
    # Openings are of the source that this process has imported, not of one edited since.
    imported = Bundle(websim_source()).name()
    openings = f"/openings/{imported}/"
    packages = lock.read()
    chosen = choose(engine, vendor, packages)
    vendored = {"mujoco": chosen.manifest(), **vendor_manifest(packages)}
    sources = Files(web, REVALIDATE)
    own_files = Sources(web, isolated)
    vendor_files = [*vendored_files(packages), chosen.script, chosen.wasm]

    @api.api_route("/", methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        return await sources.get_response("index.html", request.scope)

    @api.api_route("/sw.js", methods=["GET", "HEAD"])
    async def service_worker(request: Request) -> Response:
        # At the root, because a service worker serves what is below its own address.
        return await sources.get_response("sw.js", request.scope)

    @api.api_route("/healthz", methods=["GET", "HEAD"])
    def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    @api.api_route("/manifest.json", methods=["GET", "HEAD"])
    def manifest() -> Response:
        name = bundle.name()
        content = bundle.get(name)
        assert content is not None
        websim = {"url": f"/python/{name}", "bytes": len(content)}
        made = {"kernels": kernels.manifest(), "image": image.manifest()}
        made_urls = [made["image"]["url"], *(k["url"] for k in made["kernels"].values())]
        opening_urls = [f"{openings}{task}.json" for task in task_ids()] if name == imported else []
        return JSONResponse(
            {
                "version": __version__,
                "tasks": task_ids(),
                "algorithms": algorithms.manifest(),
                **vendored,
                **made,
                "websim": websim,
                "openings": openings if name == imported else None,
                "sources": own_files.manifest(),
                "files": [*vendor_files, *made_urls, websim["url"], *opening_urls],
            },
            headers={"Cache-Control": REVALIDATE},
        )

    @api.api_route("/python/{name}", methods=["GET", "HEAD"])
    def python_package(name: str) -> Response:
        content = bundle.get(name)
        if content is None:
            raise HTTPException(404)
        return Response(content, media_type="application/zip", headers={"Cache-Control": IMMUTABLE})

    @api.api_route("/openings/{package}/{task}.json", methods=["GET", "HEAD"])
    def how_robots_begin(package: str, task: str) -> Response:
        content = opening(task) if package == imported else None
        if content is None:
            raise HTTPException(404)
        headers = {"Cache-Control": IMMUTABLE}
        return Response(content, media_type="application/json", headers=headers)

    for folder in ("app", "sim"):
        api.mount(f"/{folder}", Files(web / folder, REVALIDATE))
    api.mount("/vendor", Files(vendor, IMMUTABLE))
    api.mount("/image", Files(image.IMAGES, IMMUTABLE))
    api.mount("/kernels", Files(kernels.KERNELS, IMMUTABLE))
    if chosen.folder:
        api.mount(str(Path(chosen.script).parent), Files(chosen.folder, IMMUTABLE))
    return ResponseHeaders(
        api,
        index=web / "index.html",
        isolated=isolated,
        dynamic_execution=chosen.dynamic_execution,
    )
