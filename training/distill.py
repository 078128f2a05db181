"""Distil a light model of an official one.

    python -m training.distill pool POOL --clips 600
    python -m training.distill pool HELD_OUT --clips 12 --split val --truth
    python -m training.distill train POOL RUN --held-out HELD_OUT --steps 20000
    python -m training.distill export RUN lite.onnx --name lite
    python -m training.distill compare lite.onnx HELD_OUT

Everything can be interrupted and goes on by the same command.
"""

import argparse
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from export.recurrence import network_of
from training import beginning, command, words
from training.core import Trainer, World, checkpoints, joined, seed
from training.core.export import artifact_of
from training.data import naming
from training.distilling import Batch, Batches, Clip, Compared, Distillation, Distilling, Pool, clips, compared, make
from training.distilling.learner import GROWTH
from training.distilling.pool import DRAWN
from vsanimesr import models
from vsanimesr.errors import TrainingError
from vsanimesr.models import artifact
from vsanimesr.spec import ARCHITECTURES


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    return command.run(_parser(), arguments)


def _pool(asked: argparse.Namespace) -> None:
    numbers = range(asked.first, asked.first + asked.clips)
    weights_sha256 = models.find(asked.teacher).weights_sha256
    kind = Pool(asked.teacher, weights_sha256, asked.source, asked.split, asked.size, asked.frames, truth=asked.truth)
    with tqdm(total=len(numbers), unit="clip", disable=asked.quiet) as bar:
        make(asked.folder, kind, numbers, lambda _: bar.update())


def _train(asked: argparse.Namespace) -> int | None:
    if asked.network not in ARCHITECTURES.values():
        known = ", ".join(map(str, ARCHITECTURES.values()))
        raise TrainingError(f"{asked.network} could not be exported; models have one of {known}")
    found = [clip for pool in asked.pool for clip in clips(pool)]
    names = ("steps", "batch", "seed", "precision", "network", "feedback", "patch", "loss", "lr")
    settings = Distilling(
        **{name: getattr(asked, name) for name in names},
        pools=tuple({**asdict(Pool.read(pool)), "clips": len(clips(pool))} for pool in asked.pool),
        length=asked.length or asked.steps,
        begin_with=asked.begin_with,
        growth=((1.0, asked.frames),) if asked.frames else GROWTH,
        clip=1.0,
        samples_every=asked.look_every,
        log_every=asked.log_every,
        milestone_every=asked.milestone_every,
    )
    with joined(asked.device) as world:
        return _trained(asked, settings, found, world)


def _trained(asked: argparse.Namespace, settings: Distilling, found: list[Clip], world: World) -> int | None:
    seed(settings.seed, world.rank)
    learner = Distillation(settings, clips(asked.held_out) if asked.held_out else [])
    samples = Batches(found, settings.patch, settings.seed, longest=max(frames for _, frames in settings.growth))
    start = beginning.start(asked.begin_with, "student", learner.networks["student"])

    def batches(first: int) -> Iterator[Batch]:
        return samples.of(world.numbers(first, settings.batch), settings.frames)

    trainer = Trainer(asked.run_folder, settings, learner, batches, world=world, start=start, accept=asked.accept)
    outcome = trainer.run()
    return command.concluded(outcome, settings.steps, world)


def _export(asked: argparse.Namespace) -> None:
    found = checkpoints.find(asked.run_folder)
    model = artifact_of(found, "student", asked.name, asked.source, asked.licence, half=True)
    artifact.write(model, asked.output, half=True)
    print(f"{asked.output}: {asked.output.stat().st_size} bytes, weights {model.spec.weights_sha256}")


def _compare(asked: argparse.Namespace) -> None:
    network = network_of(models.load(asked.model))
    found, burn_in = clips(asked.pool), Pool.read(asked.pool).burn_in
    results = []
    print("clip    to the teacher    to truth    teacher to truth")
    for clip in tqdm(found, unit="clip", disable=None, leave=False):
        results.append(compared(network, clip, burn_in))
        tqdm.write(_row(clip.folder.name, results[-1:]))
    print(_row("all", results))


def _row(name: str, results: list[Compared]) -> str:
    """A line of means, dB."""
    columns = ([getattr(each, what) for each in results] for what in ("teacher", "truth", "taught"))
    texts = ["-" if None in column else f"{statistics.fmean(column):.2f}" for column in columns]
    return f"{name:6}  {texts[0]:>14}    {texts[1]:>8}    {texts[2]:>16}"


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m training.distill", description=__doc__, formatter_class=form)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    action = commands.add_parser(
        "pool", help="clips, drawn or from footage, and what the teacher makes of them degraded"
    )
    add = action.add_argument
    add("folder", type=Path)
    add("--clips", type=words.positive, default=600, help="[%(default)s]")
    add("--first", type=words.whole, default=0, help="number of the first one [%(default)s]")
    add("--teacher", default=models.DEFAULT, help="[%(default)s]")
    add("--source", default=DRAWN, help=f"{naming.HELP} [%(default)s]")
    add("--split", default="train", help="of the renderer [%(default)s]")
    add("--size", type=words.size, default=(640, 384), metavar="WxH", help="of the truth [640x384]")
    add("--frames", type=words.positive, default=Pool.frames, help="[%(default)s]")
    add("--truth", action="store_true", help="keep the truth as well")
    add("--quiet", action="store_true")
    action.set_defaults(run=_pool)

    action = commands.add_parser("train", help="train a student on a pool, or on several")
    add = action.add_argument
    add("pool", type=Path, nargs="+")
    add("run_folder", type=Path, metavar="RUN")
    add("--held-out", type=Path, metavar="POOL", help="to compare with now and then")
    add("--begin-with", default="", metavar="RUN", help=beginning.HELP)
    add("--network", type=words.network, default=Distilling.network, metavar="F:A-B-C:M", help="features:blocks:fusion")
    add("--alone", dest="feedback", action="store_false", help="without feedback")
    add("--steps", type=int, required=True)
    add("--length", type=int, default=0, help="steps over which the rate falls and samples grow [all]")
    for name in ("batch", "seed", "patch"):
        add(f"--{name}", type=int, default=8 if name == "batch" else getattr(Distilling, name), help="[%(default)s]")
    add("--frames", type=words.whole, default=0, help="of every sample [they grow from 1 to 15]")
    add("--loss", choices=("l1", "charbonnier", "l2"), default=Distilling.loss, help="[%(default)s]")
    add("--lr", type=float, default=Distilling.lr, help="[%(default)s]")
    add("--device", default="", help="cpu or cuda [CUDA where there is any]")
    add("--precision", choices=("fp32", "bf16"), default="bf16", help="[%(default)s]")
    for name, usual in {"look": 500, "log": 50, "milestone": 0}.items():
        add(f"--{name}-every", type=int, default=usual, metavar="STEPS", help="[%(default)s]")
    command.add_accept(action)
    action.set_defaults(run=_train)

    action = commands.add_parser("export", help="the averaged student as an artifact with weights in float16")
    add = action.add_argument
    add("run_folder", type=Path, metavar="RUN")
    add("output", type=Path, metavar="FILE.onnx")
    add("--name", required=True)
    add("--source", default="distilled on drawn animation", help="[%(default)s]")
    add("--licence", default="Apache-2.0", help="[%(default)s]")
    action.set_defaults(run=_export)

    action = commands.add_parser("compare", help="PSNR of a model's pictures to a pool's teacher and truth, dB")
    action.add_argument("model", help="a name, or the path of an artifact")
    action.add_argument("pool", type=Path)
    action.set_defaults(run=_compare)
    return parser


if __name__ == "__main__":
    sys.exit(main())
