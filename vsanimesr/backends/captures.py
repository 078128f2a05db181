"""Runs of an engine that were captured, so that running it again on the same tensors costs the host next to nothing."""

from collections.abc import Callable, Hashable

from vsanimesr.backends.device import Execution, Replay, Stream
from vsanimesr.errors import DeviceError

MOST = 64
"""Runs that are kept, first come, first served. Each holds memory on the device and on the host; within a scene a lane
has six, three places of its ring on two sides."""


class Captures:
    """Runs an engine on a stream; `say` is told once, in a line, why that goes without captures, if it does."""

    def __init__(self, execution: Execution, say: Callable[[str], None]) -> None:
        self._execution, self._say = execution, say
        self._replays: dict[Hashable, Replay] = {}
        self._usable = False

    def allow(self) -> None:
        """Capture from here on, if the engine can be; asked after its first run."""
        self._usable = self._execution.capturable
        if not self._usable:
            self._say("it cannot be captured")

    def run(self, stream: Stream, bound: Hashable) -> None:
        """Run on the tensors that are bound now, which `bound` identifies. Raises DeviceError."""
        if self._usable and bound not in self._replays and len(self._replays) < MOST:
            self._capture(stream, bound)
        replay = self._replays.get(bound) if self._usable else None
        if replay is None:
            self._execution.enqueue(stream)
        else:
            stream.launch(replay)

    def clear(self) -> None:
        """Forget all of them."""
        self._replays.clear()

    def _capture(self, stream: Stream, bound: Hashable) -> None:
        try:
            stream.begin_capture()
            try:
                self._execution.enqueue(stream)
            finally:
                replay = stream.end_capture()
            self._replays[bound] = replay
        except DeviceError as error:
            self._usable = False
            self._say(str(error))
