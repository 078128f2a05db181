"""AnimeSR (Wu et al., NeurIPS 2022, section 3.4 and figure 5), and the variant of VQD-SR that has no feedback.

The paper feeds the previous picture back through a pixel-unshuffle. Here that unshuffled picture *is* the state, and
the bilinear residual is added to it at low resolution, so that nothing of high resolution exists before the final
pixel-shuffle. The two ways are equal but for rounding (`tests/test_nets.py`).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vsanimesr.spec import Network

SCALE = 4
WINDOW = 9
PACKED = 3 * SCALE**2
SLOPE = 0.1


class ResidualBlock(nn.Module):
    """x + conv(ReLU(conv(x)))."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, features, 3, padding=1)
        self.conv2 = nn.Conv2d(features, features, 3, padding=1)
        for conv in (self.conv1, self.conv2):
            nn.init.kaiming_normal_(conv.weight)
            conv.weight.data.mul_(0.1)  # a block starts close to the identity
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]  # Conv2d has one unless told otherwise

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, features, h, w] to the same shape."""
        out: Tensor = x + self.conv2(F.relu(self.conv1(x)))
        return out


class Cell(nn.Module):
    """One step of the recurrence with everything at low resolution; this is what is exported.

    The names of the layers are those of the official checkpoints.
    """

    residual: Tensor

    def __init__(self, feedback: bool = True, network: Network | None = None) -> None:
        """Random weights; `network` is AnimeSR's own unless another one is given."""
        super().__init__()
        self.network = network = network or Network()
        features, out = network.features, PACKED + network.features
        self.state_channels = features + (PACKED if feedback else 0)
        self.conv_s1_first = _activated(WINDOW + self.state_channels, features, stride=1)
        self.conv_s2_first = _activated(features, features, stride=2)
        self.conv_s4_first = _activated(features, features, stride=2)
        for scale, count in zip((1, 2, 4), network.blocks, strict=True):
            self.add_module(f"body_s{scale}_first", nn.Sequential(*(ResidualBlock(features) for _ in range(count))))
        first = nn.Conv2d(3 * features, network.fusion, 3, padding=1)
        self.fusion = nn.Sequential(first, nn.LeakyReLU(SLOPE), nn.Conv2d(network.fusion, out, 3, padding=1))
        self.register_buffer("residual", residual_kernel(), persistent=False)

    def forward(self, window: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Map window [N, 9, h, w] and state [N, C, h, w] to packed picture [N, 48, h, w] and next state [N, C, h, w].

        The picture is pixel_shuffle(packed, 4); packed is not clamped.
        """
        return self.step(window[:, :3], window[:, 3:6], window[:, 6:], state)

    def step(self, previous: Tensor, current: Tensor, following: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Do the same with the three frames of the window apart, [N, 3, h, w] each; this is the exported form."""
        features = self.fusion(torch.cat(self._branches(torch.cat([previous, current, following, state], 1)), 1))
        detail, hidden = torch.split(features, [PACKED, self.network.features], 1)
        packed = detail + F.conv2d(F.pad(current, (1, 1, 1, 1), mode="replicate"), self.residual)
        hidden = F.leaky_relu(hidden, SLOPE)
        return packed, torch.cat([packed, hidden], 1) if self.state_channels > self.network.features else hidden

    def _branches(self, x: Tensor) -> list[Tensor]:
        """Features at full, half and quarter resolution, all brought to full: 3 x [N, features, h, w].

        The shorter branches run beside the last blocks of the longest one; each block reads what the other
        branches held before this round, as far as they have passed a block themselves.
        """
        full = self.conv_s1_first(x)
        half = self.conv_s2_first(full)
        quarter = self.conv_s4_first(half)
        bodies = [list(self.get_submodule(f"body_s{scale}_first").children()) for scale in (1, 2, 4)]
        starts = [len(bodies[0]) - len(body) for body in bodies]
        for i in range(len(bodies[0])):
            if i > starts[1]:
                full = full + _up(half, 2)
            if i > starts[2]:
                full = full + _up(quarter, 4)
                half = half + _up(quarter, 2)
            full = bodies[0][i](full)
            if i >= starts[1]:
                half = bodies[1][i - starts[1]](half)
            if i >= starts[2]:
                quarter = bodies[2][i - starts[2]](quarter)
        return [full, _up(half, 2), _up(quarter, 4)]


class AnimeSR(nn.Module):
    """The whole network; its state dict has exactly the keys of the official checkpoints."""

    def __init__(self, feedback: bool = True, network: Network | None = None) -> None:
        """Random weights, as `Cell`."""
        super().__init__()
        self.recurrent_cell = Cell(feedback, network)

    @property
    def state_channels(self) -> int:
        """Channels of the state: the packed picture (48; only with feedback), then the hidden ones."""
        return self.recurrent_cell.state_channels

    def initial_state(self, n: int, h: int, w: int) -> Tensor:
        """Zeros [n, C, h, w] on the parameters' device and of their type, the state before the first frame."""
        return self.recurrent_cell.residual.new_zeros(n, self.state_channels, h, w)

    def forward(self, window: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Upscale the middle frame of a window.

        window: [N, 9, h, w], the previous, current and next frame in RGB, values in [0, 1]; h, w multiples of 4.
        At the start of a scene previous is current, at its end next is current.
        state: [N, C, h, w], from `initial_state` or from the step before.
        Returns the picture [N, 3, 4h, 4w], not clamped, and the next state.
        """
        packed, following = self.recurrent_cell(window, state)
        return F.pixel_shuffle(packed, SCALE), following


def from_state_dict(weights: Mapping[str, Tensor]) -> AnimeSR:
    """Network with these weights (official key names), of the width, depth and feedback that they tell.

    Raises RuntimeError for missing, unexpected or mis-shaped entries, as `Module.load_state_dict` does.
    """
    head = weights.get("recurrent_cell.conv_s1_first.0.weight")
    features = Network().features if head is None else head.shape[0]
    network = AnimeSR(head is None or head.shape[1] != WINDOW + features, _network(weights, features))
    network.load_state_dict(dict(weights))
    return network


def _network(weights: Mapping[str, Tensor], features: int) -> Network:
    """What the names and sizes of weights tell."""
    fusion, usual = weights.get("recurrent_cell.fusion.0.weight"), Network()
    blocks = [
        len({name.split(".")[2] for name in weights if name.startswith(f"recurrent_cell.body_s{scale}_first.")})
        for scale in (1, 2, 4)
    ]
    if not features or 0 in blocks or sorted(blocks, reverse=True) != blocks:
        return usual  # which then does not take them, and says why
    return Network(features, (blocks[0], blocks[1], blocks[2]), usual.fusion if fusion is None else fusion.shape[0])


def residual_kernel() -> Tensor:
    """Weights [48, 3, 3, 3] of pixel_unshuffle(bilinear_x4(x), 4) as a convolution over the replicate-padded x.

    Output sample 4 i + d lies at i + (d - 1.5) / 4 of the input (half-pixel centres), so only the neighbours of
    input i count. All weights are exact in binary.
    """
    taps = torch.zeros(SCALE, 3)
    for d in range(SCALE):
        at = (d - 1.5) / SCALE
        taps[d, 1] = 1 - abs(at)
        taps[d, 2 if at > 0 else 0] = abs(at)
    plane = torch.einsum("yi,xj->yxij", taps, taps).reshape(SCALE**2, 3, 3)
    kernel = torch.zeros(3, SCALE**2, 3, 3, 3)
    for colour in range(3):
        kernel[colour, :, colour] = plane
    return kernel.reshape(PACKED, 3, 3, 3)


def _activated(channels: int, features: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, features, 3, stride=stride, padding=1), nn.LeakyReLU(SLOPE))


def _up(x: Tensor, factor: int) -> Tensor:
    return F.interpolate(x, scale_factor=float(factor), mode="bilinear", align_corners=False)
