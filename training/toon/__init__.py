"""Procedural cel animation: training video for super-resolution that is made, not collected.

    from training.toon import clip

    for frame in clip(7, frames=24, size=(960, 544)):
        frame.image, frame.lines

A clip is a function of (VERSION, split, seed, size): equal versions of Python, skia-python, numpy and OpenCV draw equal
pixels on processors of one kind.
"""

from training.toon.film import Clip, Frame, clip
from training.toon.rng import SPLITS, VERSION

__all__ = ["SPLITS", "VERSION", "Clip", "Frame", "clip"]
