"""How much a graph multiplies."""

import math

import onnx
from onnx import shape_inference

UNCOUNTED = {"ConvTranspose", "ConvInteger", "QLinearConv", "Gemm", "MatMul", "MatMulInteger", "Einsum", "LSTM", "GRU"}
"""Operators that multiply as well, which no graph of ours has."""


def count(model: onnx.ModelProto) -> int:
    """Multiply-accumulates of all convolutions of a graph of static shapes, per run; padding counts as data.

    Raises ValueError for a graph that multiplies in another way, or whose shapes do not follow from its inputs.
    """
    graph = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    other = sorted({node.op_type for node in graph.node} & UNCOUNTED)
    if other:
        raise ValueError(f"the graph has {', '.join(other)}, and only Conv is counted; count them too in macs.py")
    shapes = {value.name: _shape(value) for value in (*graph.input, *graph.value_info, *graph.output)}
    shapes |= {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    return sum(_convolution(node, shapes) for node in graph.node if node.op_type == "Conv")


def _convolution(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> int:
    weights, output = (shapes.get(name, ()) for name in (node.input[1], node.output[0]))
    if not weights or not output or 0 in output:
        raise ValueError(f"the shapes of convolution {node.name or node.output[0]} are not known; make them static")
    # The weights are [out, in / groups, kernel...]: each output sample takes one product for each of the latter.
    return math.prod(output) * math.prod(weights[1:])


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    """Its sides; 0 for one that is not known."""
    return tuple(side.dim_value for side in value.type.tensor_type.shape.dim)
