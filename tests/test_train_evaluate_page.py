"""The report of an evaluation: what is written, and how a browser shows it."""

import itertools
import math
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import chromium
from tests.picturing import drawing, noisy
from training.metrics import drift
from training.report import measures, page, plots
from training.report.results import TRUTH, ClipResult, DriftResult, Evaluation
from training.report.spots import Finder
from vsanimesr.errors import ArgumentError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

METHODS = ("bicubic", "animesr-v1", "ours <b>")


def evaluation(frames=20, clips=2):
    """Figures that are drawn, and what is not there and what is infinite among them."""
    kept, _ = measures.prepare(measures.USUAL, measures.Settings())
    draw = np.random.default_rng(0)
    results = []
    for number in range(clips):
        figures = {name: {m.name: draw.uniform(20, 30, frames).tolist() for m in kept} for name in METHODS}
        figures["bicubic"]["psnr"] = [math.inf] * frames
        figures["bicubic"]["psnr-lines"] = [None] * frames
        figures[TRUTH] = {"piqe": [40.0] * frames}
        results.append(ClipResult(f"clip {number} & more", "made", frames, 96, 64, figures))
    course = drift.summary([drift.Moment(n / 100, 1.0, 0.5) for n in range(60)])
    courses = [n / 9 for n in range(60)], [1.0] * 60, [0.5] * 60
    runs = [DriftResult(name, "still", course, *courses) for name in METHODS[1:]]
    return Evaluation("A title <i>", dict.fromkeys(METHODS, "about"), kept, results, runs, {"asked for": "this"})


def places(count=2):
    finder, truth = Finder("clip 0 & more", 9, count), drawing(0, 256, 384)
    for n in range(9):
        finder.offer(n, {name: noisy(truth, 3 * (k + 1), n) for k, name in enumerate(METHODS)} | {TRUTH: truth})
    return finder.spots


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert page.write(path, evaluation(), places()) == path.stat().st_size
    return path


class Reader(HTMLParser):
    """Rows of tables as texts, and tags that are open at the end."""

    def __init__(self):
        super().__init__()
        self.rows, self.open, self.texts = [], [], []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "img", "input", "br", "path", "rect"):
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        if tag not in ("path", "rect"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


def read(path):
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    assert not reader.open
    return reader


def test_the_page_holds_the_figures_and_names_as_text(written):
    reader = read(written)
    assert reader.rows[0][1].startswith("PSNR")
    assert [row[0] for row in reader.rows[1:5]] == [*METHODS, TRUTH]
    assert reader.rows[1][1] == "∞"
    assert reader.rows[1][5] == "–"
    assert float(reader.rows[2][1]) == pytest.approx(evaluation().mean("animesr-v1", "psnr"), abs=0.006)
    text = written.read_text(encoding="utf-8")
    assert "<b></b>" not in text
    assert "A title &lt;i&gt;" in text
    assert "clip 0 &amp; more" in text
    assert "such as published ones, they mean nothing" in text


def test_the_page_needs_nothing_else(written):
    text = written.read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    assert "default-src 'none'" in text
    assert " style=" not in text  # the policy forbids it


def test_the_best_of_each_column_is_marked(written):
    head = written.read_text(encoding="utf-8").split("</table>")[0]
    marked = re.findall(r'<tr><th scope="row"><i class="key c\d"></i>([^<]*)</th>(.*?)</tr>', head)
    best = {name: [n for n, cell in enumerate(cells.split("</td>")) if "best" in cell] for name, cells in marked}
    assert 0 in best["bicubic"]
    assert sorted(itertools.chain.from_iterable(best.values())) == list(range(len(measures.USUAL)))


def test_parts_that_have_nothing_are_not_there(tmp_path):
    kept, _ = measures.prepare(["piqe"], measures.Settings())
    result = ClipResult("c", "made", 1, 8, 8, {"bicubic": {"piqe": [3.0]}})
    page.write(tmp_path / "r.html", Evaluation("T", {"bicubic": ""}, kept, [result], [], {}), [])
    texts = read(tmp_path / "r.html").texts
    assert "Means" in texts
    assert not {"Pictures", "Drift", "Frame by frame"} & set(texts)
    with pytest.raises(ArgumentError, match="--output"):
        page.write(tmp_path / "no" / "r.html", Evaluation("T", {"bicubic": ""}, kept, [result], [], {}), [])


VALUES = st.lists(st.none() | st.floats(-1e6, 1e6) | st.just(math.inf), min_size=1, max_size=12)


@given(VALUES, VALUES)
@settings(max_examples=60, deadline=None)
def test_plots_are_well_formed_and_within_their_frame(one, other):
    svg = plots.drawn(plots.Plot("a & b", "<dB>", {"x": one, "y": other}, {"x": 0, "y": 1}))
    known = [value for value in one + other if value is not None and math.isfinite(value)]
    if not known:
        assert svg == ""
        return
    tree = ElementTree.fromstring(svg)
    for path in tree.iter("path"):
        points = re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path.get("d"))
        assert all(0 <= float(x) <= plots.WIDTH and 0 <= float(y) <= plots.HEIGHT for x, y in points)
    drawn = [path for path in tree.iter("path") if "course" in path.get("class")]
    assert sum(len(re.findall("[ML]", path.get("d"))) for path in drawn) == len(known)


def test_lines_are_broken_where_a_value_is_missing_and_higher_is_up():
    svg = plots.drawn(plots.Plot("p", "u", {"x": [1.0, 3.0, None, 2.0, 2.5]}, {"x": 4}))
    (line,) = re.findall(r'class="course c4" d="([^"]*)"', svg)
    assert re.sub("[^ML]", "", line) == "MLML"
    heights = [float(y) for y in re.findall(r" ([\d.]+)", line)]
    assert heights[0] > heights[2] > heights[3] > heights[1]


@pytest.fixture(scope="module")
def browser():
    yield from chromium.running()


@pytest.fixture
def open_(browser, written):
    contexts, problems = [], []

    def show(size=(1440, 900), scheme="light"):
        contexts.append(browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme))
        shown = contexts[-1].new_page()
        shown.on("pageerror", lambda error: problems.append(str(error)))
        shown.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        shown.on("request", lambda request: problems.append(request.url) if request.url.startswith("http") else None)
        shown.goto(written.as_uri())
        return shown

    yield show
    for context in contexts:
        context.close()
    assert not problems


@pytest.mark.slow
@pytest.mark.parametrize("size", [(390, 844), (1000, 700), (1440, 900), (3840, 2160)])
def test_nothing_is_wider_than_the_screen(open_, size):
    shown = open_(size)
    assert shown.evaluate("document.documentElement.scrollWidth") <= size[0]
    beyond = ".filter((part) => part.getBoundingClientRect().right > innerWidth).length"
    assert shown.evaluate(f"[...document.querySelectorAll('img, .plot, .spot, .scroll')]{beyond}") == 0
    assert shown.evaluate("[...document.querySelectorAll('main img')].every((image) => image.naturalWidth)")
    small = "[...document.querySelectorAll('.plot text')].map((text) => text.getBoundingClientRect().height)"
    assert min(shown.evaluate(small)) > 8


@pytest.mark.slow
def test_all_columns_fit_a_usual_screen(open_):
    shown = open_()
    assert shown.evaluate("[...document.querySelectorAll('.scroll')].every((e) => e.scrollWidth <= e.clientWidth)")


@pytest.mark.slow
def test_the_viewer_shows_one_version_after_the_other(open_):
    shown = open_()
    shown.locator(".versions button").nth(1).click()
    seen = [shown.inner_text("#version")]
    source = "document.querySelector('#viewer img').src"
    pictures = [shown.evaluate(source)]
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "1", "ArrowLeft", "9"):
        shown.keyboard.press(key)
        seen.append(shown.inner_text("#version"))
        pictures.append(shown.evaluate(source))
    names = [*METHODS, TRUTH]
    assert [text.split(maxsplit=1)[1] for text in seen] == [names[n] for n in (1, 2, 3, 0, 0, 3, 3)]
    assert len(set(pictures)) == 4
    shown.click("#close")
    assert shown.is_hidden("#viewer")


@pytest.mark.slow
def test_light_and_dark_are_the_systems(open_):
    corner = {"x": 0, "y": 0, "width": 200, "height": 20}
    light, dark = (chromium.screen(open_(scheme=scheme), corner).mean() for scheme in ("light", "dark"))
    assert light > 200
    assert dark < 70
