"""What is here of all that a video takes to be upscaled, and how to get what is not: facts, nothing is printed.

Everything is tried, not looked up: the plugin by a run of vspipe, an encoder by encoding, a folder by writing into it,
and in the end the whole way by two small frames.
"""

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vsanimesr import backends, engines, models, pipeline
from vsanimesr.errors import AnimeSRError, BackendUnavailable, PipelineError
from vsanimesr.media import encoders
from vsanimesr.models import registry

DISTRIBUTION = "vapoursynth-animesr"
OK, MISSING, BROKEN, OPTIONAL = "ok", "missing", "broken", "absent but optional"
DEFAULT_ENCODER = "x264"
"""The one that is taken where none is asked for; the others are optional."""
LITTLE = 1 << 30
"""Bytes of free disk space below which a folder is no place for a video."""
PATIENCE = 120
"""Seconds that a program may take."""
SIZE = 64, 48
"""Width and height of the frames that are tried."""
_BLANK = "core.std.BlankClip(width={}, height={}, format=vs.YUV420P8, length=2)".format(*SIZE)
_IMPORTS = "import vapoursynth as vs; from vapoursynth import core\n"
_ANEW = f"install it anew: pip install --force-reinstall {DISTRIBUTION}"


@dataclass(frozen=True)
class Finding:
    """One fact."""

    name: str
    """What it is about."""
    state: str
    """'ok', 'missing', 'broken' or 'absent but optional'."""
    text: str
    """What was found, or what went wrong."""
    way_out: str = ""
    """What to do about it; '' where nothing is to be done."""
    needed: bool = False
    """Whether the default model can upscale no video where this is missing or broken."""


def ready(findings: Iterable[Finding]) -> bool:
    """Whether a video can be upscaled: nothing that is needed is missing or broken."""
    return not any(finding.needed and finding.state in (MISSING, BROKEN) for finding in findings)


def examine() -> Iterator[Finding]:
    """Everything, each finding as soon as it is known; takes a few seconds. Raises nothing."""
    for name, check in CHECKS.items():
        try:
            yield from check()
        except AnimeSRError as error:
            yield Finding(name, MISSING, *_divided(error), needed=True)
        except Exception as error:  # a broken library may raise anything, and is what is looked for
            yield Finding(name, BROKEN, _first(f"{type(error).__name__}: {error}"), _ANEW, needed=True)


def packages() -> Iterator[Finding]:
    """Python, our own version, and the packages that we require."""
    yield Finding("Python", OK, f"{platform.python_version()} in {sys.prefix}, {platform.platform(terse=True)}")
    try:
        yield Finding("vsanimesr", OK, importlib.metadata.version(DISTRIBUTION))
        requirements = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("vsanimesr", OK, "run from its sources, not installed: nothing is known of what it requires")
        return
    for name in (re.split(r"[^\w.-]", line)[0] for line in requirements if "extra ==" not in line):
        try:
            yield Finding(name, OK, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, MISSING, "not installed", f"pip install {name}", needed=True)


def plugin() -> Iterator[Finding]:
    """vspipe, and whether it finds our filter and BestSource."""
    vspipe = pipeline.find_vspipe()
    version = re.search(r"Core R\d+", _run([str(vspipe), "--version"]).stdout.decode(errors="replace"))
    yield Finding("vspipe", OK, f"{version[0] if version else 'unknown version'}, {vspipe}")
    wanted = 2 * 16 * SIZE[0] * SIZE[1] * 3 // 2
    script = f"core.animesr.Upscale({_BLANK}, backend='fake').set_output()"
    yield _scripted("plugin in vspipe", script, _ANEW, wanted=wanted)
    way = "pip install vapoursynth-bestsource"
    yield _scripted("BestSource in vspipe", f"core.bs.VideoSource; {_BLANK}.set_output()", way, wanted=wanted // 16)


def ffmpeg() -> Iterator[Finding]:
    """ffmpeg, and which of its encoders work."""
    program = pipeline.find_ffmpeg()
    said = _run([str(program), "-hide_banner", "-version"]).stdout.decode(errors="replace")
    version = re.match(r"ffmpeg version (\S+)", said)
    yield Finding("ffmpeg", OK, f"{version[1] if version else 'unknown version'}, {program}")
    for name, reason in encoders.available(program).items():
        codec, needed = encoders.ENCODERS[name].codec, name == DEFAULT_ENCODER
        if not reason:
            yield Finding(f"encoder {name}", OK, codec, needed=needed)
            continue
        way = f"install an ffmpeg that has {codec}" if needed else ""
        yield Finding(f"encoder {name}", MISSING if needed else OPTIONAL, _first(reason), way, needed=needed)


def gpus() -> Iterator[Finding]:
    """The NVIDIA GPUs and their driver."""
    count, program = backends.count_nvidia_gpus(), shutil.which("nvidia-smi")
    if not count and not program:
        yield Finding("GPU", OPTIONAL, "no NVIDIA GPU: processors are many times slower")
        return
    asked = "name,compute_cap,memory.total,memory.free,driver_version"
    done = _run([program, f"--query-gpu={asked}", "--format=csv,noheader,nounits"]) if program else None
    rows = done.stdout.decode(errors="replace").splitlines() if done and not done.returncode else []
    for number, row in enumerate(rows):
        name, capability, total, free, driver = (cell.strip() for cell in row.rsplit(",", 4))
        text = f"{name}, compute capability {capability}, {free} of {total} MiB free, driver {driver}"
        yield Finding(f"GPU {number}", OK, text)
    if not rows and count:
        yield Finding("GPU", OK, f"{count}, of which nvidia-smi tells nothing")
    if not count:
        way = "install the driver anew, or make it visible here (containers: --gpus all; CUDA_VISIBLE_DEVICES)"
        yield Finding("GPU driver", BROKEN, "the NVIDIA driver is here and offers no GPU", way)


def computing() -> Iterator[Finding]:
    """Which backends can run, and what 'auto' would choose."""
    for name in (name for name in backends.NAMES if name != "fake"):
        try:
            backend = backends.get(name)
            yield Finding(f"backend {name}", OK, f"{backend.version()} on {', '.join(backend.devices())}")
        except BackendUnavailable as error:
            text, way = _divided(error)
            yield Finding(f"backend {name}", OPTIONAL, text.removeprefix(f"{name}: "), way)
        except Exception as error:  # see `examine`
            yield Finding(f"backend {name}", BROKEN, _first(f"{type(error).__name__}: {error}"), "install it anew")
    choice = backends.choose()
    yield Finding("backend auto", OK, f"{choice.name} on {choice.device}", choice.warning, needed=True)


def weights() -> Iterator[Finding]:
    """The models."""
    for entry in models.available():
        name, needed = f"model {entry.spec.name}", entry.spec.name == models.DEFAULT
        way = models.remedy(entry.spec.name).removeprefix("run: ")
        if entry.fetched:
            yield Finding(name, OK, str(entry.path), needed=needed)
        elif entry.problem:
            yield Finding(name, BROKEN, entry.problem, way, needed=needed)
        else:
            yield Finding(name, MISSING if needed else OPTIONAL, "not fetched", way, needed=needed)


def compiled() -> Iterator[Finding]:
    """The engines."""
    place = engines.folder(None)
    entries = engines.entries(place)
    for entry in entries:
        if entry.problem:
            yield Finding(f"engine {entry.path.name}", BROKEN, entry.problem, "vsanimesr engines clear --stale")
    whole = [entry.engine.nbytes for entry in entries if entry.engine and not entry.problem]
    if whole:
        yield Finding("engines", OK, f"{len(whole)}, {sum(whole) / 1e6:.1f} MB in {place}")
    else:
        yield Finding("engines", OPTIONAL, f"none in {place}; TensorRT's are built when they are first needed")


def folders() -> Iterator[Finding]:
    """Whether what has to be written can be, and the disk space there."""
    elsewhere = f"set ${registry.HOME} to another folder"
    yield folder("folder of models", registry.folder(), elsewhere)
    yield folder("folder of engines", engines.folder(None), elsewhere)
    yield folder("temporary folder", Path(tempfile.gettempdir()), "set $TMPDIR to another folder", needed=True)
    yield folder("this folder", Path.cwd(), "write videos into another folder")


def folder(name: str, path: Path, way_out: str, *, needed: bool = False) -> Finding:
    """Whether a folder, or the nearest one above it that exists, can be written, and has disk space left."""
    there = next(place for place in (path, *path.parents) if place.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=there) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        return Finding(name, BROKEN, f"{there} cannot be written: {error.strerror}", way_out, needed=needed)
    free = shutil.disk_usage(there).free
    text = f"{path}, {free / 2**30:.1f} GiB free"
    if free < LITTLE:
        return Finding(name, BROKEN, f"{text}: too little for a video", f"make room there, or {way_out}", needed=needed)
    return Finding(name, OK, text, needed=needed)


def trial() -> Iterator[Finding]:
    """Two frames all the way: vspipe, the default model on the backend that 'auto' chooses, ffmpeg."""
    choice = backends.choose()
    name = f"two frames by {choice.name}"
    if choice.name == "tensorrt":
        yield Finding(name, OPTIONAL, "not tried: TensorRT would build an engine first, which takes minutes")
        return
    with tempfile.TemporaryDirectory(prefix="vsanimesr-") as place:
        script, output = Path(place, "two.vpy"), Path(place, "two.mkv")
        call = f"core.animesr.Upscale({_BLANK}, backend={choice.name!r}, engine_dir={place!r})"
        script.write_text(f"{_IMPORTS}{call}.set_output()\n", encoding="utf-8")
        try:
            last = list(pipeline.Render(script, output).run())[-1]
        except PipelineError as error:
            way = "what is missing or broken above comes first"
            yield Finding(name, BROKEN, _reason(str(error).splitlines()), way, needed=True)
            return
        text = f"{last.total} frames of {SIZE[0]}x{SIZE[1]} became {output.stat().st_size} bytes of x264"
    yield Finding(name, OK, text, needed=True)


CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "packages": packages,
    "vspipe": plugin,
    "ffmpeg": ffmpeg,
    "GPU": gpus,
    "backend auto": computing,
    "models": weights,
    "engines": compiled,
    "folders": folders,
    "two frames": trial,
}
"""What is examined, in this order; the names are for what fails as a whole."""


def _scripted(name: str, script: str, way_out: str, *, wanted: int) -> Finding:
    """Whether vspipe makes so many bytes of frames of a script."""
    with tempfile.TemporaryDirectory(prefix="vsanimesr-") as place:
        file = Path(place, "try.vpy")
        file.write_text(f"{_IMPORTS}{script}\n", encoding="utf-8")
        done = _run([str(pipeline.find_vspipe()), str(file), "-"])
    if done.returncode == 0 and len(done.stdout) == wanted:
        return Finding(name, OK, "found, and made two frames", needed=True)
    reason = _reason(done.stderr.decode(errors="replace").splitlines())
    text = f"vspipe ended with {done.returncode} and {len(done.stdout)} bytes, wanted {wanted}: {reason}"
    state = MISSING if "No attribute with the name" in reason else BROKEN
    return Finding(name, state, text, way_out, needed=True)


def _reason(said: Sequence[str]) -> str:
    """The line of what vspipe said that tells what went wrong: that of the exception, else the last one."""
    lines = [line.strip() for line in said if line.strip()]
    return next((line for line in lines if "exception" in line.lower()), lines[-1] if lines else "it said nothing")


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """A program's output; one that cannot be started, or takes too long, ended with 127 and says why."""
    # vspipe looks for this Python on PATH.
    path = os.pathsep.join(filter(None, (sysconfig.get_path("scripts"), os.environ.get("PATH"))))
    try:
        return subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False,
            env={**os.environ, "PATH": path},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 127, b"", str(error).encode())


def _divided(error: Exception) -> tuple[str, str]:
    """An error's message and its way out, where it has one after its last semicolon or colon."""
    text = " ".join(str(error).split())
    found = re.match(r"(.*?)(?:;|:) ((?:install|pip install|run:|set |use ).*)", text)
    return (found[1], found[2].removeprefix("run: ")) if found else (text, "")


def _first(text: str) -> str:
    return (text.splitlines() or [""])[0]
