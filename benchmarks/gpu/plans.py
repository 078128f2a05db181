"""The stages: what each one runs, one process for whatever may fail by itself."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.gpu import engine, torch_peers
from benchmarks.gpu.processes import OK, RESULT, ROOT, Job, python
from benchmarks.gpu.result import Result
from benchmarks.gpu.variants import PLAIN, VARIANTS
from vsanimesr.spec import FORMATS

BASE = (640, 480)
"""The size of the goals, and that of everything that is run at one size only."""
ENGINES = ("tensorrt", "tensorrt_rtx")
CLIP_RATE = Path(__file__).resolve().with_name("clip_rate.py")
DEVICES = {"tensorrt": "", "tensorrt_rtx": "", "torch": "cuda"}
"""The backends that run on a GPU, and their names of it."""


@dataclass(frozen=True)
class Asked:
    """What to run."""

    backends: tuple[str, ...] = tuple(DEVICES)
    sizes: tuple[tuple[int, int], ...] = ((320, 240), BASE, (1280, 720), (1920, 1080))
    """(width, height), samples."""
    formats: tuple[str, ...] = ("RGBH", "RGBS", "YUV420P8")
    """VapourSynth's names."""
    repeats: int = 7
    """Rounds of each time by the GPU's clock."""
    count: int = 20
    """Steps in each of them."""
    frames: int = 200
    """Of each clip."""
    rounds: int = 3
    """How often vspipe runs each of them."""
    peer: Path | None = None
    """Folder into which the package of the peer was installed or unpacked; None for no peer."""


type Plan = Callable[[Asked, Result], Iterator[Job]]


def environment(asked: Asked, result: Result) -> Iterator[Job]:
    """What the machine is."""
    yield _module("environment", "environment", 120)


def backends(asked: Asked, result: Result) -> Iterator[Job]:
    """Whether each backend works, and what its library says of engines."""
    for name in asked.backends:
        yield _module(name, "usable", 180, backend=name, device=DEVICES[name])
    for name in (name for name in asked.backends if name in ENGINES):
        for target in engine.TARGETS if name == "tensorrt_rtx" else (engine.DEFAULT,):
            yield _module(f"{name}, engine for {target}", "engine", 180, backend=name, target=target)


def tests(asked: Asked, result: Result) -> Iterator[Job]:
    """The tests that need a GPU; a backend of which it is known that it works may not be skipped."""
    known = [name for name in usable(asked, result) if name in result.stages.get("backends", {})]
    yield replace(_module("pytest -m gpu", "suite", 420), env={"VSANIMESR_GPU": ",".join(known)} if known else {})


def parity(asked: Asked, result: Result) -> Iterator[Job]:
    """Against PyTorch in float32, over 30 frames."""
    for name in usable(asked, result):
        for precision, floor in (("fp16", ["--floor", "50"]), ("fp32", [])):
            words = ["--backend", name, "--device", DEVICES[name], "--precision", precision, "--frames", "30"]
            command = python("-m", "export.verify", *words, *floor, "--output", RESULT)
            yield Job(f"{name} {precision}", command, 180)


def step(asked: Asked, result: Result) -> Iterator[Job]:
    """The bare step by the GPU's clock, and what the GPU could do at most."""
    yield _module("dense product", "product", 120, precisions=["fp16", "tf32", "fp32"])
    for name in (name for name in usable(asked, result) if name in ENGINES):
        for size in asked.sizes:
            for format_ in asked.formats:
                yield _step(asked, name, size, format_, PLAIN)
    working = [name for name in asked.backends if name in usable(asked, result) or _runs(name, result)]
    for name in (name for name in working if name in ENGINES):
        for variant in VARIANTS.values():
            if variant.name != PLAIN and variant.suits(name):
                yield _step(asked, name, BASE, asked.formats[0], variant.name)


def torch(asked: Asked, result: Result) -> Iterator[Job]:
    """The network in PyTorch; what is compiled, at one size, as that takes minutes."""
    counts = {"count": asked.count, "repeats": asked.repeats}
    for mode in torch_peers.MODES:
        compiled = mode in torch_peers.COMPILED
        for width, height in (BASE,) if compiled else asked.sizes:
            name = f"{mode} {width}x{height}"
            yield _module(name, "torch_peers", 300 if compiled else 90, mode=mode, width=width, height=height, **counts)


def peer(asked: Asked, result: Result) -> Iterator[Job]:
    """The filter, and the PyPI package of the same import name, each in a process of Python on the same clip."""
    for format_ in (name for name in asked.formats if FORMATS[name].floating):  # the peer takes no other
        about = {"width": BASE[0], "height": BASE[1], "format": format_, "frames": asked.frames}
        for name in usable(asked, result):
            ours = {"backend": name, "device": DEVICES[name], "precision": "fp16"}
            yield _clip(f"{name} {format_}", "ours", str(ROOT), {**about, **ours})
        if asked.peer is not None:
            yield _clip(f"peer {format_}", "peer", str(asked.peer.resolve()), about)


def vspipe(asked: Asked, result: Result) -> Iterator[Job]:
    """Whole runs of vspipe, by the benchmark `speed`; a process for each backend and size, as one may be too large.

    The first one also measures products and copies.
    """
    for n, name in enumerate(usable(asked, result)):
        for m, (width, height) in enumerate(asked.sizes):
            words = [
                *_combination(name, asked, (width, height)),
                "--frames",
                str(asked.frames),
                "--rounds",
                str(asked.rounds),
            ]
            words += ["--overhead-frames", "2000", *(["--no-ceilings"] if n or m else [])]
            yield Job(f"{name} {width}x{height}", python("-m", "benchmarks", "speed", *words, "--output", RESULT), 420)


def memory(asked: Asked, result: Result) -> Iterator[Job]:
    """Memory of the host and of the GPU, by the benchmark `memory`."""
    for name in usable(asked, result):
        for width, height in asked.sizes:
            words = [*_combination(name, asked, (width, height)), "--network-frames", "64"]
            yield Job(f"{name} {width}x{height}", python("-m", "benchmarks", "memory", *words, "--output", RESULT), 180)


STAGES: dict[str, Plan] = {
    "environment": environment,
    "backends": backends,
    "step": step,
    "parity": parity,
    "torch": torch,
    "peer": peer,
    "vspipe": vspipe,
    "memory": memory,
    "tests": tests,
}
"""All of them in the order in which they run: what nothing else can tell goes first, in case time runs out."""


def usable(asked: Asked, result: Result) -> Sequence[str]:
    """The backends that were asked for, but for those of which it is known by now that they do not work here."""
    known = result.stages.get("backends", {})
    return [name for name in asked.backends if name not in known or known[name]["status"] == OK]


def _runs(backend: str, result: Result) -> bool:
    """Whether some engine of a library ran here, even if not the one that the filter builds."""
    known = result.stages.get("backends", {})
    return any(known.get(f"{backend}, engine for {target}", {}).get("status") == OK for target in engine.TARGETS)


def step_name(backend: str, size: tuple[int, int], format_: str, variant: str = PLAIN) -> str:
    """What the job is called that times a step."""
    name = f"{backend} {size[0]}x{size[1]} {format_}"
    return name if variant == PLAIN else f"{name}, {variant}"


def _step(asked: Asked, backend: str, size: tuple[int, int], format_: str, variant: str) -> Job:
    counts = {"count": asked.count, "repeats": asked.repeats}
    about = {"backend": backend, "width": size[0], "height": size[1], "format": format_, "variant": variant}
    return _module(step_name(backend, size, format_, variant), "step", 180, **about, **counts)


def _combination(backend: str, asked: Asked, size: tuple[int, int]) -> list[str]:
    device = DEVICES[backend]
    runs_on = f"{backend}:{device}" if device else backend
    sizes = ["--sizes", f"{size[0]}x{size[1]}", "--formats", *asked.formats]
    return [*sizes, "--backends", runs_on, "--precisions", "fp16"]


def _module(name: str, module: str, limit: float, **arguments: Any) -> Job:
    return Job(name, python("-m", f"benchmarks.gpu.{module}", json.dumps(arguments), RESULT), limit)


def _clip(name: str, who: str, path: str, about: dict[str, Any]) -> Job:
    command = python("-P", str(CLIP_RATE), json.dumps({"who": who, **about}), RESULT)
    return Job(name, command, 180, {"PYTHONPATH": path}, Path(ROOT.anchor))
