"""Which engines a clip gets: those that are there and fit, the best of them first; else they are built."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")

from tests.networks import network
from vsanimesr import engines
from vsanimesr.engines import Options, Place, Shapes, Target, Wanted, library, pair
from vsanimesr.errors import EngineMissing
from vsanimesr.spec import FORMATS, RGBH, RGBS, ClipSpec, Colour, PictureSpec

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

CLIP = ClipSpec(62, 46, 10, RGBH)
"""Its frames are padded to 64x48."""
ADA, ANY = Target(capabilities=("8.9",)), Target()
RANGE = Shapes((16, 16), (48, 64), (96, 128))


class Builds:
    """A folder of engines, and what was said about it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder, list[str]()

    def place(self, *, may_build: bool = True) -> Place:
        return Place(self.folder, may_build, self.said.append, lambda _: None)

    def build(self, shapes: Shapes, target: Target, clip: ClipSpec = CLIP, **options: int) -> list[Path]:
        wanted = given(clip=clip, options=Options(**options))
        both = engines.recipes(wanted, shapes, target)
        return [engines.build(recipe, wanted.library, self.place())[0][0].path for recipe in both]

    def obtain(self, clip: ClipSpec = CLIP, *, may_build: bool = True, **settings: object) -> list[Path]:
        self.said.clear()
        found = pair.obtain(given(clip=clip, **settings), [ADA, ANY], self.place(may_build=may_build))
        return [engine.path for engine, _ in found]

    @property
    def built(self) -> int:
        return sum(line.startswith("built ") for line in self.said)


@pytest.fixture
def builds(tmp_path: Path) -> Builds:
    return Builds(tmp_path / "engines")


def given(**settings: object) -> Wanted:
    rtx = library.get("tensorrt_rtx")
    return Wanted(**{"cell": network(), "clip": CLIP, "precision": "fp16", "library": rtx, **settings})


def test_what_is_missing_is_built_for_the_first_target_and_reused(builds: Builds) -> None:
    first = builds.obtain()
    assert builds.built == 2
    assert [engines.load(path)[0].key.graph for path in first] == ["ingest", "step"]
    assert {engines.load(path)[0].key.compute_capabilities for path in first} == {("8.9",)}
    assert builds.obtain() == first
    assert builds.said == []


def test_clips_that_are_padded_to_the_same_size_share_engines(builds: Builds) -> None:
    first = builds.obtain()
    assert builds.obtain(ClipSpec(64, 47, 99, RGBH)) == first


@pytest.mark.parametrize(
    "other",
    [
        {"clip": replace(CLIP, format=RGBS)},
        {"clip": replace(CLIP, wanted=PictureSpec(RGBS))},
        {"precision": "fp32"},
        {"cell": network(seed=1)},
        {"cell": network(feedback=False)},
    ],
)
def test_another_format_precision_or_model_needs_others(builds: Builds, other: dict[str, object]) -> None:
    assert not set(builds.obtain()) & set(builds.obtain(**other))
    assert builds.built == 2


def test_an_engine_for_any_gpu_serves(builds: Builds) -> None:
    there = builds.build(Shapes.of(48, 64), ANY)
    assert builds.obtain(may_build=False) == there


def test_an_engine_for_another_gpu_does_not(builds: Builds) -> None:
    builds.build(Shapes.of(48, 64), Target(capabilities=("7.5",)))
    with pytest.raises(EngineMissing):
        builds.obtain(may_build=False)


def test_an_engine_for_a_range_of_sizes_serves_those(builds: Builds) -> None:
    there = builds.build(RANGE, ADA)
    assert builds.obtain(may_build=False) == there
    assert builds.obtain(ClipSpec(16, 96, 10, RGBH), may_build=False) == there
    with pytest.raises(EngineMissing, match=r"vsanimesr engines build .*--width 130 --height 48"):
        builds.obtain(ClipSpec(130, 48, 10, RGBH), may_build=False)


FILM = ClipSpec(62, 46, 10, FORMATS["YUV420P8"], Colour("709", full=False))
"""Its chroma has neighbours."""


@pytest.mark.slow
def test_where_pixels_have_neighbours_an_engine_serves_clips_that_are_padded_by_as_much(builds: Builds) -> None:
    one = builds.obtain(FILM)
    assert builds.obtain(FILM) == one
    other = builds.obtain(FILM.resized(64, 46))
    assert builds.built == 2
    assert not set(one) & set(other)
    assert builds.obtain(replace(FILM, colour=replace(FILM.colour, location="center"))) != one


@pytest.mark.slow
def test_ranges_serve_clips_of_their_margin(builds: Builds) -> None:
    whole, less = (builds.build(RANGE, ADA, FILM.resized(64 - margin, 48)) for margin in (0, 2))
    assert not set(whole) & set(less)
    for width in (32, 96):
        assert builds.obtain(FILM.resized(width, 36), may_build=False) == whole
        assert builds.obtain(FILM.resized(width - 2, 36), may_build=False) == less
    with pytest.raises(EngineMissing, match=r"--width 62 --height 46 --format YUV420P8 --matrix 709 --range limited"):
        builds.obtain(FILM, may_build=False)


@pytest.mark.slow
def test_the_best_of_several_is_taken(builds: Builds) -> None:
    worse = [(RANGE, ANY, {}), (RANGE, ADA, {}), (Shapes.of(48, 64), ANY, {}), (Shapes.of(48, 64), ADA, {})]
    for shapes, target, options in [*worse, (Shapes.of(48, 64), ADA, {"optimization_level": 4})]:
        there = builds.build(shapes, target, **options)
        assert builds.obtain(may_build=False) == there


@pytest.mark.slow
def test_of_several_ranges_the_smallest_is_taken(builds: Builds) -> None:
    large, small = (builds.build(Shapes((16, 16), (48, 64), most), ADA) for most in ((512, 512), (96, 128)))
    assert builds.obtain(may_build=False) == small
    assert builds.obtain(ClipSpec(200, 200, 10, RGBH), may_build=False) == large


def test_a_damaged_engine_is_built_anew_and_said_to_be_damaged(builds: Builds) -> None:
    ingest, step = builds.obtain()
    step.write_bytes(step.read_bytes()[:-1])
    assert builds.obtain() == [ingest, step]
    assert builds.built == 1
    assert sum(step.name in line and "not used" in line for line in builds.said) == 1
    builds.obtain()
    assert builds.said == []


def test_a_damaged_engine_is_no_reason_to_leave_out_one_that_serves(builds: Builds) -> None:
    ingest, step = builds.build(Shapes.of(48, 64), ADA)
    ranged = builds.build(RANGE, ADA)
    step.write_bytes(b"")
    assert builds.obtain(may_build=False) == [ingest, ranged[1]]


def test_nothing_is_built_where_that_is_forbidden(builds: Builds) -> None:
    with pytest.raises(EngineMissing, match="--backend tensorrt_rtx"):
        builds.obtain(may_build=False)
    assert not builds.folder.exists() or not list(builds.folder.glob("*.engine"))


def test_a_build_that_lasts_tells_the_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair, "TICK", 0.001)
    ticks, enough = list[float](), threading.Event()

    def tick(seconds: float) -> None:
        ticks.append(seconds)
        if len(ticks) == 3:
            enough.set()

    with pair._ticking(tick):
        assert enough.wait(60)
    assert ticks[:3] == pytest.approx([0.001, 0.002, 0.003])
    assert "animesr-elapsed" not in [thread.name for thread in threading.enumerate()]
