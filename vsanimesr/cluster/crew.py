"""A job's chunks rendered by all places of a cluster: seats come and go with its nodes."""

import queue
import secrets
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vsanimesr import durable
from vsanimesr.cluster.nodes import Place, needs_gpu
from vsanimesr.cluster.renderer import Renderer, Task
from vsanimesr.cluster.seat import Seat
from vsanimesr.cluster.source import Source
from vsanimesr.cluster.table import ATTEMPTS, Table
from vsanimesr.engines.mention import mentioned
from vsanimesr.errors import JobError
from vsanimesr.jobs import chunk_file, workers
from vsanimesr.jobs.job import Job
from vsanimesr.jobs.manifest import Manifest
from vsanimesr.jobs.splitter import Finished, Progress
from vsanimesr.jobs.workers import Rendered
from vsanimesr.media.probing import identity
from vsanimesr.pipeline import Message

SCAN = 2.0
"""Seconds between two looks at which nodes there are."""
PATIENCE = 60.0
"""Seconds without any node after which a job ends."""
FAREWELL = 5.0
"""Seconds that nodes get to end their programs, before Ray ends them."""

type Heard = tuple[Seat, Finished | Progress | Message | BaseException | None]


class Crew:
    """Everybody who works on one job."""

    def __init__(self, ray: Any, job: Job, found: Manifest, task: Task, *, mixed: bool) -> None:
        """Nobody yet."""
        self.ray, self.job, self.task, self.mixed = ray, job, task, mixed
        self.source = Source(ray, task.source)
        self._seats: dict[tuple[str, int], Seat] = {}
        self._failed, self._said = Counter[str](), set[Message]()
        self._engines = found.engines
        self._worked = set[str]()  # Ray takes a while to see that a node is dead, and offers it as long
        self._heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        self._progress = _Progress()
        self._seen = time.monotonic()
        self.table = Table(found.to_do, max(1, len(self._places())))

    def follow(self) -> Generator[workers.Event, None, None]:
        """What happens until all chunks are finished; raises the first error."""
        self._seat(late=False)
        scan = time.monotonic() + SCAN
        while not self.table.over or not self._heard.empty():
            try:
                seat, event = self._heard.get(timeout=max(0.0, scan - time.monotonic()))
                yield from self._told(seat, event)
            except queue.Empty:
                self._seat(late=True)
                scan = time.monotonic() + SCAN

    def tell(self, seat: Seat, event: Finished | Progress | Message | BaseException | None) -> None:
        """Say what happened at a seat; any thread may."""
        self._heard.put((seat, event))

    def stop(self) -> None:
        """End what still runs, here and on all nodes."""
        self.table.stop()
        seats = list(self._seats.values())
        leaving = [seat.renderer.stop.remote() for seat in seats if seat.met]  # others wait for their node, or for Ray
        if leaving:
            self.ray.wait(leaving, num_returns=len(leaving), timeout=FAREWELL)
        for seat in seats:
            self.ray.kill(seat.renderer)
        for seat in seats:
            seat.join()

    def _places(self) -> list[Place]:
        return Place.all(self.ray.nodes(), gpu=needs_gpu(self.job.kind), mixed=self.mixed)

    def _seat(self, *, late: bool) -> None:
        """Give every free place a seat; raises JobError where there has been none for too long."""
        for place in self._places():
            if (place.node, place.number) not in self._seats and self._failed[place.node] < ATTEMPTS:
                seat = Seat(self, place, self._renderer(place), late=late)
                self._seats[place.node, place.number] = seat
                seat.start()
        if any(seat.is_alive() for seat in self._seats.values()):
            self._seen = time.monotonic()
        elif not late or time.monotonic() > self._seen + PATIENCE:
            what = "with a GPU" if needs_gpu(self.job.kind) else "with processors"
            raise JobError(f"the cluster has no node {what} to work; start one, and run the same command again")

    def _renderer(self, place: Place) -> Any:
        where = self.ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(place.node, soft=False)
        asked = dict(place.resources)
        ready = self.ray.remote(Renderer).options(**asked, scheduling_strategy=where)
        return ready.remote(self.task, int(asked["num_cpus"]))

    def _told(
        self, seat: Seat, event: Finished | Progress | Message | BaseException | None
    ) -> Generator[workers.Event, None, None]:
        if isinstance(event, self.ray.exceptions.RayError):
            yield from self._lost(seat, event)
        elif isinstance(event, BaseException):
            raise event
        elif isinstance(event, Message):
            if self._is_other(mentioned(event.text)):
                yield from self._left_out(seat)
            elif event not in self._said:  # each stretch says it again, and each node
                self._said.add(event)
                yield event
        elif event is not None:
            if isinstance(event, Finished):
                yield event
                self.table.finished(event.chunk)
            yield Rendered(self._progress.after(seat, event), self._progress.frame)

    def _is_other(self, engines: str) -> bool:
        """Whether engines are others than those of the job's chunks, and may not be; the first ones that are heard of
        are the job's."""
        self._engines = self._engines or engines
        return not self.mixed and bool(engines) and engines != self._engines

    def _left_out(self, seat: Seat) -> Generator[workers.Event, None, None]:
        """Go on without a node that came late; raises JobError for one that was there."""
        words = f"node {seat.place.name} runs other engines"
        if not seat.late:
            raise JobError(
                f"{words}: have nodes share a folder by --engine-dir, or give --mixed to use it nevertheless"
            )
        self._worked.add(seat.place.node)
        self._failed[seat.place.node] = ATTEMPTS
        yield from self._lost(seat, RuntimeError("it runs other engines"))

    def _lost(self, seat: Seat, error: Exception) -> Generator[workers.Event, None, None]:
        """Others go on; so does another seat in that place, if the node is still there."""
        if self._seats.get((seat.place.node, seat.place.number)) is not seat:
            return  # it was left out, and its thread hears of that
        if isinstance(error, self.ray.exceptions.RayTaskError):
            raise JobError(f"node {seat.place.name}: {error}")
        self.ray.kill(seat.renderer)  # it may be out of reach only, and would keep the place
        name, why = seat.place.name, str(error).partition("\n")[0][:200]
        if seat.met:
            self._worked.add(seat.place.node)
        else:
            self._failed[seat.place.node] += 1
            if self._failed[seat.place.node] >= ATTEMPTS and seat.place.node not in self._worked:
                raise JobError(f"node {name} cannot begin: {error}")
        yield Message("Warning", f"node {name} was lost, others go on: {why}")
        del self._seats[seat.place.node, seat.place.number]
        self._progress.forget(seat)
        seat.give_back(name)


class _Progress:
    """Frames in finished files, and on their way into others."""

    def __init__(self) -> None:
        self._finished = 0
        self._begun: dict[Seat, list[int]] = {}  # of the stretch: frames rendered, and in finished files; the first
        self.frame = 0
        """The earliest one that is worked on."""

    def after(self, seat: Seat, event: Finished | Progress) -> int:
        """All of them."""
        begun = self._begun.setdefault(seat, [0, 0, seat.first])
        if isinstance(event, Finished):
            self._finished += event.chunk.frames
            begun[1] += event.chunk.frames
        else:
            begun[0] = event.done
            self.frame = min(first + done for done, _, first in self._begun.values())
            if event.done == event.total:
                self.forget(seat)
        return self._finished + sum(max(0, done - whole) for done, whole, _ in self._begun.values())

    def forget(self, seat: Seat) -> None:
        """Its stretch has ended, or is lost."""
        self._begun.pop(seat, None)


@contextmanager
def _marked(folder: Path) -> Generator[tuple[Path, str], None, None]:
    """A file by which nodes see whether they share the folder."""
    path, text = folder / f".shared-{secrets.token_hex(4)}", secrets.token_hex(16)
    with durable.explained(path):
        for old in folder.glob(".shared-*"):  # of a killed job
            old.unlink()
        path.write_text(text, encoding="utf-8")
    try:
        yield path.absolute(), text
    finally:
        path.unlink(missing_ok=True)


def render(ray: Any, job: Job, found: Manifest, *, mixed: bool, apart: bool) -> Generator[workers.Event, None, None]:
    """Render what is to do of a job; `ray` is connected.

    A node that makes other pixels is refused, or with `mixed` used as it is. With `apart` nothing counts as shared.
    Raises JobError, and what a node raises; whatever ends it, also closing it, ends all that works on nodes.
    """
    files = {chunk: found.file_of(job.folder, chunk).absolute() for chunk in found.to_do}
    with durable.explained(job.folder):
        chunk_file.sweep(files.values())
    source, ways = job.order.source.absolute(), (tuple(job.encode), tuple(job.decode))
    with _marked(job.folder) as mark:
        task = Task(source, identity(source), job.order.script, job.options(0), *ways, files, mark, apart)
        crew = Crew(ray, job, found, task, mixed=mixed)
        try:
            yield from crew.follow()
        finally:
            crew.stop()
