"""What decides a run, kept in its checkpoints and compared when it is resumed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from training.core.precision import Compilation, Precision
from vsanimesr.errors import TrainingError

KIND = "kind"
"""The name under which the class of a dataclass is kept."""
FREE = "free"


def free[T](default: T) -> T:
    """A field of settings that does not decide results, so a resumed run may have another value."""
    value: T = field(default=default, metadata={FREE: True})
    return value


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of every training; a recipe adds its own fields in a subclass, dataclasses among them.

    Values must be such that JSON has; those of fields that are not `free` decide the result.
    """

    steps: int = field(metadata={FREE: True})
    """Steps of the whole run; a schedule of learning rates has a length of its own."""
    batch: int = 1
    """Samples of a step, of all processes together."""
    seed: int = 0
    """Of samples and networks."""
    begin_with: str = ""
    """What the networks began with, as it was asked for; empty for nothing."""
    precision: Precision = "fp32"
    """Of the forward pass."""
    channels_last: bool = True
    """Whether the colours of a sample lie together in memory."""
    compilation: Compilation = "none"
    """How networks are compiled; worth trying on CUDA only."""
    clip: float = 0.0
    """Longest gradient of an optimiser's parameters, as one vector; longer ones are shortened. 0: any."""
    save_every: int = free(1000)
    """Steps between checkpoints."""
    save_minutes: float = free(10.0)
    """A checkpoint comes after so many minutes at the latest; 0: whenever."""
    keep: int = free(3)
    """Checkpoints that are kept, the latest ones."""
    milestone_every: int = free(0)
    """Checkpoints of multiples of so many steps are kept for good; 0: none."""
    log_every: int = free(50)
    """Steps between lines of the log."""
    samples_every: int = free(1000)
    """Steps between sample pictures, which the last step has, too; 0: none."""
    tensorboard: bool = free(False)
    """Whether numbers and pictures go to TensorBoard, too."""

    def __post_init__(self) -> None:
        """Raise TrainingError for numbers that make no sense."""
        for name in ("batch", "save_every", "keep", "log_every"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} is {getattr(self, name)}, wanted 1 or more")
        for name in ("steps", "clip", "save_minutes", "milestone_every", "samples_every"):
            if getattr(self, name) < 0:
                raise TrainingError(f"{name} is {getattr(self, name)}, wanted 0 or more")


def as_json(settings: Settings) -> dict[str, Any]:
    """The settings as JSON has them, nested dataclasses too, each with its class under 'kind'.

    Raises TrainingError for a value that JSON has not.
    """
    try:
        found: dict[str, Any] = json.loads(json.dumps(_nested(settings)))
    except TypeError as exc:
        raise TrainingError(f"the settings cannot be written: {exc}; use numbers, text, tuples, dataclasses") from exc
    return found


def differences(settings: Settings, stored: Mapping[str, Any]) -> dict[str, str]:
    """What decides results and is another in stored settings (from `as_json`): name to 'A in the checkpoint, B now'."""
    then, now = dict(_flat(stored)), dict(_flat(as_json(settings)))
    ignored = {f.name for f in fields(settings) if f.metadata.get(FREE)}
    names = [name for name in {**then, **now} if name.partition(".")[0] not in ignored]
    missing = "not set"
    told = {name: (then.get(name, missing), now.get(name, missing)) for name in names}
    return {name: f"{was!r} in the checkpoint, {is_!r} now" for name, (was, is_) in told.items() if was != is_}


def _nested(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {KIND: type(value).__name__} | {f.name: _nested(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {name: _nested(each) for name, each in value.items()}
    return [_nested(each) for each in value] if isinstance(value, list | tuple) else value


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, each in value.items():
        if isinstance(each, Mapping):
            yield from _flat(each, f"{prefix}{name}.")
        else:
            yield prefix + name, each
