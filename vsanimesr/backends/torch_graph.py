"""Runs `ingest` and `deliver` with PyTorch, so that colours are the same arithmetic on every backend.

Only the operators that those two graphs use are known. Samples of 16 bits are int32 inside: PyTorch has uint16, but
hardly anything that computes with it.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from vsanimesr.errors import ModelError

TYPES = {
    TensorProto.FLOAT: "float32",
    TensorProto.FLOAT16: "float16",
    TensorProto.UINT8: "uint8",
    TensorProto.UINT16: "int32",
    TensorProto.INT32: "int32",
    TensorProto.INT64: "int64",
    TensorProto.BOOL: "bool",
}
"""PyTorch's type for each of ONNX that occurs."""

Attributes = Mapping[str, Any]
Operator = Callable[[Attributes, Sequence[Any]], Any]
"""Attributes of the node and its inputs, None where one is left out -> its outputs, a tuple if there are several."""


class TorchGraph:
    """An ONNX graph on one of PyTorch's devices; raises ModelError for an operator that it does not know."""

    def __init__(self, model: ModelProto, device: Any) -> None:
        self._torch = torch = importlib.import_module("torch")
        operators = _operators(torch)
        self._inputs, self._outputs = _ends(model.graph.input), _ends(model.graph.output)
        self._constants = {tensor.name: _constant(torch, tensor, device) for tensor in model.graph.initializer}
        self._nodes = [_Node(node, operators) for node in model.graph.node]
        _free_when_last_read(self._nodes, {*self._outputs, *self._constants})

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """The outputs for inputs on the device, both in the graph's order; uint16 crosses as int16 of the same bits."""
        values: dict[str, Any] = {"": None, **self._constants}
        for (name, type_), value in zip(self._inputs.items(), inputs, strict=True):
            values[name] = value.to(self._torch.int32).bitwise_and(0xFFFF) if type_ == TensorProto.UINT16 else value
        for node in self._nodes:
            made = node.run(values)
            values.update(zip(node.outputs, made, strict=True))
            for name in node.last_read:
                del values[name]
        return [
            values[name].to(self._torch.int16) if type_ == TensorProto.UINT16 else values[name]
            for name, type_ in self._outputs.items()
        ]


def _ends(values: Iterable[ValueInfoProto]) -> dict[str, int]:
    """Names of a graph's inputs or outputs, and their types."""
    return {value.name: value.type.tensor_type.elem_type for value in values}


class _Node:
    """One node, ready to run."""

    def __init__(self, node: NodeProto, operators: Mapping[str, Operator]) -> None:
        if node.op_type not in operators:
            raise ModelError(
                f"torch: a graph uses the operator {node.op_type!r}, wanted one of {', '.join(sorted(operators))}; "
                "use backend='openvino' and report it"
            )
        self.inputs, self.outputs = list(node.input), list(node.output)
        self.last_read: list[str] = []
        self._operator = operators[node.op_type]
        self._attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}

    def run(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Its outputs."""
        made = self._operator(self._attributes, [values[name] for name in self.inputs])
        return made if isinstance(made, tuple) else (made,)


def _constant(torch: Any, tensor: TensorProto, device: Any) -> Any:
    """Numbers as a tensor on the device; whole numbers, which are places and sizes, as an array."""
    array = numpy_helper.to_array(tensor)
    if array.dtype == np.int64:
        return array
    return torch.tensor(array, device=device)


def _free_when_last_read(nodes: Sequence[_Node], kept: set[str]) -> None:
    """Note at each node which values nothing reads after it."""
    read = set(kept) | {""}
    for node in reversed(nodes):
        node.last_read = [name for name in dict.fromkeys([*node.inputs, *node.outputs]) if name not in read]
        read.update(node.inputs)


def _operators(torch: Any) -> dict[str, Operator]:
    """What is known, by ONNX's names."""
    pointwise = {
        "Add": torch.add,
        "Sub": torch.sub,
        "Mul": torch.mul,
        "Div": torch.div,
        "Max": torch.maximum,
        "Min": torch.minimum,
        "IsNaN": torch.isnan,
        "Where": torch.where,
        "Round": torch.round,
        "Floor": torch.floor,
        "Identity": lambda x: x,
    }
    return {
        **{name: _pointwise(function) for name, function in pointwise.items()},
        "Cast": lambda attributes, inputs: inputs[0].to(getattr(torch, TYPES[attributes["to"]])),
        "Clip": lambda _, inputs: torch.clamp(*inputs),
        "Concat": lambda attributes, inputs: torch.cat(list(inputs), attributes["axis"]),
        "Conv": lambda attributes, inputs: _conv(torch, attributes, inputs),
        "DepthToSpace": _depth_to_space,
        "Pad": lambda attributes, inputs: _pad(torch, attributes, inputs),
        "Reshape": lambda _, inputs: _reshape(*inputs),
        "Slice": lambda _, inputs: _slice(*inputs),
        "SpaceToDepth": _space_to_depth,
        "Split": _split,
        "Unsqueeze": _unsqueeze,
        "Transpose": lambda attributes, inputs: inputs[0].permute(attributes["perm"]),
    }


def _pointwise(function: Callable[..., Any]) -> Operator:
    return lambda _, inputs: function(*inputs)


def _conv(torch: Any, attributes: Attributes, inputs: Sequence[Any]) -> Any:
    """Padding may differ on the four sides, so it is done before."""
    x, weights, *bias = inputs
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    if (top, left) != (bottom, right):
        x, top, left = torch.nn.functional.pad(x, (left, right, top, bottom)), 0, 0
    return torch.nn.functional.conv2d(
        x,
        weights,
        bias[0] if bias else None,
        tuple(attributes.get("strides", (1, 1))),
        (top, left),
        tuple(attributes.get("dilations", (1, 1))),
        attributes.get("group", 1),
    )


def _depth_to_space(attributes: Attributes, inputs: Sequence[Any]) -> Any:
    size, (x,) = attributes["blocksize"], inputs
    batch, channels, height, width = x.shape
    if attributes.get("mode", b"DCR") == b"CRD":
        parts = x.reshape(batch, channels // size**2, size, size, height, width).permute(0, 1, 4, 2, 5, 3)
    else:
        parts = x.reshape(batch, size, size, channels // size**2, height, width).permute(0, 3, 4, 1, 5, 2)
    return parts.reshape(batch, channels // size**2, height * size, width * size)


def _space_to_depth(attributes: Attributes, inputs: Sequence[Any]) -> Any:
    size, (x,) = attributes["blocksize"], inputs
    batch, channels, height, width = x.shape
    parts = x.reshape(batch, channels, height // size, size, width // size, size).permute(0, 3, 5, 1, 2, 4)
    return parts.reshape(batch, channels * size**2, height // size, width // size)


def _pad(torch: Any, attributes: Attributes, inputs: Sequence[Any]) -> Any:
    x, pads, *value = inputs
    _, _, top, left, _, _, bottom, right = (int(side) for side in pads)
    mode = {b"constant": "constant", b"edge": "replicate", b"reflect": "reflect"}[attributes.get("mode", b"constant")]
    filled = float(value[0]) if value and value[0] is not None else None
    return torch.nn.functional.pad(x, (left, right, top, bottom), mode, filled)


def _reshape(x: Any, shape: Any) -> Any:
    return x.reshape([x.shape[place] if side == 0 else int(side) for place, side in enumerate(shape)])


def _slice(x: Any, starts: Any, ends: Any, axes: Any, steps: Any = None) -> Any:
    for start, end, axis, step in zip(
        starts, ends, axes, np.ones_like(starts) if steps is None else steps, strict=True
    ):
        x = x[(slice(None),) * int(axis) + (slice(int(start), int(end), int(step)),)]
    return x


def _split(attributes: Attributes, inputs: Sequence[Any]) -> tuple[Any, ...]:
    x, sizes = inputs
    return tuple(x.split([int(size) for size in sizes], attributes.get("axis", 0)))


def _unsqueeze(_: Attributes, inputs: Sequence[Any]) -> Any:
    x, axes = inputs
    for axis in axes:
        x = x.unsqueeze(int(axis))
    return x
