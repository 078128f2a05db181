"""Which engines run, in the line that the filter logs: rebuilt ones may give other pixels, so a job has to know."""

import hashlib
import re
from collections.abc import Iterable

from vsanimesr.engines.engine import Engine

_DIGITS = 16
_MENTIONED = re.compile(rf", engines ([0-9a-f]{{{_DIGITS}}})\b")


def digest(engines: Iterable[Engine]) -> str:
    """A hash of the bytes of all: 16 hex digits of SHA-256."""
    text = "".join(engine.sha256 for engine in engines)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def mention(engines: str) -> str:
    """The words about engines of that digest at the end of a line; none for ''."""
    return f", engines {engines}" if engines else ""


def mentioned(line: str) -> str:
    """The digest in a line that ends with such words; '' where there is none."""
    found = _MENTIONED.search(line)
    return found[1] if found else ""
