"""Small files that ask for too much memory, time or stack (threat 5)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from hwflow.errors import UserError
from hwflow.limits import LIMITS, Limits
from hwflow.onnx_import.model import import_model
from hwflow.onnx_import.session import run_bounded, session_of
from tests.security.refused import refused
from tests.support.exact import assert_exact
from tests.support.qonnx import ModelBuilder, weights, write

Bomb = Callable[[ModelBuilder], str]


def quantised(m: ModelBuilder, *shape: int) -> str:
    return m.quant(m.input(*(shape or (1, 4))), 8, 4)


def lying_initialiser(m: ModelBuilder) -> str:
    x = quantised(m)
    m.initializers.append(TensorProto(name="w", data_type=1, dims=[10**6, 10**6], raw_data=b"1234"))
    return m.quant(m.node("MatMul", x, "w"))


def huge_input(m: ModelBuilder) -> str:
    return quantised(m, 1, 10**6, 10**6)


def input_beyond_int64(m: ModelBuilder) -> str:
    return quantised(m, *(2**62, 2**62, 4))


def broadcast(m: ModelBuilder) -> str:
    x = quantised(m, 1, 10**6)
    y = m.node("Reshape", x, m.ints(10**6, 1))
    return m.quant(m.node("Add", x, y))


def dynamic_product(m: ModelBuilder) -> str:
    x = quantised(m, 1, 10**6)
    return m.quant(m.node("MatMul", m.node("Reshape", x, m.ints(10**6, 1)), x))


def constant_of_shape(m: ModelBuilder) -> str:
    return m.quant(m.node("Add", quantised(m), m.node("ConstantOfShape", m.ints(10**6, 10**6))))


def expand(m: ModelBuilder) -> str:
    return m.quant(m.node("Add", quantised(m), m.node("Expand", m.const(1.0), m.ints(10**6, 10**6))))


def tile_of_a_computed_size(m: ModelBuilder) -> str:
    size = m.node("Cast", m.node("Exp", m.const([27.0])), to=TensorProto.INT64)
    return m.quant(m.node("Add", quantised(m), m.node("Tile", m.const([1.0]), size)))


def range_of_a_trillion(m: ModelBuilder) -> str:
    return m.quant(m.node("Add", quantised(m), m.node("Range", m.const(0.0), m.const(1e12), m.const(1.0))))


def outer_product_of_constants(m: ModelBuilder) -> str:
    a, b = m.const(np.zeros((1, 10**4))), m.const(np.zeros((10**4, 1)))
    return m.quant(m.node("MatMul", quantised(m), m.node("MatMul", b, a)))


def quantiser_scale(m: ModelBuilder) -> str:
    big = m.node(
        "Quant",
        m.const(np.ones((1, 10**4))),
        m.const(np.ones((10**4, 1))),
        m.const(0.0),
        m.const(8.0),
        domain="qonnx.custom_op.general",
    )
    return m.quant(m.node("MatMul", quantised(m), big))


def padding(m: ModelBuilder) -> str:
    return m.quant(m.node("Pad", quantised(m), m.ints(0, 0, 0, 2**40)))


def padding_that_is_cut_off_again(m: ModelBuilder) -> str:
    padded = m.node("Pad", quantised(m), m.ints(0, 0, 0, 2**29))
    return m.quant(m.node("Slice", padded, m.ints(0), m.ints(4), m.ints(1)))


def shapes_of_doubled_values(m: ModelBuilder) -> str:
    x, shape = quantised(m), m.ints(*[1] * 64)
    for _ in range(26):
        shape = m.node("Concat", shape, shape, axis=0)
    return m.quant(m.node("Reshape", x, shape))


def cast_of_a_long_vector(m: ModelBuilder) -> str:
    vector = m.node("Cast", m.node("ConstantOfShape", m.ints(1 << 25)), to=TensorProto.DOUBLE)
    total = m.node("ReduceSum", m.node("Add", vector, vector), keepdims=0)
    return m.quant(m.node("Add", quantised(m), m.node("Cast", total, to=TensorProto.FLOAT)))


BOMBS: tuple[Bomb, ...] = (
    lying_initialiser,
    huge_input,
    input_beyond_int64,
    broadcast,
    dynamic_product,
    constant_of_shape,
    expand,
    tile_of_a_computed_size,
    range_of_a_trillion,
    outer_product_of_constants,
    quantiser_scale,
    padding,
    padding_that_is_cut_off_again,
    shapes_of_doubled_values,
    cast_of_a_long_vector,
)

IMPORT_ALL = """
import resource, sys
from pathlib import Path
from hwflow.errors import UserError
from hwflow.onnx_import.model import import_model
from hwflow.onnx_import.session import run_bounded, session_of
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
for name in sys.argv[1:]:
    try:
        import_model(Path(name))
    except UserError as error:
        print("refused", Path(name).stem)
print("grew", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) // 1024)
"""


def test_a_tensor_of_a_trillion_elements_takes_neither_memory_nor_time(tmp_path: Path) -> None:
    """All of them in one process whose CPU time is limited and whose memory is measured."""
    paths = []
    for bomb in BOMBS:
        m = ModelBuilder()
        path = write(tmp_path, m.proto(bomb(m)))
        paths.append(path.rename(tmp_path / f"{bomb.__name__}.onnx"))
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *map(str, paths)], capture_output=True, text=True, timeout=120, check=False
    )
    *lines, grew = done.stdout.splitlines()
    assert lines == [f"refused {bomb.__name__}" for bomb in BOMBS], done.stderr[-2000:]
    assert int(grew.split()[1]) < 600  # MiB


def test_the_error_gives_the_size_and_the_limit(tmp_path: Path) -> None:
    for bomb, subject in ((huge_input, "input 'x'"), (lying_initialiser, "initialiser 'w'")):
        m = ModelBuilder()
        error = refused(tmp_path, m.proto(bomb(m)))
        assert error.subject == subject
        assert "1e+12 elements" in error.found
        assert error.expected == f"at most {LIMITS.elements} elements"
        assert error.remedy == "Use a smaller model."
    m = ModelBuilder()
    error = refused(tmp_path, m.proto(expand(m)))
    assert "(Expand)" in error.subject and "1e+12 elements" in error.found


def test_data_that_do_not_fill_their_shape(tmp_path: Path) -> None:
    for dims, data in (([4, 3], b"12345678"), ([4, 3], b""), ([-1, 3], b""), ([2], b"0" * 12)):
        m = ModelBuilder()
        x = quantised(m)
        m.initializers.append(TensorProto(name="w", data_type=1, dims=dims, raw_data=data))
        assert refused(tmp_path, m.proto(m.quant(m.node("MatMul", x, "w")))).subject == "initialiser 'w'"


@pytest.mark.parametrize("place", ["input", "initialiser", "attribute", "reshape"])
def test_twenty_axes(tmp_path: Path, place: str) -> None:
    m = ModelBuilder()
    x, ones = quantised(m, *([1] * 20 if place == "input" else [1])), [1] * 20
    if place == "initialiser":
        x = m.node("Add", x, m.const(np.ones(ones)))
    elif place == "attribute":
        m.nodes.append(helper.make_node("Constant", [], ["c"], value=helper.make_tensor("t", 1, ones, [1.0])))
        x = m.node("Add", x, "c")
    elif place == "reshape":
        x = m.node("Reshape", x, m.ints(*ones))
    error = refused(tmp_path, m.proto(m.quant(m.node("Add", x, x))))
    assert "axes" in str(error) and "at most 8" in str(error)


def test_too_many_nodes_parameters_or_bytes(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = quantised(m)
    for _ in range(20):
        x = m.node("Add", x, m.quant(m.const(weights(4)), 8, 4))
    model = m.proto(m.quant(x))
    assert refused(tmp_path, model, Limits(nodes=41)).found == "42 nodes"
    assert refused(tmp_path, model, Limits(parameters=100)).expected == "at most 100"
    assert refused(tmp_path, model, Limits(file_bytes=500)).found == "over 500 bytes"
    assert "all tensors together" in str(refused(tmp_path, model, Limits(graph_elements=50)))


def test_a_million_nodes_are_refused_before_they_are_looked_at(tmp_path: Path) -> None:
    node = helper.make_node("Relu", ["x"], ["y"]).SerializeToString()
    graph = onnx.GraphProto(output=[helper.make_tensor_value_info("y", 1, [1])])
    whole = onnx.ModelProto(graph=graph, opset_import=[helper.make_opsetid("", 17)]).SerializeToString()
    more = (b"\x0a" + bytes([len(node)]) + node) * 1_000_000
    length, rest = b"", len(more)
    while rest > 127:
        length, rest = length + bytes([rest & 127 | 128]), rest >> 7
    assert refused(tmp_path, whole + b"\x3a" + length + bytes([rest]) + more).found == "1000000 nodes"


def test_a_graph_five_thousand_nodes_deep_imports(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = quantised(m)
    for _ in range(5000):
        x = m.node("Neg", x)
    (tmp_path / "model.onnx").write_bytes(m.proto(m.quant(x)).SerializeToString())
    assert_exact(import_model(tmp_path / "model.onnx"))


def test_a_constant_chain_five_thousand_nodes_deep_folds(tmp_path: Path) -> None:
    m = ModelBuilder()
    x, c = quantised(m), m.const([0.5] * 4)
    for _ in range(5000):
        c = m.node("Neg", c)
    (tmp_path / "model.onnx").write_bytes(m.proto(m.quant(m.node("Add", x, c))).SerializeToString())
    assert len(import_model(tmp_path / "model.onnx").graph.nodes) == 2


def test_random_constants_are_not_folded(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.quant(m.node("Add", quantised(m), m.node("RandomNormal", shape=[4], label="dice")))
    assert "RandomNormal 'dice': not supported" in refused(tmp_path, m.proto(y)).found


@pytest.mark.parametrize("bits", [1e3, 1e9, 1e30, 2.0**40])
def test_a_huge_bit_width(tmp_path: Path, bits: float) -> None:
    for zero_point in (0.0, 1.0):
        m = ModelBuilder()
        text = str(refused(tmp_path, m.proto(m.quant(quantised(m), bits, zero_point=zero_point))))
        assert "found bit width" in text and "expected one integer from 1 to 32" in text


def test_a_table_of_too_many_address_bits(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4), 32, 4)
    assert "too many bits for a table" in refused(tmp_path, m.proto(m.quant(m.node("Exp", x)))).found


def test_the_expansion_of_a_computed_value_is_not_supported(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = quantised(m)
    with pytest.raises(UserError, match="Expand"):
        write(tmp_path, m.proto(m.quant(m.node("Expand", x, m.ints(10**6, 10**6, 4)))))
        import_model(tmp_path / "model.onnx")


def test_a_run_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    """Fifty products of constants, small enough each; onnxruntime is told to stop between two of them."""
    size = 1000
    constant = helper.make_tensor("w", TensorProto.FLOAT, [size, size], np.zeros(size * size, np.float32))
    nodes = [helper.make_node("MatMul", ["w" if i == 0 else f"v{i - 1}", "w"], [f"v{i}"]) for i in range(50)]
    output = helper.make_tensor_value_info("v49", TensorProto.FLOAT, [size, size])
    graph = helper.make_graph(nodes, "long", [], [output], [constant])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = session_of(model.SerializeToString(), optimise=False)
    with pytest.raises(UserError, match=r"constants: found over 0.05 s of computing; expected at most 0.05 s"):
        run_bounded(session, None, {}, "constants", seconds=0.05)
    assert run_bounded(session, None, {}, "constants")[0].shape == (size, size)
