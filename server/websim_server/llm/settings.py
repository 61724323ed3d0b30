"""Which language model is asked: options of commands, and keys of the environment."""

import argparse
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from urllib.parse import urlsplit

from websim_server.errors import ServerError

CLAUDE_KEY = "ANTHROPIC_API_KEY"

KEY = "WEBSIM_LLM_KEY"
"""Of a server at `--llm-url`; many want none."""

DEFAULT_MODEL = "claude-sonnet-5-5"

EXTRA = "pip install 'mujoco-websim[llm]' (in a checkout: make llm)"

NEITHER = (
    f"No language model is set up: set {CLAUDE_KEY}, or name a server that speaks OpenAI's API "
    "(llama.cpp, Ollama): --llm-url http://127.0.0.1:8080/v1 --llm-model NAME"
)


class LlmUnavailable(ServerError):
    """Raised when there is no language model to ask; says what is missing."""


@dataclass(frozen=True, kw_only=True)
class LlmSettings:
    """A language model, and how much may be asked of it.

    Attributes:
        url: Of a server that speaks OpenAI's API; "": Anthropic's.
        model: Its name there.
        key: Of the service; "" for none.
        max_tokens: Of an answer.
        max_cost: Dollars: of a tournament natively, of a day in the page.
        prices: Dollars for a million tokens, read and written; None: nobody knows.
        silence: Seconds after which a service that says nothing is given up.
        patience: Seconds that an answer may take in all.
        rate: How often an address may ask, as `limits` writes it.
    """

    url: str
    model: str
    key: str = field(repr=False)
    max_tokens: int = 16_000
    max_cost: float = 1.0
    prices: tuple[float, float] | None = None
    silence: float = 300.0
    patience: float = 900.0
    rate: str = "60/hour"

    @property
    def service(self) -> str:
        """For people."""
        return urlsplit(self.url).netloc if self.url else "Anthropic"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a command that asks one."""
    group = parser.add_argument_group("language model")
    group.add_argument(
        "--llm-url",
        default=os.environ.get("WEBSIM_LLM_URL", ""),
        metavar="URL",
        help="a server that speaks OpenAI's API, such as http://127.0.0.1:8080/v1 (WEBSIM_LLM_URL; "
        f"its key: {KEY}); without it Claude is asked ({CLAUDE_KEY})",
    )
    group.add_argument(
        "--llm-model",
        default=os.environ.get("WEBSIM_LLM_MODEL", ""),
        metavar="NAME",
        help=f"(WEBSIM_LLM_MODEL; Claude: {DEFAULT_MODEL})",
    )
    group.add_argument(
        "--llm-max-tokens", type=int, default=16_000, metavar="N", help="of an answer (%(default)s)"
    )
    group.add_argument(
        "--llm-max-cost",
        type=float,
        default=1.0,
        metavar="DOLLARS",
        help="of a tournament, and of a day of `serve` (%(default)s)",
    )
    group.add_argument(
        "--llm-prices",
        type=float,
        nargs=2,
        metavar=("READ", "WRITTEN"),
        help="dollars for a million tokens (Claude's are known)",
    )
    group.add_argument(
        "--llm-silence",
        type=float,
        default=300.0,
        metavar="SECONDS",
        help="without a word, after which it is given up (%(default)s)",
    )


def read_settings(
    arguments: argparse.Namespace, environment: Mapping[str, str] = os.environ
) -> LlmSettings:
    """The language model that options and keys name.

    Raises:
        LlmUnavailable: none, or what is needed to ask it is not installed, or an option is wrong.
    """
    url, model = arguments.llm_url.strip(), arguments.llm_model.strip()
    if url:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise LlmUnavailable(f"--llm-url must begin with http:// or https://, not {url!r:.99}")
        if not model:
            raise LlmUnavailable("--llm-model must name the model that the server has")
    elif not environment.get(CLAUDE_KEY):
        raise LlmUnavailable(NEITHER)
    for package in ("anthropic", "limits", "openai"):
        if find_spec(package) is None:
            raise LlmUnavailable(f"A language model needs packages that are missing: {EXTRA}")
    if not 256 <= arguments.llm_max_tokens <= 128_000:
        raise LlmUnavailable("--llm-max-tokens must be 256 to 128,000")
    if not 0 < arguments.llm_max_cost < 1e6:
        raise LlmUnavailable("--llm-max-cost must be above 0 dollars")
    if not 0 < arguments.llm_silence <= 3600:
        raise LlmUnavailable("--llm-silence must be above 0 and up to 3,600 seconds")
    model = model or DEFAULT_MODEL
    prices = tuple(arguments.llm_prices) if arguments.llm_prices else known_prices(url, model)
    if prices and not all(0 <= price < 1e6 for price in prices):
        raise LlmUnavailable("--llm-prices must be 0 dollars or more")
    return LlmSettings(
        url=url,
        model=model,
        key=environment.get(KEY if url else CLAUDE_KEY, ""),
        max_tokens=arguments.llm_max_tokens,
        max_cost=arguments.llm_max_cost,
        prices=prices,
        silence=arguments.llm_silence,
        patience=max(900.0, 3 * arguments.llm_silence),
    )


def known_prices(url: str, model: str) -> tuple[float, float] | None:
    """Of Claude's models as they are listed; of a server of one's own nothing."""
    if url:
        return (0.0, 0.0) if _at_home(urlsplit(url).hostname or "") else None
    known = [begin for begin in _listed() if model.startswith(begin)]
    return _listed()[max(known, key=len)] if known else None


@cache
def _listed() -> dict[str, tuple[float, float]]:
    text = files("websim_server.llm").joinpath("prices.toml").read_text("utf-8")
    return {begin: (read, written) for begin, (read, written) in tomllib.loads(text).items()}


def _at_home(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
