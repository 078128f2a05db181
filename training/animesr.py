"""AnimeSR's own training (NeurIPS 2022, section 5), a stage at a time.

    python -m training.animesr train AVC-Train RUN-1A --stage net --steps 300000
    python -m training.animesr train AVC-Train RUN-1B --stage gan --steps 300000 --begin-with RUN-1A --vgg19 VGG
    python -m training.animesr train AVC-Train RUN-3 --stage gan --steps 300000 --begin-with RUN-1A --vgg19 VGG \
        --operators A.pth B.pth
    python -m training.animesr export RUN-3 mine.onnx --name mine

By torchrun several GPUs share the work. Everything can be interrupted and goes on by the same command.
"""

import argparse
import hashlib
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from training import beginning, command, critics, words
from training.core import DISTANCES, Trainer, World, checkpoints, joined, seed
from training.core.export import artifact_of, export
from training.data import AnimeSROp, BasicOp, Plan, Pool, naming
from training.data.degrading import Degradation
from training.degrade import BASIC_OP, LEARNED_OP
from training.operators import load_operators
from training.restoration import GENERATOR, RATES, Gan, HeldOut, Net, Restoring, shared
from vsanimesr.errors import ArgumentError
from vsanimesr.models import artifact
from vsanimesr.spec import ARCHITECTURES


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    return command.run(_parser(), arguments)


def _train(asked: argparse.Namespace) -> int | None:
    _refuse(asked)
    if asked.network not in ARCHITECTURES.values():
        known = ", ".join(map(str, ARCHITECTURES.values()))
        raise ArgumentError(f"{asked.network} could not be exported; models have one of {known}")
    features = critics.perceptual(asked) if asked.stage == "gan" else None
    settings = _settings(asked, features)
    with joined(asked.device) as world:
        plan = _plan(asked, world)
        seed(asked.seed, world.rank)
        held_out = HeldOut.drawn(asked.held_out) if world.leads and asked.held_out and asked.look_every else None
        features = features.to(world.device) if features else None
        learner = Gan(settings, held_out, features) if settings.stage == "gan" else Net(settings, held_out)
        start = beginning.start(asked.begin_with, GENERATOR, learner.networks[GENERATOR])
        make = shared(plan, world, asked.workers)
        trainer = Trainer(asked.run_folder, settings, learner, make, world=world, start=start, accept=asked.accept)
        outcome = trainer.run()
    return command.concluded(outcome, settings.steps, world)


def _refuse(asked: argparse.Namespace) -> None:
    """Options that the stage has no use for, and a stage that has nothing to go on with."""
    if asked.stage == "net":
        critics.refuse_perceptual(asked, "stage net has no such loss")
    elif not asked.sharpened:
        raise ArgumentError("--plain is of stage net: stage gan always learns the truth as it is")
    elif not asked.begin_with:
        raise ArgumentError("stage gan goes on where stage net ended: name its run by --begin-with")


def _settings(asked: argparse.Namespace, features: critics.Perceptual | None) -> Restoring:
    names = ["steps", "batch", "seed", "precision", "stage", "clean", "frames", "patch", "network", "feedback"]
    names += ["length", "growing", "loss", "sharpened", "clip", "twice", "curriculum", "recompute", "begin_with"]
    return Restoring(
        **{name: getattr(asked, name) for name in names},
        sources=tuple(map(naming.pictures, asked.sources)),
        operators=tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in asked.operators),
        pool=asdict(_pool(asked)),
        perceptual=features.described if features else None,
        lr=asked.lr or RATES[asked.stage],
        samples_every=asked.look_every,
        log_every=asked.log_every,
        milestone_every=asked.milestone_every,
        tensorboard=asked.tensorboard,
    )


def _pool(asked: argparse.Namespace) -> Pool:
    width, height = asked.pool_size
    return Pool(asked.pool, asked.patches, asked.pool_frames, (height, width))


def _plan(asked: argparse.Namespace, world: World) -> Plan:
    side, source, degradation = 4 * asked.patch, naming.source(asked.sources), _degradation(asked, world)
    return Plan(source, degradation, asked.seed, asked.frames, (side, side), asked.batch, pool=_pool(asked))


def _degradation(asked: argparse.Namespace, world: World) -> Degradation:
    clips = math.ceil(asked.curriculum * world.share(asked.batch) / asked.patches)  # of a process, in so many steps
    if asked.operators:
        return AnimeSROp(clean=asked.clean, grown=clips, operators=tuple(load_operators(asked.operators)))
    return BasicOp(LEARNED_OP if asked.twice else BASIC_OP, asked.clean, clips)


def _export(asked: argparse.Namespace) -> None:
    found = checkpoints.find(asked.run_folder)
    if asked.output.suffix != ".onnx":
        if asked.half or asked.name or asked.source or asked.licence:
            raise ArgumentError(
                f"--half, --name, --source, --licence are of artifacts, FILE.onnx; got '{asked.output}'"
            )
        export(found, GENERATOR, asked.output, averaged=not asked.raw)
        print(f"{asked.output}: {asked.output.stat().st_size} bytes")
        return
    facts = asked.name or "mine", asked.source or "trained by training.animesr", asked.licence or "unknown"
    model = artifact_of(found, GENERATOR, *facts, averaged=not asked.raw, half=asked.half)
    artifact.write(model, asked.output, half=asked.half)
    print(f"{asked.output}: {asked.output.stat().st_size} bytes, weights {model.spec.weights_sha256}")


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m training.animesr", description=__doc__, formatter_class=form)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    action = commands.add_parser("train", help="one stage of the training")
    action.add_argument("sources", nargs="+", metavar="SOURCE", help=naming.HELP)
    action.add_argument("run_folder", type=Path, metavar="RUN", help="of this stage")
    action.add_argument("--stage", choices=RATES, required=True, help="net: --loss; gan: that, perceptual, adversarial")
    action.add_argument("--begin-with", default="", metavar="RUN", help=beginning.HELP)
    _add_samples(action.add_argument_group("samples"))
    _add_losses(action.add_argument_group("losses and steps"))
    _add_running(action.add_argument_group("running"))
    action.set_defaults(run=_train)

    action = commands.add_parser("export", help="the network, as an .onnx artifact or as a .pth checkpoint")
    add = action.add_argument
    add("run_folder", type=Path, metavar="RUN")
    add("output", type=Path, metavar="FILE")
    add("--raw", action="store_true", help="the weights that are trained rather than their moving average")
    add("--half", action="store_true", help="an artifact with weights in float16")
    add("--name", help="of an artifact [mine]")
    add("--source", help="of an artifact [trained by training.animesr]")
    add("--licence", help="of an artifact [unknown]")
    action.set_defaults(run=_export)
    return parser


def _add_samples(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--frames", type=words.positive, default=Restoring.frames, help="[%(default)s]")
    add("--patch", type=words.positive, default=Restoring.patch, help="side at low resolution [%(default)s]")
    add("--batch", type=words.positive, default=16, help="of all processes together [%(default)s]")
    add("--clean", type=float, default=0.0, help="share of clips that are only reduced [%(default)s]")
    text = "over which the degradations grow from mild ones [they are whole]"
    add("--curriculum", type=words.whole, default=0, metavar="STEPS", help=text)
    text = "learned operators, of training.lbo; each step of a reduction, --twice, is one of them with probability 1/2"
    add("--operators", type=Path, nargs="+", default=[], metavar="FILE", help=text)
    add("--twice", action="store_true", help="reduce by two twice without operators too, as step 3 does")
    add("--pool", type=words.positive, default=1, help="clips that samples are cut out of at once [%(default)s]")
    add("--patches", type=words.positive, default=1, help="samples for each clip that is made [%(default)s]")
    add("--pool-frames", type=words.whole, default=0, help="of such a clip [as a sample has]")
    add("--pool-size", type=words.size, default=(0, 0), metavar="WxH", help="of such a clip [a sample's]")
    text = "of samples and networks; stages of one seed see the same clips in the same order [%(default)s]"
    add("--seed", type=words.whole, default=0, help=text)


def _add_losses(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--steps", type=words.positive, required=True)
    add("--lr", type=words.above_zero, help="learning rate [2e-4 of stage net, 1e-4 of stage gan]")
    text = "distance to the truth [%(default)s, as the paper has it]"
    add("--loss", choices=tuple(DISTANCES), default=Restoring.loss, help=text)
    text = "steps over which it falls along a cosine, in stage net after it has grown, for 100 at most [it is constant]"
    add("--length", type=words.whole, default=0, help=text)
    add("--growing", action="store_true", help="samples grow from one frame to all of them, over --length steps")
    add("--plain", dest="sharpened", action="store_false", help="stage net learns the truth as it is, not sharpened")
    add("--clip", type=float, default=0.0, help="longest gradient [any]")
    add("--network", type=words.network, default=Restoring.network, metavar="F:A-B-C:M", help="features:blocks:fusion")
    add("--alone", dest="feedback", action="store_false", help="without feedback of the picture")
    critics.add_perceptual(group)


def _add_running(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--workers", type=words.whole, default=0, help="processes that make clips, for each of the training's")
    add("--device", default="", help="cpu or cuda [CUDA where there is any]")
    add("--precision", choices=("fp32", "bf16"), default="bf16", help="[%(default)s]")
    text = "compute each frame's step once more for its gradients: less memory, more time"
    add("--recompute", action="store_true", help=text)
    add("--held-out", type=words.whole, default=4, help="drawn clips to look at now and then [%(default)s]")
    for name, usual in {"look": 1000, "log": 50, "milestone": 0}.items():
        add(f"--{name}-every", type=words.whole, default=usual, metavar="STEPS", help="[%(default)s]")
    add("--tensorboard", action="store_true", help="numbers and pictures go there, too")
    command.add_accept(group)


if __name__ == "__main__":
    sys.exit(main())
