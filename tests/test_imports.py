"""What importing and running the filter loads: no PyTorch, no network (ARCHITECTURE.md, invariants 7 and 11)."""

import subprocess
import sys

from vsanimesr import models

SCRIPT = """
import socket, sys
def refuse(*args, **kwargs):
    raise AssertionError(f"a connection to {args[1:]} was opened")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
import openvino
import vapoursynth as vs
clip = vs.core.std.BlankClip(format=vs.RGBS, width=32, height=32, length=3)
vs.core.animesr.Upscale(clip, backend="openvino").get_frame(2).close()
import vsanimesr
print("torch" in sys.modules)
"""


def test_the_filter_runs_without_pytorch_and_without_the_network(official_v2: models.Artifact) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False"]
