"""What x264 is told, inside PyAV and in ffmpeg alike."""

import torch

from training.degrade.recipes import H264

RATE = 25
"""Frames per second, on which x264's decisions depend."""


def options(settings: H264) -> dict[str, str]:
    """By the names that FFmpeg's libx264 has for them; one thread is asked for besides.

    x264 is kept from AVX-512 where the processor may have it: in its core 165 the code for AVX-512 that weighs
    macroblocks by what depends on them (mbtree) gives other results for other contents of unused memory, so a clip of
    64x64 came out in five versions. Code for AVX2 is as quick for clips of these sizes and always gives the same.
    """
    told = {"preset": "medium", "crf": f"{settings.crf:.4f}", "profile": settings.profile}
    at_least_avx2 = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
    return told | ({"x264-params": "asm=avx2"} if at_least_avx2 else {})
