"""The page of comparisons: what is written."""

import base64
import html
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vsanimesr.compare import ENCODINGS, Pair, write
from vsanimesr.errors import ArgumentError

RED, BLUE = (200, 30, 30), (30, 30, 200)
LABELS = ("secret-one", "secret-two")
WIDTH, HEIGHT = 640, 480


def flat(colour, width=WIDTH, height=HEIGHT):
    return np.full((height, width, 3), colour, np.uint8)


def noise(seed, width=WIDTH, height=HEIGHT):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def pairs(count=3):
    return [Pair(f"Frame {n}", flat(RED), flat(BLUE), LABELS, f"note {n}") for n in range(count)]


def texts(page, name):
    """The text of each script element of a class or id."""
    return re.findall(rf'<script type="[a-z/]+" (?:class|id)="{name}">(.*?)</script>', page, re.S)


def decoded(uri):
    kind, data = re.fullmatch(r"data:image/(\w+);base64,(.*)", uri, re.S).groups()
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert picture.format.lower() == kind
    return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("images", ENCODINGS)
def test_pictures_are_in_the_page(tmp_path, images):
    left, right = noise(1, 40, 24), noise(2, 40, 24)
    nbytes = write(tmp_path / "page.html", "Title", [Pair("One", left, right)], images=images)
    assert nbytes == (tmp_path / "page.html").stat().st_size
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    for name, wanted in (("left", left), ("right", right)):
        (uri,) = texts(page, name)
        assert uri.startswith(f"data:image/{images};")
        if images == "jpeg":
            assert np.abs(decoded(uri).astype(int) - wanted).mean() < 8
        else:
            np.testing.assert_array_equal(decoded(uri), wanted)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_nothing_is_fetched_from_anywhere(tmp_path):
    write(tmp_path / "page.html", "Title", pairs())
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    shown = re.sub(r"data:image/[^<]*", "", page)
    assert not re.search(r"https?:|//\w+\.|@import|url\(|src=|href=", shown)
    assert "default-src 'none'; img-src data:; style-src 'sha256-" in shown


@given(title=st.text(), name=st.text(), labels=st.tuples(st.text(), st.text()), note=st.text())
@settings(max_examples=15, deadline=None)
def test_texts_are_never_taken_for_html(tmp_path_factory, title, name, labels, note):
    file = tmp_path_factory.mktemp("page") / "page.html"
    write(file, title, [Pair(name, flat(RED, 4, 4), flat(BLUE, 4, 4), labels, note)], images="png")
    page = file.read_bytes().decode()
    (facts,) = map(json.loads, texts(page, "pair"))
    assert (facts["title"], tuple(facts["labels"]), facts["note"]) == (name, labels, note)
    assert json.loads(texts(page, "settings")[0])["title"] == title
    assert html.unescape(re.search(r"<title>(.*?)</title>", page, re.S)[1]) == title.encode(errors="replace").decode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pairs": []}, "there are no pictures"),
        ({"pairs": [Pair("P", flat(RED, 8, 4), flat(RED, 4, 8))]}, "P: the pictures are 8x4 and 4x8, wanted the same"),
        ({"pairs": [Pair("P", flat(RED)[..., 0], flat(RED)[..., 0])]}, r"got a picture \(480, 640\) of uint8"),
        ({"mode": "other"}, "mode='other' is not known; use one of slider, flicker, side, study"),
        ({"images": "gif"}, "images='gif' is not known"),
        ({"path": Path("no", "such", "page.html")}, "cannot be written: No such file"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(tmp_path, monkeypatch, change, message):
    monkeypatch.chdir(tmp_path)
    values = {"path": Path("page.html"), "title": "T", "pairs": pairs(1), **change}
    with pytest.raises(ArgumentError, match=message):
        write(**values)
    assert not list(tmp_path.iterdir())


def test_a_page_that_was_there_stays_until_the_new_one_is_whole(tmp_path):
    file = tmp_path / "page.html"
    file.write_text("old")

    def broken():
        yield from pairs(1)
        assert file.read_text() == "old"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(file, "T", broken())
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
