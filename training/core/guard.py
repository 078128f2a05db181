"""What stops a training: numbers that are none any more, memory that is not enough, Ctrl-C and other signals."""

import math
import os
import signal
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import FrameType

import torch
from torch import nn

from vsanimesr.errors import TrainingError

MEMORY = "allocate memory", "not enough memory", "out of memory"
"""One of these is in what PyTorch says when the host or the device has none left."""
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Those that end a run after its step: Ctrl-C, a system that shuts down, a terminal that was closed."""


class Stopped(TrainingError):
    """Why a step cannot be done; the trainer adds which one and what checkpoint there is."""


def check(name: str, terms: Mapping[str, float], gradient: float) -> None:
    """Raise Stopped if a term of the loss of the optimiser `name`, or the length of its gradient, is not finite."""
    found = {**terms, "gradient": gradient}
    if all(map(math.isfinite, found.values())):
        return
    told = ", ".join(f"{term} {value:g}" for term, value in found.items())
    raise Stopped(
        f"the loss of '{name}' is no finite number any more: {told}; go on with a lower learning rate (--accept lr), "
        "gradients clipped at 1 (--accept clip) or fp32 (--accept precision), or look for samples not from 0 to 1"
    )


def check_weights(networks: Mapping[str, nn.Module]) -> None:
    """Raise Stopped if a network has a parameter or buffer that is not finite, so no checkpoint will."""
    for name, network in networks.items():
        for key, value in network.state_dict().items():
            if not bool(torch.isfinite(value).all()):
                raise Stopped(
                    f"{key} of the network '{name}' is not finite; lower the learning rate, or clip gradients at 1"
                )


@contextmanager
def memory(sizes: str, device: torch.device) -> Generator[None, None, None]:
    """Turns what PyTorch raises when memory is not enough into Stopped, which names the sizes of the batch."""
    try:
        yield
    except (
        MemoryError,
        RuntimeError,
    ) as exc:  # torch.OutOfMemoryError is a RuntimeError
        if isinstance(exc, RuntimeError) and not any(words in str(exc) for words in MEMORY):
            raise
        said = str(exc).partition("\n")[0] or "no memory left"
        raise Stopped(
            f"the memory of {device} is not enough for a batch of {sizes} ({said}); lower the batch, the frames or the "
            "size of pictures, recompute steps (--recompute) where the command can, or use more processes"
        ) from exc


def explained(why: Stopped, step: int, last: str) -> TrainingError:
    """The error for people: the step that failed, counted from 1, why, and the last good checkpoint."""
    return TrainingError(f"step {step} failed: {why}; the last good checkpoint is {last}")


class Stop:
    """While entered, the first Ctrl-C or other signal only sets `asked`, and the second Ctrl-C interrupts at once.

    A signal that the process ignores, as nohup has SIGHUP ignored, stays ignored. Signals reach the main thread only,
    so in another one this does nothing.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> "Stop":
        try:
            for number in SIGNALS:
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._ask)
        except ValueError:  # not in the main thread
            self._before.clear()
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not self.asked:
            os.write(2, b"\nending after this step; Ctrl-C again ends at once\n")  # print may be on its way already
        self.asked = True
