"""Tied hair: pony tails, twin tails, buns and braids."""

# ruff: noqa: RUF005  # a list that is added to an array moves points

import numpy as np

from training.toon.curves import Points, ellipse, path
from training.toon.hair import Hair
from training.toon.strands import bow, lock


def tails(hair: Hair, before: bool) -> None:
    """What is tied; `before` is whether the head has been drawn already."""
    kind = hair.style.tail
    if kind == "none":
        return
    if kind == "buns":
        if not before:
            for side in (-1, 1):
                bun(hair, hair.cap(90 - side * 42, 90 - side * 42, 1, 1.12)[0])
        return
    roots = {
        "twin": [(-1.0, -0.25), (1.0, -0.25)],
        "side": [(-0.98, -0.05)],
        "pony": [(-0.75, -0.65)],
        "braid": [(-0.8, 0.75)],
    }[kind]
    in_front = kind == "braid"
    if before != in_front:
        return
    for x, y in roots:
        root = hair.view.skull([x * hair.style.volume], [y])[0]
        if kind == "braid":
            braid(hair, root)
        else:
            tail(hair, root, np.sign(x) * hair.view.sign)


def tail(hair: Hair, root: Points, side: float) -> None:
    """A tail of hair with two tips."""
    length = 1.6 + 1.8 * hair.style.spread + hair.style.ends[0] * 3
    rows = [
        (0, 0),
        (side * 0.55, 0.12),
        (side * 0.75, 0.55 * length),
        (side * 0.55, length),
        (side * 0.45, length * 1.25),
    ]
    centre = hair.hang(np.array(rows) + root)
    left, right = lock(centre, [0.14, 0.36, 0.42, 0.30, 0.04])
    tips = []
    for share, at in ((0.15, -1), (0.55, -2), (0.9, -3)):
        tip = left[at] * (1 - share) + right[at] * share + np.array([0, 0.16 * length * (1 + share) / 2])
        dent = left[-4] * (0.8 - share) + right[-4] * (0.2 + share)
        tips += [tip, tip, dent, dent]
    shape = np.concatenate([left[:-2], tips[:-2], right[:-3][::-1]])
    made = hair.pen.cel(shape, hair.tone, 0.14)
    with hair.pen.inside(made):
        for share in (0.2, 0.42, 0.6, 0.82):
            strand = left[2:-2] * (1 - share) + right[2:-2] * share
            hair.pen.line(strand, 0.65, hair.tone.ink)
        wide = np.concatenate([left[4:-3] * 0.55 + right[4:-3] * 0.45, (left[4:-3] * 0.35 + right[4:-3] * 0.65)[::-1]])
        hair.pen.tint(path(wide), hair.tone.shade)
    if hair.style.ribbon:
        bow(hair.pen, float(root[0]), float(root[1]), 0.36, hair.tone)


def bun(hair: Hair, middle: Points) -> None:
    """A bun, wound."""
    hair.pen.cel(ellipse(middle[0], middle[1], 0.40, 0.38, 10), hair.tone, 0.16)
    turn = np.linspace(0, 7, 12)
    spiral = np.stack([np.cos(turn), np.sin(turn)], axis=1) * (0.08 + 0.26 * turn / 7)[:, None] + middle
    hair.pen.line(spiral, 0.7, hair.tone.ink)


def braid(hair: Hair, root: Points) -> None:
    """A braid over one shoulder, link by link."""
    side = -hair.view.sign
    for i in range(6):
        low = root + np.array([side * (0.12 + 0.02 * i), 0.34 * i])
        x, y = hair.hang(low[None])[0]
        for way in (-1, 1):
            link = np.array([(0, -0.16), (way * 0.24, -0.10), (way * 0.20, 0.16), (0, 0.26)]) * (1.05 - 0.07 * i) + [
                x,
                y,
            ]
            hair.pen.cel(link, hair.tone, 0.06, 0.9)
    x, y = hair.hang((root + [side * 0.25, 2.1])[None])[0]
    tuft = np.array([(-0.1, 0), (-0.16, 0.3), (0, 0.55), (0, 0.55), (0.14, 0.3), (0.1, 0)]) + [x, y]
    hair.pen.fill(path(tuft), hair.tone.base)
    hair.pen.line(tuft, 0.9, hair.tone.ink)
