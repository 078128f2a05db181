"""Two black frames encoded as all will be: what would fail at the end of a film fails before it begins."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from vsanimesr.errors import PipelineError
from vsanimesr.media import Media
from vsanimesr.media.join import check_output
from vsanimesr.pipeline import find_ffmpeg

_FRAMES = "2"
_TAIL = 5  # lines of ffmpeg's that an error shows


def rehearse(
    media: Media, picture: str, encode: tuple[Sequence[str], Sequence[str]], output: Path, drop: Sequence[str]
) -> None:
    """Raises PipelineError if the encoder does not run, and what `join` would raise of the output's container.

    `picture` is what pictures are in the words of ffmpeg's filters, 'size=1280x960,format=yuv420p'; `encode` ffmpeg's
    options in front of frames and behind them.
    """
    before, behind = encode
    with tempfile.TemporaryDirectory(prefix="animesr-") as folder:
        sample = Path(folder) / "sample.mkv"
        source = ["-f", "lavfi", *before, "-i", f"color=black:rate=24:{picture}"]
        command = [str(find_ffmpeg()), "-v", "error", *source, *behind, "-frames:v", _FRAMES, str(sample)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip().splitlines()[-_TAIL:]
            raise PipelineError(
                "\n  ".join(("the encoder does not run here (vsanimesr doctor tells which do)", *words))
            )
        check_output(media, sample, output, drop)
