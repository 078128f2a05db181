"""Learn a basic operator from pairs of frames, as AnimeSR does from each of a few videos of low quality.

    python -m training.rescale pairs ...
    python -m training.lbo train PAIRS NET
    python -m training.lbo train PAIRS GAN --stage gan --begin-with NET --vgg19 FILE
    python -m training.lbo export GAN one.pth
    python -m training.lbo sheet one.pth two.pth examples/clip.mkv -o operators.png

Everything can be interrupted and goes on by the same command.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from training import command, words
from training.core import Trainer, World, checkpoints, joined, seed
from training.core import export as write_weights
from training.critics import Perceptual, add_perceptual, perceptual, refuse_perceptual
from training.data.ahead import Ahead
from training.data.cache import MEBIBYTE
from training.degrade import sheet as degradations
from training.operators import Pairs, load_operators, sheet
from training.operators.adversarial import GanStage
from training.operators.learner import RATES, Learning, NetStage
from training.operators.network import FACTOR
from training.operators.pairs import PATCH, Batch
from vsanimesr.errors import TrainingError

BATCHES = 2
"""That may be ready."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    return command.run(_parser(), arguments)


def _train(asked: argparse.Namespace) -> int | None:
    if asked.stage == "gan" and asked.begin_with is None:
        raise TrainingError("the GAN stage begins with what the net stage left: give its run by --begin-with")
    if asked.stage == "net":
        refuse_perceptual(asked, "stage net has no such loss")
    features = perceptual(asked) if asked.stage == "gan" else None
    pairs = Pairs(asked.pairs, asked.patch, asked.seed, asked.cache * MEBIBYTE)
    names = ("stage", "steps", "batch", "seed", "precision", "patch", "clip")
    settings = Learning(
        **{name: getattr(asked, name) for name in names},
        pairs=pairs.facts,
        pairs_sha256=pairs.sha256,
        lr=asked.lr or RATES[asked.stage],
        length=asked.length or asked.steps,
        begin_with=str(asked.begin_with or ""),
        perceptual=features.described if features else None,
        samples_every=asked.look_every,
        log_every=asked.log_every,
        milestone_every=asked.milestone_every,
    )
    with joined(asked.device) as world:
        return _trained(asked, settings, pairs, features, world)


def _trained(
    asked: argparse.Namespace, settings: Learning, pairs: Pairs, features: Perceptual | None, world: World
) -> int | None:
    seed(settings.seed, world.rank)
    held_out = Pairs(asked.held_out, FACTOR) if asked.held_out else None
    features = features.to(world.device) if features else None
    learner = NetStage(settings, held_out) if settings.stage == "net" else GanStage(settings, features, held_out)

    def batches(first: int) -> Iterator[Batch]:
        return Ahead(pairs.of(world.numbers(first, settings.batch), asked.readers), BATCHES)

    start = {"operator": asked.begin_with} if asked.begin_with else None
    trainer = Trainer(asked.run_folder, settings, learner, batches, world=world, start=start, accept=asked.accept)
    outcome = trainer.run()
    return command.concluded(outcome, settings.steps, world)


def _export(asked: argparse.Namespace) -> None:
    write_weights(checkpoints.find(asked.run_folder), "operator", asked.output, averaged=False, half=asked.half)
    load_operators([asked.output])
    print(f"{asked.output}: {asked.output.stat().st_size:,} bytes")


def _sheet(asked: argparse.Namespace) -> None:
    window = degradations.window(asked.input, asked.frames, asked.side)
    operators = load_operators(asked.operators)
    names = [f"operator {number}, {path.stem}" for number, path in enumerate(asked.operators)]
    page = sheet.draw(window, dict(zip(names, operators, strict=True)))
    command.save(page, asked.output)


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m training.lbo", description=__doc__, formatter_class=form)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    action = commands.add_parser("train", help="train an operator on the pairs of one video")
    add = action.add_argument
    add("pairs", type=Path, nargs="+", metavar="PAIRS", help="folders of `python -m training.rescale pairs`")
    add("run_folder", type=Path, metavar="RUN")
    add("--stage", choices=tuple(RATES), default="net", help="net: L1 and L2; gan: L1, perceptual, GAN [%(default)s]")
    add("--begin-with", type=Path, metavar="RUN", help="begin with the operator of another run; the GAN stage has to")
    add("--held-out", type=Path, nargs="+", metavar="PAIRS", help="to compare with now and then")
    add("--steps", type=words.positive, default=100_000, help="[%(default)s]")
    add("--length", type=words.whole, default=0, metavar="STEPS", help="at half of which the rate is halved [all]")
    add("--batch", type=words.positive, default=16, help="[%(default)s]")
    add("--patch", type=words.positive, default=PATCH, help="side of HR; small ones are for processors [%(default)s]")
    add("--lr", type=words.above_zero, help=f"[{', '.join(f'{rate:g} for {stage}' for stage, rate in RATES.items())}]")
    add("--clip", type=float, default=0.0, help="longest gradient [any]")
    add("--seed", type=words.whole, default=0, help="[%(default)s]")
    add("--device", default="", help="cpu or cuda [CUDA where there is any]")
    add("--precision", choices=("fp32", "bf16"), default="fp32", help="[%(default)s]")
    add("--readers", type=words.positive, default=1, help="threads that read pictures [%(default)s]")
    add("--cache", type=words.whole, default=1024, metavar="MIB", help="of pictures that are kept [%(default)s]")
    for name, usual in {"look": 1000, "log": 50, "milestone": 0}.items():
        add(f"--{name}-every", type=words.whole, default=usual, metavar="STEPS", help="[%(default)s]")
    command.add_accept(action)
    add_perceptual(action)
    action.set_defaults(run=_train)

    action = commands.add_parser("export", help="the operator of a run as a file for `load_operators`")
    add = action.add_argument
    add("run_folder", type=Path, metavar="RUN")
    add("output", type=Path, metavar="FILE.pth")
    add("--half", action="store_true", help="in FP16, half as large")
    action.set_defaults(run=_export)

    action = commands.add_parser("sheet", help="a picture by classic filters and by operators, side by side")
    add = action.add_argument
    add("operators", type=Path, nargs="+", metavar="FILE.pth", help="of `export`")
    add("input", type=Path, metavar="INPUT", help="a picture or a video")
    add("--output", "-o", type=Path, default=Path("operators.png"), help="[%(default)s]")
    add("--side", type=words.positive, default=240, help="HR samples that are shown, a multiple of 4 [%(default)s]")
    add("--frames", type=words.positive, default=15, help="whose middle one is shown [%(default)s]")
    action.set_defaults(run=_sheet)
    return parser


if __name__ == "__main__":
    sys.exit(main())
