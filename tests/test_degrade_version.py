"""What VERSION of the degradations draws and makes: whoever keeps seeds instead of clips depends on it."""

import base64

import numpy as np
import pytest
import torch.nn.functional as F

from tests.degrading import moving, one_thread  # noqa: F401
from training.degrade import BASIC_OP, LEARNED_OP, VERSION, Recipe, degrade, generator
from training.degrade.codec import Planes
from training.degrade.recipes import H264
from training.degrade.x264 import options

RAISE = f"version {VERSION} did not give this: raise VERSION in training/degrade/__init__.py and pin what it gives now"
STAGES = {"first": BASIC_OP, "final": LEARNED_OP}
SCALE = 100
"""Means are kept in hundredths of a level of 8 bits."""

PINNED = {
    ("first", 0): (
        "1.22519, 1.22519, 0, 31.8695, 0.335856, 1.75656",
        "cubic by 4, 1, baseline, colour, colour, 3954079314478742908",
        "yim7PWkobSpnMTI0iTXuJu0jfilyM9c8NSsbLm8tJDQZJO4yZzKHM3w6HDKmNF1A/j13M6UjhjGHMK8/YTLOLEIyLCeKNmAtyi5n"
        "NtE1siuuOSA1DDXfKvUyKy1jNuwz",
    ),
    ("first", 3): (
        "3.24484, 2.08076, -2.55016, 24.6509, 5.86799, 9.56267",
        "linear by 4, 0, high, colour, gray, 1985921220887127620",
        "5ynDPLIqFylbMiw0/TPCKMEjFijkM/464SsYLt4uETMtJD0zETEkNPw6FTNaNGk/cDz/Mn0lcjGoL0M/bDJZLTAxsyi2NGwtoS0d"
        "N242GSxAOeU0TzTTK5YyEi/ENRYz",
    ),
    ("final", 2): (
        "3.29406, 1.00222, 0.62895, 27.5585, 6.69297, 6.33184",
        "area by 2, learned by 2, 1, main, gray, colour, 1995157369095621445",
        "uS+SQp8w1S56Osg5TTr5LyIqni7COfZCKzEgM741RTnwKLQ4ajfNOSVBcTnDPJVH10LwOiktCzjANpFFQjiFNLo3OzDaOjQz9DP0"
        "Pv47OjSLPgc9LjuCMu84TTWOPfg4",
    ),
    ("final", 6): (
        "1.50443, 1.50443, 0, 18.8794, 9.78768, 7.85211",
        "cubic by 2, learned by 2, 0, high, colour, gray, 41024662010413241",
        "4ClZPXAp3CneMeEz+jT9J9Uj+yihM8E7UytILuwtujMoJA0zwzH6M8U6ezJSNOw/VD1xM4skTDH1L0Y/1DLeLN8xjSfqNWEtIS6U"
        "NkY2/SuVOSs1dzQkK/Uy2S1XNlkz",
    ),
}
"""By stage and seed: numbers and names that are drawn, and the means of 4x4 blocks of the last frame, uncompressed."""


def told(recipe: Recipe) -> tuple[str, str]:
    blur, codec = recipe.blur, recipe.compression
    assert blur
    assert codec
    numbers = blur.sigma_x, blur.sigma_y, blur.angle, codec.crf, *(noise.sigma for noise in recipe.noise)
    steps = [f"{step.filter} by {step.factor}" for step in recipe.steps]
    grays = ["gray" if noise.gray else "colour" for noise in recipe.noise]
    words = *steps, str(recipe.operator), codec.profile, *grays, str(recipe.noise_seed)
    return ", ".join(f"{number:.6g}" for number in numbers), ", ".join(words)


def text(means: np.ndarray) -> str:
    return base64.b64encode(means.round().astype("<u2").tobytes()).decode()


def uncompressed(planes: Planes, settings: H264, timeout: float) -> Planes:
    return planes


def made(stage: str, seed: int) -> tuple[Recipe, np.ndarray]:
    clip = moving(2, 128, 128)
    recipe = Recipe.draw(generator(seed), len(clip), STAGES[stage], operators=2)
    halves = [lambda frames: F.avg_pool2d(frames, 2), lambda frames: F.max_pool2d(frames, 2)]
    lr = degrade(clip, recipe, operators=halves, by=uncompressed)
    return recipe, (F.avg_pool2d(lr[-1], 8) * 255 * SCALE).numpy()


@pytest.mark.parametrize(("stage", "seed"), PINNED)
def test_this_version_draws_and_makes_what_it_did(stage: str, seed: int) -> None:
    """Other builds of PyTorch may round otherwise, so means may differ by a fifth of a level."""
    recipe, means = made(stage, seed)
    *drawn, blocks = PINNED[stage, seed]
    assert told(recipe) == tuple(drawn), RAISE
    pinned = np.frombuffer(base64.b64decode(blocks), "<u2").reshape(means.shape)
    assert np.abs(means - pinned).max() < 0.2 * SCALE, f"{RAISE}: {text(means)}"


def test_this_version_tells_x264_what_it_did() -> None:
    wanted = {"preset": "medium", "crf": "23.5000", "profile": "main"}
    assert options(H264(23.5, "main")) | wanted == options(H264(23.5, "main")), RAISE
