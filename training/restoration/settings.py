"""What decides a stage of AnimeSR's training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from training import degrade
from training.core import Constant, Cosine, Distance, Schedule, Settings, free
from training.toon.rng import VERSION as RENDERER
from vsanimesr.errors import TrainingError
from vsanimesr.spec import ARCHITECTURES, Network

Stage = Literal["net", "gan"]
RATES: dict[Stage, float] = {"net": 2e-4, "gan": 1e-4}
"""Of Adam (AnimeSR, section 5); the discriminator's is the generator's."""
SMALLEST: dict[Stage, int] = {"net": 8, "gan": 24}
"""Sides of samples at low resolution: smaller truth cannot be sharpened, or the discriminator makes no value of it."""
BETAS = 0.9, 0.99
"""Of Adam (the authors' code)."""
DECAY = 0.999
"""Of the moving average, at every step (the authors' code); the first ones follow faster (`core.ema`)."""


@dataclass(frozen=True, kw_only=True)
class Restoring(Settings):
    """A stage of the training; the defaults are the paper's, but for what takes several GPUs."""

    stage: Stage
    """net: a distance alone. gan: that, perceptual and adversarial loss, from the network that `net` made."""
    loss: Distance = "l1"
    """To the truth; the paper has L1."""
    sources: tuple[str, ...]
    """Of truth clips, as people name them."""
    operators: tuple[str, ...] = ()
    """SHA-256 of the files of the learned operators; with none of them clips are degraded by the basic ones."""
    twice: bool = False
    """Whether clips are reduced by two twice, as where there are operators, rather than by four at once."""
    clean: float = 0.0
    """Share of the clips that are only reduced; the paper has none."""
    curriculum: int = 0
    """Steps over which the degradations grow from mild ones to the paper's; 0: they are whole."""
    frames: int = 15
    """Of a sample; gradients run through all of them."""
    patch: int = 64
    """Side of a sample at low resolution, a multiple of 4."""
    pool: Mapping[str, Any]
    """How clips are shared by samples (`training.data.Pool`)."""
    network: Network = ARCHITECTURES["animesr"]
    """The network's width and depth."""
    feedback: bool = True
    """Whether its last picture is part of its state."""
    lr: float
    """Learning rate, the highest one where it falls."""
    length: int = 0
    """Steps over which it falls to a hundredth along half a cosine; 0: it is constant, as the paper has it.

    In stage net it grows over a tenth of them at first, 100 at most.
    """
    growing: bool = False
    """Whether samples grow over `length` steps, 1, 3, 7, then all frames: much quicker for short trainings."""
    sharpened: bool = True
    """Whether stage net learns truth that is sharpened a little (the authors' code; the paper does not say so)."""
    perceptual: Mapping[str, Any] | None = None
    """What the features of stage gan's perceptual loss are."""
    recompute: bool = free(False)
    """Whether each frame's step is computed once more for its gradients: less memory, one more pass forward."""
    renderer: int = RENDERER
    """Version of the renderer."""
    degradations: int = degrade.VERSION
    """Version of the degradations."""

    def __post_init__(self) -> None:
        """Raise TrainingError for numbers that make no sense."""
        super().__post_init__()
        if self.patch % 4 or min(self.patch, self.frames) < 1 or self.lr <= 0 or not 0 <= self.clean <= 1:
            raise TrainingError(
                f"samples of {self.frames} frames of {self.patch}x{self.patch}, rate {self.lr:g}, clean "
                f"{self.clean:g}; wanted sides that are multiples of 4, a frame at least, a rate above 0, a share from "
                "0 to 1"
            )
        least = SMALLEST[self.stage]
        if self.patch < least:
            raise TrainingError(f"samples of {self.patch}x{self.patch}, wanted sides of {least} at least in this stage")
        if self.growing and not self.length:
            raise TrainingError("samples grow over the steps that the rate falls in: set length")

    @property
    def schedule(self) -> Schedule:
        """Of the learning rate."""
        warm_up = min(100, self.length // 10) if self.stage == "net" else 0
        return Cosine(self.lr, self.length, self.lr / 100, warm_up) if self.length else Constant(self.lr)

    def taken(self, step: int) -> int:
        """How many of a sample's frames the step after `step` others takes."""
        if not self.growing:
            return self.frames
        growth = ((0.1, 1), (0.6, 3), (0.92, 7))
        return min(self.frames, next((taken for until, taken in growth if step < until * self.length), self.frames))
