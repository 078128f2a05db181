"""What a pipelined backend is made of: graphs, a device and two engines; and the memory that it takes with them."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from vsanimesr.backends.base import Demand, Setup
from vsanimesr.backends.buffers import Buffers
from vsanimesr.backends.device import Device, Execution
from vsanimesr.backends.layout import Layout
from vsanimesr.errors import DeviceError
from vsanimesr.graphs import Graphs, Tensor, tensors


@dataclass(frozen=True)
class Parts:
    """Two engines that are loaded, on a device that is open."""

    graphs: Graphs
    """Of the clip, roomy, in the types of the engines."""
    device: Device
    """Where they run."""
    ingest: Execution
    """Of `graphs.ingest`."""
    step: Execution
    """Of `graphs.step`."""
    engines: str
    """A hash of both (`Backend.engines`)."""

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """What is at the ends of the graphs, by name."""
        return {**tensors(self.graphs.ingest), **tensors(self.graphs.step)}

    @cached_property
    def frame(self) -> Layout:
        """How a frame crosses."""
        clip = self.graphs.clip
        return Layout(self.graphs.frames, clip.format, clip.width, clip.height)

    @cached_property
    def picture(self) -> Layout:
        """How a picture crosses."""
        clip, picture = self.graphs.clip, self.graphs.clip.picture
        return Layout(self.graphs.pictures, picture.format, picture.scale * clip.width, picture.scale * clip.height)

    def buffers(self, slots: int, lanes: int) -> Buffers:
        """The memory for as many pictures and recurrences; nothing is allocated yet."""
        scratch = max(self.ingest.scratch_nbytes, self.step.scratch_nbytes)
        return Buffers(
            self.device, self.tensors, self.frame, self.picture, slots=slots, lanes=lanes, scratch_nbytes=scratch
        )

    def close(self) -> None:
        """Free engines and device; nothing may be pending."""
        for free in (self.step.close, self.ingest.close, self.device.close):
            with suppress(DeviceError):  # a device that failed frees nothing more, and all of it goes with the process
                free()


def demand(setup: Setup, parts: Parts) -> Demand:
    """The memory that a backend of these parts takes besides them, and what is free beside them; they are closed."""
    try:
        parts.device.activate()
        return Demand(parts.buffers(setup.slots, setup.lanes).nbytes, parts.device.free_nbytes())
    finally:
        parts.close()
