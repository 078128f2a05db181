"""What judges pictures in a training: adversaries and features.

    loss = perceptual(asked)  # of a command line, before the training; Perceptual("vgg19", path) by hand
    tools.descend("net", {"l1": l1(made, truth), "perceptual": loss(made, truth), "gan": to_real(maps_of_made)})
    tools.descend("discriminator", {"real": to_real(maps_of_truth), "fake": to_fake(maps_of_made)})

`python -m training.critics` makes features of our own.
"""

from training.critics.lsgan import to_fake, to_real
from training.critics.options import add_perceptual, perceptual, refuse_perceptual
from training.critics.patchgan import PatchGAN, flattened
from training.critics.perceptual import Perceptual

__all__ = [
    "PatchGAN",
    "Perceptual",
    "add_perceptual",
    "flattened",
    "perceptual",
    "refuse_perceptual",
    "to_fake",
    "to_real",
]
