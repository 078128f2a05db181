"""A headless Chromium that shows pages of comparisons, and how tests look at them."""

import io
import os
import shutil
import time

import numpy as np
import pytest
from PIL import Image

from tests.test_compare_page import pairs
from vsanimesr.compare import write

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def running():
    """Yields a headless Chromium; without one, or without what drives it, the tests are skipped and say so."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    reason = "Playwright is not installed: pip install playwright"
    driver = pytest.importorskip("playwright.sync_api", reason=reason)
    with driver.sync_playwright() as play:
        sandbox = [] if os.name == "nt" or os.geteuid() else ["--no-sandbox"]  # root has none
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield chromium
        chromium.close()


def showing(browser, folder):
    """Yields what opens a page of pairs; at the end no error and no request to anywhere may have happened."""
    contexts, problems = [], []

    def open_(shown=None, size=(1280, 800), fragment="", scheme="light", **options):
        write(folder / "page.html", "A title", pairs() if shown is None else shown, **options)
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: problems.append(request.url) if request.url.startswith("http") else None)
        page.goto(f"{(folder / 'page.html').as_uri()}{fragment}")
        until(page, "document.querySelector('#right img').complete")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not problems


def until(page, condition):
    """Waits until a condition is true; what Playwright has for it evaluates texts, which the page's policy forbids."""
    end = time.monotonic() + 10
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


def screen(page, clip=None):
    return np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB"))


def pixel(page, x, y):
    return tuple(int(value) for value in screen(page)[round(y), round(x)])


def box(page, selector):
    found = page.locator(selector).bounding_box()
    return found["x"], found["y"], found["width"], found["height"]
