"""The stretches of chunks that nodes have still to render: taken, finished, or given back by a node that was lost."""

import threading
from collections import Counter, deque
from collections.abc import Iterable, Sequence

from vsanimesr.errors import JobError
from vsanimesr.jobs import workers
from vsanimesr.jobs.chunks import Chunk
from vsanimesr.jobs.workers import Stretch

ATTEMPTS = 3
"""How often a chunk may be lost with its node, or with the process there."""


class Table:
    """Who renders waits at it; any thread may ask."""

    def __init__(self, chunks: Sequence[Chunk], crews: int) -> None:
        """`chunks` for so many to render, each at once."""
        self._work, self._open = deque(workers.stretches(chunks, crews)), set(chunks)
        self._changed, self._stopped, self._lost = threading.Condition(), False, Counter[int]()

    @property
    def over(self) -> bool:
        """Whether all chunks are finished, or nobody is to go on."""
        return self._stopped or not self._open

    def take(self) -> Stretch | None:
        """Waits for a stretch, as long as one could still be given back; None when it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._work or self.over)
            return None if self.over else self._work.popleft()

    def finished(self, chunk: Chunk) -> None:
        """It lies in the job's folder."""
        with self._changed:
            self._open.discard(chunk)
            self._changed.notify_all()

    def give_back(self, stretch: Iterable[Chunk], why: str) -> None:
        """Who had taken it is lost; raises JobError where its first chunk was so too often."""
        with self._changed:
            left = [chunk for chunk in stretch if chunk in self._open]
            if left:
                self._count(left[0], why)
            self._work.extendleft(reversed(workers.stretches(left, 1)))
            self._changed.notify_all()

    def stop(self) -> None:
        """Let nobody go on."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _count(self, chunk: Chunk, why: str) -> None:
        self._lost[chunk.number] += 1
        if self._lost[chunk.number] >= ATTEMPTS:
            raise JobError(
                f"chunk {chunk.number} was lost {ATTEMPTS} times with who rendered it, last with {why}; see to the "
                "memory of that machine, and run the same command again, it goes on after what is finished"
            )
