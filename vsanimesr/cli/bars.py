"""The bars of a live view: one for the file, and one for the queue where there are several."""

import time
from collections.abc import Callable, Iterable

from rich.console import Console, ConsoleOptions
from rich.progress_bar import ProgressBar
from rich.segment import Segment

from vsanimesr.cli.layout import GAP, Piece, Row, layout
from vsanimesr.cli.phrases import WORDS, clock, of, position, rate
from vsanimesr.cli.workload import Status
from vsanimesr.jobs.order import Step

NOTHING = Step("", 0, 0)
"""Before the first step, and between steps."""


class Bars:
    """What is shown at the moment: at most two lines, which rich can draw, on any thread, and which never wrap."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now` tells seconds."""
        self._now = now
        self._file: tuple[Step, float] | None = None  # its latest step, and when it began
        self._queue: Status | None = None

    def begin(self) -> None:
        """A file comes."""
        self._file = NOTHING, self._now()

    def move(self, step: Step) -> None:
        """The file is so far now."""
        self._file = step, self._file[1] if self._file else self._now()

    def end(self) -> None:
        """The file's line goes away."""
        self._file = None

    def tell(self, queue: Status) -> None:
        """The queue is so far now."""
        self._queue = queue

    def clear(self) -> None:
        """Both lines go away."""
        self._file = self._queue = None

    def rows(self) -> list[Row]:
        """What is told."""
        now, file, queue = self._now(), self._file, self._queue  # another thread may change them meanwhile
        rows = [file_row(file[0], now - file[1])] if file else []
        return rows + ([queue_row(queue, now - queue.start)] if queue else [])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        """Draw it."""
        rows = self.rows()
        found = layout(rows, options.max_width)
        for row, text in zip(rows, found.texts, strict=True):
            if found.label:
                yield Segment(row.label.ljust(found.label))
            if found.bar:
                yield from _bar(row.part, found.bar, console, options)
                yield Segment(GAP)
            yield Segment(text)
            yield Segment.line()


def file_row(step: Step, elapsed: float) -> Row:
    """About a file, `elapsed` seconds after it began."""
    if step.what == "scenes" and step.done >= step.total > 0:
        step = NOTHING  # a model is loaded, or an engine built, and nobody knows how long that takes
    part = min(1.0, step.done / step.total) if step.total else None
    pieces = (
        Piece(_percent(part), 1),
        Piece(_frames(step), 3 if step.total else 1),
        Piece(rate(step.fps) if step.fps else "", 2),
        Piece(f"{clock(step.eta)} left" if step.eta is not None else "", 0),
        Piece(f"scene {of(step.scene)}" if step.scene[1] else "", 4),
        Piece(f"{clock(elapsed)} elapsed", 5),
        Piece(f"chunk {of(step.chunk)}" if step.chunk[1] else "", 6),
    )
    return Row(WORDS.get(step.what, "starting"), part, pieces)


def queue_row(queue: Status, elapsed: float) -> Row:
    """About all files, `elapsed` seconds after the first one began."""
    pieces = (
        Piece(_percent(queue.part), 2),
        Piece(f"{queue.done}/{queue.files} files", 1),
        Piece(f"{clock(queue.eta)} left" if queue.eta is not None else "", 0),
        Piece(f"{clock(elapsed)} elapsed", 5),
    )
    return Row("queue", queue.part, pieces)


def _percent(part: float | None) -> str:
    return "" if part is None else f"{int(100 * part + 1e-9):3d}%"


def _frames(step: Step) -> str:
    if step.what == "index":
        return ""
    return position(step).rjust(len(of((step.total, step.total)))) if step.total else position(step)


def _bar(part: float | None, width: int, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
    bar = ProgressBar(1.0, part, width=width) if part is not None else ProgressBar(None, width=width)
    return Segment.adjust_line_length([*console.render(bar, options)], width)
