"""The arithmetic of the benchmarks: combinations, multiplications, floors, tallies."""

import itertools

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from benchmarks import ceilings, comparison, copies, floors, macs, overhead, peer, sections, tables
from benchmarks.children import ChildFailed
from benchmarks.combinations import Combination, combine, parse_backend, parse_size
from benchmarks.figures import Case, Figure, Report
from benchmarks.tally import Tally
from vsanimesr import graphs, models
from vsanimesr.spec import RGBS, ClipSpec

MACHINE = {"processor": "p", "features": [], "cores": 1, "memory_gib": 1.0, "versions": {"numpy": "2"}}
SIDES = st.integers(16, 16384)


def test_figures_are_medians_of_rounds() -> None:
    data = Figure((4.0, 1.0, 2.0), "s").data()
    assert data == {"median": 2.0, "min": 1.0, "max": 4.0, "unit": "s", "rounds": [4.0, 1.0, 2.0]}


def test_quotients_and_differences_are_taken_round_by_round() -> None:
    ours, theirs = Figure((10.0, 1.0, 30.0), "fps"), Figure((5.0, 2.0, 10.0), "fps")
    assert ours.over(theirs) == Figure((2.0, 0.5, 3.0), "ratio")
    assert ours.less(theirs) == Figure((5.0, -1.0, 20.0), "fps")
    assert ours.each(lambda rate: 1e3 / rate, "ms") == Figure((100.0, 1000.0, 1e3 / 30), "ms")


def test_figures_of_unlike_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        Figure((1.0, 2.0), "s").over(Figure((1.0,), "s"))
    with pytest.raises(ValueError, match="at least one round"):
        Figure((), "s")


@given(SIDES, SIDES)
def test_a_size_is_read_as_it_is_written(width: int, height: int) -> None:
    assert parse_size(f"{width}x{height}") == (width, height)


@given(st.text(alphabet="0123456789x -.", max_size=8))
def test_what_is_no_size_is_refused(text: str) -> None:
    try:
        width, height = parse_size(text)
    except ValueError as error:
        assert "wanted" in str(error)  # noqa: PT017
    else:
        assert text.split("x") == [text.partition("x")[0], text.partition("x")[2]]
        assert min(width, height) >= 16


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("openvino", ("openvino", "")), ("torch:cuda", ("torch", "cuda")), ("fake:a:b", ("fake", "a:b"))],
)
def test_a_backend_may_have_a_device(text: str, wanted: tuple[str, str]) -> None:
    assert parse_backend(text) == wanted


def test_the_backend_auto_is_what_the_filter_would_choose() -> None:
    from vsanimesr import backends

    choice = backends.choose()
    assert parse_backend("auto") == (choice.name, choice.device)


def test_a_backend_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="'vulkan' is no backend, wanted one of auto, "):
        parse_backend("vulkan:0")


def test_every_combination_comes_once() -> None:
    sizes, runs_on = [(32, 16), (16, 32)], [("fake", ""), ("openvino", ""), ("torch", "cuda")]
    found = combine(sizes, ["RGBS", "RGBH", "RGBS"], runs_on, ["fp32", "bf16"])
    assert len(found) == len(set(found)) == 2 * 2 * (1 + 2 + 2)
    assert [one.size for one in found] == ["32x16"] * 10 + ["16x32"] * 10
    assert {one.precision for one in found if one.backend == "fake"} == {"fp32"}
    assert {one.runs_on for one in found} == {"fake", "openvino", "torch:cuda"}


@pytest.mark.parametrize(
    ("backend", "device", "kind"),
    [
        ("openvino", "", "CPU"),
        ("openvino", "CPU", "CPU"),
        ("openvino", "GPU", ""),
        ("torch", "", "CPU"),
        ("torch", "cuda", "CUDA"),
        ("tensorrt", "", "CUDA"),
        ("tensorrt_rtx", "", "CUDA"),
        ("fake", "", ""),
    ],
)
def test_the_kind_of_device_decides_the_ceiling(backend: str, device: str, kind: str) -> None:
    assert Combination(16, 16, "RGBS", backend, device, "auto").kind == kind


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1920, 1080)])
def test_the_cell_multiplies_about_1127_thousand_times_a_pixel(
    width: int, height: int, official_v2: models.Artifact
) -> None:
    counted = macs.count(graphs.compose(official_v2, ClipSpec(width, height, 1, RGBS)).step)
    assert counted / (width * height) == pytest.approx(1.127e6, rel=2e-3)
    residual = 3 * 3 * 3 * 48  # the bilinear residual, a convolution of our own
    assert counted / (width * height) - residual == 1_127_232


def test_what_is_padded_is_counted_as_well(official_v2: models.Artifact) -> None:
    count = {w: macs.count(graphs.compose(official_v2, ClipSpec(w, 32, 1, RGBS)).step) for w in (33, 36)}
    assert count[33] == count[36]


def convolution(x: tuple[int, ...], weights: tuple[int, ...], operator: str = "Conv", **more: int) -> onnx.ModelProto:
    """Of [1, C, H, W] by [out, C / groups, k, k]; `more`: stride, group."""
    tensor = numpy_helper.from_array(np.ones(weights, np.float32), "w")
    strides, pads = [more.get("stride", 1)] * 2, [weights[-1] // 2] * 4
    node = helper.make_node(operator, ["x", "w"], ["y"], strides=strides, group=more.get("group", 1), pads=pads)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", x), ("y", None))]
    graph = helper.make_graph([node], "g", values[:1], values[1:], [tensor])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    kernel=st.sampled_from([1, 3]),
    stride=st.sampled_from([1, 2]),
    group=st.sampled_from([1, 2]),
)
def test_every_product_of_a_convolution_is_counted(
    *, size: tuple[int, int], channels: tuple[int, int], kernel: int, stride: int, group: int
) -> None:
    inputs, outputs = channels  # of one group
    places = itertools.product(range(0, size[0], stride), range(0, size[1], stride))
    wanted = sum(1 for _ in places) * outputs * group * inputs * kernel**2
    weights = (outputs * group, inputs, kernel, kernel)
    assert macs.count(convolution((1, inputs * group, *size), weights, stride=stride, group=group)) == wanted


def test_a_graph_that_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="ConvTranspose, and only Conv is counted"):
        macs.count(convolution((1, 2, 8, 8), (2, 2, 3, 3), "ConvTranspose"))
    dynamic = convolution((1, 2, 8, 8), (2, 2, 3, 3))
    dynamic.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    with pytest.raises(ValueError, match="shapes of convolution y are not known"):
        macs.count(dynamic)


def speed_case(width: int, height: int, milliseconds: float, rate: float, **changes: str) -> Case:
    asked = {"format": "RGBS", "backend": "openvino", "device": "", "precision": "auto", **changes}
    figures = {floors.BARE: Figure((milliseconds,), "ms"), floors.VSPIPE: Figure((rate,), "frames/s")}
    ran = {"precision": "bf16", "device": "d", "version": "v"}
    return Case(Combination(width, height, **asked), ran, 1_000_000 * width * height, figures)


def test_floors_follow_from_multiplications_and_ceilings() -> None:
    limits = {"dense product, bf16, CPU": Figure((2.0,), "TFLOP/s"), copies.HOST: Figure((8.0,), "GB/s")}
    case = speed_case(1000, 500, 2000.0, 0.4)
    found = {name: figure.median for name, figure in floors.derive(case, [case], limits).items()}
    assert found[floors.FLOOR] == pytest.approx(500)  # 2 x 5e11 operations at 2e12 a second
    assert found[floors.OVER] == pytest.approx(1500)
    assert found[floors.PERCENT] == pytest.approx(25)
    assert found[floors.ACHIEVED] == pytest.approx(0.5)
    assert found[floors.PER_MEGAPIXEL] == pytest.approx(4000)
    assert found[floors.VSPIPE_MS] == pytest.approx(2500)
    assert found[floors.RATIO] == pytest.approx(0.8)
    assert found[floors.TRAFFIC] == pytest.approx(12)  # 4000 x 2000 x 3 samples of 4 bytes at 8e9 a second
    assert floors.GROWTH not in found


def test_native_samples_stand_beside_conversion_around() -> None:
    case = speed_case(1000, 500, 2000.0, 0.5, format="YUV420P8")
    assert case.combination.nbytes == (750_000, 12_000_000)
    assert floors.TIME not in floors.derive(case, [case], {})
    case.figures[floors.AROUND] = Figure((0.4,), "frames/s")
    found = floors.derive(case, [case], {})
    assert found[floors.AROUND_MS].median == pytest.approx(2500)
    assert found[floors.TIME].median == pytest.approx(0.8)
    report = Report("speed", {}, {}, [case])
    native = next(table for table in sections.tables(report) if "Native" in table.title)
    assert native.rows == [("1000x500", "YUV420P8", "openvino", "bf16", "2,000", "2,500", "0.8")]


@pytest.mark.parametrize(
    ("format_", "backend", "converts"),
    [("YUV420P8", "openvino", True), ("RGBS", "openvino", False), ("RGB24", "torch", True), ("Gray8", "fake", False)],
)
def test_what_a_script_would_convert(format_: str, backend: str, converts: bool) -> None:
    assert Combination(16, 16, format_, backend, "", "fp32").converts == converts


def test_the_picture_of_a_gpu_goes_through_the_slower_of_two_copies() -> None:
    case = speed_case(1000, 500, 1.0, 1.0, backend="tensorrt", format="RGBH")
    limits = {copies.HOST: Figure((8.0,), "GB/s"), copies.DOWN: Figure((4.0,), "GB/s")}
    assert floors.derive(case, [case], limits)[floors.TRAFFIC].median == pytest.approx(12)
    del limits[copies.DOWN]
    assert floors.TRAFFIC not in floors.derive(case, [case], limits)


def test_growth_is_told_against_the_same_thing_at_640x480() -> None:
    small, other = speed_case(640, 480, 307.2, 1.0), speed_case(640, 480, 3.072, 1.0, format="RGBH")
    large = speed_case(1920, 1080, 2073.6 * 1.25, 1.0)
    cases = [other, large, small]
    assert floors.derive(large, cases, {})[floors.GROWTH].median == pytest.approx(1.25)
    assert floors.derive(small, cases, {})[floors.GROWTH].median == 1
    assert floors.GROWTH not in floors.derive(large, [other, large], {})


def test_float32_on_cuda_has_the_ceiling_that_its_libraries_reach() -> None:
    assert ceilings.product("CUDA", "fp32") == "dense product, fp32, CUDA"
    assert ceilings.product("CPU", "fp32") == "dense product, fp32, CPU"


@given(st.lists(st.floats(1, 9), min_size=1), st.integers(0, 9))
def test_what_fails_once_is_missing_with_its_reason(values: list[float], fails_at: int) -> None:
    def measure(n: int) -> float:
        if n == fails_at:
            raise ChildFailed("long", "no luck")
        return values[n]

    tally, lines = Tally(), []
    for n in range(len(values)):
        tally.take("thing", "s", lambda n=n: measure(n), lines.append)
        tally.take("other", "s", lambda: 1.0)
    failed = fails_at < len(values)
    assert tally.missing == ({"thing": "no luck"} if failed else {})
    assert ("thing" in tally.figures()) == (not failed)
    assert len(tally.figures()["other"].rounds) == len(values)
    assert len(lines) == min(len(values), fails_at + 1)


def test_of_the_peers_settings_the_best_counts() -> None:
    figures = {comparison.figure(way): Figure((float(n + 1),), "frames/s") for n, way in enumerate(peer.WAYS)}
    assert comparison.winners(figures) == {
        "best peer, same network": "vspipe, peer, defaults",
        "best peer, pruned network": "vspipe, peer, pruned, throughput",
    }
    ratios = {name: ratio.median for name, ratio in comparison.ratios(Figure((6.0,), "frames/s"), figures).items()}
    assert ratios == {"ours / best peer, same network": 2.0, "ours / best peer, pruned network": 1.2}


def test_the_overhead_is_the_fake_less_what_vapoursynth_takes_itself() -> None:
    names = ("fake, 1 thread", "resize.Point, 1 thread", "fake, 2 threads", "resize.Point, 2 threads")
    figures = {name: Figure((float(10 - 3 * n), 20.0), "us/frame") for n, name in enumerate(names)}
    found = overhead.differences(figures)
    assert {name: figure.rounds for name, figure in found.items()} == {
        "overhead, 1 thread": (3.0, 0.0),
        "overhead, 2 threads": (3.0, 0.0),
    }


def test_what_was_not_measured_is_said() -> None:
    figures = {"thing": Figure((1.0, 3.0), "s")}
    lines = tables.text(
        Report("speed", {"a": 1}, MACHINE, figures=figures, missing={"other": "it is away"})
    ).splitlines()
    assert any(line.split() == ["thing", "2", "(1", "to", "3)", "s"] for line in lines)
    assert any(line.split() == ["other", "it", "is", "away"] for line in lines)
