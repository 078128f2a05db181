"""A model on disk: an ONNX file with the network's cell, its weights and a description; read without PyTorch.

What is taken out of a file are the weights and the description. The graph always is the template of this version of
the package, so a file cannot bring operators of its own, and an old file gets a better graph with the next release.
"""

import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from vsanimesr.errors import ArgumentError, BadModelFile
from vsanimesr.models.checkpoint import MAX_BYTES, Weights
from vsanimesr.spec import ARCHITECTURES, ModelSpec

ARCHITECTURE = "animesr"
"""The network of the official models; what weights are taken for that are those of none."""
SCALE = 4
TYPES: dict[int, np.dtype[Any]] = {
    int(onnx.TensorProto.FLOAT): np.dtype("<f4"),
    int(onnx.TensorProto.FLOAT16): np.dtype("<f2"),
}
"""How weights may be stored; in an Artifact they always are float32."""
HEAD = "conv_s1_first.0.weight"
"""The first layer, whose channels tell which network it is, and whether it has feedback."""


@dataclass(frozen=True)
class Artifact:
    """A model with its weights."""

    spec: ModelSpec
    """Its description."""
    proto: onnx.ModelProto
    """The network's cell: inputs previous, current, next [1, 3, h, w] and state [1, C, h, w], outputs packed
    [1, 48, h, w] (the picture before its pixel-shuffle, not clamped) and next_state [1, C, h, w]; all float32,
    h and w multiples of 4. To be treated as read-only."""


def hash_weights(weights: Mapping[str, NDArray[np.float32]]) -> str:
    """SHA-256 over name, type, shape and little-endian bytes of every tensor, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name]
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}\n".encode())
        digest.update(np.ascontiguousarray(tensor).data)
    return digest.hexdigest()


def build(name: str, weights: Weights, source: str, licence: str, where: str) -> Artifact:
    """Artifact of a checkpoint's weights (names of the network's cell).

    Raises BadModelFile, whose message starts with `where`, if they are not the weights of this network.
    """
    architecture, feedback = _kind(weights)
    weights = _checked(weights, architecture, feedback, where)
    spec = ModelSpec(name, architecture, SCALE, feedback, source, licence, hash_weights(weights))
    return Artifact(spec, _graft(weights, spec))


def read(path: Path) -> Artifact:
    """Artifact in a file; raises BadModelFile if there is none, or if anything in it is not as it should be."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadModelFile(f"{path} has {path.stat().st_size} bytes; a model has at most {MAX_BYTES}")
        proto = onnx.load_model_from_string(path.read_bytes())
    except OSError as error:
        raise BadModelFile(f"{path} cannot be read: {error.strerror}") from error
    except BadModelFile:
        raise
    except Exception as error:  # protobuf's DecodeError has moved between its releases
        raise BadModelFile(f"{path} is no ONNX file, or it is truncated: {error}") from error
    spec = _described(proto, path)
    tensors = {tensor.name: tensor for tensor in proto.graph.initializer}
    names = [name for name in tensors if name.endswith((".weight", ".bias"))]
    weights = _checked(
        {name: _array(tensors[name], path) for name in names}, spec.architecture, spec.feedback, str(path)
    )
    if (found := hash_weights(weights)) != spec.weights_sha256:
        raise BadModelFile(f"{path} is damaged: its weights hash to {found}, its metadata say {spec.weights_sha256}")
    return Artifact(spec, _graft(weights, spec))


def write(artifact: Artifact, path: Path, *, half: bool = False) -> None:
    """Write an artifact under a temporary name beside `path` and rename it, so that it is there whole or not.

    With `half` weights take two bytes each; ArgumentError unless every one of them is a number of float16 (`rounded`).
    """
    proto = _halved(artifact.proto) if half else artifact.proto
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(proto.SerializeToString(deterministic=True))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def template_name(architecture: str, feedback: bool) -> str:
    """File of a network's graph without weights, in this package."""
    return f"{architecture}.onnx" if feedback else f"{architecture}_nofeedback.onnx"


def rounded(weights: Weights) -> Weights:
    """The same weights as the next numbers of float16, in float32."""
    return {name: tensor.astype(np.float16).astype(np.float32) for name, tensor in weights.items()}


def _halved(proto: onnx.ModelProto) -> onnx.ModelProto:
    half = onnx.ModelProto()
    half.CopyFrom(proto)
    for tensor in half.graph.initializer:
        if tensor.name.endswith((".weight", ".bias")):
            whole = np.frombuffer(tensor.raw_data, "<f4")
            short = whole.astype("<f2")
            if not np.array_equal(short.astype(np.float32), whole):
                raise ArgumentError(f"{tensor.name} has numbers that float16 has not; round the weights first")
            tensor.raw_data, tensor.data_type = short.tobytes(), onnx.TensorProto.FLOAT16
    return half


@cache
def _template(architecture: str, feedback: bool) -> onnx.ModelProto:
    name = template_name(architecture, feedback)
    return onnx.load_model_from_string(resources.files(__package__).joinpath(name).read_bytes())


def _shapes(architecture: str, feedback: bool) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter; in the template these are the tensors without data."""
    return {t.name: tuple(t.dims) for t in _template(architecture, feedback).graph.initializer if not t.raw_data}


def _kind(weights: Weights) -> tuple[str, bool]:
    """The network whose first layer the weights have, and whether it has feedback."""
    shape = weights[HEAD].shape if HEAD in weights else ()
    for architecture in ARCHITECTURES:
        for feedback in (True, False):
            if shape == _shapes(architecture, feedback)[HEAD]:
                return architecture, feedback
    return ARCHITECTURE, not shape  # none of these; what is said of it is easiest to read beside the smaller one


def _graft(weights: Weights, spec: ModelSpec) -> onnx.ModelProto:
    proto = onnx.ModelProto()
    proto.CopyFrom(_template(spec.architecture, spec.feedback))
    for tensor in proto.graph.initializer:
        if tensor.name in weights:
            tensor.raw_data = weights[tensor.name].tobytes()
    for key, value in _metadata(spec).items():
        proto.metadata_props.add(key=key, value=value)
    return proto


def _metadata(spec: ModelSpec) -> dict[str, str]:
    return {
        "name": spec.name,
        "architecture": spec.architecture,
        "scale": str(spec.scale),
        "feedback": "yes" if spec.feedback else "no",
        "source": spec.source,
        "licence": spec.licence,
        "weights_sha256": spec.weights_sha256,
    }


def _described(proto: onnx.ModelProto, path: Path) -> ModelSpec:
    found = {entry.key: entry.value for entry in proto.metadata_props}
    architecture = found.get("architecture", "")
    spec = ModelSpec(
        name=found.get("name", ""),
        architecture=architecture if architecture in ARCHITECTURES else ARCHITECTURE,
        scale=SCALE,
        feedback=found.get("feedback") == "yes",
        source=found.get("source", ""),
        licence=found.get("licence", ""),
        weights_sha256=found.get("weights_sha256", ""),
    )
    wanted = _metadata(spec)
    if missing := sorted(wanted.keys() - found.keys()):
        raise BadModelFile(
            f"{path} is no model of ours: its ONNX metadata lack {', '.join(missing)}. "
            "Make one with: vsanimesr models import FILE.pth --name NAME"
        )
    if wrong := [key for key in wanted if found[key] != wanted[key]]:
        told = ", ".join(f"{key} {found[key]!r} (can be {wanted[key]!r})" for key in wrong)
        raise BadModelFile(f"{path} is a model of another kind: {told}")
    return spec


def _array(tensor: onnx.TensorProto, path: Path) -> NDArray[np.float32]:
    """An initialiser's data; only what `write` writes is read, so no reference to another file."""
    shape, type_ = tuple(tensor.dims), TYPES.get(tensor.data_type)
    if type_ is None or len(tensor.raw_data) != type_.itemsize * int(np.prod(shape, dtype=object)):
        raise BadModelFile(f"{path} is damaged: {tensor.name} does not hold float32 or float16 data of shape {shape}")
    return np.frombuffer(tensor.raw_data, type_).reshape(shape).astype(np.float32, copy=False)


def _checked(weights: Weights, architecture: str, feedback: bool, where: str) -> Weights:
    """The weights in C order; raises BadModelFile naming the first few that are not as the network wants them."""
    shapes = _shapes(architecture, feedback)
    wrong = [f"{name} is missing" for name in shapes if name not in weights]
    wrong += [f"{name} is unexpected" for name in weights if name not in shapes]
    wrong += [
        f"{name} is {list(weights[name].shape)}, not {list(shape)}"
        for name, shape in shapes.items()
        if name in weights and weights[name].shape != shape
    ]
    if not wrong:
        weights = {name: np.ascontiguousarray(weights[name]) for name in shapes}
        wrong = [f"{name} is not finite" for name, tensor in weights.items() if not np.isfinite(tensor).all()]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise BadModelFile(f"{where} does not hold the weights of {architecture}: {'; '.join(wrong[:3])}{more}")
    return weights
