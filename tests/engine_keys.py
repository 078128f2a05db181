"""Keys of engines, and a folder of engines, for tests."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from vsanimesr.engines import Engine, EngineKey, Shapes, obtain

KEY = EngineKey(
    model="animesr-v2",
    weights_sha256="a" * 64,
    graph="step",
    graph_sha256="b" * 64,
    format="RGBH",
    precision="fp16",
    shapes=Shapes.of(480, 640),
    library="tensorrt_rtx",
    library_version="1.7.1.116",
    platform="linux-x86_64",
    device="",
    compute_capabilities=("8.9",),
    optimization_level=None,
    workspace_mib=None,
)

OTHER: dict[str, Any] = {
    "weights_sha256": "c" * 64,
    "graph": "ingest",
    "graph_sha256": "d" * 64,
    "format": "RGBS",
    "precision": "fp32",
    "shapes": Shapes.of(480, 644),
    "library": "tensorrt",
    "library_version": "1.7.1.117",
    "platform": "windows-amd64",
    "device": "NVIDIA L4",
    "compute_capabilities": ("9.0",),
    "optimization_level": 3,
    "workspace_mib": 1024,
}
"""For each field that decides what an engine is, another value than KEY has."""


def put(folder: Path, data: bytes = b"an engine", **fields: Any) -> Engine:
    """Build an engine of KEY with some fields replaced."""
    engine, _, built = obtain(replace(KEY, **fields), folder, lambda: data, say=ignore)
    assert built
    return engine


def ignore(line: str) -> None:
    """A `say` for those whom its lines are nothing to."""


def sides() -> st.SearchStrategy[int]:
    return st.integers(1, 2048).map(lambda count: 4 * count)


@st.composite
def shapes(draw: Callable[..., Any]) -> Shapes:
    """Any shapes."""
    heights, widths = (sorted(draw(st.lists(sides(), min_size=3, max_size=3))) for _ in range(2))
    return Shapes(*zip(heights, widths, strict=True))


def keys() -> st.SearchStrategy[EngineKey]:
    """Any key, with any text in its fields."""
    numbers = st.none() | st.integers()
    texts = {name: st.text() for name, value in {**OTHER, "model": ""}.items() if isinstance(value, str)}
    return st.builds(
        EngineKey,
        **texts,
        shapes=shapes(),
        compute_capabilities=st.lists(st.text(), max_size=6).map(tuple),
        optimization_level=numbers,
        workspace_mib=numbers,
    )
