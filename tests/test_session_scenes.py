"""Scenes, segments and seeking: a picture is what its own run makes of it, wherever rendering began."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vsanimesr.backends.base import Planes, Setup
from vsanimesr.backends.fake import Fake
from vsanimesr.checkpoints import INTERVAL, Checkpoints
from vsanimesr.errors import DeviceError
from vsanimesr.runs import Run, Starts
from vsanimesr.session import BATCH, Session
from vsanimesr.spec import RGBS, ClipSpec
from vsanimesr.timeline import Properties

SIDE, FRAMES = 16, 150


def source(n: int) -> Planes:
    return [np.full((SIDE, SIDE), (n * 7 + plane) % 9973 / 9973, np.float32) for plane in range(3)]


class Marked:
    """Finds scenes at the frames of these numbers, by their samples; counts what it looked at."""

    def __init__(self, cuts: Sequence[int]) -> None:
        self.looked = 0
        self._cuts = {self.signature(source(n)): n for n in cuts}

    def signature(self, planes: Planes) -> bytes:
        self.looked += 1
        return b"".join(plane[0, :1].tobytes() for plane in planes)

    def starts(self, _: tuple[Properties, Properties], signatures: tuple[bytes, bytes]) -> bool:
        return signatures[1] in self._cuts


def fake(frames: int = FRAMES, device: str = "") -> Fake:
    def no_graphs() -> None:
        raise AssertionError("the fake backend needs no graphs")

    return Fake(Setup(ClipSpec(SIDE, SIDE, frames, RGBS), 4, "auto", device, 0, no_graphs))


@contextmanager
def session(
    cuts: Sequence[int] | None, starts: Starts, frames: int = FRAMES, device: str = "", checkpoints: int = 1 << 16
) -> Iterator[Session]:
    detector = None if cuts is None else Marked(cuts)
    opened = Session(
        fake(frames, device),
        frames,
        slots=4,
        spill_bytes=0,
        checkpoint_bytes=checkpoints,
        starts=starts,
        detector=detector,
    )
    yield opened
    opened.close()


def definition(cuts: Sequence[int], starts: Starts, n: int) -> bytes:
    """Picture n by the letter of the definition: its run from the start, on a backend of its own."""
    scene = max((cut for cut in cuts if cut <= n), default=0)
    after = min((cut for cut in cuts if cut > n), default=FRAMES)
    first = scene if not starts.segment else scene + (n - scene) // starts.segment * starts.segment
    begin = max(scene, first - starts.warmup) if first > scene else scene
    backend = fake()
    backend.reset()
    for k in range(begin, n + 1):
        window = max(begin, k - 1), k, min(after - 1, k + 1)
        for frame in {*window}:
            backend.ingest(frame % 3, source(frame))
        ring = (window[0] % 3, window[1] % 3, window[2] % 3)
        for _ in range(starts.burn_in if k == begin else 0):
            backend.step((k % 3, k % 3, k % 3), None)
        backend.step(ring, 0)
    picture = b"".join(plane.tobytes() for plane in backend.read(0))
    backend.close()
    return picture


def rendered(opened: Session, n: int) -> bytes:
    return b"".join(plane.tobytes() for plane in opened.render(n, source))


layouts = st.lists(st.integers(1, FRAMES - 1), max_size=8).map(sorted)
starts_of_runs = st.builds(
    Starts, burn_in=st.integers(0, 3), segment=st.sampled_from([0, 0, 1, 2, 7, 40]), warmup=st.integers(0, 9)
)


@settings(max_examples=120, deadline=None)
@given(
    cuts=layouts,
    starts=starts_of_runs,
    order=st.lists(st.integers(0, FRAMES - 1), min_size=1, max_size=8),
    checkpoints=st.sampled_from([0, 4096, 1 << 20]),
)
def test_any_order_gives_what_the_definition_says(
    cuts: list[int], starts: Starts, order: list[int], checkpoints: int
) -> None:
    with session(cuts, starts, checkpoints=checkpoints) as opened:
        for n in order:
            assert rendered(opened, n) == definition(cuts, starts, n), (n, order)


@pytest.mark.parametrize(
    "starts", [Starts(), Starts(3), Starts(2, 20, 4), Starts(0, 5, 9)], ids=["paper", "burn-in", "segments", "short"]
)
def test_the_linear_render_is_what_the_definition_says(starts: Starts) -> None:
    cuts = [1, 2, 50, 90, 91, FRAMES - 1]
    with session(cuts, starts) as opened:
        for n in range(FRAMES):
            assert rendered(opened, n) == definition(cuts, starts, n), n


def test_without_a_detector_the_clip_is_one_scene() -> None:
    with session(None, Starts()) as opened:
        assert rendered(opened, 60) == definition([], Starts(), 60)


def test_a_scene_costs_its_frames_and_its_burn_in_only() -> None:
    cuts = [40, 100]
    with session(cuts, Starts(burn_in=3)) as opened:
        for n in range(FRAMES):
            opened.render(n, source)
        assert steps(opened) == FRAMES + 3 * 3


def test_segments_cost_warm_up_and_burn_in_besides() -> None:
    with session([70], Starts(burn_in=3, segment=50, warmup=4)) as opened:
        for n in range(FRAMES):
            opened.render(n, source)
        assert steps(opened) == FRAMES + 4 * 3 + 2 * 4, "runs at 0, 50, 70 and 120, two of them segments"


def test_a_far_seek_steps_from_the_start_of_its_scene_only() -> None:
    with session([100], Starts(burn_in=2)) as opened:
        opened.render(0, source)
        before = steps(opened)
        opened.render(120, source)
        assert steps(opened) - before == 2 + 21


def test_a_far_seek_in_segments_steps_from_the_start_of_its_segment_only() -> None:
    with session([20], Starts(burn_in=2, segment=30, warmup=4)) as opened:
        opened.render(0, source)
        before = steps(opened)
        opened.render(115, source)
        assert steps(opened) - before == 2 + 4 + 6, "the segment of frame 115 begins at 110"


def test_the_way_back_is_searched_in_batches_and_ends_at_the_cut() -> None:
    frames = 5000
    with session([4000], Starts(), frames=frames) as opened:
        ticket = opened.want(4400)
        due, asked = opened.submit(4400), []
        while due:
            assert len(due) <= BATCH
            asked.append(due)
            due = opened.feed(4400, due.start, [source(k) for k in due], [{}] * len(due))
        ticket.release()
    assert min(batch.start for batch in asked) >= 4000 - BATCH, "nothing before the cut's own batch is read"
    assert sum(map(len, asked)) < 2 * 402 + 402 // BATCH + 2 * BATCH


def test_what_was_searched_once_is_known() -> None:
    with session([100], Starts()) as opened:
        opened.render(140, source)
        detector = opened._passing._detector
        assert isinstance(detector, Marked)
        looked = detector.looked
        opened.render(105, source)
        opened.render(139, source)
        assert detector.looked == looked


def test_a_seek_within_a_long_scene_uses_its_checkpoints() -> None:
    with session([10], Starts(burn_in=3)) as opened:
        for n in range(FRAMES):
            opened.render(n, source)
        before = steps(opened)
        assert rendered(opened, 2 * INTERVAL + 3) == definition([10], Starts(burn_in=3), 2 * INTERVAL + 3)
        assert steps(opened) - before == 4


@pytest.mark.parametrize("fails", [0, 2, 17])
def test_a_scene_whose_steps_fail_harms_no_other(fails: int) -> None:
    """The fake counts steps from a scene's start: only the scene of 60 frames comes to the one that fails."""
    cuts, starts = [15, 75, 90, 105, 120, 135], Starts(burn_in=1)
    with session(cuts, starts, device=f"fail={30 + fails},delay=0") as opened:
        failed = 0
        for n in [*range(70), 140, 3, 60, 80, 20]:
            try:
                found = rendered(opened, n)
            except DeviceError:
                failed += 1
            else:
                assert found == definition(cuts, starts, n), n
        assert failed == 1
        assert rendered(opened, 15 + 29 + fails) == definition(cuts, starts, 15 + 29 + fails)


def test_a_scene_behind_a_failing_step_is_not_made_of_what_was_left_in_the_ring() -> None:
    starts = Starts()
    with session([66], starts, device="fail=63x1,delay=0") as opened:
        for n in (15, 30, 45, 58):
            submit(opened, n)
        ticket = opened.want(70)
        submit(opened, 70)  # over the failing step, the checkpoint of frame 64 and the cut, in one go
        with pytest.raises(DeviceError, match="simulated failure"):
            ticket.wait()
        ticket.release()
        for n in (70, 65):
            assert rendered(opened, n) == definition([66], starts, n)


def test_a_checkpoint_that_could_not_be_saved_is_dropped() -> None:
    backend = fake(device="fail=0")
    backend.step((0, 0, 0), None)
    table = Checkpoints(1 << 16, backend.state_nbytes)
    table.add(32, Run(0, 0, 0), backend.save())
    assert table.nearest(40) == 32
    assert table.whole(32) is None
    assert table.nearest(40) == -1


def test_pictures_that_are_wanted_never_come_from_a_warm_up() -> None:
    starts = Starts(burn_in=1, segment=30, warmup=4)
    with session([], starts) as opened:
        tickets = [opened.want(n) for n in range(24, 30)]
        assert rendered(opened, 35) == definition([], starts, 35)
        for ticket in tickets:
            submit(opened, ticket.n)
            ticket.wait()
            assert b"".join(plane.tobytes() for plane in ticket.planes()) == definition([], starts, ticket.n)
            ticket.release()


def submit(opened: Session, n: int) -> None:
    due = opened.submit(n)
    while due:
        due = opened.feed(n, due.start, [source(k) for k in due], [{}] * len(due))


def steps(opened: Session) -> int:
    backend = opened._backend
    assert isinstance(backend, Fake)
    return backend.total_steps


def test_runs_by_the_table() -> None:
    starts = Starts(burn_in=3, segment=10, warmup=4)
    assert starts.run(7, 16) == Run(scene=7, start=7, first=7)
    assert starts.run(7, 17) == Run(scene=7, start=13, first=17)
    assert starts.end(Run(7, 13, 17), 100) == 27
    assert starts.end(Run(7, 13, 17), 20) == 20
    assert Starts().run(7, 1000) == Run(7, 7, 7)
    assert Starts().end(Run(7, 7, 7), 100) == 100
