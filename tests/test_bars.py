"""The bars of `vsanimesr upscale`: what is told of a step, and what gives way on narrow terminals."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from vsanimesr.cli.bars import Bars
from vsanimesr.cli.layout import NEEDED, Piece, Row, layout
from vsanimesr.cli.workload import Status
from vsanimesr.jobs.order import Step

STEP = Step("frames", 12345, 34095, 9.876, 3723.4, (9, 25), (124, 340))
QUEUE = Status(3, 12, 0.2512, 11400.0, 0.0)


def drawn(bars: Bars, width: int) -> list[str]:
    """The lines at the bottom of a terminal without colours."""
    out = io.StringIO()
    Console(file=out, width=width, no_color=True, _environ={}).print(bars)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def bars(step: Step | None, status: Status | None = None) -> Bars:
    """What is shown an hour after all began."""
    seconds = [0.0]
    made = Bars(lambda: seconds[0])
    if step:
        made.begin()
        made.move(step)
    if status:
        made.tell(status)
    seconds[0] = 3600.0
    return made


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            40,
            [
                "upscaling  36%  9.88 fps  1:02:03 left",
                "queue      25%  3/12 files  3:10:00 left",
            ],
        ),
        (
            60,
            [
                "upscaling ━━━━━━╸              36%  9.88 fps  1:02:03 left",
                "queue     ━━━━╸                25%  3/12 files  3:10:00 left",
            ],
        ),
        (
            80,
            [
                "upscaling ━━━━           36%  12345/34095  9.88 fps  1:02:03 left  scene 124/340",
                "queue     ━━━            25%  3/12 files  3:10:00 left  1:00:00 elapsed",
            ],
        ),
        (
            120,
            [
                "upscaling ━━━━━━━━                  36%  12345/34095  9.88 fps  1:02:03 left  scene 124/340"
                "  1:00:00 elapsed  chunk 9/25",
                "queue     ━━━━━╸                    25%  3/12 files  3:10:00 left  1:00:00 elapsed",
            ],
        ),
        (
            200,
            [
                "upscaling ━━━━━━━━━━━━━━                             36%  12345/34095  9.88 fps  1:02:03 left"
                "  scene 124/340  1:00:00 elapsed  chunk 9/25",
                "queue     ━━━━━━━━━━                                 25%  3/12 files  3:10:00 left  1:00:00 elapsed",
            ],
        ),
    ],
)
def test_terminals_of_every_width(width: int, lines: list[str]) -> None:
    assert drawn(bars(STEP, QUEUE), width) == lines


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (Step("index", 29, 100), r"indexing ━+╸? + 29%  1:00:00 elapsed"),
        (Step("scenes", 10, 40), r"looking for scenes ━+ + 25%  10/40  1:00:00 elapsed"),
        (Step("joining", 40, 40), r"joining ━{40}  100%  40/40  1:00:00 elapsed"),
        (Step("frames", 1, 40), r"upscaling ━ + 2%   1/40  1:00:00 elapsed"),
        (Step("index", 29, 0), r"indexing [━ ]{40}  1:00:00 elapsed"),
        (Step("scenes", 40, 40), r"starting [━ ]{40}  1:00:00 elapsed"),
    ],
)
def test_every_step(step: Step, says: str) -> None:
    (line,) = drawn(bars(step), 100)
    assert re.fullmatch(says, line)


PIECES = st.builds(Piece, st.text("abc 123", max_size=20), st.integers(0, 6))
ROWS = st.lists(
    st.builds(Row, st.text("abc", max_size=18), st.none() | st.floats(0, 1), st.lists(PIECES, min_size=1).map(tuple)),
    max_size=2,
)


@given(ROWS, st.integers(1, 250))
def test_no_line_is_longer_than_the_terminal(rows: list[Row], width: int) -> None:
    found = layout(rows, width)
    for row, text in zip(rows, found.texts, strict=True):
        assert found.label + (found.bar + 2 if found.bar else 0) + len(text) <= width
        assert found.label in {0, max(len(other.label) for other in rows) + 1}
        assert found.bar == 0 or 8 <= found.bar <= 40
        pieces = [piece for piece in row.pieces if piece.text]
        whole = ["  ".join(piece.text for piece in pieces if piece.rank <= rank) for rank in range(7)]
        needed = next(filter(None, whole[: NEEDED + 1]), "")
        assert text in whole or (not found.bar and text == needed[: width - found.label])


@given(ROWS, st.integers(1, 250))
def test_a_wider_terminal_never_shows_less(rows: list[Row], width: int) -> None:
    narrow, wide = layout(rows, width), layout(rows, width + 1)
    assert narrow.label <= wide.label
    assert bool(narrow.bar) <= bool(wide.bar)
