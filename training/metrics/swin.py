"""MANIQA's scale Swin transformer: attention within shifted windows (Liu et al., ICCV 2021), then a convolution, added
at a fraction (Yang et al., CVPRW 2022, section 3.3). Names are those of the authors' checkpoints.
"""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.metrics.vision_transformer import Mlp


class WindowAttention(nn.Module):
    """Attention of several heads within windows, with a learned bias by the distance of tokens."""

    relative_position_index: Tensor

    def __init__(self, width: int, window: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        self.register_buffer("relative_position_index", _distances(window))
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map tokens of windows [N, tokens, width] to the same shape; mask: [windows, tokens, tokens], added."""
        count, tokens, width = x.shape
        q, k, v = self.qkv(x).view(count, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        bias = self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)
        added = bias if mask is None else (mask[:, None] + bias).repeat(count // len(mask), 1, 1, 1)
        mixed = F.scaled_dot_product_attention(q, k, v, added).transpose(1, 2).reshape(count, tokens, width)
        out: Tensor = self.proj(mixed)
        return out


class SwinBlock(nn.Module):
    """Window attention and a perceptron over a grid of `side` x `side` tokens, its windows shifted or not."""

    attn_mask: Tensor | None

    def __init__(self, width: int, side: int, *, window: int, shift: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.side, self.window, self.shift = side, window, shift
        self.norm1 = nn.LayerNorm(width)
        self.attn = WindowAttention(width, window, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, hidden)
        self.register_buffer("attn_mask", _mask(side, window, shift) if shift else None)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens [N, side * side, width] to the same shape."""
        grid = self.norm1(x).view(len(x), self.side, self.side, -1).roll((-self.shift, -self.shift), (1, 2))
        windows = self.attn(_windows(grid, self.window), self.attn_mask)
        grid = _grid(windows, self.window, self.side).roll((self.shift, self.shift), (1, 2))
        x = x + grid.flatten(1, 2)
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


class SwinLayer(nn.Module):
    """Two blocks, the second one with shifted windows, then a 3x3 convolution and ReLU."""

    def __init__(self, width: int, side: int, *, window: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.side = side
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.blocks = nn.ModuleList(
            SwinBlock(width, side, window=window, shift=shift, heads=heads, hidden=hidden) for shift in (0, window // 2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens [N, side * side, width] to the same shape."""
        for block in self.blocks:
            x = block(x)
        grid = x.transpose(1, 2).reshape(len(x), -1, self.side, self.side)
        return F.relu(self.conv(grid)).flatten(2).transpose(1, 2)


class ScaleSwin(nn.Module):
    """Two layers, each added to what it read at the fraction `scale`."""

    def __init__(self, width: int, side: int, *, window: int, heads: int, hidden: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.layers = nn.ModuleList(SwinLayer(width, side, window=window, heads=heads, hidden=hidden) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens [N, side * side, width] to the same shape."""
        for layer in self.layers:
            x = self.scale * layer(x) + x
        return x


def _windows(grid: Tensor, window: int) -> Tensor:
    """Tokens [N, side, side, width] by windows, [N * windows, window * window, width]."""
    batch, side, _, width = grid.shape
    count = side // window
    parts = grid.view(batch, count, window, count, window, width).transpose(2, 3)
    return parts.reshape(-1, window * window, width)


def _grid(windows: Tensor, window: int, side: int) -> Tensor:
    """The opposite of `_windows`."""
    count = side // window
    parts = windows.view(-1, count, count, window, window, windows.shape[-1]).transpose(2, 3)
    return parts.reshape(-1, side, side, windows.shape[-1])


def _distances(window: int) -> Tensor:
    """Which entry of the table each pair of tokens of a window has, [tokens, tokens]."""
    rows, columns = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
    places = torch.stack([rows.flatten(), columns.flatten()])
    apart = places[:, :, None] - places[:, None] + window - 1
    return apart[0] * (2 * window - 1) + apart[1]


def _mask(side: int, window: int, shift: int) -> Tensor:
    """-100 between tokens that only the shift made neighbours, [windows, tokens, tokens]."""
    regions = torch.zeros(1, side, side, 1)
    cuts = [slice(0, -window), slice(-window, -shift), slice(-shift, None)]
    for number, (rows, columns) in enumerate(itertools.product(cuts, cuts)):
        regions[:, rows, columns] = number
    of_tokens = _windows(regions, window).squeeze(-1)
    return torch.where(of_tokens[:, None] == of_tokens[:, :, None], 0.0, -100.0)
