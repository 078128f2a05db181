"""The command that an error names builds the engine that was missing: for every clip, the same keys."""

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")

from tests.networks import network
from vsanimesr import engines, tags
from vsanimesr.cli import build as command
from vsanimesr.cli import clip as clip_options
from vsanimesr.cli import main
from vsanimesr.engines import Options, Place, Recipe, Shapes, Target, Wanted, library, pair
from vsanimesr.engines.command import described
from vsanimesr.engines.label import label, words
from vsanimesr.errors import EngineMissing
from vsanimesr.spec import FORMATS, RGBH, RGBS, SCALES, ClipSpec, Colour, PictureSpec, PixelFormat

pytestmark = pytest.mark.slow

VIDEO, WIDE, FULL = Colour("709", full=False), Colour("2020", full=False, location="top_left"), Colour("601", full=True)
CLIPS = {
    "RGBH": ClipSpec(62, 46, 9, RGBH),
    "RGBS": ClipSpec(64, 48, 9, RGBS),
    "RGB24": ClipSpec(64, 48, 9, FORMATS["RGB24"]),
    "RGB30 limited": ClipSpec(64, 48, 9, FORMATS["RGB30"], Colour("rgb", full=False)),
    "Gray8 601 full": ClipSpec(33, 17, 9, FORMATS["Gray8"], FULL),
    "YUV420P8 709 limited left": ClipSpec(62, 46, 9, FORMATS["YUV420P8"], VIDEO),
    "YUV422P16 2020 limited top_left": ClipSpec(62, 47, 9, FORMATS["YUV422P16"], WIDE),
    "YUV444P12 601 full": ClipSpec(61, 47, 9, FORMATS["YUV444P12"], FULL),
    "YUV420P8 709 limited left to YUV420P10, scale 2": ClipSpec(
        64, 48, 9, FORMATS["YUV420P8"], VIDEO, PictureSpec(FORMATS["YUV420P10"], VIDEO, 2)
    ),
    "YUV420P10 709 limited left to YUV420P8, scale 3, dithered": ClipSpec(
        64, 48, 9, FORMATS["YUV420P10"], VIDEO, PictureSpec(FORMATS["YUV420P8"], VIDEO, 3, dither=True)
    ),
    "RGBS to YUV420P8 601 full left": ClipSpec(64, 48, 9, RGBS, Colour(), PictureSpec(FORMATS["YUV420P8"], FULL)),
    "RGB24 to YUV444P8 709 full": ClipSpec(
        64, 48, 9, FORMATS["RGB24"], Colour(), PictureSpec(FORMATS["YUV444P8"], Colour("709", full=True))
    ),
    "RGB24 limited to YUV420P8 709 limited left": ClipSpec(
        64, 48, 9, FORMATS["RGB24"], Colour("rgb", full=False), PictureSpec(FORMATS["YUV420P8"], VIDEO)
    ),
    "RGBH to RGB24 limited": ClipSpec(
        64, 48, 9, RGBH, Colour(), PictureSpec(FORMATS["RGB24"], Colour("rgb", full=False))
    ),
    "YUV444P8 2020 limited to RGB24": ClipSpec(
        64, 48, 9, FORMATS["YUV444P8"], Colour("2020", full=False), PictureSpec(FORMATS["RGB24"])
    ),
    "YUV422P8 601 full left, scale 1": ClipSpec(
        64, 48, 9, FORMATS["YUV422P8"], FULL, PictureSpec(FORMATS["YUV422P8"], FULL, 1)
    ),
}
"""By what their engines are called."""
RANGE = Shapes((32, 32), (48, 64), (96, 128))


def wanted(clip: ClipSpec, **settings: Any) -> Wanted:
    given = {"cell": network(), "precision": "fp32", "library": library.get("tensorrt_rtx")}
    return Wanted(**{**given, "clip": clip, **settings})


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Recipe]:
    """What the command line would build, in place of building it."""
    recipes: list[Recipe] = []
    monkeypatch.setattr(command, "_build_one", lambda recipe, *_: recipes.append(recipe))
    monkeypatch.setattr("vsanimesr.models.load", lambda _: network())
    return recipes


def missing(recipe: Recipe, folder: Path) -> list[str]:
    """The arguments that the error names."""
    with pytest.raises(EngineMissing) as caught:
        pair.build(recipe, recipe.wanted.library, Place(folder, False, lambda _: None, lambda _: None))
    program, *arguments = shlex.split(str(caught.value).rpartition("Build it with: ")[2])
    assert program == "vsanimesr"
    return [*arguments, "--compute-capability", *recipe.key.compute_capabilities]


@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize("ranged", [False, True])
def test_it_builds_what_was_missing(built: list[Recipe], tmp_path: Path, name: str, ranged: bool) -> None:
    clip = CLIPS[name].resized(64, 48) if ranged else CLIPS[name]
    sides = (-(-side // 4) * 4 for side in (clip.height, clip.width))
    recipes = engines.recipes(wanted(clip), RANGE if ranged else Shapes.of(*sides), Target("", ("8.9",)))
    assert [recipe.key.format for recipe in recipes] == [name] * 2
    for recipe in recipes:
        built.clear()
        assert main(missing(recipe, tmp_path)) == 0
        assert [made.key for made in built] == [both.key for both in recipes]


formats = st.sampled_from(list(FORMATS.values()))
values = st.fixed_dictionaries(
    {
        "matrix": st.sampled_from(list(tags.MATRICES)),
        "range": st.sampled_from(list(tags.RANGES)),
        "chromaloc": st.sampled_from(tags.LOCATIONS),
    }
)


@settings(max_examples=200, deadline=None)
@given(
    source=formats,
    to=formats,
    scale=st.sampled_from(SCALES),
    arguments=values,
    tag=st.sampled_from([{}, {"_Range": 0}, {"_Range": 1}]),
    dither=st.booleans(),
)
def test_its_options_describe_what_the_filter_makes_of_its_arguments(
    *, source: PixelFormat, to: PixelFormat, scale: int, arguments: dict[str, str], tag: dict[str, int], dither: bool
) -> None:
    size = (64, 48)
    colour, _ = tags.resolve(source, size, tag, tags.of_clip(source, to, arguments))
    means = tags.converted(colour, source, to, size, arguments)
    picture = PictureSpec(to, means, scale, dither and to.bits == 8)
    made = ClipSpec(*size, 1, source, colour, picture)
    parser = argparse.ArgumentParser()
    clip_options.add_arguments(parser)
    told = clip_options.clip(parser.parse_args(described(made)), source, 48, 64)
    assert label(told) == label(made)
    for one, other in (((source, told.colour), (source, colour)), ((to, told.picture.colour), (to, means))):
        assert words(*one) == words(*other)
    assert (told.picture.format, told.picture.scale, told.picture.dither) == (to, scale, picture.dither)


@pytest.mark.parametrize("own", [False, True])
def test_it_has_the_options_of_the_key(built: list[Recipe], home: Path, tmp_path: Path, own: bool) -> None:
    folder = tmp_path / "my engines" if own else home / "engines"
    options = Options(optimization_level=3, workspace_mib=512)
    recipe = engines.recipes(wanted(CLIPS["RGBH"], options=options), RANGE, Target("", ("8.9",)))[1]
    arguments = missing(replace(recipe, key=replace(recipe.key, model="mine")), folder)
    assert ("--engine-dir" in arguments) == own
    assert str(folder) in arguments or not own
    assert arguments[arguments.index("--model") + 1] == "mine"
    assert main(arguments) == 0
    assert [made.wanted.options for made in built] == [options] * 2
