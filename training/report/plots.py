"""Lines over frames as SVG, drawn with nothing but presentation attributes and the page's classes."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 520, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 10, 24, 30
_TICKS = 5
"""About so many along each axis."""


@dataclass(frozen=True)
class Plot:
    """Courses over frames."""

    title: str
    unit: str
    """Of the values, for the axis."""
    courses: Mapping[str, Sequence[float | None]]
    """One value for each frame, by name; None where there is none."""
    numbers: Mapping[str, int]
    """Which of the page's colours each has."""


def drawn(plot: Plot) -> str:
    """The plot; lines are broken where a value is missing or infinite. '' where there is no value at all."""
    courses = {name: [_number(value) for value in course] for name, course in plot.courses.items()}
    values = [value for course in courses.values() for value in course if math.isfinite(value)]
    if not values:
        return ""
    scale = _Scale(max(map(len, courses.values())), min(values), max(values))
    parts = [*_grid(scale), *(_line(course, scale, plot.numbers[name]) for name, course in courses.items())]
    label = html.escape(f"{plot.title}: {plot.unit} by frame")
    unit = f'<text x="{_LEFT}" y="12" class="unit">{html.escape(plot.unit)}</text>'
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{unit}{"".join(parts)}</svg>'


class _Scale:
    """From frames and values to places in the drawing."""

    def __init__(self, frames: int, low: float, high: float) -> None:
        step = _step(max(high - low, 1e-3 * max(abs(low), abs(high)), 1e-6))
        self.frames, self.step = frames, step
        self.low, self.high = step * math.floor(low / step), step * math.ceil(high / step)
        if self.low == self.high:
            self.low, self.high = self.low - step, self.high + step

    def x(self, frame: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * frame / max(1, self.frames - 1), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * share, 1)

    def values(self) -> list[float]:
        return [self.low + n * self.step for n in range(round((self.high - self.low) / self.step) + 1)]

    def numbers(self) -> list[int]:
        return list(range(0, self.frames, max(1, round(_step(max(1, self.frames - 1))))))


def _grid(scale: _Scale) -> list[str]:
    digits = max(0, -math.floor(math.log10(scale.step) + 1e-9))
    parts = list[str]()
    for value in scale.values():
        y = scale.y(value)
        parts.append(f'<path class="grid" d="M{_LEFT} {y}H{WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{value:.{digits}f}</text>')
    for frame in scale.numbers():
        parts.append(f'<text x="{scale.x(frame)}" y="{HEIGHT - 12}" text-anchor="middle">{frame}</text>')
    return parts


def _line(course: Sequence[float], scale: _Scale, number: int) -> str:
    path, pen = list[str](), "M"
    for frame, value in enumerate(course):
        if math.isfinite(value):
            path.append(f"{pen}{scale.x(frame)} {scale.y(value)}")
        pen = "L" if math.isfinite(value) else "M"
    if not path:
        return ""
    dot = "" if len(path) > 1 else "h.1"
    return f'<path class="course c{number}" d="{"".join(path)}{dot}"/>'


def _step(span: float) -> float:
    """1, 2 or 5 times a power of ten, so that about _TICKS of them make the span."""
    raw = span / _TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= raw * 0.999)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
