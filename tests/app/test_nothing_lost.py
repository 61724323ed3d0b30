"""What is learnt stays: runs kept in the browser and in files, whatever happens to the page."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.app.conftest import staying
from tests.app.opened import transfer
from tests.app.page import BOOT_MS
from tests.app.training_page import LEARNT_MS, SMALL, TrainingPage, steps_in
from websim import Experiment
from websim.experiments.archive import dump
from websim.experiments.robot import make_robot
from websim.training.checkpoints import loads

CURVE = "metrics.csv"

BALL = make_robot({"ball.xml": b"<mujoco><worldbody><geom size='.1'/></worldbody></mujoco>"})


def save_as_file(page: Page, folder: Path) -> Path:
    """Presses the button, and waits for the file."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as file").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def see_saved(page: Page) -> None:
    """Opens the list of what is kept here."""
    page.locator(".library").evaluate("(details) => { details.open = true; }")


def curve_of(path: Path) -> list[str]:
    """The lines of a file's curve."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(CURVE).decode().splitlines()


def altered(path: Path, member: str, content: str) -> bytes:
    """A file with other content in one of its members."""
    file = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            packed = zipfile.ZIP_DEFLATED
            new.writestr(name, content if name == member else old.read(name), packed)
    return file.getvalue()


@pytest.fixture(scope="module")
def held(resident: BrowserContext, server: str) -> Iterator[TrainingPage]:
    """One page for the tests that need a run to stand still."""
    with staying(resident, server, SMALL) as training:
        training.start()
        training.wait_for_steps(1024)
        training.pause()
        yield training


@pytest.fixture
def paused(held: TrainingPage) -> Iterator[TrainingPage]:
    """A page in which a pendulum has learnt, and stands still."""
    if held.sim("sim.training === null"):
        offer = held.page.get_by_role("region", name="Interrupted training")
        offer.get_by_role("button", name="Resume").click()
        held.learns()
    if held.sim("sim.training.state") != "paused":
        held.pause()
    yield held
    # Until the page is wanted again it costs nothing.
    held.sim("sim?.training?.state === 'running' ? sim.training.pause() : sim?.pause()")


@pytest.fixture
def resumed(paused: TrainingPage) -> TrainingPage:
    """The same, and it learns on."""
    done = paused.steps()
    paused.transport.get_by_role("button", name="Resume").click()
    paused.wait_for_steps(done)
    return paused


def test_kept_runs_and_files(resumed: TrainingPage, tmp_path: Path) -> None:
    """The first on its page: it counts what is kept."""
    training, page = resumed, resumed.page
    page.get_by_role("button", name="Keep", exact=True).click()
    kept = page.locator(".saved tbody tr.kept")
    expect(kept).to_have_count(1, timeout=30_000)
    expect(kept.locator(".name")).to_have_value("InvertedPendulum-v5 1")
    training.pause()
    path = save_as_file(page, tmp_path)
    assert re.fullmatch(r"InvertedPendulum-v5__ppo__1__\d+\.websim", path.name)
    at = int(path.stem.rpartition("__")[2])
    head, *curve = curve_of(path)
    assert head.startswith("global_step,charts/episodic_return,")
    assert curve[-1].startswith(f"{at},")

    chooser = page.locator("#open-files")
    good = path.read_bytes()
    for name, content, message in (
        ("damaged.zip", good[: len(good) // 2], "damaged"),
        ("foreign.zip", b"not a zip", "zip archive is damaged"),
        ("foreign.websim", b"not a zip", "no checkpoint of websim's"),
        ("robot.websim", dump(Experiment(task="Robot-v0", robot=BALL)), "stop the training"),
        (
            "curve.zip",
            altered(path, CURVE, "global_step,charts/SPS\n512,fast\n"),
            "“fast” for charts/SPS",
        ),
    ):
        broken = tmp_path / name
        broken.write_bytes(content)
        chooser.set_input_files(broken)
        expect(page.locator(".notices")).to_contain_text(message, timeout=60_000)
        expect(page.locator(".saved tbody tr")).to_have_count(2)

    page.get_by_role("group", name="Training").get_by_role("button", name="Reset").click()
    training.wait("sim.training === null", seconds=60)
    training.booted()
    expect(page.locator(".curves .curve")).to_have_count(0)
    chooser.set_input_files(path)
    expect(page.locator(".saved tbody tr")).to_have_count(3)
    opened = page.locator(".saved tbody tr", has=page.locator(f"input[value='{path.stem}']"))
    opened.get_by_role("button", name="Use").click()
    training.wait("/^saved-/.test(sim.getEnvironmentState(7).controller)", seconds=30)
    opened.get_by_role("button", name="Resume").click()
    training.learns()
    training.wait_for_steps(at)
    training.pause()
    longer = curve_of(save_as_file(page, tmp_path))
    assert longer[: len(curve) + 1] == [head, *curve]
    assert len(longer) > len(curve) + 1
    for button in page.get_by_role("button", name=re.compile("^Delete: ")).all():
        if button.is_enabled():
            button.click()
            break
    rows = page.locator(".saved tbody tr")
    expect(rows).to_have_count(3)

    # As a table, and their curves in one plot: all are of one seed, so that the longest counts.
    see_saved(page)
    page.get_by_role("button", name="Steps", exact=True).click()
    steps = page.get_by_role("columnheader", name="Steps", exact=True)
    expect(steps).to_have_attribute("aria-sort", "descending")
    page.get_by_label("Curves of all runs").check()
    line = page.locator(".runs-legend li")
    expect(line).to_have_count(1)
    expect(line.locator(".value")).to_have_text(re.compile(r"^[\d.]+$"))
    page.get_by_label("From left to right").last.select_option("time")
    expect(page.locator(".runs-plot")).to_have_attribute(
        "aria-label", re.compile("time of learning")
    )
    page.locator(".library").get_by_role("button", name="Enlarge").click()
    expect(page.locator(".large .saved tbody tr")).to_have_count(3)
    page.locator(".stage").focus()
    page.keyboard.press("Escape")
    expect(page.locator(".panel .saved tbody tr")).to_have_count(3)


def test_a_file_saved_while_pausing_is_of_the_pause(resumed: TrainingPage, tmp_path: Path) -> None:
    resumed.page.locator(".stage").focus()
    resumed.page.keyboard.press("l")
    path = save_as_file(resumed.page, tmp_path)
    expect(resumed.transport.get_by_role("button", name="Resume")).to_be_visible()
    assert path.stem.endswith(f"__{resumed.settled()}")


def test_a_file_of_a_newer_version_changes_nothing(paused: TrainingPage, tmp_path: Path) -> None:
    page = paused.page
    path = save_as_file(page, tmp_path)
    with zipfile.ZipFile(path) as archive:
        header = json.loads(archive.read("learner/checkpoint.json"))
    newer = tmp_path / "newer.zip"
    newer.write_bytes(
        altered(path, "learner/checkpoint.json", json.dumps({**header, "version": 999}))
    )
    before = page.locator(".saved tbody tr").count()
    page.locator("#open-files").set_input_files(newer)
    expect(page.locator(".notices")).to_contain_text("written by a newer one", timeout=60_000)
    expect(page.locator(".saved tbody tr")).to_have_count(before)
    assert paused.sim("sim.training.state") == "paused"


def in_json(path: Path, member: str, **values: object) -> bytes:
    """A file with other values in one of its members."""
    with zipfile.ZipFile(path) as archive:
        tree = json.loads(archive.read(member))
    return altered(path, member, json.dumps({**tree, **values}))


def test_hostile_files_are_refused_and_harm_nothing(paused: TrainingPage, tmp_path: Path) -> None:
    page = paused.page
    good = save_as_file(page, tmp_path)
    before = page.locator(".saved tbody tr").count()
    for name, data, says in (
        (
            "step",
            in_json(good, "learner/learner.json", global_step=10**20),
            "up to 9007199254740991",
        ),
        ("deep", altered(good, "learner/learner.json", "[" * 200_000), "200,000 levels deep"),
        ("long", altered(good, CURVE, "0" * 100_000_000), "line of 100000000 characters"),
        ("list", in_json(good, "experiment.json", task=["Ant-v5"]), "task must be a text"),
        ("task", in_json(good, "experiment.json", task="Octopus-v1"), "Unknown task"),
        ("robot", in_json(good, "experiment.json", task="Hopper-v5"), "does not fit"),
        ("ranks", in_json(good, "learner/checkpoint.json", ranks=-1), "may have 0 to 1024"),
    ):
        bad = tmp_path / f"{name}.zip"
        bad.write_bytes(data)
        page.locator("#open-files").set_input_files(bad)
        expect(page.locator(".notices")).to_contain_text(says, timeout=60_000)
        expect(page.locator(".saved tbody tr")).to_have_count(before)
    assert paused.sim("sim.stats().workerRestarts") == 0
    done = paused.steps()
    page.get_by_role("button", name="Resume", exact=True).click()
    paused.wait_for_steps(done)


HELD = """() => {
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, ...more) {
    if (!message?.pack) return postMessage.call(this, message, ...more);
    Worker.prototype.postMessage = postMessage;
    window.packed = new Promise((resolve) => {
      window.goOn = () => {
        this.addEventListener('message', async ({ data }) => {
          resolve(new Uint8Array(await crypto.subtle.digest('SHA-256', data.done)).toHex());
        });
        postMessage.call(this, message, ...more);
      };
    });
  };
}"""


def test_a_file_is_packed_beside_the_page(paused: TrainingPage, tmp_path: Path) -> None:
    page = paused.page
    page.evaluate(HELD)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as file").click()
        expect(page.get_by_role("button", name="Saving…")).to_be_disabled()
        while not page.evaluate("window.goOn !== undefined"):
            page.wait_for_timeout(50)
        page.evaluate("window.goOn()")
    path = tmp_path / "run.websim"
    download.value.save_as(path)
    expect(page.get_by_role("button", name="Save as file")).to_be_enabled()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == page.evaluate("window.packed")
    checkpoint = loads(path.read_bytes())
    assert checkpoint.learner["global_step"] == paused.steps()
    with zipfile.ZipFile(path) as archive:
        kinds = {info.filename: info.compress_type for info in archive.infolist()}
    assert kinds.pop(CURVE) == zipfile.ZIP_DEFLATED
    assert set(kinds.values()) == {zipfile.ZIP_STORED}


def test_a_file_can_be_dropped_on_the_page(paused: TrainingPage, tmp_path: Path) -> None:
    page = paused.page
    content = save_as_file(page, tmp_path).read_bytes()
    before = page.locator(".saved tbody tr").count()
    files = transfer(page, {"dropped.zip": content})
    canvas = page.locator(".stage")
    canvas.dispatch_event("dragover", {"dataTransfer": files})
    expect(page.locator("#app")).to_have_class(re.compile("dropping"))
    canvas.dispatch_event("drop", {"dataTransfer": files})
    expect(page.locator("#app")).not_to_have_class(re.compile("dropping"))
    expect(page.locator(".saved tbody tr")).to_have_count(before + 1)
    expect(page.locator(".saved tbody input[value='dropped']")).to_be_attached()


def test_curves_become_a_picture(paused: TrainingPage) -> None:
    with paused.page.expect_download() as download:
        paused.page.get_by_role("button", name="PNG").click()
    picture = download.value.path().read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000


KEPT_STEPS = """() => new Promise((resolve, reject) => {
  const request = indexedDB.open('websim');
  request.onerror = reject;
  request.onsuccess = () => {
    const all = request.result.transaction('runs').objectStore('runs').getAll();
    all.onsuccess = () => {
      request.result.close();
      resolve(Math.max(0, ...all.result.map(({ globalStep }) => globalStep)));
    };
  };
})"""


def kept_steps(page: Page) -> int:
    """Of the run that is kept and has learnt most."""
    steps: int = page.evaluate(KEPT_STEPS)
    return steps


def wait_until_kept(page: Page, steps: int) -> None:
    for _ in range(LEARNT_MS // 100):
        if kept_steps(page) >= steps:
            return
        page.wait_for_timeout(100)
    pytest.fail("the newest checkpoint is not kept")


def test_a_database_that_the_browser_closes_and_a_disk_that_fills_up(resumed: TrainingPage) -> None:
    """It is opened again; what cannot be kept is told, for as long as it is so."""
    page = resumed.page
    cdp = page.context.new_cdp_session(page)

    def limit(size: int) -> None:
        quota = {"origin": resumed.server, "quotaSize": size}
        cdp.send("Storage.overrideQuotaForOrigin", quota)

    limit(500_000)  # Chromium looks again when so much has been written, or after 30 s
    cdp.send("Storage.clearDataForOrigin", {"origin": resumed.server, "storageTypes": "indexeddb"})
    resumed.wait_for_steps(resumed.steps() + 1024)
    done = resumed.pause()
    message = page.locator(".training-message")
    expect(message).to_be_hidden()
    wait_until_kept(page, done)

    resumed.transport.get_by_role("button", name="Resume").click()
    limit(1)
    expect(message).to_contain_text("no room left for checkpoints", timeout=30_000)
    resumed.wait_for_steps(resumed.steps() + 1024)
    limit(1_000_000_000)
    expect(message).to_be_hidden(timeout=30_000)
    wait_until_kept(page, resumed.pause())


SPOIL_A_RECORD = """() => new Promise((resolve, reject) => {
  const request = indexedDB.open('websim');
  request.onerror = reject;
  request.onsuccess = () => {
    const transaction = request.result.transaction('runs', 'readwrite');
    const store = transaction.objectStore('runs');
    store.put({ id: 'spoilt', globalStep: 10n ** 20n, experiment: { task: [''] }, savedAt: 5n });
    transaction.oncomplete = () => { request.result.close(); resolve(); };
  };
})"""


def test_a_damaged_record_hides_no_others_and_can_be_deleted(resumed: TrainingPage) -> None:
    page = resumed.page
    before = page.locator(".saved tbody tr").count()
    page.evaluate(SPOIL_A_RECORD)
    done = resumed.pause()
    expect(page.locator(".saved tbody tr")).to_have_count(before + 1)
    expect(page.locator(".saved tbody tr.damaged")).to_contain_text("cannot be read")
    see_saved(page)
    page.get_by_role("button", name="Delete: A run that cannot be read").click()
    expect(page.locator(".saved tbody tr")).to_have_count(before)
    wait_until_kept(page, done)


def test_a_full_browser_is_told_and_files_remain(resumed: TrainingPage, tmp_path: Path) -> None:
    """Training goes on where nothing can be kept, and its checkpoint can be saved as a file."""
    page = resumed.page
    page.evaluate(
        """() => {
          const store = IDBObjectStore.prototype;
          const { put } = store;
          store.put = () => {
            throw new DOMException('there is no room', 'QuotaExceededError');
          };
          window.makeRoom = () => { store.put = put; };
        }"""
    )
    done = resumed.pause()
    message = page.locator(".training-message")
    expect(message).to_contain_text("no room left for checkpoints")
    with zipfile.ZipFile(save_as_file(page, tmp_path)) as archive:
        assert "learner/checkpoint.json" in archive.namelist()
    page.get_by_role("button", name="Resume", exact=True).click()
    resumed.wait_for_steps(done)
    page.evaluate("makeRoom()")
    expect(message).to_be_hidden(timeout=LEARNT_MS)


def test_another_simulation_keeps_the_run(resumed: TrainingPage) -> None:
    training, page = resumed, resumed.page
    training.go(SMALL.replace("envs=8", "envs=6", 1))
    training.wait("sim.training === null && sim.numEnvs === 6", seconds=60)
    training.booted()
    expect(page.locator(".training-message")).to_contain_text("resume it")
    see_saved(page)
    page.get_by_role("button", name=re.compile("^Resume: ")).first.click()
    training.learns()


SPOIL = """
import gc, websim.training.trainer
for trainer in [o for o in gc.get_objects() if isinstance(o, websim.training.trainer.Trainer)]:
    trainer.algorithm.optimizer.state()["m"][:] = float("nan")
"""


def test_what_is_not_finite_is_explained_and_can_go_on_slower(resumed: TrainingPage) -> None:
    training, page = resumed, resumed.page
    page.evaluate("(code) => window.websim.runPython(code)", SPOIL)
    message = page.locator(".training-message")
    expect(message).to_contain_text("Training failed", timeout=LEARNT_MS)
    expect(message).to_contain_text("no longer finite")
    expect(training.buttons.get_by_role("button", name="Stop")).to_be_enabled()

    # Who comes back is told, beside the panel and not over it.
    page.reload()
    training.booted()
    card = page.get_by_role("region", name="Interrupted training")
    expect(card).to_contain_text("It had failed after this: ")
    place, panel = card.bounding_box(), page.locator(".panel").bounding_box()
    assert place
    assert panel
    assert place["x"] + place["width"] <= panel["x"]
    card.get_by_role("button", name="Resume").click()
    training.learns()
    page.evaluate("(code) => window.websim.runPython(code)", SPOIL)
    expect(message).to_contain_text("no longer finite", timeout=LEARNT_MS)
    page.get_by_role("button", name=re.compile("lower|slower|half", re.IGNORECASE)).click()
    rate = "sim.training?.experiment.hyperparameters.learning_rate"
    training.wait(f"Math.abs({rate} - 3e-4) < 1e-9", seconds=90)  # half of the preset's
    expect(message).to_be_hidden(timeout=BOOT_MS)
    training.wait_for_steps(training.steps())


def test_another_tab_does_not_take_a_live_run(paused: TrainingPage) -> None:
    other = TrainingPage(paused.page.context.new_page(), paused.server)
    other.page.goto(f"{other.server}/?{SMALL}")
    see_saved(other.page)
    expect(other.page.locator(".saved")).to_contain_text("goes on now", timeout=BOOT_MS)
    other.booted()
    expect(other.page.get_by_role("region", name="Interrupted training")).to_have_count(0)
    paused.page.close()
    other.page.reload()
    other.booted()
    expect(other.page.get_by_role("region", name="Interrupted training")).to_be_visible()
    paused.page = other.page  # it is there for those that follow


HIDE = """(hidden) => {
  const { asked } = keeping;
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
  return keeping.asked - asked;
}"""

HELD_UP = """() => {
  const query = navigator.locks.query.bind(navigator.locks);
  window.keeping = { asked: 0, held: null, release: null };
  navigator.locks.query = async () => { // before anything is kept
    keeping.asked += 1;
    await keeping.held;
    return query();
  };
}"""


def test_the_newest_checkpoint_is_kept_when_the_page_is_hidden_and_on_close(
    resumed: TrainingPage,
) -> None:
    """Nobody knows whether it is shown again; meanwhile nothing is kept."""
    page = resumed.page
    page.evaluate(HELD_UP)

    def true(expression: str) -> None:
        for _ in range(LEARNT_MS // 100):
            if page.evaluate(expression):
                return
            page.wait_for_timeout(100)
        pytest.fail(f"not true: {expression}")

    def behind() -> int:
        """The steps of a checkpoint that waits to be kept, after one that is kept."""
        asked = page.evaluate(
            "keeping.held = new Promise((go) => { keeping.release = go; }), keeping.asked"
        )
        true(f"keeping.asked > {asked} && newest > {kept_steps(page) + 2_000}")
        newest: int = page.evaluate("newest")
        assert kept_steps(page) < newest
        return newest

    page.evaluate(
        """() => {
          window.newest = 0;
          websim.on('checkpoint', ({ globalStep }) => { window.newest = globalStep; });
        }"""
    )
    true("newest > 0")
    wait_until_kept(
        page, kept_steps(page) + 5_000
    )  # as it goes, for a page that ends without a word
    newest = behind()
    assert page.evaluate(HIDE, True) >= 1, "it is kept at once"
    page.evaluate("keeping.release()")
    wait_until_kept(page, newest)

    page.evaluate(HIDE, False)
    newest = behind()
    page.reload()
    resumed.booted()
    card = page.get_by_role("region", name="Interrupted training")
    assert steps_in(card) >= newest
    # What is deleted does not come back with what was left.
    card.get_by_role("button", name="Discard").click()
    expect(card).to_have_count(0)
    others = page.locator(".saved tbody tr").count()
    page.reload()
    resumed.booted()
    expect(page.locator(".saved tbody tr")).to_have_count(others)
    expect(card).to_have_count(0)


def test_without_locks_a_run_is_still_offered(isolated: TrainingPage) -> None:
    """As on a page that is not secure, which has none."""
    page = isolated.page
    page.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined });")
    isolated.open(SMALL)
    isolated.start()
    isolated.wait_for_steps(512)
    done = isolated.pause()
    page.reload()
    isolated.booted()
    card = page.get_by_role("region", name="Interrupted training")
    expect(card).to_contain_text(f"{done:,} of")
    card.get_by_role("button", name="Resume").click()
    isolated.learns()
    isolated.wait_for_steps(done)


#: The browser's database as it was when a record said `spec`.
OLD_RUN = """() => new Promise((resolve, reject) => {
  const request = indexedDB.open('websim', 1);
  request.onerror = reject;
  request.onupgradeneeded = () => {
    request.result.createObjectStore('runs', { keyPath: 'id' });
    request.result.createObjectStore('checkpoints');
  };
  request.onsuccess = () => {
    const transaction = request.result.transaction(['runs', 'checkpoints'], 'readwrite');
    const options = { task_options: {}, hyperparameters: {} };
    const spec = { task: 'Hopper-v5', algorithm: 'ppo', ...options, seed: 1 };
    transaction.objectStore('runs').put({
      id: 'old', name: '', kept: true, unfinished: false, spec, iteration: 1, globalStep: 2048,
      totalTimesteps: 10000, episodicReturn: 7, seconds: 1, savedAt: 1, bytes: 8,
    });
    const curve = { steps: new Float64Array(0), columns: {} };
    transaction.objectStore('checkpoints').put({ checkpoint: new ArrayBuffer(8), curve }, 'old');
    transaction.oncomplete = () => { request.result.close(); resolve(); };
  };
})"""


def test_runs_of_an_older_page_are_there(page: Page, server: str) -> None:
    page.goto(f"{server}/healthz")
    page.evaluate(OLD_RUN)
    page.goto(f"{server}/?task=Hopper-v5&envs=1&workers=1")
    page.locator(".library summary").click(timeout=BOOT_MS)
    names = page.locator(".saved tbody input.name")
    expect(names).to_have_value("Hopper-v5 · ppo · 2,048 steps", timeout=BOOT_MS)
