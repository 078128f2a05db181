"""What decides the pairs of a folder: a video, a factor and who chose it, a model (AnimeSR, section 4.1)."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from training.pairs import DESCRIPTION, described
from training.rescaling.choice import Choice
from training.rescaling.measures import Measured
from training.rescaling.upscaler import BURN_IN
from vsanimesr.durable import explained
from vsanimesr.engines import files
from vsanimesr.errors import TrainingError

VERSION = 1
"""Raised by every change of how pairs are made."""


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """Everything that decides what the pairs of a folder are."""

    version: int = VERSION
    """Of how they are made."""
    video: str
    """Name of the file without its suffix."""
    identity: str
    """`vsanimesr.media.probing.identity` of it."""
    factor: float
    """What frames are reduced to before they are upscaled."""
    by: str
    """Who chose it: person, auto or habit (`choice`)."""
    model: str
    """What the model was asked for by."""
    weights: str
    """SHA-256 of its weights."""
    frames: int = 11
    """Of each sub-clip, the first one of which is left out: the recurrence warms up, as in the
    authors' code."""
    seed: int = 0
    """Of which sub-clips are taken."""
    skip: int = 0
    """The first ones, which are left out: another folder has them."""
    burn_in: int = BURN_IN
    """Steps on the first frame as a still."""
    precision: str = "fp32"
    """Of the model."""

    @classmethod
    def of(cls, measured: Measured, choice: Choice, seed: int, precision: str, skip: int = 0) -> Self:
        """The pairs of a video by the factor that was chosen for it."""
        source = measured.source
        return cls(
            video=source.video, identity=source.identity, factor=choice.tenths / 10, by=choice.by,
            model=source.model, weights=source.weights, seed=seed, skip=skip, precision=precision,
        )  # fmt: skip

    @property
    def tenths(self) -> int:
        """The factor, in tenths."""
        return round(10 * self.factor)

    def described(self, folder: Path) -> None:
        """Writes the description, or compares it with the one that is there.

        That a person has confirmed what was chosen by statistics changes no pair, so `by` and what a model is called
        may differ. Raises TrainingError for a folder of other pairs, JobError where it cannot be written.
        """
        path = folder / DESCRIPTION
        found = Pairing.read(folder) if path.exists() else None
        if found is not None and replace(found, by=self.by, video=self.video, model=self.model) != self:
            there, here = asdict(found), asdict(self)
            told = "; ".join(
                f"{name} was {there[name]}, now {here[name]}" for name in here if there[name] != here[name]
            )
            raise TrainingError(f"'{folder}' has pairs of another kind: {told}; name another folder")
        if found != self:
            with explained(path):
                files.write((json.dumps(asdict(self), indent=1) + "\n").encode(), path)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What a folder's pairs are of; raises TrainingError for a folder that is none of pairs."""
        told = described(folder)
        try:
            return cls(**told)
        except TypeError as error:
            raise TrainingError(f"'{folder}' has pairs of another version ({error}); make them again") from error
