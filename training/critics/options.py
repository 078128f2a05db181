"""The perceptual loss on a command line."""

import argparse
from pathlib import Path

from training import external
from training.critics.perceptual import FILES, KINDS, NONE, Perceptual
from vsanimesr.errors import ArgumentError

USUAL = "vgg19"
"""What the paper has."""


def add_perceptual(parser: argparse._ActionsContainer) -> None:
    """Adds --perceptual and the options of its files."""
    text = (
        "features of the perceptual loss: vgg19, as in the paper; toon, of our own, learned on drawn pictures; random, "
        f"to try the code and for nothing else; or none [{USUAL}]"
    )
    parser.add_argument("--perceptual", choices=(NONE, *KINDS), help=text)
    for name in FILES.values():
        external.add_option(parser, name)


def perceptual(asked: argparse.Namespace) -> Perceptual | None:
    """The loss that a command line asks for, None for none; call it before a training begins.

    Raises ArgumentError for the file of other features than are asked for, and as Perceptual does.
    """
    wanted, given = asked.perceptual or USUAL, _files(asked)
    for kind in given:
        if kind != wanted:
            raise ArgumentError(f"{_option(kind)} with --perceptual {wanted}: leave it out, or set that to {kind}")
    return None if wanted == NONE else Perceptual(wanted, given.get(wanted))


def refuse_perceptual(asked: argparse.Namespace, why: str) -> None:
    """Raises ArgumentError where a command line has one of these options, which has no use there."""
    given = ["--perceptual"] if asked.perceptual else []
    given += map(_option, _files(asked))
    if given:
        raise ArgumentError(f"{given[0]}: {why}, so leave it out")


def _files(asked: argparse.Namespace) -> dict[str, Path]:
    """Those that are given, by the kind of features."""
    paths = {kind: getattr(asked, name.replace("-", "_")) for kind, name in FILES.items()}
    return {kind: path for kind, path in paths.items() if path}


def _option(kind: str) -> str:
    return external.REGISTRY[FILES[kind]].option
