"""Pseudo truth of a low-quality video, by which learnable operators are trained (AnimeSR, section 4.1, appendix B).

    python -m training.rescale measure VIDEO OUT --model MODEL
    python -m training.rescale choose OUT --factor 0.5
    python -m training.rescale pairs VIDEO OUT PAIRS --clips 200

`measure` writes OUT/sheet.html: look at it, and choose. `pairs` can be interrupted and goes on by the same command.
"""

import argparse
import re
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tqdm import tqdm

from training import words
from training.preparing.workers import Seen
from training.report.methods import PRECISIONS
from training.rescaling import Choice, Measured, Pairing, Settings, load, make, measure, measured
from training.rescaling.choice import AUTO, CHOICE, HABIT, PERSON, UNRELIABLE, USUAL, ranked
from training.rescaling.measuring import refuse_other
from training.rescaling.sheet import SHEET, write
from vsanimesr.children import terminated_as_interrupted
from vsanimesr.cli import INTERRUPTED, run
from vsanimesr.errors import TrainingError
from vsanimesr.media.probing import identity


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    with terminated_as_interrupted():
        status = run(_parser(), arguments)
    if status == INTERRUPTED:
        print("training.rescale: stopped; run the same command again", file=sys.stderr)
    return status


def _measure(asked: argparse.Namespace) -> None:
    refuse_other(asked.out, identity(asked.video))
    names = ("patches", "frames", "seed", "precision")
    settings = Settings(
        side=asked.patch, factors=tuple(sorted(set(asked.factors))), **{name: getattr(asked, name) for name in names}
    )
    upscaler = load(asked.model, device=asked.device, precision=asked.precision)
    video = measured(asked.video, asked.out, partial(_bar, asked.quiet))
    with _bar(asked.quiet, "pictures", settings.patches * len(settings.factors)) as seen:
        found, shown = measure(video, upscaler, settings, seen)
    found.write(asked.out)
    write(asked.out, found, shown)
    print(f"look at '{asked.out / SHEET}', and choose")


def _choose(asked: argparse.Namespace) -> None:
    found = Measured.read(asked.out)
    tenths, by = asked.factor, PERSON
    if asked.auto:
        tenths, by = ranked(found.means())[0], AUTO
    if asked.usual:
        tenths, by = USUAL, HABIT
    Choice.of(found, tenths, by).write(asked.out)
    if asked.auto:
        print(f"training.rescale: factor {tenths / 10:g} was {UNRELIABLE}", file=sys.stderr)
    print(f"{asked.out / CHOICE}: factor {tenths / 10:g}")


def _pairs(asked: argparse.Namespace) -> None:
    known = Measured.read(asked.out)
    choice = Choice.read(asked.out, known)
    if identity(asked.video) != known.source.identity:
        raise TrainingError(
            f"'{asked.video}' is not the video that '{asked.out}' has measures of, '{known.source.video}'; "
            "name that one, or measure this one into another folder"
        )
    upscaler = load(asked.model or known.source.model, device=asked.device, precision=asked.precision)
    if upscaler.weights != known.source.weights:
        raise TrainingError(
            f"the model '{upscaler.asked}' has other weights, {upscaler.weights[:12]}, than the one that was measured, "
            f"{known.source.weights[:12]}; name that one by --model, or measure and choose again"
        )
    video = measured(asked.video, asked.out, partial(_bar, asked.quiet))
    pairs = Pairing.of(known, choice, asked.seed, asked.precision, asked.skip)
    make(video, upscaler, pairs, asked.pairs, clips=asked.clips, bar=partial(_bar, asked.quiet))


@contextmanager
def _bar(quiet: bool, what: str, total: int) -> Generator[Seen]:
    with tqdm(total=total, desc=what, unit=f" {what}", disable=quiet or not total, file=sys.stderr) as drawn:
        yield drawn.update


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m training.rescale", description=__doc__, formatter_class=form)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    action = commands.add_parser("measure", help="what a model makes of a video at each factor, on one page")
    add = action.add_argument
    add("video", type=Path, metavar="VIDEO")
    add("out", type=Path, metavar="OUT", help="folder of measures, sheet and choice")
    add("--model", required=True, help="trained on basic operators only: a name, an .onnx artifact, a run's folder")
    add("--factors", type=_tenths, nargs="+", default=list(Settings.factors), metavar="F", help="[0.1 to 1]")
    add("--patches", type=words.positive, default=Settings.patches, help="[%(default)s]")
    add("--patch", type=words.positive, default=Settings.side, metavar="SIDE", help="of a patch [%(default)s]")
    add("--frames", type=words.positive, default=Settings.frames, help="that lead to a picture [%(default)s]")
    _add_computing(action)
    action.set_defaults(run=_measure)

    action = commands.add_parser("choose", help="keep which factor is best")
    action.add_argument("out", type=Path, metavar="OUT")
    choice = action.add_mutually_exclusive_group(required=True)
    choice.add_argument("--factor", type=_tenths, metavar="F", help="that you found best on the sheet")
    choice.add_argument("--usual", action="store_true", help=f"{USUAL / 10:g}, the authors' code's, without a look")
    choice.add_argument("--auto", action="store_true", help="by statistics, which the paper calls unreliable")
    action.set_defaults(run=_choose)

    action = commands.add_parser("pairs", help="frames and pseudo truth of twice their size, by the chosen factor")
    add = action.add_argument
    add("video", type=Path, metavar="VIDEO")
    add("out", type=Path, metavar="OUT", help="of `measure` and `choose`")
    add("pairs", type=Path, metavar="PAIRS", help="folder of the pairs; may hold some")
    add("--clips", type=words.positive, default=200, help="sub-clips of 11 frames, 10 of which count [%(default)s]")
    add("--skip", type=words.whole, default=0, metavar="N", help="first ones to leave out, of another folder [none]")
    add("--model", default="", help="where the measured model is now [where it was]")
    _add_computing(action)
    action.set_defaults(run=_pairs)
    return parser


def _add_computing(action: argparse.ArgumentParser) -> None:
    action.add_argument("--seed", type=words.whole, default=0, help="of which frames are taken [%(default)s]")
    action.add_argument("--device", default="cpu", help="PyTorch's [%(default)s]")
    action.add_argument("--precision", choices=PRECISIONS, default="fp32", help="of the model [%(default)s]")
    action.add_argument("--quiet", action="store_true", help="no progress")


def _tenths(text: str) -> int:
    if not re.fullmatch(r"0?\.[1-9]0*|1(\.0*)?", text):
        raise argparse.ArgumentTypeError(f"{text!r}, wanted one of 0.1, 0.2 to 1")
    return round(10 * float(text))


if __name__ == "__main__":
    sys.exit(main())
