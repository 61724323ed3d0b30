"""Links: what the project writes, cut, damaged, and forged with a checksum that is right."""

import json
import random
import re
import zlib
from functools import cache

from tests.fuzz.documents import change
from tests.fuzz.models import MODELS
from websim.errors import WebSimError
from websim.experiments.experiment import Experiment
from websim.experiments.robot import make_robot
from websim.experiments.sources import of_robot
from websim.registry import task_class
from websim.sharing import envelope
from websim.sharing.dictionary import DICTIONARY
from websim.sharing.links import Draft, open_link
from websim.training.checkpoints import Checkpoint, policy_alone
from websim.training.claims import Claim
from websim.training.trainer import Trainer
from websim.training.verification import verify

KIND = "links"

MARKUP = "<img src=x onerror=alert(1)><script>alert(1)</script>&lt;\u202e"

CHARACTERS = "AZaz09-_"


@cache
def originals() -> list[str]:
    """Links that can be opened."""
    pendulum = task_class("InvertedPendulum-v5")
    experiments = [
        Experiment(
            task="InvertedPendulum-v5",
            reward=pendulum.reward_code,
            measure=pendulum.measure_code,
            hyperparameters={"num_envs": 2, "num_steps": 8, "num_minibatches": 2},
            title=MARKUP,
            author=MARKUP,
        ),
        Experiment(task="Reacher-v5", algorithm="ars", hyperparameters={"num_envs": 2}),
        Experiment(
            task="Robot-v0",
            algorithm="es",
            hyperparameters={"num_envs": 2, "hidden_sizes": [4]},
            robot=of_robot(make_robot({"parts/robot.xml": MODELS[0].encode()})).robot,
        ),
    ]
    claim = Claim(mean_return=1.5, return_std=0.5, episodes=20, seed=0, engine="mujoco")
    found = []
    for experiment in experiments:
        trainer = Trainer(experiment)
        run = policy_alone(Checkpoint(experiment, trainer.algorithm.state(), []))
        trainer.close()
        found += [Draft(run, precision).link(claim).fragment for precision in ("int8", "fp16")]
    return found


def attempt(rng: random.Random) -> str:
    """Opens a link as the page does, which ends in a named error or in a policy that acts."""
    link = rng.choice(originals())
    forged = rng.random() < 0.6
    spoilt = forge(link, rng) if forged else damage(link, rng)
    try:
        run = open_link(spoilt)
        if not forged and spoilt != link:
            raise AssertionError("a damaged link was opened")
        verify(run)
    except WebSimError as error:
        # An error that nobody foresaw says nothing of what is wrong.
        if re.search(r"(Type|Key|Index|Attribute|Assertion)Error\(", str(error)):
            raise AssertionError("says nothing of what is wrong") from error
        return type(error).__name__
    return "opened"


def damage(link: str, rng: random.Random) -> str:
    """A link as it may arrive: cut, with letters changed, or with something behind it."""
    kind = rng.random()
    at = rng.randrange(len(envelope.MARK), len(link))
    if kind < 0.3:
        return link[:at]
    if kind < 0.4:
        return link + rng.choice([".", ")", "A", "AAAA", "\u200b", "%20", "=", MARKUP])
    if kind < 0.5:
        return link[:at] + link[at + 1 :]
    if kind < 0.6:
        return link[:at] + rng.choice(["A", "é", "\n", "%3D"]) + link[at:]
    letters = list(link)
    for _ in range(rng.choice([1, 1, 1, 8])):
        letters[rng.randrange(len(envelope.MARK), len(letters))] = rng.choice(CHARACTERS)
    return "".join(letters)


def forge(link: str, rng: random.Random) -> str:
    """A link whose checksums are right, and what it carries is not."""
    data = envelope.decode(link)
    size = int.from_bytes(data[:4], "little")
    document, network = json.loads(data[4 : 4 + size]), bytearray(data[4 + size :])
    kind = rng.random()
    if kind < 0.1:
        return bomb(rng)
    if kind < 0.6:
        for _ in range(rng.choice([1, 1, 2, 4])):
            change(document, rng)
    elif kind < 0.9:
        for _ in range(rng.choice([1, 1, 4])):
            network[rng.randrange(min(len(network), rng.choice([8, 10**6])))] = rng.randrange(256)
    else:
        network = network[: rng.randrange(len(network))] + rng.randbytes(rng.choice([0, 0, 9]))
    text = json.dumps(document).encode(errors="replace")
    length = len(text) if rng.random() < 0.95 else rng.choice([0, 3, 2**31, 2**32 - 1])
    return envelope.encode([length.to_bytes(4, "little") + text, bytes(network)])


def bomb(rng: random.Random) -> str:
    """What unpacks to far more than it is, or to brackets without end."""
    content = rng.choice([b"\0", b"[", b'{"a":', b"9"])
    return sealed(packed(content, 64 << 20 if rng.random() < 0.1 else 1 << 18))


@cache
def packed(content: bytes, size: int) -> bytes:
    """So many bytes of the same again and again, which takes longest to make."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    front = packer.compress(b"\0\0\4\0" + content * (size // len(content)))
    return front + packer.flush()


def sealed(body: bytes, version: int = envelope.VERSION) -> str:
    """A body with a header that fits it."""
    front = bytes([version]) + len(body).to_bytes(3, "little")
    check = bytes([zlib.crc32(front) & 0xFF]) + zlib.crc32(body).to_bytes(4, "little")
    return envelope.MARK + envelope.text_of(front + check + body)
