"""What the renderer draws with: lines and their mask, colours, curves, noise, letters."""

import cv2
import numpy as np
import pytest
import skia
from hypothesis import given, settings
from hypothesis import strategies as st

from training.toon import clip
from training.toon.camera import MARGIN, camera
from training.toon.colour import channels, light, mix, oklch, tone
from training.toon.curves import corners, path, pieces, points, sampled
from training.toon.glyphs import LATIN, ideograph, latin
from training.toon.ink import KINDS, ink
from training.toon.noise import fractal
from training.toon.pen import Recorder
from training.toon.rng import Dice, Seed, root

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks


def drawn(recorder: Recorder, size: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """A recorded drawing on white, and its mask."""
    pixels = np.zeros((size, size, 4), np.uint8)
    surface = skia.Surface(pixels, skia.kRGBA_8888_ColorType)
    surface.getCanvas().clear(0xFFFFFFFF)
    mask = skia.Surface.MakeRaster(skia.ImageInfo.MakeA8(size, size))
    recorder.cel.draw(surface.getCanvas(), mask.getCanvas())
    lines = mask.makeImageSnapshot().toarray(colorType=skia.kAlpha_8_ColorType).reshape(size, size)
    return pixels[..., :3], lines


def recorder(kind: str = "clean", width: float = 3.0) -> Recorder:
    seed = root(3, "train")
    made = next(made for i in range(500) if (made := ink(seed.dice(i))).kind == kind)
    return Recorder(made, width, light(seed.dice("light"), "noon"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_kind_is_dark_and_in_the_mask(kind: str) -> None:
    made = recorder(kind)
    with made as pen:
        pen.line([(20, 100), (100, 60), (180, 100)])
    image, lines = drawn(made)
    assert lines.max() == 255
    assert image[lines > 200].mean() < 140
    assert image[lines == 0].min() == 255


def test_what_is_painted_over_a_line_leaves_the_mask() -> None:
    made = recorder()
    with made as pen:
        pen.line([(20, 100), (180, 100)], ends=(0, 0))
        pen.fill(skia.Path.Rect(skia.Rect(100, 80, 180, 120)), 0xFF00FF00)
    _, lines = drawn(made)
    assert lines[95:105, 30:90].max() == 255
    assert lines[:, 105:175].max() == 0


@pytest.mark.parametrize("width", [1.0, 2.0, 5.0, 12.0])
def test_lines_have_their_width(width: float) -> None:
    made = recorder("clean", width)
    with made as pen:
        pen.line([(10, 100), (100, 100), (190, 100)], ends=(0, 0))
    _, lines = drawn(made)
    assert lines[:, 60:140].sum(axis=0).mean() / 255 == pytest.approx(width, rel=0.25, abs=0.4)


def test_form_shadow_lies_away_from_the_light() -> None:
    made = recorder()
    with made as pen:
        x, y = pen.light.toward
        pen.cel([(50, 50), (150, 50), (150, 150), (50, 150)], tone(0.8, 0.05, 0.3), depth=25, contour=0)
    image, _ = drawn(made)
    near, far = (image[int(100 + s * 44 * y), int(100 + s * 44 * x)].sum() for s in (-1, 1))
    assert far < near - 20


@pytest.mark.parametrize("split", ["train", "test"])
def test_lines_lie_on_edges(split: str) -> None:
    """Where the mask says that there is ink, the picture changes more than elsewhere."""
    ratios = []
    for seed in range(8):
        frame = clip(seed, frames=1, size=(240, 144), split=split)[0]
        if (frame.lines > 128).mean() < 0.005:
            continue
        grey = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
        rough = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        ratios.append(rough[frame.lines > 128].mean() / max(rough[frame.lines == 0].mean(), 1e-6))
    assert len(ratios) >= 3
    assert np.median(ratios) > 2


@given(st.floats(0, 1), st.floats(0, 0.3), st.floats(0, 1))
def test_colours_get_lighter_with_lightness(lightness: float, chroma: float, hue: float) -> None:
    darker, lighter = oklch(lightness * 0.8, chroma, hue), oklch(min(lightness * 0.8 + 0.2, 1), chroma, hue)
    assert darker >> 24 == lighter >> 24 == 255
    assert np.dot(channels(lighter), (0.3, 0.59, 0.11)) > np.dot(channels(darker), (0.3, 0.59, 0.11))


def test_a_material_has_a_darker_shade_and_a_lighter_shine() -> None:
    made = tone(0.7, 0.1, 0.1)
    order = [sum(channels(colour)) for colour in (made.ink, made.deep, made.shade, made.base, made.shine)]
    assert order == sorted(order)
    assert mix(made.base, made.shade, 0) == made.base


@given(st.lists(st.tuples(st.floats(-99, 99), st.floats(-99, 99)), min_size=2, max_size=9))
def test_curves_go_through_their_points(rows: list[tuple[float, float]]) -> None:
    along = sampled(rows, 4)
    assert np.allclose(along[::4], points(rows))
    assert path(rows).countPoints() >= 1


def test_a_point_given_twice_cuts_a_line() -> None:
    square = corners([(0, 0), (9, 0), (9, 9), (0, 9)])
    parts = pieces(square, closed=True)
    assert parts is not None
    assert [len(part) for part in parts] == [2, 2, 2, 2]
    assert pieces(points([(0, 0), (9, 0), (9, 9)]), closed=True) is None


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_cameras_stay_on_the_painting(seed: int) -> None:
    made = camera(root(seed, "train"), 1.0)
    for n in (0, 1, 7, 50, 400):
        sight = made.at(n)
        assert max(abs(sight.x), abs(sight.y)) < MARGIN
        assert 0.9 < sight.zoom < 1.8


def test_streams_do_not_disturb_each_other() -> None:
    seed = Seed(("train", 1))
    first = seed.dice("eyes").random()
    seed.dice("hair").random()
    assert seed.dice("eyes").random() == first != seed.dice("hair").random()
    assert isinstance(seed.dice("eyes"), Dice)


def test_noise_is_centred_and_of_unit_spread() -> None:
    field = fractal(np.random.default_rng(1), (200, 300), 40)
    assert field.shape == (200, 300)
    assert abs(field.mean()) < 0.5
    assert field.std() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("letter", LATIN)
def test_every_letter_has_strokes_in_its_box(letter: str) -> None:
    strokes = np.concatenate(latin(letter))
    assert len(strokes) > 1
    assert strokes.min() >= 0
    assert strokes.max() <= 1


def test_made_up_characters_differ() -> None:
    made = {np.concatenate(ideograph(Dice(i))).tobytes() for i in range(50)}
    assert len(made) >= 45
