"""Memory of whole processes, the fake backend in place of a network."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, resource, sys
import vapoursynth as vs
core = vs.core
core.num_threads = 4
width, height, frames, order = json.loads(sys.argv[1])
clip = core.std.BlankClip(width=width, height=height, format=vs.RGBS, length=frames)
clip = core.animesr.Upscale(clip, backend="fake")
peaks = []
for n in range(*order):
    clip.get_frame(n).close()
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
print(json.dumps([*peaks, core.used_cache_size >> 20]))
"""


def peaks(width: int, height: int, frames: int, *order: int) -> list[int]:
    """Peak resident memory of a process after each frame of `range(*order)`, and last what VapourSynth holds, MiB."""
    command = [sys.executable, "-c", SCRIPT, json.dumps([width, height, frames, order])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=280)
    result: list[int] = json.loads(done.stdout)
    return result


@pytest.mark.slow
def test_memory_is_flat_over_1000_frames_of_640x480() -> None:
    *grown, kept = peaks(640, 480, 1000, 0, 1000)
    assert kept <= 5 * 57, f"VapourSynth keeps {kept} MiB: more than the two pictures it may and what is under way"
    assert grown[-1] - grown[50] <= 100, f"{grown[50]} MiB after 50 frames, {grown[-1]} MiB after 1000"


@pytest.mark.slow
def test_a_seek_to_frame_5000_takes_hardly_more_memory_than_going_there() -> None:
    linear = peaks(320, 240, 6000, 0, 300)[-2]
    seek = peaks(320, 240, 6000, 5000, 5003)[-2]
    assert seek - linear <= 300, f"linear {linear} MiB, seek {seek} MiB"


LONG = """
import json, random, resource, sys
import vapoursynth as vs
core = vs.core
core.num_threads = 4
core.max_cache_size = 64
clip = core.std.BlankClip(width=160, height=120, format=vs.YUV420P8, length=10000)
clip = clip.std.SetFrameProps(_SceneChangePrev=0)
marked = clip.std.SetFrameProps(_SceneChangePrev=1)
cut = core.std.FrameEval(clip, lambda n, plain=clip: plain if n % 170 else marked)
clip = core.animesr.Upscale(cut, backend="fake", segment=100, checkpoints=1)
peaks = []

def note():
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)

if sys.argv[1] == "linear":
    for n, frame in enumerate(clip.frames(close=True)):
        n % 1000 or note()
else:
    draw = random.Random(1)
    for n in range(300):
        clip.get_frame(draw.randrange(clip.num_frames)).close()
        n % 30 or note()
note()
print(json.dumps(peaks))
"""


@pytest.mark.slow
@pytest.mark.parametrize("way", ["linear", "random"])
def test_memory_is_flat_over_10000_frames(way: str) -> None:
    done = subprocess.run([sys.executable, "-c", LONG, way], capture_output=True, text=True, check=True, timeout=280)
    peaks = json.loads(done.stdout)
    assert peaks[-1] - peaks[1] <= 16, peaks
