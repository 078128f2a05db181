"""`python -m training.evaluate`: methods over clips, their figures as JSON and one HTML report.

    python -m training.evaluate --toon 0:4 --methods bicubic animesr-v1 animesr-v2 ours=run/ema.pth -o out/evaluation
    python -m training.evaluate --pair low/ truth/ --metrics psnr ssim niqe --niqe-prior niqe_pris_params.npz
    python -m training.evaluate --low episode.mkv --metrics piqe --drift

Without a truth only metrics without reference are measured, in every tenth frame (VQD-SR, ICCV 2023, supplement).
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from training import external, words
from training.metrics import maniqa
from training.report import clips, drifting, measures, methods, page
from training.report.clips import Clip
from training.report.measuring import measured
from training.report.methods import Method, Network
from training.report.results import TRUTH, DriftResult, Evaluation
from vsanimesr.cli import run
from vsanimesr.compare import ENCODINGS
from vsanimesr.errors import ArgumentError

METHODS = ("bicubic", "animesr-v1", "animesr-v2")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line says; returns the exit code."""
    return run(_parser(), arguments)


def evaluate(asked: argparse.Namespace) -> None:
    """Measure, and write `results.json` and `report.html` into the folder; raises what any part of it does."""
    torch.set_num_threads(asked.threads)
    torch.backends.cudnn.allow_tf32 = False
    prepared, found = measures.prepare(asked.metrics, _settings(asked))
    running = _methods(asked)
    asked.output.mkdir(parents=True, exist_ok=True)
    kept, results, spots = list[Clip](), [], []
    for clip in _clips(asked):
        _say(f"{clip.name}: {len(clip.low)} frames of {clip.low.shape[2]}x{clip.low.shape[1]}")
        result, places = measured(clip, running, prepared, every=asked.every, spots=asked.spots)
        results.append(result)
        spots += places
        if asked.drift:
            kept.append(replace(clip, truth=None, lines=None))  # a film's truth would fill the memory
    settings = {"asked for": _command(asked), "border": f"{asked.border} samples, for PSNR and SSIM"}
    settings |= {what: f"{file.path.name}, SHA-256 {file.sha256}, by {file.by}" for what, file in found.items()}
    told = {method.name: method.about for method in running}
    drifts = _drifts(asked, kept, running)
    evaluation = Evaluation(asked.title, told, prepared, results, drifts, settings)
    evaluation.write(asked.output / "results.json")
    nbytes = page.write(asked.output / "report.html", evaluation, spots, images=asked.images)
    _say(f"{len(results)} clips, {nbytes / 1e6:.1f} MB")
    print(asked.output / "report.html")


def _clips(asked: argparse.Namespace) -> Iterator[Clip]:
    """One after another, so that the next one is made when the one before has been measured."""
    for low, truth in asked.pair:
        yield clips.pair(low, truth, asked.frames)
    for number, truth in enumerate(asked.truth):
        yield clips.reduced(truth, asked.frames, asked.degrade, asked.seed, number)
    for seed in asked.toon:
        yield clips.rendered(seed, asked.frames, asked.size, asked.degrade, asked.seed, split=asked.split)
    for low in asked.low:
        yield clips.single(low, asked.frames)


def _methods(asked: argparse.Namespace) -> list[Method]:
    if not (asked.pair or asked.truth or asked.toon or asked.low):
        raise ArgumentError("there is nothing to evaluate; give --toon SEEDS, --pair LOW TRUTH, --truth or --low")
    made = [methods.load(text, device=asked.device, precision=asked.precision) for text in asked.methods]
    names = [method.name for method in made]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ArgumentError(f"two methods are called {twice[0]!r}; name one of them by NAME={asked.methods[-1]}")
    if TRUTH in names:
        raise ArgumentError(f"no method can be called {TRUTH!r}, which is the row of the truth; give it another name")
    if asked.drift and not any(isinstance(method, Network) for method in made):
        raise ArgumentError("--drift runs networks, and --methods names none")
    return made


def _drifts(asked: argparse.Namespace, kept: Sequence[Clip], running: Sequence[Method]) -> list[DriftResult]:
    if not asked.drift:
        return []
    size = asked.drift_size
    runs = (
        ("still", drifting.still(kept, asked.drift, size), 0),
        ("cuts", drifting.cut_heavy(kept, asked.drift, size, asked.seed), drifting.PERIOD),
    )
    results = list[DriftResult]()
    for name, low, period in runs:
        for method in running:
            if isinstance(method, Network):
                _say(f"drift of {method.name}, {name}: {len(low)} frames of {low.shape[2]}x{low.shape[1]}")
                results.append(drifting.run(method, name, low, period=period))
    return results


def _settings(asked: argparse.Namespace) -> measures.Settings:
    return measures.Settings(
        asked.border,
        asked.niqe_prior,
        asked.brisque_svm,
        asked.brisque_ranges,
        asked.maniqa,
        asked.maniqa_scale,
        asked.maniqa_sets,
        asked.device,
    )


def _command(asked: argparse.Namespace) -> str:
    """What was asked for, without the folders of files."""
    named = vars(asked) | {"run": None, "methods": [re.sub(r"[^=]*[/\\]", "", text) for text in asked.methods]}
    return ", ".join(f"{name} {_told(value)}" for name, value in sorted(named.items()) if value not in (None, [], ""))


def _told(value: object) -> str:
    if isinstance(value, Path):
        return value.name
    if isinstance(value, tuple):
        return "x".join(map(str, value)) if all(isinstance(each, int) for each in value) else _told(list(value))
    return " ".join(map(_told, value)) if isinstance(value, list) else str(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description="Measure methods over clips and show them in one HTML page.",
        epilog=(__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_clips(parser.add_argument_group("clips (folders of pictures, or videos)"))
    _add_methods(parser.add_argument_group("methods"))
    _add_metrics(parser.add_argument_group("metrics"))
    parser.set_defaults(run=evaluate)
    output = parser.add_argument_group("output")
    output.add_argument("--output", "-o", type=Path, default=Path("evaluation"), metavar="FOLDER", help="[%(default)s]")
    output.add_argument("--title", default="Evaluation", help="of the report [%(default)s]")
    output.add_argument("--spots", type=words.positive, default=2, help="pictures of each clip [%(default)s]")
    text = "webp and png are exact, jpeg is smaller [%(default)s]"
    output.add_argument("--images", choices=list(ENCODINGS), default="webp", help=text)
    return parser


def _add_clips(group: argparse._ArgumentGroup) -> None:
    path: dict[str, Any] = {"type": Path, "action": "append", "default": []}
    group.add_argument("--pair", nargs=2, metavar=("LOW", "TRUTH"), help="low resolution and its truth", **path)
    group.add_argument("--truth", metavar="TRUTH", help="truth, which is degraded here", **path)
    group.add_argument("--low", metavar="LOW", help="low resolution whose truth nobody knows", **path)
    text = "rendered clips, such as 0:4 or 3,7; degraded here"
    group.add_argument("--toon", type=_seeds, default=[], metavar="SEEDS", help=text)
    text = "of rendered clips: train, val or test [%(default)s]"
    group.add_argument("--split", default="test", help=text)
    group.add_argument("--size", type=_size, default=(640, 384), metavar="WxH", help="of rendered truth [640x384]")
    group.add_argument(
        "--frames", type=words.positive, default=100, metavar="N", help="of each clip at most [%(default)s]"
    )
    text = "how truth is reduced: an antialiased cubic filter, AnimeSR's basic operators, a chain of training.hidden"
    group.add_argument("--degrade", choices=clips.DEGRADATIONS, default="bicubic", help=text)
    group.add_argument("--seed", type=words.whole, default=0, help="of everything that is drawn [%(default)s]")


def _add_methods(group: argparse._ArgumentGroup) -> None:
    text = "bicubic, models by name, .onnx artifacts, .pth checkpoints; LABEL=NAME gives another name"
    default = f"[{' '.join(METHODS)}]"
    group.add_argument("--methods", nargs="+", default=list(METHODS), metavar="NAME", help=f"{text} {default}")
    group.add_argument("--device", default="cpu", help="PyTorch's [%(default)s]")
    group.add_argument("--precision", choices=methods.PRECISIONS, default="fp32", help="of networks [%(default)s]")
    group.add_argument("--threads", type=words.positive, default=2, help="of PyTorch [%(default)s]")
    text = f"run networks over so many frames of a still and of a cut clip [{drifting.FRAMES}]"
    group.add_argument("--drift", type=words.positive, nargs="?", const=drifting.FRAMES, metavar="N", help=text)
    group.add_argument("--drift-size", type=_size, default=drifting.SIZE, metavar="WxH", help="of those [96x64]")


def _add_metrics(group: argparse._ArgumentGroup) -> None:
    usual = " ".join(measures.USUAL)
    text = f"some of {' '.join(measures.NAMES)} [{usual}]"
    names: dict[str, Any] = {"choices": measures.NAMES, "default": list(measures.USUAL), "metavar": "NAME"}
    group.add_argument("--metrics", nargs="+", help=text, **names)
    text = "metrics without reference measure every N-th frame [%(default)s]"
    group.add_argument("--every", type=words.positive, default=10, metavar="N", help=text)
    text = "samples at the edges that PSNR and SSIM leave out [%(default)s]"
    group.add_argument("--border", type=words.whole, default=4, help=text)
    for name in ("niqe-prior", "brisque-regression", "brisque-ranges", "maniqa"):
        external.add_option(group, name)
    text = "of MANIQA's Swin layers: 0.13 for PIPAL's weights, 0.8 for KonIQ's [%(default)s]"
    group.add_argument("--maniqa-scale", type=float, default=maniqa.PIPAL_SCALE, help=text)
    text = "sets of 20 crops that MANIQA averages [%(default)s]"
    group.add_argument("--maniqa-sets", type=words.positive, default=maniqa.SETS, help=text)


def _seeds(text: str) -> list[int]:
    """Seeds between commas, and ranges without their ends."""
    found = list[int]()
    for word in text.split(","):
        match = re.fullmatch(r"(\d+)(?::(\d+))?", word)
        if match is None or (match[2] and int(match[2]) <= int(match[1])):
            raise argparse.ArgumentTypeError(f"{text!r}, wanted seeds such as 3,7 or a range such as 0:4")
        found += range(int(match[1]), int(match[2])) if match[2] else [int(match[1])]
    return found


def _size(text: str) -> tuple[int, int]:
    size = words.size(text)
    if min(size) < 16 or size[0] % 4 or size[1] % 4:
        raise argparse.ArgumentTypeError(f"{text!r}, wanted WIDTHxHEIGHT, multiples of 4 from 16 on")
    return size


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
