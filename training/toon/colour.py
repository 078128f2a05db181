"""Colours as 0xAARRGGBB, chosen in OKLCH (Ottosson 2020), where equal steps look equal."""

import math
from dataclasses import dataclass

from training.toon.rng import Dice

type Colour = int
"""0xAARRGGBB, straight alpha, sRGB."""

type Tint = tuple[float, float, float]
"""Factors of red, green and blue."""

WHITE, BLACK = 0xFFFFFFFF, 0xFF000000


def oklch(lightness: float, chroma: float, hue: float) -> Colour:
    """The colour of that lightness (0 to 1), chroma (0 to 0.3) and hue (in turns: 0.08 red, 0.3 yellow, 0.4 green,
    0.73 blue); chroma is reduced until sRGB has it."""
    lightness = min(max(lightness, 0.0), 1.0)
    for step in range(9):
        rgb = linear_rgb(lightness, chroma * (1 - step / 8), hue)
        if min(rgb) >= -1e-4 and max(rgb) <= 1 + 1e-4:
            break
    return packed([255 * companded(x) for x in rgb])


def linear_rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """OKLCH to linear sRGB, unclipped."""
    a, b = chroma * math.cos(math.tau * hue), chroma * math.sin(math.tau * hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    mid = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * mid + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * mid - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * mid + 1.7076147010 * short,
    )


def companded(linear: float) -> float:
    """Linear light to sRGB, both 0 to 1."""
    linear = min(max(linear, 0.0), 1.0)
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def packed(rgb: "list[float] | Tint", alpha: float = 1.0) -> Colour:
    """Red, green and blue of 0 to 255, and alpha of 0 to 1."""
    r, g, b = (min(max(round(x), 0), 255) for x in rgb)
    return round(alpha * 255) << 24 | r << 16 | g << 8 | b


def channels(colour: Colour) -> Tint:
    """Red, green and blue, 0 to 255."""
    return colour >> 16 & 255, colour >> 8 & 255, colour & 255


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The first colour with that share of the second, opaque."""
    return packed([a + (b - a) * share for a, b in zip(channels(first), channels(second), strict=True)])


def faint(colour: Colour, alpha: float) -> Colour:
    """The colour with that alpha (0 to 1)."""
    return packed(channels(colour), alpha)


def multiplied(colour: Colour, tint: Tint) -> Colour:
    """The colour seen in light of that tint; alpha stays."""
    return packed([a * b for a, b in zip(channels(colour), tint, strict=True)], (colour >> 24) / 255)


@dataclass(frozen=True)
class Tone:
    """What one material is painted with: the triplet of a model sheet, and its line."""

    base: Colour
    """In the light."""
    shade: Colour
    """Where the form turns away."""
    deep: Colour
    """Cast shadows and the insides of things."""
    shine: Colour
    """Highlights."""
    ink: Colour
    """The coloured line between areas of this material."""


def tone(lightness: float, chroma: float, hue: float, contrast: float = 1.0, turn: float = 0.02) -> Tone:
    """A triplet around a key colour; shadows are more saturated and turn towards blue, as painters do it."""
    cool = math.copysign(turn, math.sin(math.tau * (0.73 - hue)))
    steps = ((0.0, 1.0, 0), (-0.12, 1.08, 1), (-0.22, 1.05, 1.6), (0.14, 0.75, -1), (-0.45, 0.8, 1.5))
    made = []
    for dark, strong, turned in steps:
        level = lightness + dark * contrast * (0.55 + 0.6 * lightness)
        made.append(oklch(level, chroma * strong + (0.012 if dark < 0 else 0), hue + cool * turned))
    return Tone(*made)


@dataclass(frozen=True)
class Light:
    """The light of a shot: what it does to the colours of cels and where their shadows lie."""

    tint: Tint = (1.0, 1.0, 1.0)
    """Factors of every cel's colours."""
    toward: tuple[float, float] = (0.6, 0.8)
    """The direction in which the light travels, y down, of length about 1."""
    rim: Colour | None = None
    """The colour of light from behind, if there is any."""
    veil: Colour = 0x00000000
    """Mixed into every colour by its alpha: haze, memory, darkness."""
    soft: float = 0.0
    """How much of an airbrushed gradient lies over the flats, 0 to 1."""
    steps: int = 1
    """How many tones of form shadow there are."""

    def on(self, colour: Colour) -> Colour:
        """How a colour is seen in this light."""
        lit = multiplied(colour, self.tint)
        alpha = (self.veil >> 24) / 255
        return lit if not alpha else faint(mix(lit, self.veil, alpha), (lit >> 24) / 255)

    def tone(self, made: Tone) -> Tone:
        """How a material is seen in this light."""
        return Tone(*map(self.on, (made.base, made.shade, made.deep, made.shine, made.ink)))


HOURS: dict[str, float] = {"noon": 7, "morning": 3, "dusk": 2.2, "night": 1.3, "lamp": 1.2, "backlit": 1, "memory": 0.5}
"""Times of day and moods, by how often they come."""

TINTS: dict[str, Tint] = {
    "noon": (1.0, 1.0, 1.0),
    "morning": (0.97, 0.99, 1.02),
    "dusk": (1.0, 0.80, 0.68),
    "night": (0.55, 0.64, 0.88),
    "lamp": (1.0, 0.91, 0.76),
    "backlit": (0.72, 0.70, 0.80),
    "memory": (1.0, 0.95, 0.84),
}


def light(dice: Dice, hour: str) -> Light:
    """The light of an hour, with a direction of its own."""
    side = -1 if dice.chance(0.35) else 1
    angle = dice.uniform(0.5, 1.2)
    toward = side * math.cos(angle), math.sin(angle)
    jitter = [x * dice.uniform(0.96, 1.03) for x in TINTS[hour]]
    rim = None
    if hour == "backlit" or (hour in ("dusk", "night") and dice.chance(0.5)):
        rim = oklch(dice.uniform(0.88, 0.97), dice.uniform(0.02, 0.1), 0.2 if hour != "night" else 0.7)
    veil = faint(oklch(0.75, 0.05, 0.22), 0.35) if hour == "memory" else 0
    soft = dice.uniform(0.2, 0.7) if dice.chance(0.35) else 0.0
    return Light((jitter[0], jitter[1], jitter[2]), toward, rim, veil, soft, 2 if dice.chance(0.3) else 1)
