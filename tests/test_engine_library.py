"""TensorRT-RTX builds engines here for real; what it cannot do without a GPU it says."""

import subprocess
import sys

import onnx
import pytest

pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx is for Linux and Windows on x86-64")

from tests.networks import network
from vsanimesr import graphs
from vsanimesr.backends import count_nvidia_gpus
from vsanimesr.engines import Library, Options, Shapes, Target, Wanted, library, recipes
from vsanimesr.engines.recipe import compose
from vsanimesr.errors import BackendUnavailable, DeviceError, EngineNotBuilt
from vsanimesr.spec import FORMATS, ClipSpec, Colour, PictureSpec

pytestmark = pytest.mark.slow  # it takes seconds

RANGE = Shapes((16, 16), (48, 64), (96, 128))


@pytest.fixture(scope="module")
def rtx() -> Library:
    return library.get("tensorrt_rtx")


def described(name: str) -> ClipSpec:
    """A clip of that format, of a usual colour."""
    colour = Colour() if FORMATS[name].family == "rgb" else Colour("709", full=False)
    return ClipSpec(64, 48, 10, FORMATS[name], colour)


CLIPS = {name: described(name) for name in FORMATS}
SOME = ["YUV420P8", "YUV422P10", "YUV444P16", "RGB24", "Gray8", "RGBH", "RGBS"]
"""The others differ in numbers only."""


def made(precision: str = "fp16", format_: str = "RGBH") -> graphs.Graphs:
    return compose(network(), CLIPS[format_], precision)


@pytest.mark.parametrize("format_", [n if n in SOME else pytest.param(n, marks=pytest.mark.slow) for n in FORMATS])
@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_both_graphs_are_built(rtx: Library, precision: str, format_: str) -> None:
    both = made(precision, format_)
    for graph in (both.ingest, both.step):
        assert len(rtx.build(graph, (), Options())) > 10_000


def test_fp16_weights_take_half_the_room(rtx: Library) -> None:
    sizes = [len(rtx.build(made(precision).step, ("8.9",), Options())) for precision in ("fp16", "fp32")]
    assert sizes[0] < 0.8 * sizes[1]


@pytest.mark.parametrize("capability", ["7.5", "8.0", "8.6", "8.9", "12.0"])
def test_gpus_that_are_not_here(rtx: Library, capability: str) -> None:
    assert capability in rtx.known_capabilities()
    assert rtx.build(made().step, (capability,), Options())


VIDEO = Colour("709", full=False)
RANGED = {
    "RGBH": CLIPS["RGBH"],
    "YUV420P8": CLIPS["YUV420P8"],
    "YUV422P10 with a margin": CLIPS["YUV422P10"].resized(62, 47),
    "YUV420P8 with a margin, to 10 bits, scale 2": ClipSpec(
        62, 46, 9, FORMATS["YUV420P8"], VIDEO, PictureSpec(FORMATS["YUV420P10"], VIDEO, 2)
    ),
    "RGBS to YUV420P8, scale 3, dithered": ClipSpec(
        64, 48, 9, FORMATS["RGBS"], Colour(), PictureSpec(FORMATS["YUV420P8"], VIDEO, 3, dither=True)
    ),
    "YUV444P16 with a margin, scale 1": ClipSpec(
        61, 45, 9, FORMATS["YUV444P16"], VIDEO, PictureSpec(FORMATS["YUV444P16"], VIDEO, 1)
    ),
}


@pytest.mark.parametrize(
    "name", [name if n < 4 else pytest.param(name, marks=pytest.mark.slow) for n, name in enumerate(RANGED)]
)
def test_an_engine_of_many_sizes(rtx: Library, name: str) -> None:
    options = Options(optimization_level=3, workspace_mib=256)
    wanted = Wanted(cell=network(), clip=RANGED[name], precision="fp16", library=rtx, options=options)
    for recipe in recipes(wanted, RANGE, Target(capabilities=("8.9",))):
        assert recipe.build(rtx)


def test_a_dynamic_graph_needs_a_range_that_is_one(rtx: Library) -> None:
    with pytest.raises(EngineNotBuilt, match=r"TensorRT-RTX .* did not build the engine: .*profile"):
        rtx.build(graphs.dynamic(made()).step, (), Options())


def test_a_graph_that_it_does_not_know_is_told_in_its_words(rtx: Library) -> None:
    strange = onnx.ModelProto()
    strange.CopyFrom(made().step)
    strange.graph.node[3].op_type = "Convoluted"
    with pytest.raises(EngineNotBuilt, match=r"TensorRT-RTX .* does not take the graph: Convoluted '.+': "):
        rtx.build(strange, (), Options())


def test_it_prints_nothing() -> None:
    code = """
from vsanimesr.engines import library, Options
from vsanimesr.errors import EngineNotBuilt
import onnx
try:
    library.get("tensorrt_rtx").build(onnx.ModelProto(), (), Options())
except EngineNotBuilt:
    pass
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(count_nvidia_gpus() > 0, reason="there is a GPU")
def test_without_a_gpu_an_engine_is_not_loaded(rtx: Library) -> None:
    engine = rtx.build(made().ingest, (), Options())
    with pytest.raises(DeviceError, match=r"TensorRT-RTX .* does not load the engine: .*CUDA driver"):
        rtx.load(engine)


def test_what_is_no_engine_is_called_damaged(rtx: Library) -> None:
    with pytest.raises(DeviceError, match=r"it is damaged; run: vsanimesr engines clear"):
        rtx.load(b"this is no engine" * 100)


def test_a_library_that_is_missing_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    library.get.cache_clear()
    with pytest.raises(BackendUnavailable, match=r"tensorrt: .*pip install vapoursynth-animesr\[tensorrt\]"):
        library.get("tensorrt")


def test_targets_of_a_gpu(rtx: Library) -> None:
    assert rtx.targets("NVIDIA L4", "8.9") == (Target(capabilities=("8.9",)), Target())
    assert rtx.targets("NVIDIA H200", "9.0") == (Target(),)


def test_tensorrt_is_not_told_the_capability(rtx: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    turing, default = (len(rtx.build(made().step, cc, Options())) for cc in (("7.5",), ()))
    assert turing > default
    monkeypatch.setattr(rtx, "known_capabilities", tuple)
    assert len(rtx.build(made().step, ("7.5",), Options())) == default


def test_targets_of_tensorrt_are_one_gpu(monkeypatch: pytest.MonkeyPatch, rtx: Library) -> None:
    monkeypatch.setattr(rtx, "known_capabilities", tuple)
    assert rtx.targets("NVIDIA L4", "8.9") == (Target("NVIDIA L4", ("8.9",)),)
