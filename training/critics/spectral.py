"""Spectral normalisation (Miyato et al.: Spectral Normalization for Generative Adversarial Networks, ICLR 2018)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize


class SpectralNorm(nn.Module):
    """Divides a weight by its largest singular value, of which each call in training mode improves the estimate.

    Unlike PyTorch's own it starts from a constant, with no iterations before the first call. So in a training of
    several processes, whose networks get the weights of the first one after they were made, the estimates are the same
    in all of them: they follow from the weights and the number of calls. It computes in float32, also under autocast.
    """

    u: Tensor
    """Estimate of the left singular vector, [rows]."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.register_buffer("u", F.normalize(torch.randn(rows, generator=torch.Generator().manual_seed(0)), dim=0))

    def forward(self, weight: Tensor) -> Tensor:
        """The normalised weight, of the same shape [rows, ...]; its gradient takes singular vectors as constants."""
        with torch.autocast(weight.device.type, enabled=False):
            matrix = weight.flatten(1)
            with torch.no_grad():
                u = self.u.clone()  # later calls change it, and the backward pass wants it as it is now
                v = F.normalize(matrix.T @ u, dim=0)
                if self.training:
                    u = F.normalize(matrix @ v, dim=0)
                    self.u.copy_(u)
            return weight / torch.dot(u, matrix @ v)


def spectrally_normed(layer: nn.Conv2d) -> nn.Conv2d:
    """The same convolution, its weight normalised from now on."""
    # the check that is left out calls it, and would count as an iteration
    parametrize.register_parametrization(layer, "weight", SpectralNorm(layer.out_channels), unsafe=True)
    return layer
