"""The contact sheet of operators: a picture, what classic filters make of it, and what each operator makes of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import torch
from PIL import Image
from torch import Tensor

from training.degrade import layout
from training.degrade.downscale import Operator, filtered
from training.degrade.layout import Cell, Section
from training.degrade.recipes import ANTIALIASED, Step
from training.degrade.sheet import Window
from training.operators.network import FACTOR

CLASSIC = ("area", "cubic", ANTIALIASED)
"""Linear without antialiasing is the same as area by two."""
COLUMNS = 4


def draw(window: Window, operators: Mapping[str, Operator]) -> Image.Image:
    """The sheet of a window and of operators by name: one reduction by two, then two, both by the same one."""
    reductions: dict[str, Callable[[Tensor], Tensor]] = {
        name: partial(filtered, step=Step(FACTOR, name)) for name in CLASSIC
    }
    sections = [
        Section(heading, list(_cells(window, reductions | dict(operators), times)))
        for times, heading in ((1, "Reduced by two"), (2, "Reduced by two twice"))
    ]
    return layout.sheet(sections, COLUMNS, window.side)


@torch.no_grad()
def _cells(window: Window, reductions: Mapping[str, Callable[[Tensor], Tensor]], times: int) -> Iterator[Cell]:
    still = replace(window, clip=window.clip[window.frame][None])
    yield Cell(still.shown(still.clip), ("truth", f"{window.side}x{window.side} of frame {window.frame}"))
    for name, reduce in reductions.items():
        made = still.clip
        for _ in range(times):
            made = reduce(made)
        low, high = (float(end) for end in made.aminmax())
        yield Cell(still.shown(made), (name, f"values from {low:.2f} to {high:.2f}"))
