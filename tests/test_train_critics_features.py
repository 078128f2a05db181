"""Features of our own: drawings and what is known of them, targets, the training, the file that comes of it."""

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.train_core import one_thread  # noqa: F401
from training import toon
from training.core import Tools, World
from training.critics import balanced, drawings, targets, vgg
from training.critics.drawings import NAMES, Drawings
from training.critics.perceptual import WEIGHTS
from training.critics.samples import SMALL, SOUND, WEAR, WORN, Batch, Samples, treated, wear
from training.critics.targets import CHANNELS, COLOUR, FLAT, LINES, ORIENTATION
from training.critics.teaching import COUNTS, FeatureTraining, Student, Teaching, terms
from training.degrade import Recipe, generator
from vsanimesr.errors import TrainingError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

SIZE = (80, 64)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawings:
    """Small drawings, kept for all tests."""
    return Drawings(tmp_path_factory.mktemp("drawings"), SIZE)


def test_names_are_all_that_the_renderer_has() -> None:
    clips = [toon.clip(seed, frames=60) for seed in range(60)]
    found = frozenset[str]().union(*(clip.generators for clip in clips))
    assert found <= set(NAMES)
    assert len(found) > 20
    assert {f"framing:{clip.shot_at(0).kind}" for clip in clips} <= set(NAMES)
    assert len(set(NAMES)) == len(NAMES)


def test_a_frame_is_of_the_shot_that_its_cut_begins() -> None:
    clip = next(clip for clip in (toon.clip(seed, frames=90, size=SIZE) for seed in range(50)) if clip.cuts)
    cut = clip.cuts[0]
    before, after = clip.shot_at(cut - 1), clip.shot_at(cut)
    assert before is not after
    assert before.names | after.names <= clip.generators
    with pytest.raises(IndexError, match="0 to 89, not 90"):
        clip.shot_at(90)


def test_a_drawing_is_a_frame_and_drawn_once(drawn: Drawings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = drawn[3]
    monkeypatch.setattr(drawings, "drawn", None)
    again = drawn[3]
    clip = toon.clip(3, frames=drawings.FRAMES, size=SIZE)
    n = int(np.random.default_rng(3).integers(drawings.FRAMES))
    frame = clip[n]
    for drawing in (first, again):
        np.testing.assert_array_equal(drawing.image, frame.image)
        np.testing.assert_array_equal(drawing.lines, frame.lines)
        assert set(drawing.names) == {*clip.shot_at(n).names, f"framing:{clip.shot_at(n).kind}"}


def test_splits_and_sizes_have_files_of_their_own(tmp_path: Path) -> None:
    ones = Drawings(tmp_path), Drawings(tmp_path, (320, 192)), Drawings(tmp_path, split="val")
    assert len({one.file(0) for one in ones}) == 3
    assert f"toon{toon.VERSION}-" in str(ones[0].file(0))


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", None])
def test_a_damaged_drawing_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = Drawings(tmp_path, SIZE).file(0)
    file.parent.mkdir()
    if content is None:
        Image.new("RGBA", SIZE).save(file)  # without its notes
    else:
        file.write_bytes(content)
    with pytest.raises(TrainingError, match=f"{re.escape(str(file))}' is no drawing.*delete it"):
        Drawings(tmp_path, SIZE)[0]


def test_samples_are_functions_of_seed_and_number(drawn: Drawings) -> None:
    samples, others = Samples(drawn, 4, 32), Samples(drawn, 4, 32, seed=1)
    for number in (0, 5):
        one, two, other = samples[number], samples[number], others[number]
        for field in fields(one):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))
        assert not np.array_equal(one.clean, other.clean)


def test_samples_are_patches_of_drawings_with_their_lines(drawn: Drawings) -> None:
    samples, mirrored = Samples(drawn, 3, 32), set[bool]()
    for number in range(12):
        sample, found = samples[number], list[bool]()
        for drawing in (drawn[n] for n in range(3)):
            for flip in (False, True):
                way = -1 if flip else 1
                planes = np.dstack([sample.clean[:, ::way], sample.lines[:, ::way]])
                if inside(planes, np.dstack([drawing.image, drawing.lines])):
                    found.append(flip)
                    assert [name for name, there in zip(NAMES, sample.names, strict=True) if there] == list(
                        drawing.names
                    )
        assert found
        mirrored |= set(found)
        assert (sample.wear == 0).all() == np.array_equal(sample.picture, sample.clean)
    assert mirrored == {False, True}


def inside(patch: np.ndarray, whole: np.ndarray) -> bool:
    height, width = patch.shape[:2]
    places = np.ndindex(whole.shape[0] - height + 1, whole.shape[1] - width + 1)
    return any(np.array_equal(patch, whole[y : y + height, x : x + width]) for y, x in places)


def test_treatments(drawn: Drawings) -> None:
    clean = drawn[0].image[:64, :64].copy()
    recipe = Recipe.draw(generator(4), 1)
    made = {name: treated(clean, recipe, name).astype(float) for name in (SOUND, WORN, SMALL)}
    errors = {name: np.abs(picture - clean).mean() for name, picture in made.items()}
    assert errors[SOUND] == 0
    assert 0 < errors[WORN] < 40
    assert 0 < errors[SMALL] < 40
    assert not np.array_equal(made[WORN], made[SMALL])
    blur, codec = recipe.blur, recipe.compression
    assert blur
    assert codec
    sigma, noise = (blur.sigma_x * blur.sigma_y) ** 0.5 / 4, recipe.noise[0].sigma / 10
    assert wear(recipe, SOUND).tolist() == [0] * WEAR
    assert wear(recipe, WORN).tolist() == pytest.approx([sigma, noise, 0, 0])
    assert wear(recipe, SMALL).tolist() == pytest.approx([sigma, noise, codec.crf / 51, 1])


def batch_of(clean: Tensor, lines: Tensor | None = None) -> Batch:
    lines = torch.zeros_like(clean[:, :1]) if lines is None else lines
    return Batch(clean, clean, lines, torch.zeros(len(clean), len(NAMES)), torch.zeros(len(clean), WEAR))


@pytest.mark.parametrize("sign", [1, -1])
def test_targets_tell_lines_flat_colours_and_ways_of_edges(sign: int) -> None:
    y, x = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    ramps = torch.stack([x, y, x + y, x - y, 0 * x])
    clean = (0.5 + sign * 0.02 * (ramps - ramps.mean((1, 2), keepdim=True)))[:, None].repeat(1, 3, 1, 1)
    lines = torch.rand(5, 1, 16, 16)
    found = targets.local(batch_of(clean, lines))[..., 4:12, 4:12]
    assert found.shape[1] == CHANNELS
    torch.testing.assert_close(found[:, LINES], lines[..., 4:12, 4:12])
    torch.testing.assert_close(found[:, COLOUR], clean[..., 4:12, 4:12])
    assert found[:, FLAT].mean((1, 2, 3)).tolist() == [0, 0, 0, 0, 1]
    one, diagonal = 4 * 0.02, 4 * 0.02 * 2**0.5
    wanted = torch.tensor([[one, 0], [-one, 0], [0, diagonal], [0, -diagonal], [0, 0]])
    torch.testing.assert_close(found[:, ORIENTATION].mean((2, 3)), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("side", "size"), [(32, (4, 4)), (37, (2, 2)), (37, (37, 37))])
def test_targets_of_a_feature_are_means_of_its_place(side: int, size: tuple[int, int]) -> None:
    drawn, factor = torch.rand(2, 3, side, side), side // size[0]
    found = targets.at_size(drawn, torch.Size(size))
    assert found.shape == (2, 3, *size)
    part = drawn[1, 2, factor * (size[0] - 1) : factor * size[0], :factor]
    torch.testing.assert_close(found[1, 2, -1, 0], part.mean())


def small(**changed: int) -> Teaching:
    return Teaching(**{"steps": 40, "batch": 4, "patch": 32, "width": 4, "length": 40, "lr": 4e-3} | changed)  # type: ignore[arg-type]


def test_every_term_reaches_the_features_and_every_weight_is_learned(drawn: Drawings) -> None:
    torch.manual_seed(0)
    student, batch = Student(8), Batch.of([Samples(drawn, 4, 32)[n] for n in range(4)])
    found = terms(student(batch.pictures), batch)
    assert set(found) == set(COUNTS)
    for name, term in found.items():
        student.zero_grad()
        term.backward(retain_graph=True)
        reached = student.encoder.features.get_parameter("0.weight").grad
        assert float(reached.abs().sum()) > 0, name
    student.zero_grad()
    sum(found.values()).backward()
    assert not [name for name, each in student.named_parameters() if not float(each.grad.abs().sum()) > 0]
    assert set(student.local) == set(WEIGHTS)


def test_its_loss_falls(drawn: Drawings) -> None:
    torch.manual_seed(1)
    samples, settings = Samples(drawn, 4, 32), small()
    learner = FeatureTraining(settings, Batch.of([samples[n] for n in range(100, 104)]))
    tools, losses = Tools(learner, settings, World()), list[float]()
    batch = Batch.of([samples[n] for n in range(4)])
    for tools.step in range(40):
        learner.step(batch, tools)
        losses.append(tools.values["features/loss"])
        tools.averages["features"].update(learner.networks["features"])
    assert losses[-1] < 0.6 * losses[0]
    told = learner.samples(tools)
    assert {f"held_out/{name}" for name in COUNTS} < set(told)
    assert told["picture, lines seen, lines"].shape == (4, 3, 32, 96)


def test_balanced_features_have_one_size_and_are_else_the_same() -> None:
    torch.manual_seed(2)
    network, pictures = Student(4).encoder, torch.rand(3, 3, 48, 48)
    weights = {name: 3 * each if "2.weight" in name else each for name, each in network.state_dict().items()}
    before = vgg.frozen(weights, 4)(pictures)
    made = vgg.frozen(balanced.balanced(weights, 4, pictures), 4)
    for name, after in made(pictures).items():
        assert float(after.abs().mean()) == pytest.approx(1, rel=1e-4)
        torch.testing.assert_close(after, before[name] / before[name].abs().mean(), rtol=1e-3, atol=1e-4)


def test_numbers_that_float16_has_not(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"features\.0\.bias are not finite in float16"):
        balanced.write({"features.0.bias": torch.full((3,), 1e6)}, tmp_path / "toon.pth")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [{"patch": 40}, {"patch": 400}, {"drawings": 0}, {"lr": 0}])
def test_settings_that_make_no_sense(wrong: dict[str, int]) -> None:
    with pytest.raises(TrainingError, match="wanted"):
        small(**wrong)
