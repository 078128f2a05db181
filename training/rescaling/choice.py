"""Which factor is the best of a video: a person's choice, or the order that statistics give."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from training.rescaling.measures import Measured
from training.rescaling.statistics import Statistics
from training.rescaling.upscaler import TENTHS
from vsanimesr.durable import explained
from vsanimesr.engines import files
from vsanimesr.errors import TrainingError

CHOICE = "choice.json"
PERSON, AUTO, HABIT = "person", "auto", "habit"
WHO = (PERSON, AUTO, HABIT)
UNRELIABLE = (
    "chosen by statistics alone, which the paper calls unreliable: they do not tell fine artefacts from detail "
    "(AnimeSR, appendix B); look at sheet.html and choose yourself"
)
USUAL = 5
"""Tenths: "usually around 0.5" (section 4.1)."""


@dataclass(frozen=True)
class Choice:
    """A factor for a video and a model."""

    tenths: int
    """The factor, in tenths."""
    by: str
    """Who chose: PERSON, AUTO, or HABIT, which looked at nothing."""
    identity: str
    """Of the video, as `Source.identity`."""
    weights: str
    """SHA-256 of the model's."""

    @classmethod
    def of(cls, measured: Measured, tenths: int, by: str = PERSON) -> Self:
        """A choice among what was measured; raises TrainingError for a factor that was not."""
        if tenths not in measured.settings.factors:
            known = " ".join(f"{each / 10:g}" for each in measured.settings.factors)
            raise TrainingError(
                f"factor {tenths / 10:g} was not measured, wanted one of {known}; or measure it as well"
            )
        return cls(tenths, by, measured.source.identity, measured.source.weights)

    def text(self) -> str:
        """What choice.json holds; the sheet writes the same."""
        more = {"note": UNRELIABLE} if self.by == AUTO else {}
        told = asdict(self)
        return json.dumps({"factor": told.pop("tenths") / 10, **told, **more}, indent=1) + "\n"

    def write(self, folder: Path) -> None:
        """The file appears when it is whole; raises JobError where it cannot be written."""
        with explained(folder / CHOICE):
            files.write(self.text().encode(), folder / CHOICE)

    @classmethod
    def read(cls, folder: Path, measured: Measured) -> Self:
        """The choice that a folder keeps; raises TrainingError for none, or one of another video or model."""
        path = folder / CHOICE
        again = f"choose: python -m training.rescale choose '{folder}' --factor 0.5"
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            found = cls(_tenths(told["factor"]), _one_of(told["by"]), told["identity"], told["weights"])
        except FileNotFoundError as error:
            raise TrainingError(f"'{folder}' has no {CHOICE}; look at its sheet.html, then {again}") from error
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise TrainingError(f"'{path}' is damaged ({error}); {again}") from error
        if found != cls.of(measured, found.tenths, found.by):
            raise TrainingError(f"'{path}' was chosen for another video or model than was measured; {again}")
        return found


def ranked(means: Mapping[int, Statistics]) -> list[int]:
    """Factors, in tenths, the best first, by the unrest and the lost detail of each.

    Both are brought to 0 at their least and 1 at their most, and added: few artefacts and little lost is best. Of
    equal ones the factor nearer to `USUAL` is first. An order to begin looking with, not more.
    """
    unrest, lost = (_unit({key: getattr(each, name) for key, each in means.items()}) for name in ("unrest", "lost"))
    return sorted(means, key=lambda key: (round(unrest[key] + lost[key], 9), abs(key - USUAL), key))


def _unit(values: Mapping[int, float]) -> dict[int, float]:
    least, most = min(values.values()), max(values.values())
    return {key: (value - least) / (most - least) if most > least else 0.0 for key, value in values.items()}


def _tenths(factor: float) -> int:
    if (tenths := round(10 * factor)) not in TENTHS or abs(tenths - 10 * factor) > 1e-6:
        raise ValueError(f"factor {factor}, wanted one of 0.1, 0.2 to 1")
    return tenths


def _one_of(by: str) -> str:
    if by not in WHO:
        raise ValueError(f"by {by!r}, wanted one of {', '.join(WHO)}")
    return by
