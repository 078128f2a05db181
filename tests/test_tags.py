"""What samples mean: by arguments, tags, or the ecosystem's convention; and which frames mean something else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vsanimesr import tags
from vsanimesr.errors import ArgumentError, FormatError
from vsanimesr.spec import FORMATS, RGBS, Colour, PixelFormat

YUV, RGB, GRAY = FORMATS["YUV420P8"], FORMATS["RGB24"], FORMATS["Gray10"]
SD, HD = (640, 480), (1280, 720)
TAGGED = {"_Matrix": 9, "_Range": 1, "_ChromaLocation": 2}


def resolved(format_: Any, size: tuple[int, int], properties: dict[str, int], **arguments: str) -> Colour:
    return tags.resolve(format_, size, properties, arguments)[0]


@pytest.mark.parametrize(
    ("properties", "colour"),
    [
        ({"_Matrix": 1, "_Range": 0, "_ChromaLocation": 0}, Colour("709", full=False, location="left")),
        ({"_Matrix": 5, "_Range": 1, "_ChromaLocation": 1}, Colour("601", full=True, location="center")),
        ({"_Matrix": 6, "_Range": 1, "_ChromaLocation": 3}, Colour("601", full=True, location="top")),
        ({"_Matrix": 9, "_Range": 0, "_ChromaLocation": 5}, Colour("2020", full=False, location="bottom")),
        ({"_Matrix": 1, "_ColorRange": 0, "_ChromaLocation": 4}, Colour("709", full=True, location="bottom_left")),
        ({"_Matrix": 1, "_ColorRange": 1, "_ChromaLocation": 2}, Colour("709", full=False, location="top_left")),
    ],
)
def test_tags_are_followed(properties: dict[str, int], colour: Colour) -> None:
    assert tags.resolve(YUV, SD, properties, {}) == (colour, "")


@pytest.mark.parametrize(
    ("size", "matrix"), [(SD, "601"), ((1024, 576), "601"), ((1025, 576), "709"), ((720, 577), "709"), (HD, "709")]
)
def test_untagged_clips_are_what_their_size_is_usual_for(size: tuple[int, int], matrix: str) -> None:
    colour, told = tags.resolve(YUV, size, {"_Matrix": 2}, {})
    assert colour == Colour(matrix, full=False, location="left")
    assert told == f"not tagged in full, taken for {matrix}, limited range, chroma left"


def test_what_is_assumed_is_said_and_nothing_else() -> None:
    assert tags.resolve(YUV, HD, {"_Matrix": 1}, {})[1] == "not tagged in full, taken for limited range, chroma left"
    assert tags.resolve(GRAY, HD, {}, {})[1] == "not tagged in full, taken for 709, limited range"
    assert tags.resolve(RGB, HD, {}, {}) == (Colour(), "")
    assert tags.resolve(RGBS, HD, {"_Range": 0}, {}) == (Colour(), "")


def test_arguments_go_before_tags() -> None:
    found = resolved(YUV, SD, TAGGED, matrix="170m", range="limited", chromaloc="bottom")
    assert found == Colour("601", full=False, location="bottom")
    assert tags.resolve(YUV, SD, {"_Matrix": 8}, {"matrix": "2020ncl"})[0].matrix == "2020"


def test_limited_rgb_is_followed() -> None:
    assert resolved(RGB, SD, {"_Range": 0}) == Colour("rgb", full=False)
    assert resolved(RGB, SD, {}, range="limited") == Colour("rgb", full=False)


@pytest.mark.parametrize("matrix", [0, 3, 4, 7, 8, 10, 14])
def test_a_matrix_that_is_none_of_ours_is_refused(matrix: int) -> None:
    with pytest.raises(FormatError, match=f"_Matrix={matrix}, wanted 1"):
        resolved(YUV, SD, {"_Matrix": matrix})


def converted(source: str, target: str, colour: Colour, size: tuple[int, int] = HD, **arguments: str) -> Colour:
    return tags.converted(colour, FORMATS[source], FORMATS[target], size, arguments)


def test_pictures_of_another_format() -> None:
    colour = Colour("601", full=True, location="top")
    assert converted("YUV420P8", "YUV422P16", colour) == colour
    assert converted("YUV420P8", "Gray8", colour) == Colour("601", full=True)
    assert converted("YUV444P8", "YUV420P8", Colour("601", full=True), chromaloc="top") == colour
    assert converted("YUV420P8", "RGB24", colour) == Colour()
    assert converted("RGB24", "RGBS", Colour("rgb", full=False)) == Colour()
    assert converted("RGB24", "RGB48", Colour("rgb", full=False)) == Colour("rgb", full=False)
    assert converted("RGB24", "YUV420P8", Colour()) == Colour("709", full=False)
    assert converted("RGBS", "YUV420P8", Colour(), SD) == Colour("601", full=False)
    told = {"matrix": "2020", "range": "full", "chromaloc": "top"}
    assert converted("RGBS", "YUV420P8", Colour(), **told) == Colour("2020", full=True, location="top")
    assert converted("YUV420P8", "RGB24", Colour("601", full=False), range="limited") == Colour()


@pytest.mark.parametrize("source", ["RGB24", "RGB48", "RGBH", "RGBS"])
@pytest.mark.parametrize("target", ["YUV420P8", "YUV444P16", "Gray8"])
@pytest.mark.parametrize("said", tags.RANGES)
def test_range_is_that_of_video_made_out_of_rgb(source: str, target: str, said: str) -> None:
    """And the clip's own is as it is tagged."""
    formats, full = (FORMATS[source], FORMATS[target]), tags.RANGES[said]
    own = tags.of_clip(*formats, {"range": said})
    for tag, tagged in (({}, True), ({"_Range": 1}, True), ({"_Range": 0}, formats[0].floating)):
        colour = resolved(formats[0], SD, tag, **own)
        assert colour.full == tagged
        assert converted(source, target, colour, range=said).full == full


@pytest.mark.parametrize("said", tags.RANGES)
def test_range_is_that_of_pictures_of_whole_numbers_made_out_of_others(said: str) -> None:
    assert tags.of_clip(RGBS, RGB, {"range": said}) == {}
    assert converted("RGBS", "RGB24", Colour(), range=said) == Colour("rgb", full=tags.RANGES[said])
    assert converted("RGBH", "RGB48", Colour()) == Colour()


@pytest.mark.parametrize(
    ("source", "target", "argument"),
    [
        ("RGB24", "RGBS", {"matrix": "709"}),
        ("RGBH", "RGBS", {"range": "full"}),
        ("YUV444P8", "YUV444P8", {"chromaloc": "left"}),
        ("Gray8", "Gray8", {"chromaloc": "left"}),
    ],
)
def test_arguments_that_mean_nothing_are_refused(source: str, target: str, argument: dict[str, str]) -> None:
    with pytest.raises(ArgumentError, match="means nothing here"):
        tags.check_use(FORMATS[source], FORMATS[target], argument)


NOT_SAID: dict[str, str] = {}
ANY = st.fixed_dictionaries(
    {},
    optional={
        "_Matrix": st.sampled_from([1, 2, 5, 6, 9]),
        "_Range": st.sampled_from([0, 1]),
        "_ColorRange": st.sampled_from([0, 1]),
        "_ChromaLocation": st.integers(0, 5),
        "_SceneChangePrev": st.sampled_from([0, 1]),
    },
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from(list(known)) for name, known in (("matrix", tags.MATRICES), ("range", tags.RANGES))
    },
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(format_=st.sampled_from(list(FORMATS.values())), size=st.sampled_from([SD, HD]), first=ANY, later=ANY, said=SAID)
def test_frames_are_refused_if_they_mean_something_else_and_only_then(
    format_: PixelFormat, size: tuple[int, int], first: dict[str, int], later: dict[str, int], said: dict[str, str]
) -> None:
    own = tags.of_clip(format_, format_, said)
    check = tags.checker(format_, size, first, own)
    check(0, first)
    if resolved(format_, size, first, **own) == resolved(format_, size, later, **own):
        check(7, later)
    else:
        with pytest.raises(FormatError, match=r"frame 7 is (not )?tagged"):
            check(7, later)


@pytest.mark.parametrize(
    ("size", "same"), [(SD, {"_Matrix": 5, "_Range": 0, "_ChromaLocation": 0}), (HD, {"_Matrix": 1, "_ColorRange": 1})]
)
def test_a_missing_tag_is_what_is_assumed_of_it(size: tuple[int, int], same: dict[str, int]) -> None:
    tags.checker(YUV, size, {}, NOT_SAID)(1, same)
    tags.checker(YUV, size, same, NOT_SAID)(1, {})
    tags.checker(YUV, size, {"_Matrix": 6}, NOT_SAID)(1, {"_Matrix": 5})


@pytest.mark.parametrize("matrix", [8, 601, 709])
def test_a_matrix_that_is_none_of_ours_is_refused_in_a_later_frame(matrix: int) -> None:
    with pytest.raises(FormatError, match=f"frame 3 is tagged matrix _Matrix={matrix}, the first frame not tagged"):
        tags.checker(YUV, SD, {}, NOT_SAID)(3, {"_Matrix": matrix})
    with pytest.raises(FormatError, match=f"the clip is tagged _Matrix={matrix}, wanted 1"):
        resolved(YUV, SD, {"_Matrix": matrix})


def test_rgb_that_changes_says_how_to_tag_it() -> None:
    with pytest.raises(
        FormatError, match=r"frame 3 is tagged range limited, .* which means range full; .*SetFrameProps"
    ):
        tags.checker(RGB, SD, {}, NOT_SAID)(3, {"_Range": 0})
