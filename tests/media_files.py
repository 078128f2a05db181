"""Small files of every kind that a film can be: made by ffmpeg, or by PyAV where ffmpeg makes none."""

import functools
import random
import subprocess
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from vsanimesr.pipeline import find_ffmpeg

SIZE, RATE, FRAMES = (64, 48), Fraction(24), 24
MASTERING = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
BT2020 = "setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084:range=tv"
PICTURES = ("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=24:duration=1")
SOUND = ("-f", "lavfi", "-i", "sine=duration=1:sample_rate=48000")
SURROUND = ("-f", "lavfi", "-i", "aevalsrc=" + "|".join(f"sin({200 + 50 * n}*t)" for n in range(6)) + ":c=5.1:d=1")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-b_strategy", "0", "-pix_fmt", "yuv420p")
FONT = b"\0\1\0\0" + random.Random(3).randbytes(3000)
COVER = (72, 40)

_SUBTITLES = "1\n00:00:00,100 --> 00:00:00,700\n{}\n\n2\n00:00:00,800 --> 00:00:00,950\nend\n"
_CHAPTERS = """;FFMETADATA1
title=A film
artist=Somebody
[CHAPTER]
TIMEBASE=1/1000
START=0
END=500
title=First half
[CHAPTER]
TIMEBASE=1/1000
START=500
END=1000
title=Second half
"""


def maker(factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a file of a kind, a function of this module, once: `make("plain", ".mkv")`."""

    @functools.cache
    def make(kind: str, suffix: str, *arguments: object) -> Path:
        return globals()[kind](factory.mktemp(kind) / f"{kind}{suffix}", *arguments)

    return make


def ffmpeg(*arguments: str | Path) -> None:
    """Runs ffmpeg; fails with its words."""
    command = [find_ffmpeg(), "-v", "error", "-bitexact", "-y", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert not done.returncode, done.stderr


def plain(path: Path) -> Path:
    """24 frames of H.264 with B-frames, and a second of AAC. In MP4 it begins before zero and has an edit list."""
    ffmpeg(*PICTURES, *SOUND, *X264, "-c:a", "aac", path)
    return path


def silent(path: Path) -> Path:
    ffmpeg(*PICTURES, *X264, path)
    return path


def variable(path: Path) -> Path:
    """Frames 40, 46, 52 ... ms apart, with B-frames, and sound."""
    times = ("-vf", "settb=1/90000,setpts=90*(N*40+3*N*(N-1))", "-fps_mode", "passthrough", "-enc_time_base", "1/90000")
    ffmpeg(*PICTURES, *SOUND, *times, *X264, "-c:a", "flac", path)
    return path


def everything(path: Path) -> Path:
    """Sound in 5.1 and a comment in mono, two subtitles, chapters, a font, cover art, tags and dispositions."""
    folder = path.parent
    folder.joinpath("font.ttf").write_bytes(FONT)
    folder.joinpath("tags.txt").write_text(_CHAPTERS)
    for name in ("plain", "forced"):
        folder.joinpath(f"{name}.srt").write_text(_SUBTITLES.format(name))
    cover(folder / "cover.png")
    ffmpeg(
        *PICTURES, *SURROUND, *SOUND,
        "-i", folder / "plain.srt", "-i", folder / "forced.srt", "-i", folder / "tags.txt",
        "-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3", "-map", "4", "-map_metadata", "5", *X264,
        "-c:a", "ac3", "-c:s:0", "subrip", "-c:s:1", "ass",
        "-metadata:s:v", "title=Pictures", "-metadata:s:a:0", "language=jpn", "-metadata:s:a:1", "language=eng",
        "-metadata:s:a:1", "title=Commentary", "-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=ger",
        "-disposition:a:0", "default", "-disposition:a:1", "comment", "-disposition:s:0", "0",
        "-disposition:s:1", "default+forced",
        "-attach", folder / "font.ttf", "-metadata:s:5", "mimetype=application/x-truetype-font",
        "-attach", folder / "cover.png", "-metadata:s:6", "mimetype=image/png", path,
    )  # fmt: skip
    return path


def cover(path: Path) -> Path:
    """A picture."""
    ffmpeg("-f", "lavfi", "-i", "testsrc=size={}x{}".format(*COVER), "-frames:v", "1", path)
    return path


OTHERS = {
    ".ts": ("libx264", "aac"),
    ".avi": ("mpeg4", "libmp3lame"),
    ".webm": ("libvpx", "libopus"),
    ".vob": ("mpeg2video", "ac3"),
    ".flv": ("flv", "aac"),
    ".mov": ("prores_ks", "pcm_s24le"),
}
"""Codecs of video and sound that people keep in other containers."""


def other(path: Path) -> Path:
    """A second of video and sound, in a container that only its suffix says."""
    video, sound = OTHERS[path.suffix]
    ffmpeg(*PICTURES, *SOUND, "-c:v", video, "-c:a", sound, path)
    return path


def two_videos(path: Path) -> Path:
    """Two videos, of which the second, 32 pixels wide, is the default one."""
    small = ("-f", "lavfi", "-i", "testsrc=size=32x32:rate=24:duration=1")
    which = ("-map", "0", "-map", "1", "-disposition:v:0", "0", "-disposition:v:1", "default")
    ffmpeg(*PICTURES, *small, *which, *X264, path)
    return path


def covered(path: Path) -> Path:
    """An MP4 with cover art, text, chapters, and tags."""
    folder = path.parent
    folder.joinpath("tags.txt").write_text(_CHAPTERS)
    folder.joinpath("plain.srt").write_text(_SUBTITLES.format("plain"))
    cover(folder / "cover.png")
    ffmpeg(
        *PICTURES, *SOUND, "-i", folder / "plain.srt", "-i", folder / "cover.png", "-i", folder / "tags.txt",
        "-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_metadata", "4", *X264, "-c:a", "aac",
        "-c:s", "mov_text", "-c:v:1", "copy", "-disposition:v:1", "attached_pic", path,
    )  # fmt: skip
    return path


def hdr10(path: Path, codec: Sequence[str] = ()) -> Path:
    """10 bits, BT.2020, PQ, with a mastering display and light levels: HEVC, or the codec of those options."""
    x265 = f"log-level=none:hdr10=1:master-display={MASTERING}:max-cll=1000,400"
    hevc = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", x265)
    first = path if not codec else path.with_name(f"hevc-{path.name}")
    ffmpeg(*PICTURES, "-frames:v", "6", "-vf", BT2020, "-pix_fmt", "yuv420p10le", *hevc, first)
    if codec:
        ffmpeg("-i", first, *codec, path)
    return path


def dolby_vision(path: Path) -> Path:
    """A Matroska file whose header says Dolby Vision, profile 8.1: in place of a long name of the track."""
    name = "n" * 60
    ffmpeg("-i", hdr10(path.with_name(f"hdr10-{path.name}")), "-c", "copy", "-metadata:s:v", f"title={name}", path)
    profile, level, present, compatible = 8, 1, 0b101, 1
    numbers = (profile << 9 | level << 3 | present).to_bytes(2) + bytes([compatible << 4])
    mapping = b"\x41\xe7\x84dvcC" + b"\x41\xed\x98" + b"\1\0" + numbers + bytes(19)
    element = b"\x41\xe4" + bytes([0x80 | len(mapping)]) + mapping
    old = b"\x53\x6e" + bytes([0x80 | len(name)]) + name.encode()
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(
        content.replace(
            old, element + b"\xec" + bytes([0x80 | len(old) - len(element) - 2]) + bytes(len(old) - len(element) - 2)
        )
    )
    return path


def flash(path: Path, *, delay: float = 0.0, start: float = 0.0, sound: str = "aac") -> Path:
    """Black and silent, then white and loud from 0.5 s on; the video `delay` seconds late, both from `start`."""
    black = ("-f", "lavfi", "-i", "color=black:size=64x48:rate=24:duration=1")
    loud = ("-f", "lavfi", "-i", "aevalsrc=gte(t\\,0.5)*sin(3000*t):duration=1:sample_rate=48000")
    white = f"drawbox=color=white:thickness=fill:enable='gte(t,{0.49 + start + delay})'"
    later = [("-itsoffset", str(start + delay)), ("-itsoffset", str(start))]
    encode = ("-vf", white, *X264, "-c:a", sound)
    ffmpeg(*later[0], *black, *later[1], *loud, "-map", "0", "-map", "1", *encode, "-copyts", path)
    return path


def rotated(path: Path, degrees: int = 90) -> Path:
    """An MP4 whose display matrix turns the picture counter-clockwise, and whose pixels are not square."""
    upright = path.with_name(f"upright-{path.name}")
    ffmpeg(*PICTURES, "-vf", "setsar=3/4", *X264, upright)
    ffmpeg("-display_rotation", str(degrees), "-i", upright, "-c", "copy", path)
    return path


def delayed(path: Path) -> Path:
    """The video begins 0.3 s later than the sound."""
    ffmpeg("-itsoffset", "0.3", *PICTURES, *SOUND, "-map", "0", "-map", "1", *X264, "-c:a", "flac", path)
    return path


def late(path: Path) -> Path:
    """Everything begins at 5 s, with a chapter there."""
    made = plain(path.with_name(f"early-{path.name}"))
    ffmpeg("-itsoffset", "5", "-i", made, "-c", "copy", "-copyts", path)
    return path


def trimmed(path: Path) -> Path:
    """An MP4 whose edit list hides frames at its beginning."""
    long = path.with_name(f"long-{path.name}")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=24:duration=2", *SOUND, *X264, "-g", "48", long)
    ffmpeg("-ss", "0.5", "-i", long, "-c", "copy", path)
    return path


def timecoded(path: Path) -> Path:
    """A QuickTime file with a track of timecode."""
    ffmpeg(*PICTURES, *X264, "-timecode", "01:00:00:00", path)
    return path


def one_frame(path: Path) -> Path:
    ffmpeg(*PICTURES, "-frames:v", "1", *X264, path)
    return path


def zero_frames(path: Path) -> Path:
    """A video stream that has a header and no packet, beside one of sound that has some."""
    with av.open(str(path), "w") as file:
        file.add_stream("ffv1", rate=24, width=64, height=48)
        sound = file.add_stream("flac", rate=48000, layout="mono", format="s16")
        for number in range(4):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 4608), np.int16), "s16", "mono")
            frame.sample_rate, frame.pts = 48000, number * 4608
            file.mux(sound.encode(frame))
        file.mux(sound.encode(None))
    return path


def sound_only(path: Path) -> Path:
    ffmpeg(*SOUND, "-c:a", "flac", path)
    return path


def truncated(path: Path, part: float = 0.6) -> Path:
    """The first part of a file."""
    whole = plain(path.with_name(f"whole-{path.name}")).read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    return path


def text(path: Path) -> Path:
    """A text file under the name of a video."""
    path.write_text("This is no video.\n" * 100)
    return path


def chunks(
    source: Path, folder: Path, ends: Sequence[int], codec: Sequence[str] = X264, video: str = "V:0"
) -> list[Path]:
    """Encodes the frames of a file's video in chunks, one ffmpeg each, which end before those frames.

    The frames are decoded unrotated, and encoded at a constant rate.
    """
    raw = folder / "all.y4m"
    even = ("-map", f"0:{video}", "-vf", "settb=1/24,setpts=N", "-fps_mode", "passthrough")
    ffmpeg("-noautorotate", "-i", source, *even, "-f", "yuv4mpegpipe", "-strict", "-1", raw)
    header, *pictures = raw.read_bytes().split(b"FRAME\n")
    made = []
    for number, (first, end) in enumerate(zip((0, *ends), ends, strict=False)):
        raw.write_bytes(b"FRAME\n".join([header, *pictures[first:end]]))
        made.append(folder / f"chunk{number}.mkv")
        ffmpeg("-i", raw, *codec, made[-1])
    return made
