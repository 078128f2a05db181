"""What judges pictures in a training: adversaries and features.

discriminator = PatchGAN()
tools.descend("discriminator", {"real": to_real(maps_of_truth), "fake": to_fake(maps_of_pictures)})
"""

from training.critics.lsgan import to_fake, to_real
from training.critics.patchgan import PatchGAN, flattened

__all__ = ["PatchGAN", "flattened", "to_fake", "to_real"]
