"""The reader of PyTorch checkpoints: what it reads equals PyTorch, and what it refuses runs nothing."""

import collections
import io
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch

from vsanimesr.errors import BadModelFile
from vsanimesr.models import checkpoint


def saved(value, **options):
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def read(value):
    return checkpoint.read(value if isinstance(value, bytes) else saved(value), "file.pth")


def archive(pickled, storages=None, compression=zipfile.ZIP_STORED, byteorder=b"little"):
    """A checkpoint put together by hand."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as out:
        out.writestr("archive/data.pkl", pickled)
        out.writestr("archive/byteorder", byteorder)
        for key, raw in (storages or {}).items():
            out.writestr(f"archive/data/{key}", raw)
    return file.getvalue()


class Global:
    """Pickled as a name."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    """Pickled as a call of a name."""

    def __init__(self, module, name, *args):
        self.function, self.args = Global(module, name), args


class Pickler(pickle._Pickler):
    """Writes names that need not exist, and storages as PyTorch refers to them."""

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Global):
            self.write(f"c{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, Call):
            self.save_reduce(obj.function, obj.args)
        elif isinstance(obj, Storage):
            self.save(("storage", Global("torch", obj.kind), obj.key, "cpu", obj.count))
            self.write(pickle.BINPERSID)
        else:
            super().save(obj, save_persistent_id)

    def save_reduce(self, func, args, *rest, **named):
        self.save(func)
        self.save(args)
        self.write(pickle.REDUCE)


class Storage:
    def __init__(self, key, count, kind="FloatStorage"):
        self.key, self.count, self.kind = key, count, kind


def pickled(value):
    file = io.BytesIO()
    Pickler(file, 2).dump(value)
    return file.getvalue()


def tensor(storage, offset, size, stride):
    return Call("torch._utils", "_rebuild_tensor_v2", storage, offset, size, stride, False, None)


def four(*, offset=0, size=(2, 2), stride=(2, 1), count=4, kind="FloatStorage", nbytes=16):
    """A checkpoint with one tensor over one storage, which by default is 2x2 of four zeros."""
    value = {"w": tensor(Storage("0", count, kind), offset, size, stride)}
    return archive(pickled(value), {"0": bytes(nbytes)})


def test_reads_what_torch_wrote():
    state = collections.OrderedDict(a=torch.randn(3, 4), b=torch.randn(5))
    state._metadata = {"": {"version": 1}}
    weights = read(state)
    assert list(weights) == ["a", "b"]
    for name, found in weights.items():
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, state[name].numpy())


def test_reads_views_transposes_and_shared_storages():
    base = torch.arange(24.0)
    state = {"part": base[4:16].view(3, 4), "turned": base.view(4, 6).T, "strided": base[1::5], "whole": base}
    weights = read(state)
    for name, found in weights.items():
        np.testing.assert_array_equal(found, state[name].numpy())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_converts_to_float32(dtype):
    values = torch.tensor([0.1, -2.5, 1e-3, 65000.0]).to(dtype)
    found = read({"w": values})["w"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, values.float().numpy())


def test_reads_parameters():
    parameter = torch.nn.Parameter(torch.randn(2, 2))
    np.testing.assert_array_equal(read({"w": parameter})["w"], parameter.detach().numpy())


@pytest.mark.parametrize("key", ["params_ema", "params", "state_dict", "model"])
def test_finds_the_nested_state_dict_and_removes_prefixes(key):
    weights = torch.randn(3)
    assert list(read({key: {"module.recurrent_cell.x.weight": weights}, "epoch": 3})) == ["x.weight"]


def test_prefers_the_averaged_weights():
    found = read({"params": {"w": torch.zeros(1)}, "params_ema": {"w": torch.ones(1)}})
    assert found["w"] == 1


def test_the_pickle_written_by_hand_is_read():
    assert read(four())["w"].shape == (2, 2)


def run_shell(marker):
    class Payload:
        def __reduce__(self):
            return os.system, (f"touch {marker}",)

    return Payload()


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_payload_is_named_and_not_run(tmp_path, protocol):
    marker = tmp_path / "was-here"
    evil = archive(pickle.dumps({"w": run_shell(marker)}, protocol))
    with pytest.raises(BadModelFile, match=rf"file\.pth asks for '{os.system.__module__}\.system'"):
        read(evil)
    assert not marker.exists()
    pickle.loads(pickle.dumps(run_shell(marker), protocol))
    assert marker.exists(), "the payload is none, the test would say nothing"


@pytest.mark.parametrize(
    "name",
    ["builtins.eval", "builtins.getattr", "torch.load", "torch._utils._rebuild_tensor", "numpy.ndarray", "os.open"],
)
def test_every_other_name_is_refused(name):
    module, _, function = name.rpartition(".")
    with pytest.raises(BadModelFile, match=name):
        read(archive(pickled({"w": Call(module, function, "1")})))


def test_other_types_of_storage_are_refused():
    with pytest.raises(BadModelFile, match=r"torch\.LongStorage"):
        read({"w": torch.arange(3)})


@pytest.mark.parametrize(
    ("crafted", "message"),
    [
        ({"offset": 1}, "ends at element 4 of a storage of 4"),
        ({"size": (2, 3)}, "ends at element 4"),
        ({"stride": (4, 1)}, "ends at element 5"),
        ({"size": (10**9, 10**9), "stride": (1, 1)}, "ends at element"),
        ({"offset": -1}, "impossible"),
        ({"stride": (-1, 1)}, "impossible"),
        ({"size": (2**62, 2**62)}, "impossible"),
        ({"size": (2, 2.0)}, "impossible"),
        ({"size": (0, 2)}, "impossible"),
        ({"size": (2,)}, "none"),
        ({"size": (1,) * 9, "stride": (1,) * 9}, "none"),
        ({"count": 8}, "storage '0' has 16 bytes, declared are 32"),
        ({"count": 2}, "storage '0' has 16 bytes, declared are 8"),
        ({"kind": "DoubleStorage"}, "storage '0' has 16 bytes, declared are 32"),
        ({"count": -4}, "declares more"),
        ({"count": 2**40}, "declares more"),
    ],
)
def test_tensors_outside_their_storage_are_refused(crafted, message):
    with pytest.raises(BadModelFile, match=message):
        read(four(**crafted))


def test_broadcast_tensors_are_not_expanded_while_reading():
    found = read(four(size=(2**30, 2**30), stride=(0, 0)))["w"]
    assert found.strides == (0, 0)


@pytest.mark.parametrize(
    "crafted",
    [
        {"w": tensor(tensor(Storage("0", 4), 0, (4,), (1,)), 0, (2,), (1,))},
        {"w": tensor("text", 0, (2,), (1,))},
        {"w": tensor(Storage("missing", 4), 0, (4,), (1,))},
        {"w": Storage("0", 4)},
        {"w": Call("collections", "OrderedDict", [("a", 1)])},
        {"w": Global("torch._utils", "_rebuild_tensor_v2")},
        {"w": "text"},
        {1: tensor(Storage("0", 4), 0, (4,), (1,))},
        {"w": tensor(Storage("0", 4), 0, (4,), (1,)), "module.w": tensor(Storage("0", 4), 0, (4,), (1,))},
        ["w"],
        None,
    ],
)
def test_what_is_no_state_dict_is_refused(crafted):
    with pytest.raises(BadModelFile, match=r"^file\.pth "):
        read(archive(pickled(crafted), {"0": bytes(16)}))


@pytest.mark.parametrize("victim", [b"ctorch._utils\n_rebuild_tensor_v2\n", b"ctorch\nFloatStorage\n"])
def test_a_pickle_cannot_change_what_it_is_given(victim):
    build = b"\x80\x02" + victim + b"}(X\x05\x00\x00\x00valueK\x01ub."
    with pytest.raises(BadModelFile):
        read(archive(build))
    assert read(four())["w"].shape == (2, 2)


def test_memo_slots_beyond_the_pickle_are_refused():
    with pytest.raises(BadModelFile, match="asks for 4294967280 slots"):
        read(archive(b"\x80\x02}r\xf0\xff\xff\xff."))


def test_a_pickle_that_is_too_large_is_refused():
    with pytest.raises(BadModelFile, match=r"data\.pkl"):
        read(archive(pickled({"w": "x" * checkpoint.MAX_PICKLE})))


def test_compressed_members_are_refused():
    with pytest.raises(BadModelFile, match="compressed"):
        read(archive(pickled({}), compression=zipfile.ZIP_DEFLATED))


def test_big_endian_files_are_refused():
    with pytest.raises(BadModelFile, match="big-endian"):
        read(archive(pickled({}), byteorder=b"big"))


def test_the_old_format_is_refused_with_a_way_out():
    with pytest.raises(BadModelFile, match=r"PyTorch 1\.6 .*save it again"):
        read(saved({"w": torch.zeros(2)}, _use_new_zipfile_serialization=False))


def test_files_that_are_too_large_are_refused(monkeypatch):
    monkeypatch.setattr(checkpoint, "MAX_BYTES", 1000)
    with pytest.raises(BadModelFile, match="at most 1000"):
        read({"w": torch.zeros(1000)})


def test_the_sum_of_storages_is_limited(monkeypatch):
    data = saved({str(i): torch.zeros(500, dtype=torch.float16) for i in range(20)})
    monkeypatch.setattr(checkpoint, "MAX_BYTES", len(data) + 10)
    assert len(data) < 20 * 2000, "as float32 they are larger than as half"
    with pytest.raises(BadModelFile, match="declares more than"):
        checkpoint.read(data, "file.pth")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_files_are_refused(share):
    data = saved({"w": torch.zeros(1000)})
    with pytest.raises(BadModelFile, match="truncated"):
        read(data[: int(len(data) * share)])


def test_flipped_bits_are_noticed():
    data = bytearray(saved({"w": torch.zeros(1000)}))
    data[2000] ^= 1  # inside the storage
    with pytest.raises(BadModelFile, match="CRC"):
        read(bytes(data))


def test_archives_without_a_pickle_are_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("readme.txt", "hello")
    with pytest.raises(BadModelFile, match=r"0 members \*/data\.pkl"):
        read(file.getvalue())
