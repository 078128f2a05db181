"""Streets and towns: houses in perspective or side by side, windows, signs, poles, wires and marks on the road."""

import math

from training.toon import glyphs
from training.toon.colour import Tone, faint, mix, oklch, tone
from training.toon.painting import Board, Layer, Paper
from training.toon.rng import Dice, Seed
from training.toon.skies import shades, sky
from training.toon.space import Space, spans


def street(seed: Seed, paper: Paper, hour: str) -> list[Layer]:
    """A street that runs away from us between two rows of houses."""
    dice = seed.dice("street")
    board = Board(paper)
    ink = oklch(0.24, 0.03, dice.random()) if dice.chance(0.55) else None
    space = Space(board, (dice.signed(0.4), dice.uniform(-0.12, 0.2)), ink, dice.log(0.002, 0.005))
    low, wide = dice.uniform(0.35, 0.8), dice.uniform(0.8, 1.6)
    road(seed.dice("road"), space, wide, low)
    for side in (-1, 1):
        row(seed.dice("row", side), space, side * wide, low, hour)
    if dice.chance(0.75):
        poles(seed.dice("poles"), space, dice.choice((-1, 1)) * wide * 0.8, low)
    return [
        *sky(seed, paper, hour, space.vanish[1]),
        *skyline(seed, paper, hour, space.vanish[1] + 0.02),
        board.layer(dice, 0.75),
    ]


def road(dice: Dice, space: Space, wide: float, low: float) -> None:
    """The road and what is painted on it."""
    grey = tone(dice.uniform(0.45, 0.7), 0.01, dice.random())
    left, _, right, bottom = space.board.box
    space.board.rect(left, space.vanish[1] + 0.012, right, bottom, grey.base)
    for side in (-1, 1):
        x = side * wide * 0.72
        space.ground((min(x, side * wide), max(x, side * wide)), low - 0.02, (0.2, 30), grey.shine)
        space.ground((x - 0.012, x + 0.012), low - 0.018, (0.2, 30), grey.deep)
    white = oklch(0.93, 0.01, 0.2)
    for near, far in spans((0.3, 14), 0.9):
        space.ground((-0.025, 0.025), low, (near, (near + far) / 2), white)
    if dice.chance(0.5):
        z = dice.uniform(0.7, 2.0)
        for x, _ in spans((-wide * 0.65, wide * 0.65), 0.16):
            space.ground((x, x + 0.08), low, (z, z + 0.4), white)


def row(dice: Dice, space: Space, x: float, low: float, hour: str) -> None:
    """The houses of one side, the far ones first."""
    ends = [0.25]
    while ends[-1] < 9:
        ends.append(ends[-1] + dice.uniform(0.5, 1.3))
    for near, far in zip(ends[-2::-1], ends[:0:-1], strict=True):
        house(dice, space, x * dice.uniform(1.0, 1.08), (near, far), low=low, hour=hour)


def house(dice: Dice, space: Space, x: float, z: tuple[float, float], *, low: float, hour: str) -> None:
    """One house with its windows."""
    wall = tone(dice.uniform(0.55, 0.93), dice.uniform(0.01, 0.07), dice.random())
    top = -dice.uniform(0.2, 1.5)
    out = math.copysign(3.0, x)
    space.front((min(x, x + out), max(x, x + out)), (top, low), z[0], wall.shade if x > 0 else wall.base)
    space.side(x, (top, low), z, wall.base if x > 0 else wall.shade)
    step, high = dice.uniform(0.12, 0.22), dice.uniform(0.18, 0.3)
    dark, lit = oklch(0.45, 0.05, 0.68), oklch(0.92, 0.09, 0.25)
    share = {"night": 0.6, "lamp": 0.6, "dusk": 0.25}.get(hour, 0.05)
    for start, end in list(spans((z[0] + 0.05, z[1] - 0.05), step))[::-1]:
        for up, down in spans((top + 0.06, low - 0.35), high):
            pane = lit if dice.chance(share) else mix(dark, wall.base, dice.random() * 0.3)
            space.side(x, (up, up + (down - up) * 0.62), (start, start + (end - start) * 0.68), pane)
            if z[0] < 1.5:
                space.line(
                    (x, up + (down - up) * 0.31, start),
                    (x, up + (down - up) * 0.31, start + (end - start) * 0.68),
                    0.006,
                    wall.deep,
                )
    if dice.chance(0.6):
        sign(dice, space, x, z[0] + 0.1, top)
    if dice.chance(0.5):
        awning(dice, space, x, z, low)


def sign(dice: Dice, space: Space, x: float, z: float, top: float) -> None:
    """A sign that stands out from a house, with letters."""
    made = tone(dice.uniform(0.45, 0.9), dice.uniform(0.08, 0.2), dice.random())
    inward = -math.copysign(dice.uniform(0.14, 0.24), x)
    count = dice.randint(2, 4)
    size = abs(inward) * 0.8
    high = max(top + 0.1, -0.5) + dice.random() * 0.2
    ends = (min(x, x + inward), max(x, x + inward))
    space.front(ends, (high, high + count * size * 1.12 + 0.03), z, made.base)
    letters = glyphs.joined(glyphs.word(dice, glyphs.scripts(dice), count), upright=True)
    at = space.at(ends[0] + abs(inward) * 0.1, high + 0.02, z)[0]
    colour = oklch(0.97, 0.01, 0) if made.base & 0xFF < 200 else made.ink
    space.board.write(letters, (at[0], at[1]), size / z, glyphs.hand(dice), colour)


def awning(dice: Dice, space: Space, x: float, z: tuple[float, float], low: float) -> None:
    """Striped cloth over a shop's front."""
    cloth = tone(dice.uniform(0.5, 0.8), dice.uniform(0.05, 0.18), dice.random())
    out = x - math.copysign(0.14, x)
    for i, (start, end) in enumerate(spans((z[0] + 0.03, z[1] - 0.03), 0.08)):
        rows = space.at([x, x, out, out], [low - 0.5, low - 0.5, low - 0.4, low - 0.4], [start, end, end, start])
        space.face(rows, cloth.base if i % 2 else oklch(0.95, 0.01, 0.2), start, outlined=False)


def poles(dice: Dice, space: Space, x: float, low: float) -> None:
    """Poles with wires, which sag."""
    dark = oklch(0.3, 0.02, dice.random())
    places = [dice.uniform(0.6, 1.0) * (1 + 0.9 * i) for i in range(6)][::-1]
    top = -dice.uniform(0.7, 1.2)
    for z in places:
        space.line((x, low, z), (x, top, z), 0.035, dark)
        for y in (0.06, 0.16):
            space.line((x - 0.16, top + y, z), (x + 0.16, top + y, z), 0.02, dark)
    for near, far in zip(places[1:], places[:-1], strict=True):
        for dx, dy in ((-0.15, 0.06), (0.15, 0.06), (-0.12, 0.16), (0.0, 0.3)):
            a, b = space.at([x + dx, x + dx], top + dy, [near, far])
            middle = (a + b) / 2 + [0, 0.035 / near]
            for start, end in (
                (a, (a + middle) / 2 + [0, 0.006]),
                ((a + middle) / 2 + [0, 0.006], middle),
                (middle, b),
            ):
                space.board.line([start, end], max(0.004 / near, 0.0012), dark)


def skyline(seed: Seed, paper: Paper, hour: str, horizon: float) -> list[Layer]:
    """Far houses as silhouettes, paler with distance."""
    dice = seed.dice("skyline")
    board = Board(paper)
    haze = shades(seed, hour)[2]
    left, _, right, bottom = board.box
    for depth in range(2):
        x = left
        colour = mix(oklch(0.5, 0.04, 0.7), haze, 0.75 - 0.3 * depth)
        while x < right:
            wide, high = dice.uniform(0.03, 0.14), dice.uniform(0.03, 0.22) * (1 - 0.3 * depth)
            board.rect(x, horizon - high, x + wide, bottom, colour)
            dots(dice, board, (x, horizon - high, x + wide, horizon), hour, colour)
            x += wide * dice.uniform(0.8, 1.3)
    return [board.layer(dice, 0.35, 1.3)]


def dots(dice: Dice, board: Board, box: tuple[float, float, float, float], hour: str, colour: int) -> None:
    """The windows of a far house."""
    pane = oklch(0.9, 0.1, 0.24) if hour in ("night", "lamp") else mix(colour, 0xFF203040, 0.25)
    for x, _ in spans((box[0] + 0.008, box[2] - 0.01), 0.018):
        for y, _ in spans((box[1] + 0.012, box[3]), 0.024):
            if dice.chance(0.6):
                board.rect(x, y, x + 0.008, y + 0.012, faint(pane, dice.uniform(0.4, 0.9)))


def front(seed: Seed, paper: Paper, hour: str) -> list[Layer]:
    """Houses side by side, seen from across the street."""
    dice = seed.dice("front")
    board = Board(paper)
    space = Space(
        board, (0.0, 0.1), oklch(0.24, 0.03, dice.random()) if dice.chance(0.7) else None, dice.log(0.0015, 0.005)
    )
    left, _, right, bottom = board.box
    low, x = dice.uniform(0.25, 0.5), left
    board.rect(left, low, right, bottom, oklch(dice.uniform(0.5, 0.75), 0.01, 0.2))
    while x < right:
        wide = dice.uniform(0.3, 0.75)
        facade(dice, space, (x, x + wide), low, hour)
        x += wide
    board.rect(left, low, right, low + 0.02, oklch(0.42, 0.01, 0.2))
    return [*sky(seed, paper, hour, 0.2), board.layer(dice, 0.75)]


def facade(dice: Dice, space: Space, x: tuple[float, float], low: float, hour: str) -> None:
    """One house from the front."""
    wall: Tone = tone(dice.uniform(0.5, 0.92), dice.uniform(0.01, 0.09), dice.random())
    top = -dice.uniform(0.05, 0.65)
    board = space.board
    space.front(x, (top - 0.1, low - 0.1), 1.0, wall.base)
    board.rect(x[1] - 0.03, top, x[1], low, wall.shade)
    step, floor = dice.uniform(0.09, 0.16), dice.uniform(0.13, 0.2)
    for ends in spans((x[0] + 0.04, x[1] - 0.04), step):
        for up, down in spans((top + 0.05, low - 0.26), floor):
            lit = dice.chance(0.6 if hour in ("night", "lamp") else 0.06)
            pane = oklch(0.9, 0.1, 0.25) if lit else oklch(dice.uniform(0.4, 0.65), 0.05, 0.66)
            right, under = ends[0] + (ends[1] - ends[0]) * 0.7, up + (down - up) * 0.7
            space.front((ends[0], right), (up - 0.1, under - 0.1), 1.0, pane)
            board.line([(ends[0], (up + under) / 2), (right, (up + under) / 2)], 0.004, wall.deep)
            board.line([((ends[0] + right) / 2, up), ((ends[0] + right) / 2, under)], 0.004, wall.deep)
    if dice.chance(0.65):
        cloth = tone(dice.uniform(0.4, 0.85), dice.uniform(0.06, 0.18), dice.random())
        space.front((x[0] + 0.02, x[1] - 0.02), (low - 0.36, low - 0.26), 1.0, cloth.base)
        count = max(2, int((x[1] - x[0]) / 0.09) - 1)
        letters = glyphs.joined(glyphs.word(dice, glyphs.scripts(dice), count), False)
        board.write(letters, (x[0] + 0.05, low - 0.25), 0.075, glyphs.hand(dice), oklch(0.96, 0.01, 0.2))
        space.front((x[0] + 0.04, x[1] - 0.06), (low - 0.25, low - 0.1), 1.0, oklch(0.35, 0.04, 0.65))
