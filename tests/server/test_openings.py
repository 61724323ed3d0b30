"""What a task's robots begin with, where the Python of a task is broken."""

import threading

import pytest
from starlette.testclient import TestClient

from websim_server.site import openings
from websim_server.site.app import create_app


def test_a_broken_task_leaves_the_store_of_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A visit without the server needs every file of the manifest to be there."""

    def broken(task: str) -> bytes:
        if task == "Ant-v5":
            raise NameError("legs")
        return b"{}"

    monkeypatch.setattr(openings, "_make", broken)
    openings._made.cache_clear()
    client = TestClient(create_app())
    urls = [u for u in client.get("/manifest.json").json()["files"] if u.startswith("/openings/")]
    answers = {url.rsplit("/")[-1]: client.get(url) for url in urls}
    openings._made.cache_clear()
    assert len(answers) > 5
    assert {answer.status_code for answer in answers.values()} == {200}
    assert answers["Ant-v5.json"].json() is None
    assert "Ant-v5 cannot begin: NameError: legs" in capsys.readouterr().err


def test_a_server_that_ends_waits_for_what_is_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends while a thread is inside MuJoCo may crash."""
    began, may_end = threading.Event(), threading.Event()
    made = []

    def slow(task: str) -> bytes:
        began.set()
        assert may_end.wait(60)
        made.append(task)
        return b"{}"

    monkeypatch.setattr(openings, "_make", slow)
    openings._made.cache_clear()
    with TestClient(create_app(lifespan=openings.prepared)):
        assert began.wait(60)
        threading.Timer(0.1, may_end.set).start()
    openings._made.cache_clear()
    assert len(made) == 1
