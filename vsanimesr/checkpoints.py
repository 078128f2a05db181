"""Saved states to restart from: dense near the current frame, sparse far away, within a limit of memory."""

from bisect import bisect_right, insort

from vsanimesr.backends.base import Checkpoint

INTERVAL = 32
"""Frames between two checkpoints as they are saved."""


class Checkpoints:
    """Checkpoints by frame number; the one of frame n is the state before step n."""

    def __init__(self, limit_bytes: int, state_nbytes: int) -> None:
        self._most = limit_bytes // state_nbytes
        self._saved: dict[int, Checkpoint] = {}
        self._frames: list[int] = []  # the keys, sorted

    def due(self, n: int) -> bool:
        """Whether a checkpoint should be saved before step n; makes room for it."""
        if not self._most or n == 0 or n % INTERVAL or n in self._saved:
            return False
        while len(self._saved) >= self._most:
            frame = self._least_useful(n)
            del self._saved[frame]
            self._frames.remove(frame)
        return True

    def add(self, n: int, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint."""
        self._saved[n] = checkpoint
        insort(self._frames, n)

    def nearest(self, n: int) -> int:
        """The latest frame, at or before n, that the recurrence can restart at; 0 is the start."""
        after = bisect_right(self._frames, n)
        return self._frames[after - 1] if after else 0

    def at(self, n: int) -> Checkpoint | None:
        """The checkpoint of frame n, if there is one."""
        return self._saved.get(n)

    def keep_whole(self) -> None:
        """Drop what a failure kept from being saved; every operation of the stream has ended by now."""
        self._saved = {n: c for n, c in self._saved.items() if c.event.done and c.event.error is None}
        self._frames = sorted(self._saved)

    def _least_useful(self, n: int) -> int:
        """The checkpoint whose loss costs least: a short gap to its predecessor, far from frame n."""
        gaps = zip([0, *self._frames], self._frames, strict=False)
        return min(gaps, key=lambda gap: (gap[1] - gap[0]) / (abs(n - gap[1]) + 1))[1]
