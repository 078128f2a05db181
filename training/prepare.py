"""`python -m training.prepare VIDEO... --out DIR`: clips of the kind of AVC-Train, out of videos."""

import argparse
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tqdm import tqdm

from training.preparing import flow, quality, records
from training.preparing.jobs import Outcome, Preparation, prepare
from training.preparing.selecting import AUTHORS_STD, RULES, Selection
from training.preparing.workers import Seen
from vsanimesr.children import terminated_as_interrupted
from vsanimesr.errors import AnimeSRError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line says; returns the exit code: 1 also where only some of the videos failed."""
    asked = _parser().parse_args(arguments)
    try:
        with terminated_as_interrupted():
            preparation = Preparation(asked.out, _selection(asked), asked.quality, asked.list, asked.processes)
            outcome = prepare(asked.videos, preparation, partial(_bar, asked.quiet))
    except AnimeSRError as error:
        print(f"training.prepare: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("training.prepare: stopped; the same command goes on after what is finished", file=sys.stderr)
        return 130
    return _report(outcome, asked)


def _report(outcome: Outcome, asked: argparse.Namespace) -> int:
    for text in outcome.failures:
        print(f"training.prepare: {text}", file=sys.stderr)
    for name in outcome.without:
        print(f"training.prepare: '{name}' has no clip: see its shots in '{records.TABLE}'", file=sys.stderr)
    if not asked.quiet:
        _tell(outcome, asked)
    return 1 if outcome.failures or not outcome.clips else 0


def _tell(outcome: Outcome, asked: argparse.Namespace) -> None:
    for name, clip in outcome.clips:
        print(f"{name}/{clip.name}  {len(clip.frames)} frames  score {clip.score:.2f}")
    where = asked.out / records.LISTED if asked.list else asked.out
    print(f"flow: {flow.NAME}")
    print(f"quality: {quality.scorer(asked.quality).name}")
    print(f"{len(outcome.clips)} clips for the loader: '{where}'; all measurements: '{asked.out / records.TABLE}'")


@contextmanager
def _bar(quiet: bool, what: str, total: int) -> Generator[Seen]:
    with tqdm(total=total, desc=what, unit=" frames", disable=quiet or not total, file=sys.stderr) as drawn:
        yield drawn.update


def _selection(asked: argparse.Namespace) -> Selection:
    least = {"mean": Selection.least_motion, "authors": AUTHORS_STD}[asked.frozen_by]
    motion = least if asked.least_motion is None else asked.least_motion
    return Selection(asked.length, asked.keep, asked.shortest, asked.flattest, asked.frozen_by, motion)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.prepare", description="Clips of the kind of AVC-Train, out of videos."
    )
    parser.add_argument("videos", nargs="+", type=Path, metavar="VIDEO", help="video files")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder of the clips; may hold some")
    parser.add_argument("--list", action="store_true", help="no pictures, a list that the loader reads from the videos")
    parser.add_argument("--length", type=int, default=Selection.length, help="frames of a clip [%(default)s]")
    parser.add_argument("--keep", type=int, default=Selection.keep, help="clips of a video, the best [%(default)s]")
    parser.add_argument("--shortest", type=int, default=Selection.shortest, help="frames between cuts [%(default)s]")
    parser.add_argument(
        "--flattest",
        type=float,
        default=Selection.flattest,
        help="skip frames with that share of one gray level [%(default)s]",
    )
    parser.add_argument(
        "--frozen-by", choices=RULES, default="mean", help="which motion of a shot counts [%(default)s]"
    )
    parser.add_argument(
        "--least-motion", type=float, help=f"less is frozen [{Selection.least_motion}, {AUTHORS_STD:g} for authors]"
    )
    parser.add_argument(
        "--quality", default="sharpness", help=f"{', '.join(quality.NAMED)}, package.module:function [%(default)s]"
    )
    parser.add_argument(
        "--processes", type=int, default=max(1, os.cpu_count() or 1), help="one for a video at a time [%(default)s]"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, no report")
    return parser


if __name__ == "__main__":
    sys.exit(main())
