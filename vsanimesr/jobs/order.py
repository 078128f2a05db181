"""What is wanted of a job, and what it tells on the way."""

from dataclasses import dataclass, field
from pathlib import Path

from vsanimesr.errors import ArgumentError
from vsanimesr.jobs.script import ScriptOptions
from vsanimesr.media.encoders import Encoding

LEAST, MOST = 240, 1440
"""Frames of a chunk: an encoder's start costs nothing beside so many, and as many at most are lost by a power cut."""


@dataclass(frozen=True)
class Order:
    """What is wanted."""

    source: Path
    """The video."""
    output: Path
    """The file to make; its suffix decides the container."""
    script: ScriptOptions = field(default_factory=ScriptOptions)
    """How it is upscaled; formats and the source's stream are decided here."""
    encoding: Encoding = field(default_factory=Encoding)
    """How pictures are encoded."""
    devices: tuple[int, ...] = (0,)
    """Numbers of the devices that work side by side."""
    drop: tuple[str, ...] = ()
    """Kinds or numbers of streams that are left out."""
    overwrite: bool = False
    """Whether an output, or a job, that is there is given up."""
    mixed: bool = False
    """Whether a job goes on though device, versions or engines are others than those that it was begun with."""
    start: str = ""
    """The moment from which it is upscaled, as `part.part` reads it; '' for its beginning."""
    end: str = ""
    """The moment before which that ends; '' for its end."""
    least: int = LEAST
    """Frames of a chunk, where scenes allow it."""
    most: int = MOST
    """Frames of a scene that is not divided."""


@dataclass(frozen=True)
class Step:
    """How far something is."""

    what: str
    """'index', 'scenes', 'frames' or 'joining'."""
    done: int
    """Frames; hundredths of the file for 'index'."""
    total: int
    """Of all; 0 where that is not known."""
    fps: float = 0.0
    """Frames per second of this run; 0 where not known yet."""
    eta: float | None = None
    """Seconds to go; None where not known yet."""
    chunk: tuple[int, int] = (0, 0)
    """Chunks that are done, and all."""
    scene: tuple[int, int] = (0, 0)
    """Number, from 1 on, of the scene that is worked on (the earliest one, if several are), and how many there are;
    zeros where scenes were not looked for."""


@dataclass(frozen=True)
class Begun:
    """What is going to be made, told once before the first step."""

    model: str
    """Its name."""
    backend: str
    """The name of the one that works."""
    device: str
    """What it works on and in which precision, in words."""
    size: tuple[int, int]
    """Width and height of the source's pictures."""
    new_size: tuple[int, int]
    """Of the output's."""
    frames: int
    """Of the output."""


@dataclass(frozen=True)
class Done:
    """The output is in its place."""

    output: Path
    """The file."""
    frames: int
    """Of its video."""
    seconds: float
    """That this run took."""


def check(order: Order, *, begun: bool = False) -> None:
    """Raise ArgumentError for an output that cannot be written or would be lost, and for impossible numbers.

    A job that was `begun` may have been killed when its output was there already.
    """
    if not order.output.suffix:
        raise ArgumentError(
            f"the output '{order.output}' has no suffix, which decides its container; write .mkv or .mp4"
        )
    if not order.output.parent.is_dir():
        raise ArgumentError(f"there is no folder '{order.output.parent}' for the output; make it first")
    if order.output.is_dir():
        raise ArgumentError(f"the output '{order.output}' is a folder; give the name of the file to make")
    if order.output.exists() and order.source.exists() and order.output.samefile(order.source):
        raise ArgumentError(f"'{order.output}' is the input as well; give the output another name")
    if order.output.exists() and not order.overwrite and not begun:
        raise ArgumentError(f"'{order.output}' is there already; give --overwrite, or another name")
    if not order.devices or len(set(order.devices)) != len(order.devices):
        raise ArgumentError(f"devices are {list(order.devices)}, wanted one number or several different ones")
