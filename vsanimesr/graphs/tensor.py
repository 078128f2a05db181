"""The ends of graphs."""

import math
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

Shape = tuple[int, int, int, int]


@dataclass(frozen=True)
class Tensor:
    """An input or output of a graph."""

    shape: Shape
    """Its sides."""
    dtype: np.dtype[np.generic]
    """Type of its elements."""

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return math.prod(self.shape) * self.dtype.itemsize


def tensors(graph: onnx.ModelProto) -> dict[str, Tensor]:
    """The inputs and outputs of a graph of static shapes, by name."""
    found = {}
    for value in (*graph.graph.input, *graph.graph.output):
        n, channels, height, width = (side.dim_value for side in value.type.tensor_type.shape.dim)
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type))
        found[value.name] = Tensor((n, channels, height, width), dtype)
    return found
