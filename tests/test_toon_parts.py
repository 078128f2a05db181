"""Every part that a shot may be made of draws, whatever its traits are."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import skia
from hypothesis import given, settings
from hypothesis import strategies as st

from training.toon import accessories, effects, foreground, haircuts, outfits, props, text, traffic
from training.toon.body import BUILDS, Pose, joints, sole
from training.toon.camera import MARGIN
from training.toon.clothes import Clothes
from training.toon.colour import HOURS, light, tone
from training.toon.face import Expression, Mouth
from training.toon.hair import Hair
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
GIRL = character(SEED, "girl")
GIRL = replace(GIRL, hair=replace(GIRL.hair, tail="none", ribbon=False))

SIDES = (0.5, 3.1)
"""A head's turn: seen from before and from behind."""


def drawn(recorder: Recorder, scale: float = 8.0, size: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """A drawing, RGBA, and its mask of lines."""
    pixels = np.zeros((size, size, 4), np.uint8)
    canvas = skia.Surface(pixels, skia.kRGBA_8888_ColorType).getCanvas()
    mask = skia.Surface.MakeRaster(skia.ImageInfo.MakeA8(size, size))
    for each in (canvas, mask.getCanvas()):
        each.translate(size / 2, size / 4)
        each.scale(scale, scale)
    recorder.cel.draw(canvas, mask.getCanvas())
    return pixels, mask.makeImageSnapshot().toarray(colorType=skia.kAlpha_8_ColorType)


def coverage(recorder: Recorder, scale: float = 8.0) -> tuple[float, float]:
    """How much of a picture a drawing covers, in colour and by lines, 0 to 1."""
    pixels, lines = drawn(recorder, scale)
    return float((pixels[..., 3] > 0).mean()), float((lines > 0).mean())


def figure(who: Character, shown: Drawing, low: bool = True) -> Recorder:
    recorder = Recorder(INK, 0.1, LIGHT)
    with recorder as pen:
        Figure(pen, who, shown).draw(low)
    return recorder


def head(who: Character, yaw: float) -> np.ndarray:
    return drawn(figure(who, Drawing(yaw), low=False), 40)[0]


def body(who: Character, yaw: float) -> np.ndarray:
    return drawn(figure(who, Drawing(yaw)))[0]


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The share of pixels that two pictures differ in."""
    return float((one != other).any(axis=2).mean())


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


def combed(fringe: str) -> Character:
    tips = tuple(haircuts.locks(SEED.dice("tips"), fringe))
    spikes = (0.2,) * 5 if fringe == "spiky" else ()
    return replace(GIRL, hair=replace(GIRL.hair, fringe=fringe, tips=tips, spikes=spikes))


def dressed(**worn: object) -> Character:
    who = character(SEED, "woman")
    return replace(who, worn=replace(who.worn, **worn))


@pytest.mark.parametrize("fringe", haircuts.FRINGES)
def test_every_fringe(fringe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = head(combed(fringe), 0.5)
    assert all(apart(made, head(combed(other), 0.5)) > 0.02 for other in haircuts.FRINGES if other != fringe)
    monkeypatch.setattr(Hair, "front", lambda hair: None)
    assert apart(made, head(combed(fringe), 0.5)) > 0.05


@pytest.mark.parametrize("yaw", SIDES)
@pytest.mark.parametrize("tail", list(haircuts.TAILS)[1:])
def test_every_tail(tail: str, yaw: float) -> None:
    tied = replace(GIRL, hair=replace(GIRL.hair, tail=tail))
    assert apart(head(tied, yaw), head(GIRL, yaw)) > 0.01


@pytest.mark.parametrize(
    ("part", "names"), [("top", outfits.TOPS), ("bottom", outfits.BOTTOMS), ("pattern", outfits.PATTERNS)]
)
def test_every_outfit_is_another_one(part: str, names: dict[str, float]) -> None:
    made = [body(dressed(**{"pattern": "none", part: name}), 0.4) for name in names]
    assert min(apart(one, other) for one, other in combinations(made, 2)) > 0.002


@pytest.mark.parametrize(("part", "yaw", "least"), [("front", 0.5, 0.001), ("torso", 0.5, 0.01), ("back", 3.1, 0.01)])
@pytest.mark.parametrize("top", outfits.TOPS)
def test_every_part_of_a_top(top: str, part: str, yaw: float, least: float, monkeypatch: pytest.MonkeyPatch) -> None:
    made = body(dressed(top=top), yaw)
    monkeypatch.setattr(Clothes, part, lambda clothes: None)
    assert apart(made, body(dressed(top=top), yaw)) > least


@pytest.mark.parametrize("yaw", SIDES)
@pytest.mark.parametrize("bottom", outfits.BOTTOMS)
def test_every_bottom(bottom: str, yaw: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it covers changes with its colour."""
    red, green = (body(dressed(bottom=bottom, lower=tone(0.6, 0.1, hue)), yaw) for hue in (0.1, 0.4))
    assert apart(red, green) > 0.01
    monkeypatch.setattr(Clothes, "skirt" if "skirt" in bottom else "seat", lambda clothes: None)
    assert apart(red, body(dressed(bottom=bottom, lower=tone(0.6, 0.1, 0.1)), yaw)) > 0.001


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        *(("head", kind) for kind in list(accessories.ON_HEAD)[1:]),
        *(("face", kind) for kind in list(accessories.ON_FACE)[1:]),
        ("beard", True),
        ("lips", True),
    ],
)
def test_every_accessory(part: str, kind: str | bool) -> None:
    who = character(SEED, "man")
    plain = replace(who, extras=replace(who.extras, head="none", face="none", beard=False, lips=False))
    worn = replace(plain, extras=replace(plain.extras, **{part: kind}))
    assert apart(head(worn, -0.4), head(plain, -0.4)) > 0.0002


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
