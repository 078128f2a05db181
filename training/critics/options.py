"""The perceptual loss on a command line."""

import argparse

from training import external
from training.critics.perceptual import FILES, KINDS, NONE, Perceptual
from vsanimesr.errors import ArgumentError


def add_perceptual(parser: argparse._ActionsContainer) -> None:
    """Adds --perceptual and the options of its files."""
    text = (
        "features of the perceptual loss: vgg19, as in the paper; toon, of our own, learned on drawn pictures; random, "
        "to try the code and for nothing else; or none [%(default)s]"
    )
    parser.add_argument("--perceptual", choices=(NONE, *KINDS), default="vgg19", help=text)
    for name in FILES.values():
        external.add_option(parser, name)


def perceptual(asked: argparse.Namespace) -> Perceptual | None:
    """The loss that a command line asks for, None for none; call it before a training begins.

    Raises ArgumentError for the file of other features than are asked for, and as Perceptual does.
    """
    given = {kind: getattr(asked, FILES[kind].replace("-", "_")) for kind in FILES}
    for kind, path in given.items():
        if path and kind != asked.perceptual:
            option = external.REGISTRY[FILES[kind]].option
            raise ArgumentError(f"{option} with --perceptual {asked.perceptual}: leave it out, or set that to {kind}")
    if asked.perceptual == NONE:
        return None
    return Perceptual(asked.perceptual, given.get(asked.perceptual))
