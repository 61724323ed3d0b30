"""The page's own files, which change from version to version."""

import hashlib
from pathlib import Path
from typing import Any

from websim_server import __version__
from websim_server.site.snapshot import Seen, snapshot

#: Folders of web/ that hold no source of the page: what is fetched or made, and the package websim.
MADE = {"docs", "image", "kernels", "python", "vendor"}


class Sources:
    """Index and folders of the page, as they are there when this is made.

    Args:
        web: the folder with index.html, sw.js and the folders of the page.
        sent: how they are sent; another way counts as another version, because a browser stores
            files with their headers.

    Attributes:
        folders: The names of the folders.
    """

    def __init__(self, web: Path, *sent: object):
        self._web = web
        self._sent = sent
        self.folders = sorted(
            path.name
            for path in web.iterdir()
            if path.is_dir() and path.name not in MADE and not path.name.startswith(".")
        )
        self._seen: list[Seen] = []
        self._manifest: dict[str, Any] = {}

    def manifest(self) -> dict[str, Any]:
        """Their addresses, and a hash of all of them; made anew when a file has changed."""
        index = self._web / "index.html"
        about = index.stat()
        seen = [Seen(str(index), about.st_mtime_ns, about.st_size)]
        for name in self.folders:
            seen += snapshot(self._web / name)
        if seen != self._seen:
            paths = [Path(one.path) for one in seen]
            urls = ["/", *(f"/{path.relative_to(self._web).as_posix()}" for path in paths[1:])]
            digest = hashlib.sha256(repr((urls, self._sent, __version__)).encode())
            for path in paths:
                digest.update(path.read_bytes())
            self._manifest = {"version": digest.hexdigest()[:16], "urls": urls}
            self._seen = seen
        return self._manifest
