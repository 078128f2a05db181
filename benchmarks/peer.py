"""The peer: the same network, stateless, by `core.ov.Model` of vapoursynth-mlrt-ov.

What is said here about it comes from its signature and from running it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from benchmarks import children
from vsanimesr.graphs import Cell

FRAMES, STATE, PACKED, PICTURE = "frames", "state", "packed", "picture"

PRECISIONS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
"""What OpenVINO calls a precision."""

_PROBE = """
import json, vapoursynth as vs
found = vs.core.ov.Version() if hasattr(vs.core, "ov") else {}
print(json.dumps({key: value if isinstance(value, str) else value.decode() for key, value in found.items()}))
"""


@dataclass(frozen=True)
class Way:
    """One of the settings that the peer is measured with; the best one counts."""

    name: str
    """What the table calls it."""
    pruned: bool
    """Whether the graph lacks the channels of the state, instead of having zeros there."""
    requests: int
    """Frames inferred at once: the peer's `num_streams`."""
    config: dict[str, str]
    """Options for OpenVINO besides the precision."""


# Without a state frames do not depend on each other, so two of them at once may be faster than one after the other.
_LATENCY = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1"}
_THROUGHPUT = {"PERFORMANCE_HINT": "THROUGHPUT"}
WAYS = (
    Way("latency", pruned=False, requests=1, config=_LATENCY),
    Way("throughput", pruned=False, requests=2, config=_THROUGHPUT),
    Way("defaults", pruned=False, requests=2, config={}),
    Way("pruned, latency", pruned=True, requests=1, config=_LATENCY),
    Way("pruned, throughput", pruned=True, requests=2, config=_THROUGHPUT),
)


def probe() -> dict[str, str]:
    """The peer's versions; empty where it is not installed."""
    found: dict[str, str] = children.python(["-c", _PROBE])
    return {key: value for key, value in found.items() if "version" in key}


def rate(way: Way, graph: Path, *, precision: str, width: int, height: int, frames: int) -> float:
    """Frames per second of a whole vspipe run, after the warm-up."""
    config = {**way.config, "INFERENCE_PRECISION_HINT": PRECISIONS[precision]}
    size = {"width": width, "height": height, "frames": children.WARM_UP + frames}
    ended = children.stamps("peer", preload=False, **size, graph=str(graph), requests=way.requests, config=config)
    return children.rate(ended)


def write_graphs(cell: Cell, width: int, height: int, folder: Path) -> dict[bool, Path]:
    """Write the peer's two graphs into `folder`; by whether it is the pruned one."""
    paths = {pruned: folder / f"{'pruned' if pruned else 'full'}.onnx" for pruned in (False, True)}
    for pruned, path in paths.items():
        onnx.save(stateless(cell, width, height, pruned=pruned), path)
    return paths


def stateless(cell: Cell, width: int, height: int, *, pruned: bool) -> onnx.ModelProto:
    """`frames` [1,9,h,w] -> `picture` [1,3,4h,4w], float32: the cell with a state of zeros, and the pixel shuffle.

    OpenVINO folds the zeros into one constant, but it goes on joining that to the frames and convolving over it for
    every frame. So there is a second graph, the best that can be made of the stateless network: `pruned` leaves the
    state's channels out of the first convolution's weights, 6% of the work, for the same picture.
    """
    model = onnx.ModelProto()
    model.CopyFrom(cell.proto)
    graph = model.graph
    for field in (graph.input, graph.output, graph.value_info):
        del field[:]
    graph.input.append(_value(FRAMES, (1, 9, height, width)))
    graph.output.append(_value(PICTURE, (1, 3, height * cell.spec.scale, width * cell.spec.scale)))
    _join(graph, [FRAMES] if pruned else [FRAMES, STATE])
    if pruned:
        _prune(graph)
    _surround(graph, cell, (1, cell.spec.state_channels, height, width), with_state=not pruned)
    _drop_unused(graph)
    onnx.checker.check_model(model)
    return model


def _value(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


def _join(graph: onnx.GraphProto, inputs: list[str]) -> None:
    """Make the cell's first node join these tensors instead of three frames and the state."""
    join = _reader(graph, STATE)
    assert join.op_type == "Concat", f"the state goes into {join.op_type}, wanted Concat"
    del join.input[:]
    join.input.extend(inputs)


def _prune(graph: onnx.GraphProto) -> None:
    first = _reader(graph, _reader(graph, FRAMES).output[0])
    weights = next(tensor for tensor in graph.initializer if tensor.name == first.input[1])
    kept = np.ascontiguousarray(numpy_helper.to_array(weights)[:, :9])
    weights.CopyFrom(numpy_helper.from_array(kept, weights.name))


def _reader(graph: onnx.GraphProto, tensor: str) -> onnx.NodeProto:
    found: onnx.NodeProto = next(node for node in graph.node if tensor in node.input)
    return found


def _surround(graph: onnx.GraphProto, cell: Cell, state: tuple[int, ...], *, with_state: bool) -> None:
    """Put what makes the cell's inputs before its nodes, and the pixel shuffle after them."""
    nodes = [helper.make_node("Split", [FRAMES], ["previous", "current", "next"], axis=1, num_outputs=3)]
    if with_state:
        graph.initializer.append(numpy_helper.from_array(np.array(state, np.int64), "state.shape"))
        nodes.append(helper.make_node("ConstantOfShape", ["state.shape"], [STATE]))
    nodes += graph.node
    nodes.append(helper.make_node("DepthToSpace", [PACKED], [PICTURE], blocksize=cell.spec.scale, mode="CRD"))
    del graph.node[:]
    graph.node.extend(nodes)


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Leave out the nodes that only the next state needs."""
    needed, kept = {PICTURE}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))
