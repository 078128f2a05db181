"""Stretches of chunks rendered side by side, one at a time on each device."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from vsanimesr.jobs.chunks import Chunk
from vsanimesr.jobs.splitter import Finished, Progress, Splitter
from vsanimesr.pipeline import Message

PIECES = 3
"""Stretches for each device, where there are several: the last ones end at about the same time."""

type Stretch = tuple[Chunk, ...]
type Make = Callable[[int, Stretch], Splitter]


@dataclass(frozen=True)
class Rendered:
    """How many frames of the stretches that were begun are on their way into files or in them."""

    done: int
    """Frames."""
    frame: int
    """The earliest one that is worked on."""


type Event = Finished | Rendered | Message
type _Told = tuple[int, int, Finished | Progress | Message | BaseException | None]


def stretches(to_do: Sequence[Chunk], devices: int) -> list[Stretch]:
    """Chunks that follow each other, together; for several devices in pieces."""
    found: list[list[Chunk]] = []
    for chunk in to_do:
        if found and found[-1][-1].end == chunk.first:
            found[-1].append(chunk)
        else:
            found.append([chunk])
    most = len(to_do) if devices == 1 else -(-len(to_do) // (PIECES * devices))
    return [piece for stretch in found for piece in _pieces(stretch, most)]


def _pieces(stretch: Sequence[Chunk], most: int) -> Iterator[Stretch]:
    rest = iter(stretch)
    while piece := tuple(islice(rest, most)):
        yield piece


def render(work: Sequence[Stretch], devices: Sequence[int], make: Make) -> Generator[Event, None, None]:
    """Render each stretch by the splitter that `make` returns for a device and the stretch.

    Yields chunks as they are finished, what the filter says, and how far all are. The first error is raised once
    everything has ended; so it is when the generator is closed.
    """
    crew = _Crew(work, make)
    try:
        crew.start(devices)
        yield from crew.follow()
    finally:
        crew.stop()


class _Crew:
    """A thread for each device."""

    def __init__(self, work: Sequence[Stretch], make: Make) -> None:
        self._work, self._make = deque(work), make
        self._told: queue.SimpleQueue[_Told] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, devices: Sequence[int]) -> None:
        """Begin."""
        for place, device in enumerate(devices):
            thread = threading.Thread(target=self._run, args=(place, device), name=f"device {device}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def follow(self) -> Generator[Event, None, None]:
        """Tell what happens until all threads have ended; raises the first error."""
        running, error = len(self._threads), None
        ended, now = 0, dict[int, int]()  # frames of stretches that have ended, and of those that run
        frames = dict[int, int]()  # the one that each works on
        heard: set[str] = set()
        while running:
            place, first, event = self._told.get()
            if event is None:
                running -= 1
                frames.pop(place, None)
            elif isinstance(event, BaseException):
                error = error or event
                self._stopped.set()
            elif isinstance(event, Progress):
                now[place], frames[place] = event.done, first + min(event.done, event.total - 1)
                yield Rendered(ended + sum(now.values()), min(frames.values()))
                if event.done == event.total:
                    ended, now[place] = ended + event.total, 0
            elif not isinstance(event, Message) or event.text not in heard:  # each filter says the same
                heard |= {event.text} if isinstance(event, Message) else set()
                yield event
        if error:
            raise error

    def stop(self) -> None:
        """End what still runs."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _run(self, place: int, device: int) -> None:
        try:
            while not self._stopped.is_set() and (stretch := self._next()):
                self._render(place, self._make(device, stretch))
        except BaseException as error:  # `follow` raises it
            self._told.put((place, 0, error))
        self._told.put((place, 0, None))

    def _next(self) -> Stretch | None:
        try:
            return self._work.popleft()
        except IndexError:
            return None

    def _render(self, place: int, splitter: Splitter) -> None:
        said, first = 0, splitter.chunks[0].first
        running = splitter.run()
        try:
            for event in running:
                for message in splitter.messages[said:]:
                    self._told.put((place, first, message))
                    said += 1
                self._told.put((place, first, event))
                if self._stopped.is_set():
                    return
        finally:
            running.close()
