"""The states of the global random generators as what checkpoints may hold: tensors, numbers, text."""

import random
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

States = dict[str, Any]
"""Python's, NumPy's and PyTorch's, and CUDA's of the current device where there is one."""


def states() -> States:
    """Those of now."""
    version, words, gauss = random.getstate()
    numbers = np.random.get_state(legacy=False)  # whatever uses the global one is meant
    key = torch.from_numpy(numbers["state"]["key"].astype(np.int64))
    found = {
        "python": {"version": version, "words": torch.tensor(words), "gauss": gauss},
        "numpy": {**numbers, "state": {"key": key, "pos": int(numbers["state"]["pos"])}},
        "torch": torch.get_rng_state(),
    }
    return found | ({"cuda": torch.cuda.get_rng_state()} if torch.cuda.is_available() else {})


def restore(saved: States) -> None:
    """Go on where `states` was called; what CUDA needs is ignored where there is none."""
    python, numbers = saved["python"], saved["numpy"]
    random.setstate((python["version"], tuple(python["words"].tolist()), python["gauss"]))
    key = numbers["state"]["key"].numpy().astype(np.uint32)
    np.random.set_state({**numbers, "state": {**numbers["state"], "key": key}})
    torch.set_rng_state(saved["torch"])
    if "cuda" in saved and torch.cuda.is_available():
        torch.cuda.set_rng_state(saved["cuda"])


@contextmanager
def kept() -> Generator[None, None, None]:
    """What is drawn inside leaves no trace."""
    before = states()
    try:
        yield
    finally:
        restore(before)
