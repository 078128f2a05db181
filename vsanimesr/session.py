"""The one state machine: source frames in, pictures out, exact in whatever order they are asked for.

Two sides, after the two nodes of the filter (ARCHITECTURE.md draws them):

- The *ordered* side, one thread at a time: `submit(n)` says which source frames to feed so that picture n gets on its
  way, `feed` takes them and submits the steps, until there is nothing more to feed.
- The *parallel* side, any thread: `want(n)` gives a `Ticket`; once picture n was submitted, `Ticket.wait()` waits for
  the device, `Ticket.write()` copies the picture, and `Ticket.release()` ends it.

The recurrence runs strictly forward. A request that is not next restarts from the nearest checkpoint or from the
start, never from a guess.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vsanimesr.backends.base import RING, Backend, Planes
from vsanimesr.checkpoints import Checkpoints
from vsanimesr.errors import ArgumentError
from vsanimesr.pictures import Picture, Pictures
from vsanimesr.runs import Run, Starts
from vsanimesr.timeline import Detector, Properties, Timeline, Viewer

BATCH = 16
"""Source frames asked for at once: the request holds all of them until the last has come."""
PAIR = 2
"""The fewest that show whether the last of them starts a scene."""
NOTHING = range(0)


def _accept(_: int, __: Properties) -> None:
    pass


class Ticket:
    """A claim on one picture, from the moment it is wanted until it is released."""

    __slots__ = ("_picture", "_pictures", "n")

    def __init__(self, n: int, pictures: Pictures) -> None:
        self.n = n
        self._pictures = pictures
        self._picture: Picture | None = None
        pictures.want(n)

    def wait(self) -> None:
        """Wait for the picture, which then stays until `release`. Raises the error of a failed step."""
        self._picture = self._pictures.take(self.n)

    def write(self, target: Planes) -> None:
        """Copy the picture, which was waited for, into `target`: buffers of the size and type of its planes."""
        assert self._picture is not None
        self._pictures.copy(self._picture, target)

    def planes(self) -> list[np.ndarray[Any, Any]]:
        """A copy of the picture, which was waited for."""
        assert self._picture is not None
        return self._pictures.planes(self._picture)

    def release(self) -> None:
        """Give the picture up. Exactly once, whatever happened."""
        if self._picture is not None:
            self._pictures.put_back(self._picture)
        self._pictures.unwant(self.n)


class Session:
    """Drives one backend over one clip of `frames` frames.

    `spill_bytes` of host memory may hold pictures that the device has no room for; `checkpoint_bytes` of host memory
    hold states to restart from. Scenes start where `detector` finds them, at frame 0 alone without one; `starts` says
    how. `check` is called for each frame that is ingested, with its number and properties, and may refuse it.
    """

    def __init__(
        self,
        backend: Backend,
        frames: int,
        *,
        slots: int,
        spill_bytes: int,
        checkpoint_bytes: int,
        starts: Starts = Starts(),  # noqa: B008  # frozen
        detector: Detector[Any] | None = None,
        check: Callable[[int, Properties], None] = _accept,
    ) -> None:
        self._backend, self._frames, self._slots = backend, frames, slots
        self._starts, self._check = starts, check
        self._pictures = Pictures(slots, spill_bytes, backend)
        self._checkpoints = Checkpoints(checkpoint_bytes, backend.state_nbytes)
        self._timeline = Timeline(frames, searched=detector is not None)
        self._passing, self._searching = (Viewer(self._timeline, detector) for _ in range(2))
        self._run = starts.run(0, 0)
        self._next = 0  # the next step
        self._fed = -1  # the last frame ingested
        self._in_search = False
        self._asked = NOTHING  # what `submit` or `feed` returned last
        self._suspects: set[int] = set()  # frames that never came, or that `feed` failed with, and those beside them

    # -- the ordered side ------------------------------------------------------------------------------------------

    def submit(self, n: int) -> range:
        """Set out for picture n; returns the source frames to feed next, none when the picture is on its way."""
        self._suspects.update(self._asked)
        self._asked = NOTHING
        if self._pictures.answer(n):
            return NOTHING
        if self._backend.error is not None:
            self._recover()
        self._asked = self._set_out(n)
        return self._asked

    def feed(self, n: int, first: int, frames: Sequence[Planes], properties: Sequence[Properties]) -> range:
        """Take the source frames `first`, `first + 1`, ... on the way to picture n; returns what `submit` returns.

        The planes are read before it returns. It may wait for the device.
        """
        self._asked = self._take(n, first, frames, properties)
        return self._asked

    def _take(self, n: int, first: int, frames: Sequence[Planes], properties: Sequence[Properties]) -> range:
        numbered = enumerate(zip(frames, properties, strict=True), first)
        if self._in_search:
            for k, frame in numbered:
                self._searching.see(k, *frame)
            return self._set_out(n)
        if first != self._fed + 1:
            raise ArgumentError(f"frame {first} was fed where frame {self._fed + 1} was due")
        for k, frame in numbered:
            self._ingest(k, *frame)
            self._step_up_to(n)
        return self._due(n)

    def _due(self, n: int) -> range:
        """The frames to feed before step n; none beyond a segment's end, whose successor starts earlier."""
        if self._next > n:
            return NOTHING
        end = self._starts.end(self._run, self._frames)
        return range(self._fed + 1, min(self._frames, n + 2, end + 1, self._fed + 1 + BATCH))

    def _recover(self) -> None:
        """After a failure: keep the checkpoints that are whole, and restart from one of them."""
        self._backend.drain()
        self._checkpoints.keep_whole()
        self._begin(self._starts.run(0, 0))
        self._backend.drain()  # the error is the backend's until the restart has run; the next request must not see it

    # -- where to restart --------------------------------------------------------------------------------------------

    def _set_out(self, n: int) -> range:
        """Search for the scene's start if that may spare steps, else go to the latest place that leads to picture n.

        What failed before is gone round where a later scene does not depend on it: in small batches, most of which
        lack it.
        """
        here = self._next if self._next <= n else -1
        saved, run = self._checkpoints.nearest(n), self._latest_run(n)
        latest = max(here, saved, run.start)
        unknown = self._timeline.last_unknown(latest, n)
        self._in_search = unknown >= 0 and (n - latest >= BATCH or self._is_suspect(range(latest + 1, n + 1)))
        if self._in_search:
            batch = range(max(latest, unknown - BATCH + 1), unknown + 1)
            return batch[-PAIR:] if self._is_suspect(batch) else batch
        if here < latest and run.start == latest:
            self._begin(run)
        elif here < latest and not self._restore(saved):
            return self._set_out(n)
        self._step_up_to(n)
        return self._due(n)

    def _is_suspect(self, frames: range) -> bool:
        return any(k in frames for k in self._suspects)

    def _latest_run(self, n: int) -> Run:
        """The latest run before picture n that is known to be one: n's own where all up to n is known."""
        scene = self._timeline.scene(n)
        unknown = self._timeline.first_unknown(scene, n)
        return self._starts.run(scene, unknown - 1 if unknown >= 0 else n)

    def _begin(self, run: Run) -> None:
        """Start anew; what is in the ring is not read."""
        self._backend.reset()
        self._run, self._next, self._fed = run, run.start, run.start - 1

    def _restore(self, at: int) -> bool:
        """Go on from a checkpoint; False if it could not be saved."""
        if (saved := self._checkpoints.whole(at)) is None:
            return False
        self._run, checkpoint = saved
        self._backend.restore(checkpoint)
        self._next, self._fed = at, at - 2
        return True

    # -- steps -------------------------------------------------------------------------------------------------------

    def _ingest(self, k: int, planes: Planes, properties: Properties) -> None:
        self._check(k, properties)
        self._passing.see(k, planes, properties)
        self._backend.ingest(k % RING, planes)
        self._fed = k
        self._suspects.discard(k)

    def _step_up_to(self, n: int) -> None:
        while self._next <= n:
            self._enter(self._next)
            if min(self._frames - 1, self._next + 1) > self._fed:
                return
            self._step(self._next, n)
            self._next += 1

    def _enter(self, k: int) -> None:
        """Begin another run if frame k is the first of a scene or a segment; the latter starts at an earlier frame."""
        if k > self._run.scene and self._timeline.starts(k):
            self._backend.clear()
            self._run = self._starts.run(k, k)
        elif k >= self._starts.end(self._run, self._frames):
            self._begin(self._starts.run(self._run.scene, k))

    def _step(self, k: int, n: int) -> None:
        run, ring = self._run, k % RING
        if k > run.first and self._checkpoints.due(k):
            self._checkpoints.add(k, run, self._backend.save())
        if k == run.start:
            for _ in range(self._starts.burn_in):
                self._backend.step((ring, ring, ring), None)
        window = (ring if k == run.start else (k - 1) % RING, ring, self._following(k) % RING)
        if k < run.first or not self._shown(k, n):
            self._backend.step(window, None)
            return
        picture = self._pictures.claim(k, answered=k == n)
        self._pictures.submitted(picture, self._backend.step(window, picture.slot))

    def _following(self, k: int) -> int:
        """The frame after k, or k itself at the end of its scene."""
        return k if k + 1 == self._frames or self._timeline.starts(k + 1) else k + 1

    def _shown(self, k: int, n: int) -> bool:
        """Whether step k, on the way to n, should leave a picture: it is wanted, or soon may be."""
        return self._pictures.lacks(k) and (n - k < self._slots or self._pictures.wanted(k))

    # -- the parallel side -----------------------------------------------------------------------------------------

    def want(self, n: int) -> Ticket:
        """A ticket for picture n; release it exactly once."""
        return Ticket(n, self._pictures)

    # -- both sides at once, for callers that have one thread --------------------------------------------------------

    def render(self, n: int, source: Callable[[int], Planes]) -> list[np.ndarray]:
        """Picture n as copies of its planes, from source frames without properties that `source` returns."""
        ticket = self.want(n)
        try:
            due = self.submit(n)
            while due:
                due = self.feed(n, due.start, [source(k) for k in due], [{}] * len(due))
            ticket.wait()
            return ticket.planes()
        finally:
            ticket.release()

    def close(self) -> None:
        """End the stream; pending pictures fail."""
        self._backend.close()
