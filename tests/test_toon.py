"""Clips of the procedural renderer: what is promised of them whatever they show."""

import hashlib
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training.toon import SPLITS, Clip, clip, staging, trial
from training.toon.staging import FRAMINGS
from vsanimesr.errors import ArgumentError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

SMALL = (128, 72)

DIGEST = """
import hashlib, sys
from training.toon import clip
made = hashlib.sha256()
for frame in clip(5, frames=3, size=(128, 72)):
    made.update(frame.image.tobytes() + frame.lines.tobytes())
print(made.hexdigest())
"""


def digest(film: Clip) -> str:
    made = hashlib.sha256()
    for frame in film:
        made.update(frame.image.tobytes() + frame.lines.tobytes())
    return made.hexdigest()


def cutting(split: str = "train") -> Clip:
    """A clip of several shots, the first one a seed has."""
    return next(film for seed in range(200) if len((film := clip(seed, frames=40, size=SMALL, split=split)).cuts) > 1)


@pytest.mark.slow
def test_another_process_draws_the_same() -> None:
    other = subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True).stdout.strip()
    assert digest(clip(5, frames=3, size=SMALL)) == other


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**9), n=st.integers(0, 20), split=st.sampled_from(SPLITS))
def test_a_frame_does_not_depend_on_what_else_is_asked_for(seed: int, n: int, split: str) -> None:
    alone = clip(seed, frames=n + 1, size=SMALL, split=split)[n]
    longer = clip(seed, frames=200, size=SMALL, split=split)
    for other in (0, n + 5, n // 2):
        longer[other]
    again = longer[n]
    assert np.array_equal(alone.image, again.image)
    assert np.array_equal(alone.lines, again.lines)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(width=st.integers(16, 160), height=st.integers(16, 120), seed=st.integers(0, 10**6))
def test_any_even_size(width: int, height: int, seed: int) -> None:
    frame = clip(seed, frames=1, size=(2 * width, 2 * height))[0]
    assert (frame.image.shape, frame.image.dtype) == ((2 * height, 2 * width, 3), np.uint8)
    assert (frame.lines.shape, frame.lines.dtype) == ((2 * height, 2 * width), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"size": (63, 64)}, "even"),
        ({"size": (64, 30)}, "at least 32"),
        ({"frames": 0}, "one frame or more"),
        ({"split": "holdout"}, "train, val, test"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        clip(1, **arguments)


def test_frames_outside_of_a_clip() -> None:
    film = clip(1, frames=2, size=SMALL)
    for n in (-1, 2):
        with pytest.raises(IndexError, match="frames 0 to 1"):
            film[n]
    assert len(list(film)) == len(film) == 2


@pytest.mark.slow
def test_cuts_are_where_they_are_told() -> None:
    film = cutting()
    frames = [frame.image.astype(int) for frame in film]
    for cut in film.cuts:
        assert np.abs(frames[cut] - frames[cut - 1]).mean() > 8


def test_one_clip_in_eight_cuts_quickly() -> None:
    films = [clip(seed, frames=24, size=SMALL) for seed in range(300)]
    share = sum(any(joint.start < 24 for joint in film.joints[1:]) for film in films) / 300
    assert 0.06 < share < 0.16


def test_transitions_are_no_cuts() -> None:
    films = [clip(seed, frames=160, size=SMALL) for seed in range(120)]
    kinds = {kind for film in films for _, _, kind in film.transitions}
    assert kinds == {"dissolve", "flash", "fade"}
    for film in films:
        assert not set(film.cuts) & {start for start, _, _ in film.transitions}
        assert all(0 < cut < 160 for cut in film.cuts)


@pytest.mark.slow
def test_drawings_are_held() -> None:
    held = 0
    for seed in range(8):
        frames = [frame.image for frame in clip(seed, frames=6, size=SMALL)]
        held += sum(np.array_equal(a, b) for a, b in pairwise(frames))
    assert 8 <= held < 40


def test_the_test_split_has_generators_of_its_own() -> None:
    seen = {
        split: frozenset().union(*(clip(seed, frames=1, size=(64, 36), split=split).generators for seed in range(25)))
        for split in SPLITS
    }
    assert not seen["test"] & (seen["train"] | seen["val"])
    assert len(seen["test"]) >= 5
    assert len(seen["train"] & seen["val"]) >= 8


def test_seeds_and_splits_are_different_clips() -> None:
    digests = {digest(clip(seed, frames=1, size=SMALL, split=split)) for seed in range(3) for split in SPLITS}
    assert len(digests) == 9


def test_names_of_generators_need_no_painting(monkeypatch: pytest.MonkeyPatch) -> None:
    def paint(*_: object) -> None:
        raise RuntimeError("it is painted")

    for split, places in (("train", staging.PLACES), ("test", trial.PLACES)):
        with monkeypatch.context() as patched:
            for where in places:
                patched.setitem(places, where, paint)
            film = clip(3, frames=400, size=SMALL, split=split)
            assert {name for name in film.generators if name.startswith("place:")}
            with pytest.raises(RuntimeError, match="painted"):
                film[0]


def test_shots_of_all_scales_come() -> None:
    kinds = {clip(seed, frames=1, size=(64, 36)).shot(0).kind for seed in range(60)}
    assert kinds >= set(FRAMINGS) - {"card"}


def test_frames_belong_to_who_asked_for_them() -> None:
    film = clip(2, frames=2, size=SMALL)
    first = film[0]
    kept = first.image.copy(), first.lines.copy()
    first.image[:], first.lines[:] = 0, 99
    again = film[0]
    assert np.array_equal(again.image, kept[0])
    assert np.array_equal(again.lines, kept[1])
