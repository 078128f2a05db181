"""How shots are composed: from eyes that fill the picture to crowds, places without people, and things in hands."""

from dataclasses import replace

from training.toon import foliage, monitor, rooms, skies, streets, walls
from training.toon.camera import MARGIN, camera
from training.toon.casting import cast, traffic
from training.toon.colour import HOURS, Light, light
from training.toon.effects import EFFECTS, Effect
from training.toon.foreground import foreground
from training.toon.painting import Paper
from training.toon.production import Production
from training.toon.rng import Dice, Seed
from training.toon.shot import Overlay, Shot
from training.toon.text import TEXTS, Text

PLACES = {
    "room": rooms.room,
    "street": streets.street,
    "front": streets.front,
    "park": foliage.park,
    "woods": foliage.woods,
    "sea": foliage.sea,
    "wall": walls.wall,
    "ground": walls.ground,
    "monitor": monitor.monitor,
    "heights": skies.heights,
}
"""Generators of backgrounds."""

FRAMINGS = {
    "eyes": 0.7,
    "face": 2,
    "bust": 2.6,
    "two": 1.3,
    "medium": 1.5,
    "full": 1.3,
    "crowd": 1.0,
    "place": 1.4,
    "insert": 1.0,
    "card": 0.4,
}
"""How shots are framed, by how often they come."""

LINES = {"eyes": (2.2, 7.0), "face": (1.4, 3.4), "bust": (1.1, 2.5), "two": (1.0, 2.2), "medium": (0.9, 1.9),
         "full": (0.7, 1.5), "crowd": (0.35, 0.8), "insert": (1.2, 3.5), "place": (1, 1), "card": (1, 1)}  # fmt: skip
"""Width of a line of weight 1, in pixels of a picture of 544 rows."""

FOCUS = {"eyes": 0.014, "face": 0.009, "bust": 0.006, "two": 0.004, "medium": 0.003, "insert": 0.008}
"""How far backgrounds may be out of focus, in picture heights."""


def stage(show: Production, seed: Seed) -> Shot:
    """Composes a shot."""
    dice = seed.dice("stage")
    kind, hour = dice.pick(FRAMINGS), dice.pick(HOURS)
    lit = light(dice, hour)
    where = place_kind(dice, kind)
    ground = paper(show, dice, kind, lit)
    painters = [lambda: PLACES[where](seed.child(where), ground, hour)]
    actors = [] if kind in ("place", "card") else cast(show, seed, kind)
    overlays, names = extras(show, seed, kind)
    if actors:
        names.append("actor:thing" if kind == "insert" else "actor:person")
    if where in ("street", "front") and kind in ("full", "crowd", "place", "medium") and seed.dice("cars").chance(0.5):
        actors = [*traffic(seed, where), *actors]
        names.append("actor:car")
    apart = seed.dice("apart")
    if kind not in ("crowd", "card") and apart.chance(0.14):
        near = replace(paper(show, apart, kind, lit), blur=apart.uniform(0.004, 0.016), medium="flat")
        painters.append(lambda: [foreground(seed.child("near"), replace(near, density=show.density * 0.6))])
        names.append("place:foreground")
    low, high = LINES[kind]
    return Shot(
        kind=kind,
        names=frozenset({f"place:{where}", *names}),
        painters=painters,
        actors=actors,
        overlays=overlays,
        camera=camera(seed, 0.5 if kind in ("eyes", "face") else 1.0),
        ink=show.ink,
        light=lit,
        width=seed.dice("width").log(low, high) * show.weight / 544,
    )


def place_kind(dice: Dice, kind: str) -> str:
    """Where such a shot is set."""
    if kind in ("eyes", "card", "insert"):
        return dice.pick({"ground": 3, "wall": 1, "room": 1, "monitor": 0.5, "heights": 0.6})
    weights = {
        "room": 2.2,
        "street": 1.8,
        "front": 1.2,
        "park": 1.5,
        "woods": 1,
        "sea": 0.7,
        "wall": 1,
        "ground": 1.3,
        "monitor": 0.5,
        "heights": 0.8,
    }
    if kind in ("full", "crowd"):
        weights |= {
            "wall": 0.2,
            "monitor": 0.0,
            "heights": 0.0,
            "ground": 0.4,
            "room": 0.8 if kind == "full" else 0,
            "sea": 0.3 if kind == "full" else 0,
        }
    if kind == "place":
        weights |= {"ground": 0.3}
    return dice.pick(weights)


def paper(show: Production, dice: Dice, kind: str, lit: Light) -> Paper:
    """What the background is painted on, and how sharp it is."""
    blur = FOCUS.get(kind, 0.0) * dice.uniform(0.2, 1) if dice.chance(0.6) else 0.0
    size = show.aspect + 2 * MARGIN, 1 + 2 * MARGIN
    return Paper(size, show.density * (0.6 if blur > 0.004 else 1), show.medium, dice.uniform(0.4, 1.4), lit.tint, blur)


def extras(show: Production, seed: Seed, kind: str) -> tuple[list[Overlay], list[str]]:
    """Effects and text in front."""
    dice = seed.dice("extras")
    made: list[Overlay] = []
    names = []
    if dice.chance(0.32):
        effect = dice.pick(EFFECTS)
        made.append(Effect(seed.child("effect"), effect, show.aspect))
        names.append(f"effect:{effect}")
    if kind == "card" or dice.chance(0.14):
        text = dice.pick({"title": 2, "credits": 2, "columns": 1, "caption": 1} if kind == "card" else TEXTS)
        made.append(Text(seed.child("text"), text, show.aspect))
        names.append(f"text:{text}")
    return made, names
