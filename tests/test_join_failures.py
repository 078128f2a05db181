"""Joins that cannot be: the error says which file and what to do, and nothing half-written stays."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import media_files as files
from tests.joining import FFV1, encoded, joined
from vsanimesr.errors import ArgumentError, JobError, MediaError, PipelineError
from vsanimesr.media import join as join_module
from vsanimesr.media import joined_video
from vsanimesr.media.join import join
from vsanimesr.media.probing import probe


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Makes a file of a kind, once."""
    return files.maker(tmp_path_factory)


def test_a_missing_frame_is_an_error_and_the_old_file_stays(made, tmp_path):
    output = tmp_path / "out.mkv"
    output.write_text("old")
    with pytest.raises(JobError, match="have 23 frames, wanted 24"):
        joined(made("plain", ".mkv"), output, ends=[9, 23])
    assert output.read_text() == "old"


def test_chunks_of_different_settings_are_refused(made, tmp_path):
    source = made("silent", ".mkv")
    (one,), (other,), (third,) = (
        encoded(source, codec, (12,)) for codec in (files.X264, (*files.X264, "-bf", "0"), FFV1)
    )
    with pytest.raises(JobError, match="differ in their codec header"):
        join(probe(source), [one, other], tmp_path / "out.mkv")
    with pytest.raises(JobError, match="differ in their codec: ffv1 and h264"):
        join(probe(source), [one, third], tmp_path / "out.mkv")


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "sound"])
def test_a_damaged_chunk_is_named(damage, made, tmp_path):
    source = made("silent", ".mkv")
    first, second = encoded(source, files.X264, (8,))[0], tmp_path / "chunk1.mkv"
    if damage == "empty":
        second.touch()
    elif damage == "text":
        files.text(second)
    elif damage == "sound":
        files.sound_only(second)
    with pytest.raises(JobError, match=r"chunk1.mkv.*made anew"):
        join(probe(source), [first, second], tmp_path / "out.mkv")


def test_no_chunks(made, tmp_path):
    with pytest.raises(JobError, match="no chunks"):
        join(probe(made("silent", ".mkv")), [], tmp_path / "out.mkv")


@pytest.mark.parametrize("name", ["out", "out.film", "out.txt"])
def test_an_unknown_container(name, made, tmp_path):
    with pytest.raises(ArgumentError, match=r"no container.*\.mkv"):
        joined(made("silent", ".mkv"), tmp_path / name)


def test_a_container_that_cannot_carry_the_codec(made, tmp_path):
    with pytest.raises(MediaError, match=r"new video.*ffv1"):
        joined(made("silent", ".mkv"), tmp_path / "out.mov")


def test_a_source_that_has_gone(tmp_path):
    source = files.plain(tmp_path / "in.mkv")
    media, chunks = probe(source), encoded(source, FFV1, (24,))
    source.unlink()
    with pytest.raises(MediaError, match="still there"):
        join(media, chunks, tmp_path / "out.mkv")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("-frames:v", "20"), "has 20 frames, wanted 24"),
        (("-bsf:v", "setts=pts=PTS*1.1:dts=DTS*1.1"), "frame [1-9]+ of the joined file is .* s off"),
        (("-t", "0"), "cannot be read|has 0 frames"),
    ],
)
def test_a_file_that_came_out_wrong_is_not_kept(change, words, made, tmp_path, monkeypatch):
    def lossy(parts, path, output, report):
        joined_mux(parts, path, output, report)
        files.ffmpeg("-i", path, "-c", "copy", *change, tmp_path / "changed.mkv")
        (tmp_path / "changed.mkv").replace(path)

    joined_mux = join_module.mux
    monkeypatch.setattr(join_module, "mux", lossy)
    with pytest.raises(JobError, match=words):
        joined(made("silent", ".mkv"), tmp_path / "out.mkv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_rotated_chunks_are_refused(made, tmp_path):
    upright = encoded(made("silent", ".mkv"), (*FFV1, "-vf", "transpose"), None)
    with pytest.raises(JobError, match=r"48x64, wanted a multiple of 64x48.*without rotating"):
        join(probe(made("rotated", ".mp4")), upright, tmp_path / "out.mkv")


@pytest.mark.slow
def test_ffmpeg_that_fails_is_quoted(made, tmp_path, monkeypatch):
    monkeypatch.setitem(joined_video._ENCODERS, "ffv1", ("no_such_encoder",))
    with pytest.raises(PipelineError, match=r"(?s)ffmpeg failed.*command: .*-c:v no_such_encoder.*Unknown encoder"):
        joined(made("hdr10", ".mkv"), tmp_path / "out.mkv", ends=(6,))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_join_left_is_written_over(made, tmp_path):
    (tmp_path / ".out.joining.mkv").write_bytes(bytes(100_000))
    joined(made("plain", ".mkv"), tmp_path / "out.mkv")
    assert [path.name for path in tmp_path.iterdir()] == ["out.mkv"]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from vsanimesr.errors import JobError
from vsanimesr.media.join import join
from vsanimesr.media.probing import probe
source, output, limit, *chunks = sys.argv[1:]
media = probe(Path(source))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    join(media, [Path(chunk) for chunk in chunks], Path(output))
except JobError as error:
    sys.exit(f"JobError: {error}")
"""


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
@pytest.mark.parametrize("part", [0.01, 0.5, 0.9999])
def test_a_file_that_may_not_grow(suffix, part, made, tmp_path):
    source, output = made("plain", ".mkv"), tmp_path / f"out{suffix}"
    chunks = joined(source, output)
    limit = int(output.stat().st_size * part)
    output.unlink()
    command = [sys.executable, "-c", LIMITED, source, output, str(limit), *chunks]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    assert done.returncode == 1
    assert "JobError" in done.stderr
    assert "files may not be that large here" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk(made, tmp_path):
    source = made("plain", ".mkv")
    chunks = encoded(source, FFV1, (24,))
    (tmp_path / ".out.joining.mkv").symlink_to("/dev/full")
    with pytest.raises(JobError, match=r"the disk is full.*free some space"):
        join(probe(source), chunks, tmp_path / "out.mkv")
    assert not (tmp_path / "out.mkv").exists()
