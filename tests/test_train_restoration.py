"""AnimeSR's stages on tiny networks and patches: every term reaches the generator, and trainings go the right way."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from tests.train_core import one_thread  # noqa: F401  # bits that are always the same
from training.core import Constant, Tools, World, unroll, unsharp_masked
from training.critics import Perceptual, flattened
from training.data import Batch
from training.restoration import DISCRIMINATOR, GENERATOR, RATES, Gan, HeldOut, Net, Restoring
from vsanimesr.errors import TrainingError
from vsanimesr.spec import Network

pytestmark = pytest.mark.slow  # the discriminator has its full width
SIDE = 24
"""Of the samples at low resolution: the least that a discriminator of three scales takes."""


def settings(**changed) -> Restoring:
    usual = {"steps": 9, "batch": 1, "stage": "net", "sources": ("toon",), "pool": {}, "lr": 1e-3, "patch": SIDE}
    return Restoring(**{**usual, "frames": 2, "network": Network(8, (2, 1, 1), 12), "save_minutes": 0} | changed)


def batch(patches: int = 6) -> Batch:
    """So many patches of colour on each side; of fine ones reduction leaves little."""
    coarse = torch.rand(2, 3, patches, patches, generator=torch.Generator().manual_seed(0))
    truth = interpolate(coarse, size=(4 * SIDE, 4 * SIDE), mode="nearest")
    return Batch(interpolate(truth, scale_factor=0.25, mode="area")[None], truth[None])


class Terms(Tools):
    """Keeps the terms that a learner descends, with their gradients intact."""

    def descend(self, name: str, terms) -> None:
        self.kept = {**getattr(self, "kept", {}), name: terms}


def test_stage_net_is_l1_to_the_sharpened_truth():
    given = batch()
    for sharpened in (True, False):
        told = settings(sharpened=sharpened, precision="fp32")
        learner = Net(told)
        tools = Terms(learner, told, World())
        learner.step(given, tools)
        (terms,) = tools.kept.values()
        wanted = unsharp_masked(given.truth) if sharpened else given.truth
        made = unrolled(learner, given)
        assert terms.keys() == {"l1"}
        assert terms["l1"].item() == pytest.approx((made - wanted).abs().mean().item(), abs=1e-6)


def test_its_distance_can_be_another():
    told = settings(sharpened=False, precision="fp32", loss="l2")
    learner, given = Net(told), batch()
    tools = Terms(learner, told, World())
    learner.step(given, tools)
    (terms,) = tools.kept.values()
    made = unrolled(learner, given)
    assert terms.keys() == {"l2"}
    assert terms["l2"].item() == pytest.approx((made - given.truth).square().mean().item(), abs=1e-6)


def unrolled(learner: Net, given: Batch) -> Tensor:
    with torch.no_grad():
        return unroll(learner.networks[GENERATOR], given.low)


@pytest.fixture
def terms() -> tuple[Gan, dict[str, dict[str, Tensor]]]:
    torch.manual_seed(0)
    told = settings(stage="gan", precision="fp32")
    learner = Gan(told, perceptual=Perceptual("random"))
    tools = Terms(learner, told, World())
    learner.step(batch(), tools)
    return learner, tools.kept


def test_stage_gan_is_distance_features_and_judgement_of_the_truth_as_it_is(terms):
    _, kept = terms
    torch.manual_seed(0)
    learner, given, features = Gan(settings(stage="gan")), batch(), Perceptual("random")
    discriminator = learner.networks[DISCRIMINATOR]
    made, real = flattened(unrolled(learner, given)), flattened(given.truth)
    with torch.no_grad():
        judged, of_real, of_made = (discriminator(each) for each in (made, real, made))  # each call betters its norms
        wanted = {
            GENERATOR: {
                "l1": (made - real).abs().mean(),
                "gan": sum((each - 1).square().mean() for each in judged) / len(judged),
                "perceptual": features(made, real),
            },
            DISCRIMINATOR: {
                "real": sum((each - 1).square().mean() for each in of_real) / len(of_real),
                "fake": sum(each.square().mean() for each in of_made) / len(of_made),
            },
        }
    torch.testing.assert_close({name: dict(each) for name, each in kept.items()}, wanted)


def test_adam_and_its_average_are_the_papers():
    for stage, learner in (("net", Net(settings())), ("gan", Gan(settings(stage="gan")))):
        assert all(optimiser.defaults["betas"] == (0.9, 0.99) for optimiser in learner.optimisers.values())
        assert learner.decays == {GENERATOR: 0.999}
        assert RATES[stage] == {"net": 2e-4, "gan": 1e-4}[stage]


@pytest.mark.parametrize("term", ["l1", "gan", "perceptual"])
def test_every_term_reaches_the_whole_generator(terms, term):
    learner, kept = terms
    parameters = list(learner.networks[GENERATOR].parameters())
    found = torch.autograd.grad(kept[GENERATOR][term], parameters, retain_graph=True)
    assert all(gradient.abs().max() > 0 for gradient in found)


def test_the_generators_loss_trains_no_discriminator_and_the_other_way_round(terms):
    learner, kept = terms
    generator, discriminator = (list(learner.networks[name].parameters()) for name in (GENERATOR, DISCRIMINATOR))
    total = sum(kept[GENERATOR].values())
    assert all(g is None for g in torch.autograd.grad(total, discriminator, allow_unused=True, retain_graph=True))
    judged = sum(kept[DISCRIMINATOR].values())
    assert all(g is None for g in torch.autograd.grad(judged, generator, allow_unused=True, retain_graph=True))
    assert all(g.abs().max() > 0 for g in torch.autograd.grad(judged, discriminator))


@pytest.mark.parametrize("stage", ["net", "gan"])
def test_each_stage_comes_closer_to_the_truth(stage):
    given, told = batch(), settings(stage=stage, sharpened=False)
    torch.manual_seed(0)
    learner = (Gan if stage == "gan" else Net)(told)
    learner.schedules = {name: Constant(1e-3 if name == GENERATOR else 1e-12) for name in learner.networks}
    tools = Tools(learner, told, World())
    before = (unrolled(learner, given) - given.truth).abs().mean()
    for _ in range(20):
        learner.step(given, tools)
    assert (unrolled(learner, given) - given.truth).abs().mean() < 0.92 * before


def test_the_discriminator_learns_to_tell_made_from_real():
    given, told = batch(patches=32), settings(stage="gan")
    torch.manual_seed(0)
    learner = Gan(told)
    learner.schedules = {GENERATOR: Constant(1e-12), DISCRIMINATOR: Constant(1e-3)}
    tools = Tools(learner, told, World())
    told_apart = []
    for _ in range(20):
        learner.step(given, tools)
        told_apart.append(tools.values["judged real"] - tools.values["judged fake"])
    assert told_apart[-1] > told_apart[0] + 0.02


@pytest.mark.parametrize("stage", ["net", "gan"])
def test_what_is_computed_again_learns_the_same(stage):
    found, calls = [], []
    for recompute in (False, True):
        told = settings(stage=stage, recompute=recompute, precision="bf16")
        torch.manual_seed(0)
        learner = (Gan if stage == "gan" else Net)(told)
        generator = learner.networks[GENERATOR]
        generator.register_forward_pre_hook(lambda *_: calls.append(0))
        learner.step(batch(), Tools(learner, told, World()))
        found.append(list(generator.parameters()))
    assert len(calls) == 2 + 2 * 2  # of two frames
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_samples_grow_if_asked_to():
    told = settings(frames=15, growing=True, length=100)
    assert [told.taken(step) for step in (0, 9, 10, 59, 60, 91, 92, 500)] == [1, 1, 3, 3, 7, 7, 15, 15]
    assert replace(told, frames=5).taken(99) == 5
    assert settings(frames=15).taken(0) == 15
    with pytest.raises(TrainingError, match="set length"):
        settings(growing=True)


def test_the_rate_is_the_papers_unless_it_falls():
    assert {settings().schedule.at(step) for step in (0, 5, 10**6)} == {1e-3}
    for stage, length, grown in (("net", 1000, 100), ("net", 5000, 100), ("net", 60, 6), ("gan", 1000, 1)):
        falling = settings(length=length, stage=stage).schedule
        assert falling.at(length) == pytest.approx(1e-5)
        rates = [falling.at(step) for step in range(length)]
        assert rates.index(max(rates)) + 1 == grown
        assert max(rates) == 1e-3


def test_held_out_clips_are_judged_against_their_truth():
    held = HeldOut.drawn(1, size=(96, 64), frames=2)
    told = settings(network=Network(8, (2, 1, 1), 12))
    found = Net(told, held).samples(Tools(learner := Net(told, held), told, World()))
    assert learner.networks.keys() == {GENERATOR}
    assert found["made and truth"].shape == (1, 3, 64, 192)
    torch.testing.assert_close(found["made and truth"][:, :, :, 96:], held.truth[0][-1:])
    assert 0 < found["psnr"] < 60


class Enlarging(torch.nn.Module):
    """Enlarges by four."""

    def __init__(self, mode):
        super().__init__()
        self.mode = mode
        self.device = torch.nn.Parameter(torch.zeros(1))  # a network's parameters say where its frames go

    def initial_state(self, n, h, w):
        return torch.zeros(n, 1, h, w)

    def forward(self, window, state):
        return torch.nn.functional.interpolate(window[:, 3:6], scale_factor=4.0, mode=self.mode), state


def test_soft_pictures_have_fewer_edges_than_sharp_ones_and_bicubic_gains_nothing():
    truth = (torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1)) > 0.5).float()
    held = HeldOut([truth], [truth.repeat_interleave(4, 2).repeat_interleave(4, 3)])
    found = {mode: held.judged(Enlarging(mode)) for mode in ("nearest", "bilinear", "bicubic")}
    assert found["nearest"]["edges"].item() == pytest.approx(1)
    assert found["bilinear"]["edges"] < 0.9
    assert found["bicubic"]["over bicubic"].item() == pytest.approx(0, abs=1e-5)
