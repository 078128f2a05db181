"""The discriminator and its least squares."""

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.train_core import one_thread  # noqa: F401
from training.core import Settings, Tools, World, l1
from training.core.learner import Learner
from training.core.schedule import Constant
from training.critics import PatchGAN, flattened, to_fake, to_real
from training.critics.patchgan import LEAST, STRIDES, halved
from training.critics.spectral import spectrally_normed
from vsanimesr.errors import ArgumentError, FormatError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks


def small(scales: int = 2, seed: int = 0) -> PatchGAN:
    torch.manual_seed(seed)
    return PatchGAN(scales, 8)


def convolutions(network: nn.Module) -> Iterator[nn.Conv2d]:
    return (module for module in network.modules() if isinstance(module, nn.Conv2d))


@pytest.mark.parametrize(("scales", "count"), [(3, 8_294_211), (1, 2_764_737)])
def test_it_has_as_many_parameters_as_the_authors_one(scales: int, count: int) -> None:
    with torch.device("meta"):
        network = PatchGAN(scales)
    assert sum(parameter.numel() for parameter in network.parameters()) == count
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert all(conv.bias is not None for conv in convolutions(network))


def test_all_five_layers_of_each_scale_have_a_spectral_norm_of_one() -> None:
    network, frames = small(), torch.rand(1, 3, 48, 48)
    with torch.no_grad():
        for conv in convolutions(network):
            conv.parametrizations.weight.original.mul_(7)  # type: ignore[union-attr,index,operator]
        for _ in range(60):
            network(frames)
    network.eval().requires_grad_(False)
    norms = [float(torch.linalg.matrix_norm(conv.weight.flatten(1), 2)) for conv in convolutions(network)]
    assert len(norms) == 2 * 5
    assert norms == pytest.approx([1.0] * 10, abs=0.02)


def test_norms_follow_from_the_weights_in_every_process() -> None:
    """Processes make networks of different weights and then get those of the first, but none of its buffers."""
    one, other, frames = small(seed=1), small(seed=2), torch.rand(1, 3, 48, 48)
    for mine, theirs in zip(other.parameters(), one.parameters(), strict=True):
        mine.data.copy_(theirs.data)
    for _ in range(3):
        torch.testing.assert_close(one(frames), other(frames), rtol=0, atol=0)
    torch.testing.assert_close(dict(one.state_dict()), dict(other.state_dict()), rtol=0, atol=0)


def test_a_gradient_takes_singular_vectors_as_constants() -> None:
    torch.manual_seed(3)
    layer = spectrally_normed(nn.Conv2d(3, 5, 2)).double()
    for _ in range(200):
        layer(torch.zeros(1, 3, 2, 2).double())
    layer.eval()
    original = layer.parametrizations.weight.original  # type: ignore[union-attr]
    assert float(torch.linalg.matrix_norm(original.detach().flatten(1), 2)) != pytest.approx(1, abs=0.05)
    way = torch.randn(5, 12).double()
    (layer.weight.flatten(1) * way).sum().backward()
    matrix = original.detach().flatten(1).requires_grad_()
    (matrix / torch.linalg.matrix_norm(matrix, 2) * way).sum().backward()
    torch.testing.assert_close(original.grad.flatten(1), matrix.grad)


def test_it_is_the_network_of_the_paper_at_each_scale() -> None:
    network, frames = small(3).eval(), torch.rand(2, 3, 101, 118)
    scales = [frames]
    for size in ((50, 59), (25, 29)):
        scales.append(F.interpolate(scales[-1], size, mode="bilinear", align_corners=True))
    for patches, seen, made in zip(network.scales, scales, network(frames), strict=True):
        x = seen
        for number, (conv, stride) in enumerate(zip(convolutions(patches), STRIDES, strict=True)):
            x = F.conv2d(F.leaky_relu(x, 0.2) if number else x, conv.weight, conv.bias, stride, 1)
        torch.testing.assert_close(made, x)
        assert made.shape == (2, 1, *x.shape[-2:])


def test_a_value_sees_70_samples() -> None:
    network, frames = small(1).eval(), torch.zeros(1, 3, 256, 256, requires_grad=True)
    (made,) = network(frames)
    made[0, 0, made.shape[2] // 2, made.shape[3] // 2].backward()
    rows, columns = frames.grad[0].abs().sum(0).nonzero(as_tuple=True)
    assert [int(each.max() - each.min()) + 1 for each in (rows, columns)] == [70, 70]


def test_half_a_frame_keeps_its_corners() -> None:
    ramp = torch.arange(9.0)[None, None, None].expand(1, 1, 5, 9)
    assert halved(ramp)[0, 0].tolist() == [pytest.approx([0, 8 / 3, 16 / 3, 8])] * 2


def test_the_order_of_frames_is_nothing_to_it() -> None:
    network, clips = small().eval(), torch.rand(2, 5, 3, 48, 56)
    order = torch.tensor([3, 0, 4, 2, 1])
    first, second = network(flattened(clips)), network(flattened(clips[:, order]))
    for a, b in zip(first, second, strict=True):
        torch.testing.assert_close(a.unflatten(0, (2, 5))[:, order], b.unflatten(0, (2, 5)))
    for way in (to_real, to_fake):
        torch.testing.assert_close(way(first), way(second))
    alone = [maps[3:4] for maps in first]
    for a, b in zip(alone, network(clips[0, 3:4]), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("scales", [1, 3])
def test_frames_that_are_too_small(scales: int) -> None:
    network, least = small(scales), LEAST << (scales - 1)
    assert network(torch.rand(1, 3, least, least))[-1].shape == (1, 1, 1, 1)
    with pytest.raises(FormatError, match=f"{least}x{least - 1} are too small .* sides of {least} at least"):
        network(torch.rand(1, 3, least - 1, least))


@pytest.mark.parametrize("shape", [(2, 5, 3, 96, 96), (3, 96, 96), (1, 4, 96, 96)])
def test_what_is_no_batch_of_frames(shape: tuple[int, ...]) -> None:
    with pytest.raises(FormatError, match="wanted"):
        small()(torch.rand(shape))
    if len(shape) == 4:
        with pytest.raises(FormatError, match=r"wanted \[batch, frames"):
            flattened(torch.rand(shape))


@pytest.mark.parametrize(("scales", "width"), [(0, 64), (3, 0)])
def test_a_discriminator_of_nothing(scales: int, width: int) -> None:
    with pytest.raises(ArgumentError, match="wanted 1 or more"):
        PatchGAN(scales, width)
    with pytest.raises(ArgumentError, match="one map at least"):
        to_real([])


SHAPES = st.lists(st.tuples(*[st.integers(1, 4)] * 3), min_size=1, max_size=3)


@settings(deadline=None, max_examples=40)
@given(SHAPES, st.integers(0, 2**31 - 1))
def test_least_squares_by_hand(shapes: list[tuple[int, int, int]], seed: int) -> None:
    drawn = torch.Generator().manual_seed(seed)
    maps = [torch.randn(n, 1, h, w, generator=drawn) for n, h, w in shapes]
    for way, wanted in ((to_real, 1), (to_fake, 0)):
        means = []
        for each in maps:
            values = each.flatten().tolist()
            means.append(sum((value - wanted) ** 2 for value in values) / len(values))
        assert float(way(maps)) == pytest.approx(sum(means) / len(means), rel=1e-5)


@pytest.mark.parametrize("way", [to_real, to_fake])
def test_least_squares_are_float32(way) -> None:
    maps = [torch.linspace(-3, 3, 1001, dtype=torch.bfloat16)]
    with torch.autocast("cpu", torch.bfloat16):
        found = way(maps)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, way([maps[0].float()]), rtol=0, atol=0)


def test_under_autocast_convolutions_are_bfloat16_and_their_norms_float32() -> None:
    plain, mixed, frames = small(), small(), torch.rand(1, 3, 48, 48)
    wanted = plain(frames)
    with torch.autocast("cpu", torch.bfloat16):
        made = mixed(frames)
        assert {conv.weight.dtype for conv in convolutions(mixed.eval())} == {torch.float32}
    torch.testing.assert_close(dict(mixed.state_dict()), dict(plain.state_dict()), rtol=0, atol=0)
    assert [each.dtype for each in made] == [torch.bfloat16] * 2
    torch.testing.assert_close(made[0].float(), wanted[0], rtol=0.05, atol=0.05)


def test_a_backward_pass_is_of_its_own_call() -> None:
    network, frames = small(1), torch.rand(1, 3, 48, 48)
    gradients = list[Tensor]()
    for calls in (0, 2):
        network.eval()
        (made,) = network(frames)
        network.train()
        for _ in range(calls):
            network(frames)
        network.zero_grad()
        made.square().mean().backward()
        gradients.append(next(network.parameters()).grad.clone())  # type: ignore[union-attr]
        network.load_state_dict(small(1).state_dict())
    torch.testing.assert_close(*gradients, rtol=0, atol=0)


class Adversaries(Learner[tuple[Tensor, Tensor]]):
    """A generator of one convolution beside a discriminator, as the recipes have them."""

    def __init__(self) -> None:
        torch.manual_seed(1)
        self.networks = {"generator": nn.Conv2d(3, 3, 3, padding=1), "discriminator": small()}
        self.optimisers = {name: torch.optim.Adam(net.parameters()) for name, net in self.networks.items()}
        self.schedules = {name: Constant(1e-3) for name in self.networks}

    def step(self, batch: tuple[Tensor, Tensor], tools: Tools) -> None:
        low, truth = batch
        with tools.autocast():
            made = tools["generator"](low)
            with tools.frozen("discriminator") as judge:
                maps = judge(made)
        tools.descend("generator", {"l1": l1(made, truth), "gan": to_real(maps)})
        with tools.autocast():
            real, fake = tools["discriminator"](truth), tools["discriminator"](made.detach())
        tools.descend("discriminator", {"real": to_real(real), "fake": to_fake(fake)})


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_discriminator_learns_and_every_term_reaches_the_generator(precision) -> None:
    learner = Adversaries()
    tools = Tools(learner, Settings(steps=9, precision=precision), World())
    drawn = torch.Generator().manual_seed(3)
    batch = torch.rand(2, 3, 48, 48, generator=drawn), torch.rand(2, 3, 48, 48, generator=drawn)
    generator, judge = learner.networks["generator"], learner.networks["discriminator"]
    for term in (lambda made: to_real(judge(made)), lambda made: l1(made, batch[1])):
        generator.zero_grad()
        term(generator(batch[0])).backward()
        assert all(parameter.grad.abs().sum() > 0 for parameter in generator.parameters())
    found = list[float]()
    for _ in range(12):
        learner.step(batch, tools)
        found.append(tools.values["discriminator/loss"])
    assert found[-1] < found[0]
    assert tools.values["generator/gan"] > 0
