"""Rooms: floor, walls, windows, shelves, desks, pictures and lamps."""

import math

from training.toon import glyphs
from training.toon.colour import Colour, Tone, faint, mix, oklch, tone
from training.toon.painting import Board, Layer, Paper
from training.toon.rng import Dice, Seed
from training.toon.skies import sky
from training.toon.space import Space, spans

FLOORS = {"planks": 3, "tiles": 2, "mats": 1, "plain": 1}


def room(seed: Seed, paper: Paper, hour: str) -> list[Layer]:
    """A room in one-point perspective; through the window the sky of the hour is seen."""
    dice = seed.dice("room")
    board = Board(paper)
    wall = tone(dice.uniform(0.72, 0.93), dice.uniform(0.01, 0.06), dice.random())
    ink = oklch(0.25, 0.03, dice.random()) if dice.chance(0.55) else None
    space = Space(board, (dice.signed(0.35), dice.uniform(-0.15, 0.12)), ink, dice.log(0.002, 0.005))
    wide, high, low, deep = (
        dice.uniform(0.9, 1.5),
        dice.uniform(0.5, 0.9),
        dice.uniform(0.55, 0.9),
        dice.uniform(1.6, 3.2),
    )
    shell(dice, space, (wide, high, low, deep), wall)
    window(
        dice,
        space,
        (-wide * dice.uniform(0.1, 0.7), wide * dice.uniform(0.1, 0.7)),
        (-high * 0.75, low * 0.15),
        deep=deep,
        wide=wide,
        wall=wall,
    )
    for side in (-1, 1):
        along(seed.dice("side", side), space, side, (wide, high, low, deep))
    clutter(seed.dice("clutter"), space, wide, low, deep)
    if dice.chance(0.6):
        lamp(dice, space, high, deep)
    return [*sky(seed, paper, "night" if hour == "lamp" else hour, 0.35), board.layer(dice, 0.7)]


def shell(dice: Dice, space: Space, size: tuple[float, float, float, float], wall: Tone) -> None:
    """Floor, ceiling and walls; the back wall is left to `window`, which has a hole."""
    wide, high, low, deep = size
    near = 0.3
    space.ground((-wide, wide), -high, (near, deep), mix(wall.base, 0xFFFFFFFF, 0.4))
    for side in (-1, 1):
        space.side(side * wide, (-high, low), (near, deep), wall.base if side < 0 else wall.shade, outlined=False)
        space.side(side * wide, (low - 0.08, low), (near, deep), wall.deep)
    floor = tone(dice.uniform(0.45, 0.75), dice.uniform(0.02, 0.09), dice.uniform(0.12, 0.24))
    kind = dice.pick(FLOORS)
    space.ground((-wide, wide), low, (near, deep), floor.base)
    steps = {"planks": (0.14, 9.0), "tiles": (0.3, 0.3), "mats": (0.9, 0.45), "plain": (99.0, 99.0)}[kind]
    if kind != "plain":
        others = [mix(floor.base, floor.shade, dice.random() * 0.6) for _ in range(5)]
        space.tiles((-wide, wide), low, (near, deep), steps, others)
        space.rules((-wide, wide), low, (near, deep), steps, width=dice.log(0.002, 0.006), colour=floor.deep)
    back = mix(wall.base, wall.shade, 0.4)
    space.front((-wide, wide), (-high, -high * 0.75), deep, back, outlined=False)
    space.front((-wide, wide), (low * 0.15, low), deep, back, outlined=False)
    space.front((-wide, wide), (low - 0.08, low), deep, wall.deep)


def window(
    dice: Dice, space: Space, x: tuple[float, float], y: tuple[float, float], *, deep: float, wide: float, wall: Tone
) -> None:
    """The rest of the back wall around a window; panes let the sky through."""
    back = mix(wall.base, wall.shade, 0.4)
    band = y[0] - 0.02, y[1] + 0.02
    space.front((-wide, x[0]), band, deep, back, outlined=False)
    space.front((x[1], wide), band, deep, back, outlined=False)
    frame = oklch(dice.pick({0.95: 2, 0.35: 1}), 0.03, 0.17)
    count = dice.randint(1, 4)
    for i in range(count + 1):
        place = x[0] + (x[1] - x[0]) * i / count
        space.line((place, y[0], deep), (place, y[1], deep), 0.045, frame)
    for place in (y[0], (y[0] + y[1]) * 0.5, y[1]):
        space.line((x[0], place, deep), (x[1], place, deep), 0.04, frame)
    if dice.chance(0.6):
        cloth = tone(dice.uniform(0.6, 0.93), dice.uniform(0.01, 0.1), dice.random())
        for side in (0, 1):
            curtain(space, x[side], 2 * side - 1, y, deep=deep, cloth=cloth)


def curtain(space: Space, x: float, out: int, y: tuple[float, float], *, deep: float, cloth: Tone) -> None:
    """A curtain in folds, on the side of the window where `out` points."""
    start = x - out * 0.12
    for i in range(7):
        left = start + out * 0.055 * i
        colour = (cloth.base, cloth.shade, cloth.shine)[i % 3]
        space.front(
            (min(left, left + out * 0.06), max(left, left + out * 0.06)),
            (y[0] - 0.06, y[1] + 0.35),
            deep * 0.99,
            colour,
            outlined=i % 2 == 0,
        )


def along(dice: Dice, space: Space, side: int, size: tuple[float, float, float, float]) -> None:
    """What stands or hangs along one wall."""
    wide, high, low, deep = size
    x = side * wide * 0.995
    start = dice.uniform(0.6, 0.9)
    while start < deep - 0.3:
        length = dice.uniform(0.25, 0.6)
        end = min(start + length, deep - 0.05)
        kind = dice.pick({"shelf": 2, "picture": 2, "door": 1, "board": 0.7, "none": 1.5})
        if kind == "shelf":
            shelf(dice, space, side * wide, (-high * dice.uniform(0.2, 0.7), low), (start, end))
        elif kind == "picture":
            colour = oklch(dice.uniform(0.5, 0.95), dice.uniform(0, 0.12), dice.random())
            space.side(x, (-high * 0.5, -high * 0.1), (start, end * 0.5 + start * 0.5), colour)
        elif kind == "door":
            made = tone(dice.uniform(0.4, 0.8), 0.05, 0.15)
            space.side(x, (-high * 0.45, low), (start, end), made.base)
            space.side(x, (-high * 0.35, low * 0.3), (start + 0.05, end - 0.05), made.shade)
        elif kind == "board":
            space.side(x, (-high * 0.5, low * 0.2), (start, end), oklch(0.36, 0.05, 0.45))
        start = end + dice.uniform(0.05, 0.4)


def shelf(dice: Dice, space: Space, x: float, y: tuple[float, float], z: tuple[float, float]) -> None:
    """A shelf with books."""
    made = tone(dice.uniform(0.35, 0.7), 0.06, 0.15)
    inner = math.copysign(abs(x) - dice.uniform(0.15, 0.3), x)
    space.front((min(inner, x), max(inner, x)), y, z[0], made.shade)
    space.side(inner, y, z, made.deep)
    for top, bottom in spans(y, 0.24):
        at = z[0] + 0.02
        while at < z[1] - 0.02:
            thick = dice.uniform(0.012, 0.04)
            high = dice.uniform(0.55, 0.92) * (bottom - top)
            space.side(
                inner,
                (bottom - high, bottom - 0.015),
                (at, at + thick),
                book(dice),
                outlined=space.ink is not None,
            )
            at += thick
        space.side(inner, (bottom - 0.015, bottom), z, made.base)


def book(dice: Dice) -> Colour:
    """The colour of a book's back."""
    return oklch(dice.uniform(0.3, 0.9), dice.uniform(0.01, 0.14), dice.random())


def clutter(dice: Dice, space: Space, wide: float, low: float, deep: float) -> None:
    """Desks, boxes and chairs on the floor, the far ones first."""
    places = sorted((dice.uniform(0.8, deep - 0.4) for _ in range(dice.randint(1, 6))), reverse=True)
    for z in places:
        made = tone(dice.uniform(0.4, 0.85), dice.uniform(0.02, 0.09), dice.uniform(0.05, 0.3))
        x, half, high = dice.signed(wide * 0.8), dice.uniform(0.12, 0.3), dice.uniform(0.2, 0.4)
        top = low - high
        for leg in (-1, 1):
            space.box((x + leg * half * 0.9 - 0.015, x + leg * half * 0.9 + 0.015), (top, low), (z, z + 0.03), made)
        space.box((x - half, x + half), (top - 0.03, top), (z, z + 0.3), made)
        if dice.chance(0.6):
            thing = tone(dice.uniform(0.4, 0.9), dice.uniform(0.02, 0.15), dice.random())
            left = x + dice.uniform(-half, half * 0.4)
            space.box(
                (left, left + 0.12), (top - 0.03 - dice.uniform(0.03, 0.16), top - 0.03), (z + 0.05, z + 0.15), thing
            )
        if dice.chance(0.3):
            script = glyphs.scripts(dice)
            at = space.at(x - half * 0.8, top + 0.02, z)[0]
            space.board.write(
                glyphs.joined(glyphs.word(dice, script, 4), False),
                (at[0], at[1]),
                0.05 / z,
                glyphs.hand(dice),
                made.deep,
            )


def lamp(dice: Dice, space: Space, high: float, deep: float) -> None:
    """Lamps along the ceiling."""
    for z in (deep * 0.35, deep * 0.6, deep * 0.85):
        space.ground((-0.12, 0.12), -high, (z, z + 0.25), oklch(0.98, 0.02, 0.25))
    x, y = space.at(0.0, -high, deep * 0.4)[0]
    space.board.glow(x, y, 0.5, faint(oklch(0.9, 0.05, 0.22), dice.uniform(0.1, 0.3)))
