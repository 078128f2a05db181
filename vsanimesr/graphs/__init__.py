"""Compose the graphs that every backend runs, `ingest` and `step`, from a model's cell and a clip's format.

The cell is what a model artifact holds: inputs `previous`, `current`, `next` [1,3,h,w] and `state` [1,C,h,w], outputs
`packed` [1,3*scale**2,h,w], which is the picture before its pixel shuffle, and `next_state` [1,C,h,w].
"""

from vsanimesr.graphs.composing import Cell, Graphs, compose, dynamic, padded_clip
from vsanimesr.graphs.names import CLAMPED, FRAME, LR, NEXT_STATE, PACKED, PICTURE, STATE, WINDOW
from vsanimesr.graphs.tensor import Shape, Tensor, tensors
from vsanimesr.graphs.writer import IR_VERSION, OPSET

__all__ = [
    "CLAMPED",
    "FRAME",
    "IR_VERSION",
    "LR",
    "NEXT_STATE",
    "OPSET",
    "PACKED",
    "PICTURE",
    "STATE",
    "WINDOW",
    "Cell",
    "Graphs",
    "Shape",
    "Tensor",
    "compose",
    "dynamic",
    "padded_clip",
    "tensors",
]
