"""Which models there are, where they lie, and how to get one by its name."""

import difflib
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import platformdirs

from vsanimesr.errors import BadModelFile, ModelNotFetched, UnknownModel
from vsanimesr.models.artifact import ARCHITECTURE, SCALE, Artifact, read
from vsanimesr.spec import ModelSpec

DEFAULT = "animesr-v2"
HOME = "VSANIMESR_HOME"
"""Environment variable with the data folder, instead of the user's."""


def _official(version: int, what: str, weights_sha256: str) -> ModelSpec:
    source = f"TencentARC/AnimeSR, AnimeSR_v{version}.pth ({what})"
    return ModelSpec(f"animesr-v{version}", ARCHITECTURE, SCALE, True, source, "Apache-2.0", weights_sha256)


OFFICIAL = {
    spec.name: spec
    for spec in (
        _official(2, "the authors' improved model", "ffb82688eca4b52d402899363c1d13c1038bea0d906cedc1d88e8572870eefaa"),
        _official(1, "the paper's model", "eca345581ab36782d0cb62f135748102d297d39d6ade5612bde419e180fb62bb"),
    )
}
"""The authors' models by name; their weights are fetched, never shipped."""


def _ours(name: str, architecture: str, source: str, weights_sha256: str) -> ModelSpec:
    return ModelSpec(name, architecture, SCALE, True, source, "Apache-2.0", weights_sha256)


BUILT_IN = {
    spec.name: spec
    for spec in (
        _ours(
            "animesr-lite",
            "animesr-lite",
            "distilled from animesr-v2 on drawn animation",
            "f99236edf84ba32d73dd74a518d463af1df1d42a505424df450464ca0d1fed0f",
        ),
        _ours(
            "toon",
            ARCHITECTURE,
            "trained from scratch on drawn animation",
            "48fca122a6d3db3aef0709ff9b0fc88a9b4660e9de7328a0f52f55f42377b686",
        ),
    )
}
"""Our own models by name; their weights come with the package."""
REGISTRY = OFFICIAL | BUILT_IN
"""All that have a name from the start."""


@dataclass(frozen=True)
class Entry:
    """A line of the list of models."""

    spec: ModelSpec
    """Its description; of an import whose file cannot be read, only the name is true."""
    path: Path
    """Where its artifact lies, or will lie once fetched."""
    fetched: bool
    """Whether it can be used at once: the file is there and good."""
    problem: str
    """Why the file that is there cannot be used; '' where it can, or where there is none."""


def folder() -> Path:
    """Folder of the artifacts within the user's data folder, or within $VSANIMESR_HOME."""
    home = os.environ.get(HOME)
    return (Path(home) if home else platformdirs.user_data_path("vsanimesr")) / "models"


def path(name: str) -> Path:
    """Where the artifact of a name lies, or would lie."""
    if name in BUILT_IN:
        return Path(str(resources.files("vsanimesr.weights").joinpath(f"{name}.onnx")))
    return folder() / f"{name}.onnx"


def find(name: str) -> ModelSpec:
    """Description of a model by its registry name, the name of an import, or the path of an .onnx artifact.

    Needs no weights on disk for a registry name. Raises UnknownModel, BadModelFile.
    """
    return REGISTRY[name] if name in REGISTRY else load(name).spec


def load(name: str) -> Artifact:
    """A model with its weights, by the names that `find` takes.

    Raises UnknownModel, ModelNotFetched (with the command that fetches it), BadModelFile.
    """
    if name not in REGISTRY:
        return read(_file(name))
    file = path(name)
    if name in OFFICIAL and not file.exists():
        raise ModelNotFetched(
            f"the weights of {name!r} are not on this machine; run: vsanimesr models fetch {name}; "
            f"or take one that comes with the package: {', '.join(map(repr, BUILT_IN))}"
        )
    artifact = read(file)
    if artifact.spec.weights_sha256 != REGISTRY[name].weights_sha256:
        raise BadModelFile(f"{file} does not hold the weights of {name!r}; {remedy(name)}")
    return Artifact(REGISTRY[name], artifact.proto)


def remedy(name: str) -> str:
    """What to do about a model whose file cannot be used."""
    if name in BUILT_IN:
        return "install vapoursynth-animesr anew"
    return f"run: vsanimesr models fetch {name}" if name in OFFICIAL else f"remove {path(name)} and import it anew"


def available() -> list[Entry]:
    """Every model of the registry, then every imported one, in the order of their names."""
    return [_entry(name) for name in _names()]


def _entry(name: str) -> Entry:
    spec = REGISTRY.get(name) or ModelSpec(name, ARCHITECTURE, SCALE, True, "unknown", "unknown", "")
    try:
        return Entry(load(name).spec, path(name), True, "")
    except ModelNotFetched:
        return Entry(spec, path(name), False, "")
    except BadModelFile as error:
        return Entry(spec, path(name), False, str(error))


def _file(name: str) -> Path:
    """File of an imported model or of an artifact's path."""
    as_path = name.endswith(".onnx") or Path(name).name != name
    file = Path(name) if as_path else path(name)
    if file.is_file():
        return file
    if as_path:
        raise UnknownModel(f"no model file {name!r}; give the path of an .onnx artifact, or a name: {_known()}")
    close = difflib.get_close_matches(name, _names(), 1, 0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise UnknownModel(f"no model is called {name!r}.{hint} There are: {_known()}, and paths of .onnx artifacts")


def _names() -> list[str]:
    return [*REGISTRY, *sorted({file.stem for file in folder().glob("*.onnx")} - REGISTRY.keys())]


def _known() -> str:
    return ", ".join(_names())
