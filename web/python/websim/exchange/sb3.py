"""Actors of Stable-Baselines3: PPO, A2C, SAC, TD3, DDPG, and TQC of its contributions.

A model is a zip with JSON (`data`) and a state dict of torch (`policy.pth`). Python that the JSON
has as pickles is read as data, and none of it is run.
"""

import base64
import binascii
import io
import re
import zipfile
from typing import Any

from websim import plain
from websim.errors import ForeignPolicy
from websim.exchange import pickles, torch
from websim.exchange.folding import Activation, Found, Step, layers_of, stacked
from websim.exchange.pickles import Named
from websim.exchange.torch import Tensors

ACTIVATIONS = {"Tanh": "tanh", "ReLU": "relu", "ELU": "elu", "SiLU": "silu", "Identity": "identity"}

_PPO_LAYER = re.compile(r"mlp_extractor\.policy_net\.(\d+)\.weight")
_SAC_LAYER = re.compile(r"actor\.latent_pi\.(\d+)\.weight")
_TD3_LAYER = re.compile(r"actor\.mu\.(\d+)\.weight")


def is_model(data: bytes) -> bool:
    """Whether a file looks like one, before it is read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "policy.pth" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def read(data: bytes) -> Found:
    """The actor of a model's zip.

    Raises:
        ForeignPolicy: it is none, or has an actor that is no perceptron.
    """
    with torch.opened(data, "model of Stable-Baselines3 (.zip)") as archive:
        names = archive.namelist()
        if not {"data", "policy.pth"} <= set(names):
            raise ForeignPolicy(
                "The file is no model of Stable-Baselines3: it has no data or no policy.pth. It "
                "must be what model.save wrote."
            )
        settings = _settings(torch.member(archive, "data"))
        tensors = torch.state_dict(torch.member(archive, "policy.pth"))
    if extra := [name for name in tensors if name.split(".")[0].endswith("features_extractor")]:
        raise ForeignPolicy(
            f"The policy has a features extractor ({extra[0]:.99}): ours see observations alone."
        )
    chosen = settings.get("activation_fn")
    if "action_net.weight" in tensors:
        layers = layers_of(tensors, [*_numbered(tensors, _PPO_LAYER), "action_net"])
        steps = stacked(layers, _activation(chosen, "Tanh"))
        logstd = tensors.get("log_std")
        if settings.get("squash_output"):
            steps.append(Activation("tanh"))
        plain_logstd = logstd is not None and logstd.shape == (layers[-1].bias.size,)
        return Found(
            steps, logstd if plain_logstd else None, normalized=bool(settings.get("squash_output"))
        )
    for pattern, head in ((_SAC_LAYER, ["actor.mu"]), (_TD3_LAYER, [])):
        found = _numbered(tensors, pattern)
        if found and (not head or "actor.mu.weight" in tensors):
            layers = layers_of(tensors, [*found, *head])
            squashed: list[Step] = [
                *stacked(layers, _activation(chosen, "ReLU")),
                Activation("tanh"),
            ]
            return Found(squashed, normalized=True)
    raise ForeignPolicy(
        "The model's policy is none of PPO, A2C, SAC, TD3, DDPG or TQC with a perceptron: it has "
        f"{', '.join(tensors):.200}."
    )


def _numbered(tensors: Tensors, pattern: re.Pattern[str]) -> list[str]:
    """Names of layers in their order."""
    found = {int(m[1]): m[0] for m in map(pattern.fullmatch, tensors) if m}
    return [found[number].removesuffix(".weight") for number in sorted(found)]


def _settings(data: bytes) -> dict[str, Any]:
    """What the policy was made with that is not as by default."""
    try:
        told = plain.loads(data, greatest=2**63)  # it has times in nanoseconds
        kwargs = told.get("policy_kwargs") or {}
        if ":serialized:" in kwargs:
            kwargs = pickles.read(base64.b64decode(kwargs[":serialized:"], validate=True))
    except (ValueError, AttributeError, TypeError, binascii.Error) as error:
        raise ForeignPolicy(f"The model's data are damaged: {plain.brief(error)}.") from None
    if not isinstance(kwargs, dict):
        raise ForeignPolicy("The model's policy_kwargs are no dictionary.")
    return kwargs


def _activation(chosen: Any, default: str) -> str:
    name = default if chosen is None else chosen.name if isinstance(chosen, Named) else str(chosen)
    if name not in ACTIVATIONS:
        raise ForeignPolicy(
            f"The policy's layers end in {name:.99}: possible are {', '.join(ACTIVATIONS)}."
        )
    return ACTIVATIONS[name]
