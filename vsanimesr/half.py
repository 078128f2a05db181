"""Turn a `step` graph into a strongly typed FP16 one: the library runs each node in the type that the graph says.

Convolutions and what lies between them become FP16. FP32 stays where FP16 would cost precision that can be seen in
more than 8 bits: the bilinear residual, its sum with the network's detail, which is the picture, and so the frames that
it is made of. benchmarks/README.md has the measurement that decided it. The tail, which makes samples of the picture,
stays as it was written.
"""

from collections.abc import Collection
from dataclasses import replace

import onnx
from onnx import TensorProto, helper, numpy_helper

from vsanimesr.graphs import CLAMPED, NEXT_STATE, PACKED, PICTURE, STATE, WINDOW, Graphs

RESIDUAL = "residual"
"""The weights of the convolution that is the bilinear residual."""
FLOAT, HALF = int(TensorProto.FLOAT), int(TensorProto.FLOAT16)
NAMES = {FLOAT: "float", HALF: "half"}
"""What is appended to the name of a value that was cast to a type."""
PARAMETERS = {"Resize": (1, 2), "Pad": (1,), "Slice": (1, 2, 3, 4), "Split": (1,)}
"""Inputs of operators that are no samples; they keep their type."""


def half(graphs: Graphs, single: Collection[str] | None = None) -> Graphs:
    """The same graphs with an FP16 `step`: `state` and `next_state` are float16, all else at its ends stays.

    `single` names the values that stay FP32, `single_values` if it is None.
    """
    return replace(graphs, step=_Typist(graphs.step, single_values(graphs.step) if single is None else single).run())


def single_values(step: onnx.ModelProto) -> set[str]:
    """What stays FP32: the padded frame, the residual, its sum with the detail, and that sum clamped."""
    nodes = step.graph.node
    makers = {output: node for node in nodes for output in node.output}
    residual = next(node for node in nodes if RESIDUAL in node.input)
    padded = makers[residual.input[0]]
    return {padded.output[0], residual.output[0], PACKED, CLAMPED}


class _Typist:
    """Writes a graph anew, node by node, with casts where a value is read in another type than it was made in."""

    def __init__(self, step: onnx.ModelProto, single: Collection[str]) -> None:
        self._source = step.graph
        self._model = onnx.ModelProto()
        self._model.CopyFrom(step)
        self._constants = {tensor.name: tensor for tensor in step.graph.initializer}
        self._single = single
        self._types: dict[str, int] = dict.fromkeys(WINDOW, FLOAT) | {STATE: HALF}
        self._nodes: list[onnx.NodeProto] = []
        self._made: dict[str, onnx.TensorProto] = {}

    def run(self) -> onnx.ModelProto:
        """The FP16 graph."""
        for node in self._source.node:
            self._nodes.append(self._as_written(node) if _in_tail(node) else self._typed(node))
        graph = self._model.graph
        read = {name for node in self._nodes for name in node.input}
        constants = [tensor for tensor in (*graph.initializer, *self._made.values()) if tensor.name in read]
        kept = [onnx.TensorProto.FromString(tensor.SerializeToString()) for tensor in constants]
        for field, values in ((graph.node, self._nodes), (graph.initializer, kept)):
            del field[:]
            field.extend(values)
        for value in (*graph.input, *graph.output):
            if value.name in (STATE, NEXT_STATE):
                value.type.tensor_type.elem_type = HALF
        onnx.checker.check_model(self._model)
        return self._model

    def _typed(self, source: onnx.NodeProto) -> onnx.NodeProto:
        node = onnx.NodeProto()
        node.CopyFrom(source)
        type_ = self._type_of(source)
        if node.op_type != "Cast":
            plain = PARAMETERS.get(node.op_type, ())
            node.input[:] = [
                name if not name or place in plain else self._as(name, type_) for place, name in enumerate(source.input)
            ]
        self._types.update(dict.fromkeys(node.output, type_))
        return node

    def _as_written(self, source: onnx.NodeProto) -> onnx.NodeProto:
        """A node of the tail: of what is made before it, it reads the packed picture only, as FP32."""
        node = onnx.NodeProto()
        node.CopyFrom(source)
        node.input[:] = [self._as(name, FLOAT) if name == PACKED else name for name in source.input]
        return node

    def _type_of(self, node: onnx.NodeProto) -> int:
        if node.op_type == "Cast":
            return int(helper.get_node_attr_value(node, "to"))
        return FLOAT if node.output[0] in self._single else HALF

    def _as(self, name: str, type_: int) -> str:
        """The name of a value in a type; adds what is needed to have it."""
        is_constant = name in self._constants
        if (FLOAT if is_constant else self._types[name]) == type_:
            return name
        typed = f"{name}.{NAMES[type_]}"
        if is_constant and typed not in self._made:
            array = numpy_helper.to_array(self._constants[name])
            array = array.astype(helper.tensor_dtype_to_np_dtype(type_))
            self._made[typed] = numpy_helper.from_array(array, typed)
        elif not is_constant and typed not in self._types:
            self._nodes.append(helper.make_node("Cast", [name], [typed], to=type_))
            self._types[typed] = type_
        return typed


def _in_tail(node: onnx.NodeProto) -> bool:
    return bool(node.output[0].partition(".")[0] == PICTURE)
