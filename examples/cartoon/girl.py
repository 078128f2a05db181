"""The girl. Her coordinates are pixels of the clip with the origin between the eyes, y down."""

import math

import skia

from cartoon.pen import Points, brush, cel, clipped, corners, curve, paint, placed, ramp

WHITE = 0xFDFBF7
SKIN, SKIN_SHADE, BLUSH = 0xFFE3CC, 0xEDB99F, 0xF6A58F
HAIR, HAIR_SHADE, HAIR_DARK, HAIR_SHINE = 0xC4583A, 0x96393A, 0x74293A, 0xF2A06A
IRIS, IRIS_DARK, MOUTH, TONGUE = 0x45B8A6, 0x15505E, 0x9C2F3A, 0xE87A74
CLOTH, CLOTH_SHADE, NAVY, NAVY_SHADE, RED, RED_SHADE = 0xF8F6F2, 0xC3CBE2, 0x33488A, 0x222F66, 0xE2404A, 0xA8283F


def girl(c: skia.Canvas, t: float) -> None:
    """Head and shoulders at t seconds: she looks aside, turns to us, blinks on the way and smiles."""
    turn = -1 + 1.25 * ramp(t, 0.25, 0.75)
    wind = math.sin(t * 5.2)
    back_hair(c, wind)
    uniform(c, wind)
    with placed(c, 0, 0, tilt=-3 + 3 * ramp(t, 0.25, 0.8)):
        face(c, turn)
        for side in (-1, 1):
            eye(c, side, turn, lid=ramp(t, 0.30, 0.38) - ramp(t, 0.48, 0.58))
        mouth(c, turn * 6, ramp(t, 0.8, 1.0))
        front_hair(c, turn * 3, wind)
        for side in (-1, 1):
            x, y = side * 18 + turn * 6, -17 - 2 * ramp(t, 0.8, 1.0)
            brush(c, [(x - side * 9, y + 1), (x + side, y - 2), (x + side * 10, y + 2)], 1.8, HAIR_DARK)


def back_hair(c: skia.Canvas, wind: float) -> None:
    """What hangs behind the shoulders and blows to the right."""
    w = 12 * wind
    shape: list[tuple[float, float]] = [(-30, -56), (-50, -10), (-54, 40), (-58, 84), (-50, 104), (-50, 104)]
    shape += [(-38, 92), (-30, 112), (-30, 112)]
    shape += [(0, 90), (40, 100), (66 + w, 122), (66 + w, 122), (66 + w / 2, 104), (92 + w, 108), (92 + w, 108)]
    shape += [(78 + w / 2, 84), (100 + w, 78 - w / 3), (100 + w, 78 - w / 3), (66, 50), (52, 0), (34, -54)]
    cel(c, shape, HAIR_SHADE, 1.6, [([(-20, 20), (40, 10), (60, 60), (70, 130), (-20, 130)], HAIR_DARK)])
    for x, end in ((50, 72), (58, 86)):
        brush(c, [(x - 6, 20), (x, 56), (end + w, 98)], 1.6)


def uniform(c: skia.Canvas, wind: float) -> None:
    """Neck, sailor blouse, collar and scarf."""
    right = [(15, 56), (44, 66), (66, 82), (84, 150), (84, 150)]
    blouse = [*right, *((-x, y) for x, y in reversed(right))]
    cel(c, blouse, CLOTH, 1.6, [([(30, 60), (22, 100), (34, 150), (100, 160), (90, 70)], CLOTH_SHADE)])
    brush(c, [(-52, 96), (-50, 116), (-54, 140)], 2)
    brush(c, [(52, 96), (50, 116), (54, 140)], 2)
    cel(c, [(-12, 34), (-13, 58), (-13, 58), (0, 84), (0, 84), (13, 58), (13, 58), (12, 34)], SKIN, 1.3,
        [([(-14, 30), (-12, 52), (4, 62), (15, 60), (14, 30)], SKIN_SHADE)])  # fmt: skip
    for side in (-1, 1):
        flap = [(side * x, y) for x, y in ((13, 54), (48, 68), (44, 92), (4, 104), (0, 84))]
        cel(c, corners(flap), NAVY if side < 0 else NAVY_SHADE, 1.5)
        stripe = [(side * x, y) for x, y in ((42, 70), (39, 88), (6, 98))]
        c.drawPath(curve(corners(stripe), closed=False), paint(WHITE, 1.4))
    w = 4 * wind
    cel(c, [(-2, 104), (-14, 124), (-20, 146), (-20, 146), (-4, 138), (-4, 138), (2, 106)], RED, 1.4)
    cel(
        c,
        [(2, 104), (16, 120), (26 + w, 140), (26 + w, 140), (10 + w / 2, 142), (10 + w / 2, 142), (-1, 106)],
        RED_SHADE,
        1.4,
    )
    cel(c, [(-8, 97), (8, 97), (9, 109), (-7, 110)], RED, 1.4)


def face(c: skia.Canvas, turn: float) -> None:
    """Face, ears left out (hair covers them), nose and cheeks; `turn` is -1 (her right) to 1."""
    s, f = turn * 2, turn * 6
    outline = [(-35 + s, -30), (-37 + s, 4), (-31 + s, 25), (-15 + s * 1.6, 42), (s * 2.2, 50)]
    outline += [(15 + s * 1.6, 42), (31 + s, 25), (37 + s, 4), (35 + s, -30), (s, -60)]
    fringe = [(x + 2, y + 5) for x, y in bangs(turn * 3)]
    side = [(27 + s, -40), (31 + s, 8), (22 + s, 30), (s + 4, 54), (60, 50), (60, -40)]
    cel(c, outline, SKIN, 1.6, [(side, SKIN_SHADE), (fringe, SKIN_SHADE)])
    for x in (-23, 21):
        for i in range(3):
            brush(c, [(x + f + 4 * i - 2, 25), (x + f + 4 * i - 5, 30)], 1.5, BLUSH)
    brush(c, [(f + 1 + turn, 25), (f - 1 + 3 * turn, 29)], 1.6, 0xB5655A)


def eye(c: skia.Canvas, side: int, turn: float, lid: float) -> None:
    """One eye; `lid` 0 is open, 1 is shut."""
    c.save()
    c.translate(side * 17.5 + turn * 6, 7)
    c.scale(side * (1 - 0.06 * side * turn), 1)  # the outer corner is at positive x for both
    if lid > 0.6:
        brush(c, [(-11, 4), (-2, 9), (8, 7), (14, 2)], 3.4)
    else:
        c.scale(1, 1 - 0.5 * lid)
        white = [(-9, -3), (-4, -11), (4, -12), (10, -5), (9, 6), (4, 11), (-5, 11), (-9, 5)]
        c.drawPath(curve(white), paint(WHITE))
        with clipped(c, curve(white)):
            iris(c, side * (turn + 0.25) * 3, side)
        brush(c, [(-12, -1), (-8, -9), (0, -14), (8, -11), (12, -5), (16, 0)], 4.6)
        brush(c, [(-5, 11.5), (1, 12.5), (7, 11)], 1.5)
        brush(c, [(-6, -16), (2, -18), (9, -15)], 1.1, 0xB5655A)
    c.restore()


def iris(c: skia.Canvas, x: float, side: int) -> None:
    """Iris in two tones, pupil and two lights; the lights are on the same side in both eyes."""
    c.drawOval(skia.Rect(x - 7.5, -11, x + 7.5, 11), paint(IRIS_DARK))
    with clipped(c, curve([(x - 6.3, 0), (x, -10), (x + 6.3, 0), (x, 10)])):
        c.drawOval(skia.Rect(x - 9, 0, x + 9, 16), paint(IRIS))
    c.drawOval(skia.Rect(x - 3.2, -6, x + 3.2, 4), paint(0x0B2A3A))
    c.drawCircle(x - 3 * side, -5, 3, paint(WHITE))
    c.drawCircle(x + 3 * side, 5, 1.5, paint(WHITE))
    c.drawRect(skia.Rect(-12, -14, 14, -8), paint(0x1A2440))


def mouth(c: skia.Canvas, x: float, smile: float) -> None:
    """A small line that opens to a smile."""
    if smile < 0.3:
        brush(c, [(x - 5, 38), (x, 38.6), (x + 5, 37.6)], 1.8)
        return
    w, h = 6 + 3 * smile, 8 * smile
    shape = [(x - w, 35), (x - w, 35), (x, 36), (x + w, 35), (x + w, 35), (x + w * 0.5, 35 + h), (x - w * 0.5, 35 + h)]
    cel(c, shape, MOUTH, 1.4, [([(x - 5, 36 + h), (x, 36 + h * 0.6), (x + 5, 36 + h), (x, 40 + h)], TONGUE)])


def bangs(s: float) -> Points:
    """The outline of cap and fringe; `s` shifts it sideways."""
    edge = [(-44, 10), (-48, -24), (-36, -56), (0, -70), (36, -56), (48, -24), (45, 10)]
    tips = [(36, -16), (32, 0), (24, -20), (13, -2), (7, -26), (-3, -4), (-11, -24), (-20, 0), (-26, -18)]
    tips += [(-36, 2), (-39, -16)]
    points: list[tuple[float, float]] = [edge[0], *edge, edge[-1]]
    for i, (x, y) in enumerate(tips):
        if i % 2:  # a lock bellies out before its tip
            points.append(((x + 2 * tips[i - 1][0]) / 3 + 1.5, (y + tips[i - 1][1]) / 2))
        points += [(x, y), (x, y)]
    return [(x + s, y) for x, y in points]


def front_hair(c: skia.Canvas, s: float, wind: float) -> None:
    """Side locks, cap with fringe, the shine, a ribbon and the strand that no comb holds down."""
    for side in (-1, 1):
        blow = 3 * wind + (4 if side > 0 else 0)
        lock = [(side * 45 + s, -20), (side * 50 + s, 16), (side * 44 + blow, 50), (side * 38 + blow, 74)]
        lock += [lock[-1], (side * 36 + s + blow / 2, 40), (side * 37 + s, 6), (side * 35 + s, -20)]
        cel(c, lock, HAIR if side < 0 else HAIR_SHADE, 1.4)
    shade = [(26 + s, -70), (34 + s, -40), (26 + s, -14), (40 + s, 20), (60 + s, 0), (50 + s, -60)]
    shine = [
        (-38, -34),
        (-28, -44),
        (-24, -38),
        (-16, -48),
        (-10, -40),
        (0, -50),
        (8, -41),
        (17, -47),
        (22, -38),
        (30, -40),
    ]
    shine += [(20, -32), (14, -38), (6, -33), (-2, -42), (-10, -33), (-18, -39), (-24, -30), (-30, -35)]
    shapes = [(shade, HAIR_SHADE), (corners([(x + s, y) for x, y in shine]), HAIR_SHINE)]
    cel(c, bangs(s), HAIR, 1.7, shapes)
    for x, y in ((-24, -22), (-9, -28), (8, -30), (24, -24)):
        brush(c, [(x * 0.3 + s, -64), (x * 0.9 + s, -46), (x + s, y)], 1.2, HAIR_DARK)
    cel(
        c,
        [(-2 + s, -68), (4 + s, -84), (18 + s + 2 * wind, -86), (18 + s + 2 * wind, -86), (9 + s, -80), (6 + s, -67)],
        HAIR,
    )
    with placed(c, 40 + s, -40, 1, 20):
        for side in (-1, 1):
            cel(
                c,
                [(0, 0), (0, 0), (side * 14, -12), (side * 19, 0), (side * 14, 10)],
                RED if side < 0 else RED_SHADE,
                1.4,
            )
        cel(c, [(-4, -4), (4, -4), (4, 5), (-4, 5)], RED, 1.3)


def girl_from_behind(c: skia.Canvas, t: float, gust: float) -> None:
    """She stands with her back to us; `gust` 0 to 1 is how strongly her hair and skirt blow to the left."""
    wave, blow = 3 * math.sin(t * 9), 26 * gust
    for x in (-13, 9):
        cel(c, [(x - 6, 150), (x - 5, 230), (x - 5, 230), (x + 8, 230), (x + 8, 230), (x + 9, 150)], SKIN, 1.6)
    hem = [(-44 - blow * 0.6, 158 + wave), (-44 - blow * 0.6, 158 + wave), (-20 - blow * 0.3, 166), (6, 164 - wave)]
    skirt = [(-23, 92), (-23, 92), *hem, (34 - blow * 0.2, 160), (34 - blow * 0.2, 160), (23, 92), (23, 92)]
    cel(c, skirt, NAVY, 1.8, [([(4, 80), (2, 170), (60, 170), (40, 80)], NAVY_SHADE)])
    for x in (-14, -5, 5, 14):
        brush(c, [(x, 100), (x * 1.4 - blow * 0.15, 130), (x * 2 - blow * 0.4, 156)], 1.8)
    for side in (-1, 1):
        arm = [(side * x, y) for x, y in ((29, 52), (40, 68), (47, 108), (47, 108), (34, 111), (34, 111), (28, 82))]
        cel(c, [(side * x, y) for x, y in ((36, 106), (44, 106), (43, 120), (37, 121))], SKIN, 1.5)
        cel(c, arm, CLOTH if side < 0 else CLOTH_SHADE, 1.7)
    cel(c, [(-34, 50), (0, 42), (34, 50), (28, 80), (26, 97), (-26, 97), (-28, 80)], CLOTH, 1.7)
    collar = [(-31, 48), (31, 48), (27, 82), (-27, 82)]
    cel(c, corners(collar), NAVY, 1.7)
    c.drawPath(curve(corners([(-25, 50), (-22, 77), (22, 77), (25, 50)]), closed=False), paint(WHITE, 1.4))
    hair_from_behind(c, wave, blow)


def hair_from_behind(c: skia.Canvas, wave: float, blow: float) -> None:
    """The whole mane, its ends carried off by the wind."""
    ends = [(34, 18), (28 - blow * 0.3, 66), (26 - blow, 106 - blow * 0.5), (16 - blow * 0.7, 84)]
    ends += [(-6 - blow * 1.3, 112 + wave - blow * 0.6), (-14 - blow, 88), (-38 - blow * 1.8, 98 - wave - blow * 0.8)]
    shape = [(0, -40), (25, -31), *ends[:2]]
    for point, sharp in zip(ends[2:], (True, False, True, False, True), strict=True):
        shape += [point] * (2 if sharp else 1)
    shape += [(-33 - blow * 0.7, 58 - blow * 0.3), (-35, 14), (-27, -28)]
    shade = [(8, -50), (22, -10), (10 - blow * 0.4, 60), (-6 - blow, 130), (60, 120), (60, -40)]
    shine = [
        (-34, -10),
        (-24, -18),
        (-16, -10),
        (-6, -20),
        (4, -11),
        (14, -18),
        (8, -4),
        (-4, -10),
        (-14, 0),
        (-24, -7),
    ]
    cel(c, shape, HAIR, 1.9, [(shade, HAIR_SHADE), (corners(shine), HAIR_SHINE)])
    for x in (-22, -6, 12, 26):
        brush(
            c,
            [(x * 0.4, -40), (x, 10), (x * 0.9 - blow * 0.5, 56), (x * 0.6 - blow * 1.2, 88 - blow * 0.5)],
            1.5,
            HAIR_DARK,
        )
    with placed(c, 23, -22, 0.85, 25):
        for side in (-1, 1):
            wing = [(0, 0), (0, 0), (side * 14, -12), (side * 19, 0), (side * 14, 10)]
            cel(c, wing, RED if side < 0 else RED_SHADE, 1.4)
