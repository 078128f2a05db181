"""How a job's steps are shown: a live line on a terminal, plain lines elsewhere, or one JSON object a line."""

import json
import sys
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol, TextIO

from rich.console import Console

from vsanimesr.cli import phrases
from vsanimesr.cli.live import Live
from vsanimesr.cli.phrases import clock
from vsanimesr.cli.workload import Workload
from vsanimesr.jobs.job import Event
from vsanimesr.jobs.order import Begun, Done, Step
from vsanimesr.pipeline import Message

__all__ = ["Lines", "Live", "Plain", "View", "clock", "view"]


class View(Protocol):
    """What shows the events of the files of a queue."""

    def queue(self, works: Sequence[float]) -> None:
        """Files come, whose work is estimated in any unit, such as frames times pixels; 0 where it is not known."""

    def begin(self, name: str, number: int, total: int) -> None:
        """Another file of the queue comes, counted from 1."""

    def show(self, event: Event) -> None:
        """Something happened."""

    def failed(self, name: str, error: str) -> None:
        """The file could not be upscaled."""

    def shown(self) -> AbstractContextManager[Any]:
        """While this is entered, events are shown."""


def view(*, as_json: bool, quiet: bool, stream: TextIO | None = None) -> View:
    """What fits the options and where standard output leads."""
    out = stream or sys.stdout
    if as_json:
        return Lines(out)
    live = out.isatty() and not Console(file=out).is_dumb_terminal
    return Live(out) if live and not quiet else Plain(out, quiet=quiet)


class Lines:
    """For programs: JSON in ASCII, whatever the encoding of standard output is."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._about, self._load = out, dict[str, Any](), Workload()

    def queue(self, works: Sequence[float]) -> None:
        """Nothing to say yet."""
        self._load = Workload(works)

    def begin(self, name: str, number: int, total: int) -> None:
        """Say which."""
        self._load.begin(number, total)
        self._about = {"file": name, "number": number, "files": total}
        self._put({"event": "file"})

    def show(self, event: Event) -> None:
        """Everything that is known of it."""
        self._load.hear(event)
        match event:
            case Begun():
                self._put({"event": "begun", **vars(event)})
            case Step():
                self._put(self._step(event))
            case Message():
                self._put({"event": "message", "level": event.level, "text": event.text})
            case Done():
                output, seconds = str(event.output), event.seconds
                self._put({"event": "done", "output": output, "frames": event.frames, "seconds": seconds})

    def failed(self, name: str, error: str) -> None:
        """Say why."""
        self._load.fail()
        self._put({"event": "error", "text": error})

    def shown(self) -> AbstractContextManager[Any]:
        """Nothing to enter."""
        return nullcontext()

    def _step(self, step: Step) -> dict[str, Any]:
        (chunk, chunks), (scene, scenes) = step.chunk, step.scene
        found: dict[str, Any] = {"event": step.what, "done": step.done, "total": step.total}
        if step.what == "frames":
            found |= {"fps": step.fps, "eta": step.eta}
            found |= {"queue_eta": self._load.eta} if self._load.files > 1 else {}
        found |= {"chunks_done": chunk, "chunks": chunks} if chunks else {}
        return found | ({"scene": scene, "scenes": scenes} if scenes else {})

    def _put(self, event: dict[str, Any]) -> None:
        print(json.dumps({**self._about, **event}), file=self._out, flush=True)


class Plain:
    """For logs: a line for each tenth of a step, for what the filter says, and for the end."""

    def __init__(self, out: TextIO, *, quiet: bool) -> None:
        self._out, self._quiet, self._last, self._load = out, quiet, ("", -1), Workload()

    def queue(self, works: Sequence[float]) -> None:
        """Nothing to say yet."""
        self._load = Workload(works)

    def begin(self, name: str, number: int, total: int) -> None:
        """Name it."""
        self._load.begin(number, total)
        self._last = ("", -1)
        self._put(phrases.named(name, number, total))

    def show(self, event: Event) -> None:
        """A line, unless there was one of the same tenth."""
        self._load.hear(event)
        match event:
            case Begun():
                self._put(phrases.begun(event))
            case Step():
                tenth = 10 * event.done // event.total if event.total else 0
                if (event.what, tenth) != self._last:
                    self._last = event.what, tenth
                    self._put(self._step(event))
            case Message():
                self._put(phrases.said(event))
            case Done():
                self._put(phrases.done(event))

    def failed(self, name: str, error: str) -> None:
        """On standard error, also when quiet."""
        self._load.fail()
        print(f"vsanimesr: {phrases.failure(name, error)}", file=sys.stderr, flush=True)

    def shown(self) -> AbstractContextManager[Any]:
        """After it, a queue's end is told."""
        return self._shown()

    @contextmanager
    def _shown(self) -> Generator[None, None, None]:
        yield
        if self._load.files > 1:
            self._put(phrases.over(self._load.files, self._load.failed, self._load.elapsed))

    def _step(self, step: Step) -> str:
        words = [phrases.position(step)]
        words += [phrases.rate(step.fps)] if step.fps else []
        words += [f"{clock(step.eta)} left"] if step.eta else []
        words += [f"scene {phrases.of(step.scene)}"] if step.scene[1] else []
        words += [f"chunk {phrases.of(step.chunk)}"] if step.chunk[1] else []
        if step.what == "frames" and self._load.files > 1 and (eta := self._load.eta) is not None:
            words += [f"queue: {clock(eta)} left"]
        return ": ".join(filter(None, (phrases.WORDS[step.what], ", ".join(filter(None, words)))))

    def _put(self, line: str) -> None:
        if line and not self._quiet:
            print(phrases.printable(line, self._out.encoding), file=self._out, flush=True)
