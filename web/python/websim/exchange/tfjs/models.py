"""TensorFlow.js's models as policies: drawn as graphs of ONNX's, and read as those are.

So a perceptron becomes one of ours, and anything else is played as it is, natively and in the tab,
without TensorFlow.js.
"""

from websim.exchange.folding import Found
from websim.exchange.onnx import perceptrons
from websim.exchange.tfjs import layers, operators
from websim.exchange.tfjs.bundle import Bundle
from websim.exchange.tfjs.bundle import read as unpacked
from websim.onnx.model import Model, dumps


def read(data: bytes) -> Found:
    """The policy of a .zip with a `model.json` and its weights.

    Raises:
        ForeignPolicy: it is none, or does something that is not known.
    """
    return perceptrons.read(dumps(graph_of(unpacked(data))))


def graph_of(bundle: Bundle) -> Model:
    """The graph of a layers model or of a graph model; raises ForeignPolicy."""
    if "node" in bundle.topology:
        return operators.graph_of(bundle)
    return layers.graph_of(bundle)
