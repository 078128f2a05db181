"""The view for people at a terminal: bars that stay at the bottom, and lines above them."""

import sys
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TextIO

from rich.console import Console
from rich.live import Live as Display
from rich.text import Text

from vsanimesr.cli import phrases
from vsanimesr.cli.bars import Bars
from vsanimesr.cli.workload import Workload
from vsanimesr.jobs.job import Event
from vsanimesr.jobs.order import Begun, Done, Step
from vsanimesr.pipeline import Message


class Live:
    """For people: a bar for the file, and one for the queue where there are several; `bars` are what is shown now."""

    def __init__(self, out: TextIO) -> None:
        self._console, self._load, self.bars = Console(file=out), Workload(), Bars()

    def queue(self, works: Sequence[float]) -> None:
        """Files come, of so much work each."""
        self._load = Workload(works)

    def begin(self, name: str, number: int, total: int) -> None:
        """A new bar."""
        self._load.begin(number, total)
        self._tell_queue()
        self._print(phrases.named(name, number, total), "bold")
        self.bars.begin()

    def show(self, event: Event) -> None:
        """Move the bar, or print above it."""
        self._load.hear(event)
        self._tell_queue()
        match event:
            case Begun():
                self._print(phrases.begun(event), fold=True)
            case Step():
                self.bars.move(event)
            case Message():
                self._print(phrases.said(event), fold=True)
            case Done():
                self.bars.end()
                self._print(phrases.done(event))

    def failed(self, name: str, error: str) -> None:
        """In red above the bar of the queue; on standard error as well where that leads elsewhere."""
        self._load.fail()
        self._tell_queue()
        self.bars.end()
        self._print(phrases.failure(name, error), "red")
        if not sys.stderr.isatty():
            print(f"vsanimesr: {phrases.failure(name, error)}", file=sys.stderr, flush=True)

    def shown(self) -> AbstractContextManager[Any]:
        """The bars; they go away when all is over, and stay where they are when it is interrupted."""
        return self._shown()

    @contextmanager
    def _shown(self) -> Generator[None, None, None]:
        to_terminal = sys.stderr.isatty()
        try:
            with Display(self.bars, console=self._console, redirect_stderr=to_terminal, refresh_per_second=8):
                yield
                self.bars.clear()
                if self._load.files > 1:
                    self._print(phrases.over(self._load.files, self._load.failed, self._load.elapsed))
        finally:
            self._console.show_cursor()  # it may have been interrupted on its way in or out

    def _tell_queue(self) -> None:
        if self._load.files > 1:
            self.bars.tell(self._load.status())

    def _print(self, words: str, style: str = "", *, fold: bool = False) -> None:
        """A line without markup; what may be copied is for the terminal to wrap, other lines fold between words."""
        if words:
            text = Text(phrases.printable(words, self._console.encoding), style)
            self._console.print(text, soft_wrap=not fold)
