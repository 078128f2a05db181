"""Features of our own for the perceptual loss: a network of VGG19's form and half its width, learned on drawings.

    python -m training.critics train RUN --steps 30000
    python -m training.critics export RUN toon.pth
    python -m training.critics check --vgg19 FILE

`--perceptual toon --toon-features toon.pth` then takes them. They learn what the renderer and the degradations know:
where lines are, what is flat, colours and ways of edges before a picture was worn, how it was worn, and what is in it.
Everything can be interrupted and goes on by the same command.
"""

import argparse
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from training import command, words
from training.core import Trainer, World, checkpoints, joined, seed
from training.core.export import weights
from training.critics import balanced, making
from training.critics.drawings import Drawings
from training.critics.options import add_perceptual, perceptual
from training.critics.samples import Batch, Samples
from training.critics.teaching import FeatureTraining, Teaching
from vsanimesr.errors import TrainingError

HELD_OUT = 32
"""Drawings of the renderer's val split that features are tried and balanced on."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    return command.run(_parser(), arguments)


def _train(asked: argparse.Namespace) -> int | None:
    names = ("steps", "batch", "seed", "precision", "drawings", "size", "patch", "lr")
    settings = Teaching(
        **{name: getattr(asked, name) for name in names},
        length=asked.length or max(asked.steps, 1),
        clip=1.0,
        samples_every=asked.look_every,
        log_every=asked.log_every,
    )
    with joined(asked.device) as world:
        return _trained(asked, settings, world)


def _trained(asked: argparse.Namespace, settings: Teaching, world: World) -> int | None:
    seed(settings.seed, world.rank)
    folder = asked.drawn or asked.run_folder / "drawings"
    samples = Samples(Drawings(folder, settings.size), settings.drawings, settings.patch, settings.seed)
    learner = FeatureTraining(settings, held_out(samples, HELD_OUT) if asked.look_every and world.leads else None)

    def batches(first: int) -> Iterator[Batch]:
        return making.batches(samples, world.numbers(first, settings.batch), asked.workers)

    outcome = Trainer(asked.run_folder, settings, learner, batches, world=world, accept=asked.accept).run()
    return command.concluded(outcome, settings.steps, world)


def held_out(samples: Samples, count: int) -> Batch:
    """Samples of the val split, which has the same generators and no clip in common."""
    others = replace(samples, drawings=replace(samples.drawings, split="val"), count=count, seed=0)
    return next(making.batches(others, itertools.repeat(range(count))))


def _export(asked: argparse.Namespace) -> None:
    found = checkpoints.find(asked.run_folder)
    size, patch, width = (found.facts.settings.get(name) for name in ("size", "patch", "width"))
    if not (size and patch and width):
        raise TrainingError(
            f"'{found.path}' is of another training: name the folder of `python -m training.critics train`"
        )
    whole, prefix = weights(found, "features"), balanced.ENCODER
    encoder = {name.removeprefix(prefix): each for name, each in whole.items() if name.startswith(prefix)}
    folder = asked.drawn or asked.run_folder / "drawings"
    pictures = held_out(Samples(Drawings(folder, tuple(size)), 1, patch), HELD_OUT).clean
    balanced.write(balanced.balanced(encoder, width, pictures), asked.output)
    print(f"{asked.output}: {asked.output.stat().st_size:,} bytes, after {found.facts.step} steps")


def _check(asked: argparse.Namespace) -> None:
    if loss := perceptual(asked):
        print("  ".join(loss.described.values()))


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m training.critics", description=__doc__, formatter_class=form)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    action = commands.add_parser("train", help="train features")
    add = action.add_argument
    add("run_folder", type=Path, metavar="RUN")
    add("--steps", type=words.positive, default=Teaching.length, help="[%(default)s]")
    add("--length", type=words.whole, default=0, metavar="STEPS", help="over which the rate falls [all]")
    add("--batch", type=words.positive, default=16, help="[%(default)s]")
    add("--patch", type=words.positive, default=Teaching.patch, help="side of samples [%(default)s]")
    add("--drawings", type=words.positive, default=Teaching.drawings, help="how many to make [%(default)s]")
    add("--size", type=words.size, default=Teaching.size, metavar="WxH", help="of drawings [640x384]")
    _add_drawn(action)
    add("--workers", type=words.whole, default=0, help="processes that draw and make samples [%(default)s]")
    add("--seed", type=words.whole, default=0, help="[%(default)s]")
    add("--lr", type=float, default=Teaching.lr, help="[%(default)s]")
    add("--device", default="", help="cpu or cuda [CUDA where there is any]")
    add("--precision", choices=("fp32", "bf16"), default="bf16", help="[%(default)s]")
    add("--look-every", type=words.whole, default=500, metavar="STEPS", help="0: never [%(default)s]")
    add("--log-every", type=words.positive, default=50, metavar="STEPS", help="[%(default)s]")
    command.add_accept(action)
    action.set_defaults(run=_train)

    action = commands.add_parser("export", help="the averaged features as a file in float16")
    action.add_argument("run_folder", type=Path, metavar="RUN")
    action.add_argument("output", type=Path, metavar="FILE.pth")
    _add_drawn(action)
    action.set_defaults(run=_export)

    action = commands.add_parser("check", help="whether the perceptual loss can be made of a file of features")
    add_perceptual(action)
    action.set_defaults(run=_check)
    return parser


def _add_drawn(parser: argparse.ArgumentParser) -> None:
    text = "where drawings are kept, which several trainings may share [RUN/drawings]"
    parser.add_argument("--drawn", type=Path, metavar="FOLDER", help=text)


if __name__ == "__main__":
    sys.exit(main())
