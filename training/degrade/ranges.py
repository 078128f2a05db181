"""What the degradations are drawn from: the paper's ranges and probabilities, and how they grow in a curriculum.

Where the authors' code departs from their paper (AnimeSR, NeurIPS 2022, appendix, "More details about the degradation
model"):

- The paper gives anisotropic Gaussians deviations in [0.8, 3.0]. The code hands [0.2, 4.0] to the first axis and
  [0.8, 3.0] to the second. The default is the code's, of which the published weights were made; since the angle is
  uniform it contains the paper's. `with_anisotropic("paper")` is the other.
- Their batched version gives all gray frames of a clip one plane of noise, scaled for each. A recurrent network could
  learn to take such a plane off, and no recording has one: here each frame has its own.
- The first stage reduces by four at once; the paper's equation (2), by two twice, is that of the final stage.
"""

from dataclasses import dataclass, replace
from typing import Literal, Self

from vsanimesr.errors import ArgumentError

type Range = tuple[float, float]
"""Lower and upper end of a uniform distribution."""

PROFILES = ("baseline", "main", "high")
"""Of H.264, in the order of their probabilities."""
FILTERS = ("area", "linear", "cubic")
"""Of OpenCV's `resize`, in the order of their probabilities."""
ANISOTROPIC: dict[str, tuple[Range, Range]] = {
    "code": ((0.2, 4.0), (0.8, 3.0)),
    "paper": ((0.8, 3.0), (0.8, 3.0)),
}
"""Deviations of the two axes of an anisotropic Gaussian, by who says so."""
EARLY_SIGMA = 1.5
"""The largest deviation with which a curriculum begins."""
EARLY_CRF = 26.0
"""The largest CRF with which a curriculum begins."""


@dataclass(frozen=True)
class Ranges:
    """What a recipe is drawn from; what is not said otherwise is AnimeSR's first stage."""

    anisotropic: float = 0.3
    """Probability of an anisotropic Gaussian."""
    sigma: Range = (0.2, 4.0)
    """Deviation of an isotropic Gaussian, in samples of the HR picture."""
    sigma_x: Range = ANISOTROPIC["code"][0]
    """Deviation of an anisotropic Gaussian's first axis."""
    sigma_y: Range = ANISOTROPIC["code"][1]
    """Deviation of its second axis."""
    noise: Range = (0.0, 10.0)
    """Deviation of the noise, in steps of 8 bits."""
    gray: float = 0.5
    """Probability of gray noise, which is the same in the three channels."""
    steps: Literal[1, 2] = 1
    """1: one reduction by four. 2: two by two."""
    filters: tuple[float, float, float] = (0.3, 0.3, 0.4)
    """Probabilities of FILTERS, for each reduction."""
    learned: float = 0.0
    """Probability that a learned operator replaces a reduction by two, for each of them, where there are operators."""
    crf: Range = (18.0, 35.0)
    """Constant rate factor of x264, real-valued; higher is worse."""
    profiles: tuple[float, float, float] = (0.1, 0.2, 0.7)
    """Probabilities of PROFILES."""

    def __post_init__(self) -> None:
        _check_ends(self)
        _check_probabilities(self)

    def with_anisotropic(self, reading: str) -> Self:
        """The same with the anisotropic deviations of ANISOTROPIC; raises ArgumentError for another name."""
        if reading not in ANISOTROPIC:
            raise ArgumentError(f"anisotropic={reading!r}, wanted one of {', '.join(ANISOTROPIC)}")
        sigma_x, sigma_y = ANISOTROPIC[reading]
        return replace(self, sigma_x=sigma_x, sigma_y=sigma_y)

    def at(self, progress: float) -> Self:
        """The same with the upper ends of all deviations of blur, and of CRF, that a curriculum has by then.

        `progress` is from 0, where they are EARLY_SIGMA and EARLY_CRF, to 1, where they are these ranges' own; between
        them they grow linearly. A lower end that lies above holds the upper one up.
        Raises ArgumentError for other values of progress.
        """
        if not 0 <= progress <= 1:
            raise ArgumentError(f"progress={progress}, wanted a number from 0, the beginning, to 1, the end")
        return replace(
            self,
            sigma=_grown(self.sigma, EARLY_SIGMA, progress),
            sigma_x=_grown(self.sigma_x, EARLY_SIGMA, progress),
            sigma_y=_grown(self.sigma_y, EARLY_SIGMA, progress),
            crf=_grown(self.crf, EARLY_CRF, progress),
        )


def _grown(full: Range, early: float, progress: float) -> Range:
    low, high = full
    begin = max(low, min(early, high))
    return low, high if progress == 1 else begin + (high - begin) * progress


def _check_ends(ranges: Ranges) -> None:
    lowest = {"sigma": 1e-3, "sigma_x": 1e-3, "sigma_y": 1e-3, "noise": 0.0, "crf": 0.0}
    highest = {"crf": 51.0}
    for name, least in lowest.items():
        low, high = getattr(ranges, name)
        most = highest.get(name, 1e3)
        if not least <= low <= high <= most:
            raise ArgumentError(f"{name}={(low, high)}, wanted a lower and an upper end within {least:g} to {most:g}")


def _check_probabilities(ranges: Ranges) -> None:
    for name in ("anisotropic", "gray", "learned"):
        if not 0 <= getattr(ranges, name) <= 1:
            raise ArgumentError(f"{name}={getattr(ranges, name)}, wanted a probability from 0 to 1")
    for name in ("filters", "profiles"):
        each = getattr(ranges, name)
        if len(each) != 3 or min(each) < 0 or abs(sum(each) - 1) > 1e-9:
            raise ArgumentError(f"{name}={each}, wanted three probabilities whose sum is 1")
    if ranges.steps not in (1, 2):
        raise ArgumentError(f"steps={ranges.steps}, wanted 1, by four at once, or 2, by two twice")
    if ranges.learned and ranges.steps == 1:
        raise ArgumentError(f"learned={ranges.learned} with steps=1: learned operators reduce by two, so set steps=2")


BASIC_OP = Ranges()
"""AnimeSR's first stage, of basic operators only (the authors' code; the paper's "BasicOP-Only")."""
LEARNED_OP = Ranges(steps=2, filters=(1 / 3, 1 / 3, 1 / 3), learned=0.5)
"""AnimeSR's final stage, with learned basic operators (AnimeSR, section 4, equation 2, and its appendix)."""
