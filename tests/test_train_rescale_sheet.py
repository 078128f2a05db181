"""The contact sheet: what it holds, and how a person chooses on it in a browser."""

import json
import re

import pytest

from tests import chromium, rescaling
from training.rescaling import Choice
from training.rescaling.sheet import write

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks
UNREST = {tenths: 1 + tenths / 4 for tenths in range(1, 11)}
LOST = {tenths: 1 / tenths for tenths in range(1, 11)}


def made(folder, factors=range(1, 11), patches=3):
    """A sheet of drawn pictures; returns what was measured."""
    found = rescaling.measured({n: UNREST[n] for n in factors}, {n: LOST[n] for n in factors}, patches)
    shown = [(rescaling.drawn(n, 16), {k: rescaling.drawn(10 * n + k) for k in factors}) for n in range(patches)]
    folder.mkdir(exist_ok=True)
    assert write(folder, found, shown) == (folder / "sheet.html").stat().st_size
    return found


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sheet") / "a folder & more"
    made(folder)
    return folder


def test_the_sheet_holds_every_picture_and_needs_nothing_else(out):
    text = (out / "sheet.html").read_text(encoding="utf-8")
    assert len(re.findall(r'<img alt="[^"]+" src="data:image/webp', text)) == 3 * 11
    assert len(set(re.findall(r"base64,([^\"]+)", text))) == 3 * 11
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    assert "default-src 'none'" in text
    assert " style=" not in text  # the policy forbids it
    assert "unreliable" in text
    names = re.findall(r'<tr data-factor="([^"]+)"', text)
    assert names == ["1", *(f"0.{n}" for n in range(9, 0, -1))]
    assert "{{" not in text


def test_beside_each_factor_are_its_figures_and_its_rank(out):
    text = (out / "sheet.html").read_text(encoding="utf-8")
    row = text.split('<tr data-factor="0.3"')[1].split("</tr>")[0]
    told = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", row))
    assert told == {"gradient": "13.00", "strong": "30.0%", "unrest": "1.75", "lost": "33.3%", "rank": "1"}
    assert row.count("unrest 1.8, lost 33%") == 3
    ranks = re.findall(r"<dt>rank</dt><dd>(\d+)</dd>", text)
    assert sorted(map(int, ranks)) == list(range(1, 11))


@pytest.fixture(scope="module")
def browser():
    yield from chromium.running()


@pytest.fixture
def open_(browser, out):
    contexts, problems = [], []

    def show(folder=out, size=(1440, 900), scheme="light"):
        view = {"width": size[0], "height": size[1]}
        contexts.append(browser.new_context(viewport=view, color_scheme=scheme, accept_downloads=True))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: problems.append(request.url) if request.url.startswith("http") else None)
        page.goto((folder / "sheet.html").as_uri())
        return page

    yield show
    for context in contexts:
        context.close()
    assert not problems


CHOSEN = "[...document.querySelectorAll('tr.chosen')].map((row) => row.dataset.factor)"


def test_a_key_or_a_click_chooses_one_factor(open_, out):
    page = open_()
    assert page.is_hidden("#chosen")
    for key, factor in (("5", "0.5"), ("0", "1"), ("1", "0.1")):
        page.keyboard.press(key)
        assert page.evaluate(CHOSEN) == [factor]
        assert page.inner_text("#chosen code") == f"python -m training.rescale choose '{out}' --factor {factor}"
    page.click('tr[data-factor="0.4"] .choose')
    assert page.evaluate(CHOSEN) == ["0.4"]
    page.keyboard.press("Control+7")
    page.keyboard.press("x")
    assert page.evaluate(CHOSEN) == ["0.4"]
    assert page.is_hidden("#asked")


def test_the_row_that_is_chosen_is_seen(open_):
    page = open_()
    for key, factor in (("1", "0.1"), ("0", "1")):
        page.keyboard.press(key)
        _, top, _, height = chromium.box(page, f'tr[data-factor="{factor}"]')
        assert top >= 0
        assert top + height <= chromium.box(page, "#choice")[1]


def test_the_file_of_the_sheet_is_a_choice(open_, tmp_path):
    found = made(tmp_path / "out")
    page = open_(tmp_path / "out")
    page.keyboard.press("6")
    with page.expect_download() as saved:
        page.click("#save")
    assert saved.value.suggested_filename == "choice.json"
    saved.value.save_as(tmp_path / "out" / "choice.json")
    assert Choice.read(tmp_path / "out", found) == Choice.of(found, 6)
    assert json.loads((tmp_path / "out" / "choice.json").read_text())["by"] == "person"


def test_factors_that_were_not_measured_cannot_be_chosen(open_, tmp_path):
    made(tmp_path / "out", (3, 5, 10))
    page = open_(tmp_path / "out")
    page.keyboard.press("4")
    assert page.evaluate(CHOSEN) == []
    page.keyboard.press("3")
    assert page.evaluate(CHOSEN) == ["0.3"]


def test_the_viewer_goes_through_the_grid_and_chooses(open_):
    page = open_()
    page.locator('tr[data-factor="0.5"] figure button').nth(1).click()
    source = "document.querySelector('#viewer img').src"
    seen, pictures = [page.inner_text("#version")], [page.evaluate(source)]
    for key in ("ArrowUp", "ArrowRight", "ArrowRight", "ArrowLeft", "3", "ArrowDown"):
        page.keyboard.press(key)
        seen.append(page.inner_text("#version"))
        pictures.append(page.evaluate(source))
    places = [text.partition(":")[0] for text in seen]
    assert places == [
        "0.5, patch 2",
        "0.6, patch 2",
        "0.6, patch 3",
        "0.6, patch 1",
        "0.6, patch 3",
        "0.3, patch 3",
        "0.2, patch 3",
    ]
    assert len(set(pictures)) == 6
    assert page.evaluate(CHOSEN) == []  # looking is not choosing
    page.keyboard.press("Enter")
    assert page.is_hidden("#viewer")
    assert page.evaluate(CHOSEN) == ["0.2"]
    page.locator("tr[data-name='frame'] figure button").first.click()
    page.keyboard.press("Enter")
    assert page.is_visible("#viewer")  # the frame itself is no factor
    page.click("#close")
    assert page.is_hidden("#viewer")
    assert page.evaluate(CHOSEN) == ["0.2"]


@pytest.mark.parametrize("size", [(390, 844), (1000, 700), (1440, 900), (3840, 2160)])
def test_pictures_are_of_one_size_and_nothing_is_wider_than_the_screen(open_, size):
    page = open_(size=size)
    page.keyboard.press("5")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    shown = "[...document.querySelectorAll('main img')].map((image) => image.getBoundingClientRect())"
    sizes = page.evaluate(f"{shown}.map((box) => [Math.round(box.width), Math.round(box.height)])")
    assert len({tuple(each) for each in sizes}) == 1
    assert min(sizes[0]) >= 120
    assert page.evaluate("[...document.querySelectorAll('main img')].every((image) => image.naturalWidth === 32)")
    assert chromium.box(page, "#choice")[2] <= size[0]


def test_light_and_dark_are_the_systems(open_):
    corner = {"x": 0, "y": 0, "width": 200, "height": 20}
    light, dark = (chromium.screen(open_(scheme=scheme), corner).mean() for scheme in ("light", "dark"))
    assert light > 200
    assert dark < 70
