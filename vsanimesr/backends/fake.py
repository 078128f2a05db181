"""A backend without a network, for tests: its state is a running hash of everything that it was fed.

The hash is drawn into the picture, so any error of order, however small, shows in the pixels. Its device is named by
what it should do, several of these joined by commas: `delay=0.003`, seconds a step, on a thread of its own; `fail=7`,
`fail=7x2`: the step of frame 7 fails, once or the first two times (lanes count together); `memory=600`: it has so many
MiB free, of which a frame takes `Fake.demand`.
"""

import math
import sys
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, override

import numpy as np
from numpy.typing import NDArray

from vsanimesr.backends import memory, staging
from vsanimesr.backends.base import RING, Demand, Planes, Setup
from vsanimesr.backends.stream import StreamBackend
from vsanimesr.errors import BackendUnavailable, DeviceError
from vsanimesr.spec import PixelFormat
from vsanimesr.tiles import Move

STATE_NBYTES = 4096
"""Bytes that a lane's state pretends to take."""
WORKING_NBYTES = 1024
"""Bytes per pixel of a frame that a network pretends to take."""


@dataclass(frozen=True)
class Behaviour:
    """What a device's name says."""

    delay: float | None = None
    """Seconds a step takes; None to run it within the call."""
    fail: int = -1
    """The frame whose step fails; -1 for none."""
    times: int = 1
    """How many times it does."""
    free: int = sys.maxsize
    """Bytes of memory."""

    @classmethod
    def parse(cls, device: str) -> Self:
        """Read a device's name; raises BackendUnavailable for what is none."""
        try:
            items = dict(item.split("=") for item in device.split(",") if item)
            if unknown := items.keys() - {"delay", "fail", "memory"}:
                raise ValueError(*unknown)
            step, _, count = items.get("fail", "-1").partition("x")
            return cls(
                float(items["delay"]) if "delay" in items else None,
                int(step),
                int(count or 1),
                int(items["memory"]) * memory.MIB if "memory" in items else sys.maxsize,
            )
        except ValueError as error:
            ways = "delay=SECONDS, fail=FRAME[xTIMES] or memory=MIB"
            raise BackendUnavailable(f"fake: no device {device!r}; write {ways}") from error


class Fake(StreamBackend):
    """Hashes frames instead of upscaling them; raises OutOfMemory where its device has not enough."""

    name: ClassVar[str] = "fake"
    precisions: ClassVar[tuple[str, ...]] = ("fp32",)

    def __init__(self, setup: Setup) -> None:
        self.precision, self.device = "fp32", setup.device or "hash"
        behaviour = Behaviour.parse(setup.device)
        memory.claim(self.name, self.precision, setup, self.demand(setup))
        self._delay, self._fail_at, self._fail_times = behaviour.delay, behaviour.fail, behaviour.times
        self._slots = [_picture(setup) for _ in range(setup.slots)]
        self._ring = [[0] * RING for _ in range(setup.lanes)]
        self._hashes, self._steps = [1] * setup.lanes, 0
        self.total_steps = 0
        super().__init__(setup, threaded=behaviour.delay is not None)

    @override
    @classmethod
    def version(cls) -> str:
        return "for tests"

    @override
    @classmethod
    def demand(cls, setup: Setup) -> Demand:
        clip, lanes = setup.clip, setup.lanes * STATE_NBYTES
        needed = setup.slots * memory.picture_nbytes(clip) + lanes + WORKING_NBYTES * clip.width * clip.height
        return Demand(needed, Behaviour.parse(setup.device).free)

    @override
    @property
    def state_nbytes(self) -> int:
        return STATE_NBYTES * self.setup.lanes

    @override
    def stage(self, planes: Planes) -> int:
        value = 0
        for plane in planes:
            value = zlib.crc32(np.ascontiguousarray(plane), value)
        return value

    @override
    def run_ingest(self, ring: int, staged: int, lane: int) -> None:
        self._ring[lane][ring] = staged

    @override
    def run_step(self, window: tuple[int, int, int], slot: int | None, lane: int) -> None:
        if self._delay:
            time.sleep(self._delay)
        self.total_steps += 1
        if self._steps == self._fail_at and self._fail_times:
            self._fail_times -= 1
            raise DeviceError(f"simulated failure at frame {self._steps}")
        self._steps += 1
        for ring in window:
            self._hashes[lane] = (self._hashes[lane] * 31 + self._ring[lane][ring] + 1) % 0xFFFFFFFB
        if slot is not None:
            draw(staging.unstack(self._slots[slot]), self._hashes[lane], self.setup.clip.picture.format)

    @override
    def run_reset(self) -> None:
        self._hashes, self._steps = [1] * self.setup.lanes, 0

    @override
    def run_exchange(self, moves: Sequence[Move]) -> None:
        """Nothing: a hash has no rectangles."""

    @override
    def run_save(self) -> Any:
        return self._hashes.copy(), self._steps

    @override
    def run_restore(self, state: Any) -> None:
        hashes, self._steps = state
        self._hashes = hashes.copy()

    @override
    def read(self, slot: int) -> Planes:
        return staging.unstack(self._slots[slot])


def draw(planes: Planes, value: int, format_: PixelFormat) -> None:
    """Write a hash (32 bits) along the first, middle and last row of each plane, as its four base-256 digits.

    The digits, over and over, are samples from 0 to 255, or of floating point from 0 to 255/256.
    """
    digits = np.frombuffer(value.to_bytes(4), np.uint8)
    samples = (digits / np.float32(256) if format_.floating else digits).astype(format_.dtype)
    for plane in planes:
        height, width = plane.shape
        line = np.tile(samples, math.ceil(width / len(samples)))[:width]
        for row in (0, height // 2, -1):
            plane[row] = line


def _picture(setup: Setup) -> list[NDArray[Any]]:
    """Room for one picture of the clip, black."""
    picture, clip = setup.clip.picture, setup.clip
    size = clip.width * picture.scale, clip.height * picture.scale
    shapes = [(1, len(group.planes), *group.size(*size)[::-1]) for group in picture.format.groups]
    return [np.zeros(shape, picture.format.dtype) for shape in shapes]
