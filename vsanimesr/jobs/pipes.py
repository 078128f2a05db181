"""Bytes from one pipe into another, without a copy in this process where the system can do that."""

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress

type Move = Callable[[int, int, int], int]
"""(source, target, count): moves count bytes, tells how many; fewer only where the source ended before.

Raises BrokenPipeError where nobody reads the target any more.
"""

_PIECE = 1 << 20  # bytes asked for at once; also the largest pipe that Linux gives to everybody


def copied(source: int, target: int, count: int) -> int:
    """Moves bytes between file descriptors by reading and writing; see Move."""
    left = count
    while left and (piece := memoryview(os.read(source, min(left, _PIECE)))):
        left -= len(piece)
        while piece:
            piece = piece[os.write(target, piece) :]
    return count - left


if sys.platform == "linux":
    import fcntl

    def spliced(source: int, target: int, count: int) -> int:
        """Moves bytes between pipes within the kernel; see Move. What is no pipe is read and written instead."""
        left = count
        try:
            while left and (moved := os.splice(source, target, left)):
                left -= moved
        except OSError as exc:
            if exc.errno not in (errno.EINVAL, errno.ENOSYS):
                raise
            left -= copied(source, target, left)
        return count - left

    move: Move = spliced
else:
    move = copied


def enlarge(pipe: int) -> None:
    """Makes a pipe as large as everybody may have it, 1 MiB on Linux; elsewhere, or where it may not, it stays."""
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIECE)


def read(source: int, count: int) -> bytes:
    """Reads that many bytes, fewer only where the source ended before."""
    data = os.read(source, count)
    while len(data) < count and (more := os.read(source, count - len(data))):
        data += more
    return data


def write(target: int, data: bytes) -> None:
    """Writes all of the bytes; raises BrokenPipeError where nobody reads them any more."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(target, rest) :]
