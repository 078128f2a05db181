"""Shapes and keys of engines: what differs has another digest, names are safe, JSON comes back as it went."""

import json
import re
from dataclasses import fields, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.engine_keys import KEY, OTHER, keys, shapes, sides
from vsanimesr.engines import EngineKey, Shapes
from vsanimesr.errors import ArgumentError

DYNAMIC = Shapes((64, 64), (480, 640), (1080, 1920))
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


def test_sizes_are_told_as_those_of_videos():
    assert str(Shapes.of(480, 640)) == "640x480"
    assert str(DYNAMIC) == "64x64 to 1920x1080, best 640x480"


@given(sides(), sides())
def test_one_size_is_static_and_covers_itself_only(height, width):
    one = Shapes.of(height, width)
    assert one.static
    assert one.covers(height, width)
    for other in ((height + 4, width), (height - 4, width), (height, width + 4), (height, width - 4)):
        assert not one.covers(*other)


@given(shapes(), sides(), sides())
def test_shapes_cover_what_lies_within(some, height, width):
    inside = some.least[0] <= height <= some.most[0] and some.least[1] <= width <= some.most[1]
    assert some.covers(height, width) == inside
    assert not some.covers(height + 2, width)
    assert some.covers(*some.least)
    assert some.covers(*some.best)
    assert some.covers(*some.most)


@pytest.mark.parametrize("size", [(481, 640), (480, 642), (0, 640), (480, -4), (2, 2)])
@pytest.mark.parametrize("which", ["least", "best", "most"])
def test_sizes_that_no_engine_takes(size, which):
    with pytest.raises(ArgumentError, match=f"{size[1]}x{size[0]}.*multiples of 4"):
        replace(DYNAMIC, **{which: size})


@given(st.lists(st.tuples(sides(), sides()), min_size=3, max_size=3))
def test_sizes_go_up_on_both_sides(sizes):
    assume(any(list(side) != sorted(side) for side in zip(*sizes, strict=True)))
    with pytest.raises(ArgumentError, match="the least, the best, the most"):
        Shapes(*sizes)


def test_every_field_but_the_model_decides():
    assert {*OTHER, "model"} == {field.name for field in fields(EngineKey)}
    digests = {name: replace(KEY, **{name: value}).digest for name, value in OTHER.items()}
    assert len({KEY.digest, *digests.values()}) == len(OTHER) + 1
    assert replace(KEY, model="mine").digest == KEY.digest


@pytest.mark.parametrize("which", ["least", "best", "most"])
@pytest.mark.parametrize("side", [0, 1])
def test_every_side_of_the_shapes_decides(which, side):
    size = list(getattr(DYNAMIC, which))
    size[side] += 4
    other = replace(DYNAMIC, **{which: tuple(size)})
    assert replace(KEY, shapes=other).digest != replace(KEY, shapes=DYNAMIC).digest


def test_values_do_not_run_together():
    several = [("8.9", "9.0"), ("8.9, 9.0",), ("8.9,9.0",), ("8.99.0",), ("9.0", "8.9")]
    assert len({replace(KEY, compute_capabilities=some).digest for some in several}) == len(several)
    assert replace(KEY, optimization_level=0).digest != KEY.digest


def test_the_digest_is_the_same_in_every_process_and_release():
    assert KEY.digest == "ddac13c974ef1eb85e3b4294a49742193b344d855a6f8b957b78cacb42f3fa4b"


@given(keys())
def test_keys_round_trip_through_json(key):
    again = EngineKey.from_json(json.loads(json.dumps(key.to_json())))
    assert again == key
    assert (again.digest, again.file_name) == (key.digest, key.file_name)


@pytest.mark.parametrize("name", [field.name for field in fields(EngineKey)])
def test_a_field_that_is_missing(name):
    described = KEY.to_json()
    del described[name]
    with pytest.raises(ValueError, match=f"lacks {name}"):
        EngineKey.from_json(described)


def test_a_field_that_is_unknown():
    with pytest.raises(ValueError, match="'tactics', which is not known"):
        EngineKey.from_json(KEY.to_json() | {"tactics": "all"})


def wrong_values():
    """Pairs of a field and a value that JSON may have and the field may not."""
    square = {"least": [4, 4], "best": [4, 4], "most": [4, 4]}
    numbers = ["3", 1.5, True, [3]]
    wrong = {
        "shapes": [None, [480, 640], {**square, "most": [4, True]}, {**square, "best": [4]}, {"least": [4, 4]}],
        "compute_capabilities": [None, "8.9", 8.9, ["8.9", 9]],
        "optimization_level": numbers,
        "workspace_mib": numbers,
    }
    return [(f.name, value) for f in fields(EngineKey) for value in wrong.get(f.name, [None, 1, True, ["text"]])]


@pytest.mark.parametrize(("name", "value"), wrong_values())
def test_a_field_of_the_wrong_type(name, value):
    with pytest.raises(ValueError, match=r"wanted|lacks"):
        EngineKey.from_json(KEY.to_json() | {name: value})


@pytest.mark.parametrize("value", [None, [], "key", 3])
def test_what_is_no_key_at_all(value):
    with pytest.raises(ValueError, match="an object is wanted"):
        EngineKey.from_json(value)


def test_a_file_name_tells_what_the_file_is():
    digits = KEY.digest[:12]
    assert KEY.file_name == f"animesr-v2.step.640x480.RGBH.fp16.tensorrt_rtx-1.7.1.116.sm89.{digits}.engine"
    several = replace(KEY, shapes=DYNAMIC, compute_capabilities=("8.0", "12.0"))
    assert several.file_name.startswith("animesr-v2.step.64x64-1920x1080.RGBH.fp16.tensorrt_rtx-1.7.1.116.sm80-120.")
    assert ".fp16.tensorrt_rtx-1.7.1.116." in replace(KEY, compute_capabilities=()).file_name


@given(keys())
def test_file_names_are_safe_everywhere(key):
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.[0-9a-f]{12}\.engine", key.file_name)
    assert len(key.file_name) <= 200
    assert key.file_name.split(".")[0].lower() not in DEVICES
    assert key.digest[:12] in key.file_name


def test_long_names_are_cut():
    long = dict.fromkeys(["model", "graph", "format", "library", "library_version"], "x" * 300)
    assert len(replace(KEY, **long).file_name) <= 200


@pytest.mark.parametrize("name", [*sorted(DEVICES), "NUL", "Con.2", "com1.x"])
def test_names_of_devices_are_avoided(name):
    assert replace(KEY, model=name).file_name.split(".")[0].lower() not in DEVICES


def test_keys_that_differ_have_names_that_differ():
    names = [replace(KEY, **{name: value}).file_name for name, value in {**OTHER, "model": "mine"}.items()]
    assert len({KEY.file_name, *names}) == len(names) + 1


def test_a_key_in_words():
    assert str(KEY) == "animesr-v2 step, 640x480, RGBH, fp16, tensorrt_rtx 1.7.1.116, sm 8.9"
    assert str(replace(KEY, device="NVIDIA L4")).endswith("NVIDIA L4 sm 8.9")
    assert str(replace(KEY, compute_capabilities=())).endswith("as the library decides")
