"""A real backend in a clip's own format against the same backend in RGBS between two conversions by VapourSynth."""

import numpy as np
import pytest
import vapoursynth as vs

from tests.networks import feed_planes, noise, setup
from vsanimesr import backends
from vsanimesr.spec import FORMATS, RGBS, ClipSpec, Colour, PictureSpec

pytestmark = pytest.mark.slow

core = vs.core
TOLERANCE = {8: 1, 10: 1, 12: 2, 14: 4, 16: 8}
"""Code values that rounding may make of a difference in float32, by bits."""
MATRICES = {"601": vs.MATRIX_ST170_M, "709": vs.MATRIX_BT709, "2020": vs.MATRIX_BT2020_NCL, "rgb": vs.MATRIX_RGB}
LOCATIONS = {"left": vs.CHROMA_LEFT, "center": vs.CHROMA_CENTER, "top_left": vs.CHROMA_TOP_LEFT}
Planes = list[np.ndarray]


def to_clip(pictures: list[Planes], format_: str, colour: Colour) -> vs.VideoNode:
    """A clip of these pictures, with the properties that say what its samples mean."""
    height, width = pictures[0][0].shape
    blank = core.std.BlankClip(None, width, height, getattr(vs, format_.upper()), len(pictures))

    def fill(n: int, f: vs.VideoFrame) -> vs.VideoFrame:
        frame = f.copy()
        for number, plane in enumerate(pictures[n]):
            np.copyto(np.asarray(frame[number]), plane)
        frame.props["_Matrix"] = MATRICES[colour.matrix]
        frame.props["_Range"] = int(colour.full)
        frame.props["_ChromaLocation"] = LOCATIONS[colour.location]
        return frame

    return core.std.ModifyFrame(blank, blank, fill)


def of_clip(clip: vs.VideoNode) -> list[Planes]:
    return [[np.asarray(frame[n]).copy() for n in range(clip.format.num_planes)] for frame in clip.frames()]


def by_backend(clip: ClipSpec, frames: list[Planes], name: str = "openvino", *, feedback: bool = True) -> list[Planes]:
    settings = {"colour": clip.colour, "wanted": clip.wanted, "feedback": feedback}
    backend = backends.get(name)(setup(clip.width, clip.height, clip.format, **settings))
    try:
        return feed_planes(backend, frames)
    finally:
        backend.close()


def by_resize(clip: ClipSpec, frames: list[Planes]) -> list[Planes]:
    """To RGBS, through the network, and back."""
    wanted = clip.picture
    rgb = core.resize.Bicubic(to_clip(frames, clip.format.name, clip.colour), format=vs.RGBS)
    large = by_backend(ClipSpec(clip.width, clip.height, clip.frames, RGBS), of_clip(rgb))
    back = to_clip(large, "RGBS", Colour())
    if wanted.scale != 4:
        back = core.resize.Bicubic(back, clip.width * wanted.scale, clip.height * wanted.scale)
        back = to_clip([[plane.clip(0, 1) for plane in planes] for planes in of_clip(back)], "RGBS", Colour())
    if wanted.format == RGBS:
        return of_clip(back)
    colour = {"range": int(wanted.colour.full), "chromaloc": LOCATIONS[wanted.colour.location]}
    if wanted.format.family != "rgb":
        colour["matrix"] = MATRICES[wanted.colour.matrix]
    return of_clip(core.resize.Bicubic(back, format=getattr(vs, wanted.format.name.upper()), **colour))


LIMITED, FULL = Colour("709", full=False), Colour("601", full=True, location="center")
Case = tuple[str, Colour, PictureSpec | None]
CASES: list[Case] = [
    ("YUV420P8", LIMITED, None),
    ("YUV422P12", LIMITED, None),
    ("YUV420P8", FULL, PictureSpec(FORMATS["YUV420P10"], LIMITED, 4)),
]
MORE: list[Case] = [
    ("YUV420P10", FULL, None),
    ("YUV444P16", Colour("2020", full=False), None),
    ("RGB24", Colour(), None),
    ("RGB48", Colour(), None),
    ("Gray8", LIMITED, None),
    ("Gray16", LIMITED, None),
    ("YUV420P8", LIMITED, PictureSpec(FORMATS["YUV420P8"], LIMITED, 2)),
    ("YUV422P10", LIMITED, PictureSpec(FORMATS["RGB24"], Colour(), 4)),
]


def words(case: Case) -> str:
    """The name of a case."""
    name, _, wanted = case
    return f"{name}-{wanted.format.name}-x{wanted.scale}" if wanted else name


@pytest.mark.parametrize("case", [*CASES, *(pytest.param(case, marks=pytest.mark.slow) for case in MORE)], ids=words)
def test_openvino_equals_conversion_around_rgbs(case: Case) -> None:
    name, colour, wanted = case
    clip = ClipSpec(36, 22, 3, FORMATS[name], colour, wanted)
    frames = noise(3, clip)
    got, expected = by_backend(clip, frames), by_resize(clip, frames)
    limit = TOLERANCE[clip.picture.format.bits]
    for planes, others in zip(got, expected, strict=True):
        for plane, other in zip(planes, others, strict=True):
            assert plane.shape == other.shape
            assert np.abs(plane.astype(np.int64) - other.astype(np.int64)).max() <= limit
            assert np.ptp(plane) > 8


@pytest.mark.parametrize(
    ("name", "feedback"), [("YUV420P8", False), pytest.param("YUV444P16", True, marks=pytest.mark.slow)]
)
def test_torch_equals_openvino(name: str, feedback: bool) -> None:
    clip = ClipSpec(36, 22, 2, FORMATS[name], LIMITED)
    frames = noise(2, clip)
    one, other = (by_backend(clip, frames, backend, feedback=feedback) for backend in ("torch", "openvino"))
    for planes, others in zip(one, other, strict=True):
        for a, b in zip(planes, others, strict=True):
            difference = np.abs(a.astype(np.int64) - b.astype(np.int64)).max()
            assert difference <= TOLERANCE[clip.picture.format.bits]
