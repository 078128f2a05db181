"""Write ONNX graphs value by value."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from vsanimesr.graphs.tensor import Tensor

OPSET, IR_VERSION = 18, 10
"""What the graphs are written in; both are old enough for every runtime that we use."""
THE_END = np.iinfo(np.int64).max
"""Where a slice ends that goes to the end."""

Sides = tuple[int, int]
"""Something of height and width."""


class Writer:
    """Nodes and constants, each added once what it reads is there; the names of all begin with `prefix`."""

    def __init__(self, prefix: str) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._prefix = prefix

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; returns the name of its one output."""
        output = f"{self._prefix}.{operator.lower()}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def name(self, value: str, name: str) -> str:
        """Give a value that no node reads yet another name; returns that."""
        maker = next(node for node in self.nodes if value in node.output)
        maker.output[:] = [name]
        return name

    def floats(self, values: float | NDArray[np.generic]) -> str:
        """Add a float32 constant; returns its name."""
        return self._constant(np.asarray(values, np.float32))

    def indices(self, *values: int) -> str:
        """Add a constant of int64; returns its name."""
        return self._constant(np.array(values, np.int64))

    def cast(self, value: str, dtype: np.dtype[np.generic]) -> str:
        """The value in another type."""
        return self.add("Cast", value, to=helper.np_dtype_to_tensor_dtype(dtype))

    def clip(self, value: str, least: float, most: float) -> str:
        """The value, not below `least` and not above `most`."""
        return self.add("Clip", value, self.floats(least), self.floats(most))

    def slice(self, value: str, starts: Sequence[int], ends: Sequence[int], axes: Sequence[int]) -> str:
        """A part of a value; negative places are counted from its end."""
        return self.add("Slice", value, self.indices(*starts), self.indices(*ends), self.indices(*axes))

    def crop(self, value: str, margin: Sides) -> str:
        """The value without its last rows and columns; itself if there are none to take away."""
        if not any(margin):
            return value
        return self.slice(value, [0, 0], [-side or THE_END for side in margin], [2, 3])

    def pad(self, value: str, margin: Sides) -> str:
        """The value with its last row and column repeated; itself if there is nothing to add."""
        if not any(margin):
            return value
        return self.add("Pad", value, self.indices(0, 0, 0, 0, 0, 0, *margin), mode="edge")

    def model(self, name: str, inputs: Mapping[str, Tensor], outputs: Mapping[str, Tensor]) -> onnx.ModelProto:
        """What was written as a model of its own."""
        graph = helper.make_graph(self.nodes, name, values(inputs), values(outputs), self.constants)
        opsets = [helper.make_opsetid("", OPSET)]
        return checked(helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION))

    def _constant(self, value: NDArray[np.generic]) -> str:
        name = f"{self._prefix}.constant.{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name


def values(tensors: Mapping[str, Tensor]) -> Sequence[onnx.ValueInfoProto]:
    """Inputs or outputs as ONNX describes them."""
    return [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(tensor.dtype), tensor.shape)
        for name, tensor in tensors.items()
    ]


def checked(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model, if it is a right one by ONNX's own rules."""
    onnx.checker.check_model(model)
    return model
