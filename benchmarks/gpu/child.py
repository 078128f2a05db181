"""What a job's process does with what it finds: it writes it down at once, whatever comes after."""

import json
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vsanimesr.engines import files
from vsanimesr.errors import AnimeSRError

type Work = Callable[..., Iterator[dict[str, Any]]]
"""Yields what was found so far, more each time."""


def serve(work: Work) -> int:
    """Run `work` on the JSON object of the first argument, and write all that it yields to the file of the second.

    Returns the exit code: 1 with the whole trace on stderr if it raised. What had been found by then stays written.
    """
    asked, file = json.loads(sys.argv[1]), Path(sys.argv[2])
    try:
        for found in work(**asked):
            files.write((json.dumps(found, indent=1, default=str) + "\n").encode(), file)
    except Exception:  # every error belongs into the result, in full
        traceback.print_exc()
        return 1
    return 0


def words(error: Exception) -> str:
    """An error in full: its text alone where it is one of ours, else with the trace."""
    if isinstance(error, AnimeSRError):
        return f"{type(error).__name__}: {error}"
    return "".join(traceback.format_exception(error)).strip()
