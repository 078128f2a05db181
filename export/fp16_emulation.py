"""Rewrite a strongly typed FP16 graph so that a processor computes what FP16 storage with FP32 arithmetic does.

That is what tensor cores do: products and sums in FP32, each result rounded to FP16 once. ONNX Runtime has no FP16
kernels for most operators on a processor; it puts casts to FP32 around them and removes those that meet between two
nodes, so that values are not rounded there and the graph looks better than it is. A library that fuses nodes (a
convolution with its activation) rounds less often than this.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from vsanimesr.errors import ModelError

WIDE, EXACT = "wide", "exact"
"""Appended to the name of a value for its FP32 copy, and for an FP32 result before it is rounded."""


def emulate(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with every FP16 node but Cast in FP32, its FP16 results rounded by a Cast to FP16.

    Inputs, outputs and all named values keep name, shape and type; run it without optimisations, or the casts may go.
    Raises ModelError if a node makes FP16 without reading any.
    """
    emulated = _Rewriting(model).run()
    onnx.checker.check_model(emulated, full_check=True)
    return emulated


class _Rewriting:
    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = onnx.ModelProto()
        self._model.CopyFrom(model)
        self._constants = {tensor.name: tensor for tensor in model.graph.initializer}
        self._half = _half_values(model)
        self._nodes: list[onnx.NodeProto] = []
        self._made: dict[str, onnx.TensorProto | None] = {}

    def run(self) -> onnx.ModelProto:
        """The rewritten graph, without constants that nothing reads any more."""
        for node in list(self._model.graph.node):
            self._add(node)
        graph = self._model.graph
        read = {name for node in self._nodes for name in node.input} | {value.name for value in graph.output}
        made = [tensor for tensor in self._made.values() if tensor is not None]
        constants = [tensor for tensor in (*self._constants.values(), *made) if tensor.name in read]
        for field, kept in ((graph.node, self._nodes), (graph.initializer, constants), (graph.value_info, [])):
            del field[:]
            field.extend(kept)
        return self._model

    def _add(self, source: onnx.NodeProto) -> None:
        node = onnx.NodeProto()
        node.CopyFrom(source)
        rounded = [name for name in source.output if name in self._half]
        if source.op_type != "Cast":  # a Cast reads and writes FP16 as it says, and rounds by itself
            if rounded and not self._half.intersection(source.input):
                what = f"{source.op_type} makes FP16 {rounded[0]!r} without reading FP16"
                raise ModelError(f"{what}, which cannot be emulated; compute it in FP32 and cast it")
            node.input[:] = [self._wide(name) if name in self._half else name for name in source.input]
            node.output[:] = [f"{name}.{EXACT}" if name in self._half else name for name in source.output]
        self._nodes.append(node)
        if source.op_type != "Cast":
            self._nodes += [
                helper.make_node("Cast", [f"{name}.{EXACT}"], [name], to=TensorProto.FLOAT16) for name in rounded
            ]

    def _wide(self, name: str) -> str:
        """The name of an FP16 value's copy in FP32; adds what makes it when first asked for."""
        wide = f"{name}.{WIDE}"
        if wide not in self._made:
            self._made[wide] = None
            if name in self._constants:
                array = numpy_helper.to_array(self._constants[name]).astype(np.float32)
                self._made[wide] = numpy_helper.from_array(array, wide)
            else:
                self._nodes.append(helper.make_node("Cast", [name], [wide], to=TensorProto.FLOAT))
        return wide


def _half_values(model: onnx.ModelProto) -> set[str]:
    """Names of all values of type FP16."""
    graph = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True).graph
    values = {v.name: v.type.tensor_type.elem_type for v in (*graph.input, *graph.value_info, *graph.output)}
    values |= {tensor.name: tensor.data_type for tensor in graph.initializer}
    return {name for name, type_ in values.items() if type_ == TensorProto.FLOAT16}
