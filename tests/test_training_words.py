"""Words of command lines as numbers."""

from argparse import ArgumentTypeError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import words
from vsanimesr.spec import Network


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_numbers_and_sizes(a: int, b: int) -> None:
    assert words.positive(str(a)) == words.whole(str(a)) == a
    assert words.size(f"{a}x{b}") == (a, b)
    assert words.whole("0") == 0


@pytest.mark.parametrize("word", ["", "-1", "1.5", "1e3", "x", "²", " 1", "12x"])
def test_what_is_no_number(word: str) -> None:
    for what, least in ((words.whole, 0), (words.positive, 1)):
        with pytest.raises(ArgumentTypeError, match=f"wanted a number from {least} on"):
            what(word)
    with pytest.raises(ArgumentTypeError, match="'0', wanted a number from 1 on"):
        words.positive("0")


@pytest.mark.parametrize(
    "word", ["", "640", "640x", "x480", "640x480x3", "0x480", "640x0", "-4x4", "640X480", "640 x 480"]
)
def test_what_is_no_size(word: str) -> None:
    with pytest.raises(ArgumentTypeError, match="wanted WIDTHxHEIGHT, such as 640x384"):
        words.size(word)


@given(st.floats(1e-9, 1e9), st.integers(1, 99), st.lists(st.integers(1, 99), min_size=3, max_size=3))
def test_rates_and_networks(rate: float, width: int, blocks: list[int]) -> None:
    assert words.above_zero(str(rate)) == rate
    network = Network(width, (blocks[0], blocks[1], blocks[2]), width + 1)
    assert words.network(str(network)) == network


@pytest.mark.parametrize("word", ["", "0", "-1e-4", "nan", "inf", "x"])
def test_what_is_no_rate(word: str) -> None:
    with pytest.raises(ArgumentTypeError, match="wanted a number above 0"):
        words.above_zero(word)
