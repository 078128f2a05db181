"""The command that builds engines: `vsanimesr engines build`, and `python export/build_engine.py`."""

import argparse
import re
import sys
from pathlib import Path

from vsanimesr import backends, engines, models
from vsanimesr.cli import clip
from vsanimesr.engines import Engine, Library, Options, Place, Recipe, Shapes, Target, Wanted, library
from vsanimesr.errors import ArgumentError, BackendUnavailable
from vsanimesr.spec import MIN_SIDE, padded

Size = tuple[int, int]
LEVELS = range(6)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what there is to say of the engines to build."""
    parser.add_argument("--model", default=models.DEFAULT, help="name of a model, or path of an artifact [%(default)s]")
    parser.add_argument("--height", type=int, metavar="N", help="height of the clip, samples")
    parser.add_argument("--width", type=int, metavar="N", help="width of the clip, samples")
    for name, what in (("min", "least"), ("opt", "the one to tune for; that of --max by default"), ("max", "greatest")):
        text = f"instead of --height and --width, for engines of a range of sizes, multiples of 4: {what}"
        parser.add_argument(f"--{name}", type=_size, metavar="HxW", help=text)
    clip.add_arguments(parser)
    parser.add_argument("--backend", choices=list(library.TITLES), help="library [the first that is installed]")
    parser.add_argument("--precision", choices=engines.PRECISIONS, default="fp16", help="[%(default)s]")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--device", type=int, metavar="N", help="build for this GPU of the machine [0, if there is one]")
    text = "build for GPUs that need not be here, such as 8.9; several are built one after another (tensorrt_rtx only)"
    which.add_argument("--compute-capability", nargs="+", metavar="X.Y", help=text)
    text = "0 to 5: how long the library looks for faster kernels"
    parser.add_argument("--optimization-level", type=int, choices=LEVELS, metavar="N", help=text)
    parser.add_argument("--workspace", type=int, metavar="MIB", help="most device memory that a kernel may use besides")
    text = "folder of the engines, instead of the user's cache or $VSANIMESR_HOME/engines"
    parser.add_argument("--engine-dir", type=Path, metavar="DIR", help=text)
    parser.set_defaults(run=build)


def build(arguments: argparse.Namespace) -> None:
    """Build what the arguments say and print of each engine whether it was built now, and what it is."""
    found = _library(arguments.backend)
    sizes, targets = _sizes(arguments), _targets(arguments, found)
    options = Options(optimization_level=arguments.optimization_level, workspace_mib=arguments.workspace)
    shapes = _shapes(sizes)
    # An engine of a range is for clips without a margin; where only the sample itself matters it serves all.
    height, width = sizes[1] if shapes.static else shapes.best
    clips = [clip.clip(arguments, format_, height, width) for format_ in arguments.format]
    cell = models.load(arguments.model)
    for described in clips:
        clip.refuse_margins(described, sizes)
        wanted = Wanted(cell=cell, clip=described, precision=arguments.precision, library=found, options=options)
        for target in targets:
            for recipe in engines.recipes(wanted, shapes, target):
                _build_one(recipe, found, engines.folder(arguments.engine_dir))


def _build_one(recipe: Recipe, found: Library, folder: Path) -> None:
    clock = Clock(f"building {recipe.key}")
    place = Place(folder, may_build=True, say=clock.say, tick=clock.show)
    (engine, _), new = engines.build(recipe, found, place)
    clock.clear()
    _print(engine, new)


def _print(engine: Engine, new: bool) -> None:
    print(f"{'built' if new else 'reused'} {engine.path}")
    took = f"{engine.seconds:.2f} s" if new else f"built before in {engine.seconds:.2f} s"
    print(f"  {engine.key}\n  {engine.nbytes / 1e6:.1f} MB, {took}, key {engine.key.digest}")


class Clock:
    """Shows on a terminal how long something lasts; lines to say go above it. To a file it writes the lines only."""

    def __init__(self, what: str) -> None:
        self._what, self._shown = what, 0

    def show(self, seconds: float) -> None:
        """Show the time."""
        if sys.stderr.isatty():
            line = f"{self._what}: {seconds:.0f} s"
            print(f"\r{line:<{self._shown}}", end="", file=sys.stderr, flush=True)
            self._shown = len(line)

    def clear(self) -> None:
        """Take it away."""
        if self._shown:
            print(f"\r{'':<{self._shown}}\r", end="", file=sys.stderr, flush=True)
            self._shown = 0

    def say(self, line: str) -> None:
        """Say something."""
        self.clear()
        print(line, file=sys.stderr, flush=True)


def _size(text: str) -> Size:
    match = re.fullmatch(r"(\d{1,5})[xX](\d{1,5})", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write height and width, such as 480x640")
    return int(match[1]), int(match[2])


def _sizes(arguments: argparse.Namespace) -> list[Size]:
    """The least size, the best, the most: of the clip, so all the same, or of a range."""
    fixed = [arguments.height, arguments.width]
    least, best, most = arguments.min, arguments.opt or arguments.max, arguments.max
    if None in fixed and None in (least, most):
        raise ArgumentError("which size? Give --height and --width of the clip, or --min and --max of a range")
    if fixed != [None, None] and (least, arguments.opt, most) != (None, None, None):
        raise ArgumentError("give either --height and --width, or --min, --opt and --max")
    sizes = [(arguments.height, arguments.width)] * 3 if least is None else [least, best, most]
    if small := [size for size in sizes if min(size) < MIN_SIDE]:
        height, width = small[0]
        raise ArgumentError(f"the size {height}x{width} (height x width) is too small, wanted {MIN_SIDE} or more")
    return sizes


def _shapes(sizes: list[Size]) -> Shapes:
    """The sizes, each padded as the clip's frames will be."""
    multiple = engines.MULTIPLE
    return Shapes(*((padded(height, multiple), padded(width, multiple)) for height, width in sizes))


def _library(name: str | None) -> Library:
    if name is not None:
        return library.get(name)
    reasons = []
    for candidate in library.TITLES:
        try:
            return library.get(candidate)
        except BackendUnavailable as error:
            reasons.append(str(error))
    raise BackendUnavailable("; ".join(reasons))


def _targets(arguments: argparse.Namespace, found: Library) -> list[Target]:
    """What to build for: the capabilities that were asked for, else the GPU, else whatever the library chooses."""
    known, wanted = found.known_capabilities(), arguments.compute_capability or []
    if wanted and not known:
        raise ArgumentError(f"{found.title} builds for the GPU of this machine only; leave out --compute-capability")
    if strange := [capability for capability in wanted if capability not in known]:
        raise ArgumentError(
            f"{found.title} {found.version} does not build for {', '.join(strange)}, only for {', '.join(known)}; "
            "later GPUs take the engines that are built without --compute-capability"
        )
    if wanted:
        return [Target(capabilities=(capability,)) for capability in wanted]
    if known and arguments.device is None and not backends.count_nvidia_gpus():
        return [Target()]
    from vsanimesr.backends.cuda import CudaDevice  # noqa: PLC0415  # the only command that needs the binding

    device = CudaDevice(arguments.device or 0)
    return [found.targets(device.name, device.compute_capability)[0]]
