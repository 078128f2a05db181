"""Saved states to restart from: dense near the current frame, sparse far away, within a limit of memory."""

from bisect import bisect_right, insort

from vsanimesr.backends.base import Checkpoint
from vsanimesr.runs import Run

INTERVAL = 32
"""Frames between two checkpoints as they are saved."""

Saved = tuple[Run, Checkpoint]
"""A state, and the run that it is of."""


class Checkpoints:
    """Checkpoints by frame number; the one of frame n is the state before step n."""

    def __init__(self, limit_bytes: int, state_nbytes: int) -> None:
        self._most = limit_bytes // state_nbytes
        self._saved: dict[int, Saved] = {}
        self._frames: list[int] = []  # the keys, sorted

    def due(self, n: int) -> bool:
        """Whether a checkpoint should be saved before step n; makes room for it."""
        if not self._most or n % INTERVAL or n in self._saved:
            return False
        while len(self._saved) >= self._most:
            self._drop(self._least_useful(n))
        return True

    def add(self, n: int, run: Run, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint."""
        self._saved[n] = run, checkpoint
        insort(self._frames, n)

    def nearest(self, n: int) -> int:
        """The latest frame, at or before n, of which there is a checkpoint; -1 if there is none."""
        after = bisect_right(self._frames, n)
        return self._frames[after - 1] if after else -1

    def whole(self, n: int) -> Saved | None:
        """The checkpoint of frame n, which there is, once it is whole; if it failed it is dropped."""
        run, checkpoint = self._saved[n]
        checkpoint.event.wait()
        if checkpoint.event.error is None:
            return run, checkpoint
        self._drop(n)
        return None

    def keep_whole(self) -> None:
        """Drop what a failure kept from being saved; every operation of the stream has ended by now."""
        self._saved = {n: s for n, s in self._saved.items() if s[1].event.done and s[1].event.error is None}
        self._frames = sorted(self._saved)

    def _drop(self, n: int) -> None:
        del self._saved[n]
        self._frames.remove(n)

    def _least_useful(self, n: int) -> int:
        """The checkpoint whose loss costs least: a short gap to its predecessor, far from frame n."""
        gaps = zip([0, *self._frames], self._frames, strict=False)
        return min(gaps, key=lambda gap: (gap[1] - gap[0]) / (abs(n - gap[1]) + 1))[1]
