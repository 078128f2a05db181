"""Encoded chunks as the video of a file: every frame at its time, with everything else at its own."""

import itertools
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import media_files as files
from tests.joining import CODECS, content, described, encoded, flash, frames, joined, same, tags, times
from vsanimesr.media.chunk_packets import Chunks, Times, examine, packets
from vsanimesr.media.join import join
from vsanimesr.media.probing import probe

HALF_A_FRAME = 0.5 / 24
SUFFIXES = [(".mkv", ".mkv"), (".mkv", ".mp4"), (".mp4", ".mkv"), (".mp4", ".mp4")]
SLOW = pytest.mark.slow


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Makes a file of a kind, once."""
    return files.maker(tmp_path_factory)


@pytest.mark.parametrize("suffix", [".mkv", pytest.param(".mp4", marks=SLOW)])
def test_frames_are_the_chunks_at_the_times_of_the_source(suffix, made, tmp_path):
    source, output = made("plain", suffix), tmp_path / f"out{suffix}"
    chunks = joined(source, output, files.X264)
    assert same(frames(output), [frame for chunk in chunks for frame in frames(chunk)])
    assert times(output) == times(source)
    assert content(output, 1) == content(source, 1)


@pytest.mark.slow
def test_a_lossless_codec_gives_the_frames_of_the_source(made, tmp_path):
    source, output = made("plain", ".mp4"), tmp_path / "out.mkv"
    joined(source, output)
    assert same(frames(output), frames(source))


@pytest.mark.slow
@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("kind", ["variable", "delayed", "late", "trimmed"])
@pytest.mark.parametrize("suffixes", SUFFIXES, ids="".join)
def test_every_codec_in_every_container(codec, kind, suffixes, made, tmp_path):
    source, output = made(kind, suffixes[0]), tmp_path / f"out{suffixes[1]}"
    chunks = joined(source, output, CODECS[codec])
    assert same(frames(output), [frame for chunk in chunks for frame in frames(chunk)])
    rounding = 0 if suffixes[1] == ".mp4" else Fraction(1, 2000)
    for got, wanted in zip(times(output), times(source), strict=True):
        assert abs(got - wanted) <= rounding
    assert [data for _, data in content(output, 1)] == [data for _, data in content(source, 1)]


def test_picture_and_sound_stay_together(tmp_path):
    stay_together((".mkv", ".mp4"), 0.25, 0, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "suffixes", [(".mkv", ".mkv"), (".mp4", ".mp4"), (".mkv", ".mp4"), (".mp4", ".mkv")], ids="".join
)
@pytest.mark.parametrize(("delay", "start"), [(0, 0), (0.25, 5), (0, 5)])
def test_picture_and_sound_stay_together_wherever_they_start(suffixes, delay, start, tmp_path):
    stay_together(suffixes, delay, start, tmp_path)


def stay_together(suffixes: tuple[str, str], delay: float, start: float, tmp_path: Path) -> None:
    source, output = tmp_path / f"in{suffixes[0]}", tmp_path / f"out{suffixes[1]}"
    files.flash(source, delay=delay, start=start)
    joined(source, output, files.X264)
    (seen, heard), (saw, hard) = flash(output), flash(source)
    assert seen - heard == pytest.approx(saw - hard, abs=0.002)
    assert seen - heard == pytest.approx(delay, abs=HALF_A_FRAME)
    assert seen == pytest.approx(0.5 + start + delay, abs=HALF_A_FRAME + 0.022)


@pytest.mark.slow
def test_variable_rates_are_exact_in_mp4_and_rounded_once_in_mkv(made, tmp_path):
    source = made("variable", ".mp4")
    joined(source, tmp_path / "out.mp4", files.X264)
    assert times(tmp_path / "out.mp4") == times(source)
    joined(source, tmp_path / "out.mkv", files.X264)
    assert times(tmp_path / "out.mkv") == [Fraction(round(stamp * 1000), 1000) for stamp in times(source)]


@pytest.mark.parametrize("kind", ["one_frame", "silent"])
@pytest.mark.parametrize("suffix", [".mkv", pytest.param(".mp4", marks=SLOW)])
def test_little_to_join(kind, suffix, made, tmp_path):
    source, output = made(kind, ".mkv"), tmp_path / f"out{suffix}"
    joined(source, output, files.X264, ends=[1] if kind == "one_frame" else None)
    assert times(output) == times(source)
    assert len(described(output)) == 1


def test_progress_reaches_the_end(made, tmp_path):
    told: list[tuple[int, int]] = []
    joined(made("plain", ".mkv"), tmp_path / "out.mkv", progress=lambda *numbers: told.append(numbers))
    assert told == [(done, files.FRAMES) for done in range(files.FRAMES + 1)]


@st.composite
def reordered(draw) -> Chunks:
    """Chunks whose frames come in any order in which a decoder with a small buffer can show them."""
    orders = []
    for size in draw(st.lists(st.integers(1, 12), min_size=1, max_size=4)):
        keys = [(number + draw(st.integers(0, 3)), number) for number in range(1, size)]
        orders.append((0, *(number for _, number in sorted(keys))))
    return Chunks(tuple(Path(str(number)) for number in range(len(orders))), tuple(orders))


@given(chunks=reordered(), steps=st.lists(st.integers(1, 90), min_size=48, max_size=48), start=st.integers(-99, 9999))
def test_decoding_times_increase_and_are_never_late(chunks, steps, start):
    stamps = [start + sum(steps[:number]) for number in range(chunks.frames)]
    with pytest.MonkeyPatch.context() as patch:
        made = [[av.Packet(1) for _ in order] for order in chunks.orders]
        patch.setattr("vsanimesr.media.chunk_packets._packets", lambda path: made[int(path.name)])
        out = list(packets(chunks, Times(stamps, stamps[-1] + 1, Fraction(1, 1000))))
    assert sorted(packet.pts for packet in out) == stamps
    assert all(packet.dts <= packet.pts for packet in out)
    assert all(one.dts < other.dts for one, other in itertools.pairwise(out))


def test_the_order_of_frames_is_read(made):
    chunks = examine(encoded(made("plain", ".mkv"), files.X264, None))
    assert [sorted(order) for order in chunks.orders] == [list(range(7)), [0], list(range(16))]
    assert chunks.delay > 0


@pytest.mark.slow
@pytest.mark.parametrize("output", ["out.mkv", "out.mp4"])
@pytest.mark.parametrize("suffix", files.OTHERS)
def test_from_other_containers(suffix, output, made, tmp_path):
    source = made("other", suffix)
    joined(source, tmp_path / output, files.X264)
    got, wanted = times(tmp_path / output), times(source)
    assert [float(time - got[0]) for time in got] == pytest.approx([float(t - wanted[0]) for t in wanted], abs=0.001)
    number = next(stream.index for stream in probe(source).streams if stream.kind == "audio")
    sound, original = content(tmp_path / output, number), content(source, number)
    assert len(sound) == len(original)
    assert sound[0][0] - float(got[0]) == pytest.approx(original[0][0] - float(wanted[0]), abs=0.002)


@pytest.mark.parametrize("suffix", [".mkv", pytest.param(".mp4", marks=SLOW)])
@pytest.mark.parametrize(("first", "end"), [(6, 18), pytest.param(0, 9, marks=SLOW), pytest.param(10, 24, marks=SLOW)])
def test_a_part_of_a_source(first, end, suffix, made, tmp_path):
    source, output = made("flash", suffix), tmp_path / f"out{suffix}"
    stamps = probe(source).video.timestamps[first:end]
    chunks = encoded(made("flash", suffix), CODECS["ffv1"], (first, end) if first else (end,))
    join(probe(source), chunks[-1:], output, timestamps=stamps)
    assert same(frames(output), frames(source)[first:end])
    assert times(output)[0] == times(source)[0]
    media = probe(output)
    assert media.start == pytest.approx(0, abs=0.022)
    assert media.duration == pytest.approx((end - first) / 24, abs=0.05)
    if first < 12 < end:
        seen, heard = flash(output)
        assert (seen, heard) == pytest.approx((0.5 - first / 24,) * 2, abs=HALF_A_FRAME)


def test_a_part_has_its_own_chapters_and_subtitles(made, tmp_path):
    source, output = made("everything", ".mkv"), tmp_path / "out.mkv"
    chunks = encoded(source, CODECS["ffv1"], (9, 20))
    join(probe(source), chunks[1:], output, timestamps=probe(source).video.timestamps[9:20])
    first = Fraction(375, 1000)
    assert tags(output)[1] == [
        (0, Fraction(1, 2) - first, {"title": "First half"}),
        (Fraction(1, 2) - first, Fraction(833, 1000) - first, {"title": "Second half"}),
    ]
    assert [time for time, _ in content(output, 3)] == pytest.approx([0, 0.8 - float(first)])
    assert content(output, 6) == content(source, 6)
