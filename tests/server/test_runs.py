"""The API of shared runs, and the address that is sent."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.server.test_store import run
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.claims import Claim
from websim.training.trainer import Trainer
from websim_server.site.app import create_app
from websim_server.store.settings import StoreSettings
from websim_server.store.store import Store

SMALL = {"num_envs": 8, "num_steps": 64, "num_minibatches": 4, "hidden_sizes": [8]}


@pytest.fixture
def settings(tmp_path: Path) -> StoreSettings:
    return StoreSettings(folder=tmp_path / "store")


@pytest.fixture
def client(settings: StoreSettings) -> Iterator[TestClient]:
    store = Store(settings)
    with TestClient(create_app(store=store)) as one:
        yield one
    store.close()


def test_a_run_is_shared_opened_and_deleted(client: TestClient) -> None:
    data = run('<b>Hop</b> & "jump"')
    answer = client.post("/api/runs", content=data)
    assert answer.status_code == 201
    told = answer.json()
    assert told["url"] == f"/r/{told['id']}"
    assert client.post("/api/runs", content=data).status_code == 200
    assert client.get(f"/api/runs/{told['id']}").json()["about"]["task"] == "Hopper-v5"
    file = client.get(f"/api/runs/{told['id']}.websim")
    assert file.content == data
    again = client.get(
        f"/api/runs/{told['id']}.websim", headers={"If-None-Match": file.headers["etag"]}
    )
    assert again.status_code == 304
    page = client.get(told["url"])
    assert "&lt;b&gt;Hop&lt;/b&gt; &amp; &quot;jump&quot;" in page.text
    assert "<b>" not in page.text
    assert f"/?open={told['id']}" in page.text
    picture = client.get(f"/api/runs/{told['id']}/picture")
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["cross-origin-resource-policy"] == "cross-origin"
    assert told["about"]["picture"] == {"media_type": "image/png", "width": 600, "height": 315}
    with Image.open(io.BytesIO(picture.content)) as drawn:
        colors = {tuple(color) for color in np.asarray(drawn).reshape(-1, 3).tolist()}
    # The sky, and the robot's grey in all lights; the ground is bluish.
    assert (237, 242, 250) in colors
    assert sum(red == green == blue for red, green, blue in colors) > 20
    # What the page asks then.
    about = client.get(f"/open/{told['id']}.json").json()
    assert about["experiment"]["task"] == "Hopper-v5"
    assert about["hasLearnt"] is False
    assert client.get(f"/open/{about['sha256']}.websim").content == data
    gone = f"/api/runs/{told['id']}"
    assert client.delete(gone, headers={"X-Token": "guess"}).status_code == 403
    assert client.delete(gone, headers={"X-Token": told["token"]}).status_code == 204
    for address in (gone, f"{gone}.websim", told["url"], f"/open/{told['id']}.json"):
        assert client.get(address).status_code == 404, address


def test_a_preview_shows_picture_title_and_score(client: TestClient) -> None:
    claim = Claim(mean_return=3591.9, return_std=2.0, episodes=20, seed=0, engine="here")
    experiment = Experiment(
        task="InvertedPendulum-v5", title='"Hop"', author="Ann", hyperparameters=SMALL
    )
    trainer = Trainer(experiment)
    learnt = trainer.advance(stop=True).checkpoint
    trainer.close()
    assert learnt is not None
    learner = checkpoints.pack(checkpoints.loads(learnt).learner)
    data = checkpoints.dumps(experiment, learner, [], claim)
    told = client.post("/api/runs", content=data).json()
    page = client.get(told["url"]).text
    found = dict(re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)"', page))
    assert found["og:title"] == "&quot;Hop&quot;"
    assert "claimed return 3,592 over 20 episodes" in found["og:description"]
    assert found["og:image"] == f"http://testserver/api/runs/{told['id']}/picture"
    (oembed,) = re.findall(r'type="application/json\+oembed" href="(.*)">', page)
    said = client.get(f"{oembed}&maxwidth=400").json()
    assert (said["version"], said["type"], said["title"]) == ("1.0", "rich", '"Hop"')
    assert (said["author_name"], said["width"], said["thumbnail_width"]) == ("Ann", 400, 600)
    assert f'src="http://testserver/?open={told["id"]}&amp;embed=1' in said["html"]
    for address, status in (
        (f"{oembed}&format=xml", 501),
        ("/api/oembed?url=https://example.org/r/1", 404),
        ("/api/oembed?url=http://testserver/r/0123456789ab", 404),
        (f"{oembed}&maxwidth=-1", 422),
    ):
        assert client.get(address).status_code == status, address


def test_what_cannot_be_shared_is_told(client: TestClient) -> None:
    answer = client.post("/api/runs", content=b"hello")
    assert answer.status_code == 422
    assert "zip" in answer.json()["message"]
    foreign = client.post("/api/runs", content=run(), headers={"Origin": "https://example.org"})
    assert foreign.status_code == 403
    assert "Only pages of this server" in foreign.json()["message"]
    nameless = client.delete("/api/runs/0123456789ab")
    assert (nameless.status_code, nameless.json()["message"]) == (
        422,
        "header.X-Token: Field required.",
    )
    for nowhere in ("/api/elsewhere", "/api/runs/%0A", "/elsewhere.js"):
        assert client.get(nowhere).json() == {"message": "Not Found"}
    wrong = client.put("/api/runs/0123456789ab")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET")
    for nowhere in ("/", "/sim/websim.js"):
        assert client.put(nowhere).headers["allow"] == "GET, HEAD"


def test_an_address_may_share_so_often_and_so_much(settings: StoreSettings) -> None:
    store = Store(replace(settings, rate="2/hour", max_bytes=1000))
    client = TestClient(create_app(store=store))
    assert client.post("/api/runs", content=run()).status_code == 201
    assert client.post("/api/runs", content=b"x" * 1001).status_code == 413
    beside = Store(store.settings)  # another worker counts the same
    for one in (client, TestClient(create_app(store=beside))):
        answer = one.post("/api/runs", content=run())
        assert answer.status_code == 429
        assert 3000 < int(answer.headers["retry-after"]) <= 3600
    store.close()
    beside.close()


def test_a_server_without_a_store_says_so() -> None:
    client = TestClient(create_app())
    assert client.get("/r/0123456789ab").status_code == 404
    assert "keeps no runs" in client.get("/r/0123456789ab").text
    assert client.post("/api/runs", content=run()).status_code in (404, 405)


def test_the_api_has_a_schema(client: TestClient) -> None:
    schema = client.get("/api/openapi.json").json()
    of_a_run = {f"/runs/{{run_id}}{part}" for part in ("", ".websim", "/picture")}
    assert set(schema["paths"]) == {
        "/runs",
        "/oembed",
        "/boards",
        "/boards/{key}",
        *of_a_run,
    }
    assert json.dumps(schema["paths"]["/runs"]["post"]["responses"]["429"])
