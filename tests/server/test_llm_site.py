"""The route to a language model: streams, is hung up on, and lets through only what it should."""

import asyncio
import http.client
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.server.http_client import fetch
from tests.server.llm_peer import Peer, Say, scripted
from websim.authors.llm import Turn, system_prompt
from websim_server import browser
from websim_server.llm.budget import DailyBudget
from websim_server.llm.settings import LlmSettings
from websim_server.site import llm
from websim_server.site.visitors import Rate, Refused, network

KEY = "sk-very-secret-0123456789"


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with scripted() as one:
        yield one


@pytest.fixture(scope="module")
def site(peer: Peer) -> Iterator[str]:
    """A server whose language model is the peer, for a price."""
    options = ["--llm-url", peer.url, "--llm-model", "some-model"]
    more = ["--llm-prices", "2", "10", "--llm-max-cost", "5", "--allowed-hosts", "walk.example"]
    environment = {**os.environ, "WEBSIM_LLM_KEY": KEY}
    with browser.server(*options, *more, environment=environment) as address:
        yield address


def asked(site: str, body: Any, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """What the server answers; headers as those of a page of its own."""
    connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=60)
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {"Content-Type": "application/json"}
    names |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", "/llm", sent, names)
    response = connection.getresponse()
    got = response.status, dict(response.getheaders()), response.read()
    connection.close()
    return got


def lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def test_what_there_is_is_told_without_the_key(site: str, server: str) -> None:
    told = fetch(site, "/llm")
    assert KEY.encode() not in told.body
    about = json.loads(told.body)
    assert about["available"]
    assert (about["model"], about["maxCost"], about["priced"]) == ("some-model", 5.0, True)
    assert told["cache-control"] == "no-store"


def test_a_conversation_is_answered_as_it_comes(site: str, peer: Peer) -> None:
    peer.says = [Say(text="Hello robot. " * 20)]
    before = json.loads(fetch(site, "/llm").body)["spent"]
    status, headers, content = asked(site, {"turns": ["Hop.", "{}", "Again."]})
    assert status == 200
    assert headers["content-type"] == "application/x-ndjson"
    *wrote, ended = lines(content)
    assert "".join(line["text"] for line in wrote) == "Hello robot. " * 20
    assert len(wrote) > 3
    assert ended["kind"] == "ended"
    assert ended["usage"]["cost"] == pytest.approx((100 * 2 + 50 * 10) / 1e6)
    assert json.loads(fetch(site, "/llm").body)["spent"] == pytest.approx(before + 700e-6)
    _, sent, body = peer.asked[-1]
    assert sent["authorization"] == f"Bearer {KEY}"
    said = [(turn["role"], turn["content"]) for turn in body["messages"]]
    assert said == [
        ("system", system_prompt()),
        ("user", "Hop."),
        ("assistant", "{}"),
        ("user", "Again."),
    ]


def test_a_page_that_hangs_up_ends_it_at_the_model(site: str, peer: Peer) -> None:
    peer.says = [Say(text="word " * 5000, pace=0.02)]
    peer.hung_up.clear()
    connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=60)
    body = json.dumps({"turns": ["Hop."]})
    connection.request("POST", "/llm", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    assert json.loads(response.readline())["kind"] == "wrote"
    assert connection.sock is not None
    response.close()
    connection.close()
    assert peer.hung_up.wait(60)


def test_failures_come_as_words(site: str, peer: Peer) -> None:
    peer.says = [Say(status=401, text=f"What is {KEY}?")]
    status, _, content = asked(site, {"turns": ["Hop."]})
    assert status == 200
    (failed,) = lines(content)
    assert failed["kind"] == "failed"
    assert "does not take the key" in failed["message"]
    assert KEY.encode() not in content
    peer.says = [Say(status=429, headers={"retry-after": "0.1"}), Say(text="{}")]
    kinds = [line["kind"] for line in lines(asked(site, {"turns": ["Hop."]})[2])]
    assert kinds == ["waits", "wrote", "ended"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"nonsense", 400, "no JSON"),
        (b"[" * 50_000, 400, "levels deep"),
        ({}, 400, "odd number"),
        ({"turns": []}, 400, "odd number"),
        ({"turns": ["a", "b"]}, 400, "odd number"),
        ({"turns": ["a"] * 9}, 400, "odd number"),
        ({"turns": [3]}, 400, "says something"),
        ({"turns": [" "]}, 400, "says something"),
        ({"turns": ["a" * 500_000]}, 413, "may have 400,000 characters"),
        ({"turns": ["a" * 2_000_000]}, 413, "may have 1,048,576 bytes"),
    ],
)
def test_what_is_no_conversation_is_not_sent(
    site: str, peer: Peer, body: Any, status: int, said: str
) -> None:
    before = len(peer.asked)
    got, headers, content = asked(site, body)
    assert got == status
    assert said in json.loads(content)["message"]
    assert len(peer.asked) == before
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_pages_of_others_may_not_spend_the_money(site: str, peer: Peer) -> None:
    before = len(peer.asked)
    body = {"turns": ["Hop."]}
    assert asked(site, body, Sec_Fetch_Site="cross-site")[0] == 403
    for origin in ("https://example.org", "null", "http://[", "http://"):
        assert asked(site, body, Origin=origin)[0] == 403, origin
    # A name that was made to lead here: to a browser that page and this server are one.
    status, _, content = asked(site, body, Origin="http://evil.example", Host="evil.example")
    assert status == 403
    assert "'evil.example' for a name of its own" in json.loads(content)["message"]
    assert asked(site, body, Content_Type="text/plain")[0] == 415
    assert len(peer.asked) == before
    port = urlsplit(site).port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}", "walk.example"):
        peer.says = [Say(text="{}")]
        own = asked(site, body, Origin=f"http://{host}", Host=host, Sec_Fetch_Site="same-origin")
        assert own[0] == 200, host


def test_an_address_may_ask_so_often() -> None:
    rate = Rate("2/hour", "It may be asked")
    rate.count("192.0.2.1")
    rate.count("192.0.2.1")
    with pytest.raises(Refused, match=r"2 per 1 hour from an address: again in 3,\d+ s") as refused:
        rate.count("192.0.2.1")
    assert refused.value.status == 429
    assert int(refused.value.headers["Retry-After"]) > 3000
    rate.count("192.0.2.2")
    rate.count("2001:db8::1")
    rate.count("2001:db8::2")
    with pytest.raises(Refused):
        rate.count("2001:db8::ffff:3")
    assert network("::ffff:192.0.2.1") == "192.0.2.1"
    assert network("a socket") == "a socket"


def test_so_many_are_answered_at_a_time(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm, "MAX_TOGETHER", 0)
    settings = LlmSettings(url=peer.url, model="m", key="")

    async def listen() -> list[str]:
        turns = [Turn(role="user", text="Hop.")]
        return [
            line
            async for line in llm._lines(settings, turns, DailyBudget(settings), llm.Together())
        ]

    with ThreadPoolExecutor(1) as thread:  # Playwright may have a loop in this one
        (failed,) = thread.submit(asyncio.run, listen()).result()
    assert "answers are being written already" in json.loads(failed)["message"]


def test_without_a_model_the_server_says_so(server: str) -> None:
    about = json.loads(fetch(server, "/llm").body)
    assert not about["available"]
    assert "No language model is set up" in about["why"]
    status, _, content = asked(server, {"turns": ["Hop."]})
    assert status == 503
    assert "No language model is set up" in json.loads(content)["message"]
