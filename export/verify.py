"""Does a backend in a precision compute what the network computes, over many steps of the recurrence?

    python -m export.verify --backend openvino --precision bf16

Runs PyTorch in float32 and the backend over the same frames, prints how far apart they are at each step, and exits
with 1 if that is too far. Polygraphy's Comparator is not used: it feeds the same inputs to every runner, one run apart
from the other, while here the state that a runner made is its next input.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from export import recurrence, verify_options
from export.fidelity import Step, compare, is_flat, summary
from export.frames import Clip
from export.report import Report, Run, default_floor
from vsanimesr import models
from vsanimesr.backends.base import Backend, EngineSetup, Setup
from vsanimesr.errors import AnimeSRError, ArgumentError, BackendError
from vsanimesr.spec import FORMATS, ClipSpec

SLOTS = 2
HEADER = "frame   PSNR dB  max error  differ at 8 bits  at 10 bits"


@dataclass(frozen=True)
class Job:
    """What is run over what."""

    backend: Backend
    setup: Setup
    artifact: models.Artifact
    clip: Clip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line says; returns the exit code: 0 if the pictures will do, else 1."""
    options = verify_options.parse(arguments)
    try:
        report = _verify(options)
        _write(report, options.output)
    except AnimeSRError as error:
        print(f"verify: {error}", file=sys.stderr)
        return 1
    return 1 if report.failures else 0


def _verify(options: argparse.Namespace) -> Report:
    kind = verify_options.backend(options)
    version = kind.version()  # before VapourSynth: one of its plugins may bring another copy of the same library
    artifact = models.load(options.model)
    width, height = options.size
    spec = ClipSpec(width, height, options.frames, FORMATS[options.format])
    clip = Clip(options.clip, options.first, spec)
    where = options.precision, options.device, options.device_id
    setup = Setup(spec, SLOTS, *where, lambda: artifact, EngineSetup(say=_say))
    backend = kind(setup)
    try:
        run = _describe(options, backend, version)
        print(_title(run), HEADER, sep="\n", flush=True)
        report = _compare(run, Job(backend, setup, artifact, clip))
    finally:
        backend.close()
    print(_ending(report))
    return report


def _compare(run: Run, job: Job) -> Report:
    steps: list[Step] = []
    error, flat = "", True
    right = recurrence.reference(job.clip, job.artifact)
    ours = recurrence.pictures(job.backend, job.setup, job.clip)
    # On a terminal a bar, under the lines; elsewhere nothing.
    with tqdm(total=run.frames, unit=" frames", leave=False, disable=None, file=sys.stderr) as bar:
        try:
            for n, picture in enumerate(ours):
                truth = next(right)
                steps.append(compare(run.first + n, picture, truth))
                flat = flat and is_flat(truth)
                bar.write(_line(steps[-1]), file=sys.stdout)
                bar.update()
        except BackendError as failed:
            error = str(failed)
    return Report(run, steps, flat, error)


def _describe(options: argparse.Namespace, backend: Backend, version: str) -> Run:
    samples, floor = FORMATS[options.format], options.floor
    return Run(
        model=options.model,
        backend=backend.name,
        version=version,
        device=backend.device,
        precision=backend.precision,
        clip=options.clip.name,
        first=options.first,
        frames=options.frames,
        width=options.size[0],
        height=options.size[1],
        format=samples.name,
        floor=default_floor(backend.precision, samples.dtype) if floor is None else floor,
    )


def _title(run: Run) -> str:
    where = f"{run.backend} ({run.version}) on {run.device}"
    frames = f"frames {run.first} to {run.first + run.frames - 1}, {run.width}x{run.height} {run.format}"
    return f"{run.model}, {where}, {run.precision}, against PyTorch in float32\n{run.clip}, {frames}"


def _line(step: Step) -> str:
    if step.broken:
        return f"{step.frame:5}  samples that are NaN or infinite: {step.broken}"
    shares = f"{step.differ_8:16.3%}  {step.differ_10:10.3%}"
    return f"{step.frame:5}  {step.psnr:8.2f}  {step.max_error:9.2e}  {shares}  {step.flat}".rstrip()


def _ending(report: Report) -> str:
    """The summary, and the verdict."""
    if report.failures:
        verdict = f"FAILED: {'; '.join(report.failures)}"
    else:
        verdict = f"passed: all {report.run.frames} pictures are at {report.run.floor:g} dB or above"
    taken = summary(report.steps)
    if taken.minimum_frame is None:
        return verdict
    ends = f"PSNR first {taken.first:.2f} dB, last {taken.last:.2f}, minimum {taken.minimum:.2f}"
    drift = "unknown" if math.isnan(taken.drift) else f"{taken.drift:+.2f} dB per 10 frames"
    line = f"{ends} at frame {taken.minimum_frame}, drift {drift}"
    worst = f"largest error {taken.max_error:.2e}; of all samples {taken.differ_8:.3%} differ at 8 bits"
    return f"{line}\n{worst}, {taken.differ_10:.3%} at 10\n{verdict}"


def _write(report: Report, file: Path | None) -> None:
    if file is None:
        return
    try:
        file.write_text(json.dumps(report.data(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise ArgumentError(f"{file} cannot be written: {error.strerror}; give another --output") from error


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
