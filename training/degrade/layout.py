"""A sheet of labelled pictures in columns, drawn with PIL."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

GAP = 12
"""Pixels between pictures, and around them."""
LINE = 17
"""Height of a line of a label."""
HEADING = 40
"""Height of a heading."""
BACKGROUND, TEXT, FAINT = "#ffffff", "#1f2328", "#59636e"
_KERNEL = 2  # pixels for each sample of a kernel


@dataclass(frozen=True)
class Cell:
    """One picture with its label."""

    picture: Tensor
    """Values from 0 to 1, [3, h, w]; enlarged by whole numbers of pixels to the cell's side."""
    lines: tuple[str, ...]
    """The label; the first line is the heavier one."""
    kernel: Tensor | None = None
    """[k, k], shown beside the label, its maximum as black."""


@dataclass(frozen=True)
class Section:
    """Rows of cells below a heading."""

    heading: str
    """One line."""
    cells: Sequence[Cell]
    """In reading order."""


def sheet(sections: Sequence[Section], columns: int, side: int) -> Image.Image:
    """The sections one below another, each picture in a square of `side` pixels."""
    width = columns * (side + GAP) + GAP
    page = Image.new("RGB", (width, sum(_height(each, columns, side) for each in sections) + GAP), BACKGROUND)
    top = 0
    for section in sections:
        _draw(page, section, columns, side, top)
        top += _height(section, columns, side)
    return page


def _draw(page: Image.Image, section: Section, columns: int, side: int, top: int) -> None:
    pen = ImageDraw.Draw(page)
    pen.text((GAP, top + HEADING - 10), section.heading, TEXT, ImageFont.load_default(18), anchor="ls")
    for number, cell in enumerate(section.cells):
        row, column = divmod(number, columns)
        left, upper = GAP + column * (side + GAP), top + HEADING + row * _row(section, side)
        page.paste(_image(cell.picture, side), (left, upper))
        for line, text in enumerate(cell.lines):
            at = left, upper + side + 4 + line * LINE
            pen.text(at, text, FAINT if line else TEXT, ImageFont.load_default(14), anchor="la")
        if cell.kernel is not None:
            shown = _image(1 - (cell.kernel / cell.kernel.max()).expand(3, -1, -1), _KERNEL * len(cell.kernel))
            page.paste(shown, (left + side - shown.width, upper + side + 4))


def _row(section: Section, side: int) -> int:
    kernels = [_KERNEL * len(cell.kernel) for cell in section.cells if cell.kernel is not None]
    return side + max([len(cell.lines) * LINE for cell in section.cells] + kernels) + GAP


def _height(section: Section, columns: int, side: int) -> int:
    return HEADING + -(-len(section.cells) // columns) * _row(section, side)


def _image(picture: Tensor, side: int) -> Image.Image:
    samples = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    times = side // samples.shape[0]
    return Image.fromarray(np.repeat(np.repeat(samples, times, 0), times, 1))
