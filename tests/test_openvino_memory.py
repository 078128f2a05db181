"""Memory of OpenVINO's devices: what they tell of it, and what is taken where they tell nothing."""

from collections import namedtuple
from types import SimpleNamespace
from typing import Any

import pytest

from tests.networks import setup
from vsanimesr.backends import memory, openvino_device
from vsanimesr.backends.base import Demand
from vsanimesr.backends.openvino import OpenVINO

GIB = 1 << 30
HOST = 5 * GIB
"""What the machine has left."""
Type = namedtuple("Type", "name")
PRECISIONS = {"OPTIMIZATION_CAPABILITIES": ["FP32", "FP16"]}
GPU = PRECISIONS | {
    "GPU_DEVICE_TOTAL_MEM_SIZE": 8 * GIB,
    "GPU_MEMORY_STATISTICS": {"usm_device": GIB, "usm_host": GIB // 2},
}
NPU = PRECISIONS | {"NPU_DEVICE_TOTAL_MEM_SIZE": 4 * GIB, "NPU_DEVICE_ALLOC_MEM_SIZE": GIB}
OWN, SHARED = ({"DEVICE_TYPE": Type(name)} for name in ("DISCRETE", "INTEGRATED"))


@pytest.fixture
def demand(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is demanded on a machine whose devices have these properties."""
    monkeypatch.setattr(memory, "available", lambda: HOST)

    def of(devices: dict[str, dict[str, Any]], device: str, **settings: Any) -> Demand:
        def tell(asked: str, name: str) -> Any:
            told = devices[asked]
            if name != "SUPPORTED_PROPERTIES" and name not in told:
                raise RuntimeError(f"Cannot get unsupported property: {name}")
            return dict.fromkeys(told, "RO") if name == "SUPPORTED_PROPERTIES" else told[name]

        core = SimpleNamespace(available_devices=list(devices), get_property=tell)
        monkeypatch.setattr(openvino_device, "core", lambda: core)
        return OpenVINO.demand(setup(device=device, **settings))

    return of


@pytest.mark.parametrize(
    ("device", "told", "free"),
    [
        ("CPU", PRECISIONS, HOST),
        ("GPU.0", GPU | OWN, 8 * GIB - 3 * GIB // 2),
        ("GPU.1", GPU | SHARED, HOST),
        ("GPU", GPU, HOST),
        ("GPU", PRECISIONS | OWN, HOST),
        ("NPU", NPU | SHARED, 3 * GIB),
        ("NPU", PRECISIONS | SHARED, HOST),
        ("GPU", GPU | OWN | {"GPU_DEVICE_TOTAL_MEM_SIZE": GIB}, 0),
    ],
)
def test_what_is_free(demand: Any, device: str, told: dict[str, Any], free: int) -> None:
    name, _, number = device.partition(".")
    devices = {"CPU": PRECISIONS, device: told}
    assert demand(devices, name, device_id=int(number or 0)).free == free


def test_states_take_four_bytes_a_number_off_a_processor(demand: Any) -> None:
    devices = {"CPU": PRECISIONS, "GPU": GPU | OWN}

    def of_lanes(device: str, lanes: int) -> int:
        return int(demand(devices, device, precision="fp16", lanes=lanes).needed)

    processor, gpu = (of_lanes(device, 9) - of_lanes(device, 1) for device in ("CPU", "GPU"))
    assert gpu - processor == 8 * 112 * 24 * 20 * (4 - 2)
