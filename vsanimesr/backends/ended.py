"""The end of an operation on a device."""

from collections.abc import Callable

from vsanimesr.backends.device import Device, Mark
from vsanimesr.errors import DeviceError


class Ended:
    """The end of an operation: of one that was submitted, when its mark is reached; else at once, with its error."""

    def __init__(self, device: Device, mark: Mark | None, fail: Callable[[DeviceError], BaseException]) -> None:
        self._device, self._mark, self._fail = device, mark, fail
        self.error: BaseException | None = None

    @property
    def done(self) -> bool:
        """Whether the operation has ended, well or badly."""
        return self._look(lambda mark: mark.reached)

    def wait(self) -> None:
        """Block until it has."""
        self._look(_synchronized)

    def _look(self, reached: Callable[[Mark], bool]) -> bool:
        mark = self._mark
        if mark is None:
            return True
        try:
            self._device.activate()
            if not reached(mark):
                return False
        except DeviceError as error:
            self.error = self._fail(error)
        self._mark = None
        return True


def _synchronized(mark: Mark) -> bool:
    mark.synchronize()
    return True
