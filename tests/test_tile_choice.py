"""Which tiles a clip gets: as asked, or as few as fit the memory; and what is said where it does not fit."""

import math
from dataclasses import replace

import pytest

from tests.networks import setup
from vsanimesr.backends.base import Demand, EngineSetup, Setup
from vsanimesr.backends.fake import WORKING_NBYTES, Fake
from vsanimesr.backends.tiled import Tiled, open_backend, tile_setup
from vsanimesr.errors import BackendUnavailable, DeviceError, EngineMissing, OutOfMemory
from vsanimesr.spec import FORMATS
from vsanimesr.tiles import Auto, Tiling, candidates


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


def test_a_single_tile_is_no_tiling_and_said() -> None:
    lines: list[str] = []
    asked = Tiling.of_count((640, 18), (1, 2), (24, 24))
    backend, tiling = open_backend(Fake, fake(9000, lines, 640, 18), asked)
    assert isinstance(backend, Fake)
    assert tiling is None
    assert lines == ["tiles=1x1 of 640x18 (overlap 24): the frame is not divided"]


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
    width, height = tilesize(caught.value)
    _, tiling = open_backend(Fake, made, Tiling.of_size((640, 480), (width, height), Auto().overlap))
    assert tiling is not None
    assert tiling.size == (width, height)
    _, chosen = open_backend(Fake, made, Auto())
    assert chosen == tiling


def test_tiles_that_do_not_fit_are_refused_with_those_that_do() -> None:
    made, asked = fake(80, []), Tiling.of_count((640, 480), (2, 1), (16, 16))
    with pytest.raises(OutOfMemory, match=r"write tilesize=\[\d+, \d+\]") as caught:
        open_backend(Fake, made, asked)
    width, height = tilesize(caught.value)
    assert width * height < asked.size[0] * asked.size[1]
    open_backend(Fake, made, Tiling.of_size((640, 480), (width, height), (16, 16)))


@pytest.mark.parametrize("asked", [None, Auto(), Tiling.of_count((640, 480), (2, 2), (16, 16))])
def test_where_nothing_fits_that_is_said(asked: Tiling | Auto | None) -> None:
    with pytest.raises(OutOfMemory, match=r"smaller tiles, down to \d+x\d+ with overlap=\d+, do not help; free memory"):
        open_backend(Fake, fake(10, []), asked)


class Locked(Fake):
    """Fits by what it needs of the device, and then there is no page-locked memory."""

    def __init__(self, setup: Setup) -> None:
        raise OutOfMemory("page-locked memory: none left")


@pytest.mark.parametrize("free", [9000, 150])
@pytest.mark.parametrize("asked", [None, Auto(), Tiling.of_count((640, 480), (2, 2), (16, 16))])
def test_what_just_failed_is_not_advised(asked: Tiling | Auto | None, free: int) -> None:
    made = fake(free, [])
    failed = asked
    if isinstance(asked, Auto):
        _, failed = open_backend(Fake, made, asked)
    with pytest.raises(OutOfMemory, match=r"^page-locked memory: none left; write tilesize=\[") as caught:
        open_backend(Locked, made, asked)
    size = failed.size if isinstance(failed, Tiling) else (640, 480)
    assert math.prod(tilesize(caught.value)) < math.prod(size)
    fitted = isinstance(asked, Auto) or needs(failed, made).fits
    assert ("tiles='auto'" in str(caught.value)) == (not fitted)  # which would come to what failed


def test_smaller_tiles_that_take_more_are_not_advised() -> None:
    class States(Locked):
        """Nothing but states, which are more the more tiles overlap."""

        @classmethod
        def demand(cls, setup: Setup) -> Demand:
            return Demand(1000 * setup.lanes * setup.clip.width * setup.clip.height, 9000 << 20)

    with pytest.raises(OutOfMemory, match=r"none left; smaller tiles, down to \d+x\d+ with overlap=32, do not help"):
        open_backend(States, fake(9000, []), None)


def test_where_there_are_no_smaller_tiles_none_are_advised() -> None:
    made = fake(9000, [], 32, 24)
    smallest = Tiling.of_count((32, 24), (2, 2), (0, 0))
    assert smallest == min(candidates((32, 24), (0, 0)), key=lambda tiling: math.prod(tiling.size))
    with pytest.raises(
        OutOfMemory, match=r"none left; there are no smaller tiles with overlap=0; free memory, or write slots=1$"
    ):
        open_backend(Locked, made, smallest)


def tilesize(error: OutOfMemory) -> tuple[int, int]:
    """What an error says to write."""
    width, height = map(int, str(error).partition("tilesize=[")[2].partition("]")[0].split(", "))
    return width, height


class Engines(Fake):
    """Needs engines: there are those of whole frames, unless `missing` says so; others would have to be built."""

    built = 0
    missing = False

    @classmethod
    def demand(cls, setup: Setup) -> Demand:
        if setup.lanes > 1 or cls.missing:
            if not setup.engines.build:
                raise EngineMissing(f"there is none for {setup.clip.width}x{setup.clip.height}\nBuild it")
            cls.built += 1
        return cls.takes(setup)

    @classmethod
    def takes(cls, setup: Setup) -> Demand:
        """Much for computing, and something for the states of each lane."""
        lane = 900 if setup.precision == "fp32" else 450
        nbytes = setup.clip.width * setup.clip.height * (4000 + lane * setup.lanes)
        return Demand(nbytes, super().demand(setup).free)


@pytest.mark.parametrize("precision", ["auto", "fp32"])
@pytest.mark.parametrize("free", [800, 1000, 1200])
def test_no_engines_are_built_for_an_error_which_names_what_is_estimated_to_fit(precision: str, free: int) -> None:
    class Counted(Engines):
        built = 0

    made = replace(fake(free, []), precision=precision)
    with pytest.raises(OutOfMemory, match=r"; write tilesize=\[\d+, \d+\] \(estimated\) or tiles='auto'$") as caught:
        open_backend(Counted, made, None)
    assert Counted.built == 0
    asked = Tiling.of_size((640, 480), tilesize(caught.value), Auto().overlap)
    assert Engines.takes(tile_setup(made, asked)).fits
    _, best = open_backend(Engines, made, Auto())
    assert best is not None
    assert len(best) <= len(asked) <= 2 * len(best)


def test_where_nothing_can_be_estimated_the_error_names_auto() -> None:
    class Missing(Engines):
        built, missing = 0, True

        def __init__(self, setup: Setup) -> None:
            raise OutOfMemory("the engine was not built: no memory")

    class Unknown(Missing):
        missing = False

        @classmethod
        def demand(cls, setup: Setup) -> Demand:
            demand = super().demand(setup)
            return Demand(demand.free + 1, demand.free, known=False) if setup.lanes == 1 else demand

    class Tight(Engines):
        """By the estimate nothing fits."""

        built = 0

    for cls, free in ((Missing, 9000), (Unknown, 9000), (Tight, 300)):
        with pytest.raises(OutOfMemory) as caught:
            open_backend(cls, fake(free, []), None)
        assert cls.built == 0
        said = "; write tiles='auto' (which tiles fit is not known without engines of their sizes)"
        assert str(caught.value).endswith(said)


def test_auto_takes_tiles_where_it_is_not_even_known_what_the_whole_frame_needs() -> None:
    class Unbuildable(Fake):
        @classmethod
        def demand(cls, setup: Setup) -> Demand:
            demand = super().demand(setup)
            return demand if setup.lanes > 2 else Demand(demand.free + 1, demand.free, known=False)

    lines: list[str] = []
    _, tiling = open_backend(Unbuildable, fake(900, lines), Auto())
    assert tiling is not None
    assert len(tiling) == 3
    assert lines == [f"{tiling}: untiled needs more than the 900 MiB that are free"]


def test_an_error_in_the_search_for_advice_does_not_hide_what_went_wrong() -> None:
    class Broken(Locked):
        @classmethod
        def demand(cls, setup: Setup) -> Demand:
            raise DeviceError("the device is lost")

    with pytest.raises(OutOfMemory, match=r"none left; write tiles='auto' .*: the device is lost"):
        open_backend(Broken, fake(9000, []), None)


def test_other_errors_pass_through() -> None:
    with pytest.raises(BackendUnavailable):
        open_backend(Fake, replace(fake(100, []), device="nonsense"), Auto())


def test_the_fake_needs_what_these_tests_take_for_granted() -> None:
    assert needs(None, fake(100, [])).needed > WORKING_NBYTES * 640 * 480 > 280 << 20
