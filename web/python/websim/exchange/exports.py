"""Policies of ours as other programs read them."""

from collections.abc import Callable

from websim.exchange import tensors
from websim.exchange.onnx import export as onnx
from websim.exchange.tfjs import export as tfjs
from websim.training.checkpoints import Checkpoint

EXPORTS: dict[str, Callable[[Checkpoint], bytes]] = {
    "onnx": onnx.export,
    "safetensors": tensors.export,
    "tfjs": tfjs.export,
}
"""What writes the policy of a run, by format."""
