"""The metrics that are evaluated, by name: what each needs, what better is, and how it is computed."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training import external
from training.external import Found
from training.metrics import brisque, fidelity, maniqa, niqe, piqe
from training.metrics.pictures import Picture, luma
from training.metrics.ssim import ssim
from vsanimesr.errors import ArgumentError


@dataclass(frozen=True, eq=False)
class View:
    """One picture of a method, and what it is measured beside."""

    picture: Picture
    before: Picture | None
    """The method's picture before it; None for the first."""
    truth: Picture | None
    truth_before: Picture | None
    lines: NDArray[np.uint8] | None


@dataclass(frozen=True)
class Measure:
    """A metric."""

    name: str
    label: str
    """For the heads of tables."""
    unit: str
    """'' where there is none."""
    higher: bool
    """Whether higher is better."""
    reference: bool
    """Whether it needs a truth; one that does not is measured in some of the frames only, and of the truth as well."""
    digits: int
    """After the point."""
    of: Callable[[View], float | None]
    """The figure, or None where a picture has not what it needs."""


@dataclass(frozen=True)
class Settings:
    """What the user says about metrics."""

    border: int = 4
    """Samples at each edge of the picture that PSNR and SSIM leave out: the scale, as the literature does."""
    niqe_prior: Path | None = None
    brisque_svm: Path | None = None
    brisque_ranges: Path | None = None
    maniqa_weights: Path | None = None
    maniqa_scale: float = maniqa.PIPAL_SCALE
    maniqa_sets: int = maniqa.SETS
    device: str = "cpu"
    """PyTorch's, of MANIQA."""


REFERENCE = ("psnr", "psnr-y", "ssim", "ssim-y", "psnr-lines", "temporal")
BLIND = ("niqe", "piqe", "brisque", "maniqa")
NAMES = (*REFERENCE, *BLIND)
USUAL = (*REFERENCE, "piqe")
"""Those that need no file of others."""


def prepare(names: Sequence[str], settings: Settings) -> tuple[list[Measure], dict[str, Found]]:
    """The metrics of these names in the order of NAMES, and the files of others that they read.

    Raises ArgumentError for a name that is none, and as `external.locate` and the readers do, before anything is
    measured.
    """
    if unknown := [name for name in names if name not in NAMES]:
        raise ArgumentError(f"no metric is called {unknown[0]!r}; wanted some of {', '.join(NAMES)}")
    found = dict[str, Found]()
    known: Mapping[str, Callable[[], Measure]] = {
        "niqe": lambda: _niqe(settings, found),
        "brisque": lambda: _brisque(settings, found),
        "maniqa": lambda: _maniqa(settings, found),
        "piqe": lambda: Measure("piqe", "PIQE", "", False, False, 2, lambda view: piqe.score(view.picture)),
    }
    beside = _with_truth(settings.border)
    return [beside[name] if name in beside else known[name]() for name in NAMES if name in names], found


def _with_truth(border: int) -> dict[str, Measure]:
    rgb, y = functools.partial(_beside, border=border), functools.partial(_beside_luma, border=border)
    made = [
        Measure("psnr", "PSNR", "dB", True, True, 2, functools.partial(rgb, fidelity.psnr)),
        Measure("psnr-y", "PSNR-Y", "dB", True, True, 2, functools.partial(y, fidelity.psnr)),
        Measure("ssim", "SSIM", "", True, True, 4, functools.partial(rgb, ssim)),
        Measure("ssim-y", "SSIM-Y", "", True, True, 4, functools.partial(y, ssim)),
        Measure("psnr-lines", "PSNR, lines", "dB", True, True, 2, functools.partial(_lines, border=border)),
        Measure("temporal", "temporal", "of 255", False, True, 2, _temporal),
    ]
    return {measure.name: measure for measure in made}


type Fidelity = Callable[..., float]


def _beside(metric: Fidelity, view: View, border: int) -> float | None:
    return None if view.truth is None else metric(view.picture, view.truth, border=border)


def _beside_luma(metric: Fidelity, view: View, border: int) -> float | None:
    return None if view.truth is None else metric(luma(view.picture), luma(view.truth), border=border)


def _lines(view: View, border: int) -> float | None:
    if view.truth is None or view.lines is None:
        return None
    value = fidelity.line_psnr(view.picture, view.truth, view.lines, border=border)
    return None if np.isnan(value) else value


def _temporal(view: View) -> float | None:
    if view.truth is None or view.before is None or view.truth_before is None:
        return None
    return fidelity.temporal_error(view.before, view.picture, view.truth_before, view.truth)


def _niqe(settings: Settings, found: dict[str, Found]) -> Measure:
    found["NIQE prior"] = file = external.locate("niqe-prior", settings.niqe_prior)
    prior = niqe.read(file.path)
    return Measure("niqe", "NIQE", "", False, False, 3, lambda view: niqe.score(view.picture, prior))


def _brisque(settings: Settings, found: dict[str, Found]) -> Measure:
    found["BRISQUE regression"] = regression = external.locate("brisque-regression", settings.brisque_svm)
    found["BRISQUE ranges"] = ranges = external.locate("brisque-ranges", settings.brisque_ranges)
    model = brisque.read(regression.path, ranges.path)
    return Measure("brisque", "BRISQUE", "", False, False, 2, lambda view: _finite(brisque.score(view.picture, model)))


def _maniqa(settings: Settings, found: dict[str, Found]) -> Measure:
    found["MANIQA weights"] = file = external.locate("maniqa", settings.maniqa_weights)
    network = maniqa.read(file.path, scale=settings.maniqa_scale, device=settings.device)
    score = functools.partial(maniqa.score, network=network, sets=settings.maniqa_sets)
    return Measure("maniqa", "MANIQA", "", True, False, 4, lambda view: score(view.picture))


def _finite(value: float) -> float | None:
    """None where a picture is too flat to have features."""
    return value if np.isfinite(value) else None
