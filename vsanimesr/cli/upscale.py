"""The commands `vsanimesr upscale` and `vsanimesr script`."""

import argparse
import shlex
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from vsanimesr import backends
from vsanimesr.children import terminated_as_interrupted
from vsanimesr.cli import inputs
from vsanimesr.cli.progress import View, view
from vsanimesr.cluster.cluster import Cluster
from vsanimesr.errors import AnimeSRError, ArgumentError
from vsanimesr.jobs.job import FOLDER, Job, Render
from vsanimesr.jobs.order import Order
from vsanimesr.jobs.part import is_moment
from vsanimesr.jobs.script import ScriptOptions
from vsanimesr.media.encoder_table import ENCODERS
from vsanimesr.media.encoders import Encoding
from vsanimesr.media.probing import estimate
from vsanimesr.pipeline import Message
from vsanimesr.spec import SCALES

OTHER = ("scenes", "segment", "overlap", "build", "tiles", "tilesize", "engine_dir")
"""Options that are arguments of the filter and of nothing else."""
FAILED = 1
"""Exit status if a video could not be upscaled."""
EXAMPLES = """examples:
  vsanimesr upscale episode.mkv -o upscaled.mkv
  vsanimesr upscale season/ -o upscaled/ --encoder x265 --crf 18 --pix-fmt yuv420p10le
  vsanimesr upscale "*.mp4" -o out/ --devices 0,1 --json
  vsanimesr upscale film.mkv -o sample.mkv --start 12:30 --end 12:40
  vsanimesr upscale film.mkv -o upscaled.mkv --cluster ray://head:10001

A job that was ended, in whatever way, goes on when the same command is given again.
"""
SCRIPT_EXAMPLES = """examples:
  vsanimesr script episode.mkv > episode.vpy
  vspipe -c y4m episode.vpy - | ffmpeg -i - -crf 16 upscaled.mkv
"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both to the command line."""
    text = "upscale videos; sound, subtitles and all else is kept"
    form = argparse.RawDescriptionHelpFormatter
    action = commands.add_parser("upscale", help=text, epilog=EXAMPLES, formatter_class=form)
    action.description = text.capitalize()
    action.add_argument("input", nargs="+", metavar="INPUT", help="a video, a folder of videos, or a pattern")
    words = "the file to make (.mkv carries the most), or a folder"
    action.add_argument("-o", "--output", required=True, metavar="OUTPUT", help=words)
    _add_upscaling(action)
    _add_encoding(action)
    _add_work(action)
    action.set_defaults(run=_upscale)

    text = "print the VapourSynth script that `upscale` would run, to go on with by hand"
    action = commands.add_parser("script", help=text, epilog=SCRIPT_EXAMPLES, formatter_class=form)
    action.description = text[0].upper() + text[1:]
    action.add_argument("input", type=Path, metavar="INPUT", help="a video")
    _add_upscaling(action)
    action.set_defaults(run=_script)


def _add_upscaling(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("upscaling, as the filter's arguments")
    group.add_argument("--model", default="animesr-v2", help="name of a model, or path of an artifact [%(default)s]")
    group.add_argument("--scale", type=int, choices=SCALES, default=4, help="[%(default)s]")
    names = [name for name in backends.NAMES if name != "fake"]
    group.add_argument("--backend", default="auto", metavar="NAME", help=f"{', '.join(names)} [auto]")
    group.add_argument("--precision", choices=("auto", "fp32", "bf16", "fp16"), default="auto", help="[%(default)s]")
    words = "of the pictures, such as yuv420p10le [the video's]"
    group.add_argument("--pix-fmt", default="", metavar="NAME", help=words)
    for name, words in {
        "matrix": "of the video, whatever it is tagged",
        "range": "likewise: limited or full",
        "chromaloc": "likewise: left, center, ...",
    }.items():
        group.add_argument(f"--{name}", default="", metavar="NAME", help=words)
    for name, words in {
        "scenes": "0 takes the video for one scene [1]",
        "segment": "frames after which long scenes start anew; 0 for never [0]",
        "build": "0 for an error where an engine is missing [1]",
    }.items():
        group.add_argument(f"--{name}", type=int, metavar="N", help=words)
    for name, words in {
        "tiles": "compute frames in tiles: how many in a row and in a column, or auto [1]",
        "tilesize": "likewise: width and height of a tile",
        "overlap": "likewise: columns and rows that are cropped at inner sides [32]",
    }.items():
        kind = _tiles if name == "tiles" else _one_or_two
        group.add_argument(f"--{name}", type=kind, metavar="N[,N]", help=words)
    group.add_argument("--engine-dir", metavar="FOLDER", help="where engines lie [the user's cache]")


def _add_encoding(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("encoding")
    group.add_argument("--encoder", choices=ENCODERS, default="x264", help="[%(default)s]")
    group.add_argument("--crf", type=float, metavar="N", help=f"quality, less is better [{_usual('crf')}]")
    group.add_argument("--preset", default="", metavar="NAME", help=f"speed against size [{_usual('preset')}]")
    words = "further options of ffmpeg's for the encoder, in one word, such as '-tune animation'"
    group.add_argument("--encoder-args", default="", metavar="WORDS", help=words)
    words = "leave out streams: audio, subtitle, attachment, data, video, or a number"
    group.add_argument("--drop", default="", metavar="WHAT,WHAT", help=words)


def _usual(name: str) -> str:
    """What each encoder takes where nothing else is asked for."""
    found = {encoder: getattr(ENCODERS[encoder], name) for encoder in ENCODERS if ENCODERS[encoder].quality}
    return ", ".join(f"{encoder} {value}" for encoder, value in found.items() if value != "")


def _add_work(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("work")
    words = "upscale from there on: a time since the first frame (90, 1:30, 0:01:30.5), or a frame (2160f) [the first]"
    group.add_argument("--start", type=_moment, default="", metavar="MOMENT", help=words)
    words = "likewise, up to there; the frame of that moment is not among them [the end]"
    group.add_argument("--end", type=_moment, default="", metavar="MOMENT", help=words)
    group.add_argument("--devices", type=_numbers, default=(0,), metavar="N,N", help="devices to work side by side [0]")
    words = "let the nodes of a Ray cluster work: ray (this machine), auto, HOST:PORT, or ray://HOST:PORT from outside"
    group.add_argument("--cluster", default="", metavar="ADDRESS", help=words)
    words = "use nodes, or go on with a job, of other versions, devices or engines: pixels differ in their last bits"
    group.add_argument("--mixed", action="store_true", help=words)
    group.add_argument("--overwrite", action="store_true", help="replace an output that is there; give up another job")
    told = group.add_mutually_exclusive_group()
    told.add_argument("--json", action="store_true", help="tell everything as one JSON object a line")
    told.add_argument("--quiet", action="store_true", help="tell nothing but errors")


def _upscale(arguments: argparse.Namespace) -> int:
    _check_cluster(arguments)
    shown = view(as_json=arguments.json, quiet=arguments.quiet)
    sources = inputs.files(arguments.input)
    targets = inputs.outputs(sources, arguments.output, suffix=".mkv")
    queue, failed = targets != [Path(arguments.output)], False  # what goes into a folder may be there already
    try:
        with ExitStack() as stack:
            stack.enter_context(terminated_as_interrupted())
            render = None
            if arguments.cluster:
                render = stack.enter_context(Cluster(arguments.cluster, mixed=arguments.mixed)).render
            stack.enter_context(shown.shown())
            shown.queue([estimate(source) for source in sources] if len(sources) > 1 else [0.0])
            for number, (source, target) in enumerate(zip(sources, targets, strict=True), 1):
                shown.begin(str(source), number, len(sources))
                failed |= not _one(_order(arguments, source, target), shown, render, skip=queue)
    except KeyboardInterrupt:
        print("vsanimesr: interrupted; the same command goes on where it stopped", file=sys.stderr)
        raise
    return FAILED if failed else 0


def _one(order: Order, shown: View, render: Render | None, *, skip: bool) -> bool:
    """Upscale a file of the queue; whether that went well. With `skip`, those that are done are left as they are."""
    same = order.output.exists() and order.source.exists() and order.output.samefile(order.source)
    begun = order.output.with_name(order.output.name + FOLDER).exists()
    if skip and order.output.is_file() and not (order.overwrite or same or begun):
        shown.show(Message("Information", f"{order.output} is there already and stays"))
        return True
    try:
        with closing(Job(order, render).run()) as events:
            for event in events:
                shown.show(event)
    except BrokenPipeError:  # nobody listens any more: no fault of this file
        raise
    except (AnimeSRError, OSError) as error:
        shown.failed(str(order.source), str(error))
        return False
    return True


def _check_cluster(arguments: argparse.Namespace) -> None:
    if arguments.cluster and arguments.devices != (0,):
        raise ArgumentError("--devices are of this machine, --cluster takes all of its nodes; leave one of them out")


def _script(arguments: argparse.Namespace) -> None:
    output = Path(tempfile.gettempdir()) / "upscaled.mkv"  # nobody writes it
    encoding = Encoding("ffv1", pix_fmt=arguments.pix_fmt)  # it takes every format
    print(Job(Order(arguments.input, output, _options(arguments), encoding, overwrite=True)).text(), end="")


def _order(arguments: argparse.Namespace, source: Path, output: Path) -> Order:
    extra = _words(arguments.encoder_args)
    encoding = Encoding(arguments.encoder, arguments.crf, arguments.preset, arguments.pix_fmt, extra)
    return Order(
        source,
        output,
        _options(arguments),
        encoding,
        devices=arguments.devices,
        drop=tuple(word.strip() for word in arguments.drop.split(",") if word.strip()),
        overwrite=arguments.overwrite,
        mixed=arguments.mixed,
        start=arguments.start,
        end=arguments.end,
    )


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ArgumentError(f"--encoder-args {text!r} cannot be divided into words: {error}") from None


def _options(arguments: argparse.Namespace) -> ScriptOptions:
    names = ("model", "scale", "backend", "precision", "matrix", "range", "chromaloc")
    given: dict[str, Any] = {name: getattr(arguments, name) for name in names}
    other = {name: getattr(arguments, name) for name in OTHER}
    return ScriptOptions(**given, other={name: value for name, value in other.items() if value is not None})


def _moment(text: str) -> str:
    if text and not is_moment(text):
        raise argparse.ArgumentTypeError(
            f"got {text!r}, wanted a time like 90, 1:30 or 0:01:30.5, or a frame like 2160f"
        )
    return text


def _tiles(text: str) -> tuple[int, ...] | str:
    return text if text == "auto" else _one_or_two(text)


def _one_or_two(text: str) -> tuple[int, ...]:
    """Of the sides of a tile, or of tiles."""
    try:
        found = tuple(int(word) for word in text.split(","))
    except ValueError:
        found = ()
    if len(found) not in (1, 2):
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted one number or two, such as 512 or 640,360")
    return found


def _numbers(text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} are no devices, wanted numbers such as 0,1") from None
    if min(found) < 0 or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"{text!r} will not do, wanted different numbers from 0 on, such as 0,1")
    return found
