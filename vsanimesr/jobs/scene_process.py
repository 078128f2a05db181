"""The search for scenes in a process of its own, which can be ended at any time; making an index, a thread could not.

`python -m vsanimesr.jobs.scene_process JSON` writes a JSON array a line: ["index", done, total], ["scenes", done,
total], and at its end ["found", frames] or ["error", class, text].
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from vsanimesr import children, errors
from vsanimesr.children import Family
from vsanimesr.errors import AnimeSRError

TICK = 0.2
"""Seconds between two lines of the same kind."""

type Told = tuple[str, int, int]
"""'index' or 'scenes', how many hundredths or frames are done, and of how many; 0 where that is not known."""


def searched(path: Path, *, track: int, convert: str, part: range) -> Generator[Told, None, list[int]]:
    """Tells how far it is; returns the frames of `part` that start a scene (`scene_search.scene_starts`).

    Closing the generator, or any exception, ends the process. Raises what `scene_starts` raises, PipelineError where
    the process ends otherwise.
    """
    asked = {"path": str(path.absolute()), "track": track, "convert": convert, "part": [part.start, part.stop]}
    command = [sys.executable, "-P", "-m", __name__, json.dumps(asked)]
    yield "index", 0, 0
    with Family() as family:
        child = family.start("the search for scenes", command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        listener = children.listen(child.process.stderr, child.words.append)
        assert child.process.stdout is not None  # asked for above
        try:
            for what, *rest in map(json.loads, filter(_is_ours, children.lines(child.process.stdout))):
                if what == "found":
                    return list(rest[0])
                if what == "error":
                    raise _error(*rest)
                yield what, rest[0], rest[1]
            child.process.wait()
        finally:
            child.process.kill()
            listener.join(children.PATIENCE)
        raise child.failed("ended early")


def _is_ours(line: str) -> bool:
    """Whether a line is not what some library or the site's own start-up code prints."""
    return line.startswith(tuple(f'["{what}"' for what in ("index", "scenes", "found", "error")))


def _error(name: str, text: str) -> AnimeSRError:
    kind: type[AnimeSRError] = getattr(errors, name)
    return kind(text)


def main(text: str) -> None:
    """What the process does; `text` is the JSON that `searched` gives it."""
    sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what plugins print goes where words for people go
    from vsanimesr.jobs.scene_search import scene_starts  # noqa: PLC0415  # loads VapourSynth, only here

    asked = json.loads(text)
    options: dict[str, Any] = {"track": asked["track"], "convert": asked["convert"], "part": range(*asked["part"])}
    try:
        found = scene_starts(asked["path"], _teller("scenes"), indexed=_teller("index"), **options)
    except AnimeSRError as error:
        _put("error", type(error).__name__, str(error))
    else:
        _put("found", found)


def _teller(what: str) -> Callable[[int, int], None]:
    """Writes lines, not more often than somebody could look, but the first and the last one in any case."""
    last = -TICK

    def tell(done: int, total: int) -> None:
        nonlocal last
        if (now := time.monotonic()) >= last + TICK or done == total:
            last = now
            _put(what, done, total)

    return tell


def _put(*line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
