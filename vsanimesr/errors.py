"""Every error that vsanimesr raises, one small tree:

    AnimeSRError
    ├── ArgumentError        an argument has a wrong value, or a wrong name       (also a ValueError)
    ├── FormatError          the clip's format or size cannot be upscaled         (also a ValueError)
    ├── ModelError           something is wrong with a model
    │   ├── UnknownModel         nothing of that name, no file at that path
    │   ├── ModelNotFetched      a known model whose weights are not on this machine yet
    │   └── BadModelFile         truncated, not a model, another architecture, a wrong hash, a malicious pickle
    ├── BackendError         something is wrong with a backend
    │   ├── BackendUnavailable   it cannot run on this machine (library or device missing)
    │   └── DeviceError          it failed while running
    │       └── OutOfMemory          the device or the host has not the memory that this size needs
    ├── EngineError          something is wrong with an engine, a graph compiled for one kind of device
    │   ├── EngineMissing        there is none for this clip, and building one was forbidden
    │   └── EngineNotBuilt       the library would not build it
    ├── MediaError           a file that is no video, or one that this cannot be done with
    ├── JobError             a job cannot begin, go on or end: its folder, its chunks, the disk
    ├── PipelineError        vspipe or ffmpeg failed; carries the command and the end of its output
    └── TrainingError        a training cannot begin or go on: settings, checkpoints, numbers, memory

A message says what happened, what was got, what was wanted and how to fix it, in one or two lines.
"""


class AnimeSRError(Exception):
    """Base of every error that vsanimesr raises on purpose."""

    is_message = True
    """The native shim shows the text of such an error alone; of any other it shows the type too."""


class ArgumentError(AnimeSRError, ValueError):
    """An argument has a wrong value, or a name that we call otherwise."""


class FormatError(AnimeSRError, ValueError):
    """The clip's format or size cannot be upscaled."""


class ModelError(AnimeSRError):
    """Something is wrong with a model."""


class UnknownModel(ModelError, ValueError):
    """No model of that name is known and no file lies at that path."""


class ModelNotFetched(ModelError):
    """The model is known, its weights are not on this machine yet."""


class BadModelFile(ModelError):
    """A model file that is truncated, no model, of another architecture, or not what its hash says."""


class BackendError(AnimeSRError):
    """Something is wrong with a backend."""


class BackendUnavailable(BackendError):
    """The backend cannot run on this machine: its library or its device is missing."""


class DeviceError(BackendError):
    """The backend failed while it was running."""


class OutOfMemory(DeviceError):
    """There is not enough memory; the message says how much was wanted and how to need less."""


class EngineError(AnimeSRError):
    """Something is wrong with an engine."""


class EngineMissing(EngineError):
    """There is no engine for this clip, and building one was forbidden."""


class EngineNotBuilt(EngineError):
    """The library would not build the engine."""


class MediaError(AnimeSRError):
    """A file that is missing, no video, damaged, or of a kind that cannot be upscaled."""


class JobError(AnimeSRError):
    """A job cannot begin, go on or end: its folder is damaged or in use, its chunks do not fit, the disk is full."""


class PipelineError(AnimeSRError):
    """vspipe or ffmpeg failed; the message carries the command and the end of its output."""


class TrainingError(AnimeSRError):
    """A training cannot begin or go on: its settings or checkpoints do not fit, its numbers or its memory ran away."""
