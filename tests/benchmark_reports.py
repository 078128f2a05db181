"""Reports of benchmarks for tests."""

import json
from pathlib import Path

from benchmarks import floors, plots, schema
from benchmarks.combinations import Combination
from benchmarks.figures import Case, Curve, Figure, Report

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results"
OLD_SPEED = RESULTS / "speed-640x480-bf16-zen4-2026-11-21.json"
OLD_MEMORY = RESULTS / "memory-640x480-zen4-2026-11-21.json"
RAN = {"precision": "bf16", "device": "CPU", "version": "Some 1.0"}
MACHINE = {
    "date": "2026-12-01",
    "processor": "Some | processor",
    "features": ["avx2"],
    "gpus": [],
    "cores": 2,
    "memory_gib": 3.5,
    "versions": {"numpy": "2"},
    "command": "python -m benchmarks speed --sizes 640x480 1920x1080",
}
CEILINGS = {"dense product, bf16, CPU": Figure((1.0,), "TFLOP/s"), "host copy": Figure((10.0,), "GB/s")}


def case(width: int, height: int, milliseconds: float, **changes: str) -> Case:
    asked = {"format": "RGBS", "backend": "openvino", "device": "", "precision": "bf16", **changes}
    rounds = (milliseconds, milliseconds * 1.1, milliseconds * 0.9)
    found = {floors.BARE: Figure(rounds, "ms"), floors.VSPIPE: Figure(tuple(960 / ms for ms in rounds), "frames/s")}
    return Case(Combination(width, height, **asked), dict(RAN), 1_128_528 * width * height, found)


def speed_report() -> Report:
    failed = Case(Combination(640, 480, "RGBH", "torch", "cuda", "fp16"), missing={"bare steps": "no | GPU here"})
    cases = [case(640, 480, 1000.0), case(1920, 1080, 7000.0), failed]
    return Report("speed", {"rounds": 3, "peer_beside": ""}, MACHINE, cases, CEILINGS, missing={"peer": "it is away"})


def memory_report() -> Report:
    cases = [
        Case(
            Combination(side, side, "RGBS", "torch", "cuda", "fp16"),
            figures={name: Figure((float(side + n),), "MiB") for n, name in enumerate(plots._PEAKS)},
            curve=Curve(2, [10.0, 20.0, 20.0], "MiB"),
        )
        for side in (320, 640)
    ]
    return Report("memory", {"frames": 6}, MACHINE, cases)


def save(report: Report, folder: Path, name: str = "new") -> Path:
    file = folder / f"{name}.json"
    file.write_text(json.dumps(schema.dump(report)))
    return file
