"""The application: routes of files, package, openings, manifest and model, and their headers."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Lifespan

from websim_server import __version__
from websim_server.build import lock
from websim_server.build.engine import OPTIMISED, choose
from websim_server.llm.settings import NEITHER, LlmSettings, LlmUnavailable
from websim_server.paths import VENDOR, WEB, websim_source
from websim_server.site import (
    boards,
    documents,
    files,
    llm,
    manifest,
    opened,
    openings,
    package,
    runs,
)
from websim_server.site.headers import ResponseHeaders
from websim_server.site.opened import OpenedFile
from websim_server.site.sources import Sources
from websim_server.site.tasks import TaskFiles
from websim_server.site.visitors import Pages, Refused, refused
from websim_server.store.store import Store


def create_app(
    *,
    web: Path = WEB,
    vendor: Path = VENDOR,
    python: Path | None = None,
    isolated: bool = True,
    engine: str = OPTIMISED,
    embed_origins: Sequence[str] | None = None,
    tasks: Sequence[Path] = (),
    open_file: OpenedFile | None = None,
    language_model: LlmSettings | LlmUnavailable | None = None,
    store: Store | None = None,
    hosts: Sequence[str] = (),
    lifespan: Lifespan[FastAPI] | None = None,
) -> ASGIApp:
    """Makes the application.

    Args:
        web: the folder with index.html and the folders of the page.
        vendor: the folder of the vendored files.
        python: the Python package to send to the browser; the installed websim if None.
        isolated: whether responses carry the headers of cross-origin isolation.
        engine: the MuJoCo module that the page runs: "optimised", "official" or a folder.
        embed_origins: other origins whose pages may show the page in a frame; None: the small one
            (`?embed=1`) any page, the whole one none.
        tasks: files with tasks of the user's own.
        open_file: what the page can open at once.
        language_model: what the author `llm` asks, or why it cannot.
        store: where people's runs are kept; None: nowhere.
        hosts: names under which pages are this server's, besides localhost and IP addresses; pages
            under others can neither share runs nor ask the language model.
        lifespan: what goes on as long as it is up.

    Raises:
        OpenError: one of these files cannot be used.
        EngineError: there is no such engine.
        OriginError: one of the origins is none.
    """
    packages = lock.read()
    chosen = choose(engine, vendor, packages)
    headers = ResponseHeaders(
        index=web / "index.html",
        isolated=isolated,
        dynamic_execution=chosen.dynamic_execution,
        embed_origins=embed_origins,
    )
    sources = Sources(web, isolated, embed_origins)
    bundle = package.Bundle(python or websim_source())
    begin = openings.Openings(websim_source())
    task_files = TaskFiles(tasks)
    # No OpenAPI pages: they load scripts from elsewhere, which the policy forbids.
    own_pages = Pages(hosts)
    api = FastAPI(title="MuJoCo WebSim", version=__version__, openapi_url=None, lifespan=lifespan)
    shares = store is not None and not store.settings.read_only
    # An address below it that is none, as with a line break in it, gets here.
    api.exception_handler(HTTPException)(runs.elsewhere)
    api.exception_handler(Refused)(refused)
    if store is not None:
        api.mount(runs.API, runs.api(store, own_pages))
    for routes in (
        manifest.router(packages, chosen, sources, bundle, begin, task_files, shares, own_pages),
        opened.router(open_file, store, own_pages),
        runs.router(store),
        boards.router(store),
        package.router(bundle),
        openings.router(begin),
        documents.router(),
        llm.router(language_model or LlmUnavailable(NEITHER), own_pages),
        files.router(web, sources.folders, vendor, chosen),
    ):
        api.router.routes += routes.routes
    return headers.around(api)
