"""A backend without a network, for tests: its state is a running hash of everything that it was fed.

The hash is drawn into the picture, so any error of order, however small, shows in the pixels. Its device is named by
what it should do, several of these joined by commas: `delay=0.003`, seconds a step, on a thread of its own; `fail=7`,
`fail=7x2`: the step of frame 7 fails, once or the first two times.
"""

import time
import zlib
from typing import Any, ClassVar, override

import numpy as np

from vsanimesr.backends.base import RING, Planes, Setup
from vsanimesr.backends.stream import StreamBackend
from vsanimesr.errors import BackendUnavailable, DeviceError

STATE_NBYTES = 4096
"""Bytes that a checkpoint pretends to take."""


class Fake(StreamBackend):
    """Hashes frames instead of upscaling them."""

    name: ClassVar[str] = "fake"
    precisions: ClassVar[tuple[str, ...]] = ("fp32",)

    def __init__(self, setup: Setup) -> None:
        self.precision, self.device = "fp32", setup.device or "hash"
        self._delay, self._fail_at, self._fail_times = _parse(setup.device)
        clip, scale = setup.clip, setup.clip.picture.scale
        shape = (clip.format.planes, clip.height * scale, clip.width * scale)
        self._slots = [np.zeros(shape, clip.format.dtype) for _ in range(setup.slots)]
        self._ring = [0] * RING
        self._hash, self._steps = 1, 0
        self.total_steps = 0
        super().__init__(setup, threaded=self._delay is not None)

    @override
    @classmethod
    def version(cls) -> str:
        return "for tests"

    @override
    @property
    def state_nbytes(self) -> int:
        return STATE_NBYTES

    @override
    def stage(self, planes: Planes) -> int:
        value = 0
        for plane in planes:
            value = zlib.crc32(np.ascontiguousarray(plane), value)
        return value

    @override
    def run_ingest(self, ring: int, staged: int) -> None:
        self._ring[ring] = staged

    @override
    def run_step(self, window: tuple[int, int, int], slot: int | None) -> None:
        if self._delay:
            time.sleep(self._delay)
        self.total_steps += 1
        if self._steps == self._fail_at and self._fail_times:
            self._fail_times -= 1
            raise DeviceError(f"simulated failure at frame {self._steps}")
        self._steps += 1
        for ring in window:
            self._hash = (self._hash * 31 + self._ring[ring] + 1) % 0xFFFFFFFB
        if slot is not None:
            draw(self._slots[slot], self._hash)

    @override
    def run_reset(self) -> None:
        self._hash, self._steps = 1, 0

    @override
    def run_save(self) -> Any:
        return self._hash, self._steps

    @override
    def run_restore(self, state: Any) -> None:
        self._hash, self._steps = state

    @override
    def read(self, slot: int) -> Planes:
        return list(self._slots[slot])


def draw(picture: np.ndarray[Any, Any], value: int) -> None:
    """Write a hash (32 bits) as four base-256 digits in [0, 1) along the first, middle and last row."""
    line = np.frombuffer(value.to_bytes(4) * (picture.shape[2] // 4), np.uint8) / np.float32(256)
    for row in (0, picture.shape[1] // 2, -1):
        picture[:, row] = line


def _parse(device: str) -> tuple[float | None, int, int]:
    """Delay in seconds or None, the frame whose step fails (-1: none), how many times it does."""
    delay: float | None = None
    fail, times = -1, 1
    try:
        for key, _, value in (item.partition("=") for item in device.split(",") if item):
            if key == "delay":
                delay = float(value)
            elif key == "fail":
                step, _, count = value.partition("x")
                fail, times = int(step), int(count or 1)
            else:
                raise ValueError(key)
    except ValueError as error:
        raise BackendUnavailable(f"fake: no device {device!r}; write delay=SECONDS or fail=FRAME[xTIMES]") from error
    return delay, fail, times
