"""AnimeSR's training (NeurIPS 2022, section 5): a network by L1, then against a discriminator."""

from training.restoration.batches import shared
from training.restoration.held_out import HeldOut
from training.restoration.learners import DISCRIMINATOR, GENERATOR, Gan, Net
from training.restoration.settings import RATES, Restoring

__all__ = ["DISCRIMINATOR", "GENERATOR", "RATES", "Gan", "HeldOut", "Net", "Restoring", "shared"]
