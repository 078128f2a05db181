"""How fast narrower networks are, before anybody trains them: `python -m benchmarks.students`.

Speed depends on widths and depths, not on weights: those are random here. Each round measures every network once, in
the same process, so that what disturbs the machine disturbs all of them alike; the figures are quotients by rounds.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch

from benchmarks import machine, steps
from benchmarks.combinations import Combination, parse_size
from benchmarks.pattern import DRAWN
from export.to_onnx import export
from vsanimesr import backends
from vsanimesr.backends.base import Setup
from vsanimesr.models import Artifact
from vsanimesr.nets import Cell
from vsanimesr.spec import FORMATS, ModelSpec, Network

TEACHER = "64:5-3-2:224"
USUAL = [TEACHER, "16:2-1-1:48", "16:3-2-1:64", "24:2-1-1:64", "24:3-2-1:64", "24:3-2-1:64:alone", "32:3-2-1:80"]
"""Features : blocks : fusion, and ': alone' for a network without feedback."""


@dataclass(frozen=True)
class Student(ModelSpec):
    """A model of any width and depth."""

    own: Network = field(default_factory=Network)
    """Which ones."""

    @property
    def network(self) -> Network:
        """Its own instead of that of the architecture's name."""
        return self.own


def parse(text: str) -> Student:
    """Such as '24:2-1-1:64'; raises ValueError."""
    features, blocks, fusion, *alone = text.split(":")
    full, half, quarter = map(int, blocks.split("-"))
    network = Network(int(features), (full, half, quarter), int(fusion))
    return Student(text, "student", 4, alone != ["alone"], "drawn", "unknown", "", own=network)


def drawn(spec: Student) -> Artifact:
    """Its cell with random weights, all different: the exporter merges what is equal."""
    torch.manual_seed(1)
    cell = Cell(spec.feedback, spec.network)
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter, std=0.02)
    return Artifact(spec, export(cell))


def measure(asked: argparse.Namespace, students: Sequence[Student]) -> Iterator[dict[str, float]]:
    """Milliseconds of a frame of each, a round after another."""
    width, height = asked.size
    clip = Combination(width, height, asked.format, asked.backend, "", asked.precision).clip(
        asked.warm_up + asked.frames
    )
    source = [steps.planes(clip, n) for n in range(DRAWN)]
    cells = {spec.name: drawn(spec) for spec in students}
    for _ in range(asked.rounds):
        found = {}
        for name in cells:
            setup = Setup(clip, steps.SLOTS, asked.precision, "", 0, partial(cells.__getitem__, name))
            backend = backends.get(asked.backend)(setup)
            try:
                ends = steps.drive(backend, clip, source)
            finally:
                backend.close()
            found[name] = 1e3 * (ends[-1] - ends[asked.warm_up - 1]) / asked.frames
        yield found


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.students", description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("student", nargs="*", default=USUAL, help="features:full-half-quarter:fusion[:alone]")
    add("--size", type=parse_size, default=(640, 480), metavar="WxH")
    add("--format", default="YUV420P8", choices=FORMATS)
    add("--backend", default="openvino")
    add("--precision", default="auto")
    add("--frames", type=int, default=8)
    add("--warm-up", type=int, default=3)
    add("--rounds", type=int, default=3)
    asked = parser.parse_args(arguments)
    others = machine.Others()
    rounds = list(measure(asked, [parse(text) for text in asked.student]))
    first = asked.student[0]
    for name in asked.student:
        mine = [found[name] for found in rounds]
        faster = [found[first] / found[name] for found in rounds]
        spread = f"({min(faster):.2f} to {max(faster):.2f})"
        print(f"{name:24} {statistics.median(mine):8.1f} ms {statistics.median(faster):6.2f} {spread}")
    print(f"other processes: {others.percent():.1f}% of the processors")
    print(json.dumps({"machine": machine.describe(["students", *arguments]), "rounds": rounds}))


if __name__ == "__main__":
    main(sys.argv[1:])
