"""The contract of all backends for every format of frames and pictures, and for lanes."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.networks import feed_planes, noise, ok, setup, step_to, usual
from vsanimesr.backends.base import Backend, Planes
from vsanimesr.errors import DeviceError
from vsanimesr.spec import FORMATS, ClipSpec, PictureSpec, PixelFormat

Make = Callable[..., Backend]
Images = list[list[np.ndarray]]
NAMES = ["fake", "openvino", "torch", "simulated"]
FAMILIES = ["YUV420P8", "YUV422P10", "RGB48", "Gray8"]
"""Formats of every subsampling, family and type of whole samples."""
SIZES = {(1, 1): (18, 22), (1, 0): (22, 17), (0, 0): (17, 19)}
"""By subsampling: sizes that are no multiples of what the network takes, odd where they may be."""


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Every backend in its turn."""
    return str(request.param)


def size(format_: str) -> tuple[int, int]:
    return SIZES[FORMATS[format_].subsampling]


def source(format_: str, count: int = 3, seed: int = 1) -> Images:
    return noise(count, ClipSpec(*size(format_), count, FORMATS[format_]), seed)


def started(make: Make, format_: str, **settings: object) -> Backend:
    return make(*size(format_), FORMATS[format_], **settings)


def same(a: Images, b: Images) -> None:
    """Bit for bit, and not by being all the same picture."""
    assert [[plane.tobytes() for plane in planes] for planes in a] == [[p.tobytes() for p in q] for q in b]
    assert len({planes[0].tobytes() for planes in a}) == len(a) > 0


def fits(planes: Planes, clip: ClipSpec) -> None:
    """Planes have sizes, type and range of the clip's pictures."""
    picture = clip.picture
    sizes = picture.format.plane_sizes(clip.width * picture.scale, clip.height * picture.scale)
    assert [plane.shape[::-1] for plane in planes] == sizes
    assert {plane.dtype for plane in planes} == {picture.format.dtype}
    top = 1 if picture.format.floating else (1 << picture.format.bits) - 1
    assert all(plane.min() >= 0 and plane.max() <= top for plane in planes)
    assert all(np.ptp(plane) > 0 for plane in planes)


@pytest.mark.parametrize("format_", FAMILIES)
def test_pictures_are_of_the_clips_format(make: Make, format_: str) -> None:
    backend = started(make, format_)
    pictures = feed_planes(backend, source(format_, 2))
    for planes in pictures:
        fits(planes, setup(*size(format_), FORMATS[format_]).clip)


@pytest.mark.slow
@pytest.mark.parametrize("format_", sorted(set(FORMATS) - set(FAMILIES)))
def test_pictures_are_of_every_other_format(make: Make, format_: str) -> None:
    test_pictures_are_of_the_clips_format(make, format_)


def wanted(name: str, scale: int, *, dither: bool = False) -> PictureSpec:
    format_: PixelFormat = FORMATS[name]
    return PictureSpec(format_, usual(format_), scale, dither)


@pytest.mark.parametrize(
    ("format_", "picture"),
    [
        ("YUV444P16", wanted("YUV420P8", 3, dither=True)),
        ("YUV420P8", wanted("RGBS", 1)),
        pytest.param("YUV420P8", wanted("YUV420P10", 4), marks=pytest.mark.slow),
        pytest.param("RGB24", wanted("YUV422P12", 2), marks=pytest.mark.slow),
        pytest.param("Gray8", wanted("Gray16", 1), marks=pytest.mark.slow),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.format.name}-x{value.scale}",
)
def test_pictures_may_be_of_another_format_and_scale(make: Make, format_: str, picture: PictureSpec) -> None:
    width, height = (20, 24)
    made = setup(width, height, FORMATS[format_], wanted=picture)
    backend = make(width, height, FORMATS[format_], wanted=picture)
    for planes in feed_planes(backend, noise(2, made.clip)):
        fits(planes, made.clip)


@pytest.mark.parametrize("format_", ["YUV420P8", pytest.param("YUV444P16", marks=pytest.mark.slow)])
def test_every_plane_of_a_frame_matters(make: Make, format_: str) -> None:
    backend = started(make, format_)
    frame = source(format_, 1)[0]
    found = {feed_planes(backend, [frame])[0][0].tobytes()}
    for changed in range(3):
        backend.reset()
        other = [np.zeros_like(plane) if n == changed else plane for n, plane in enumerate(frame)]
        found.add(b"".join(plane.tobytes() for plane in feed_planes(backend, [other])[0]))
    assert len(found) == 4


@pytest.mark.parametrize("format_", ["YUV420P8", pytest.param("RGB48", marks=pytest.mark.slow)])
def test_planes_may_be_strided_and_plain_buffers(make: Make, format_: str) -> None:
    frames = source(format_)
    backend = started(make, format_)
    expected = feed_planes(backend, frames)
    backend.reset()
    wide = [[np.pad(plane, ((0, 0), (0, 7))) for plane in frame] for frame in frames]
    narrow = [[p[:, :-7] for p in frame] for frame in wide]
    same(feed_planes(backend, narrow), expected)
    backend.reset()
    same(feed_planes(backend, [[memoryview(plane) for plane in frame] for frame in frames]), expected)


def test_copy_writes_what_read_shows(make: Make) -> None:
    backend = started(make, "YUV420P8")
    (planes,) = feed_planes(backend, source("YUV420P8", 1), slot=2)
    rooms = [np.full((plane.shape[0], plane.shape[1] + 5), 77, plane.dtype) for plane in planes]
    backend.copy(2, [room[:, :-5] for room in rooms])
    for plane, room in zip(planes, rooms, strict=True):
        np.testing.assert_array_equal(room[:, :-5], plane)
        assert (room[:, -5:] == 77).all()
    backend.copy(2, [memoryview(plane) for plane in planes])


def test_a_frame_that_is_none_of_the_clips_fails_the_steps(make: Make, name: str) -> None:
    if name == "fake":
        pytest.skip("it hashes whatever comes")
    backend, frames = started(make, "YUV420P8"), source("YUV420P8")
    expected = feed_planes(backend, frames)
    luma, *chroma = frames[0]
    size, type_, count = [luma, chroma[0][:-1], chroma[1]], [luma, chroma[0].astype(np.uint16), chroma[1]], [luma]
    for wrong in (size, type_, count):
        backend.ingest(0, wrong)
        event = backend.step((0, 0, 0), 0)
        event.wait()
        assert isinstance(event.error, DeviceError)
        backend.reset()
        same(feed_planes(backend, frames), expected)
        backend.reset()


# -- lanes ---------------------------------------------------------------------------------------------------------

LANES = 3


def clips(format_: str) -> list[Images]:
    """A clip for each lane."""
    return [source(format_, 4, seed=lane) for lane in range(LANES)]


def alone(make: Make, format_: str) -> list[Images]:
    """The pictures of each lane's clip by a backend of its own."""
    backend, results = started(make, format_), []
    for clip in clips(format_):
        backend.reset()
        results.append(feed_planes(backend, clip))
    return results


@pytest.mark.parametrize("format_", ["YUV420P8", pytest.param("RGBS", marks=pytest.mark.slow)])
def test_lanes_that_take_turns_know_nothing_of_each_other(make: Make, format_: str) -> None:
    backend, results = started(make, format_, lanes=LANES), [[] for _ in range(LANES)]
    for n in range(4):
        for lane, clip in enumerate(clips(format_)):
            step_to(backend, clip, n, slot=lane, lane=lane, alone=n == 0)
        for lane, planes in enumerate(results):
            planes.append([plane.copy() for plane in backend.read(lane)])
    for got, expected in zip(results, alone(make, format_), strict=True):
        same(got, expected)


def test_lanes_run_one_after_the_other_through_one_slot_and_are_reset_together(make: Make) -> None:
    backend, streams = started(make, "YUV420P8", lanes=LANES), clips("YUV420P8")
    first = [feed_planes(backend, clip, lane=lane, slot=1) for lane, clip in enumerate(streams)]
    backend.reset()
    for lane, clip in enumerate(streams):
        same(feed_planes(backend, clip, lane=lane, slot=1), first[lane])


def test_steps_of_all_lanes_may_be_under_way_at_once(make: Make) -> None:
    backend, firsts = started(make, "YUV420P8", lanes=LANES), [clip[0] for clip in clips("YUV420P8")]
    events = []
    for lane, frame in enumerate(firsts):
        backend.ingest(0, frame, lane)
        backend.step((0, 0, 0), None, lane)
    for lane in reversed(range(LANES)):
        events.append(backend.step((0, 0, 0), lane, lane))
    for event in events:
        ok(event)
    single = started(make, "YUV420P8")
    for lane, frame in enumerate(firsts):
        single.reset()
        single.ingest(0, frame)
        single.step((0, 0, 0), None)
        ok(single.step((0, 0, 0), 0))
        same([list(backend.read(lane))], [list(single.read(0))])


def test_a_checkpoint_is_of_all_lanes(make: Make) -> None:
    backend, one = started(make, "YUV420P8", lanes=LANES), started(make, "YUV420P8")
    assert backend.state_nbytes == LANES * one.state_nbytes
    streams = clips("YUV420P8")
    for lane, clip in enumerate(streams):
        feed_planes(backend, clip[:2], lane=lane, slot=None)
    checkpoint = backend.save()
    goes_on = [feed_planes(backend, clip, 2, lane=lane) for lane, clip in enumerate(streams)]
    ok(checkpoint.event)
    assert checkpoint.nbytes == backend.state_nbytes
    other = started(make, "YUV420P8", lanes=LANES)
    for target in (backend, other):
        target.restore(checkpoint)
        for lane in (2, 0, 1):
            same(feed_planes(target, streams[lane], 2, lane=lane), goes_on[lane])
