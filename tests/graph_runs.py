"""Frames, and graphs run on them by ONNX Runtime, without a backend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from tests import zimg
from vsanimesr import graphs
from vsanimesr.graphs import FRAME, PICTURE, Graphs, Tensor
from vsanimesr.spec import RGBS, Colour, ModelSpec, PixelFormat

Planes = Sequence[np.ndarray]


def run(model: onnx.ModelProto, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    """A graph's outputs by name."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def ingested(made: Graphs, planes: Planes) -> np.ndarray:
    """`lr` of a frame; what a frame's tensors hold beyond it is noise."""
    return run(made.ingest, **filled(made.frames, made.clip.format, planes))["lr"]


def delivered(made: Graphs, packed: np.ndarray) -> list[np.ndarray]:
    """The planes of the picture that is made of what a network gives."""
    return pictured(made, run(made.deliver, packed=packed))


def stepped(made: Graphs, lr: np.ndarray) -> list[np.ndarray]:
    """The planes of the picture of a first frame, the next one being the same."""
    window = dict.fromkeys(graphs.WINDOW, lr)
    return pictured(made, run(made.step, **window, state=np.zeros(made.state_shape, np.float32)))


def filled(tensors: Mapping[str, Tensor], format_: PixelFormat, planes: Planes) -> dict[str, np.ndarray]:
    """A frame's tensors, the planes in their places at the top left."""
    draw, found = np.random.default_rng(9), {}
    for group in format_.groups:
        tensor = tensors[FRAME + group.suffix]
        array = (200 * draw.random(tensor.shape)).astype(tensor.dtype)
        for place, number in enumerate(group.planes):
            plane = planes[number].view(tensor.dtype) if tensor.dtype == np.uint8 else planes[number]
            array[0, place, : plane.shape[0], : plane.shape[1]] = plane
        found[FRAME + group.suffix] = array
    return found


def pictured(made: Graphs, outputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The planes of a picture, cropped, in the picture's own type."""
    wanted, planes = made.clip.picture, []
    for group in wanted.format.groups:
        array, tensor = outputs[PICTURE + group.suffix], made.pictures[PICTURE + group.suffix]
        assert (array.shape, array.dtype) == (tensor.shape, tensor.dtype)
        width, height = group.size(wanted.scale * made.clip.width, wanted.scale * made.clip.height)
        planes += [plane.view(wanted.format.dtype)[:height, :width] for plane in array[0]]
    return planes


def noise(format_: PixelFormat, width: int, height: int, seed: int = 0) -> list[np.ndarray]:
    """A frame of samples that can be anything."""
    draw = np.random.default_rng(seed)
    shapes = [(high, wide) for wide, high in format_.plane_sizes(width, height)]
    if format_.floating:
        return [draw.uniform(-0.2, 1.2, shape).astype(format_.dtype) for shape in shapes]
    return [draw.integers(0, 1 << format_.bits, shape).astype(format_.dtype) for shape in shapes]


def natural(format_: PixelFormat, colour: Colour, width: int, height: int, seed: int = 0) -> list[np.ndarray]:
    """A frame of slopes and hard edges in colours that exist."""
    draw, (y, x) = np.random.default_rng(seed), np.mgrid[:height, :width]
    waves = [np.sin(x * a + y * b + c) for a, b, c in draw.uniform(-0.5, 0.5, (3, 3)) * [1, 1, 6]]
    line = np.abs(x - y * draw.uniform(0.3, 2) - 3) < 2
    rgb = [np.where(line, draw.random(), 0.5 + 0.45 * wave).astype(np.float32) for wave in waves]
    return zimg.convert(rgb, (RGBS, Colour()), (format_, colour))


STAND_IN = ModelSpec("stand-in", "animesr", 4, feedback=True, source="drawn", licence="unknown", weights_sha256="")


@dataclass(frozen=True)
class StandIn:
    """A cell that enlarges the current frame, with noise of its own, by one convolution; pictures leave [0, 1]."""

    spec: ModelSpec = STAND_IN

    @property
    def proto(self) -> onnx.ModelProto:
        """The graph."""
        kernel = np.random.default_rng(3).normal(0, 0.04, (3, 16, 9, 3, 3))
        for plane in range(3):
            kernel[plane, :, 3 + plane, 1, 1] += 1
        weights = numpy_helper.from_array(kernel.reshape(48, 9, 3, 3).astype(np.float32), "weights")
        nodes = [
            helper.make_node("Concat", list(graphs.WINDOW), ["window"], axis=1),
            helper.make_node("Conv", ["window", "weights"], [graphs.PACKED], pads=[1, 1, 1, 1]),
            helper.make_node("Identity", [graphs.STATE], [graphs.NEXT_STATE]),
        ]
        ends = [
            [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, "c", "h", "w"]) for name in names]
            for names in ((*graphs.WINDOW, graphs.STATE), (graphs.PACKED, graphs.NEXT_STATE))
        ]
        graph = helper.make_graph(nodes, "cell", *ends, [weights])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
