"""The second stage of an operator's training: a perceptual loss and a discriminator of one scale, all of weight 1.

AnimeSR, section 5.1; that the discriminator, of three scales for the main network, has one here is the authors' code's.
"""

from training.core import Tools, l1
from training.critics import PatchGAN, Perceptual, to_fake, to_real
from training.operators.learner import Learning, NetStage, reduced
from training.operators.pairs import Batch, Pairs


class GanStage(NetStage):
    """An operator on its way, and one that tells its pictures from the video's own frames."""

    def __init__(self, settings: Learning, perceptual: Perceptual | None, held_out: Pairs | None = None) -> None:
        """`perceptual` is on the device of the training; None for none."""
        super().__init__(settings, held_out)
        self.add("discriminator", PatchGAN(scales=1))
        self._perceptual = perceptual

    def step(self, batch: Batch, tools: Tools) -> None:
        """One step of the operator, then one of the discriminator, from the first one on."""
        made = reduced(batch.hr, tools)
        terms = {"l1": l1(made, batch.lr)}
        with tools.frozen("discriminator") as critic, tools.autocast():
            maps = critic(made)
            if self._perceptual is not None:
                terms["perceptual"] = self._perceptual(made, batch.lr)
        tools.descend("operator", {**terms, "gan": to_real(maps)})
        discriminator = tools["discriminator"]
        with tools.autocast():
            real, fake = discriminator(batch.lr), discriminator(made.detach())
        tools.descend("discriminator", {"real": to_real(real), "fake": to_fake(fake)})
