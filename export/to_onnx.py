"""Export the network's cell to the weight-less ONNX templates that `vsanimesr.models` ships.

    python -m export.to_onnx [FOLDER]

Inputs `previous`, `current`, `next` float32 [1, 3, h, w] and `state` [1, C, h, w], h and w multiples of 4; outputs
`packed` [1, 48, h, w], the picture before its pixel-shuffle, and `next_state` [1, C, h, w]. C is the number of hidden
channels, 64 of AnimeSR, and 48 more with feedback. Parameters are initialisers with name, type and shape but no data;
`vsanimesr.models.artifact` puts a checkpoint's weights into them without PyTorch.
"""

import logging
import sys
import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from vsanimesr.models.artifact import template_name
from vsanimesr.nets import Cell
from vsanimesr.spec import ARCHITECTURES, Network

OPSET = 18
FOLDER = Path(__file__).resolve().parents[1] / "vsanimesr" / "models"
INPUTS = ("previous", "current", "next", "state")
OUTPUTS = ("packed", "next_state")


class _Step(nn.Module):
    """The cell with one input per frame, as the ring of ingested frames wants it."""

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, previous: Tensor, current: Tensor, following: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return self.cell.step(previous, current, following, state)


def export(cell: Cell) -> onnx.ModelProto:
    """ONNX graph of a cell with its weights, height and width dynamic, free of everything that no runtime reads.

    The optimiser merges equal parameters and drops those that are zero: give it weights that are all different.
    """
    # Four tensors of their own: torch.export takes inputs that share one for a single input.
    inputs = tuple(torch.zeros(1, channels, 16, 24) for channels in (3, 3, 3, cell.state_channels))
    model = _torch_export(_Step(cell).eval().requires_grad_(False), inputs)
    for tensor in model.graph.initializer:
        tensor.name = tensor.name.removeprefix("cell.")
    for node in model.graph.node:
        node.input[:] = [name.removeprefix("cell.") for name in node.input]
    _strip(model)
    return model


def template(feedback: bool, network: Network | None = None) -> onnx.ModelProto:
    """Exported cell without its weights; the same bytes every time."""
    cell = Cell(feedback, network)
    generator = torch.Generator().manual_seed(0)
    for parameter in cell.parameters():
        nn.init.normal_(parameter, generator=generator)
    model = export(cell)
    names = dict(cell.named_parameters())
    for tensor in model.graph.initializer:
        if tensor.name in names:
            tensor.ClearField("raw_data")
    return model


def main(folder: Path = FOLDER) -> None:
    """Write all templates into `folder`."""
    for architecture, network in ARCHITECTURES.items():
        for feedback in (True, False):
            data = template(feedback, network).SerializeToString(deterministic=True)
            (folder / template_name(architecture, feedback)).write_bytes(data)


def _torch_export(module: nn.Module, inputs: tuple[Tensor, ...]) -> onnx.ModelProto:
    sides = {2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it tells of every library that is not installed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of deprecations inside itself
        program = torch.onnx.export(
            module,
            inputs,
            input_names=INPUTS,
            output_names=OUTPUTS,
            opset_version=OPSET,
            dynamo=True,
            dynamic_shapes=(sides,) * len(inputs),
            verbose=False,
        )
    assert program is not None
    return program.model_proto


def _strip(model: onnx.ModelProto) -> None:
    """Remove the exporter's traces and attributes that repeat their default; call the sides h and w."""
    graph = model.graph
    graph.name, model.producer_name, model.producer_version = "animesr", "", ""
    for field in ("value_info", "metadata_props"):
        graph.ClearField(field)
    for value in (*graph.input, *graph.output):
        value.ClearField("metadata_props")
        for side, name in zip(value.type.tensor_type.shape.dim[2:], "hw", strict=True):
            side.dim_param = name
    for node in graph.node:
        node.ClearField("metadata_props")
        node.name = node.output[0]
        defaults = {name: a.default_value for name, a in onnx.defs.get_schema(node.op_type, OPSET).attributes.items()}
        kept = [a for a in node.attribute if a != defaults[a.name]]
        del node.attribute[:]
        node.attribute.extend(kept)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
