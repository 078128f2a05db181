"""The command `vsanimesr compare`."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from vsanimesr import compare
from vsanimesr.errors import ArgumentError

COUNT = 5
"""Frames that are compared where none are named."""
EPILOG = """\
examples:
  vsanimesr compare in.mkv out.mkv                          five frames of different scenes, in out.compare.html
  vsanimesr compare in.mkv out.mkv --frames 10,200 -o page.html
  vsanimesr compare in.mkv out.mkv --count 20 --mode study  a blind A/B test to hand to others
"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    text = "Show frames of two videos side by side in one HTML page: slider, flicker, A/B test"
    action = commands.add_parser(
        "compare",
        help=text[0].lower() + text[1:],
        description=f"{text}. The page needs no network and no other file.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(action)


def add_arguments(action: argparse.ArgumentParser) -> None:
    """Add what there is to say of a page."""
    action.add_argument(
        "input", type=Path, metavar="IN", help="the source; its frames are upscaled by a bicubic kernel"
    )
    action.add_argument("output", type=Path, metavar="OUT", help="what was made of it")
    action.add_argument("-o", "--page", type=Path, metavar="PAGE.html", help="the page [OUT.compare.html]")
    which = action.add_mutually_exclusive_group()
    which.add_argument("--frames", type=_numbers, metavar="N,N", help="numbers of frames of OUT, from 0")
    text = f"how many frames, spread over the scenes [{COUNT}]"
    which.add_argument("--count", type=int, default=COUNT, metavar="N", help=text)
    action.add_argument("--offset", type=int, metavar="N", help="frame of IN that frame 0 of OUT was made of")
    text = "what the two are called [bicubic and the name of OUT]"
    action.add_argument("--labels", nargs=2, metavar=("LEFT", "RIGHT"), help=text)
    action.add_argument("--title", help="[the names of the two files]")
    text = "what the page begins with; study: a page for an A/B test, which shows nothing else before that is done"
    action.add_argument("--mode", choices=compare.MODES, default=compare.MODES[0], help=f"{text} [%(default)s]")
    text = "webp and png are exact, jpeg (quality 95, 4:4:4) is smaller"
    action.add_argument("--images", choices=list(compare.ENCODINGS), default="webp", help=f"{text} [%(default)s]")
    action.add_argument("--quiet", action="store_true", help="say nothing but errors and the path of the page")
    action.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Write the page and print its path; progress goes to stderr."""
    page = arguments.page or arguments.output.with_suffix(".compare.html")
    if page.resolve() in (arguments.input.resolve(), arguments.output.resolve()):
        raise ArgumentError(f"--page: '{page}' is one of the videos; give another name")
    with ExitStack() as stack:
        source, result = (stack.enter_context(compare.Clip(path)) for path in (arguments.input, arguments.output))
        compare.check_lengths(source, result, arguments.offset)
        numbers = arguments.frames or _spread(source, result, arguments)
        labels = tuple(arguments.labels or ("bicubic", arguments.output.stem))
        pairs = compare.matched(source, result, numbers, labels, offset=arguments.offset)
        title = arguments.title or f"{arguments.input.name} and {arguments.output.name}"
        told = pairs if arguments.quiet else _told(pairs, len(numbers))
        nbytes = compare.write(page, title, told, mode=arguments.mode, images=arguments.images)
    if not arguments.quiet:
        _say(f"{len(numbers)} frame{'s' * (len(numbers) > 1)}, {nbytes / 1e6:.1f} MB")
    print(page)


def _spread(source: compare.Clip, result: compare.Clip, arguments: argparse.Namespace) -> list[int]:
    """Numbers of frames of the result; those of the source, which is smaller, are looked at."""
    if not arguments.quiet:
        _say(f"looking for {arguments.count} frames in {source.path.name}")
    first = arguments.offset or 0
    return [n - first for n in compare.spread(source, arguments.count, range(first, first + result.frames))]


def _told(pairs: Iterator[compare.Pair], count: int) -> Iterator[compare.Pair]:
    for number, pair in enumerate(pairs, 1):
        _say(f"{pair.title} ({number} of {count})")
        yield pair


def _numbers(text: str) -> Sequence[int]:
    """Numbers from 0 on, between commas, each once."""
    try:
        numbers = [int(word) for word in text.split(",")]
    except ValueError:
        numbers = [-1]
    if min(numbers) < 0:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted numbers of frames from 0 on, such as 10,200")
    return list(dict.fromkeys(numbers))


def _say(line: str) -> None:
    print(line, file=sys.stderr)
