"""Models by name: what there is, its weights, and how they get here. Nothing here needs PyTorch.

spec = find("animesr-v2")        # a ModelSpec, without weights on disk
artifact = load("animesr-v2")    # spec and ONNX graph with weights
"""

from vsanimesr.models.artifact import Artifact, hash_weights
from vsanimesr.models.registry import BUILT_IN, DEFAULT, REGISTRY, Entry, available, find, load, path, remedy
from vsanimesr.models.store import fetch, import_checkpoint

__all__ = [
    "BUILT_IN",
    "DEFAULT",
    "REGISTRY",
    "Artifact",
    "Entry",
    "available",
    "fetch",
    "find",
    "hash_weights",
    "import_checkpoint",
    "load",
    "path",
    "remedy",
]
