"""How large a file says that it is, so that one which was cut off is noticed: readers just stop at its end."""

from pathlib import Path
from typing import IO

_SEGMENT = b"\x18\x53\x80\x67"  # Matroska's element that holds everything after the header


def missing(path: Path, container: str) -> int:
    """Counts the bytes that the outermost elements of a Matroska, MP4 or AVI file announce and that are not there.

    `container` is ffmpeg's name of the format; of other formats nothing is known: 0.
    """
    readers = {"matroska": _matroska_end, "mov": _boxes_end, "avi": _riff_end}
    reader = readers.get(container.partition(",")[0])
    if reader is None:
        return 0
    size = path.stat().st_size
    with path.open("rb") as file:
        return max(0, reader(file, size) - size)


def _matroska_end(file: IO[bytes], size: int) -> int:
    file.seek(4)
    header = _vint(file)
    if header is None:
        return 0
    file.seek(header, 1)
    if file.read(4) != _SEGMENT:
        return file.tell()
    length = _vint(file)
    return 0 if length is None else file.tell() + length


def _vint(file: IO[bytes]) -> int | None:
    """An EBML length: as many leading zero bits as bytes follow; None where all other bits are set: unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    value = int.from_bytes(first + file.read(more)) & ((1 << 7 * (more + 1)) - 1)
    return None if value == (1 << 7 * (more + 1)) - 1 else value


def _boxes_end(file: IO[bytes], size: int) -> int:
    """ISO 14496-12, 4.2: length, type, and a 64-bit length where the first is 1; 0 reaches to the end of the file."""
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[8:16] if head[:4] == b"\0\0\0\x01" else head[:4])
        if length < 8:
            return at if length else size
        at += length
    return at


def _riff_end(file: IO[bytes], size: int) -> int:
    head = file.read(8)
    return 8 + int.from_bytes(head[4:8], "little") if head[:4] == b"RIFF" else 0
