"""The video on its way to nodes that do not see it: put into Ray's store once, in pieces, for all of them."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vsanimesr.errors import MediaError

PIECE = 16 << 20
"""Bytes of a piece."""


class Source:
    """A video's bytes; they stay in the store for as long as this lives."""

    def __init__(self, ray: Any, path: Path) -> None:
        """Nothing is read yet."""
        self._ray, self._path, self._lock = ray, path, threading.Lock()
        self._references: list[Any] = []

    def pieces(self) -> "Pieces":
        """The pieces in their order, for a node; the first one to ask waits until all are put. Raises MediaError."""
        with self._lock:
            if not self._references:
                self._references = [self._ray.put(piece) for piece in self._read()]
        return Pieces(self._ray.get, self._references)

    def _read(self) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as file:
                while piece := file.read(PIECE):
                    yield piece
        except OSError as exc:
            raise MediaError(f"'{self._path}' cannot be read: {exc.strerror}; is it still there?") from exc


class Pieces:
    """References to pieces, that are fetched one at a time where they are asked for."""

    def __init__(self, get: Callable[[Any], bytes], references: list[Any]) -> None:
        """`get` is Ray's; on another machine it is the one there."""
        self._get, self._references = get, references

    def __iter__(self) -> Iterator[bytes]:
        """One piece after another."""
        yield from map(self._get, self._references)
