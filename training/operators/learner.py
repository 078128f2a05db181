"""The first stage of an operator's training: distances to the video's own frames.

The paper (AnimeSR, section 5.1) says that operators are trained as the main network is, so by L1 alone in this stage.
The authors' code has L1 and the mean squared error, each with weight 1, and so has this. There is no moving average.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import Adam

from training.core import Learner, MultiStep, Settings, Tools, free, l1, l2
from training.operators.judging import judged
from training.operators.network import FACTOR, LBO
from training.operators.pairs import PATCH, Batch, Pairs
from vsanimesr.errors import TrainingError

type Stage = Literal["net", "gan"]
RATES: Mapping[Stage, float] = {"net": 2e-4, "gan": 1e-4}
"""Learning rates of all networks, by stage; each is halved at half of the steps."""
SMALLEST: Mapping[Stage, int] = {"net": FACTOR, "gan": 24 * FACTOR}
"""Sides of HR patches, by stage: of LR ones below 24 the discriminator makes no value."""
BETAS = 0.9, 0.99


@dataclass(frozen=True, kw_only=True)
class Learning(Settings):
    """What decides an operator's training."""

    pairs: tuple[Mapping[str, Any], ...] = free(())
    """What the pairs of each folder are of, as their makers said."""
    pairs_sha256: str = ""
    """`Pairs.sha256`."""
    stage: Stage = "net"
    """net: L1 and mean squared error. gan: L1, perceptual and adversarial."""
    patch: int = PATCH
    """Side of a sample's HR, even."""
    lr: float = RATES["net"]
    """The first learning rate."""
    length: int = 100_000
    """Steps at half of which it is halved."""
    perceptual: Mapping[str, str] | None = None
    """Whose features the perceptual loss of the GAN stage has; None for none."""

    def __post_init__(self) -> None:
        """Raise TrainingError for numbers that make no sense."""
        super().__post_init__()
        least = SMALLEST[self.stage]
        if self.patch < least or self.patch % FACTOR or self.lr <= 0 or self.length < 1:
            raise TrainingError(
                f"patches of {self.patch}, {self.length} steps, rate {self.lr}; wanted a multiple of {FACTOR} from "
                f"{least} on, and numbers above 0"
            )


class NetStage(Learner[Batch]):
    """An operator on its way, by distances alone."""

    def __init__(self, settings: Learning, held_out: Pairs | None = None) -> None:
        """`held_out` are pairs to compare with now and then."""
        self.networks: dict[str, nn.Module] = {}
        self.optimisers: dict[str, Adam] = {}
        self.schedules: dict[str, MultiStep] = {}
        self._settings, self._held_out = settings, held_out
        self.add("operator", LBO())

    def add(self, name: str, network: nn.Module) -> None:
        """Another network to train, with an optimiser of its own; before the training begins."""
        self.networks[name] = network
        self.optimisers[name] = Adam(network.parameters(), betas=BETAS)
        self.schedules[name] = MultiStep(self._settings.lr, (self._settings.length // 2,))

    def step(self, batch: Batch, tools: Tools) -> None:
        """One step down L1 and the mean squared error."""
        made = reduced(batch.hr, tools)
        tools.descend("operator", {"l1": l1(made, batch.lr), "l2": l2(made, batch.lr)})

    def samples(self, tools: Tools) -> Mapping[str, Tensor]:
        """PSNR on the held-out pairs, that of classic filters, and the operator's picture beside the video's frame."""
        if self._held_out is None:
            return {}
        found = judged(self.networks["operator"], self._held_out, tools.device)
        numbers = {"psnr": found.operator, "psnr_area": found.area, "psnr_cubic": found.cubic}
        return {name: torch.tensor(value) for name, value in numbers.items()} | {"operator and frame": found.pair}


def reduced(hr: Tensor, tools: Tools) -> Tensor:
    """The operator's pictures, float32, with gradients."""
    operator = tools["operator"]
    with tools.autocast():
        made: Tensor = operator(hr)
    return made.float()
