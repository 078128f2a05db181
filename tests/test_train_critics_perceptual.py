"""The perceptual loss: VGG19's names and features, where gradients go, and files that are missing or others."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.train_core import one_thread  # noqa: F401
from training import external
from training.critics import Perceptual, add_perceptual, perceptual, vgg
from training.critics.perceptual import TOON_WIDTH, WEIGHTS
from training.critics.vgg import VGG
from vsanimesr.errors import ArgumentError, BadModelFile, FormatError, ModelNotFetched

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

TORCHVISION = {
    0: (64, 3), 2: (64, 64),
    5: (128, 64), 7: (128, 128),
    10: (256, 128), 12: (256, 256), 14: (256, 256), 16: (256, 256),
    19: (512, 256), 21: (512, 512), 23: (512, 512), 25: (512, 512),
    28: (512, 512), 30: (512, 512), 32: (512, 512), 34: (512, 512),
}  # fmt: skip
"""Number in `features` and channels out and in of each convolution of torchvision's vgg19, as published."""
TAPPED = {"conv1_2": 2, "conv2_2": 7, "conv3_4": 16, "conv4_4": 25, "conv5_4": 34}
POOLED = (4, 9, 18, 27)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in external.REGISTRY.values():
        monkeypatch.delenv(each.variable, raising=False)


def drawn(width: int, seed: int = 0, blocks: tuple[int, ...] = vgg.BLOCKS) -> dict[str, Tensor]:
    """A state dict, each layer of which keeps the size of what it gets."""
    torch.manual_seed(seed)
    with torch.device("meta"):
        shapes = {name: parameter.shape for name, parameter in VGG(width, blocks).named_parameters()}
    return {name: torch.randn(shape) * (0.1 if len(shape) == 1 else (2 / shape[1:].numel()) ** 0.5)
            for name, shape in shapes.items()}  # fmt: skip


@pytest.fixture(scope="module")
def toon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of features of random weights, in float16."""
    path = tmp_path_factory.mktemp("toon") / "toon.pth"
    torch.save({name: tensor.half() for name, tensor in drawn(TOON_WIDTH).items()}, path)
    return path


def test_names_and_shapes_are_those_of_torchvision() -> None:
    with torch.device("meta"):
        network = VGG()
    found = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    wanted = {}
    for number, (out, into) in TORCHVISION.items():
        wanted |= {f"features.{number}.weight": (out, into, 3, 3), f"features.{number}.bias": (out,)}
    assert found == wanted
    assert network.taps == {place: name for name, place in TAPPED.items()}
    assert list(WEIGHTS.items()) == list(zip(TAPPED, (0.1, 0.1, 1, 1, 1), strict=True))


def reference(weights: dict[str, Tensor], pictures: Tensor) -> dict[str, Tensor]:
    """The features, layer by layer from the published numbers."""
    mean, deviation = (torch.tensor(v)[None, :, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    x, found = (pictures - mean) / deviation, {}
    for number in sorted({*TORCHVISION, *POOLED}):
        if number in POOLED:
            x = F.max_pool2d(x, 2, 2)
            continue
        x = F.conv2d(x, weights[f"features.{number}.weight"], weights[f"features.{number}.bias"], padding=1)
        found |= {name: x for name, place in TAPPED.items() if place == number}
        x = x.clamp(min=0)
    return found


def test_features_are_those_before_the_relu_of_normalised_pictures() -> None:
    weights, pictures = drawn(8), torch.rand(2, 3, 37, 50)
    found = vgg.frozen(weights, 8)(pictures)
    assert list(found) == list(TAPPED)
    for name, wanted in reference(weights, pictures).items():
        torch.testing.assert_close(found[name], wanted)
        assert float(found[name].min()) < 0
    assert [tuple(each.shape[-2:]) for each in found.values()] == [(37, 50), (18, 25), (9, 12), (4, 6), (2, 3)]


def test_the_loss_is_the_weighted_sum_of_mean_differences(toon: Path) -> None:
    loss, pictures, truth = Perceptual("toon", toon), torch.rand(2, 3, 32, 48), torch.rand(2, 3, 32, 48)
    weights = {name: tensor.float() for name, tensor in torch.load(toon, weights_only=True).items()}
    made, wanted = reference(weights, pictures), reference(weights, truth)
    total = sum(WEIGHTS[name] * float((made[name] - wanted[name]).abs().mean()) for name in TAPPED)
    assert float(loss(pictures, truth)) == pytest.approx(total, rel=1e-5)
    assert float(loss(truth, truth)) == 0
    clips = pictures.unflatten(0, (1, 2)), truth.unflatten(0, (1, 2))
    torch.testing.assert_close(loss(*clips), loss(pictures, truth))


@pytest.mark.parametrize("kind", ["random", "toon"])
def test_its_gradient_reaches_the_pictures_and_what_made_them_alone(kind: str, toon: Path) -> None:
    loss = Perceptual(kind, toon if kind == "toon" else None)
    generator = nn.Conv2d(3, 3, 3, padding=1)
    truth = torch.rand(1, 3, 32, 32, requires_grad=True)
    made = generator(torch.rand(1, 3, 32, 32))
    made.retain_grad()
    loss(made, truth).backward()
    assert float((made.grad != 0).float().mean()) > 0.99  # type: ignore[union-attr]
    assert all(parameter.grad.abs().sum() > 0 for parameter in generator.parameters())
    assert truth.grad is None
    assert not [name for name, parameter in loss.named_parameters() if parameter.requires_grad or parameter.grad]


@pytest.mark.parametrize("layer", range(5))
def test_every_layer_has_a_gradient(layer: int, toon: Path) -> None:
    pictures = torch.rand(1, 3, 32, 32, requires_grad=True)
    features = list(Perceptual("toon", toon).network(pictures).values())[layer]
    (features - 1).abs().mean().backward()
    assert float(pictures.grad.abs().sum()) > 0  # type: ignore[union-attr]


def test_a_gradient_is_that_of_differences(toon: Path) -> None:
    loss = Perceptual("toon", toon)
    truth, picture, way = torch.rand(3, 1, 3, 16, 16).unbind()
    picture.requires_grad_()
    loss(picture, truth).backward()
    weights = {name: tensor.double() for name, tensor in torch.load(toon, weights_only=True).items()}

    def at(step: float) -> float:
        moved, wanted = (reference(weights, each.double()) for each in (picture.detach() + step * way, truth))
        return sum(WEIGHTS[name] * float((moved[name] - wanted[name]).abs().mean()) for name in TAPPED)

    slope = float((picture.grad * way).sum())  # type: ignore[operator]
    assert slope == pytest.approx((at(1e-4) - at(-1e-4)) / 2e-4, rel=0.02)


def test_random_features_are_always_the_same_and_draw_nothing() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one = Perceptual("random")
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(6)
    torch.testing.assert_close(dict(one.state_dict()), dict(Perceptual("random").state_dict()), rtol=0, atol=0)
    found = one.network(torch.rand(1, 3, 32, 32))
    assert list(found) == ["conv1_2", "conv2_2", "conv3_4"]
    assert all(0.1 < float(each.std()) < 10 for each in found.values())
    assert one.described == {"features": "random", "sha256": ""}


def test_differences_are_float32_under_autocast(toon: Path) -> None:
    loss, pictures, truth = Perceptual("toon", toon), torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16):
        found = loss(pictures, truth)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, loss(pictures, truth), rtol=0.05, atol=0)


@pytest.mark.parametrize(
    ("pictures", "truth", "told"),
    [
        ((1, 3, 32, 32), (1, 3, 32, 33), "truth of"),
        ((3, 32, 32), (3, 32, 32), "truth of"),
        ((1, 4, 32, 32), (1, 4, 32, 32), "wanted .N, 3"),
        ((1, 3, 15, 32), (1, 3, 15, 32), "16 at least"),
    ],
)
def test_shapes_that_are_none(pictures: tuple[int, ...], truth: tuple[int, ...], told: str, toon: Path) -> None:
    with pytest.raises(FormatError, match=told):
        Perceptual("toon", toon)(torch.rand(pictures), torch.rand(truth))
    assert float(Perceptual("toon", toon)(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16))) > 0


@pytest.mark.slow
def test_the_file_of_torchvision_is_read_without_its_classifier(tmp_path: Path) -> None:
    weights, path = drawn(64), tmp_path / "vgg19.pth"
    torch.save(weights | {"classifier.0.weight": torch.ones(8, 8), "classifier.6.bias": torch.ones(1000)}, path)
    loss = Perceptual("vgg19", path)
    pictures = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(loss.network(pictures), reference(weights, pictures))
    assert loss.described == {"features": "vgg19", "sha256": external.locate("vgg19", path).sha256}
    asked = parsed("--vgg19", str(path))
    found = perceptual(asked)
    assert found is not None
    assert found.kind == "vgg19"


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("run",)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda state: {n: t for n, t in state.items() if n != "features.16.bias"}, "features.16.bias"),
        (lambda state: state | {"features.36.weight": torch.ones(1)}, "features.36.weight"),
        (
            lambda state: {n.removeprefix("features."): t for n, t in state.items()},
            "whose entries are features.0.weight",
        ),
        (lambda state: state | {"features.0.bias": torch.ones(7)}, "features.0.bias"),
        (lambda state: state | {"features.0.bias": torch.full((32,), float("nan"))}, "features.0.bias are not finite"),
        (lambda state: {"params": state}, "holds dict, wanted a state dict of tensors"),
        (lambda state: [1], "holds list"),
        (lambda state: Evil(), "cannot be read"),
    ],
)
def test_another_file_is_refused(
    change: Callable[[dict[str, Tensor]], Any], told: str, toon: Path, tmp_path: Path, capsys
) -> None:
    path = tmp_path / "other.pth"
    torch.save(change(torch.load(toon, weights_only=True)), path)
    with pytest.raises(BadModelFile, match=re.escape(told)) as caught:
        Perceptual("toon", path)
    assert str(path) in str(caught.value)
    assert capsys.readouterr().out == ""


def test_damaged_files_and_those_of_another_network(toon: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.pth"
    path.write_bytes(toon.read_bytes()[:5000])
    with pytest.raises(BadModelFile, match="cannot be read"):
        Perceptual("toon", path)
    with pytest.raises(BadModelFile, match=r"does not hold VGG19.*features\.0\.weight"):
        Perceptual("vgg19", toon)
    with pytest.raises(ArgumentError, match="--vgg19: 'nowhere' cannot be read"):
        Perceptual("vgg19", Path("nowhere"))


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_perceptual(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), ("VGG19", "--vgg19 FILE", "VSANIMESR_VGG19", "vgg19-dcbb9e9d.pth",
              "--perceptual none", "--perceptual toon", "--perceptual random")),
        (("--perceptual", "toon"), ("--toon-features FILE", "python -m training.critics train RUN",
                                    "--perceptual none", "--perceptual vgg19")),
    ],
)  # fmt: skip
def test_a_missing_file_is_an_error_with_the_ways_on(words: tuple[str, ...], told: tuple[str, ...]) -> None:
    with pytest.raises(ModelNotFetched) as caught:
        perceptual(parsed(*words))
    assert [each for each in told if each not in str(caught.value)] == []


def test_options(toon: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert perceptual(parsed("--perceptual", "none")) is None
    found = perceptual(parsed("--perceptual", "random"))
    assert found is not None
    assert found.kind == "random"
    monkeypatch.setenv("VSANIMESR_TOON_FEATURES", str(toon))
    found = perceptual(parsed("--perceptual", "toon"))
    assert found is not None
    assert len(found.described["sha256"]) == 64
    assert perceptual(parsed("--perceptual", "none")) is None
    with pytest.raises(ArgumentError, match="--toon-features with --perceptual random: leave it out"):
        perceptual(parsed("--perceptual", "random", "--toon-features", str(toon)))
    with pytest.raises(ArgumentError, match="wanted none"):
        Perceptual("random", toon)
    with pytest.raises(ArgumentError, match="wanted one of random, vgg19, toon"):
        Perceptual("vgg16")
