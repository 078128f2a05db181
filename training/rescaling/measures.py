"""measures.json: patches of a video, and the statistics of what a model makes of them at each factor."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from training.rescaling.footage import Window
from training.rescaling.patches import Patch
from training.rescaling.statistics import Statistics, mean
from training.rescaling.upscaler import BURN_IN, TENTHS
from vsanimesr.durable import explained
from vsanimesr.engines import files
from vsanimesr.errors import TrainingError

MEASURES = "measures.json"
VERSION = 1
"""Raised by every change of what is measured."""


@dataclass(frozen=True)
class Settings:
    """How a video is measured."""

    patches: int = 6
    """How many there are."""
    side: int = 80
    """Width and height of a patch in the frame."""
    frames: int = 11
    """Frames that the model steps through; the last one's picture is measured."""
    factors: tuple[int, ...] = tuple(TENTHS)
    """In tenths."""
    seed: int = 0
    """Of which frames are looked at."""
    burn_in: int = BURN_IN
    """Steps on the first frame as a still."""
    precision: str = "fp32"
    """Of the model."""

    def __post_init__(self) -> None:
        """Raise TrainingError for numbers that make no sense."""
        if min(self.patches, self.side, self.frames) < 1 or not set(self.factors) <= set(TENTHS) or not self.factors:
            raise TrainingError(
                f"{self}: wanted patches, side and frames from 1 on, and factors of {list(TENTHS)} tenths"
            )


@dataclass(frozen=True)
class Source:
    """What was measured with what; two measurements of one source can be compared."""

    video: str
    """Name of the file without its suffix."""
    identity: str
    """`vsanimesr.media.probing.identity` of it."""
    model: str
    """What the model was asked for by."""
    weights: str
    """SHA-256 of its weights."""


@dataclass(frozen=True)
class Measured:
    """Everything that measures.json holds."""

    source: Source
    """Of what."""
    settings: Settings
    """How."""
    patches: tuple[tuple[Patch, Mapping[int, Statistics]], ...]
    """Each with the statistics of every factor, in tenths."""

    def means(self) -> dict[int, Statistics]:
        """Over the patches, for each factor in tenths."""
        return {tenths: mean(found[tenths] for _, found in self.patches) for tenths in self.settings.factors}

    def write(self, folder: Path) -> None:
        """The file appears when it is whole; raises JobError where it cannot be written."""
        patches = [{**asdict(patch), "statistics": _by_factor(found)} for patch, found in self.patches]
        told = {"version": VERSION, **asdict(self) | {"patches": patches}, "means": _by_factor(self.means())}
        with explained(folder / MEASURES):
            folder.mkdir(parents=True, exist_ok=True)
            files.write((json.dumps(told, indent=1) + "\n").encode(), folder / MEASURES)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What was measured into a folder; raises TrainingError where nothing was, or by another version."""
        path = folder / MEASURES
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["version"] != VERSION:
                raise TrainingError(
                    f"'{path}' is of version {told['version']}, wanted {VERSION}; measure the video again"
                )
            settings = Settings(**told["settings"] | {"factors": tuple(told["settings"]["factors"])})
            return cls(Source(**told["source"]), settings, tuple(map(_patch, told["patches"])))
        except FileNotFoundError as error:
            raise TrainingError(
                f"'{folder}' has no {MEASURES}; make it: "
                f"python -m training.rescale measure VIDEO '{folder}' --model MODEL"
            ) from error
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise TrainingError(f"'{path}' is damaged ({error}); delete it and measure the video again") from error


def _by_factor(found: Mapping[int, Statistics]) -> dict[str, dict[str, float]]:
    return {f"{tenths / 10:g}": asdict(each) for tenths, each in found.items()}


def _patch(told: dict[str, Any]) -> tuple[Patch, dict[int, Statistics]]:
    found = {round(10 * float(factor)): Statistics(**each) for factor, each in told.pop("statistics").items()}
    return Patch(**told | {"window": Window(**told["window"])}), found
