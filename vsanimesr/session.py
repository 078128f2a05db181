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

import numpy as np

from vsanimesr.backends.base import RING, Backend, Planes
from vsanimesr.checkpoints import Checkpoints
from vsanimesr.errors import ArgumentError
from vsanimesr.pictures import Picture, Pictures

BATCH = 16
"""Source frames asked for at once: the request holds all of them until the last has come."""
NOTHING = range(0)


class Ticket:
    """A claim on one picture, from the moment it is wanted until it is released."""

    __slots__ = ("_picture", "_pictures", "n", "planes")

    def __init__(self, n: int, pictures: Pictures) -> None:
        self.n = n
        self.planes: Planes = ()
        self._pictures = pictures
        self._picture: Picture | None = None
        pictures.want(n)

    def wait(self) -> None:
        """Wait for the picture; `planes` then holds it until `release`. Raises the error of a failed step."""
        self._picture, self.planes = self._pictures.take(self.n)

    def write(self, target: Planes) -> None:
        """Copy the picture into `target`: buffers of the same number, size and type as `planes`."""
        for plane, out in zip(self.planes, target, strict=True):
            np.copyto(np.asarray(out), plane, casting="no")

    def release(self) -> None:
        """Give the picture up. Exactly once, whatever happened."""
        self.planes = ()
        if self._picture is not None:
            self._pictures.put_back(self._picture)
        self._pictures.unwant(self.n)


class Session:
    """Drives one backend over one clip of `frames` frames.

    `spill_bytes` of host memory may hold pictures that the device has no room for; `checkpoint_bytes` of host memory
    hold states to restart from.
    """

    def __init__(self, backend: Backend, frames: int, *, slots: int, spill_bytes: int, checkpoint_bytes: int) -> None:
        self._backend = backend
        self._last = frames - 1
        self._slots = slots
        self._pictures = Pictures(slots, spill_bytes, backend.read)
        self._checkpoints = Checkpoints(checkpoint_bytes, backend.state_nbytes)
        self._next = 0  # the next step
        self._fed = -1  # the last frame ingested

    # -- the ordered side ------------------------------------------------------------------------------------------

    def submit(self, n: int) -> range:
        """Set out for picture n; returns the source frames to feed next, none when the picture is on its way."""
        if self._pictures.answer(n):
            return NOTHING
        if self._backend.error is not None:
            self._recover()
        self._seek(n)
        return self._advance(n)

    def feed(self, n: int, first: int, frames: Sequence[Planes]) -> range:
        """Take the source frames `first`, `first + 1`, ... on the way to picture n; returns what `submit` returns.

        The planes are read before it returns. It may wait for the device.
        """
        if first != self._fed + 1:
            raise ArgumentError(f"frame {first} was fed where frame {self._fed + 1} was due")
        for planes in frames:
            self._ingest(planes)
            self._step_up_to(n)
        return self._advance(n)

    def _advance(self, n: int) -> range:
        self._step_up_to(n)
        if self._next > n:
            return NOTHING
        first = self._fed + 1
        return range(first, min(self._last, n + 1, self._fed + BATCH) + 1)

    def _recover(self) -> None:
        """After a failure: keep the checkpoints that are whole, and restart from one of them."""
        self._backend.drain()
        self._checkpoints.keep_whole()
        self._restart(0)
        self._backend.drain()  # the error is the backend's until the restart has run; the next request must not see it

    def _seek(self, n: int) -> None:
        """Restart where that is the only way back to frame n, or the shorter way forward."""
        at = self._checkpoints.nearest(n)
        if self._next > n or at > self._next:
            self._restart(at)

    def _restart(self, at: int) -> None:
        if checkpoint := self._checkpoints.at(at):
            self._backend.restore(checkpoint)
        else:
            self._backend.reset()
        self._next, self._fed = at, max(0, at - 1) - 1

    def _ingest(self, planes: Planes) -> None:
        self._backend.ingest((self._fed + 1) % RING, planes)
        self._fed += 1

    def _step_up_to(self, n: int) -> None:
        while self._next <= n and min(self._last, self._next + 1) <= self._fed:
            self._step(self._next, n)
            self._next += 1

    def _step(self, k: int, n: int) -> None:
        if self._checkpoints.due(k):
            self._checkpoints.add(k, self._backend.save())
        window = (max(0, k - 1) % RING, k % RING, min(self._last, k + 1) % RING)
        if not self._shown(k, n):
            self._backend.step(window, None)
            return
        picture = self._pictures.claim(k, answered=k == n)
        self._pictures.submitted(picture, self._backend.step(window, picture.slot))

    def _shown(self, k: int, n: int) -> bool:
        """Whether step k, on the way to n, should leave a picture: it is wanted, or soon may be."""
        return self._pictures.lacks(k) and (n - k < self._slots or self._pictures.wanted(k))

    # -- the parallel side -----------------------------------------------------------------------------------------

    def want(self, n: int) -> Ticket:
        """A ticket for picture n; release it exactly once."""
        return Ticket(n, self._pictures)

    # -- both sides at once, for callers that have one thread --------------------------------------------------------

    def render(self, n: int, source: Callable[[int], Planes]) -> list[np.ndarray]:
        """Picture n as copies of its planes, from source frames that `source` returns."""
        ticket = self.want(n)
        try:
            due = self.submit(n)
            while due:
                due = self.feed(n, due.start, [source(k) for k in due])
            ticket.wait()
            return [plane.copy() for plane in ticket.planes]
        finally:
            ticket.release()

    def close(self) -> None:
        """End the stream; pending pictures fail."""
        self._backend.close()
