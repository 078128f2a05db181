"""The blur kernels: Gaussians on a grid of 21x21 whole numbers, of two standard deviations and an angle."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vsanimesr.errors import ArgumentError

SIZE = 21
"""Height and width of a kernel, in samples of the HR picture."""
RADIUS = SIZE // 2


@dataclass(frozen=True)
class Gaussian:
    """An isotropic Gaussian where both deviations are the same, else an anisotropic one."""

    sigma_x: float
    """Standard deviation along the first axis, above 0, in samples of the HR picture."""
    sigma_y: float
    """Standard deviation along the second axis, at right angles to the first."""
    angle: float = 0.0
    """From the picture's horizontal axis to the first one, in radians, clockwise as one sees it."""

    def __post_init__(self) -> None:
        if not (self.sigma_x > 0 and self.sigma_y > 0 and math.isfinite(self.sigma_x + self.sigma_y + self.angle)):
            raise ArgumentError(f"{self} is no Gaussian: give it deviations above 0 and a finite angle")

    @property
    def isotropic(self) -> bool:
        """Whether it is as wide in all directions."""
        return self.sigma_x == self.sigma_y

    def kernel(self) -> Tensor:
        """Its samples, [21, 21], float32, of sum 1: exp(-g' S^-1 g / 2) at each whole g, S being the covariance.

        Sampled, not integrated over the grid's cells, as the authors do (AnimeSR, appendix: "Blur").
        """
        grid = torch.arange(-RADIUS, RADIUS + 1, dtype=torch.float64)
        y, x = torch.meshgrid(grid, grid, indexing="ij")
        along = x * math.cos(self.angle) + y * math.sin(self.angle)
        across = y * math.cos(self.angle) - x * math.sin(self.angle)
        samples = torch.exp(-((along / self.sigma_x).square() + (across / self.sigma_y).square()) / 2)
        return (samples / samples.sum()).float()
