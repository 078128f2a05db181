"""Graphs of all formats: what `roomy`, `bytes_only` and `dynamic` change, and that pictures stay the same."""

from typing import Any

import numpy as np
import onnx
import openvino
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import zimg
from tests.graph_runs import StandIn, delivered, filled, ingested, noise, pictured, run, stepped
from vsanimesr import graphs
from vsanimesr.backends import openvino_device
from vsanimesr.backends.layout import Layout
from vsanimesr.errors import FormatError
from vsanimesr.graphs import Graphs, compose, dynamic
from vsanimesr.spec import FORMATS, RGBS, SCALES, ClipSpec, Colour, PictureSpec

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

DISTINCT = ["YUV420P8", "YUV420P10", "YUV422P8", "YUV422P16", "YUV444P12", "RGB24", "RGB48", "Gray8", "Gray16", "RGBH"]
"""Formats that differ in how their graphs are made."""


def clip_of(
    name: str, width: int, height: int, scale: int = 4, want: str | None = None, *, dither: bool = False
) -> ClipSpec:
    have, wanted = FORMATS[name], FORMATS[want or name]
    picture = PictureSpec(wanted, zimg.colours(wanted)[0], scale, dither)
    return ClipSpec(width, height, 1, have, zimg.colours(have)[0], picture)


def packed_for(made: Graphs, seed: int = 0) -> np.ndarray:
    *_, h, w = made.lr_shape
    return np.random.default_rng(seed).normal(0.5, 0.4, (1, 48, h, w)).astype(np.float32)


def by_openvino(model: onnx.ModelProto, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    """A graph's outputs; it moves samples of 16 bits, which ONNX Runtime does not."""
    core = openvino_device.core()
    hint = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled: Any = core.compile_model(core.read_model(model.SerializeToString(), b""), "CPU", hint)
    found = compiled([openvino.Tensor(np.ascontiguousarray(inputs[one.any_name])) for one in compiled.inputs])
    return {one.any_name: found[one] for one in compiled.outputs}


SIDES = st.integers(16, 40)
DITHERED = [name for name, format_ in FORMATS.items() if format_.bits == 8]


@st.composite
def clips(draw: st.DrawFn) -> ClipSpec:
    """A clip of any format and size that it can have, and any picture of it that there can be."""
    dither = draw(st.booleans())
    name = draw(st.sampled_from(list(FORMATS)))
    want, scale = draw(st.sampled_from(DITHERED if dither else list(FORMATS))), draw(st.sampled_from(SCALES))
    sides = []
    for have, wanted in zip(FORMATS[name].subsampling, FORMATS[want].subsampling, strict=True):
        even = have or (wanted and scale % 2)
        side = draw(SIDES)
        sides.append(side + side % 2 if even else side)
    return clip_of(name, *sides, scale, want, dither=dither)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(clips(), st.booleans(), st.booleans())
def test_tensors_are_as_described(clip: ClipSpec, roomy: bool, bytes_only: bool) -> None:
    made = compose(StandIn(), clip, roomy=roomy, bytes_only=bytes_only)
    ends = graphs.tensors(made.ingest)
    assert ends == {**made.frames, "lr": graphs.Tensor(made.lr_shape, np.dtype(np.float32))}
    assert {name: ends for name, ends in graphs.tensors(made.step).items() if name in made.pictures} == made.pictures
    assert {name: ends for name, ends in graphs.tensors(made.deliver).items() if name != "packed"} == made.pictures
    for model in (made.ingest, made.deliver):
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)


@pytest.mark.parametrize("name", DISTINCT)
@pytest.mark.parametrize("size", [(32, 20), (34, 18)])
def test_a_plain_graph_gives_what_one_of_bytes_gives(name: str, size: tuple[int, int]) -> None:
    clip = clip_of(name, *size)
    plain, small = compose(StandIn(), clip), compose(StandIn(), clip, bytes_only=True)
    frame, packed = noise(clip.format, *size), packed_for(plain)
    lr = by_openvino(plain.ingest, **filled(plain.frames, clip.format, frame))["lr"]
    np.testing.assert_allclose(lr, ingested(small, frame), atol=1e-6)
    pictures = pictured(plain, by_openvino(plain.deliver, packed=packed))
    for a, b in zip(pictures, delivered(small, packed), strict=True):
        np.testing.assert_allclose(a.astype(float), b.astype(float), atol=0 if clip.format.floating else 1)
        assert np.mean(a != b) < 0.01


@pytest.mark.parametrize("name", DISTINCT)
@pytest.mark.parametrize(("scale", "size"), [(4, (34, 18)), (4, (32, 20)), (3, (38, 30)), (2, (34, 22)), (1, (36, 18))])
def test_a_roomy_graph_gives_the_same(name: str, scale: int, size: tuple[int, int]) -> None:
    clip = clip_of(name, *size, scale, dither=FORMATS[name].bits == 8)
    plain = compose(StandIn(), clip, bytes_only=True)
    roomy = compose(StandIn(), clip, roomy=True, bytes_only=True)
    frame, packed = noise(clip.format, *size), packed_for(plain)
    width, height = size
    lr = [ingested(made, frame)[:, :, :height, :width] for made in (plain, roomy)]
    np.testing.assert_array_equal(*lr)
    for a, b in zip(delivered(plain, packed), delivered(roomy, packed), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", DISTINCT)
def test_what_the_host_fills_a_roomy_frame_with_becomes_the_same_lr(name: str) -> None:
    clip = clip_of(name, 34, 18)
    plain, roomy = compose(StandIn(), clip, bytes_only=True), compose(StandIn(), clip, roomy=True, bytes_only=True)
    frame, layout = noise(clip.format, 34, 18), Layout(roomy.frames, clip.format, 34, 18)
    memory = np.empty(layout.nbytes, np.uint8)
    layout.fill(memory, frame)
    pieces = layout.pieces(memory).items()
    tensors = {name: piece.view(roomy.frames[name].dtype).reshape(roomy.frames[name].shape) for name, piece in pieces}
    np.testing.assert_array_equal(run(roomy.ingest, **tensors)["lr"], ingested(plain, frame))


def test_only_what_has_neighbours_depends_on_the_margin() -> None:
    def same(name: str, scale: int, *sizes: tuple[int, int]) -> tuple[bool, bool]:
        made = [dynamic(compose(StandIn(), clip_of(name, *size, scale), roomy=True)) for size in sizes]
        kinds = zip(*((g.ingest, g.step) for g in made), strict=True)
        ingest, step = (len({graph.SerializeToString(deterministic=True) for graph in kind}) == 1 for kind in kinds)
        return ingest, step

    assert same("RGB24", 4, (32, 32), (50, 34), (37, 19)) == (True, True)
    assert same("RGB24", 2, (32, 32), (50, 34)) == (True, False)
    assert same("YUV420P8", 4, (32, 32), (50, 34)) == (False, False)
    assert same("YUV420P8", 1, (34, 32), (50, 36), (62, 20)) == (True, True)


@pytest.mark.parametrize(("name", "scale"), [("YUV420P8", 4), ("YUV422P10", 3), ("RGB48", 4), ("Gray8", 1)])
def test_a_dynamic_graph_gives_the_same_at_another_size(name: str, scale: int) -> None:
    clip = clip_of(name, 34, 18, scale, dither=FORMATS[name].bits == 8)
    free = dynamic(compose(StandIn(), clip, roomy=True, bytes_only=True))
    made = compose(StandIn(), clip.resized(50, 38), roomy=True, bytes_only=True)
    frame, packed = noise(made.clip.format, 50, 38), packed_for(made)
    tensors = filled(made.frames, made.clip.format, frame)
    np.testing.assert_array_equal(run(free.ingest, **tensors)["lr"], run(made.ingest, **tensors)["lr"])
    for a, b in zip(pictured(made, run(free.deliver, packed=packed)), delivered(made, packed), strict=True):
        np.testing.assert_array_equal(a, b)


def test_every_tensor_of_a_dynamic_graph_names_its_own_sides() -> None:
    free = dynamic(compose(StandIn(), clip_of("YUV420P8", 32, 32)))
    values = [*free.ingest.graph.input, *free.step.graph.input, *free.step.graph.output, *free.deliver.graph.output]
    sides = [side.dim_param for value in values for side in value.type.tensor_type.shape.dim[2:]]
    assert all(sides)
    assert len(set(sides)) == 2 * len({value.name for value in values})


@pytest.mark.parametrize("name", ["YUV420P8", "RGB24", "Gray10"])
def test_deliver_is_the_tail_of_step(name: str) -> None:
    made = compose(StandIn(), clip_of(name, 34, 18), bytes_only=True)
    lr = np.random.default_rng(0).random(made.lr_shape, np.float32)
    window = dict.fromkeys(graphs.WINDOW, lr)
    packed = run(StandIn().proto, **window, state=np.zeros(made.state_shape, np.float32))["packed"]
    for a, b in zip(stepped(made, lr), delivered(made, packed), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["RGBS", "RGBH"])
def test_a_broken_sample_stays_in_its_place(name: str) -> None:
    format_ = FORMATS[name]
    planes = [np.full((16, 16), 0.5, format_.dtype) for _ in range(3)]
    planes[1][3, 4] = np.nan
    right = np.full((1, 3, 16, 16), 0.5, np.float32)
    right[0, 1, 3, 4] = 0
    np.testing.assert_array_equal(ingested(compose(StandIn(), ClipSpec(16, 16, 1, format_)), planes), right)


@pytest.mark.parametrize(
    ("clip", "said"),
    [
        (ClipSpec(32, 32, 1, FORMATS["YUV420P8"]), "the clip is YUV420P8 with the matrix 'rgb'; .* 601 or 709 or 2020"),
        (ClipSpec(32, 32, 1, RGBS, Colour("709")), "the clip is RGBS with the matrix '709'; that format has rgb"),
        (clip_of("YUV420P8", 32, 33), "the clip is 32x33; YUV420P8 needs width and height that 2 divides"),
        (clip_of("YUV422P8", 33, 33), "the clip is 33x33; YUV422P8 needs a width that 2 divides"),
        (clip_of("RGB24", 33, 32, 1, "YUV420P8"), "the picture is 33x32; YUV420P8 needs width and height"),
        (clip_of("RGB24", 32, 32, 5), "scale=5 is not possible; it should be one of 4, 3, 2, 1"),
        (clip_of("RGB24", 32, 32, 4, "RGB30", dither=True), "RGB30 cannot be dithered; leave dither out"),
        (clip_of("RGB24", 32, 32, 4, "RGBS", dither=True), "RGBS cannot be dithered"),
    ],
)
def test_contradictions(clip: ClipSpec, said: str) -> None:
    with pytest.raises(FormatError, match=said):
        compose(StandIn(), clip)


def test_odd_sizes_that_a_format_can_have() -> None:
    for name, size, scale in (("YUV422P8", (34, 19), 4), ("YUV422P8", (34, 19), 1), ("RGB24", (17, 19), 3)):
        clip = clip_of(name, *size, scale)
        made = compose(StandIn(), clip, bytes_only=True)
        planes = stepped(made, ingested(made, noise(clip.format, *size)))
        wanted = clip.format.plane_sizes(scale * size[0], scale * size[1])
        assert [(plane.shape[1], plane.shape[0]) for plane in planes] == wanted
