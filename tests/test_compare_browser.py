"""The page of comparisons in a real browser: slider, flicker, side by side, on screens of several sizes."""

import numpy as np
import pytest

from tests import chromium
from tests.chromium import box, pixel, screen, until
from tests.test_compare_page import BLUE, LABELS, RED, flat, noise, pairs
from vsanimesr.compare import Pair, write

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser():
    yield from chromium.running()


@pytest.fixture
def show(browser, tmp_path):
    yield from chromium.showing(browser, tmp_path)


def test_the_line_divides_the_pictures_and_is_dragged(show):
    page = show()
    x, y, width, height = box(page, "#view")
    middle, low = x + width / 2, y + height * 0.8
    assert (pixel(page, middle - 40, low), pixel(page, middle + 40, low)) == (RED, BLUE)
    page.mouse.move(middle, low)
    page.mouse.down()
    page.mouse.move(middle - 150, low, steps=4)
    page.mouse.up()
    assert (pixel(page, middle - 180, low), pixel(page, middle - 120, low)) == (RED, BLUE)
    for _ in range(5):
        page.keyboard.press(".")
    assert float(page.get_attribute("#divider", "aria-valuenow")) == pytest.approx(
        100 * (0.5 - 150 / width) + 10, abs=1
    )
    page.focus("#divider")
    page.keyboard.press("Home")
    assert pixel(page, middle - 300, low) == BLUE


def test_flicker_shows_one_picture_after_the_other(show):
    page = show()
    page.keyboard.press("f")
    x, y, width, height = box(page, "#view")
    seen = []
    for _ in range(3):
        visible = page.evaluate("getComputedStyle(document.querySelector('#right')).opacity")
        seen.append((pixel(page, x + width / 2, y + height / 2), visible))
        page.keyboard.press(" ")
    assert seen == [(RED, "0"), (BLUE, "1"), (RED, "0")]
    page.keyboard.press("p")
    until(page, "!document.querySelector('#view').classList.contains('second')")
    until(page, "document.querySelector('#view').classList.contains('second')")


def test_zoom_shows_sample_for_pixel_in_both_panes(show):
    left, right = noise(1, 1000, 900), noise(2, 1000, 900)
    page = show([Pair("P", left, right, LABELS)], images="png")
    page.keyboard.press("d")
    page.keyboard.press("z")
    assert page.inner_text("#zoom") == "100%"
    for pane, samples in (("#left", left), ("#right", right)):
        matrix = page.evaluate(f"getComputedStyle(document.querySelector('{pane} img')).transform")
        shift = [round(float(value)) for value in matrix[7:-1].split(", ")[4:]]
        x, y, _, _ = box(page, pane)
        got = screen(page, {"x": x + 100, "y": y + 100, "width": 60, "height": 40})
        top, start = 100 - shift[1], 100 - shift[0]
        np.testing.assert_array_equal(got, samples[top : top + 40, start : start + 60])
    before = page.evaluate("document.querySelector('#left img').style.transform")
    x, y, width, height = box(page, "#left")
    page.mouse.move(x + width / 2, y + height / 2)
    page.mouse.down()
    page.mouse.move(x + width / 2 + 50, y + height / 2 + 20, steps=3)
    page.mouse.up()
    moved = page.evaluate("[...document.querySelectorAll('.pane img')].map((img) => img.style.transform)")
    assert moved[0] == moved[1] != before
    page.mouse.wheel(0, -100)
    assert page.inner_text("#zoom") == "122%"
    page.keyboard.press("z")
    until(page, "document.querySelector('#zoom').textContent.startsWith('Fit')")


def test_pictures_are_turned_over_by_keys_buttons_and_the_list(show):
    shown = [Pair(f"P{n}", flat((60 * n, 0, 0)), flat((0, 60 * n, 0)), LABELS, f"note {n}") for n in range(4)]
    page = show(shown)

    def state():
        x, y, width, height = box(page, "#view")
        until(page, "document.querySelector('#left img').complete")
        return page.inner_text("#note"), pixel(page, x + width / 2 - 60, y + height * 0.8)

    page.keyboard.press("ArrowRight")
    assert state() == ("note 1", (60, 0, 0))
    page.click("#next")
    assert state() == ("note 2", (120, 0, 0))
    page.select_option("#pairs", "P3")
    assert state() == ("note 3", (180, 0, 0))
    assert page.is_disabled("#next")
    page.click("#previous")
    assert state() == ("note 2", (120, 0, 0))
    page.keyboard.press("?")
    assert page.is_visible("#dialog")
    page.keyboard.press("Escape")
    assert page.is_hidden("#dialog")


@pytest.mark.parametrize("size", [(1280, 800), (3840, 2160), (1000, 640)])
def test_everything_is_on_the_screen(show, size):
    page = show(size=size)
    for key in "sfd":
        page.keyboard.press(key)
        check_places(page, size, "#title", "#help", "#keys", "#next", "#zoom")
    page.keyboard.press("t")
    check_places(page, size, "#keys", "#intro", "#start")
    page.click("#start")
    until(page, "test.shown > 0")
    check_places(page, size, "#keys", "#place", "#zoom1", "#vote2", "figcaption")


def check_places(page, size, *parts):
    scroll = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert scroll[0] <= size[0]
    assert scroll[1] <= size[1]
    for part in parts:
        x, y, width, height = box(page, part)
        assert min(x, y) >= 0, part
        assert x + width <= size[0], part
        assert y + height <= size[1], part


def test_light_and_dark_are_the_systems(show):
    means = [
        screen(show(scheme=scheme), {"x": 0, "y": 0, "width": 300, "height": 40}).mean() for scheme in ("light", "dark")
    ]
    assert means[0] > 200
    assert means[1] < 70


def test_the_policy_of_the_page_forbids_the_network(browser, tmp_path):
    write(tmp_path / "page.html", "T", pairs(1))
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        tried = "new Promise((done) => { addEventListener('securitypolicyviolation', (e) => done(e.violatedDirective));"
        assert page.evaluate(f"{tried} fetch('http://127.0.0.1:9/').catch(() => 0); }})") == "connect-src"
    finally:
        context.close()
