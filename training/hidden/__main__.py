"""Degradations that no training knows, to look at and to make videos of low quality with.

python -m training.hidden sheet hidden.png
python -m training.hidden video low.mkv --chain broadcast
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training import command, toon, words
from training.degrade import footage, generator
from training.hidden.chains import CHAINS, Hidden
from training.hidden.codecs import RATE
from training.hidden.signal import reduced
from vsanimesr.cli import run

KEY = 3, 1
"""Of the draws of a clip, which are those of no evaluation."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    torch.set_num_threads(1)
    return run(_parser(), arguments)


def _video(asked: argparse.Namespace) -> None:
    frames = footage.write(asked.output, _frames(asked), Fraction(RATE))
    print(f"{asked.output}: {frames} frames")


def _frames(asked: argparse.Namespace) -> Iterator[Tensor]:
    """Of one drawn clip after another; uint8 [3, h, w]."""
    chain = Hidden(asked.chain)
    for seed in range(asked.first, asked.first + asked.clips):
        yield from chain(_drawn(seed, asked), generator(seed, *KEY)).mul(255).round().byte()


def _sheet(asked: argparse.Namespace) -> None:
    """A row for each clip: the truth, its mean over 4x4 samples, and each chain, at the size of the truth."""
    rows = []
    for seed in range(asked.first, asked.first + asked.clips):
        truth = _drawn(seed, asked)
        lows = [reduced(truth), *(Hidden(name)(truth, generator(seed, *KEY)) for name in CHAINS)]
        shown = [truth[-1], *(low[-1].repeat_interleave(4, 1).repeat_interleave(4, 2) for low in lows)]
        rows.append(torch.cat(shown, 2))
    page = torch.cat(rows, 1).mul(255).round().byte().permute(1, 2, 0).numpy()
    command.save(Image.fromarray(page), asked.output)
    print(f"from the left: truth, its mean over 4x4 samples, {', '.join(CHAINS)}")


def _drawn(seed: int, asked: argparse.Namespace) -> Tensor:
    film = toon.clip(seed, frames=asked.frames, size=asked.size, split=asked.split)
    return footage.values(torch.from_numpy(np.stack([frame.image for frame in film])).permute(0, 3, 1, 2))


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m training.hidden", description=__doc__, formatter_class=form)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    action = commands.add_parser("video", help="drawn clips of low quality, one after another, as lossless video")
    action.add_argument("output", type=Path, metavar="FILE.mkv")
    action.add_argument("--chain", choices=CHAINS, default="broadcast", help="[%(default)s]")
    _add_drawn(action, clips=40, frames=24, size=(1280, 768))
    action.set_defaults(run=_video)
    action = commands.add_parser("sheet", help="a picture of what the chains do")
    action.add_argument("output", type=Path, metavar="FILE.png")
    _add_drawn(action, clips=3, frames=8, size=(320, 192))
    action.set_defaults(run=_sheet)
    return parser


def _add_drawn(action: argparse.ArgumentParser, *, clips: int, frames: int, size: tuple[int, int]) -> None:
    action.add_argument("--clips", type=words.positive, default=clips, help="[%(default)s]")
    action.add_argument("--first", type=words.whole, default=0, help="seed of the first one [%(default)s]")
    action.add_argument("--frames", type=words.positive, default=frames, help="of each [%(default)s]")
    text = f"of the truth, by multiples of 8 [{size[0]}x{size[1]}]"
    action.add_argument("--size", type=words.size, default=size, metavar="WxH", help=text)
    action.add_argument("--split", choices=toon.SPLITS, default="val", help="[%(default)s]")


if __name__ == "__main__":
    sys.exit(main())
