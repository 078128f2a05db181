"""What samples mean: by arguments, tags, or the ecosystem's convention; and what the pictures are tagged."""

from typing import Any

import pytest
import vapoursynth as vs

from tests.clips import core
from vsanimesr import tags
from vsanimesr.errors import ArgumentError, FormatError
from vsanimesr.spec import FORMATS, RGBS, Colour

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
    assert converted("YUV420P8", "YUV444P16", colour) == colour
    assert converted("YUV420P8", "Gray8", colour) == colour
    assert converted("YUV420P8", "RGB24", colour) == Colour()
    assert converted("RGB24", "RGBS", Colour("rgb", full=False)) == Colour()
    assert converted("RGB24", "RGB48", Colour("rgb", full=False)) == Colour("rgb", full=False)
    assert converted("RGB24", "YUV420P8", Colour()) == Colour("709", full=False)
    assert converted("RGBS", "YUV420P8", Colour(), SD) == Colour("601", full=False)
    told = {"matrix": "2020", "range": "full", "chromaloc": "top"}
    assert converted("RGBS", "YUV420P8", Colour(), **told) == Colour("2020", full=True, location="top")


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


FAKE = {"backend": "fake"}


def clip(format_: int = vs.YUV420P8, frames: int = 4, **properties: int) -> vs.VideoNode:
    blank = core.std.BlankClip(width=64, height=48, format=format_, length=frames)
    return blank.std.SetFrameProps(**properties) if properties else blank


def props(node: vs.VideoNode) -> dict[str, int]:
    found = node.get_frame(1).props
    return {name: int(found[name]) for name in ("_Matrix", "_Range", "_ChromaLocation") if name in found}


def test_pictures_are_tagged_as_they_are() -> None:
    assert props(core.animesr.Upscale(clip(**TAGGED), **FAKE)) == TAGGED
    untagged = core.animesr.Upscale(clip(), **FAKE)
    assert props(untagged) == {"_Matrix": 6, "_Range": 0, "_ChromaLocation": 0}
    high = core.animesr.Upscale(clip(**TAGGED), format=vs.YUV444P10, **FAKE)
    assert props(high) == {"_Matrix": 9, "_Range": 1}
    assert props(core.animesr.Upscale(clip(**TAGGED), format=vs.RGB24, **FAKE)) == {"_Matrix": 0, "_Range": 1}
    yuv = core.animesr.Upscale(clip(vs.RGB24), format=vs.YUV420P8, matrix="2020", **FAKE)
    assert props(yuv) == {"_Matrix": 9, "_Range": 0, "_ChromaLocation": 0}
    assert props(core.animesr.Upscale(clip(vs.RGBS), **FAKE)) == {}


def test_resize_takes_the_pictures_for_what_they_are() -> None:
    picture = core.animesr.Upscale(clip(vs.YUV420P8, **TAGGED), format=vs.YUV420P10, scale=2, **FAKE)
    assert core.resize.Bicubic(picture, format=vs.RGBS).get_frame(0).width == 128


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ({"_Matrix": 5}, "frame 2 is tagged matrix 5, the first frame 1; wanted one"),
        ({"_Range": 1}, "frame 2 is tagged range full, the first frame limited"),
        ({"_ChromaLocation": 1}, "frame 2 is tagged chromaloc center, the first frame left"),
    ],
)
def test_tags_that_change_are_refused_unless_an_argument_says_what_holds(tag: dict[str, int], told: str) -> None:
    plain = {"_Matrix": 1, "_Range": 0, "_ChromaLocation": 0}
    spliced = core.std.Splice([clip(frames=2, **plain), clip(frames=2, **plain | tag)])
    with pytest.raises(vs.Error, match=told):
        core.animesr.Upscale(spliced, **FAKE).get_frame(3)
    fixed = core.animesr.Upscale(spliced, matrix="709", range="limited", chromaloc="left", **FAKE)
    assert props(fixed) == props(fixed.std.Trim(2)) == plain


def test_interlaced_frames_are_refused_with_the_way_out() -> None:
    interlaced = clip(_FieldBased=2)
    with pytest.raises(vs.Error, match=r"frame 0 is interlaced \(_FieldBased=2\).*deinterlace.*SetFieldBased"):
        core.animesr.Upscale(interlaced, **FAKE)
    later = core.std.Splice([clip(vs.RGBS, 2), clip(vs.RGBS, 2, _FieldBased=1)])
    filtered = core.animesr.Upscale(later, **FAKE)
    filtered.get_frame(0).close()
    with pytest.raises(vs.Error, match="frame 2 is interlaced"):
        filtered.get_frame(3)
    assert core.animesr.Upscale(core.std.SetFieldBased(interlaced, 0), **FAKE).get_frame(3).width == 256


def test_a_first_frame_that_cannot_be_read_is_said_and_need_not_be() -> None:
    def broken(n: int, f: vs.VideoFrame) -> vs.VideoFrame:
        if n == 0:
            raise ValueError("no such disc")
        return f

    source = clip()
    damaged = source.std.ModifyFrame(source, broken)
    with pytest.raises(
        vs.Error, match=r"first frame, whose tags say[^\n]*no such disc; write matrix=, range= and chroma"
    ):
        core.animesr.Upscale(damaged, **FAKE)
    unread = core.animesr.Upscale(damaged, matrix="709", range="limited", chromaloc="left", **FAKE)
    with pytest.raises(vs.Error, match="no such disc"):
        unread.get_frame(0)


def test_what_is_assumed_of_a_clip_is_logged_once() -> None:
    lines: list[str] = []
    handle = core.add_log_handler(lambda _, text: lines.append(text))
    try:
        core.animesr.Upscale(clip(), **FAKE).get_frame(3).close()
    finally:
        core.remove_log_handler(handle)
    told = [line for line in lines if "tagged" in line]
    assert told == ["Upscale: the clip is not tagged in full, taken for 601, limited range, chroma left"]


def test_the_shim_reads_the_properties_that_are_known_here(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(tags, "checker", lambda *_: lambda _, properties: seen.append(dict(properties)))
    values = {name: int(name == "_Matrix") for name in tags.PROPERTIES if name != "_ColorRange"}
    core.animesr.Upscale(clip(**values, N=7), **FAKE).get_frame(0).close()
    seen[-1].pop("_ColorRange", None)  # VapourSynth makes each of the two out of the other
    assert seen[-1] == values
