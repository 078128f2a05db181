"""Every part that a shot may be made of draws, whatever its traits are."""

from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest
import skia
from hypothesis import given, settings
from hypothesis import strategies as st

from training.toon import accessories, effects, foreground, haircuts, outfits, props, text, traffic
from training.toon.body import BUILDS, Pose, joints, sole
from training.toon.camera import MARGIN
from training.toon.colour import HOURS, light
from training.toon.face import Expression, Mouth
from training.toon.ink import ink
from training.toon.painting import Paper
from training.toon.pen import Recorder
from training.toon.people import PEOPLE, Character, Drawing, Figure, character
from training.toon.rng import root
from training.toon.shot import Actor, unsharp
from training.toon.staging import PLACES
from training.toon.trial import ACTORS
from training.toon.view import View, shape

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

SEED = root(11, "train")
LIGHT = light(SEED.dice("light"), "noon")
INK = ink(SEED.dice("ink"))


def coverage(recorder: Recorder, scale: float = 8.0, size: int = 160) -> tuple[float, float]:
    """How much of a picture a drawing covers, in colour and by lines, 0 to 1."""
    pixels = np.zeros((size, size, 4), np.uint8)
    canvas = skia.Surface(pixels, skia.kRGBA_8888_ColorType).getCanvas()
    mask = skia.Surface.MakeRaster(skia.ImageInfo.MakeA8(size, size))
    for each in (canvas, mask.getCanvas()):
        each.translate(size / 2, size / 4)
        each.scale(scale, scale)
    recorder.cel.draw(canvas, mask.getCanvas())
    lines = mask.makeImageSnapshot().toarray(colorType=skia.kAlpha_8_ColorType)
    return float((pixels[..., 3] > 0).mean()), float((lines > 0).mean())


def figure(who: Character, drawn: Drawing, low: bool = True) -> Recorder:
    recorder = Recorder(INK, 0.1, LIGHT)
    with recorder as pen:
        Figure(pen, who, drawn).draw(low)
    return recorder


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    build=st.sampled_from(sorted(PEOPLE)),
    yaw=st.sampled_from([-3.1, -1.5, -0.8, -0.3, 0.0, 0.2, 0.7, 1.5]),
    pitch=st.floats(-0.3, 0.3),
    opened=st.floats(0, 1),
)
def test_people_in_every_view(seed: int, build: str, yaw: float, pitch: float, opened: float) -> None:
    who = character(root(seed, "val"), build)
    area, lines = coverage(figure(who, Drawing(yaw, pitch, 0.1, shown=Expression(mouth=Mouth(opened)))))
    assert area > 0.04
    assert 0.01 < lines < area


@pytest.mark.parametrize(("fringe", "tail"), list(zip(haircuts.FRINGES, haircuts.TAILS, strict=True)))
def test_every_haircut(fringe: str, tail: str) -> None:
    who = character(SEED, "girl")
    tips = tuple(haircuts.locks(SEED.dice("tips"), fringe))
    bald = coverage(figure(who, Drawing(0.5), low=False))
    cut = replace(who, hair=replace(who.hair, fringe=fringe, tail=tail, tips=tips))
    assert abs(coverage(figure(cut, Drawing(0.5), low=False))[0] - bald[0]) < 0.2


@pytest.mark.parametrize(("top", "bottom"), list(zip(outfits.TOPS, cycle(outfits.BOTTOMS), strict=False)))
def test_every_outfit(top: str, bottom: str) -> None:
    who = character(SEED, "woman")
    dressed = replace(who, worn=replace(who.worn, top=top, bottom=bottom, pattern="checks"))
    for yaw in (0.4, 3.1):
        assert coverage(figure(dressed, Drawing(yaw)))[0] > 0.04


@pytest.mark.parametrize(("head", "face"), list(zip(accessories.ON_HEAD, cycle(accessories.ON_FACE), strict=False)))
def test_every_accessory(head: str, face: str) -> None:
    who = character(SEED, "man")
    plain = replace(who, extras=replace(who.extras, head="none", face="none", beard=False))
    worn = replace(who, extras=replace(who.extras, head=head, face=face, beard=True))
    drawings = [coverage(figure(each, Drawing(-0.4), low=False), 40) for each in (plain, worn)]
    assert drawings[1] != drawings[0]


@pytest.mark.parametrize("kind", props.THINGS)
def test_every_thing(kind: str) -> None:
    recorder = Recorder(INK, 0.05, LIGHT)
    with recorder as pen:
        thing = replace(props.thing(SEED), kind=kind, held=True)
        thing.draw(pen, thing.drawing(3))
    assert min(coverage(recorder, 25)) > 0.02


@pytest.mark.parametrize("kind", [*traffic.BODIES, "bicycle"])
def test_cars(kind: str) -> None:
    recorder = Recorder(INK, 0.05, LIGHT)
    with recorder as pen:
        car = replace(traffic.car(SEED, 0.1), kind=kind, speed=0.01)
        car.draw(pen, car.drawing(3))
    assert min(coverage(recorder, 25)) > 0.02
    assert len({car.drawing(n) for n in range(40)}) > 4


@pytest.mark.parametrize("kind", ACTORS)
def test_performers_of_the_test_split(kind: str) -> None:
    recorder = Recorder(INK, 0.05, LIGHT)
    with recorder as pen:
        who = ACTORS[kind](root(2, "test"))
        who.draw(pen, who.drawing(5))
    assert min(coverage(recorder, 12)) > 0.004


@pytest.mark.parametrize("kind", effects.EFFECTS)
def test_every_effect_shows_itself_and_moves(kind: str) -> None:
    effect = effects.Effect(SEED, kind, 1.6)
    frames = []
    for n in range(0, 40, 5):
        pixels = np.full((100, 160, 4), 90, np.uint8)
        canvas = skia.Surface(pixels, skia.kRGBA_8888_ColorType).getCanvas()
        lines = skia.Surface.MakeRaster(skia.ImageInfo.MakeA8(160, 100)).getCanvas()
        for each in (canvas, lines):
            each.translate(80, 50)
            each.scale(100, 100)
        effect.draw(canvas, lines, n)
        frames.append(pixels)
    assert any((frame != 90).any() for frame in frames)
    assert all(np.array_equal(frames[0], frame) for frame in frames) == effect.still


@pytest.mark.parametrize("kind", text.TEXTS)
def test_every_text(kind: str) -> None:
    made = text.Text(SEED, kind, 1.6)
    pixels = np.full((100, 160, 4), 90, np.uint8)
    canvas = skia.Surface(pixels, skia.kRGBA_8888_ColorType).getCanvas()
    canvas.translate(80, 50)
    canvas.scale(100, 100)
    made.draw(canvas, canvas, 60)
    assert 0.005 < (pixels[..., :3] != 90).any(axis=2).mean() < 0.9


@pytest.mark.parametrize("where", PLACES)
def test_every_place_covers_the_picture(where: str) -> None:
    for hour in ("noon", "night"):
        paper = Paper((1.6 + 2 * MARGIN, 1 + 2 * MARGIN), 48, "gouache", 1.0, (1.0, 1.0, 1.0), 0.0)
        layers = PLACES[where](SEED.child(where, hour), paper, hour)
        assert all(layer.pixels.shape == (round(1.72 * 48), round(2.32 * 48), 4) for layer in layers)
        covered = np.max([layer.pixels[..., 3] for layer in layers], axis=0)
        assert covered.min() == 255
        assert layers[0].opaque
        assert all((layer.pixels[..., :3] <= layer.pixels[..., 3:]).all() for layer in layers)


@pytest.mark.parametrize("kind", foreground.KINDS)
def test_foregrounds_leave_room(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreground, "KINDS", {kind: 1})
    paper = Paper((1.6 + 2 * MARGIN, 1 + 2 * MARGIN), 48, "flat", 1.0, (1.0, 1.0, 1.0), 0.0)
    layer = foreground.foreground(SEED, paper)
    assert layer.near > 1
    assert 0.01 < (layer.pixels[..., 3] > 0).mean() < 0.9


@pytest.mark.parametrize("hour", HOURS)
def test_every_hour_has_a_light(hour: str) -> None:
    made = light(SEED.dice(hour), hour)
    assert made.on(0xFFFFFFFF) >> 24 == 255
    assert np.hypot(*made.toward) == pytest.approx(1)


@pytest.mark.parametrize("build", BUILDS)
def test_soles_are_below_the_ankles(build: str) -> None:
    at = joints(BUILDS[build], Pose())
    assert all(0 < sole(BUILDS[build]) - at.ankles[side][1] < 1 for side in (-1, 1))


def test_a_face_turns_its_far_eye_away() -> None:
    face = shape(SEED.dice("shape"), "girl")
    ahead, turned = View(0.0, 0.0, face), View(0.8, 0.0, face)
    wide = [np.ptp(view.at([0.25, 0.65], [0.2, 0.2])[:, 0]) for view in (ahead, turned)]
    assert wide[1] < 0.75 * wide[0]
    assert not View(1.5, 0.0, face).visible(0.5)
    mirrored = View(-0.8, 0.0, face).at([0.3], [0.2])
    assert mirrored[0, 0] == pytest.approx(-turned.at([0.3], [0.2])[0, 0], abs=2 * abs(face.lean))


def test_what_is_out_of_focus_hides_lines_and_has_none() -> None:
    recorder = Recorder(INK, 2.0, LIGHT)
    with recorder as pen:
        pen.cel([(20, 20), (80, 20), (80, 80), (20, 80)], character(SEED).skin)
    mask = skia.Surface.MakeRaster(skia.ImageInfo.MakeA8(100, 100))
    mask.getCanvas().clear(0xFFFFFFFF)
    canvas = skia.Surface(100, 100).getCanvas()
    unsharp(recorder.cel, canvas, mask.getCanvas(), 2.0)
    lines = mask.makeImageSnapshot().toarray(colorType=skia.kAlpha_8_ColorType).reshape(100, 100)
    assert lines[50, 50] == 0
    assert lines[5, 5] == 255


def test_drawings_that_return_are_not_drawn_again() -> None:
    calls = []

    class Wave:
        def drawing(self, n: int) -> int:
            return n % 3

        def draw(self, pen: object, drawing: int) -> None:
            calls.append(drawing)

        def place(self, n: int) -> tuple[float, float]:
            return 0.0, 0.0

    actor = Actor(Wave(), (0.0, 0.0), 1.0)
    for n in range(12):
        actor.cel(actor.who.drawing(n), INK, 0.1, LIGHT)
    assert calls == [0, 1, 2]
