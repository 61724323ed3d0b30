"""`python -m tests.core.install`: brings the other browsers of tests/core, where this is Debian."""

import os
import shutil
import subprocess

#: Debian's packages, by the program that tests start.
PACKAGES = {
    "firefox-esr": "firefox-esr",
    "WebKitWebDriver": "webkit2gtk-driver",
    "Xvfb": "xvfb",
}


def main() -> None:
    """Says what is left out where it cannot be had: tests then skip that browser."""
    missing = {name: package for name, package in PACKAGES.items() if not shutil.which(name)}
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing Debian's {', '.join(missing.values())} ...", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["install", "--yes", "--no-install-recommends", *missing.values()]
        for command in (["update"], install):
            subprocess.run(["apt-get", "--quiet", "--quiet", *command], env=environment)
    for name, package in missing.items():
        if not shutil.which(name):
            print(f"No {name} (Debian: {package}): tests leave its browser out")


if __name__ == "__main__":
    main()
