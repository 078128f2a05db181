"""Read the tensors of a PyTorch checkpoint without PyTorch and without running anything that the file says.

A checkpoint is a zip archive: a pickle (`data.pkl`) that describes tensors, and one member per storage. The pickle is
data from strangers, so only the few names below are known to it, and what they make cannot be changed by it.
"""

import io
import pickle
import pickletools
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, override

import numpy as np
from numpy.typing import NDArray

from vsanimesr.errors import BadModelFile

Weights = dict[str, NDArray[np.float32]]
"""Parameters by name, C-ordered."""

MAX_BYTES = 256 * 2**20
"""Largest file, and largest sum of storages as float32."""
MAX_PICKLE = 2**20
NESTED_UNDER = ("params_ema", "params", "state_dict", "model")
PREFIXES = ("module.", "recurrent_cell.")


def read(data: bytes, where: str) -> Weights:
    """Parameters of a checkpoint as float32, under their names in the network's cell.

    data: a file of torch.save, holding a state dict or a dictionary that has one under a usual key; half, bfloat16
    and double tensors are converted. where: the file's name, for messages.
    Raises BadModelFile if the file is too large, in the old format, damaged, or asks for anything but tensors.
    """
    if len(data) > MAX_BYTES:
        raise BadModelFile(f"{where} has {len(data)} bytes; a checkpoint of this network has at most {MAX_BYTES}")
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise BadModelFile(
            f"{where} is no checkpoint in the format of PyTorch 1.6 or later (a zip archive), or it is truncated; "
            "load it with PyTorch and save it again with torch.save"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _named(_Archive(archive).load())
    except BadModelFile as error:
        raise BadModelFile(f"{where} {error}") from None
    except Exception as error:  # whatever a damaged archive or pickle makes the standard library raise
        raise BadModelFile(f"{where} is damaged: {type(error).__name__}: {error}") from error


class _Inert:
    """What a pickle gets into its hands: a value that it can pass on and not change."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __setstate__(self, state: object) -> NoReturn:
        raise BadModelFile("holds a pickle that changes an object which is none of its own")


class _Storage(_Inert):
    """One-dimensional array of float32."""

    __slots__ = ()


class _Tensor(_Inert):
    """View of a storage."""

    __slots__ = ()


class _Maker(_Inert):
    """A function that a pickle may call."""

    __slots__ = ()

    def __call__(self, *args: Any) -> object:
        return self.value(*args)


class _Dict(dict[Any, Any]):
    """Stands for OrderedDict, made empty; the attributes that PyTorch gives it are dropped."""

    def __init__(self) -> None:
        super().__init__()

    def __setstate__(self, state: object) -> None:
        pass


def _tensor(storage: object, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> _Tensor:
    """A view of a storage, refused if any of its elements lies outside."""
    numbers = (offset, *size, *stride)
    if not isinstance(storage, _Storage) or len(size) != len(stride) or len(size) > 8:
        raise BadModelFile("holds a tensor that is none")
    if any(type(n) is not int or not 0 <= n < 2**40 for n in numbers) or 0 in size:
        raise BadModelFile("holds a tensor with impossible sizes or strides")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    elements = storage.value
    if last >= elements.size:
        raise BadModelFile(f"holds a tensor that ends at element {last} of a storage of {elements.size}")
    strides = [elements.itemsize * step for step in stride]
    return _Tensor(np.ndarray(size, elements.dtype, elements, elements.itemsize * offset, strides))


def _bfloat16(raw: bytes) -> NDArray[np.float32]:
    return (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)


def _as_float32(dtype: str) -> Callable[[bytes], NDArray[np.float32]]:
    def convert(raw: bytes) -> NDArray[np.float32]:
        with np.errstate(over="ignore"):  # an infinite weight is refused later, with its name
            return np.frombuffer(raw, dtype).astype(np.float32)

    return convert


_STORAGES: Mapping[str, tuple[int, Callable[[bytes], NDArray[np.float32]]]] = {
    "torch.FloatStorage": (4, _as_float32("<f4")),
    "torch.HalfStorage": (2, _as_float32("<f2")),
    "torch.DoubleStorage": (8, _as_float32("<f8")),
    "torch.BFloat16Storage": (2, _bfloat16),
}
"""Bytes of one element, and the conversion, by the name of the class in PyTorch."""

_GLOBALS: Mapping[str, object] = {
    "collections.OrderedDict": _Maker(_Dict),
    "torch._utils._rebuild_tensor_v2": _Maker(_tensor),
    "torch._utils._rebuild_parameter": _Maker(lambda tensor, *_: tensor),
    **{name: name for name in _STORAGES},
}


class _Archive:
    """The members of a checkpoint's zip archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise BadModelFile(f"is no checkpoint: its archive has {len(pickles)} members */data.pkl, not one")
        self.archive, self.prefix = archive, pickles[0].removesuffix("data.pkl")
        self.storages: dict[str, _Storage] = {}
        self.budget = MAX_BYTES

    def load(self) -> object:
        if f"{self.prefix}byteorder" in self.archive.namelist() and self.member("byteorder", 16) != b"little":
            raise BadModelFile("was saved on a big-endian machine; save it again on a little-endian one")
        pickled = self.member("data.pkl", MAX_PICKLE)
        _check_memo(pickled)
        return _Unpickler(self, pickled).load()

    def member(self, name: str, limit: int) -> bytes:
        """Content of a member of at most `limit` bytes; PyTorch never compresses one."""
        info = self.archive.getinfo(self.prefix + name)
        if info.compress_type != zipfile.ZIP_STORED or info.file_size > limit:
            raise BadModelFile(f"has a member {name!r} that is compressed or has more than {limit} bytes")
        return self.archive.read(info)

    def storage(self, kind: str, key: str, count: int) -> _Storage:
        if key not in self.storages:
            size, convert = _STORAGES[kind]
            self.budget -= 4 * count
            if count < 0 or self.budget < 0:
                raise BadModelFile(f"declares more than {MAX_BYTES} bytes of weights")
            raw = self.member(f"data/{key}", MAX_BYTES)
            if len(raw) != size * count:
                raise BadModelFile(f"is damaged: storage {key!r} has {len(raw)} bytes, declared are {size * count}")
            self.storages[key] = _Storage(convert(raw))
        return self.storages[key]


class _Unpickler(pickle.Unpickler):
    """Knows the names that tensors need and no other."""

    def __init__(self, archive: _Archive, pickled: bytes) -> None:
        super().__init__(io.BytesIO(pickled))
        self._archive = archive

    @override
    def find_class(self, module_name: str, global_name: str) -> Any:
        name = f"{module_name}.{global_name}"
        if name not in _GLOBALS:
            raise BadModelFile(
                f"asks for {name[:100]!r}, which is no tensor: nothing of it was run. If you trust the file, "
                "load it with PyTorch and save only its state dict"
            )
        return _GLOBALS[name]

    @override
    def persistent_load(self, pid: Any) -> _Storage:
        match pid:
            case ("storage", str(kind), str(key), str(), int(count)) if kind in _STORAGES:
                return self._archive.storage(kind, key, count)
        raise BadModelFile("refers to a storage in a way that PyTorch does not")


def _check_memo(pickled: bytes) -> None:
    """Refuse memo slots beyond the pickle's own length, for which the unpickler would reserve memory."""
    for opcode, argument, _ in pickletools.genops(pickled):
        if "PUT" in opcode.name and (argument or 0) > len(pickled):
            raise BadModelFile(f"holds a pickle of {len(pickled)} bytes that asks for {argument} slots")


def _named(tree: object) -> Weights:
    """The state dict within `tree`, under names without prefixes."""
    if isinstance(tree, dict):
        tree = next((tree[key] for key in NESTED_UNDER if isinstance(tree.get(key), dict)), tree)
    if not isinstance(tree, dict) or not all(isinstance(name, str) for name in tree):
        raise BadModelFile("holds no state dict")
    weights: Weights = {}
    for name, tensor in tree.items():
        if not isinstance(tensor, _Tensor):
            raise BadModelFile(f"has {name!r} in its state dict, which is no tensor")
        weights[_bare(name)] = tensor.value
    if len(weights) < len(tree):
        raise BadModelFile("has two tensors of the same name once prefixes are removed")
    return weights


def _bare(name: str) -> str:
    while prefix := next((p for p in PREFIXES if name.startswith(p)), ""):
        name = name.removeprefix(prefix)
    return name
