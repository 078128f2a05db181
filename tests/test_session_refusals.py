"""A frame that fails, or is refused, fails the pictures that depend on it and, asked for again, no others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_session_scenes import FRAMES, Marked, definition, fake, layouts, source, starts_of_runs
from vsanimesr.backends.base import Planes
from vsanimesr.errors import FormatError
from vsanimesr.runs import Starts
from vsanimesr.session import Session
from vsanimesr.timeline import Properties


class Spoilt:
    """A session over a clip of which one frame cannot be had, or is refused by the session's check."""

    def __init__(self, cuts: list[int], starts: Starts, bad: int, *, refused: bool) -> None:
        self._bad, self._refused = bad, refused
        self.session = Session(
            fake(),
            FRAMES,
            slots=4,
            spill_bytes=0,
            checkpoint_bytes=1 << 16,
            starts=starts,
            detector=Marked(cuts),
            check=self._check,
        )

    def picture(self, n: int) -> bytes | None:
        """None where it fails."""
        try:
            return b"".join(plane.tobytes() for plane in self.session.render(n, self._source))
        except (FormatError, OSError):
            return None

    def _check(self, n: int, _: Properties) -> None:
        if self._refused and n == self._bad:
            raise FormatError("no such frames here")

    def _source(self, n: int) -> Planes:
        if not self._refused and n == self._bad:
            raise OSError("the file ends here")
        return source(n)


def scene_of(cuts: list[int], n: int) -> tuple[int, int]:
    """The first frame of a picture's scene, and that of the next one."""
    return max((cut for cut in cuts if cut <= n), default=0), min((cut for cut in cuts if cut > n), default=FRAMES)


def must_fail(cuts: list[int], starts: Starts, n: int, bad: int) -> bool:
    """Whether what a picture is made of includes the frame."""
    scene, after = scene_of(cuts, n)
    return starts.run(scene, n).start <= bad <= min(n + 1, after - 1)


def may_fail(cuts: list[int], starts: Starts, n: int, bad: int, *, refused: bool) -> bool:
    """Whether the frame is one of those, or of those that tell where the scene begins and ends."""
    begin = starts.run(scene_of(cuts, n)[0], n).start if refused else scene_of(cuts, n)[0] - 1
    return begin <= bad <= n + 1


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "failing"])
@settings(max_examples=100, deadline=None)
@given(
    cuts=layouts,
    starts=starts_of_runs,
    bad=st.integers(0, FRAMES - 1),
    order=st.lists(st.integers(0, FRAMES - 1), min_size=1, max_size=12),
)
def test_only_what_depends_on_it_fails(
    refused: bool, cuts: list[int], starts: Starts, bad: int, order: list[int]
) -> None:
    spoilt = Spoilt(cuts, starts, bad, refused=refused)
    for n in order:
        found = spoilt.picture(n) or spoilt.picture(n)  # where it lies is not known before something failed
        if must_fail(cuts, starts, n, bad):
            assert found is None, n
        elif found is not None or not may_fail(cuts, starts, n, bad, refused=refused):
            assert found == definition(cuts, starts, n), n
    spoilt.session.close()


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "failing"])
@pytest.mark.parametrize("step", [1, -1], ids=["linear", "reverse"])
def test_whole_passes_lose_the_rest_of_the_scene_only(refused: bool, step: int) -> None:
    spoilt = Spoilt([20, 33], Starts(3), 30, refused=refused)
    numbers = range(FRAMES)[::step]
    failed = {n for n in numbers if spoilt.picture(n) is None}
    assert {29, 30, 31, 32} <= failed
    assert len(failed) <= 5, failed  # and one at most that first ran into it
    assert {n for n in numbers if spoilt.picture(n) is None} == {29, 30, 31, 32}
    spoilt.session.close()
