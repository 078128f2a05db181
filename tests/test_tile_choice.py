"""Which tiles a clip gets: as asked, or as few as fit the memory; and what is said where it does not fit."""

from dataclasses import replace

import pytest

from tests.networks import setup
from vsanimesr.backends.base import Demand, EngineSetup, Setup
from vsanimesr.backends.fake import WORKING_NBYTES, Fake
from vsanimesr.backends.tiled import Tiled, open_backend, tile_setup
from vsanimesr.errors import BackendUnavailable, EngineMissing, OutOfMemory
from vsanimesr.spec import FORMATS
from vsanimesr.tiles import Auto, Tiling


def fake(memory: int, lines: list[str], width: int = 640, height: int = 480) -> Setup:
    made = setup(width, height, FORMATS["YUV420P8"], device=f"memory={memory}", slots=2)
    return replace(made, engines=EngineSetup(say=lines.append))


def test_nothing_asked_is_nothing_done() -> None:
    lines: list[str] = []
    backend, tiling = open_backend(Fake, fake(9000, lines), None)
    assert isinstance(backend, Fake)
    assert tiling is None
    assert lines == []


def test_what_was_asked_for_is_said_as_it_came_out() -> None:
    lines: list[str] = []
    asked = Tiling.of_size((640, 480), (350, 270), (24, 24))
    backend, tiling = open_backend(Fake, fake(9000, lines), asked)
    assert isinstance(backend, Tiled)
    assert tiling == asked
    assert lines == ["tiles=2x2 of 352x272 (overlap 24)"]


def test_a_single_tile_is_no_tiling() -> None:
    backend, tiling = open_backend(Fake, fake(9000, []), Tiling.of_count((640, 480), (1, 1), (24, 24)))
    assert isinstance(backend, Fake)
    assert tiling is None


def test_auto_takes_no_tiles_where_the_clip_fits() -> None:
    lines: list[str] = []
    backend, tiling = open_backend(Fake, fake(9000, lines), Auto())
    assert isinstance(backend, Fake)
    assert (tiling, lines) == (None, [])


def needs(tiling: Tiling | None, made: Setup) -> Demand:
    return Fake.demand(made if tiling is None else tile_setup(made, tiling))


@pytest.mark.parametrize("free", [60, 100, 150, 200, 250])
def test_auto_takes_the_fewest_tiles_that_fit(free: int) -> None:
    lines: list[str] = []
    made = fake(free, lines)
    backend, tiling = open_backend(Fake, made, Auto())
    assert isinstance(backend, Tiled)
    assert tiling is not None
    assert needs(tiling, made).fits
    across, down = tiling.count
    for fewer in [(across - 1, down), (across, down - 1)]:
        if min(fewer) > 0:
            assert not needs(Tiling.of_count((640, 480), fewer, tiling.overlap), made).fits
    whole = needs(None, made)
    assert lines == [f"{tiling}: untiled needs {whole.needed >> 20} MiB, free are {free} MiB"]


def test_auto_asks_little() -> None:
    """Since to ask may be to build an engine."""
    asked: list[int] = []

    class Counting(Fake):
        @classmethod
        def demand(cls, setup: Setup) -> Demand:
            asked.append(setup.clip.width * setup.clip.height)
            return super().demand(setup)

    _, tiling = open_backend(Counting, fake(300, [], 1920, 1080), Auto())
    assert tiling is not None
    before = asked[: asked.index(tiling.size[0] * tiling.size[1])]
    assert len(tiling) > 10
    assert len(before) < 8


def test_without_tiles_the_error_names_those_that_fit_and_they_do() -> None:
    made = fake(150, [])
    with pytest.raises(OutOfMemory, match=r"write tilesize=\[\d+, \d+\] or tiles='auto'") as caught:
        open_backend(Fake, made, None)
    width, height = map(int, str(caught.value).partition("tilesize=[")[2].partition("]")[0].split(", "))
    _, tiling = open_backend(Fake, made, Tiling.of_size((640, 480), (width, height), Auto().overlap))
    assert tiling is not None
    assert tiling.size == (width, height)
    _, chosen = open_backend(Fake, made, Auto())
    assert chosen == tiling


def test_tiles_that_do_not_fit_are_refused_with_those_that_do() -> None:
    made, asked = fake(80, []), Tiling.of_count((640, 480), (2, 1), (16, 16))
    with pytest.raises(OutOfMemory, match=r"write tilesize=\[\d+, \d+\]") as caught:
        open_backend(Fake, made, asked)
    width, height = map(int, str(caught.value).partition("tilesize=[")[2].partition("]")[0].split(", "))
    assert width * height < asked.size[0] * asked.size[1]
    open_backend(Fake, made, Tiling.of_size((640, 480), (width, height), (16, 16)))


@pytest.mark.parametrize("asked", [None, Auto(), Tiling.of_count((640, 480), (2, 2), (16, 16))])
def test_where_nothing_fits_that_is_said(asked: Tiling | Auto | None) -> None:
    with pytest.raises(OutOfMemory, match=r"tiles of \d+x\d+ \(overlap \d+\) do not fit either"):
        open_backend(Fake, fake(10, []), asked)


def test_where_engines_may_not_be_built_the_error_says_that_the_size_is_not_known() -> None:
    class Engines(Fake):
        @classmethod
        def demand(cls, setup: Setup) -> Demand:
            if setup.lanes > 1:
                raise EngineMissing("there is none for 100x100")
            return super().demand(setup)

    with pytest.raises(OutOfMemory, match=r"write tiles='auto' \(.*there is none for 100x100"):
        open_backend(Engines, fake(150, []), None)


def test_other_errors_pass_through() -> None:
    with pytest.raises(BackendUnavailable):
        open_backend(Fake, replace(fake(100, []), device="nonsense"), Auto())


def test_the_fake_needs_what_these_tests_take_for_granted() -> None:
    assert needs(None, fake(100, [])).needed > WORKING_NBYTES * 640 * 480 > 280 << 20
