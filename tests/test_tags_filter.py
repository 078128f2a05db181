"""What pictures mean and are tagged, and which frames are refused, as a script sees it."""

from typing import Any

import numpy as np
import pytest
import vapoursynth as vs

from tests.clips import core
from vsanimesr import models, tags

TAGGED = {"_Matrix": 9, "_Range": 1, "_ChromaLocation": 2}
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
        ({"_Matrix": 5}, "frame 2 is tagged matrix 601, the first frame tagged matrix 709; wanted one"),
        ({"_Range": 1}, "frame 2 is tagged range full, the first frame tagged range limited"),
        ({"_ChromaLocation": 1}, "frame 2 is tagged chromaloc center, the first frame tagged chromaloc left"),
    ],
)
def test_tags_that_change_are_refused_unless_an_argument_says_what_holds(tag: dict[str, int], told: str) -> None:
    plain = {"_Matrix": 1, "_Range": 0, "_ChromaLocation": 0}
    spliced = core.std.Splice([clip(frames=2, **plain), clip(frames=2, **plain | tag)])
    with pytest.raises(vs.Error, match=told):
        core.animesr.Upscale(spliced, **FAKE).get_frame(3)
    fixed = core.animesr.Upscale(spliced, matrix="709", range="limited", chromaloc="left", **FAKE)
    assert props(fixed) == props(fixed.std.Trim(2)) == plain


def test_an_untagged_title_before_a_tagged_episode_is_one_clip() -> None:
    episode = clip(frames=2, _Matrix=6, _Range=0, _ChromaLocation=0)
    for parts in ([clip(frames=2), episode], [episode, clip(frames=2)], [clip(frames=2, _Matrix=5), episode]):
        assert props(core.animesr.Upscale(core.std.Splice(parts), **FAKE).std.Trim(2))["_Matrix"] == 6


def test_a_range_for_video_out_of_rgb_leaves_the_clip_s_own_to_its_tags() -> None:
    limited = clip(vs.RGB24, 2, _Range=0)
    for said in tags.RANGES:
        made = core.animesr.Upscale(limited, format=vs.YUV444P8, range=said, **FAKE)
        assert props(made)["_Range"] == tags.RANGES[said]
        mixed = core.std.Splice([limited, clip(vs.RGB24, 2, _Range=1)])
        with pytest.raises(vs.Error, match="frame 2 is tagged range full"):
            core.animesr.Upscale(mixed, format=vs.YUV444P8, range=said, **FAKE).get_frame(3)


def picture(source: vs.VideoNode, **arguments: Any) -> list[int]:
    """The middle of each plane of the picture of the first frame."""
    made = core.animesr.Upscale(source, backend="openvino", precision="fp32", **arguments)
    with made.get_frame(0) as frame:
        return [int(np.asarray(frame[plane])[40, 60]) for plane in range(3)]


def test_the_range_of_pictures_made_out_of_rgb(official_v2: models.Artifact) -> None:
    """Against `core.resize` on the pictures in RGB, where the clip is full, and where it is limited."""
    for tag in (1, 0):
        grey = core.std.BlankClip(width=32, height=24, format=vs.RGB24, length=1, color=[64, 80, 72])
        grey = grey.std.SetFrameProps(_Range=tag)
        rgb = core.animesr.Upscale(grey, format=vs.RGBS, backend="openvino", precision="fp32")
        for said, number in (("limited", 0), ("full", 1)):
            with rgb.resize.Bicubic(format=vs.YUV444P8, matrix=1, range=number).get_frame(0) as frame:
                wanted = [int(np.asarray(frame[plane])[40, 60]) for plane in range(3)]
            found = picture(grey, format=vs.YUV444P8, matrix="709", range=said)
            assert np.abs(np.subtract(found, wanted)).max() <= 1, (tag, said, found, wanted)


def test_the_range_of_pictures_of_whole_numbers(official_v2: models.Artifact) -> None:
    white = core.std.BlankClip(width=32, height=24, format=vs.RGBS, length=1, color=[1.0] * 3)
    for arguments, peak in (({}, 255), ({"range": "full"}, 255), ({"range": "limited"}, 235)):
        assert np.abs(np.subtract(picture(white, format=vs.RGB24, **arguments), peak)).max() <= 2
    assert props(core.animesr.Upscale(clip(vs.RGBS), format=vs.RGB24, range="limited", **FAKE))["_Range"] == 0


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
