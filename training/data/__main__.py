"""`python -m training.data speed | sheet`."""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from training import command, words
from training.data import naming, sheet, speed
from training.data.degrading import AnimeSROp, BasicOp
from training.data.loader import Loader
from training.data.samples import Plan, Pool
from training.operators import load_operators
from vsanimesr.cli import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line says; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return run(_parser(), arguments)


def _speed(asked: argparse.Namespace) -> None:
    torch.set_num_threads(asked.threads)
    found = speed.measure(Loader(_plan(asked), asked.workers), asked.seconds, asked.step)
    print(found.table())
    share = found.waited / found.elapsed
    print(f"{found.samples_per_second:.2f} samples per second; the first batch after {found.starting:.1f} s")
    print(f"a training of {asked.step:g} s for each batch of {asked.batch} waits {share:.0%} of its time")
    print(json.dumps({"workers": asked.workers} | asdict(found)))


def _sheet(asked: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    page = sheet.draw(_plan(asked), asked.samples, asked.shown)
    command.save(page, asked.output)


def _plan(asked: argparse.Namespace) -> Plan:
    intervals = tuple(range(1, asked.intervals + 1))
    operators = tuple(load_operators(asked.operators))
    degradation = AnimeSROp(clean=asked.clean, operators=operators) if operators else BasicOp(clean=asked.clean)
    pool = Pool(asked.pool, asked.patches, asked.pool_frames, asked.pool_size)
    source = naming.source(asked.sources)
    size = (asked.side, asked.side)
    return Plan(source, degradation, asked.seed, asked.frames, size, asked.batch, intervals, pool=pool)


def _parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="python -m training.data", description="Samples for a training.")
    commands = root.add_subparsers(metavar="COMMAND", required=True)
    timing = commands.add_parser("speed", help="samples per second, and where the time goes")
    timing.set_defaults(run=_speed)
    timing.add_argument("--seconds", type=float, default=10, help="how long to measure [%(default)s]")
    timing.add_argument("--workers", type=int, default=0, help="processes [%(default)s]")
    timing.add_argument("--step", type=float, default=0, help="seconds that a training takes for a batch [%(default)s]")
    timing.add_argument("--threads", type=words.positive, default=1, help="of PyTorch in this process [%(default)s]")
    page = commands.add_parser("sheet", help="a picture of samples")
    page.set_defaults(run=_sheet)
    page.add_argument("--samples", type=words.positive, default=6, help="how many [%(default)s]")
    page.add_argument("--shown", type=words.positive, default=2, help="frames of each [%(default)s]")
    for each in (timing, page):
        _add_plan(each)
    page.add_argument("output", type=Path, metavar="OUT.png", help="the picture")
    return root


def _add_plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help=naming.HELP)
    parser.add_argument("--seed", type=int, default=0, help="of all draws [%(default)s]")
    parser.add_argument("--frames", type=int, default=Plan.frames, help="of a sample [%(default)s]")
    parser.add_argument("--side", type=int, default=Plan.size[0], help="of a sample's truth [%(default)s]")
    parser.add_argument("--batch", type=int, default=Plan.batch, help="samples of a batch [%(default)s]")
    parser.add_argument("--intervals", type=int, default=3, help="from 1 to so many frames apart [%(default)s]")
    parser.add_argument("--clean", type=float, default=0.0, help="share of clips that are only reduced [%(default)s]")
    text = "of `python -m training.lbo export`: the degradations are then those of the final stage [first stage]"
    parser.add_argument("--operators", type=Path, nargs="+", default=[], metavar="FILE.pth", help=text)
    parser.add_argument("--pool", type=int, default=1, help="clips that samples are cut out of at once [%(default)s]")
    parser.add_argument("--patches", type=int, default=1, help="samples for each clip that is made [%(default)s]")
    parser.add_argument("--pool-frames", type=int, default=0, help="of such a clip [as a sample has]")
    parser.add_argument("--pool-size", type=_size, default=(0, 0), metavar="WxH", help="of such a clip [a sample's]")


def _size(text: str) -> tuple[int, int]:
    """Height and width, as shapes have them."""
    width, height = words.size(text)
    return height, width


if __name__ == "__main__":
    sys.exit(main())
