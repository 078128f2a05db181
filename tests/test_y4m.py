"""Streams of frames: of any size and format, in whatever pieces they arrive, and whatever they are cut to."""

import os
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vsanimesr.errors import PipelineError
from vsanimesr.jobs import pipes, y4m

FORMATS = {  # colour: samples for a frame of 2 x 2 blocks, bytes a sample
    "420": (6, 1), "420jpeg": (6, 1), "420p10": (6, 2), "422": (8, 1), "422p16": (8, 2), "444": (12, 1),
    "444p12": (12, 2), "mono": (4, 1), "mono16": (4, 2),
}  # fmt: skip
WAYS = pytest.mark.parametrize("way", [pipes.copied, pipes.move], ids=["copied", "moved"])
quick = settings(max_examples=40)


@contextmanager
def piped(pieces: Sequence[bytes]) -> Generator[int, None, None]:
    """The reading end of a pipe into which somebody writes piece after piece."""
    source, sink = os.pipe()

    def write() -> None:
        for piece in pieces:
            pipes.write(sink, piece)
        os.close(sink)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield source
    finally:
        writer.join()
        os.close(source)


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[bytes], list[bytes], int | None]:
    """A header line, the lines and the samples of frames, and the length that the header tells."""
    colour = draw(st.sampled_from(sorted(FORMATS)))
    blocks, (samples, nbytes) = draw(st.tuples(st.integers(1, 9), st.integers(1, 9))), FORMATS[colour]
    count = draw(st.integers(0, 5))
    length = draw(st.sampled_from([None, count]))
    words = [f"W{2 * blocks[0]}", f"H{2 * blocks[1]}", f"C{colour}", "F24000:1001", "Ip", "A0:0", "XW99"]
    words += [] if length is None else [f"XLENGTH={length}"]
    header = " ".join(["YUV4MPEG2", *draw(st.permutations(words))]).encode() + b"\n"
    size = blocks[0] * blocks[1] * samples * nbytes
    text = st.binary(max_size=12).map(lambda data: data.replace(b"\n", b" "))
    lines = [draw(st.sampled_from([b"FRAME\n", b"FRAME " + draw(text) + b"\n"])) for _ in range(count)]
    frames = [draw(st.binary(min_size=1, max_size=4)) * size for _ in range(count)]
    return header, lines, [frame[:size] for frame in frames], length


@st.composite
def cuts(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The data in pieces, some of a single byte."""
    at = sorted(draw(st.lists(st.integers(0, len(data)), max_size=9)))
    return [data[first:end] for first, end in pairwise([0, *at, len(data)])]


@quick
@given(st.data())
def test_frames_are_found_however_they_arrive(data: st.DataObject) -> None:
    line, lines, frames, length = data.draw(streams())
    whole = line + b"".join(text + samples for text, samples in zip(lines, frames, strict=True))
    with piped(data.draw(cuts(whole))) as source:
        header = y4m.read_header(source)
        assert header.frames == length
        assert b"XLENGTH" not in header.line
        assert y4m.Header.parse(header.line).nbytes == header.nbytes
        assert sorted(header.line.split()) == sorted(word for word in line.split() if b"XLENGTH" not in word)
        for text, samples in zip(lines, frames, strict=True):
            assert y4m.read_frame_line(source) == text
            assert pipes.read(source, header.nbytes) == samples
        assert y4m.read_frame_line(source) == b""


@pytest.mark.parametrize(
    ("colour", "nbytes"),
    [("420", 15 + 2 * 6), ("422", 15 + 2 * 9), ("444", 45), ("mono", 15), ("420p10", 2 * 27), ("411", 15 + 2 * 6),
     ("440", 15 + 2 * 10), ("410", 15 + 2 * 2), ("420mpeg2", 27), ("420paldv", 27), ("mono10", 30)],
)  # fmt: skip
def test_odd_sizes_are_rounded_up(colour: str, nbytes: int) -> None:
    assert y4m.Header.parse(f"YUV4MPEG2 W5 H3 C{colour}".encode()).nbytes == nbytes


def test_a_stream_without_colour_is_420() -> None:
    assert y4m.Header.parse(b"YUV4MPEG2 W4 H2 F24:1\n").nbytes == 12


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"YUV4MPEG W4 H4\n", b"YUV4MPEG2 W4\n", b"YUV4MPEG2 H4\n", b"YUV4MPEG2 W0 H4\n", b"YUV4MPEG2 W-4 H4",
     b"YUV4MPEG2 W4 H4 Cxyz\n", b"YUV4MPEG2 W4 H4 C444alpha\n", b"YUV4MPEG2 W\xff H4\n", b"YUV4MPEG2 W4 H4 XLENGTH=x"],
)  # fmt: skip
def test_what_is_no_header_is_refused(line: bytes) -> None:
    with pytest.raises(PipelineError, match="no YUV4MPEG2"):
        y4m.Header.parse(line)


@quick
@given(st.data())
def test_a_stream_that_is_cut_ends_where_it_was_cut(data: st.DataObject) -> None:
    line, lines, frames, _ = data.draw(streams())
    ends = list(accumulate([line, *(text + samples for text, samples in zip(lines, frames, strict=True))], initial=b""))
    cut = data.draw(st.integers(0, len(ends[-1])))
    whole = sum(len(end) <= cut for end in ends[2:])
    seen = 0
    with piped([ends[-1][:cut]]) as source:
        try:
            header = y4m.read_header(source)
            while y4m.read_frame_line(source):
                if len(pipes.read(source, header.nbytes)) < header.nbytes:
                    raise EOFError
                seen += 1
            over = True
        except EOFError:
            over = False
    assert seen == whole
    assert over == (cut in [len(end) for end in ends[1:]])


@pytest.mark.parametrize("text", [b"FRAMES", b"xFRAME\n", b"\0" * 9, b"FRAM\nE", b"FRAME " + b"x" * 5000])
def test_what_is_no_frame_is_refused(text: bytes) -> None:
    with piped([text]) as source, pytest.raises(PipelineError, match="no YUV4MPEG2"):
        y4m.read_frame_line(source)


@WAYS
@quick
@given(st.data())
def test_exactly_so_many_bytes_are_moved(way: pipes.Move, data: st.DataObject) -> None:
    whole = bytes(range(256)) * data.draw(st.integers(0, 40)) + data.draw(st.binary(max_size=300))
    count = data.draw(st.integers(0, len(whole) + 100))
    back, front = os.pipe()
    with piped(data.draw(cuts(whole))) as source:
        moved = way(source, front, count)
        os.close(front)
        assert moved == min(count, len(whole))
        assert pipes.read(back, count + 1) == whole[:count]
        assert pipes.read(source, len(whole)) == whole[count:]
    os.close(back)


@WAYS
def test_more_than_any_pipe_holds(way: pipes.Move) -> None:
    whole, got = bytes(range(251)) * 20000, bytearray()
    back, front = os.pipe()
    pipes.enlarge(front)
    reader = threading.Thread(target=lambda: got.extend(pipes.read(back, len(whole))))
    reader.start()
    with piped([whole]) as source:
        assert way(source, front, len(whole)) == len(whole)
    reader.join()
    assert got == whole
    os.close(back)
    os.close(front)


@WAYS
def test_a_target_that_nobody_reads_is_said(way: pipes.Move) -> None:
    back, front = os.pipe()
    os.close(back)
    with piped([b"abc"]) as source, pytest.raises(BrokenPipeError):
        way(source, front, 3)
    os.close(front)


def test_what_is_no_pipe_is_moved_as_well(tmp_path) -> None:
    (tmp_path / "source").write_bytes(b"abc" * 1000)
    with (tmp_path / "source").open("rb") as source, (tmp_path / "target").open("wb") as target:
        assert pipes.move(source.fileno(), target.fileno(), 4000) == 3000
    assert (tmp_path / "target").read_bytes() == b"abc" * 1000
