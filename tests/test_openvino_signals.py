"""OpenVINO leaves this process able to handle signals, in whatever order what uses it is freed."""

import subprocess
import sys

import pytest

from vsanimesr import models

CODE = """
import gc, signal
from vsanimesr import models
from vsanimesr.backends.base import Setup
from vsanimesr.backends.openvino import OpenVINO
from vsanimesr.spec import RGBS, ClipSpec

def started():
    return OpenVINO(Setup(ClipSpec(16, 16, 2, RGBS), 1, "fp32", "", 0, lambda: models.load("animesr-v2")))

first, second = started(), started()
first.close()
del first
gc.collect()
second.close()
del second
gc.collect()
signal.signal(signal.SIGINT, lambda *_: print("handled"))
signal.raise_signal(signal.SIGINT)
"""


@pytest.mark.slow
def test_a_signal_after_two_filters_is_handled(official_v2: models.Artifact) -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "handled\n", "")
