"""Small videos and folders of pictures for the tests of a training's data, and scorers for those of its preparation."""

import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

X264 = {"preset": "ultrafast", "bf": "2", "b_strategy": "0", "refs": "3"}


def texture(seed: int, height: int = 48, width: int = 64, cell: int = 8) -> np.ndarray:
    """Squares of random colours, uint8 [height, width, 3]."""
    cells = np.random.default_rng(seed).integers(0, 256, (-(-height // cell), -(-width // cell), 3), np.uint8)
    return cells.repeat(cell, 0).repeat(cell, 1)[:height, :width]


def moving(seed: int, frames: int, step: int = 2, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """A texture that goes round to the left, [frames, height, width, 3]."""
    picture = cv2.GaussianBlur(texture(seed, *size), (5, 5), 1.2)
    return np.stack([np.roll(picture, -n * step, 1) for n in range(frames)])


def film(*parts: np.ndarray) -> np.ndarray:
    """Shots one behind the other."""
    return np.concatenate(parts)


def video(path: Path, pictures: np.ndarray, codec: str = "ffv1", gop: int = 12, **options: str) -> Path:
    """A file of these frames; FFV1 is lossless."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(25))
        height, width = pictures.shape[1:3]
        stream.height, stream.width, stream.pix_fmt = height, width, "bgr0" if codec == "ffv1" else "yuv420p"
        stream.codec_context.gop_size = gop
        stream.options = options or (X264 if codec == "libx264" else {})
        for picture in pictures:
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        container.mux(stream.encode(None))
    return path


def folder(path: Path, pictures: np.ndarray, suffix: str = ".png", first: int = 0) -> Path:
    """Numbered files."""
    path.mkdir(parents=True)
    for number, picture in enumerate(pictures, first):
        cv2.imwrite(str(path / f"{number:08}{suffix}"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return path


def slow(picture: np.ndarray) -> float:
    """A scorer that takes its time."""
    time.sleep(0.02)
    return float(picture.mean() / 255 * 100)


def wrong(picture: np.ndarray) -> float:
    """A scorer with a range of its own."""
    return 1000.0
