"""The display size in the header of a Matroska file, which PyAV cannot have written: it is put in afterwards.

The stream is muxed with a name that ends in `PADDING`; the rewritten track leaves that out and has room for the size.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PADDING = " " * 24
"""Marks the track by the end of its name."""

_TRACKS, _TRACK, _NAME, _VIDEO = b"\x16\x54\xae\x6b", b"\xae", b"\x53\x6e", b"\xe0"
_WIDTH, _HEIGHT, _UNIT = b"\x54\xb0", b"\x54\xba", b"\x54\xb2"
_CRC, _VOID = b"\xbf", b"\xec"
_HEAD = 1 << 22  # bytes from the start of a file within which its tracks end


@dataclass(frozen=True)
class _Element:
    name: bytes
    head: bytes
    """Its identifier and its length."""
    content: bytes
    start: int
    """Where its content begins."""


def set_display_size(path: Path, width: int, height: int) -> None:
    """Makes players show the marked track of a Matroska file at that size, in pixels; the file's length stays.

    Raises ValueError for a file without a marked track.
    """
    with path.open("r+b") as file:
        tracks = _tracks(file.read(_HEAD))
        changed = [_with_size(element, width, height) for element in _children(tracks.content) if element.name != _CRC]
        if not any(_is_marked(element) for element in _children(tracks.content)):
            raise ValueError(f"'{path}' has no marked track")
        content = b"".join(changed)
        if tracks.content.startswith(_CRC):
            content = _encoded(_CRC, zlib.crc32(content).to_bytes(4, "little")) + content
        file.seek(tracks.start)
        file.write(content)


def _tracks(head: bytes) -> _Element:
    segment = list(_children(head))[1]
    for element in _children(head, segment.start):
        if element.name == _TRACKS:
            return element
    raise ValueError("there are no tracks at the beginning of the file")


def _children(data: bytes, at: int = 0) -> Iterator[_Element]:
    while at < len(data):
        length_at = at + 9 - data[at].bit_length()
        start = length_at + 9 - data[length_at].bit_length()
        length = int.from_bytes(data[length_at:start]) & ((1 << 7 * (start - length_at)) - 1)
        yield _Element(data[at:length_at], data[at:start], data[start : start + length], start)
        at = start + length


def _title(track: _Element) -> str:
    names = [child.content for child in _children(track.content) if child.name == _NAME]
    return names[0].decode() if names else ""


def _is_marked(element: _Element) -> bool:
    return element.name == _TRACK and _title(element).endswith(PADDING)


def _with_size(element: _Element, width: int, height: int) -> bytes:
    """An element of Tracks as bytes; the marked track changed."""
    if not _is_marked(element):
        return element.head + element.content
    changed = b""
    for child in _children(element.content):
        if child.name == _VIDEO:
            changed += _encoded(_VIDEO, _resized(child.content, width, height))
        elif child.name != _NAME:
            changed += child.head + child.content
    title = _title(element).removesuffix(PADDING)
    changed += _encoded(_NAME, title.encode()) if title else b""
    return element.head + changed + _void(len(element.content) - len(changed))


def _resized(video: bytes, width: int, height: int) -> bytes:
    kept = [child for child in _children(video) if child.name not in {_WIDTH, _HEIGHT, _UNIT}]
    size = _encoded(_WIDTH, width.to_bytes(4)) + _encoded(_HEIGHT, height.to_bytes(4))
    return b"".join(child.head + child.content for child in kept) + size


def _void(room: int) -> bytes:
    """An element of that many bytes that means nothing."""
    if not 2 <= room <= 128:
        raise ValueError(f"the track has {room} bytes left, wanted 2 to 128")
    return _encoded(_VOID, bytes(room - 2))


def _encoded(name: bytes, content: bytes) -> bytes:
    """An element as bytes, its length in as few bytes as it needs; all ones are reserved."""
    width = ((len(content) + 1).bit_length() + 6) // 7
    return name + (len(content) | 1 << 7 * width).to_bytes(width) + content
