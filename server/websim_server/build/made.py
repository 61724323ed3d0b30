"""What is made here, and kept in a file whose name has the hash of all that it is made of."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from websim_server.build.compress import compress, write_atomically
from websim_server.errors import AssetError
from websim_server.paths import CHECKOUT


def stamp(recipe: object, sources: Iterable[Path] = ()) -> str:
    """The hash of how something is made, and of the files that it is made of."""
    digest = hashlib.sha256(repr(recipe).encode())
    for path in sources:
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


class Made:
    """One such file: where it belongs, whether it is there, and how it is made."""

    def __init__(
        self,
        what: str,
        folder: Path,
        pattern: str,
        current: Callable[[], str] | None,
        make: Callable[[], bytes],
    ) -> None:
        """Says what it is; nothing is looked at yet.

        Args:
            what: Its name in messages.
            folder: Where it belongs.
            pattern: Its file name, with a `*` where the hash stands.
            current: Gives the `stamp` of its sources as they are now; None in an installed package,
                which has no sources and carries the file.
            make: Makes it.
        """
        self.what, self.folder, self.pattern = what, folder, pattern
        self._current, self._make = current, make

    def wanted(self) -> Path:
        """Where it belongs for its sources as they are now."""
        assert self._current is not None
        return self.folder / self.pattern.replace("*", self._current())

    def is_made(self) -> bool:
        """Whether it is there, and no older than its sources."""
        return self.wanted().is_file()

    def find(self) -> Path:
        """The one that is there, the newest if there are several.

        Raises:
            AssetError: it is missing.
        """
        found = max(self.folder.glob(self.pattern), key=lambda p: p.stat().st_mtime, default=None)
        if found is None:
            raise AssetError(
                f"the {self.what} ({self.pattern}) is missing in {self.folder}. "
                + ("Make it with: websim assets" if CHECKOUT else "Install mujoco-websim again")
            )
        return found

    def manifest(self) -> dict[str, Any]:
        """Address and size, for who fetches it.

        Raises:
            AssetError: it is missing.
        """
        path = self.find()
        return {"url": f"/{self.folder.name}/{path.name}", "bytes": path.stat().st_size}

    def provide(self) -> Path:
        """Makes it if it is missing or older than its sources, and removes older ones.

        Raises:
            AssetError: it cannot be made, or is missing from an installed package.
        """
        if self._current is None:
            path = self.find()
            print(f"The {self.what} is there", flush=True)
            return path
        path = self.wanted()
        if path.is_file():
            print(f"The {self.what} is that of its sources", flush=True)
        else:
            write_atomically(path, self._make())
        compress(path)
        for other in self.folder.glob(f"{self.pattern}*"):
            # Copies of this one stay, but for what was cut off.
            if not other.name.startswith(path.name) or other.suffix == ".part":
                other.unlink()
        return path
