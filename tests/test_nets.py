"""The network: sizes, the rewriting at low resolution, the order of the blocks."""

import pytest
import torch
from torch.nn import functional as F

from vsanimesr.nets import AnimeSR
from vsanimesr.nets.animesr import Cell, from_state_dict
from vsanimesr.spec import ARCHITECTURES, Network


class Reference:
    """The network as the paper draws it, written out: the previous picture is kept and unshuffled at every step."""

    def __init__(self, weights, feedback=True):
        self.weights, self.feedback = weights, feedback

    def conv(self, name, x, stride=1):
        name = f"recurrent_cell.{name}"
        return F.conv2d(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], stride, padding=1)

    def block(self, name, x):
        return x + self.conv(f"{name}.conv2", F.relu(self.conv(f"{name}.conv1", x)))

    def __call__(self, window, picture, hidden):
        x = [window, F.pixel_unshuffle(picture, 4), hidden] if self.feedback else [window, hidden]
        a = F.leaky_relu(self.conv("conv_s1_first.0", torch.cat(x, 1)), 0.1)
        b = F.leaky_relu(self.conv("conv_s2_first.0", a, 2), 0.1)
        c = F.leaky_relu(self.conv("conv_s4_first.0", b, 2), 0.1)
        a, b, c = self.bodies(a, b, c)
        y = F.leaky_relu(self.conv("fusion.0", torch.cat([a, up(b, 2), up(c, 4)], 1)), 0.1)
        y = self.conv("fusion.2", y)
        return F.pixel_shuffle(y[:, :48], 4) + up(window[:, 3:6], 4), F.leaky_relu(y[:, 48:], 0.1)

    def bodies(self, a, b, c):
        a = self.block("body_s1_first.0", a)
        a = self.block("body_s1_first.1", a)
        a = self.block("body_s1_first.2", a)
        b = self.block("body_s2_first.0", b)
        a = self.block("body_s1_first.3", a + up(b, 2))
        b = self.block("body_s2_first.1", b)
        c = self.block("body_s4_first.0", c)
        a, b = self.block("body_s1_first.4", a + up(b, 2) + up(c, 4)), self.block("body_s2_first.2", b + up(c, 2))
        return a, b, self.block("body_s4_first.1", c)


class NarrowReference(Reference):
    """The same of blocks 3-2-1, aligned at their ends as the paper's are."""

    def bodies(self, a, b, c):
        a = self.block("body_s1_first.1", self.block("body_s1_first.0", a))
        b = self.block("body_s2_first.0", b)
        a = self.block("body_s1_first.2", a + up(b, 2))
        return a, self.block("body_s2_first.1", b), self.block("body_s4_first.0", c)


def up(x, factor):
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


NARROW = [Network(8, (2, 1, 1), 12), Network(12, (3, 2, 1), 20), Network(4, (1, 1, 1), 4), Network(8, (4, 4, 2), 16)]


def lively(feedback=True, seed=0, network=None):
    """A network whose every parameter matters: no zeros, and no decay over the steps."""
    torch.manual_seed(seed)
    network = AnimeSR(feedback, network)
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.1)
        else:
            torch.nn.init.kaiming_normal_(parameter, a=0.8)
    return network.eval().requires_grad_(False)


COUNTS = {("animesr", True): 1_495_376, ("animesr", False): 1_467_728, ("animesr-lite", True): 173_512}


@pytest.mark.parametrize(("architecture", "feedback"), COUNTS)
def test_parameter_count(architecture, feedback):
    network = AnimeSR(feedback, ARCHITECTURES[architecture])
    assert sum(parameter.numel() for parameter in network.parameters()) == COUNTS[architecture, feedback]


WIDE = pytest.param(Reference, None, marks=pytest.mark.slow)


@pytest.mark.parametrize(("kind", "shape"), [WIDE, (NarrowReference, Network(12, (3, 2, 1), 20))])
@pytest.mark.parametrize("feedback", [True, False])
def test_equals_the_paper_s_way_over_several_steps(feedback, kind, shape):
    network = lively(feedback, network=shape).double()
    reference = kind(network.state_dict(), feedback)
    features = network.recurrent_cell.network.features
    frames = torch.rand(8, 2, 3, 20, 28, dtype=torch.float64)
    shapes = (2, 3, 80, 112), (2, features, 20, 28)
    picture, hidden = (torch.zeros(shape, dtype=torch.float64) for shape in shapes)
    state = network.initial_state(2, 20, 28)
    for i in range(1, 7):
        window = torch.cat([frames[i - 1], frames[i], frames[i + 1]], 1)
        picture, hidden = reference(window, picture, hidden)
        ours, state = network(window, state)
        assert ours.std() > 0.05, "the comparison would say nothing"
        torch.testing.assert_close(ours, picture, rtol=0, atol=1e-9)
        torch.testing.assert_close(state[:, -features:], hidden, rtol=0, atol=1e-9)
        if feedback:
            torch.testing.assert_close(state[:, :48], F.pixel_unshuffle(picture, 4), rtol=0, atol=1e-9)


def test_residual_is_bilinear_up_to_the_borders():
    kernel = Cell().residual.double()
    x = torch.rand(1, 3, 8, 12, dtype=torch.float64)
    ours = F.pixel_shuffle(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel), 4)
    torch.testing.assert_close(ours, up(x, 4), rtol=0, atol=1e-15)


def test_blocks_run_right_aligned():
    network, runs = lively(), []
    for name, module in network.named_modules():
        if name.split(".")[-2:-1] and name.split(".")[-2].startswith("body"):
            module.register_forward_hook(lambda *_, name=name: runs.append(name.removeprefix("recurrent_cell.")))
    network(torch.rand(1, 9, 16, 16), network.initial_state(1, 16, 16))
    assert runs == [
        *("body_s1_first.0", "body_s1_first.1"),
        *("body_s1_first.2", "body_s2_first.0"),
        *("body_s1_first.3", "body_s2_first.1", "body_s4_first.0"),
        *("body_s1_first.4", "body_s2_first.2", "body_s4_first.1"),
    ]


@pytest.mark.parametrize("feedback", [True, False])
def test_sizes(feedback):
    network = AnimeSR(feedback).half()
    state = network.initial_state(2, 16, 24)
    assert state.shape == (2, 112 if feedback else 64, 16, 24)
    assert state.dtype == torch.float16
    assert not state.any()
    network.float()
    packed, following = network.recurrent_cell(torch.rand(2, 9, 16, 24), state.float())
    picture, _ = network(torch.rand(2, 9, 16, 24), state.float())
    assert (packed.shape, following.shape, picture.shape) == ((2, 48, 16, 24), state.shape, (2, 3, 64, 96))


def test_state_dict_has_the_official_keys_only():
    bodies = {f"body_s{s}_first.{i}.conv{c}" for s, n in ((1, 5), (2, 3), (4, 2)) for i in range(n) for c in (1, 2)}
    layers = {"conv_s1_first.0", "conv_s2_first.0", "conv_s4_first.0", "fusion.0", "fusion.2"} | bodies
    wanted = {f"recurrent_cell.{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}
    assert AnimeSR().state_dict().keys() == wanted


def test_initialisation():
    torch.manual_seed(0)
    parameters = dict(AnimeSR().recurrent_cell.named_parameters())
    for name, parameter in parameters.items():
        if name.startswith("body") and name.endswith("bias"):
            assert not parameter.any()
        elif name.startswith("body"):
            assert parameter.std().item() == pytest.approx(0.1 * (2 / 576) ** 0.5, rel=0.03)
    assert parameters["fusion.0.weight"].abs().max() <= (1 / (192 * 9)) ** 0.5  # PyTorch's default, uniform
    assert parameters["fusion.0.bias"].any()


def test_gradients_reach_every_parameter_through_the_recurrence():
    network = AnimeSR()
    state = network.initial_state(1, 8, 8)
    for _ in range(2):
        picture, state = network(torch.rand(1, 9, 8, 8), state)
    picture.square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())


@pytest.mark.parametrize("network", [None, *NARROW])
@pytest.mark.parametrize("feedback", [True, False])
def test_from_state_dict_finds_the_variant(feedback, network):
    source = lively(feedback, network=network)
    copy = from_state_dict(source.state_dict())
    window, state = torch.rand(1, 9, 8, 8), source.initial_state(1, 8, 8)
    torch.testing.assert_close(copy(window, state), source(window, state), rtol=0, atol=0)


def test_from_state_dict_refuses_what_does_not_fit():
    weights = lively().state_dict()
    del weights["recurrent_cell.fusion.2.bias"]
    with pytest.raises(RuntimeError, match=r"fusion\.2\.bias"):
        from_state_dict(weights)
