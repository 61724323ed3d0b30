"""The route of the manifest: addresses, versions and sizes of all that a page loads."""

import functools
import json
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from websim import task_ids
from websim.browser.messages import File, Manifest, TaskFile, plain
from websim_server import __version__
from websim_server.build import image, kernels, lock
from websim_server.build.engine import Engine
from websim_server.site import adaptation, hyperparameters, trained, worlds
from websim_server.site.openings import Openings
from websim_server.site.package import Bundle
from websim_server.site.sources import Sources
from websim_server.site.static import REVALIDATE
from websim_server.site.tasks import TaskFiles
from websim_server.site.visitors import Pages


def pyodide(packages: list[lock.Package]) -> dict[str, Any]:
    """What a worker loads of Pyodide: its address and size (bytes as they are after decoding)."""
    (package,) = (package for package in packages if package.name == "pyodide")
    return {
        "version": package.version,
        "index": f"/vendor/{package.folder}/",
        # Workers import the scripts themselves.
        "bytes": sum(f.bytes for f in package.files if not f.name.endswith(".mjs")),
    }


def vendored_files(packages: list[lock.Package]) -> list[str]:
    """The addresses of the vendored files that any page loads: wheels are inside the image."""
    return [
        package.address(file)
        for package in packages
        for file in package.files
        if package.source == "npm" and package.name != "mujoco" and not package.is_later
        if not file.is_licence
    ]


def libraries(packages: list[lock.Package]) -> dict[str, list[File]]:
    """What pages load only when they need it, by name."""
    return {
        package.name: [
            File(url=package.address(file), bytes=file.bytes)
            for file in package.files
            if not file.is_licence
        ]
        for package in packages
        if package.is_later
    }


def router(
    packages: list[lock.Package],
    engine: Engine,
    sources: Sources,
    bundle: Bundle,
    openings: Openings,
    task_files: TaskFiles,
    shares: bool,
    pages: Pages,
) -> APIRouter:
    """`/manifest.json` and `/healthz`.

    `shares`: whether people can share runs here; `pages`: who gets the user's own files of tasks.
    """
    routes = APIRouter()
    vendored = [*vendored_files(packages), engine.script, engine.wasm]
    # What does not change while the server runs.
    fixed: dict[str, Any] = {
        "version": __version__,
        "worlds": worlds.describe(),
        "adaptation": adaptation.describe(),
        "trained": trained.describe(),
        "shares": shares,
        "mujoco": engine.manifest(),
        "pyodide": pyodide(packages),
        "libraries": libraries(packages),
    }

    @functools.lru_cache(maxsize=1)
    def written(changing: str) -> bytes:
        told = json.loads(changing)
        told["task_files"] = [TaskFile(**file) for file in told["task_files"]]
        # A file of tasks may have presets for them.
        manifest = Manifest(**fixed, algorithms=hyperparameters.describe(), **told)
        return json.dumps(plain(manifest), separators=(",", ":")).encode()

    @routes.api_route("/healthz", methods=["GET", "HEAD"])
    def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    @routes.api_route("/manifest.json", methods=["GET", "HEAD"])
    def manifest(request: Request) -> Response:
        name = bundle.name()
        content = bundle.get(name)
        assert content is not None
        websim = {"url": f"/python/{name}", "bytes": len(content)}
        made = {"kernels": kernels.manifest(), "image": image.made().manifest()}
        made_urls = [made["image"]["url"], *(k["url"] for k in made["kernels"].values())]
        own = [asdict(file) for file in task_files.read()]
        if own:
            pages.check_name(request)
        begin = openings.address if name == openings.package else None
        opening_urls = [f"{begin}{task}.json" for task in openings.tasks] if begin else []
        changing = {
            **made,
            "tasks": task_ids(),
            "task_files": own,
            "websim": websim,
            "openings": begin,
            "sources": sources.manifest(),
            "files": [*vendored, *made_urls, websim["url"], *opening_urls],
        }
        return Response(
            written(json.dumps(changing)),
            media_type="application/json",
            headers={"Cache-Control": REVALIDATE},
        )

    return routes
