"""Words for people: what the views of a job's progress have in common."""

import re
import unicodedata

from vsanimesr.jobs.order import Begun, Done, Step
from vsanimesr.pipeline import Message

WORDS = {"index": "indexing", "scenes": "looking for scenes", "frames": "upscaling", "joining": "joining"}
"""What each step is called."""
_QUIETLY = ("Debug",)  # levels of VapourSynth's log that are not shown
_KIND = re.compile(r"(?P<where>.+), (?P<precision>\w+): (?P<hardware>.+)")


def clock(seconds: float) -> str:
    """Such as 1:02:03, or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def rate(fps: float) -> str:
    """Such as 9.87 fps, or 12.3 fps."""
    return f"{fps:.2f} fps" if round(fps, 2) < 10 else f"{fps:.1f} fps"


def count(number: int, thing: str) -> str:
    """Such as 34,095 frames, or 1 frame."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def of(pair: tuple[int, int]) -> str:
    """Such as 3/12."""
    return f"{pair[0]}/{pair[1]}"


def named(name: str, number: int, total: int) -> str:
    """A file of a queue."""
    return f"{name} ({number} of {total})" if total > 1 else name


def begun(event: Begun) -> str:
    """By which model, by what, from which size to which, how much."""
    sizes = " to ".join(f"{width}x{height}" for width, height in (event.size, event.new_size))
    return f"{event.model} by {event.backend}{_device(event)}: {sizes}, {count(event.frames, 'frame')}"


def _device(event: Begun) -> str:
    """What the backend works on, without its name and what the user has left open, as it goes on after the name."""
    words = event.device.removeprefix(f"{event.backend} on ")
    if not (kind := _KIND.fullmatch(words)):
        return f" on {words}"
    precision = f", {kind['precision']}" if kind["precision"] != "auto" else ""
    where = f"{kind['where']}, " if kind["where"] != "its own device" else ""
    return f"{precision} on {where}{kind['hardware']}"


def said(message: Message) -> str:
    """What the filter says; '' for what is not for people."""
    return "" if message.level in _QUIETLY else message.text.removeprefix("Upscale: ")


def done(event: Done) -> str:
    """What was made, and how long it took."""
    return f"{event.output}: {count(event.frames, 'frame')} in {clock(event.seconds)}"


def over(files: int, failed: int, seconds: float) -> str:
    """The end of a queue."""
    return f"{count(files, 'file')} in {clock(seconds)}" + (f", {failed} failed" if failed else "")


def failure(name: str, error: str) -> str:
    """An error of a file, which most name by themselves."""
    return error if name in error else f"{name}: {error}"


def position(step: Step) -> str:
    """Such as 240/1000, or 24% of an index; '' where nothing is known."""
    if step.what == "index":
        return f"{100 * step.done // step.total}%" if step.total else ""
    return of((step.done, step.total)) if step.total else f"{step.done}" if step.done else ""


def printable(text: str, encoding: str | None) -> str:
    """The text with what `encoding` lacks, and what would command a terminal, as escapes."""
    shown = "".join(_escaped(letter) if _commands(letter) else letter for letter in text)
    return shown.encode(encoding or "utf-8", "backslashreplace").decode(encoding or "utf-8")


def _commands(letter: str) -> bool:
    return letter not in "\n\t" and unicodedata.category(letter) == "Cc"


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
