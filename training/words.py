"""Words of command lines as numbers: types for argparse, which names the option and shows what they say."""

import math
import re
from argparse import ArgumentTypeError

from vsanimesr.spec import Network


def whole(text: str) -> int:
    """A number from 0 on; raises ArgumentTypeError for anything else."""
    return _number(text, 0)


def positive(text: str) -> int:
    """A number from 1 on; raises ArgumentTypeError for anything else."""
    return _number(text, 1)


def size(text: str) -> tuple[int, int]:
    """Width and height; raises ArgumentTypeError for anything but WIDTHxHEIGHT, both from 1 on."""
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if found is None or not min(pair := (int(found[1]), int(found[2]))):
        raise ArgumentTypeError(f"{text!r}, wanted WIDTHxHEIGHT, such as 640x384")
    return pair


def network(text: str) -> Network:
    """A network's features:blocks:fusion; raises ArgumentTypeError for anything but such as '24:3-2-1:64'."""
    found = re.fullmatch(r"(\d+):(\d+)-(\d+)-(\d+):(\d+)", text)
    if found is None or not min(map(int, found.groups())):
        raise ArgumentTypeError(f"{text!r} is no network, wanted one such as 24:3-2-1:64")
    features, full, half, quarter, fusion = map(int, found.groups())
    return Network(features, (full, half, quarter), fusion)


def above_zero(text: str) -> float:
    """A number above 0; raises ArgumentTypeError for anything else."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < math.inf:
        raise ArgumentTypeError(f"{text!r}, wanted a number above 0")
    return found


def _number(text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise ArgumentTypeError(f"{text!r}, wanted a number from {least} on")
    return int(text)
