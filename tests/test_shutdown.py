"""The ways a process ends while the filter is alive: none may hang, crash or complain."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

START = """
import contextlib, sys, threading
import vapoursynth as vs
core = vs.core
core.num_threads = 4
clip = core.std.BlankClip(format=vs.RGBS, width=32, height=32, length=400)
clip = core.animesr.Upscale(clip, backend="fake", device="delay=0.002")
clip.get_frame(3).close()
"""
ENDS = {
    "node alive": "",
    "frame alive": "frame = clip.get_frame(5)",
    "frames pending": "pending = [clip.get_frame_async(n) for n in range(40, 0, -1)]",
    "sys.exit with frames pending": "pending = [clip.get_frame_async(n) for n in range(40)]; sys.exit(0)",
    "node freed with frames pending": "pending = [clip.get_frame_async(n) for n in range(40)]; del clip",
    "requested on a daemon thread": (
        "def read():\n"
        "    with contextlib.suppress(Exception):  # its core goes from under it\n"
        "        for n in range(400): clip.get_frame(n).close()\n"
        "threading.Thread(target=read, daemon=True).start()\n"
        "clip.get_frame(9).close()"
    ),
    "many filters": (
        "clips = [core.animesr.Upscale(core.std.BlankClip(format=vs.RGBS, width=16, height=16, length=9),\n"
        "         backend='fake', device='delay=0') for _ in range(50)]\n"
        "[c.get_frame(8).close() for c in clips]; del clips"
    ),
    "threads of the core come and go": (
        "for k in range(200):\n    core.num_threads = 1 + k % 8\n    clip.get_frame(k).close()"
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_process_ends_quietly(end: str) -> None:
    command = [sys.executable, "-X", "faulthandler", "-c", START + ENDS[end] + "\n"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() in ("", "Information: Upscale: animesr-v2 on fake (delay=0.002), fp32"), done.stderr
