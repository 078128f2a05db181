"""The page: a template, styles and scripts that lie beside this file, and the pictures as data: URIs, in one file."""

import base64
import hashlib
import html
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from vsanimesr.compare.images import Image, data_uri
from vsanimesr.errors import ArgumentError

MODES = ("slider", "flicker", "side", "study")
"""What the page may begin with; one that begins with the A/B test shows nothing else until that is done."""
SCRIPTS = ("view.js", "study.js", "page.js")
STYLE = "page.css"
TEMPLATE = "page.html"
_TOKEN = re.compile(r"\{\{([a-z-]+)\}\}")


@dataclass(frozen=True, eq=False)
class Pair:
    """Two versions of one picture."""

    title: str
    """What the picture is called, such as 'Frame 120'; the A/B test shows it."""
    left: Image
    """One version, [height, width, 3] of uint8, sRGB."""
    right: Image
    """The other one, of the same size."""
    labels: tuple[str, str] = ("before", "after")
    """What the versions are called; the A/B test does not show it, and counts votes by it."""
    note: str = ""
    """More about the picture, in one line; the A/B test does not show it."""


def write(path: Path, title: str, pairs: Iterable[Pair], *, mode: str = "slider", images: str = "webp") -> int:
    """Write the page and return its size in bytes; it appears under its name once it is whole.

    Of the pairs one at a time is in memory; the page has a hash of them all, which the results of an A/B test name.
    `images` is one of `images.ENCODINGS`, `mode` one of MODES. Raises ArgumentError: no pairs, sizes that differ, bad
    values, a file that cannot be written.
    """
    if mode not in MODES:
        raise ArgumentError(f"mode={mode!r} is not known; use one of {', '.join(MODES)}")
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        title = title.encode(errors="replace").decode()  # names of files may hold what no text does
        with partial.open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(_parts(title, pairs, mode, images))
            file.flush()
            os.fsync(file.fileno())
        nbytes = partial.stat().st_size
        partial.replace(path)
    except OSError as error:
        raise ArgumentError(f"output: '{path}' cannot be written: {error.strerror}; give another path") from error
    finally:
        partial.unlink(missing_ok=True)
    return nbytes


def _parts(title: str, pairs: Iterable[Pair], mode: str, images: str) -> Iterator[str]:
    """The page's text, in pieces."""
    style, script = _asset(STYLE), "\n".join(map(_asset, SCRIPTS))
    values = {
        "title": html.escape(title),
        "style": style,
        "style-hash": _hash(style),
        "script": script,
        "script-hash": _hash(script),
    }
    for index, piece in enumerate(_TOKEN.split(_asset(TEMPLATE))):
        if index % 2 == 0:
            yield piece
        elif piece == "data":
            yield from _data(title, pairs, mode, images)
        else:
            yield values[piece]


def _data(title: str, pairs: Iterable[Pair], mode: str, images: str) -> Iterator[str]:
    digest, count = hashlib.sha256(), 0
    yield _json("settings", "id", {"title": title, "mode": mode})
    for pair in pairs:
        if pair.left.shape != pair.right.shape:
            raise ArgumentError(
                f"{pair.title}: the pictures are {_size(pair.left)} and {_size(pair.right)}, wanted the same size; "
                "resize one of them"
            )
        uris = {"left": data_uri(pair.left, images), "right": data_uri(pair.right, images)}
        height, width, _ = pair.left.shape
        facts = {"title": pair.title, "labels": pair.labels, "note": pair.note, "width": width, "height": height}
        yield _json("pair", "class", facts)
        for name, uri in uris.items():
            digest.update(uri.encode())
            yield f'<script type="text/plain" class="{name}">{uri}</script>\n'
        count += 1
    if not count:
        raise ArgumentError("there are no pictures to compare; give at least one pair")
    yield _json("identity", "id", digest.hexdigest())


def _json(name: str, attribute: str, value: object) -> str:
    """A value for the scripts; nothing in it ends the element or begins another."""
    return (
        f'<script type="application/json" {attribute}="{name}">{json.dumps(value).replace("<", "\\u003c")}</script>\n'
    )


def _hash(text: str) -> str:
    """How the page's policy names the one script, or style, that may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _size(image: Image) -> str:
    return "x".join(map(str, image.shape[1::-1]))
