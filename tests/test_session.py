"""The session alone, over the fake backend: exact in any order, within its memory, whole after failures."""

import random
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vsanimesr.backends.base import Planes, Setup
from vsanimesr.backends.fake import Fake
from vsanimesr.checkpoints import INTERVAL, Checkpoints
from vsanimesr.errors import AnimeSRError, ArgumentError, DeviceError
from vsanimesr.session import BATCH, Session
from vsanimesr.spec import RGBS, ClipSpec

SIDE = 16


def source(n: int) -> Planes:
    return [np.full((SIDE, SIDE), (n * 7 + plane) % 251 / 251, np.float32) for plane in range(3)]


def open_session(
    frames: int, *, slots: int = 4, device: str = "", spill: int = 1 << 20, checkpoints: int = 1 << 16
) -> Session:
    def no_graphs() -> None:
        raise AssertionError("the fake backend needs no graphs")

    setup = Setup(ClipSpec(SIDE, SIDE, frames, RGBS), slots, "auto", device, 0, no_graphs)
    return Session(Fake(setup), frames, slots=slots, spill_bytes=spill, checkpoint_bytes=checkpoints)


@pytest.fixture(scope="module")
def linear() -> list[bytes]:
    """The pictures of a 200-frame clip, rendered in order."""
    session = open_session(200)
    pictures = [picture_bytes(session.render(n, source)) for n in range(200)]
    session.close()
    assert len(set(pictures)) > 190, "the fake's pictures should nearly all differ"
    return pictures


def picture_bytes(planes: Planes) -> bytes:
    return b"".join(plane.tobytes() for plane in planes)


def last_of(frames: int) -> bytes:
    """The last picture of a clip of `frames` frames, rendered in order."""
    session = open_session(frames)
    result = [picture_bytes(session.render(n, source)) for n in range(frames)][-1]
    session.close()
    return result


def test_the_picture_depends_on_the_neighbours_and_on_all_that_came_before() -> None:
    def changed(at: int) -> list[bytes]:
        session = open_session(8)
        frames = [picture_bytes(session.render(n, lambda k: source(k + 100 * (k == at)))) for n in range(8)]
        session.close()
        return frames

    plain = changed(-1)
    for at in range(8):
        different = [n for n, (a, b) in enumerate(zip(plain, changed(at), strict=True)) if a != b]
        assert different == list(range(max(0, at - 1), 8))


@pytest.mark.parametrize("frames", [1, 2, 3, BATCH, BATCH + 1])
def test_short_clips_end_with_the_last_frame_as_its_own_successor(frames: int) -> None:
    session = open_session(frames)
    forward = [picture_bytes(session.render(n, source)) for n in range(frames)]
    assert forward[-1] == last_of(frames)
    session.close()


@settings(max_examples=60, deadline=None)
@given(
    order=st.lists(st.integers(0, 199), min_size=1, max_size=30),
    slots=st.integers(1, 5),
    checkpoints=st.sampled_from([0, 4096, 3 * 4096, 1 << 20]),
    spill=st.sampled_from([0, 1 << 16, 1 << 20]),
)
def test_any_order_gives_the_linear_pictures(
    linear: list[bytes], order: list[int], slots: int, checkpoints: int, spill: int
) -> None:
    session = open_session(200, slots=slots, checkpoints=checkpoints, spill=spill)
    for n in order:
        assert picture_bytes(session.render(n, source)) == linear[n], (n, order)
    session.close()


class Nodes:
    """What the two native nodes do, with Python threads: one ordered side, any number of parallel sides."""

    def __init__(self, session: Session) -> None:
        self.session, self.ordered = session, threading.Lock()

    def request(self, n: int) -> bytes:
        ticket = self.session.want(n)
        try:
            with self.ordered:
                due = self.session.submit(n)
                while due:
                    due = self.session.feed(n, due.start, [source(k) for k in due], [{}] * len(due))
            ticket.wait()
            return picture_bytes(ticket.planes())
        finally:
            ticket.release()


def storm(nodes: Nodes, orders: list[list[int]]) -> list[tuple[int, bytes | AnimeSRError]]:
    results: list[tuple[int, bytes | AnimeSRError]] = []

    def client(order: list[int]) -> None:
        for n in order:
            try:
                results.append((n, nodes.request(n)))
            except AnimeSRError as error:
                results.append((n, error))

    threads = [threading.Thread(target=client, args=(order,), daemon=True) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "deadlock"
    return results


@pytest.mark.parametrize("slots", [1, 2, 8])
@pytest.mark.parametrize("seed", range(3))
def test_storms_from_many_threads_give_the_linear_pictures(linear: list[bytes], slots: int, seed: int) -> None:
    draw = random.Random(seed)
    session = open_session(200, slots=slots, spill=seed << 15, device="delay=0.0001" if seed == 1 else "")
    orders = [
        list(range(60)),
        list(range(199, 150, -1)),
        [draw.randrange(200) for _ in range(40)],
        [draw.randrange(40) for _ in range(40)],
        list(range(0, 200, 5)),
        [7] * 40,
    ]
    results = storm(Nodes(session), orders)
    assert len(results) == sum(map(len, orders))
    assert all(picture == linear[n] for n, picture in results)
    assert not session._pictures._wants
    assert session._pictures._spill_room == seed << 15, "every spilled picture gave its memory back"
    session.close()


def test_a_transient_failure_fails_its_requests_and_no_later_ones(linear: list[bytes]) -> None:
    session = open_session(200, device="fail=50x2")
    for n in range(50):
        assert picture_bytes(session.render(n, source)) == linear[n]
    for _ in range(2):
        with pytest.raises(DeviceError, match="simulated failure at frame 50"):
            session.render(50, source)
    for n in range(50, 80):
        assert picture_bytes(session.render(n, source)) == linear[n]
    session.close()


def test_a_permanent_failure_fails_every_later_frame_and_no_earlier_one(linear: list[bytes]) -> None:
    session = open_session(200, device="fail=70x1000000")
    for n in (69, 70, 75, 12, 199, 69, 64, 70, 0):
        if n < 70:
            assert picture_bytes(session.render(n, source)) == linear[n]
        else:
            with pytest.raises(DeviceError, match="simulated failure at frame 70"):
                session.render(n, source)
    session.close()


@pytest.mark.parametrize("seed", range(4))
def test_storms_with_failures_give_right_pictures_or_the_failure(linear: list[bytes], seed: int) -> None:
    draw = random.Random(seed)
    session = open_session(200, slots=3, device=f"fail={20 + 30 * seed}x5,delay=0.0001")
    orders = [[draw.randrange(200) for _ in range(30)] for _ in range(5)]
    results = storm(Nodes(session), orders)
    failures = [error for _, error in results if isinstance(error, AnimeSRError)]
    assert failures
    assert all("simulated failure" in str(error) for error in failures)
    assert all(picture == linear[n] for n, picture in results if isinstance(picture, bytes))
    session.close()


def test_a_failing_source_leaves_the_session_where_it_was(linear: list[bytes]) -> None:
    session = open_session(200)
    session.render(9, source)

    def broken(n: int) -> Planes:
        if n == 13:
            raise OSError("unreadable")
        return source(n)

    with pytest.raises(OSError, match="unreadable"):
        session.render(14, broken)
    assert picture_bytes(session.render(14, source)) == linear[14]
    session.close()


def test_going_on_steps_once_and_a_seek_back_restarts_at_a_checkpoint(linear: list[bytes]) -> None:
    session = open_session(200)
    fake = session._backend
    assert isinstance(fake, Fake)
    for n in range(150):
        session.render(n, source)
    assert fake.total_steps == 150
    session.render(3 * INTERVAL + 2, source)
    assert fake.total_steps == 153
    assert picture_bytes(session.render(140, source)) == linear[140], "forward again, over the nearest checkpoint"
    assert fake.total_steps == 153 + 140 - 4 * INTERVAL + 1
    session.close()


def test_a_picture_that_is_still_there_is_not_rendered_again() -> None:
    session = open_session(50, slots=4)
    fake = session._backend
    assert isinstance(fake, Fake)
    for n in (0, 1, 2, 3, 2, 1, 0, 3):
        session.render(n, source)
    assert fake.total_steps == 4
    session.close()


def test_at_most_a_batch_of_frames_is_asked_for_at_once() -> None:
    session = open_session(5000)
    ticket = session.want(4000)
    due, fed = session.submit(4000), 0
    while due:
        assert due.start == fed
        assert len(due) <= BATCH
        fed = due.stop
        due = session.feed(4000, due.start, [source(k) for k in due], [{}] * len(due))
    assert fed == 4002
    ticket.release()
    session.close()


def test_feeding_another_frame_than_the_due_one_is_refused() -> None:
    session = open_session(10)
    assert session.submit(0) == range(2)
    with pytest.raises(ArgumentError, match="frame 1 was fed where frame 0 was due"):
        session.feed(0, 1, [source(1)], [{}])
    session.close()


def test_closing_fails_what_is_pending_and_can_be_done_twice() -> None:
    session = open_session(50, device="delay=0.02")
    tickets = [session.want(n) for n in range(4)]
    due = session.submit(3)
    while due:
        due = session.feed(3, due.start, [source(k) for k in due], [{}] * len(due))
    session.close()
    session.close()
    with pytest.raises(DeviceError, match="freed"):
        tickets[3].wait()
    for ticket in tickets:
        ticket.release()


def test_checkpoints_stay_within_their_memory_and_thin_out_with_distance() -> None:
    session = open_session(2000, checkpoints=8 * 4096)
    session.render(1999, source)
    kept = sorted(session._checkpoints._saved)
    session.close()
    assert len(kept) == 8
    assert kept[-1] == 1999 // INTERVAL * INTERVAL
    gaps = np.diff([0, *kept])
    assert gaps[0] > gaps[-1], kept


def test_without_memory_for_one_checkpoint_there_is_none() -> None:
    assert not Checkpoints(4095, 4096).due(INTERVAL)
    assert Checkpoints(4096, 4096).due(INTERVAL)
