"""How much of a queue is done and when all will be, on a clock of the tests' own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsanimesr.cli.workload import Workload
from vsanimesr.jobs.order import Done, Step
from vsanimesr.pipeline import Message

FRAMES = 20
FPS = 3.0
"""Whatever a step says: rates are those of the clock."""


@dataclass
class World:
    """A machine of constant speed, and what is told of it."""

    load: Workload
    speed: float
    """Work per second."""
    seconds: float = 0.0

    def passes(self, seconds: float) -> None:
        self.seconds += seconds

    def step(self, done: int, *, fps: float = FPS) -> None:
        self.load.hear(Step("frames", done, FRAMES, fps))

    def frames(self, work: float, first: int, last: int) -> Iterator[int]:
        """Frames after `first` are made; the first report knows no rate, as a job's does not."""
        for done in range(first + 1, last + 1):
            self.passes(work / FRAMES / self.speed if done > first + 1 else 0.0)
            self.step(done, fps=FPS if done > first + 1 else 0.0)
            yield done

    def file(self, work: float, *, before: float = 0.0, after: float = 0.0, first: int = 0) -> None:
        """One is made, from frame `first` on, `before` and `after` seconds around its frames."""
        self.passes(before)
        for _ in self.frames(work, first, FRAMES):
            pass
        self.passes(after)
        self.load.hear(Done(Path("out.mkv"), FRAMES, 1.0))


def world(works: list[float], speed: float = 2.0) -> World:
    made = World(Workload(()), speed)
    made.load = Workload(works, lambda: made.seconds)
    return made


@dataclass(frozen=True)
class File:
    """What happens to a file."""

    work: float
    first: int
    """Frames that an earlier run has made."""
    last: int
    """The last frame that is made; 0 for a file that is skipped or fails early, FRAMES for one that is finished."""
    fails: bool


FILES = st.lists(
    st.builds(
        File,
        work=st.floats(0.1, 1000.0),
        first=st.integers(0, FRAMES - 3),
        last=st.sampled_from([0, FRAMES - 1, FRAMES]),
        fails=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)
SPEEDS = st.floats(0.01, 100.0)


@given(FILES, SPEEDS)
def test_eta_is_what_is_left_over_the_speed(files: list[File], speed: float) -> None:
    """Whatever was skipped, failed, or was made by an earlier run."""
    here = world([file.work for file in files], speed)
    known = False
    for number, file in enumerate(files, 1):
        here.load.begin(number, len(files))
        later = sum(other.work for other in files[number:])
        for done in here.frames(file.work, file.first, file.last):
            left = later + file.work * (1 - done / FRAMES)
            known |= done > file.first + 1
            assert here.load.eta == (pytest.approx(left / speed) if known else None)
        if file.last == FRAMES:
            here.load.hear(Done(Path("out.mkv"), FRAMES, 1.0))
        elif file.fails:
            here.load.fail()
        else:
            here.load.hear(Message("Information", "out.mkv is there already and stays"))
    assert here.load.failed == sum(file.fails and file.last < FRAMES for file in files)


@given(FILES, SPEEDS)
def test_what_is_done_never_shrinks_and_ends_at_all(files: list[File], speed: float) -> None:
    here = world([file.work for file in files], speed)
    parts = []
    for number, file in enumerate(files, 1):
        here.load.begin(number, len(files))
        parts.append(here.load.part)
        parts += [here.load.part for _ in here.frames(file.work, file.first, file.last)]
        here.load.fail()
    parts.append(here.load.part)
    assert parts == sorted(parts)
    assert parts[0] == 0
    assert parts[-1] == 1
    assert here.load.eta == 0
    assert (here.load.done, here.load.files) == (len(files), len(files))


@given(st.lists(st.floats(0.1, 100.0), min_size=2, max_size=6), SPEEDS, st.floats(0, 5), st.floats(0, 5))
def test_what_files_need_beside_their_frames_is_foreseen(
    works: list[float], speed: float, before: float, after: float
) -> None:
    """Seconds for each unit of work, before the frames and after them; the first file tells how many."""
    here = world(works, speed)
    told: list[tuple[float, float | None]] = []
    for number, work in enumerate(works, 1):
        here.load.begin(number, len(works))
        told.append((here.seconds, here.load.eta))
        here.passes(work * before / 2)
        told.append((here.seconds, here.load.eta))
        here.file(work, before=work * before / 2, after=work * after)
    assert [eta for _, eta in told[:2]] == [None, None]
    for number, (seconds, eta) in enumerate(told[2:], 2):
        unmeasured = sum(works[number // 2 :]) / FRAMES / speed  # the first frames take no time here
        assert eta == pytest.approx(here.seconds - seconds + unmeasured)


def test_files_of_unknown_work_count_as_usual_ones() -> None:
    here = world([2.0, 0.0, 4.0])
    here.load.begin(2, 3)
    assert here.load.part == pytest.approx(2 / 9)
    here.load.begin(3, 3)
    assert here.load.part == pytest.approx(5 / 9)


@pytest.mark.parametrize("works", [[0.0, 0.0, 0.0, 0.0], [], [float("nan"), -1.0, float("inf"), 0.0]])
def test_without_any_estimate_files_weigh_the_same(works: list[float]) -> None:
    here = world(works)
    here.load.begin(2, 4)
    here.step(FRAMES // 2)
    assert here.load.part == pytest.approx(0.375)


def test_the_time_to_load_a_model_is_no_part_of_the_rate() -> None:
    here = world([10.0, 10.0])
    here.load.begin(1, 2)
    for seconds in (0, 50, 50):  # frames are to come, none is made yet
        here.passes(seconds)
        here.step(0, fps=0)
        assert here.load.eta is None
    here.step(1, fps=0)
    here.passes(1)
    here.step(1, fps=0)
    here.passes(1)
    here.step(2)
    assert here.load.eta == pytest.approx((2 * FRAMES - 2) * 2 + 100)


def test_skipped_files_tell_no_rate() -> None:
    here = world([1.0, 1.0, 1.0])
    for number in (1, 2, 3):
        here.load.begin(number, 3)
        here.passes(1)
        here.load.hear(Message("Information", "it stays"))
        here.load.hear(Step("index", 50, 100))
        assert here.load.eta is None


def test_elapsed_is_since_the_queue_was_made() -> None:
    here = world([1.0, 1.0])
    here.passes(5)
    here.load.begin(2, 2)
    here.passes(2)
    assert here.load.elapsed == 7
