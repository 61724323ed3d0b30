"""Which Chromium is driven, and what happens where there is none."""

import os
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Playwright

from websim_server import chromium
from websim_server.chromium import ChromiumError


class _Own:
    executable_path = "/no/such/chromium"


class _Playwright:
    """As much of Playwright as the search looks at: one without a browser of its own."""

    chromium = _Own()


PLAYWRIGHT = cast(Playwright, _Playwright())


def program(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("WEBSIM_CHROMIUM", raising=False)


def test_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chromium.find(PLAYWRIGHT) is None
    monkeypatch.setattr(_Own, "executable_path", str(program(tmp_path, "playwrights")))
    assert chromium.find(PLAYWRIGHT) == str(tmp_path / "playwrights")
    for name in ("google-chrome", "chromium"):
        assert chromium.find(PLAYWRIGHT) != str(program(tmp_path, name))
        assert chromium.find(PLAYWRIGHT) == str(tmp_path / name)
    monkeypatch.setenv("WEBSIM_CHROMIUM", str(program(tmp_path, "chosen")))
    assert chromium.find(PLAYWRIGHT) == str(tmp_path / "chosen")


def test_chosen_one_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSIM_CHROMIUM", "/no/such/program")
    with pytest.raises(ChromiumError, match="WEBSIM_CHROMIUM is /no/such/program"):
        chromium.find(PLAYWRIGHT)


def test_launch_without_any_says_what_to_do() -> None:
    with pytest.raises(ChromiumError, match="install one, or name one in the variable"):
        chromium.launch(PLAYWRIGHT)


@pytest.mark.parametrize("root", [True, False])
def test_install_tries_playwright_then_debian(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: bool
) -> None:
    program(tmp_path, "apt-get")
    ran = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, int("playwright" in command))

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    if root:
        chromium.install()
        assert ran[0][-3:] == ["playwright", "install", "chromium"]
        assert ran[-1][0] == "apt-get"
        assert ran[-1][-1] == "chromium"
    else:
        with pytest.raises(ChromiumError, match="apt-get install chromium"):
            chromium.install()
