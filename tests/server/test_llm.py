"""Asking a language model: a scripted peer speaks both APIs, and everything goes wrong once."""

import argparse
import asyncio
import json
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.server.llm_peer import Peer, Say, scripted
from websim.authors.llm import SCHEMA, Turn, system_prompt
from websim.authors.tournament import archive
from websim.errors import AuthorFailed
from websim_server import cli
from websim_server.llm import asking
from websim_server.llm.asking import Ended, Failed, Waits, Wrote, ask
from websim_server.llm.budget import Budget, DailyBudget
from websim_server.llm.settings import LlmSettings, LlmUnavailable, add_options, read_settings

KEY = "sk-very-secret-0123456789"

TURNS = [Turn(role="user", text="Hop.")]

REWARD = (
    "speed_weight = {speed}\n\n\ndef reward(now, before, action):\n"
    "    return {{'speed': speed_weight * now.qvel[:, 0]}}\n"
)

MEASURE = "def measure(now, before):\n    return now.qvel[:, 0]\n"


def written(*rewards: str, measure: str = MEASURE) -> str:
    """An answer."""
    candidates = [{"name": f"r{i}", "why": "So.", "reward": r} for i, r in enumerate(rewards)]
    options = {"goes_on_when_unhealthy": False, "sees_where_it_is": False}
    return json.dumps({"measure": measure, **options, "candidates": candidates})


@pytest.fixture
def peer() -> Iterator[Peer]:
    with scripted() as one:
        yield one


@pytest.fixture(params=["openai", "claude"])
def settings(
    request: pytest.FixtureRequest, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> LlmSettings:
    """Of a peer that speaks the one API or the other."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", peer.root)
    monkeypatch.setattr(asking, "LONGEST_WAIT", 2.0)
    return LlmSettings(
        url=peer.url if request.param == "openai" else "",
        model="some-model",
        key=KEY,
        prices=(2.0, 10.0),
        silence=5.0,
        patience=20.0,
    )


Heard = list[Wrote | Waits | Ended]

T = TypeVar("T")


def run(asked: Coroutine[Any, Any, T]) -> T:
    """Runs it in a thread: Playwright, once it was started, has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asked).result()


def heard(settings: LlmSettings, budget: Budget | None = None) -> Heard:
    """All that comes of asking once."""

    async def listen() -> Heard:
        return [event async for event in ask(settings, TURNS, budget or Budget(settings))]

    return run(listen())


def text_of(events: Heard) -> str:
    return "".join(event.text for event in events if isinstance(event, Wrote))


def failure(settings: LlmSettings, budget: Budget | None = None) -> Failed:
    with pytest.raises(Failed) as error:
        heard(settings, budget)
    assert KEY not in str(error.value)
    return error.value


def test_an_answer_comes_in_pieces(peer: Peer, settings: LlmSettings) -> None:
    answer = written(REWARD.format(speed=1.0))
    peer.says = [Say(text=answer)]
    budget = Budget(settings)
    events = heard(settings, budget)
    assert text_of(events) == answer
    assert len(events) > 3
    end = events[-1]
    assert isinstance(end, Ended)
    assert not end.cut
    assert (end.usage.read, end.usage.written, end.usage.counted) == (100, 50, True)
    assert end.usage.cost == budget.spent == pytest.approx((100 * 2 + 50 * 10) / 1e6)
    ((path, headers, body),) = peer.asked
    assert headers["authorization"] == f"Bearer {KEY}"
    if settings.url:
        assert path == "/v1/chat/completions"
        assert body["messages"][0] == {"role": "system", "content": system_prompt()}
        assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    else:
        assert path == "/v1/messages"
        assert body["system"][0]["text"] == system_prompt()
        assert body["output_config"]["format"] == {"type": "json_schema", "schema": SCHEMA}
    assert body["messages"][-1] == {"role": "user", "content": "Hop."}
    assert body["max_tokens"] == settings.max_tokens
    assert body["stream"] is True


def test_too_many_requests_are_waited_for(peer: Peer, settings: LlmSettings) -> None:
    peer.says = [Say(status=429, headers={"retry-after": "0.1"}), Say(text="{}")]
    waits, *rest = heard(settings)
    assert isinstance(waits, Waits)
    assert waits.seconds == pytest.approx(0.1)
    assert "too many requests" in waits.why
    assert text_of(rest) == "{}"
    assert len(peer.asked) == 2


def test_a_long_wait_is_told_instead(peer: Peer, settings: LlmSettings) -> None:
    peer.says = [Say(status=429, headers={"retry-after": "3600"})]
    error = failure(settings)
    assert "asked again in 3,600 s" in str(error)
    assert len(peer.asked) == 1
    assert error.usage.cost == 0.0


def test_a_service_that_stays_busy_is_given_up(peer: Peer, settings: LlmSettings) -> None:
    peer.says = [Say(status=503, text="down", headers={"retry-after": "0"})]
    assert "503" in str(failure(settings))
    assert len(peer.asked) == asking.MAX_TRIES


@pytest.mark.parametrize(
    ("say", "said"),
    [
        (Say(status=401, text=f"Bad key {KEY}"), "does not take the key"),
        (Say(status=404, text="what?"), "has no model 'some-model'"),
        (Say(status=400, text=f"Never with {KEY}"), r"400: .*\(key\)"),
        (Say(text=""), "answered nothing"),
        (Say(text="abc" * 99, cut=4), "ended in the middle"),
        (Say(text="I won't", refusal="It is a robot."), "refuses to write this. It is a robot."),
    ],
)
def test_failures_are_told_in_words(peer: Peer, settings: LlmSettings, say: Say, said: str) -> None:
    peer.says = [say]
    error = failure(settings)
    with pytest.raises(Failed, match=said):
        raise error
    assert len(peer.asked) == 1
    if say.cut:  # it was paid for as far as it came
        assert error.usage.written > 0
        assert error.usage.cost


def test_silence_is_given_up(peer: Peer, settings: LlmSettings) -> None:
    settings = replace(settings, silence=0.3)
    peer.says = [Say(text="late", silence=1.0)]
    assert "said nothing for 0.3 s" in str(failure(settings))
    peer.says = [Say(text="late " * 50, pace=1.0)]
    assert "said nothing for 0.3 s" in str(failure(settings))


def test_what_takes_too_long_in_all_is_given_up(peer: Peer, settings: LlmSettings) -> None:
    settings = replace(settings, patience=0.5)
    peer.says = [Say(text="slow " * 500, pace=0.05)]
    assert "took longer than 0 s" in str(failure(settings))
    assert peer.hung_up.wait(30)


def test_what_has_no_end_is_ended(peer: Peer, settings: LlmSettings) -> None:
    settings = replace(settings, max_tokens=256)
    peer.says = [Say(text=" " * 100_000)]
    assert "longer than 256 tokens" in str(failure(settings))
    assert peer.hung_up.wait(30)


def test_an_answer_of_the_greatest_length_says_so(peer: Peer, settings: LlmSettings) -> None:
    peer.says = [Say(text='{"measure": "', stop="length")]
    end = heard(settings)[-1]
    assert isinstance(end, Ended)
    assert end.cut


def test_nobody_is_there(settings: LlmSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    settings = replace(settings, url="http://127.0.0.1:9/v1" if settings.url else "")
    assert "cannot be reached" in str(failure(settings))


def test_hanging_up_in_the_middle_ends_it_there_too(peer: Peer, settings: LlmSettings) -> None:
    peer.says = [Say(text="word " * 2000, pace=0.02)]
    budget = Budget(settings)

    async def listen() -> None:
        events = ask(settings, TURNS, budget)
        async for event in events:
            if isinstance(event, Wrote):
                break
        await events.aclose()

    run(listen())
    assert peer.hung_up.wait(30)
    assert 0 < budget.written < 2000
    assert budget.spent > 0
    assert budget._held == pytest.approx(0.0)


def test_the_cost_limit_is_kept(peer: Peer, settings: LlmSettings) -> None:
    # What an answer of full length would cost: 16 cents.
    budget = Budget(replace(settings, max_cost=0.2))
    peer.says = [Say(text="{}", written=14_000)]
    heard(settings, budget)
    assert budget.spent == pytest.approx(0.1402)
    heard(settings, budget)
    asked = len(peer.asked)
    assert peer.asked[-1][2]["max_tokens"] < settings.max_tokens
    with pytest.raises(AuthorFailed, match=r"cost limit of \$0.20 is reached: \$0.28"):
        heard(settings, budget)
    assert len(peer.asked) == asked


def test_nobody_may_spend_what_is_set_aside(settings: LlmSettings) -> None:
    budget = Budget(replace(settings, max_cost=0.2))
    tokens, _ = budget.hold(300)
    assert tokens == settings.max_tokens
    less, _ = budget.hold(300)
    assert 0 < less < tokens
    with pytest.raises(AuthorFailed, match="cost limit"):
        budget.hold(300)
    daily = DailyBudget(settings)
    assert daily.today() is daily.today()


@pytest.mark.parametrize("status", [400, 422, 500])  # llama-cpp-python's says 500
def test_a_server_that_knows_no_schema_is_asked_without(
    peer: Peer, settings: LlmSettings, status: int
) -> None:
    settings = replace(settings, url=peer.url)
    refuses = Say(status=status, text="response_format: unknown")
    peer.says = [refuses, refuses, Say(text="{}")]
    assert text_of(heard(settings)) == "{}"
    forms = [body["response_format"]["type"] for _, _, body in peer.asked]
    assert forms == ["json_schema", "json_object", "text"]


# Settings.


def read(*options: str, **environment: str) -> LlmSettings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    parser.set_defaults(llm_url="", llm_model="")
    return read_settings(parser.parse_args(options), environment)


def test_settings_name_model_key_and_prices() -> None:
    claude = read(ANTHROPIC_API_KEY=KEY)
    assert (claude.url, claude.model, claude.service) == ("", "claude-sonnet-5-5", "Anthropic")
    assert claude.prices == (2.0, 10.0)
    assert KEY not in repr(claude)
    opus = read("--llm-model", "claude-opus-5-5-20261001", ANTHROPIC_API_KEY=KEY)
    assert opus.prices == (4.0, 20.0)
    assert read("--llm-model", "claude-none", ANTHROPIC_API_KEY=KEY).prices is None
    here = ["--llm-url", "http://127.0.0.1:1/v1", "--llm-model", "m"]
    # The key of the one is never sent to the other.
    assert (read(*here, ANTHROPIC_API_KEY=KEY).key, read(*here).prices) == ("", (0.0, 0.0))
    away = read("--llm-url", "https://example.org/v1", "--llm-model", "m", WEBSIM_LLM_KEY="k")
    assert (away.key, away.prices, away.service) == ("k", None, "example.org")
    assert read(*here, "--llm-prices", "1", "2").prices == (1.0, 2.0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "No language model is set up: set ANTHROPIC_API_KEY"),
        (["--llm-url", "ftp://a", "--llm-model", "m"], "must begin with http"),
        (["--llm-url", "http://127.0.0.1/v1"], "--llm-model must name"),
        (["--llm-url", "http://a/v1", "--llm-model", "m", "--llm-max-tokens", "3"], "256 to"),
        (["--llm-url", "http://a/v1", "--llm-model", "m", "--llm-max-cost", "0"], "above 0"),
    ],
)
def test_what_is_missing_is_said(options: list[str], said: str) -> None:
    with pytest.raises(LlmUnavailable, match=said):
        read(*options)


def test_without_the_packages_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("websim_server.llm.settings.find_spec", lambda name: None)
    with pytest.raises(LlmUnavailable, match=r"mujoco-websim\[llm\]"):
        read(ANTHROPIC_API_KEY=KEY)


# The command.

SMALL = {"num_envs": 4, "num_steps": 32, "num_minibatches": 4, "update_epochs": 1}


@pytest.fixture
def command(tmp_path: Path, peer: Peer) -> list[str]:
    from websim.experiments.archive import dump
    from websim.experiments.experiment import Experiment

    task = tmp_path / "hopper.websim"
    task.write_bytes(dump(Experiment(task="Hopper-v5", hyperparameters=SMALL)))
    model = ["--author", "llm", "--llm-url", peer.url, "--llm-model", "m"]
    more = ["--candidates", "2", "--steps", "2e4", "--episodes", "2", "--workers", "2"]
    out = ["--out", str(tmp_path / "best.websim")]
    return ["author", "hop on", "--task", str(task), *model, *more, *out]


def test_words_become_a_policy(
    command: list[str], peer: Peer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = "def reward(now, before, action):\n    return {'a': now.foo}\n"
    peer.says = [
        Say(text=written(REWARD.format(speed=1.0), bad)),
        Say(text=written(REWARD.format(speed=-1.0), measure="")),
        Say(text=written(REWARD.format(speed=0.5), measure="")),
    ]
    assert cli.main([*command, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {"r0"} <= {one["name"] for one in said["candidates"]}
    tournament, _ = archive.load((tmp_path / "best.websim").read_bytes())
    first = tournament.state.decisions[0]
    assert first.cost == {"tokens_read": 200, "tokens_written": 100, "dollars": 0.0}
    returned: Any = peer.asked[1][2]["messages"]
    assert [turn["role"] for turn in returned] == ["system", "user", "assistant", "user"]
    assert "foo" in returned[-1]["content"]
    if len(peer.asked) > 2:  # the second round is told of the first
        assert "What was tried" in peer.asked[2][2]["messages"][1]["content"]


def test_what_never_passes_is_told(
    command: list[str], peer: Peer, capsys: pytest.CaptureFixture[str]
) -> None:
    peer.says = [Say(text="Sure! Rewards are fun.")]
    assert cli.main(command) == 1
    assert "no measure that passes, 3 returns included" in capsys.readouterr().err
    assert len(peer.asked) == 4


def test_without_a_model_the_command_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    assert cli.main(["author", "hop", "--author", "llm"]) == 1
    said = capsys.readouterr().err
    assert "No language model is set up" in said
    assert "The author offline needs none" in said


def test_the_prompt_can_be_seen_before(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["author", "hop on", "--task", "Hopper-v5", "--show-prompt"]) == 0
    said = capsys.readouterr().out
    assert system_prompt().strip() in said
    assert '"hop on"' in said
