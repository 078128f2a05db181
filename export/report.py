"""Whether the pictures of a recurrence will do: what was run, its steps, and what is wrong with them."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from export.fidelity import Step, summary

FLOORS = {"fp32": 90.0, "bf16": 50.0, "fp16": 50.0}
"""PSNR in dB that every picture of a precision reaches."""
HALF_FLOOR = 70.0
"""The same where samples are float16: rounding to them alone leaves 75 to 80 dB."""


@dataclass(frozen=True)
class Run:
    """What was compared."""

    model: str
    backend: str
    version: str
    """The backend's library and its version."""
    device: str
    precision: str
    """What 'auto' came to."""
    clip: str
    """The file's name, without its folder."""
    first: int
    """Number of the first frame."""
    frames: int
    """Number of frames that were asked for."""
    width: int
    height: int
    format: str
    floor: float
    """PSNR in dB that every picture has to reach."""


@dataclass(frozen=True)
class Report:
    """A comparison and its verdict."""

    run: Run
    steps: Sequence[Step]
    reference_flat: bool
    """Whether every right picture was constant, so that nothing was compared."""
    error: str
    """Why there are fewer steps than were asked for; '' where a library did not say."""

    @property
    def failures(self) -> list[str]:
        """What is wrong, the worst first; nothing if the pictures will do."""
        return [line for line in (self._short(), self._broken(), self._flat(), self._low(), self._idle()) if line]

    def data(self) -> dict[str, Any]:
        """For JSON: `run`, `steps`, `summary`, `failures`, `passed`; null for what is infinite or not a number."""
        content = {
            "schema": 1,
            "run": asdict(self.run),
            "steps": [asdict(step) for step in self.steps],
            "summary": asdict(summary(self.steps)),
            "failures": self.failures,
            "passed": not self.failures,
        }
        plain: dict[str, Any] = _finite(content)
        return plain

    def _short(self) -> str:
        if len(self.steps) == self.run.frames:
            return ""
        reason = f": {self.error}" if self.error else ""
        return f"only {len(self.steps)} of {self.run.frames} pictures came{reason}"

    def _broken(self) -> str:
        found = [step for step in self.steps if step.broken]
        return f"NaN or infinity in {_which(found)} (samples of the first one: {found[0].broken})" if found else ""

    def _flat(self) -> str:
        found = [step for step in self.steps if step.flat]
        return f"the picture is {found[0].flat} and the right one is not, in {_which(found)}" if found else ""

    def _low(self) -> str:
        found = [step for step in self.steps if step.psnr < self.run.floor]
        if not found:
            return ""
        worst = min(found, key=lambda step: step.psnr)
        lowest = f"{worst.psnr:.2f} dB at frame {worst.frame}"
        return f"below the floor of {self.run.floor:g} dB in {_which(found)}, {lowest}"

    def _idle(self) -> str:
        if not self.reference_flat or not self.steps:
            return ""
        return "every right picture is constant, so nothing was compared; choose other frames by --first or --clip"


def default_floor(precision: str, samples: np.dtype[np.generic]) -> float:
    """PSNR in dB that every picture of a precision reaches, in samples of that type."""
    floor = FLOORS[precision]
    return min(floor, HALF_FLOOR) if samples == np.float16 else floor


def _which(steps: Sequence[Step]) -> str:
    first, last = steps[0].frame, steps[-1].frame
    return f"frame {first}" if len(steps) == 1 else f"{len(steps)} of the frames {first} to {last}"


def _finite(value: Any) -> Any:
    """The same without infinities and NaN, which JSON has not."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
