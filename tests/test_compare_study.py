"""The A/B test of the page of comparisons in a real browser: order, windows, votes, results."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests import chromium
from tests.chromium import box, until
from tests.test_compare_page import BLUE, LABELS, RED, flat, pairs, texts
from vsanimesr.compare import Pair

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser():
    yield from chromium.running()


@pytest.fixture
def show(browser, tmp_path):
    yield from chromium.showing(browser, tmp_path)


def windows(page):
    """The middle samples of the two windows."""
    script = """[1, 2].map((n) => {
        const canvas = document.getElementById(`zoom${n}`);
        const data = canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
        return [...data].slice(0, 3).join();
    })"""
    return [tuple(map(int, text.split(","))) for text in page.evaluate(script)]


def begin(page):
    page.keyboard.press("t")
    page.click("#start")
    until(page, "test.shown > 0")


def vote(page, key):
    number = page.evaluate("test.votes.length")
    page.keyboard.press(str(key))
    until(page, f"test.votes.length === {number + 1} && (test.shown > 0 || test.step === 'result')")


def test_votes_are_counted_for_what_was_seen_and_saved(show, tmp_path):
    page = show(pairs(6), fragment="#seed=5")
    begin(page)
    page.fill("#subject", "", force=True)
    wanted, firsts = [], []
    for number in range(6):
        assert page.inner_text("#progress") == f"{number + 1} of 6"
        assert page.inner_text("#name") == f"Frame {number}"
        assert not any(label in page.inner_text("body") for label in (*LABELS, "note"))
        seen = windows(page)
        assert sorted(seen) == sorted([RED, BLUE])
        firsts.append(seen[0])
        choice = 1 + number % 2
        wanted.append(LABELS[0] if seen[choice - 1] == RED else LABELS[1])
        vote(page, choice)
    assert len(set(firsts)) == 2, "the order is random"
    with page.expect_download() as download:
        page.click("#save")
    results = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert [each["label"] for each in results["votes"]] == wanted
    assert [each["choice"] for each in results["votes"]] == [1, 2, 1, 2, 1, 2]
    assert [each["pair"] for each in results["votes"]] == list(range(6))
    assert results["preferred"] == {label: wanted.count(label) for label in LABELS}
    assert (results["schema"], results["seed"], results["title"]) == (1, 5, "A title")
    assert results["page"] == json.loads(texts((tmp_path / "page.html").read_text(encoding="utf-8"), "identity")[0])
    shares = page.locator("#tally td:last-child").all_inner_texts()
    assert shares == [f"{100 * wanted.count(label) / 6:.0f}%" for label in LABELS]


def test_a_seed_repeats_the_order_and_chance_does_not(show):
    def orders(fragment):
        page = show([Pair("P", flat(RED, 64, 48), flat(BLUE, 64, 48))] * 24, fragment=fragment)
        begin(page)
        return page.evaluate("test.order.map((order) => order[0])")

    assert orders("#seed=1") == orders("#seed=1")
    by_chance = orders(""), orders("")
    assert by_chance[0] != by_chance[1]  # by chance once in 2^24
    assert set(by_chance[0]) == {"left", "right"}


def test_the_windows_follow_the_mouse_and_the_wheel_changes_their_size(show):
    columns = np.arange(2400)[None, :, None] // 256 * 25
    rows = np.arange(1600)[:, None, None] // 256 * 40
    picture = np.concatenate(np.broadcast_arrays(columns, rows, 0 * rows), 2)
    page = show([Pair("P", picture.astype(np.uint8), picture.astype(np.uint8) + 1, LABELS)], fragment="#seed=1")
    begin(page)
    x, y, width, height = box(page, "#place")
    for share in ((0.5, 0.5), (0.3, 0.7), (0.7, 0.4)):
        page.mouse.move(x + share[0] * width, y + share[1] * height)
        column, row = round(share[0] * 2400), round(share[1] * 1600)
        wanted = tuple(int(value) for value in picture[row, column])
        assert sorted(windows(page)) == [wanted, tuple(value + 1 for value in wanted)]
    sizes = [page.evaluate("region()")]
    canvas = page.evaluate("[windows[0].width, windows[0].height]")
    assert (sizes[0]["width"], sizes[0]["height"]) == pytest.approx(canvas), "sample for pixel to begin with"
    mark = box(page, "#region")
    assert mark[2] / width == pytest.approx(sizes[0]["width"] / 2400, abs=0.01)
    for turn in (-300, -300, 300):
        page.mouse.wheel(0, turn)
        sizes.append(page.evaluate("region()"))
    assert sizes[2]["width"] < sizes[1]["width"] < sizes[0]["width"]
    assert sizes[3]["width"] == pytest.approx(sizes[1]["width"])
    for one in sizes:
        assert one["x"] >= 0
        assert one["x"] + one["width"] <= 2400


def test_a_vote_is_taken_back(show):
    page = show(pairs(2), fragment="#seed=3")
    begin(page)
    vote(page, 1)
    page.keyboard.press("Backspace")
    until(page, "test.votes.length === 0 && test.shown > 0")
    assert page.inner_text("#progress") == "1 of 2"
    vote(page, 2)
    vote(page, 2)
    assert page.evaluate("test.votes.map((vote) => vote.choice)") == [2, 2]
    page.keyboard.press("1")
    assert page.evaluate("test.votes.length") == 2, "there is nothing left to vote on"


def test_a_key_that_is_held_votes_once(show):
    page = show(pairs(3), fragment="#seed=3")
    begin(page)
    page.keyboard.down("1")
    for _ in range(3):
        until(page, "test.shown > 0")
        page.keyboard.down("1")
    page.keyboard.up("1")
    assert page.evaluate("test.votes.length") == 1


def test_a_page_made_for_the_test_shows_nothing_else_before_it_is_done(show):
    page = show(pairs(1), mode="study")
    assert page.is_hidden("#modes")
    page.keyboard.press("s")
    assert page.is_hidden("#view")
    assert not any(label in page.inner_text("body") for label in LABELS)
    page.click("#start")
    until(page, "test.shown > 0")
    vote(page, 1)
    assert all(label in page.inner_text("#tally") for label in LABELS)
    page.click("#modes [data-mode=slider]")
    assert page.is_visible("#view")
