"""How near a student's pictures come to its teacher's, and both to the truth, over the clips of a pool."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from training.core.losses import psnr
from training.distilling.making import upscaled
from training.distilling.pool import TRUTH, Clip


@dataclass(frozen=True)
class Compared:
    """How a student did on a clip; PSNR in dB of whole pictures, the mean over the frames."""

    teacher: float
    """Of its pictures to the teacher's."""
    truth: float | None
    """Of its pictures to the truth, where the pool has that."""
    taught: float | None
    """Of the teacher's pictures to the truth."""
    pair: Tensor = field(repr=False)
    """Its last picture beside the teacher's, [1, 3, 4h, 8w] from 0 to 1."""


@torch.no_grad()
def compared(student: nn.Module, clip: Clip, burn_in: int) -> Compared:
    """A student's pictures of a whole clip against the teacher's, and both against the truth."""
    device = next(student.parameters()).device
    low, wanted = (_values(part).to(device) for part in (clip.low, clip.picture))
    scenes = [upscaled(student, low[scene.start : scene.stop], burn_in) for scene in clip.scenes]
    made = torch.cat(scenes).clamp(0, 1)
    pair = torch.cat([made[-1:], wanted[-1:]], 3)
    if not (clip.folder / TRUTH).exists():
        return Compared(psnr(made, wanted), None, None, pair)
    truth = _values(clip.truth).to(device)
    return Compared(psnr(made, wanted), psnr(made, truth), psnr(wanted, truth), pair)


def _values(pictures: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 255
