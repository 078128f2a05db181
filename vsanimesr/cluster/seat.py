"""One place of a cluster at work on a job: a thread here, a Renderer there."""

import hashlib
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vsanimesr import durable
from vsanimesr.cluster.nodes import Place, differences
from vsanimesr.cluster.renderer import Hello, Told
from vsanimesr.errors import AnimeSRError, JobError
from vsanimesr.jobs.chunks import Chunk
from vsanimesr.jobs.splitter import Finished
from vsanimesr.jobs.workers import Stretch
from vsanimesr.pipeline import Message

if TYPE_CHECKING:
    from vsanimesr.cluster.crew import Crew

PIECE = 16 << 20
"""Bytes of a file that cross at once."""


class Seat(threading.Thread):
    """Takes stretches from the table until it is over, tells what happens, and None at the end."""

    met = False
    """Whether the node has answered."""
    first = 0
    """The first frame of what was taken."""

    def __init__(self, crew: "Crew", place: Place, renderer: Any, *, late: bool) -> None:
        """`renderer` is Ray's handle of it; `late` is a node that came when the job had begun."""
        super().__init__(name=f"node {place.name}", daemon=True)
        self.place, self.renderer, self.late = place, renderer, late
        self._crew, self._table, self._tell = crew, crew.table, crew.tell
        self._shared = False
        self._left: list[Chunk] = []  # of the stretch that was taken

    def run(self) -> None:
        """All of it, on the thread."""
        try:
            if self._greet():
                while stretch := self._table.take():
                    self._render(stretch)
        except BaseException as error:  # whoever listens raises it, or goes on without this seat
            self._tell(self, error)
        self._tell(self, None)

    def ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """What a method of the renderer returns; raises errors of ours with the node's name, and Ray's own."""
        return self._answer(getattr(self.renderer, method).remote(*args, **kwargs))

    def give_back(self, why: str) -> None:
        """What was taken and is not finished is for others; raises JobError, as `Table.give_back`."""
        self._table.give_back(self._left, why)
        self._left = []

    def _answer(self, reference: Any) -> Any:
        found = self._crew.ray.get(reference)
        if isinstance(found, AnimeSRError):
            raise type(found)(f"node {self.place.name}: {found}")
        return found

    def _greet(self) -> bool:
        """Waits until Ray has given the place and the node has looked around; whether it is to work."""
        hello: Hello = self.ask("meet", as_it_is=self._crew.mixed)
        self.met, self._shared = True, hello.sees_folder
        if not self._is_welcome(hello):
            return False
        if not hello.sees_source:
            self.ask("take", self._crew.source.pieces())
        return True

    def _is_welcome(self, hello: Hello) -> bool:
        """Whether it computes what this machine would, or any will do; raises JobError for one that was there."""
        changed = differences(self._crew.job.kind, hello.kind)
        if not changed:
            return True
        words = f"node {self.place.name} makes other pixels or files: {'; '.join(changed)}"
        if self._crew.mixed:
            self._tell(self, Message("Warning", words))
            return True
        if not self.late:
            raise JobError(f"{words}; make them the same, or give --mixed to use it nevertheless")
        self._tell(self, Message("Warning", f"{words}; it is left out"))
        return False

    def _render(self, stretch: Stretch) -> None:
        self._left, self.first = list(stretch), stretch[0].first
        self.ask("begin", stretch)
        coming = self.renderer.follow.remote()
        while told := self._answer(coming):
            coming = self.renderer.follow.remote()  # the node goes on while this is looked at
            self._hear(told)
        if self._left and not self._table.over:
            raise JobError(f"node {self.place.name} ended before chunk {self._left[0].number} was finished")

    def _hear(self, told: Told) -> None:
        for message in told.messages:
            self._tell(self, message)
        event = told.event
        if isinstance(event, Finished):
            event = event if self._shared else self._fetched(event)
            self._left.remove(event.chunk)
        self._tell(self, event)

    def _fetched(self, there: Finished) -> Finished:
        path = self._crew.task.files[there.chunk]
        temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")
        try:
            with durable.explained(path):
                if self._copied(there, temporary) != there.sha256:
                    raise JobError(f"chunk {there.chunk.number} came damaged from node {self.place.name}; try again")
                durable.publish(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        self.ask("forget", there.chunk)
        return Finished(there.chunk, path, there.sha256, there.nbytes)

    def _copied(self, there: Finished, path: Path) -> str:
        """Brings the file here, piece by piece; its SHA-256."""
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for start in range(0, there.nbytes, PIECE):
                piece = self.ask("piece", there.chunk, start, PIECE)
                digest.update(piece)
                file.write(piece)
        return digest.hexdigest()
