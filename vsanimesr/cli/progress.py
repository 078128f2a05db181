"""How a job's steps are shown: a live line on a terminal, plain lines elsewhere, or one JSON object a line."""

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from vsanimesr.jobs.job import Event
from vsanimesr.jobs.order import Done, Step
from vsanimesr.pipeline import Message

WORDS = {"scenes": "looking for scenes", "frames": "upscaling", "joining": "joining"}
"""What each step is called."""
QUIETLY = ("Debug",)
"""Levels of VapourSynth's log that are not shown."""


class View(Protocol):
    """What shows the events of the files of a queue."""

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
    if quiet:
        return Plain(out, quiet=True)
    return Live(out) if out.isatty() else Plain(out, quiet=False)


def clock(seconds: float) -> str:
    """Such as 1:02:03, or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Lines:
    """For programs."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._about = out, dict[str, Any]()

    def begin(self, name: str, number: int, total: int) -> None:
        """Say which."""
        self._about = {"file": name, "number": number, "files": total}
        self._put({"event": "file"})

    def show(self, event: Event) -> None:
        """Everything that is known of it."""
        match event:
            case Step():
                done, chunks = event.chunk
                found = {"event": event.what, "done": event.done, "total": event.total}
                found |= {"fps": event.fps, "eta": event.eta} if event.what == "frames" else {}
                self._put(found | ({"chunks_done": done, "chunks": chunks} if chunks else {}))
            case Message():
                self._put({"event": "message", "level": event.level, "text": event.text})
            case Done():
                output, seconds = str(event.output), event.seconds
                self._put({"event": "done", "output": output, "frames": event.frames, "seconds": seconds})

    def failed(self, name: str, error: str) -> None:
        """Say why."""
        self._put({"event": "error", "text": error})

    def shown(self) -> AbstractContextManager[Any]:
        """Nothing to enter."""
        return nullcontext()

    def _put(self, event: dict[str, Any]) -> None:
        print(json.dumps({**self._about, **event}, ensure_ascii=False), file=self._out, flush=True)


class Plain:
    """For logs: a line for each tenth of a step, for what the filter says, and for the end."""

    def __init__(self, out: TextIO, *, quiet: bool) -> None:
        self._out, self._quiet, self._last = out, quiet, ("", -1)

    def begin(self, name: str, number: int, total: int) -> None:
        """Name it."""
        self._last = ("", -1)
        self._put(f"{name} ({number} of {total})" if total > 1 else name)

    def show(self, event: Event) -> None:
        """A line, unless there was one of the same tenth."""
        match event:
            case Step():
                tenth = 10 * event.done // max(1, event.total)
                if (event.what, tenth) != self._last:
                    self._last = event.what, tenth
                    self._put(f"{WORDS[event.what]}: {_described(event)}")
            case Message() if event.level not in QUIETLY:
                self._put(event.text.removeprefix("Upscale: "))
            case Done():
                self._put(f"{event.output}: {event.frames} frames in {clock(event.seconds)}")

    def failed(self, name: str, error: str) -> None:
        """On standard error, also when quiet."""
        print(f"vsanimesr: {_named(name, error)}", file=sys.stderr, flush=True)

    def shown(self) -> AbstractContextManager[Any]:
        """Nothing to enter."""
        return nullcontext()

    def _put(self, line: str) -> None:
        if not self._quiet:
            print(line, file=self._out, flush=True)


def _named(name: str, error: str) -> str:
    """An error of a file, which most name by themselves."""
    return error if name in error else f"{name}: {error}"


def _described(step: Step) -> str:
    words = [f"{step.done}/{step.total}"]
    if step.what == "frames":
        words += [f"{step.fps:.2f} fps"] if step.fps else []
        words += [f"{clock(step.eta)} left"] if step.eta else []
        words += [f"chunk {step.chunk[0]}/{step.chunk[1]}"] if step.chunk[1] else []
    return ", ".join(words)


class Live:
    """For people: a bar for the file, and one for the queue where there are several."""

    def __init__(self, out: TextIO) -> None:
        self._console = Console(file=out)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        self._progress = Progress(*columns, TextColumn("{task.fields[told]}"), console=self._console)
        self._file: TaskID | None = None
        self._queue: TaskID | None = None

    def begin(self, name: str, number: int, total: int) -> None:
        """A new bar."""
        if total > 1 and self._queue is None:
            self._queue = self._progress.add_task("queue", total=total, told="")
        if self._queue is not None:
            self._progress.update(self._queue, completed=number - 1)
        if self._file is not None:
            self._progress.remove_task(self._file)
        self._console.print(name, style="bold", highlight=False, markup=False)
        self._file = self._progress.add_task("reading", total=None, told="")

    def show(self, event: Event) -> None:
        """Move the bar, or print above it."""
        assert self._file is not None
        match event:
            case Step():
                told = _described(event).partition(", ")[2]
                what = WORDS[event.what]
                self._progress.update(
                    self._file, description=what, completed=event.done, total=event.total or None, told=told
                )
            case Message() if event.level not in QUIETLY:
                self._console.print(event.text.removeprefix("Upscale: "), highlight=False, markup=False)
            case Done():
                words = f"{event.output}: {event.frames} frames in {clock(event.seconds)}"
                self._console.print(words, highlight=False, markup=False)
                if self._queue is not None:
                    self._progress.advance(self._queue)

    def failed(self, name: str, error: str) -> None:
        """In red above the bar."""
        self._console.print(_named(name, error), style="red", highlight=False, markup=False)

    def shown(self) -> AbstractContextManager[Any]:
        """The bars."""
        return self._progress
