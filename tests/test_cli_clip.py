"""The options that describe a clip mean what the filter's arguments mean, for every format to every format."""

import argparse
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vsanimesr import plugin, tags
from vsanimesr.backends.base import Setup
from vsanimesr.cli import clip as options
from vsanimesr.engines.label import label, words
from vsanimesr.errors import AnimeSRError
from vsanimesr.spec import FORMATS, SCALES, ClipSpec, PixelFormat

Size = tuple[int, int]


class Taken(Exception):
    """Instead of a backend that starts."""


def refuse(_: Any, setup: Setup, __: Any) -> None:
    raise Taken(setup.clip)


def taken(source: PixelFormat, size: Size, properties: dict[str, int], arguments: dict[str, Any]) -> ClipSpec:
    """What the filter takes a clip for, and makes of it."""
    clip = {"width": size[0], "height": size[1], "frames": 1, "format": source.name, "properties": properties}
    with patch.object(plugin.tiled, "open_backend", refuse), pytest.raises(Taken) as caught:
        plugin.create(clip, {"backend": "fake", **arguments})
    described: ClipSpec = caught.value.args[0]
    return described


def described(source: PixelFormat, size: Size, **arguments: Any) -> ClipSpec:
    """What the command line takes it for."""
    parser, told = argparse.ArgumentParser(), []
    options.add_arguments(parser)
    for name, value in arguments.items():
        if value is not None:
            told += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return options.clip(parser.parse_args(told), source, size[1], size[0])


def both(source: PixelFormat, to: PixelFormat, size: Size, said: dict[str, Any], tag: str | None) -> list[Any]:
    """What the filter and what the options make of the same words: clip and pictures, or None for a refusal."""
    properties = {} if tag is None else {"_Range": int(tags.RANGES[tag])}
    ways = (
        lambda: taken(source, size, properties, {**said, "format": to.id, "dither": int(said.get("dither", False))}),
        lambda: described(source, size, to=to.name, clip_range=tag, **said),
    )
    found: list[Any] = []
    for way in ways:
        try:
            clip = way()
        except AnimeSRError:
            found.append(None)
        else:
            picture = clip.picture
            colours = words(clip.format, clip.colour), words(picture.format, picture.colour)
            found.append((clip.width, clip.height, label(clip), colours, picture.format, picture.scale, picture.dither))
    return found


FORMAT = st.sampled_from(list(FORMATS.values()))
SAID = st.fixed_dictionaries(
    {},
    optional={
        "matrix": st.sampled_from([*tags.MATRICES, *tags.SYNONYMS]),
        "range": st.sampled_from(list(tags.RANGES)),
        "chromaloc": st.sampled_from(tags.LOCATIONS),
        "scale": st.sampled_from(SCALES),
        "dither": st.just(True),
    },
)
SIZES = st.sampled_from([(64, 48), (256, 144), (258, 144), (342, 192), (1024, 576), (1026, 576), (1024, 578), (33, 17)])


@settings(max_examples=400, deadline=None, derandomize=True)
@given(source=FORMAT, to=FORMAT, size=SIZES, said=SAID, tag=st.sampled_from([None, "limited", "full"]))
def test_options_describe_what_the_filter_takes_a_clip_for(
    source: PixelFormat, to: PixelFormat, size: Size, said: dict[str, Any], tag: str | None
) -> None:
    columns, rows = (1 << shift for shift in source.subsampling)
    size = size[0] // columns * columns, size[1] // rows * rows  # no clip has another
    if source.floating or not tags.makes_video(source, to):
        tag = None  # for all others --range says it
    by_filter, by_options = both(source, to, size, said, tag)
    assert by_options == by_filter


@pytest.mark.parametrize("size", [(1024, 576), (1026, 576), (1024, 578), (640, 480), (1920, 1080)])
def test_without_a_matrix_it_is_what_is_usual_for_the_size(size: Size) -> None:
    expected = "601" if size[0] <= 1024 and size[1] <= 576 else "709"
    assert described(FORMATS["YUV420P8"], size).colour.matrix == expected
    assert described(FORMATS["RGBS"], size, to="YUV420P8", scale=1).picture.colour.matrix == expected


def test_a_range_is_that_of_video_made_out_of_rgb() -> None:
    for said in tags.RANGES:
        made = described(FORMATS["RGB24"], (64, 48), to="YUV444P8", range=said)
        assert (made.colour.full, made.picture.colour.full) == (True, tags.RANGES[said])
        made = described(FORMATS["RGBS"], (64, 48), to="RGB24", range=said)
        assert made.picture.colour.full == tags.RANGES[said]
