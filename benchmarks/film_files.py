"""Videos that the benchmark `cli` upscales, and what came of them."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.children import ChildFailed
from vsanimesr.pipeline import find_ffmpeg

RATE = 24
"""Frames per second."""
INDEXES = "bsindex"
"""Where BestSource keeps, in the home folder, what it found out about files, by their paths."""


def drawn(path: Path, size: tuple[int, int], frames: int, shot: int = 0) -> Path:
    """Makes a moving picture with sound; a hard cut every `shot` frames, or none. Returns the path."""
    form = f"size={size[0]}x{size[1]}:rate={RATE}:duration={frames / RATE}"
    pictures = [f"testsrc2={form}", f"testsrc={form}"]
    inputs = [word for one in (*pictures, f"sine=duration={frames / RATE}") for word in ("-f", "lavfi", "-i", one)]
    second = f"mod(floor(n/{shot}),2)" if shot else "0"
    filters = ["-filter_complex", f"[0][1]overlay=enable='{second}'[out]", "-map", "[out]", "-map", "2"]
    codecs = ["-frames:v", str(frames), "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "flac"]
    _ffmpeg([*inputs, *filters, *codecs, str(path)])
    return path


@contextmanager
def unseen(source: Path) -> Generator[Path, None, None]:
    """A copy under a path that was never there: BestSource reads it through before its first frame, each time."""
    with tempfile.TemporaryDirectory(prefix="animesr-bench-") as folder:
        path = Path(folder).resolve() / source.name
        shutil.copyfile(source, path)
        try:
            yield path
        finally:
            shutil.rmtree(Path.home() / INDEXES / path.parent.relative_to(path.anchor), ignore_errors=True)


def pictures(path: Path, frames: int) -> str:
    """A hash of all decoded frames of a video; raises ChildFailed where there are not `frames` of them."""
    lines = _ffmpeg(["-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-"]).splitlines()
    found = [line.rpartition(",")[2].strip() for line in lines if not line.startswith("#")]
    if len(found) != frames:
        raise ChildFailed(f"the video that was made has {len(found)} frames, wanted {frames}: the job is broken")
    return hashlib.sha256(" ".join(found).encode()).hexdigest()


def _ffmpeg(words: list[str]) -> str:
    """What it prints."""
    done = subprocess.run([str(find_ffmpeg()), "-v", "error", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChildFailed(f"exit code {done.returncode} from ffmpeg:\n  {done.stderr.strip()}")
    return done.stdout
