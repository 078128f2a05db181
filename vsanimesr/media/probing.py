"""What a file holds, read by PyAV: the video that can be upscaled and everything that has to go on with it."""

import hashlib
import math
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.sidedata.sidedata import Type
from av.stream import Discard, Disposition
from av.stream import Stream as AvStream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsanimesr.errors import MediaError
from vsanimesr.media import HDR, Media, Stream, Video, VideoTags
from vsanimesr.media.timestamps import Reading, exact, is_variable, read
from vsanimesr.media.truncation import missing

# ITU-T H.273 by ffmpeg's names; 2 is "unknown" in each.
_MATRICES = {
    0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc",
    10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp",
}  # fmt: skip
_PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 10: "smpte428",
    11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
_TRANSFERS = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100", 10: "log316",
    11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084",
    17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
_RANGES = {1: "tv", 2: "pc"}
_LOCATIONS = {1: "left", 2: "center", 3: "topleft", 4: "top", 5: "bottomleft", 6: "bottom"}

_MIB, _BLOCK, _BLOCKS = 1 << 20, 1 << 16, 64  # what `identity` reads of a file
_LOST = 1.0  # seconds that a file may be shorter than its header says: headers round


def probe(path: Path) -> Media:
    """Reads what a file holds: all of its packets once, and one frame; all frames only where packets do not say enough.

    Raises MediaError for a file that is missing, no media, without video or frames, or cut off.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no file"
        raise MediaError(f"'{path}': {what}; wanted a video file")
    try:
        with av.open(str(path)) as file:
            return _media(path, file)
    except av.error.FFmpegError as exc:
        why = exc.strerror or str(exc)
        raise MediaError(f"'{path}' cannot be read: {why}; wanted a whole file that ffmpeg can play") from exc


def estimate(path: Path) -> float:
    """How many pixels its video has, all frames together, as far as its headers tell: nothing is decoded; 0.0 else."""
    try:
        with av.open(str(path)) as file:
            stream = main_video(file)
            if stream is None:
                return 0.0
            seconds = (file.duration or 0) / av.time_base
            frames = stream.frames or seconds * float(stream.average_rate or stream.guessed_rate or 0)
            return float(frames * stream.codec_context.width * stream.codec_context.height)
    except av.error.FFmpegError:
        return 0.0


def identity(path: Path) -> str:
    """Hashes a file's size, its first and last MiB and 64 blocks of 64 KiB between: hex, of SHA-256.

    The same content under another name has the same; no more than 6 MiB are read. Raises MediaError for no file.
    """
    try:
        size = path.stat().st_size
        digest = hashlib.sha256(f"{size}\n".encode())
        with path.open("rb") as file:
            for at, length in _blocks(size):
                file.seek(at)
                digest.update(file.read(length))
    except OSError as exc:
        raise MediaError(f"'{path}' cannot be read: {exc.strerror}; is it still there?") from exc
    return digest.hexdigest()


def main_video(file: InputContainer) -> VideoStream | None:
    """The video stream that is upscaled: the first default one, else the first, never cover art; None without one."""
    videos = [stream for stream in file.streams.video if not is_still(stream) and stream.codec_context is not None]
    return next((stream for stream in videos if stream.disposition & Disposition.default), next(iter(videos), None))


def is_still(stream: AvStream) -> bool:
    """Whether a stream is cover art or a thumbnail."""
    return bool(stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails))


def is_chapter_text(stream: AvStream) -> bool:
    """Whether a stream of an MP4 file is how the chapters' titles are stored; readers have them as chapters already."""
    return stream.type == "data" and stream.discard == Discard.all


def display_matrix(stream: VideoStream) -> tuple[int, ...] | None:
    """How a player turns the picture: nine numbers as in ffmpeg's AV_PKT_DATA_DISPLAYMATRIX; None where it does not."""
    data = stream.codec_context.coded_side_data.get("display_matrix")
    return struct.unpack("=9i", data) if data else None


def _media(path: Path, file: InputContainer) -> Media:
    stream = main_video(file)
    if stream is None:
        kinds = ", ".join(sorted({str(other.type) for other in file.streams})) or "nothing"
        raise MediaError(f"'{path}' has no video stream, it holds {kinds}; wanted a video file")
    reading = read(path, stream.index)
    _check_whole(path, file, stream, reading)
    start = (file.start_time or 0) / av.time_base
    others = tuple(_stream(other) for other in file.streams if other is not stream and not is_chapter_text(other))
    return Media(
        path=path,
        container=file.format.name,
        size=path.stat().st_size,
        start=start,
        duration=max(0.0, reading.last - start),
        video=_video(file, stream, reading),
        streams=others,
        chapters=len(file.chapters()),
    )


def _check_whole(path: Path, file: InputContainer, stream: VideoStream, reading: Reading) -> None:
    lost = missing(path, file.format.name)
    wanted = stream.frames if file.format.name.startswith("mov") else 0
    duration = (file.duration or 0) / av.time_base
    if lost:
        what = f"{lost} bytes are missing at its end"
    elif reading.packets < wanted:
        what = f"it has {reading.packets} of {wanted} frames"
    elif not reading.timestamps:
        raise MediaError(f"'{path}' has a video stream without a single frame; wanted one frame at least")
    elif reading.last < duration - _LOST:
        what = f"it ends after {reading.last:.1f} of {duration:.1f} seconds"
    else:
        return
    raise MediaError(f"'{path}' was cut off: {what}; copy or download it again, or repair it by a remux")


def _video(file: InputContainer, stream: VideoStream, reading: Reading) -> Video:
    frame = _first_frame(file, stream)
    context = stream.codec_context
    time_base = exact(stream.time_base)
    rate = _rate(stream, reading.timestamps, time_base)
    coded, sar = context.coded_side_data, stream.sample_aspect_ratio
    return Video(
        index=stream.index,
        codec=codec_name(stream),
        width=frame.width,
        height=frame.height,
        pix_fmt=frame.format.name,
        time_base=time_base,
        timestamps=reading.timestamps,
        end=reading.end,
        frame_rate=rate,
        variable=is_variable(reading.timestamps, time_base, rate),
        sar=(sar and exact(sar)) or Fraction(1),
        rotation=_rotation(display_matrix(stream)),
        tags=_tags(context),
        hdr=_hdr(context, frame),
        dolby_vision="dovi_conf" in coded or Type.DOVI_METADATA in frame.side_data,
        interlaced=frame.interlaced_frame or context.field_order > 1,
    )


def _first_frame(file: InputContainer, stream: VideoStream) -> VideoFrame:
    for frame in file.decode(stream):
        return frame
    raise MediaError(f"'{file.name}': not one frame of its video can be decoded; wanted one at least")


def codec_name(stream: AvStream) -> str:
    """ffmpeg's name of a stream's codec, whatever decodes it; '' where there is none that is known."""
    return stream.codec_context.codec.canonical_name if stream.codec_context is not None else ""


def _rate(stream: VideoStream, timestamps: tuple[int, ...], time_base: Fraction) -> Fraction:
    for guess in (stream.guessed_rate, stream.average_rate):
        if guess and not is_variable(timestamps, time_base, exact(guess)):
            return exact(guess)
    if len(timestamps) < 2:
        return Fraction(25)
    return (len(timestamps) - 1) / ((timestamps[-1] - timestamps[0]) * time_base)


def _rotation(matrix: tuple[int, ...] | None) -> int:
    """Degrees, clockwise, to the next quarter turn."""
    if matrix is None:
        return 0
    return round(math.degrees(math.atan2(matrix[1], matrix[0])) / 90) * 90 % 360


def _tags(context: VideoCodecContext) -> VideoTags:
    return VideoTags(
        _MATRICES.get(context.colorspace, ""),
        _PRIMARIES.get(context.color_primaries, ""),
        _TRANSFERS.get(context.color_trc, ""),
        _RANGES.get(context.color_range, ""),
        _LOCATIONS.get(context.chroma_sample_location, ""),
    )


def _hdr(context: VideoCodecContext, frame: VideoFrame) -> HDR | None:
    """From the container, else from the first frame."""
    coded, side = context.coded_side_data, frame.side_data
    mastering = coded.get("mastering_display_metadata") or _bytes(side.get(Type.MASTERING_DISPLAY_METADATA))
    light = coded.get("content_light_level") or _bytes(side.get(Type.CONTENT_LIGHT_LEVEL))
    if not mastering and not light:
        return None
    cll, fall = struct.unpack_from("=2I", light) if light else (0, 0)
    return HDR(_mastering(mastering) if mastering else "", cll, fall)


def _bytes(data: object) -> bytes:
    return b"" if data is None else bytes(memoryview(data))  # type: ignore[arg-type]


def _mastering(data: bytes) -> str:
    """x265's spelling of AVMasteringDisplayMetadata: ten fractions, then which of them are valid."""
    numbers = struct.unpack_from("=20i2i", data)
    values = [Fraction(*pair) if pair[1] else Fraction() for pair in zip(numbers[:20:2], numbers[1:20:2], strict=True)]
    red, green, blue, white = ([round(value * 50000) for value in values[at : at + 2]] for at in (0, 2, 4, 6))
    least, most = (round(value * 10000) for value in values[8:])
    if not (numbers[20] and numbers[21]):
        return ""
    named = zip(("G", "B", "R", "WP", "L"), (green, blue, red, white, (most, least)), strict=True)
    return "".join(f"{name}({first},{second})" for name, (first, second) in named)


def _stream(stream: AvStream) -> Stream:
    kind = stream.type if stream.type in {"audio", "subtitle", "attachment", "video"} else "data"
    title = stream.metadata.get("title") or (stream.metadata.get("filename", "") if kind == "attachment" else "")
    language = (stream.language or "").replace("und", "")
    return Stream(stream.index, kind, codec_name(stream), language, title)


def _blocks(size: int) -> Iterator[tuple[int, int]]:
    """Where to read and how much."""
    yield 0, _MIB
    if size > _MIB:
        yield max(_MIB, size - _MIB), _MIB
    between = size - 2 * _MIB
    if between > 0:
        for number in range(_BLOCKS):
            at = _MIB + number * between // _BLOCKS
            yield at, min(_BLOCK, _MIB + between - at)
