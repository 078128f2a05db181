"""Encoders by their own names, and what ffmpeg is told to run one of them over frames that come as y4m.

The same frames give the same bits on one machine, and on others with the same ffmpeg: an encoder whose output depends
on the number of processors it finds (x264, x265) is given a fixed number of threads.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from vsanimesr.errors import ArgumentError, PipelineError
from vsanimesr.media import Video, VideoTags, pix_fmts, video_tags
from vsanimesr.media.encoder_table import ENCODERS, Encoder, light
from vsanimesr.media.pix_fmts import vapoursynth_format

__all__ = ["ENCODERS", "Encoding", "arguments", "available", "input_arguments", "pix_fmt", "vapoursynth_format"]

OTHERWISE = {
    "write --crf": ("-crf", "-cq", "-qp"),
    "write --preset": ("-preset",),
    "write --pix-fmt": ("-pix_fmt",),
    "write --encoder": ("-c", "-codec", "-vcodec"),
    "which frames there are is the script's affair: see vsanimesr script": (
        *("-vf", "-filter", "-filter_complex", "-r", "-fps_mode", "-vsync", "-frames", "-vframes", "-ss", "-t", "-to"),
        *("-s", "-aspect", "-itsscale"),
    ),
    "what goes into which file is the command's own affair": ("-i", "-f", "-map", "-y", "-n", "-an", "-vn", "-sn"),
}
"""Options that the encoder's further arguments cannot have, by what to do instead."""


@dataclass(frozen=True)
class Encoding:
    """How pictures are to be encoded."""

    name: str = "x264"
    """One of ENCODERS."""
    crf: float | None = None
    """Constant quality, lower is better; None for the encoder's usual one."""
    preset: str = ""
    """Speed against size, by the encoder's own names; '' for its usual one."""
    pix_fmt: str = ""
    """ffmpeg's name of what the pictures are; '' for what the source's frames are."""
    extra: tuple[str, ...] = ()
    """Further options for ffmpeg, each followed by its value; parameters by x264's own names follow `-x264-params`."""


def pix_fmt(encoding: Encoding, video: Video) -> str:
    """What the pictures are, by ffmpeg's name: what the script has to give, and what the encoder takes.

    Raises ArgumentError for what the encoder does not take, MediaError for a source in no known format.
    """
    found = pix_fmts.normal(encoding.pix_fmt) if encoding.pix_fmt else pix_fmts.usual(video.pix_fmt)
    known = _encoder(encoding).formats
    if found not in known:
        which = "pictures were to be" if encoding.pix_fmt else f"the source is {video.pix_fmt}, its pictures would be"
        raise ArgumentError(
            f"{which} {found}, which {encoding.name} does not take; write --pix-fmt with one of {', '.join(known)}"
        )
    return found


def input_arguments(encoding: Encoding, video: Video) -> list[str]:
    """ffmpeg's options in front of the y4m input: HDR10's metadata where the encoder reads them off the frames.

    That is NVENC, with an ffmpeg that has `-mastering_display`; the others get them by `arguments`.
    """
    if video.hdr is None or not encoding.name.endswith("_nvenc"):
        return []
    mastering = ["-mastering_display", video.hdr.mastering] if video.hdr.mastering else []
    levels = light("", video.hdr)
    return [*mastering, *(["-content_light", levels[0].removeprefix("=")] if levels else [])]


def arguments(encoding: Encoding, video: Video, tags: VideoTags) -> list[str]:
    """ffmpeg's options between the y4m input, of constant frame rate, and the name of the output file.

    `tags` are what is known of the pictures' colours (`video_tags.of_pictures`); what they do not say is written as the
    filter assumes it of frames of the source's size. SAR and HDR10's metadata are the source's.
    Raises ArgumentError for what does not go together, FormatError for a matrix that the filter refuses.
    """
    encoder, format_ = _encoder(encoding), pix_fmt(encoding, video)
    _check_rgb(video, tags)
    said = video_tags.completed(tags, (video.width, video.height), pix_fmts.PIX_FMTS[format_])
    parameters, extra = _parted(encoding, encoder)
    hdr = encoder.hdr(video.hdr) if encoder.hdr and video.hdr else []
    joined = ":".join([*encoder.own, *hdr, *parameters])
    return [
        *("-vf", _filters(said, video), "-fps_mode", "passthrough"),
        *("-c:v", encoder.codec, *encoder.fixed, *_quality(encoding, encoder), "-pix_fmt", encoder.formats[format_]),
        # Said twice, as FFV1's samples would be made limited otherwise.
        *("-color_range", said.range),
        # By option: y4m does not say it, ffmpeg takes it for the centre, and only new ones have it in setparams.
        *(("-chroma_sample_location", said.location) if said.location else ()),
        *((encoder.parameters, joined) if joined else ()),
        *("-flags:v", "+bitexact", "-fflags", "+bitexact"),
        *extra,
    ]


def available(ffmpeg: str | os.PathLike[str]) -> dict[str, str]:
    """Which of ENCODERS that ffmpeg can run here: '' for those it can, else why not, in its own words.

    Each of them encodes two small frames, since being built in says nothing about a GPU.
    Raises PipelineError where ffmpeg cannot be started.
    """
    return {name: _why_not(Path(ffmpeg), encoder) for name, encoder in ENCODERS.items()}


PROBE = b"YUV4MPEG2 W320 H240 F24:1 Ip A1:1 C420\n" + 2 * (b"FRAME\n" + bytes(320 * 240 * 3 // 2))
"""Two frames, as large as every encoder takes them."""


def _why_not(ffmpeg: Path, encoder: Encoder) -> str:
    options = ["-c:v", encoder.codec, "-pix_fmt", encoder.formats["yuv420p"], *encoder.fixed]
    command = [str(ffmpeg), *("-v", "error", "-f", "yuv4mpegpipe", "-i", "pipe:0"), *options, "-f", "null", "-"]
    try:
        done = subprocess.run(command, input=PROBE, capture_output=True, timeout=60, check=False)
    except OSError as exc:
        raise PipelineError(f"'{ffmpeg}' could not be started: {exc}; install ffmpeg anew") from exc
    except subprocess.TimeoutExpired:
        return "two frames took more than a minute"
    lines = [re.sub(r"^\[\S+ @ \w+\] *", "", line) for line in done.stderr.decode(errors="replace").splitlines()]
    told = next(
        (line for line in lines if line.strip() and not line.startswith("Svt[")), "it failed and did not say why"
    )
    return told if done.returncode else ""


def _encoder(encoding: Encoding) -> Encoder:
    if encoding.name not in ENCODERS:
        raise ArgumentError(f"there is no encoder {encoding.name!r}; write one of {', '.join(ENCODERS)}")
    return ENCODERS[encoding.name]


def _quality(encoding: Encoding, encoder: Encoder) -> list[str]:
    """Quality and preset; raises ArgumentError for those that the encoder does not have."""
    name, crf, preset = encoding.name, encoding.crf, encoding.preset
    if not encoder.quality and crf is not None:
        raise ArgumentError(f"--crf {crf:g} means nothing to {name}, which loses nothing; leave it out")
    if not encoder.presets and preset:
        raise ArgumentError(f"--preset {preset}: {name} has none; leave it out")
    least = 1 if encoder.quality == "-cq" else 0  # to NVENC 0 means that it may choose
    if crf is not None and not least <= crf <= encoder.worst:
        raise ArgumentError(f"--crf {crf:g}: {name} takes {least} (best) to {encoder.worst:g}")
    if crf is not None and encoder.whole and crf != int(crf):
        raise ArgumentError(f"--crf {crf:g}: {name} takes whole numbers; write {round(crf)}")
    if preset and preset not in encoder.presets:
        raise ArgumentError(f"--preset {preset}: {name} has {', '.join(encoder.presets)}")
    speed = ["-preset", preset or encoder.preset] if encoder.presets else []
    return [*speed, *([encoder.quality, f"{encoder.crf if crf is None else crf:g}"] if encoder.quality else [])]


def _filters(said: VideoTags, video: Video) -> str:
    """Filters that change no sample: what the frames mean, and the shape of a pixel."""
    words = {
        "range": said.range,
        "color_primaries": said.primaries,
        "color_trc": said.transfer,
        "colorspace": said.matrix,
    }
    told = ":".join(f"{name}={value}" for name, value in words.items() if value)
    sar = video.sar if video.sar > 0 else 1
    return f"setparams={told},setsar=sar={sar}:max=65535"


def _check_rgb(video: Video, tags: VideoTags) -> None:
    layout = pix_fmts.taken(video.pix_fmt)
    if layout is not None and layout.family == "rgb" and tags.matrix in ("", "gbr"):
        raise ArgumentError(
            f"the source is {video.pix_fmt}, and nothing says by which matrix its pictures were made YUV; "
            "give the tags of the pictures, vsanimesr.media.video_tags.of_pictures"
        )


def _parted(encoding: Encoding, encoder: Encoder) -> tuple[list[str], list[str]]:
    """Of the further options the encoder's own parameters, which go with ours, and the rest; raises ArgumentError."""
    words, parameters, rest = encoding.extra, [], []
    if len(words) % 2 or not all(re.match(r"-[A-Za-z]", word) for word in words[::2]):
        raise ArgumentError(f"--encoder-args {' '.join(words)}: wanted options of ffmpeg, each followed by its value")
    for option, value in zip(words[::2], words[1::2], strict=True):
        stem = option.partition(":")[0]
        for instead, options in OTHERWISE.items():
            if stem in options:
                raise ArgumentError(f"--encoder-args {option} {value}: {option} cannot be given here; {instead}")
        if stem == encoder.parameters:
            parameters.append(value)
        else:
            rest += [option, value]
    return parameters, rest
