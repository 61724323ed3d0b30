"""Shared runs: the same bytes have the same address, and what was acknowledged stays."""

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text

from websim.experiments.archive import dump
from websim.experiments.experiment import Experiment
from websim_server.store import pictures
from websim_server.store import store as store_module
from websim_server.store.errors import NoRun, NotAllowed, NotStored, StoreFull
from websim_server.store.inspection import VERSION, inspect
from websim_server.store.settings import StoreSettings
from websim_server.store.store import Store
from websim_server.store.tables import connect, metadata

ABOUT = {
    "experiment": "",
    "document": "",
    "task": "Hopper-v5",
    "title": "",
    "author": None,
    "algorithm": "ppo",
    "parent": None,
    "iteration": 0,
    "global_step": 0,
    "has_learnt": False,
    "has_learner": False,
    "own_robot": False,
    "calculates": True,
    "claim": None,
    "contest": None,
    "no_contest": "",
    "picture": None,
}
"""What is known of a run."""

HOPS = {"name": "Hop", "counts": "Hops."}


def run(title: str = "", task: str = "Hopper-v5", **members: bytes) -> bytes:
    """A run's file; `members` are put into it besides, as `picture_png=...`."""
    file = io.BytesIO(dump(Experiment(task=task, title=title)))
    with zipfile.ZipFile(file, "a") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return file.getvalue()


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of its own: the address of a database in it."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp())
    # It refuses to run as root.
    owner = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if owner:
        shutil.chown(folder, "postgres")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data = str(folder / "data")
    control = [*owner, str(programs / "pg_ctl"), "-D", data, "-w", "-s"]
    make = [*owner, str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "websim"]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories="
    subprocess.run([*control, "-o", options, "-l", str(folder / "log"), "start"], check=True)
    yield f"postgresql+psycopg://websim@127.0.0.1:{port}/postgres"
    subprocess.run([*control, "-m", "immediate", "stop"], check=True)
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreSettings]:
    """Of an empty store."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql")
    found = StoreSettings(database=url, folder=tmp_path / "store")
    yield found
    engine = connect(found.database, found.folder)
    metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def store(settings: StoreSettings) -> Iterator[Store]:
    one = Store(settings)
    yield one
    one.close()


def test_a_run_is_found_by_what_it_is(store: Store, settings: StoreSettings) -> None:
    data = run("Hop")
    receipt = store.share(data)
    assert receipt.token
    assert receipt.run.id == receipt.run.sha256[:12]
    assert receipt.run.about["title"] == "Hop"
    assert store.read(receipt.run.id) == data
    again = store.share(data)
    assert (again.run, again.token) == (receipt.run, None)
    other = Store(settings)  # another server behind the same files
    assert other.read(receipt.run.id) == data
    other.close()


def test_only_who_shared_it_deletes_it(store: Store) -> None:
    receipt = store.share(run())
    assert receipt.token
    with pytest.raises(NotAllowed, match="Only who shared"):
        store.remove(receipt.run.id, "guess")
    store.remove(receipt.run.id, receipt.token)
    for attempt in (store.about, store.read):
        with pytest.raises(NotStored, match="no run"):
            attempt(receipt.run.id)
    assert store.used() == 0


def test_a_file_that_is_lost_comes_back_when_it_is_shared_again(
    store: Store, settings: StoreSettings
) -> None:
    """Whoever deletes a run may be cut off between its file and its row."""
    data = run()
    shared = store.share(data).run
    (settings.folder / "runs" / f"{shared.sha256}.websim").unlink()
    with pytest.raises(NotStored, match="is gone"):
        store.read(shared.id)
    assert store.share(data).run == shared
    assert store.read(shared.id) == data


def test_what_is_no_run_is_refused_with_a_reason(store: Store) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("experiment.json", b" " * (300 << 20))
    for data in (b"", b"PK\x03\x04", b"hello", run()[:-40], bomb.getvalue()):
        with pytest.raises(NoRun):
            store.share(data)
    assert store.used() == 0


def encoded(kind: str, width: int = 320, height: int = 200) -> bytes:
    """A picture by another library's hand."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_a_run_brings_its_picture(settings: StoreSettings, kind: str) -> None:
    store = Store(settings)
    picture = encoded(kind)
    data = run(picture_png=picture) if kind == "png" else run(picture_jpg=picture)
    shared = store.share(data)
    shown = store.picture(shared.run.id)
    assert (shown.media_type, shown.width, shown.height) == (f"image/{kind}", 320, 200)
    assert shown.data == encoded(kind)
    store.remove(shared.run.id, shared.token or "")
    assert not list((settings.folder / "runs").iterdir())
    store.close()


def test_a_picture_that_is_none_is_refused() -> None:
    png, jpeg = encoded("png"), encoded("jpeg")
    for picture, why in (
        (b"<svg onload='alert(1)'/>", "neither a PNG nor a JPEG"),
        (png[:-9], "cut"),
        (encoded("png", 5000, 5000), "pixels: sides may have 16 to 4096"),
        (png + bytes(pictures.MAX_BYTES), "may have 524,288 bytes"),
        (jpeg, "is no image/png"),
    ):
        with pytest.raises(NoRun, match=why):
            pictures.brought(run(picture_png=picture))
    with pytest.raises(NoRun, match="neither"):
        pictures.brought(run(picture_jpg=b"\xff\xd8\xff\xd9"))
    with pytest.raises(NoRun, match="pixels"):
        inspect(run(picture_png=encoded("png", 8, 8)))


def test_limits(settings: StoreSettings) -> None:
    data = run()
    small = Store(replace(settings, max_bytes=len(data) - 1))
    with pytest.raises(NoRun, match="may have"):
        small.share(data)
    full = Store(replace(settings, quota=len(data) + 10))
    kept = full.share(data)
    with pytest.raises(StoreFull, match="room for 10 bytes"):
        full.share(run("another"))
    reading = Store(replace(settings, read_only=True))
    assert reading.read(kept.run.id) == data
    with pytest.raises(NotAllowed, match="only reads"):
        reading.share(run("more"))
    with pytest.raises(NotAllowed, match="only reads"):
        reading.remove(kept.run.id, kept.token or "")
    for one in (small, full, reading):
        one.close()


def test_what_has_expired_is_gone_and_makes_room(settings: StoreSettings) -> None:
    brief = Store(replace(settings, expiry_days=1e-9, quota=2000))
    first = brief.share(run("first"))
    time.sleep(0.01)
    with pytest.raises(NotStored):
        brief.read(first.run.id)
    second = brief.share(run("second"))
    again = brief.share(run("first"))  # the same bytes, anew, with a token of its own
    assert again.token
    assert {file.stem for file in (settings.folder / "runs").iterdir()} == {first.run.sha256}
    assert not second.run.sha256.startswith(first.run.id)
    brief.close()


def test_a_store_of_another_version_is_read_again(
    settings: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows say less than is asked of them, and a column is missing."""
    parent = "0" * 64
    known = {**ABOUT, "title": "Hop", "parent": parent, "contest": {"key": "k", **HOPS}}
    monkeypatch.setattr(store_module, "inspect", lambda data: {**known})
    monkeypatch.setattr(store_module, "picture_of", lambda data: None)
    old = Store(settings)
    data = run("Hop")
    receipt = old.share(data)
    with old._engine.begin() as connection:
        connection.execute(text("ALTER TABLE runs DROP COLUMN version"))
        connection.execute(text("""UPDATE runs SET about = '{"task": "Hopper-v5"}'"""))
    old.close()
    later = Store(settings)
    assert later.boards.boards(9) == []  # not before it is read
    assert later.about(receipt.run.id) == receipt.run
    assert later.family(receipt.run.id).ancestors[0].id == parent[:12]
    assert later.boards.standings("k", 9)[0].id == receipt.run.id
    assert not later.read_next_again()
    # What this version cannot read is told, and can be deleted.
    with later._engine.begin() as connection:
        connection.execute(text("UPDATE runs SET version = 99"))
    later.close()

    def fails(data: bytes) -> None:
        raise NoRun("wheels is not known.")

    monkeypatch.setattr(store_module, "inspect", fails)
    earlier = Store(settings)
    assert earlier.read_next_again()
    assert not earlier.read_next_again()
    with pytest.raises(NotStored, match="this one cannot read it: wheels is not known"):
        earlier.read(receipt.run.id)
    assert earlier.boards.boards(9) == []
    earlier.remove(receipt.run.id, receipt.token or "")
    earlier.close()


def test_what_is_known_of_a_file_has_a_version() -> None:
    """Where this fails a new key is known, or one no longer: then VERSION has to be greater."""
    assert (VERSION, sorted({*inspect(run()), "picture"})) == (1, sorted(ABOUT))


def test_a_file_says_what_it_is_and_whether_its_code_only_calculates() -> None:
    safe = Experiment(task="Ant-v5", reward="def reward(now, before, action):\n    return {}\n")
    foreign = replace(safe, reward="import os\n")
    assert inspect(dump(safe))["calculates"] is True
    assert inspect(dump(foreign))["calculates"] is False


WRITER = """
import sys
from pathlib import Path
from websim.experiments.archive import dump
from websim.experiments.experiment import Experiment
from websim_server.store import store
# What a file says is not what is tried here, and takes a second.
store.inspect = lambda data: {"parent": None, "contest": None}
store.picture_of = lambda data: None
one = store.Store(store.StoreSettings(folder=Path(sys.argv[1]), database=sys.argv[3]))
for i in range(10_000):
    data = dump(Experiment(task="Hopper-v5", title=f"{sys.argv[2]} {i}"))
    print(one.share(data).run.id, flush=True)
"""


def test_a_server_that_is_killed_has_kept_all_that_it_acknowledged(
    settings: StoreSettings, tmp_path: Path
) -> None:
    acknowledged = set()
    for round in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(settings.folder), str(round), settings.database],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout
        acknowledged |= {writer.stdout.readline().strip() for _ in range(7 + 5 * round)}
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().split("\n")
        acknowledged |= set(rest[:-1])  # a line that was cut was not acknowledged
        writer.wait()
        store = Store(settings)
        for run_id in acknowledged:
            assert store.read(run_id).startswith(b"PK")
            assert store.about(run_id).sha256.startswith(run_id)
        store.close()
