"""What a file holds: frozen descriptions, read by `probing` and used by whatever encodes, joins or reports."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True)
class VideoTags:
    """What the samples of a video mean, in ffmpeg's spelling; '' where the file does not say."""

    matrix: str = ""
    """Such as 'bt709', 'smpte170m' or 'bt2020nc'; 'gbr' for RGB."""
    primaries: str = ""
    """Such as 'bt709' or 'bt2020'."""
    transfer: str = ""
    """Such as 'bt709' or 'smpte2084'."""
    range: str = ""
    """'tv' (limited) or 'pc' (full)."""
    location: str = ""
    """Of the chroma samples: 'left', 'center', 'topleft', 'top', 'bottomleft' or 'bottom'."""


@dataclass(frozen=True)
class HDR:
    """The static metadata of HDR10."""

    mastering: str
    """The mastering display as x265 spells it, 'G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)': chromaticities in units of
    0.00002, luminances of 0.0001 cd/m2; '' where the file does not say."""
    max_cll: int
    """Brightest pixel, in cd/m2; 0 where unknown."""
    max_fall: int
    """Brightest average of a frame, in cd/m2; 0 where unknown."""


@dataclass(frozen=True)
class Video:
    """The stream that is upscaled: the file's default video stream."""

    index: int
    """Its number in the file."""
    codec: str
    """ffmpeg's name, such as 'h264'."""
    width: int
    """Of the decoded picture, which is not rotated."""
    height: int
    """Of the decoded picture."""
    pix_fmt: str
    """ffmpeg's name of the pixel format."""
    time_base: Fraction
    """Seconds that one unit of a timestamp lasts."""
    timestamps: tuple[int, ...]
    """When each frame is shown, in units of the time base, in that order; strictly increasing."""
    end: int
    """When the last frame ends, in units of the time base."""
    frame_rate: Fraction
    """Frames per second; the average where the rate varies."""
    variable: bool
    """Whether the distance of frames varies by more than the rounding of the time base."""
    sar: Fraction
    """Width of a pixel by its height."""
    rotation: int
    """Degrees, clockwise, by which a player turns the picture: 0, 90, 180 or 270."""
    tags: VideoTags
    """What its samples mean."""
    hdr: HDR | None
    """None where it is not HDR10."""
    dolby_vision: bool
    """Whether it carries Dolby Vision's metadata, which belong to the pixels that it had and cannot be kept."""
    interlaced: bool
    """Whether its first frame, or its header, says that frames are two fields."""


@dataclass(frozen=True)
class Stream:
    """A stream beside the one that is upscaled."""

    index: int
    """Its number in the file."""
    kind: str
    """'audio', 'subtitle', 'attachment', 'data', or 'video' for cover art and further videos."""
    codec: str
    """ffmpeg's name; '' where it has none."""
    language: str
    """Such as 'jpn'; '' where unknown."""
    title: str
    """Its title, or an attachment's file name; '' where it has none."""


@dataclass(frozen=True)
class Media:
    """A file with at least one frame of video."""

    path: Path
    """Where it lies."""
    container: str
    """ffmpeg's name of its format, such as 'matroska,webm'."""
    size: int
    """In bytes."""
    start: float
    """When the first of its streams begins, in seconds."""
    duration: float
    """From its start to the end of its last stream, in seconds."""
    video: Video
    """The stream that is upscaled."""
    streams: tuple[Stream, ...]
    """All others, in the file's order."""
    chapters: int
    """How many it has."""
