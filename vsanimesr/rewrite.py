"""Rewrite a `step` graph into one that a processor runs faster, and that differs by rounding only.

All of it is exact arithmetic about convolutions, which are sums over their input channels and over the rows of their
kernels. The layers are found by the names of AnimeSR's weights; each function changes one part of the graph.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from vsanimesr.graphs import NEXT_STATE, STATE, WINDOW

HEAD, FUSION, LAST = "conv_s1_first.0.weight", "fusion.0.weight", "fusion.2.weight"
"""The first convolution, and the two after the branches of full, half and quarter resolution are joined."""
SAME = [1, 1, 1, 1]
"""Padding of a 3x3 convolution that keeps the size."""
PARTS = 2
"""Parts that the joined features are computed in; each more costs a little time and saves memory."""


class Editor:
    """A copy of a model whose nodes can be taken out and added in any order."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = onnx.ModelProto()
        self.model.CopyFrom(model)
        self.graph = self.model.graph
        self._added = 0

    def maker(self, value: str) -> onnx.NodeProto:
        """The node whose output `value` is."""
        found: onnx.NodeProto = next(node for node in self.graph.node if value in node.output)
        return found

    def reader(self, value: str) -> onnx.NodeProto:
        """The first node that reads `value`."""
        found: onnx.NodeProto = next(node for node in self.graph.node if value in node.input)
        return found

    def array(self, name: str) -> NDArray[np.generic]:
        """The constant of that name."""
        return numpy_helper.to_array(next(tensor for tensor in self.graph.initializer if tensor.name == name))

    def constant(self, value: NDArray[np.generic] | Sequence[int]) -> str:
        """Add a constant; returns its name."""
        name = self._name("constant")
        self.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node with one output; returns the output's name."""
        output = output or self._name(operator)
        self.graph.node.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def remove(self, *nodes: onnx.NodeProto) -> None:
        """Take nodes out; what they made has to be made by others."""
        for node in nodes:
            self.graph.node.remove(node)

    def finish(self) -> onnx.ModelProto:
        """The model, its nodes in an order that they can run in, without what nothing reads."""
        makers = {output: node for node in self.graph.node for output in node.output}
        values, order = set[str](), list[onnx.NodeProto]()

        def visit(value: str) -> None:
            if value in values:
                return
            values.add(value)
            if node := makers.get(value):
                values.update(node.output)
                for name in node.input:
                    visit(name)
                order.append(node)

        for output in self.graph.output:
            visit(output.name)
        constants = [tensor for tensor in self.graph.initializer if tensor.name in values]
        for field, kept in ((self.graph.node, order), (self.graph.initializer, constants), (self.graph.value_info, [])):
            del field[:]
            field.extend(kept)
        onnx.checker.check_model(self.model)
        return self.model

    def _name(self, kind: str) -> str:
        self._added += 1
        return f"rewritten.{kind}.{self._added}"


def for_processor(step: onnx.ModelProto, state_type: int, *, split_rows: bool) -> onnx.ModelProto:
    """The `step` graph with its state as `state_type` (ONNX's number of it), channels last: [1, h, w, C].

    `split_rows` saves 14% of the multiplications and costs passes over the memory: right where multiplying is slow.
    """
    editor = Editor(step)
    _split_output(editor)
    _split_head(editor)
    if split_rows:
        _split_fusion(editor)
    _channels_last(editor, state_type)
    return editor.finish()


def head_split(step: onnx.ModelProto) -> onnx.ModelProto:
    """The `step` graph whose first convolution reads the window and the state one by one."""
    editor = Editor(step)
    _split_head(editor)
    return editor.finish()


def _split_output(editor: Editor) -> None:
    """Make each part of the last convolution's output by a convolution of its own: it need not be taken apart."""
    conv = editor.reader(LAST)
    split = editor.reader(conv.output[0])
    editor.remove(conv, split)
    kernel, bias = editor.array(LAST), editor.array(conv.input[2])
    ends = np.cumsum(editor.array(split.input[1]))
    for output, start, end in zip(split.output, [0, *ends[:-1]], ends, strict=True):
        parts = editor.constant(kernel[start:end]), editor.constant(bias[start:end])
        editor.add("Conv", conv.input[0], *parts, output=output, pads=SAME)


def _split_head(editor: Editor) -> None:
    """Convolve the window and the state one by one: the state need not be copied beside the window."""
    conv = editor.reader(HEAD)
    concat = editor.maker(conv.input[0])
    assert [*concat.input] == [*WINDOW, STATE], concat.input
    editor.remove(conv, concat)
    kernel, channels = editor.array(HEAD), 3 * len(WINDOW)
    window = editor.add("Concat", *WINDOW, axis=1)
    window = editor.add("Conv", window, editor.constant(kernel[:, :channels]), conv.input[2], pads=SAME)
    state = editor.add("Conv", STATE, editor.constant(kernel[:, channels:]), pads=SAME)
    editor.add("Add", window, state, output=conv.output[0])


def _channels_last(editor: Editor, state_type: int) -> None:
    """Take and give the state in the layout and the type that convolutions read and write."""
    graph, (read, write) = editor.graph, ("state.read", "state.write")
    for node in graph.node:
        node.input[:] = [read if name == STATE else name for name in node.input]
        node.output[:] = [write if name == NEXT_STATE else name for name in node.output]
    for value in (*graph.input, *graph.output):
        if value.name in (STATE, NEXT_STATE):
            _, channels, height, width = (side.dim_value for side in value.type.tensor_type.shape.dim)
            value.CopyFrom(helper.make_tensor_value_info(value.name, state_type, (1, height, width, channels)))
    state = editor.add("Cast", STATE, to=onnx.TensorProto.FLOAT)
    editor.add("Transpose", state, output=read, perm=[0, 3, 1, 2])
    state = editor.add("Transpose", write, perm=[0, 2, 3, 1])
    editor.add("Cast", state, output=NEXT_STATE, to=state_type)


def _split_fusion(editor: Editor) -> None:
    """Convolve the enlarged branches before their rows are enlarged: with a half and a quarter of the multiplications.

    Enlarging acts on columns and rows one by one, and a convolution is a sum over the three rows of its kernel:
    conv(up(x)) = sum over k of shift(up_rows(conv_row_k(up_columns(x))), k - 1), zeros coming in from outside. All is
    done for a part of the channels at a time, and added up in an order that needs few of these large tensors at once.
    """
    conv = editor.reader(FUSION)
    activation = editor.reader(conv.output[0])
    concat = editor.maker(conv.input[0])
    readers = [node for node in editor.graph.node if activation.output[0] in node.input]
    editor.remove(conv, concat, activation)
    full, *small = concat.input
    branches = [_columns_enlarged(editor, value) for value in small]
    slope = next(attribute.f for attribute in activation.attribute if attribute.name == "alpha")
    kernels, biases = (np.split(editor.array(name), PARTS) for name in conv.input[1:])
    parts = []
    for kernel, bias in zip(kernels, biases, strict=True):
        joined = _join(editor, full, branches, kernel, bias)
        parts.append(editor.add("LeakyRelu", joined, alpha=slope))
    for reader in readers:
        _sum_of_parts(editor, reader, parts)


def _columns_enlarged(editor: Editor, enlarged: str) -> tuple[str, int]:
    """What an enlarged branch was before, with only its columns enlarged; and by what factor its rows are yet to be."""
    resize = editor.maker(enlarged)
    factor = int(editor.array(resize.input[2])[3])
    return _enlarge(editor, resize.input[0], 1, factor), factor


def _enlarge(editor: Editor, value: str, rows: int, columns: int) -> str:
    scales = editor.constant(np.array([1, 1, rows, columns], np.float32))
    return editor.add("Resize", value, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")


def _join(
    editor: Editor, full: str, branches: list[tuple[str, int]], kernel: NDArray[np.generic], bias: NDArray[np.generic]
) -> str:
    """The joining convolution for some of its output channels."""
    own, *others = np.split(kernel, 1 + len(branches), axis=1)

    def row(k: int, start: str = "") -> str:
        """What row k of the kernel makes of all enlarged branches, added to `start`."""
        for (branch, factor), weights in zip(branches, others, strict=True):
            product = editor.add("Conv", branch, editor.constant(weights[:, :, k : k + 1]), pads=[0, 1, 0, 1])
            product = _enlarge(editor, product, factor, 1)
            start = editor.add("Add", start, product) if start else product
        return start

    upper = row(1, _shift(editor, row(0), 1))
    sum_ = editor.add("Conv", full, editor.constant(own), editor.constant(bias), pads=SAME)
    sum_ = editor.add("Add", sum_, upper)
    return editor.add("Add", sum_, _shift(editor, row(2), -1))


def _shift(editor: Editor, value: str, rows: int) -> str:
    """Move a picture down by a number of rows, or up; zeros come in."""
    return editor.add("Pad", value, editor.constant([0, 0, rows, 0, 0, 0, -rows, 0]))


def _sum_of_parts(editor: Editor, conv: onnx.NodeProto, parts: list[str]) -> None:
    """Replace a convolution over joined features by the sum of convolutions over their parts."""
    editor.remove(conv)
    first, *others = np.split(editor.array(conv.input[1]), len(parts), axis=1)
    sum_ = editor.add("Conv", parts[0], editor.constant(first), conv.input[2], pads=SAME)
    for part, kernel in zip(parts[1:], others, strict=True):
        product = editor.add("Conv", part, editor.constant(kernel), pads=SAME)
        sum_ = editor.add("Add", product, sum_)
    editor.graph.node[-1].output[0] = conv.output[0]
