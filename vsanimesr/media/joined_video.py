"""The stream of the joined video: the chunks' codec, and what the source's container says about its own video."""

import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from vsanimesr.children import Family, read
from vsanimesr.errors import JobError, PipelineError
from vsanimesr.media import Media
from vsanimesr.media.matroska import PADDING
from vsanimesr.media.probing import codec_name, display_matrix
from vsanimesr.pipeline import find_ffmpeg

_STALE = ("bps", "duration", "encoder", "number_of_", "source_id", "vendor_id", "_statistics_")
"""How tags begin that say something about the source's encoding of the video."""
_HDR10 = {"mastering_display_metadata", "content_light_level"}
_ENCODERS = {
    "ffv1": ("ffv1",),
    "h264": ("libx264",),
    "hevc": ("libx265", "hevc_nvenc"),
    "av1": ("libsvtav1", "libaom-av1", "av1_nvenc"),
}
"""Which of ffmpeg's encoders make a codec."""
_UNSAID = {"colorspace": 2, "color_primaries": 2, "color_trc": 2, "color_range": 0, "chroma_sample_location": 0}
"""The values that mean "unspecified", by PyAV's names of the tags."""


def add_video(media: Media, source: VideoStream, chunk: Path, output: OutputContainer) -> VideoStream:
    """Adds the stream for the chunks' packets, in the source's time base; `chunk` is the first of them.

    Size, codec and its header are the chunks', and so are colour tags that they have; everything else is the source's.
    Raises JobError for chunks that were rotated or cropped, PipelineError where ffmpeg fails to make the header of an
    HDR10 video.
    """
    with av.open(str(chunk)) as file:
        made = file.streams.video[0]
        _check_shape(media, made.codec_context)
        with _template(media, made) as template:
            stream = output.add_stream_from_template(template, opaque=True)
        _take_codec(stream.codec_context, made.codec_context)
        if output.format.name in {"mp4", "mov"} and codec_name(made) == "hevc":
            stream.codec_context.codec_tag = "hvc1"  # parameter sets are in the header only, as Apple's players demand
    _take_tags(stream.codec_context, source.codec_context)
    stream.time_base = media.video.time_base
    stream.codec_context.framerate = Fraction(0) if media.video.variable else media.video.frame_rate
    stream.codec_context.sample_aspect_ratio = media.video.sar
    stream.metadata.update({key: text for key, text in source.metadata.items() if not key.lower().startswith(_STALE)})
    if needs_display_size(media, output.format.name):
        stream.metadata["title"] = source.metadata.get("title", "") + PADDING
    stream.set_display_matrix(_scaled_matrix(source, stream.codec_context.width))
    stream.disposition = source.disposition
    return stream


def _check_shape(media: Media, made: VideoCodecContext) -> None:
    """Rotated frames would be rotated once more by every player."""
    video = media.video
    if made.width * video.height != made.height * video.width:
        raise JobError(
            f"the chunks have frames of {made.width}x{made.height}, wanted a multiple of {video.width}x{video.height}, "
            f"as '{media.path}' stores them; decode without rotating and cropping"
        )


def needs_display_size(media: Media, container: str) -> bool:
    """Whether the size at which a player shows the video has to be put into the header once the file is written."""
    return "matroska" in container and media.video.sar != 1


def _take_codec(context: VideoCodecContext, made: VideoCodecContext) -> None:
    for name in ("width", "height", "pix_fmt", "extradata", *_UNSAID):
        setattr(context, name, getattr(made, name))


def _take_tags(context: VideoCodecContext, source: VideoCodecContext) -> None:
    """Fills in what the encoder has not said; never that samples are RGB, which the chunks' need not be."""
    for name, unsaid in _UNSAID.items():
        value = getattr(source, name)
        if getattr(context, name) == unsaid and not (name == "colorspace" and value == 0):
            setattr(context, name, value)


def _scaled_matrix(source: VideoStream, width: int) -> tuple[int, ...] | None:
    """The source's display matrix, its shift in pixels of the joined video."""
    matrix = display_matrix(source)
    if matrix is None:
        return None
    shift = (round(value * width / source.codec_context.width) for value in matrix[6:8])
    return (*matrix[:6], *shift, matrix[8])


@contextmanager
def _template(media: Media, made: VideoStream) -> Generator[VideoStream, None, None]:
    """A stream of the chunks' codec whose container says what the source does of HDR10.

    PyAV can copy such data from file to file but cannot set them. So ffmpeg encodes one small frame of the source in
    the same codec, and takes them along into the header.
    """
    if media.video.hdr is None or made.codec_context.coded_side_data.keys() >= _HDR10:
        yield made
        return
    with tempfile.TemporaryDirectory(prefix="vsanimesr-") as folder:
        path = Path(folder, "header.mkv")
        _encode_header(media, made, path)
        with av.open(str(path)) as file:
            yield file.streams.video[0]


def _encode_header(media: Media, made: VideoStream, path: Path) -> None:
    failed: PipelineError | None = None
    for encoder in _ENCODERS.get(codec_name(made), ()):
        try:
            return _run(_header_command(media, encoder, made.codec_context.pix_fmt or "", path))
        except PipelineError as error:
            failed = failed or error
    raise failed or PipelineError(f"HDR10 cannot be written for the codec '{codec_name(made)}'; use x265 or svtav1")


def _header_command(media: Media, encoder: str, pix_fmt: str, path: Path) -> list[str]:
    frame = ["-i", str(media.path.absolute()), "-map", f"0:{media.video.index}", "-frames:v", "1"]
    small = ["-vf", f"scale=256:144,format={pix_fmt}", "-c:v", encoder]
    return [str(find_ffmpeg()), "-hide_banner", "-nostats", "-v", "error", *frame, *small, "-y", str(path)]


def _run(command: list[str]) -> None:
    with tempfile.TemporaryFile(buffering=0) as complaints, Family() as family:
        child = family.start("ffmpeg", command, stdout=subprocess.DEVNULL, stderr=complaints)
        if child.process.wait():
            child.words.extend(read(complaints))
            raise child.failed("failed")
