"""The numpy kernels: their gradients by finite differences, their float32 against float64."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests import kernel_cases
from websim.algorithms.ppo import ppo_loss
from websim.errors import InvalidArgument
from websim.kernels import ACTIVATIONS, NumpyKernels
from websim.nn.actor_critic import ActorCritic

KERNELS = NumpyKernels()
RNG = np.random.default_rng(0)
Array = np.ndarray[Any, Any]


def differences(f: Callable[[], float], x: Array, step: float = 1e-6) -> Array:
    """The gradient of f by x, which f reads, by central differences."""
    grad = np.empty_like(x)
    for i in np.ndindex(x.shape):
        there = x[i]
        x[i] = there + step
        above = f()
        x[i] = there - step
        grad[i] = (above - f()) / (2 * step)
        x[i] = there
    return grad


def test_float32_is_near_float64() -> None:
    found = kernel_cases.errors(KERNELS) | kernel_cases.network_errors(KERNELS)
    assert {name: error for name, error in found.items() if error > 1e-5} == {}


def test_not_finite() -> None:
    assert kernel_cases.not_finite(KERNELS)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_of_bias_activation(activation: str) -> None:
    x, bias, weight = RNG.normal(size=(5, 3)), RNG.normal(size=3), RNG.normal(size=(5, 3))
    out, grad_x, grad_bias = np.empty_like(x), np.empty_like(x), np.zeros_like(bias)

    def f() -> float:
        KERNELS.bias_activation(x, bias, activation, out)
        return float((out * weight).sum())

    f()
    KERNELS.bias_activation_backward(x, bias, out, weight, activation, grad_x, grad_bias)
    np.testing.assert_allclose(grad_x, differences(f, x), atol=1e-8)
    np.testing.assert_allclose(grad_bias, differences(f, bias), atol=1e-8)


def test_gradient_of_softmax() -> None:
    x, weight = RNG.normal(size=(4, 5)), RNG.normal(size=(4, 5))
    out, grad = np.empty_like(x), np.empty_like(x)

    def f() -> float:
        KERNELS.softmax(x, out)
        return float((out * weight).sum())

    f()
    KERNELS.softmax_backward(out, weight, grad)
    np.testing.assert_allclose(grad, differences(f, x), atol=1e-8)


def test_gradient_of_layer_norm() -> None:
    x, gain, bias = RNG.normal(size=(4, 5)), RNG.normal(size=5), RNG.normal(size=5)
    weight = RNG.normal(size=(4, 5))
    out, scaled, inv_std = np.empty_like(x), np.empty_like(x), np.empty(4)

    def f() -> float:
        KERNELS.layer_norm(x, gain, bias, 1e-5, out, scaled, inv_std)
        return float((out * weight).sum())

    f()
    grad_x, grad_gain, grad_bias = np.empty_like(x), np.zeros(5), np.zeros(5)
    KERNELS.layer_norm_backward(scaled, inv_std, gain, weight, grad_x, grad_gain, grad_bias)
    for found, by in ((grad_x, x), (grad_gain, gain), (grad_bias, bias)):
        np.testing.assert_allclose(found, differences(f, by), atol=1e-7)


def test_gradient_of_lstm_cell() -> None:
    m, n, k = 3, 4, 2
    x, h, c = (RNG.normal(size=shape) for shape in ((m, n), (m, k), (m, k)))
    weight_x, weight_h = RNG.normal(size=(n, 4 * k)), RNG.normal(size=(k, 4 * k))
    bias = RNG.normal(size=4 * k)
    inputs = (x, h, c, weight_x, weight_h, bias)
    gates, h_out, c_out = np.empty((m, 4 * k)), np.empty((m, k)), np.empty((m, k))
    grad_h_out, grad_c_out = RNG.normal(size=(m, k)), RNG.normal(size=(m, k))

    def f() -> float:
        KERNELS.lstm_cell(x, h, c, weight_x, weight_h, bias, gates, h_out, c_out)
        return float((h_out * grad_h_out).sum() + (c_out * grad_c_out).sum())

    f()
    grads = [np.zeros_like(array) for array in inputs]
    kept = (x, h, c, weight_x, weight_h, gates, c_out)
    KERNELS.lstm_cell_backward(*kept, grad_h_out, grad_c_out, *grads)
    for grad, array in zip(grads, inputs, strict=True):
        np.testing.assert_allclose(grad, differences(f, array), atol=1e-8)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("clip_vloss", [True, False])
def test_gradient_of_ppo(activation: str, clip_vloss: bool) -> None:
    rng = np.random.default_rng(1)
    net = ActorCritic(5, 3, (7, 4), activation, rng=rng, dtype=np.float64)
    net.flat += 0.3 * rng.normal(size=net.flat.shape)
    n = 21
    observations = rng.normal(size=(n, 5))
    actions, logprobs, values = net.act(observations, rng.normal(size=(n, 3)))
    logprobs += 0.3 * rng.normal(size=n)
    values = values + 0.3 * rng.normal(size=n)
    batch = (observations, actions, logprobs, rng.normal(size=n), rng.normal(size=n), values)

    def f() -> float:
        found = ppo_loss(net, *batch, ent_coef=0.01, clip_vloss=clip_vloss)
        return found["policy_loss"] - 0.01 * found["entropy"] + 0.5 * found["value_loss"]

    f()
    grads = net.grads.copy()
    np.testing.assert_allclose(grads, differences(f, net.flat), atol=1e-8)
    assert 0 < ppo_loss(net, *batch)["clipfrac"] < 1


def test_losses_without_a_step() -> None:
    """Where the policy has not changed yet, the ratio is 1."""
    net = ActorCritic(5, 3, dtype=np.float64)
    observations = RNG.normal(size=(10, 5))
    actions, logprobs, values = net.act(observations, RNG.normal(size=(10, 3)))
    advantages = RNG.normal(size=10)
    losses = ppo_loss(net, observations, actions, logprobs, advantages, values + 1, values)
    assert losses["approx_kl"] == pytest.approx(0, abs=1e-12)
    assert losses["clipfrac"] == 0
    assert losses["policy_loss"] == pytest.approx(-advantages.mean())
    assert losses["value_loss"] == pytest.approx(0.5)
    assert losses["entropy"] == pytest.approx(3 * 0.5 * np.log(2 * np.pi * np.e))


def test_views_share_the_flat_vectors() -> None:
    net = ActorCritic(105, 8)
    assert list(net.parameters)[:2] == ["actor.0.weight", "actor.0.bias"]
    assert net.parameters["actor.0.weight"].shape == (105, 64)
    assert net.parameters["critic.2.bias"].shape == (1,)
    assert sum(view.size for view in net.parameters.values()) == net.flat.size
    net.parameters["actor.logstd"][...] = 7
    assert (net.flat == 7).sum() == 8
    weight = net.parameters["actor.1.weight"]
    np.testing.assert_allclose(weight @ weight.T, 2 * np.eye(64), atol=1e-5)


def test_adam_goes_against_the_gradient() -> None:
    x = np.array([3.0, -2.0])
    m, v = np.zeros(2), np.zeros(2)
    KERNELS.adam(x, x.copy(), m, v, 1, 0.1)
    np.testing.assert_allclose(x, [2.9, -1.9], atol=1e-5)


def test_wrong_arguments() -> None:
    with pytest.raises(InvalidArgument, match="1 or more"):
        ActorCritic(0, 1)
    with pytest.raises(InvalidArgument, match="1 or more"):
        ActorCritic(3, 1, (0,))
    with pytest.raises(InvalidArgument, match="tanh, relu"):
        ActorCritic(3, 1, activation="sigmoid")
