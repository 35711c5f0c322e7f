"""What only near-exact mode takes: float softmax, norms, activations without a quantiser, means of any count."""

from __future__ import annotations

import numpy as np

from hwflow.fuzz.draft import Draft
from hwflow.fuzz.grammar.elementwise import done
from hwflow.fuzz.grammar.images import is_image
from hwflow.fuzz.grammar.linear import on_grid
from hwflow.fuzz.grammar.rules import production

_ACTIVATIONS = ("Sigmoid", "Tanh", "Gelu", "Erf", "HardSwish", "HardSigmoid", "Softplus", "Elu", "LeakyRelu", "Exp")
_SINCE = {"Gelu": 20, "HardSwish": 14}


@production("Softmax", weight=3, is_float=True)
def softmax(draft: Draft) -> bool:
    """Over the last axis, now and then another or the default of the operator set."""
    x = draft.pick(lambda v: on_grid(v) and v.rank >= 2 and v.shape[-1] > 1)
    if x is None:
        return False
    axis = draft.choose([-1, -1, -1, x.rank - 1, None, x.rank - 2])
    y = draft.node("Softmax", draft.use(x), axis=axis)
    return done(draft, y, x.shape, 1 / x.shape[-1], 0.9, signed=False)


@production("LayerNormalization", weight=2, is_float=True)
def layer_norm(draft: Draft) -> bool:
    """As one op, from operator set 17 on."""
    x = draft.pick(lambda v: on_grid(v) and v.rank >= 2 and v.shape[-1] > 1)
    if x is None or draft.opset < 17:
        return False
    scale = draft.const(draft.rng.normal(1, 0.2, x.shape[-1:]))
    bias = [draft.const(draft.rng.normal(0, 0.2, x.shape[-1:]))] if draft.chance(0.8) else []
    y = draft.node("LayerNormalization", draft.use(x), scale, *bias, epsilon=1e-5, axis=draft.choose([None, -1]))
    return done(draft, y, x.shape, 1.0, 0.9)


@production("ReduceMean", weight=2, is_float=True)
def layer_norm_of_parts(draft: Draft) -> bool:
    """As exporters of older operator sets write it."""
    x = draft.pick(lambda v: on_grid(v) and v.rank >= 2 and v.shape[-1] > 1)
    if x is None:
        return False
    name = draft.use(x)
    mean = draft.over_axes("ReduceMean", name, [-1], 18, keepdims=1)
    centred = draft.node("Sub", name, mean)
    square = draft.node("Pow", centred, draft.const(2.0)) if draft.chance(0.5) else draft.node("Mul", centred, centred)
    variance = draft.over_axes("ReduceMean", square, [-1], 18, keepdims=1)
    root = draft.node("Sqrt", draft.node("Add", variance, draft.const(1e-5)))
    y = draft.node("Div", centred, root)
    y = draft.node("Mul", y, draft.const(draft.rng.normal(1, 0.2, x.shape[-1:])))
    return done(draft, y, x.shape, 1.0, 0.9)


@production("BatchNormalization", weight=1.5, is_float=True)
def batch_norm(draft: Draft) -> bool:
    """Of channels, in inference."""
    x = draft.pick(lambda v: on_grid(v) and v.rank >= 2 and v.shape[0] == 1)
    if x is None:
        return False
    channels = x.shape[1:2]
    statistics = [draft.rng.normal(1, 0.2, channels), draft.rng.normal(0, 0.2, channels)]
    statistics += [draft.rng.normal(0, x.size / 4, channels), draft.rng.uniform(0.3, 1, channels) * x.size**2]
    y = draft.node("BatchNormalization", draft.use(x), *(draft.const(each) for each in statistics))
    return done(draft, y, x.shape, 1.0, 0.9)


@production("AveragePool", weight=0.5, is_float=True)
def mean_of_three(draft: Draft) -> bool:
    """Over a count that is no power of two."""
    x = draft.pick(lambda v: is_image(v) and min(v.shape[2:]) >= 3)
    if x is None:
        return False
    y = draft.node("AveragePool", draft.use(x), kernel_shape=[3] * (x.rank - 2))
    return done(draft, y, (*x.shape[:2], *(n - 2 for n in x.shape[2:])), x.size, 0.9, x.signed)


@production(*_ACTIVATIONS, weight=2, is_float=True)
def activation(draft: Draft) -> bool:
    """Of a sum that no quantiser has rounded."""
    x = draft.pick(lambda v: v.size > 0)
    if x is None:
        return False
    op = draft.choose([name for name in _ACTIVATIONS if _SINCE.get(name, 1) <= draft.opset])
    y = draft.node(op, draft.use(x))
    return done(
        draft, y, x.shape, min(max(x.size, 0.5), 4.0), 0.7, op not in ("Sigmoid", "Exp", "Softplus", "HardSigmoid")
    )


@production("Add", "Mul", weight=1, is_float=True)
def odd_constant(draft: Draft) -> bool:
    """A float constant that lies on no grid."""
    x = draft.pick(lambda v: v.size > 0)
    if x is None:
        return False
    shape = draft.choose([(), x.shape[-1:]])
    op = draft.choose(["Add", "Mul"])
    y = draft.node(op, draft.use(x), draft.const(np.asarray(draft.rng.normal(0.7, 0.3, shape))))
    return done(draft, y, x.shape, x.size, 0.8)
