"""What is written of pictures' colours, against what the filter sets on them."""

from dataclasses import astuple

import pytest
import vapoursynth as vs
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from tests.clips import core
from tests.encoded import video
from vsanimesr.errors import FormatError
from vsanimesr.media import VideoTags, video_tags
from vsanimesr.spec import FORMATS

SIZES = [(64, 48), (720, 480), (720, 576), (1024, 576), (1280, 720), (256, 720)]
MATRICES = {"": 2, "bt709": 1, "bt470bg": 5, "smpte170m": 6, "bt2020nc": 9}
said_by_files = st.builds(
    VideoTags,
    matrix=st.sampled_from([*MATRICES]),
    range=st.sampled_from(["", "tv", "pc"]),
    location=st.sampled_from(["", "left", "center", "topleft", "bottom"]),
)
arguments_of_users = st.fixed_dictionaries(
    {},
    optional={
        "matrix": st.sampled_from(["601", "709", "2020"]),
        "range": st.sampled_from(["limited", "full"]),
        "chromaloc": st.sampled_from(["left", "top"]),
    },
)
SAME = {5: 6, 6: 6}  # both are 601


@settings(max_examples=60, deadline=None)
@given(
    said_by_files,
    st.sampled_from(SIZES),
    st.tuples(
        st.sampled_from(["YUV420P8", "YUV444P10", "Gray8", "RGB24"]),
        st.sampled_from(["YUV420P8", "YUV422P10", "YUV444P8", "Gray16"]),
    ),
    st.sampled_from([1, 2, 4]),
    arguments_of_users,
)
def test_they_are_those_of_the_filter(said, size, names, scale, arguments) -> None:
    formats = FORMATS[names[0]], FORMATS[names[1]]
    if names[0] == "RGB24":
        said = VideoTags("gbr", range=said.range)
    clip = core.std.BlankClip(width=size[0], height=size[1], format=formats[0].id, length=1, keep=True)
    clip = clip.std.SetFrameProps(**video_tags.properties(said))
    try:
        picture = core.animesr.Upscale(clip, format=formats[1].id, scale=scale, backend="fake", **arguments)
    except vs.Error:  # an argument that means nothing here
        reject()
    found = video_tags.of_pictures(video(width=size[0], height=size[1], tags=said), formats, scale, arguments)
    props = picture.get_frame(0).props
    assert SAME.get(MATRICES[found.matrix], MATRICES[found.matrix]) == SAME.get(props["_Matrix"], props["_Matrix"])
    assert video_tags.RANGES[found.range] == props["_Range"]
    assert video_tags.LOCATIONS.get(found.location) == props.get("_ChromaLocation")
    assert all(astuple(found)[:4])


@given(said_by_files, st.sampled_from(SIZES), st.sampled_from(["YUV420P8", "YUV444P10"]))
def test_what_is_complete_stays(said: VideoTags, size: tuple[int, int], format_: str) -> None:
    full = video_tags.completed(said, size, FORMATS[format_])
    assert video_tags.completed(full, (2000, 2000), FORMATS[format_]) == full
    assert full.matrix == said.matrix or not said.matrix
    assert full.range == said.range or not said.range


def test_what_files_say_beyond_that_is_kept() -> None:
    said = VideoTags("bt2020nc", "smpte432", "arib-std-b67", "tv", "topleft")
    assert video_tags.completed(said, (640, 480), FORMATS["YUV420P10"]) == said
    assert video_tags.completed(said, (640, 480), FORMATS["YUV444P10"]).location == ""


@pytest.mark.parametrize("matrix", ["smpte240m", "fcc", "bt2020c", "ycgco", "ictcp"])
def test_matrices_that_the_filter_refuses_unless_an_argument_says_what_holds(matrix: str) -> None:
    said, format_ = VideoTags(matrix), FORMATS["YUV420P8"]
    with pytest.raises(FormatError, match="the clip is tagged _Matrix="):
        video_tags.completed(said, (640, 480), format_)
    made = video(tags=said)
    assert video_tags.of_pictures(made, (format_, format_), 4, {"matrix": "709"}).matrix == "bt709"
