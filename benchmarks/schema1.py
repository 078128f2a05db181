"""Layout 1 of the JSON files, which had one size and flat names, as a report of today."""

from dataclasses import replace
from typing import Any

from benchmarks import floors, memory
from benchmarks.combinations import UNNAMED, Combination
from benchmarks.figures import Case, Curve, Report

_RATIO = "ours / bare steps"
_STEPS, _OURS = "bare steps", "vspipe, ours"


def report(plain: Report, curves: dict[str, list[float]]) -> Report:
    """Sort flat figures into cases; raises KeyError for a setting or a figure that every such file has."""
    if plain.benchmark == "memory":
        cases = [_memory(name, plain, curves) for name in _runs(plain)]
        return replace(plain, cases=cases, figures={}, missing={})
    figures, settings = plain.figures, plain.settings
    own = {floors.BARE: figures[_STEPS].each(lambda rate: 1e3 / rate, "ms"), floors.VSPIPE: figures[_OURS]}
    ran = {key: str(settings[key]) for key in ("precision", "device", "version")}
    case = Case(_combination("openvino", ran["precision"], settings), ran, figures=own)
    others = {name: figure for name, figure in figures.items() if name not in (_STEPS, _OURS)}
    quotients = {name: ratio for name, ratio in plain.ratios.items() if name != _RATIO}
    return replace(plain, cases=[case], figures=others, ratios=quotients)


def _runs(plain: Report) -> list[str]:
    return list(dict.fromkeys([*(name.partition(": ")[0] for name in plain.figures), *plain.missing]))


def _memory(name: str, plain: Report, curves: dict[str, list[float]]) -> Case:
    """One run; its figures were called 'NAME: resident after frame N', the same at the end, 'NAME: peak'."""
    backend, _, precision = name.partition(", ")
    combination = _combination(backend, precision or "fp32", plain.settings)
    if name in plain.missing:
        return Case(combination, missing={memory.PEAK: plain.missing[name].splitlines()[-1].strip()})
    values = [figure for key, figure in plain.figures.items() if key.startswith(f"{name}: ")]
    own = dict(zip((memory.SETTLED, memory.LAST, memory.PEAK), values, strict=True))
    frames = plain.settings["frames" if backend == "fake" else "network_frames"]
    curve = Curve(memory.every(frames), curves[f"{name}: resident, MiB"], memory.UNIT)
    return Case(combination, figures=own, curve=curve)


def _combination(backend: str, precision: str, settings: dict[str, Any]) -> Combination:
    return Combination(settings["width"], settings["height"], "RGBS", backend, "", precision, UNNAMED)
