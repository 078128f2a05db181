"""What an engine is: the sizes that it takes, and the key of everything that decides its content.

Two engines with the same digest are interchangeable; if anything that matters differs, so do digest and file name.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from vsanimesr.engines import strict
from vsanimesr.errors import ArgumentError

VERSION = 1
"""Version of what a key means. Another one makes every engine there is another engine."""
SUFFIX = ".engine"
DIGITS = 12
"""Hex digits of the digest in a file name."""
MULTIPLE = 4
"""Sides are multiples of this, as the network's input is (`ModelSpec.multiple`)."""
PART_LENGTH, STEM_LENGTH = 64, 176
"""Most characters of one part of a file name, and of all of them before the digest: file systems allow 255 in all."""
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names that mean a device on Windows, whatever follows their first dot."""

Size = tuple[int, int]
"""Height and width, samples."""


@dataclass(frozen=True)
class Shapes:
    """The sizes that an engine takes.

    Sides are multiples of 4, and on each side least <= best <= most; anything else raises ArgumentError.
    """

    least: Size
    """Smallest (height, width), samples."""
    best: Size
    """The (height, width) that the library tunes for, samples."""
    most: Size
    """Greatest (height, width), samples."""

    def __post_init__(self) -> None:
        sizes = (self.least, self.best, self.most)
        for height, width in sizes:
            if min(height, width) < MULTIPLE or height % MULTIPLE or width % MULTIPLE:
                raise ArgumentError(f"an engine cannot take {width}x{height}; wanted are multiples of {MULTIPLE}")
        for side in zip(*sizes, strict=True):
            if list(side) != sorted(side):
                told = ", ".join(map(_text, sizes))
                raise ArgumentError(f"the sizes of an engine are {told}; wanted are the least, the best, the most")

    @classmethod
    def of(cls, height: int, width: int) -> Self:
        """The shapes of an engine that takes one size only (samples)."""
        return cls((height, width), (height, width), (height, width))

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The shapes that JSON describes; raises ValueError unless it is what `dataclasses.asdict` makes of them."""
        sizes = strict.record(value, ("least", "best", "most"), "shapes")
        return cls(strict.size(sizes["least"]), strict.size(sizes["best"]), strict.size(sizes["most"]))

    @property
    def static(self) -> bool:
        """Whether there is one size only."""
        return self.least == self.most

    def covers(self, height: int, width: int) -> bool:
        """Whether the engine takes this size (samples, after padding: what is no multiple of 4 it does not take)."""
        sides = zip(self.least, (height, width), self.most, strict=True)
        return all(least <= side <= most and side % MULTIPLE == 0 for least, side, most in sides)

    def __str__(self) -> str:
        if self.static:
            return _text(self.best)
        return f"{_text(self.least)} to {_text(self.most)}, best {_text(self.best)}"


@dataclass(frozen=True, kw_only=True)
class EngineKey:
    """Everything that decides what an engine is."""

    model: str
    """Name of the model, for people; no part of the digest, since the weights are what counts."""
    weights_sha256: str
    """Hash of the model's weights (`vsanimesr.models.hash_weights`)."""
    graph: str
    """Which graph: 'ingest' or 'step'."""
    graph_sha256: str
    """Hash of the graph that the library was given."""
    format: str
    """The clip's format, such as 'RGBH'."""
    precision: str
    """'fp16' or 'fp32'."""
    shapes: Shapes
    """The sizes that the engine takes."""
    library: str
    """'tensorrt' or 'tensorrt_rtx'."""
    library_version: str
    """The library's own version, such as '1.7.1.116'."""
    platform: str
    """System and processor, such as 'linux-x86_64'."""
    device: str
    """Name of the GPU; '' where the engine serves every GPU of its capabilities."""
    compute_capabilities: tuple[str, ...]
    """Capabilities that it is built for, such as '8.9'; () where the library decides."""
    optimization_level: int | None
    """The builder's optimisation level; None for the library's own choice."""
    workspace_mib: int | None
    """Memory that the builder may try kernels in, MiB; None for the library's own choice."""

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of everything but the model's name."""
        content = self.to_json() | {"version": VERSION}
        del content["model"]
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def file_name(self) -> str:
        """Name that tells people what the file is, and that no file system objects to; at most 200 characters."""
        shapes = self.shapes if self.shapes.static else f"{_text(self.shapes.least)}-{_text(self.shapes.most)}"
        library = f"{self.library}-{self.library_version}"
        parts = [self.model, self.graph, str(shapes), self.format, self.precision, library, self._capabilities()]
        stem = ".".join(_safe(part) for part in parts if part)[:STEM_LENGTH]
        return f"{'_' if RESERVED.match(stem) else ''}{stem}.{self.digest[:DIGITS]}{SUFFIX}"

    def to_json(self) -> dict[str, Any]:
        """The key as `json.loads` would return it."""
        described: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return described

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The key that `to_json` described; raises ValueError for a missing, unknown or ill-typed field."""
        names = [field.name for field in fields(cls)]
        entries = strict.record(value, names, "the key")
        values: dict[str, Any] = {name: READERS.get(name, strict.text)(entries[name]) for name in names}
        return cls(**values)

    def __str__(self) -> str:
        kind = f"{self.model} {self.graph}, {self.shapes}, {self.format}, {self.precision}"
        return f"{kind}, {self.library} {self.library_version}, {self.serves}"

    @property
    def serves(self) -> str:
        """The GPUs that it is for, in words."""
        capabilities = f"sm {', '.join(self.compute_capabilities)}" if self.compute_capabilities else ""
        return " ".join(filter(None, (self.device, capabilities))) or "as the library decides"

    def _capabilities(self) -> str:
        digits = [capability.replace(".", "") for capability in self.compute_capabilities]
        return f"sm{'-'.join(digits)}" if digits else ""


READERS: dict[str, Callable[[object], object]] = {
    "shapes": Shapes.from_json,
    "compute_capabilities": strict.texts,
    "optimization_level": strict.integer_or_null,
    "workspace_mib": strict.integer_or_null,
}
"""How to read the fields of a key that are no strings."""


def _text(size: Size) -> str:
    """A size as people write that of a video, width first."""
    height, width = size
    return f"{width}x{height}"


def _safe(part: str) -> str:
    """`part` out of letters that every file system takes, not starting with what hides a file or means an option."""
    return re.sub(r"^[.-]", "_", re.sub(r"[^A-Za-z0-9._-]+", "_", part))[:PART_LENGTH]
