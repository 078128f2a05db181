"""Hair as masses with tips: what hangs behind, the cap with its fringe, locks beside the face."""

# ruff: noqa: RUF005  # a list that is added to an array moves points

from itertools import pairwise

import numpy as np

from training.toon.colour import Tone, faint
from training.toon.curves import Points, path
from training.toon.haircuts import HairStyle
from training.toon.pen import Pen
from training.toon.strands import lock
from training.toon.view import View


class Hair:
    """Draws one head of hair in one view; `sway` (about -1 to 1) is where ends are blown to."""

    def __init__(self, pen: Pen, view: View, style: HairStyle, tone: Tone, *, sway: float, lag: float):
        self.pen, self.view, self.style, self.tone, self.sway, self.lag = pen, view, style, tone, sway, lag

    def cap(self, start: float, end: float, count: int, grow: float = 1.0) -> Points:
        """The outline of the cap between two angles (degrees, 0 at the side it looks to, 90 at the crown)."""
        angle = np.radians(np.linspace(start, end, count))
        radius = self.style.volume * grow
        return self.view.skull(radius * 0.97 * np.cos(angle), -0.10 - radius * np.sin(angle))

    def hang(self, at: Points, amount: float = 1.0) -> Points:
        """Points of hair, blown by as much as they are far from the crown."""
        low = np.clip(at[:, 1] - 0.1, 0, 4)
        shift = self.sway * 0.10 * low**1.3 + self.lag * 0.05 * low**1.7
        return at + np.stack([shift, -0.04 * np.abs(self.sway) * low], axis=1) * amount

    def behind(self) -> None:
        """What hangs behind the neck, drawn before the body."""
        style, length = self.style, self.style.length
        width = style.volume * 0.92 + style.spread * min(length, 2) * 0.5
        n = len(style.ends) if length > 1.2 else 6
        x = np.linspace(width, -width, n)
        edge = []
        for i in range(n):
            bottom = length + style.ends[i] * min(length, 1.6) - 0.16 * abs(x[i] / width) * length
            edge += [(x[i] * 0.98, bottom), (x[i] * 0.98, bottom)]
            if i < n - 1:
                dent = ((x[i] + x[i + 1]) / 2 + 0.05, bottom - 0.22 - 0.1 * length * (i % 2))
                edge += [dent, dent]
        fall = self.view.skull(*np.array(edge).T)
        half = max(0.55 * length, 0.3)
        right = self.view.skull([style.volume * 0.98, width * 1.03], [0.1, half])
        left = self.view.skull([-width * 1.03, -style.volume * 0.98], [half, 0.1])
        outline = np.concatenate([self.cap(170, 10, 6), self.hang(right), self.hang(fall), self.hang(left)])
        made = self.pen.cel(outline, self.tone, 0.0)
        with self.pen.inside(made):
            self.nape(length)
            self.folds(x, length)

    def nape(self, length: float) -> None:
        """The dark behind the neck."""
        at = self.view.skull(
            [-0.75, 0.75, 0.62, 0.3, -0.3, -0.62], [-0.2, -0.2, 1.0, 0.75 + 0.6 * length, 0.7 + 0.6 * length, 1.0]
        )
        self.pen.tint(path(self.hang(at)), self.tone.shade)

    def folds(self, x: "np.typing.NDArray[np.float64]", length: float) -> None:
        """Lines and darker strands in what hangs behind."""
        for i, place in enumerate(x[1:-1]):
            top = 0.2 + 0.1 * (i % 3)
            strand = self.hang(
                self.view.skull([place * 0.85, place * 0.97, place], [top, length * 0.55, length * 0.95])
            )
            if i % 2:
                wide = np.concatenate([strand + [0.07, 0], strand[-1:], (strand - [0.07, 0])[::-1]])
                self.pen.tint(path(wide), self.tone.deep)
            else:
                self.pen.line(strand, 0.7, self.tone.ink)

    def back(self) -> None:
        """The whole head from behind."""
        style, length = self.style, max(self.style.length, 0.85)
        width = style.volume * 0.94 + style.spread * min(length, 2) * 0.5
        edge = []
        for i, x in enumerate(np.linspace(width, -width, 7)):
            bottom = length + style.ends[i] * min(length, 1.6) - 0.16 * abs(x / width) * length
            edge += [(x, bottom), (x, bottom)]
            if i < 6:
                edge += [(x - width / 6, bottom - 0.3), (x - width / 6, bottom - 0.3)]
        fall = self.hang(np.array(edge))
        crown = self.crown(-8, 188)
        made = self.pen.cel(np.concatenate([crown[:1], crown, crown[-1:], fall[::-1]]), self.tone, 0.0)
        self.pen.form(made, self.tone, 0.3, 0.15)
        with self.pen.inside(made):
            self.folds(np.linspace(width, -width, 8), length)
            self.shine()
            top = self.cap(90, 90, 1, 0.8)
            for x in np.linspace(-0.8, 0.8, 5 + style.strands):
                self.pen.line(np.concatenate([top, [(x * 0.75, -0.45), (x, 0.1)]]), 0.7, self.tone.ink)

    def shown(self) -> list[tuple[float, float, float]]:
        """The tips on the side that is seen, from the far to the near temple."""
        made = [tip for tip in self.style.tips[::-1] if max(tip[:2]) + self.view.turn < 1.5]
        if self.view.turn > 0.4:
            made.insert(0, (1.28 - self.view.turn, 1.36 - self.view.turn, self.style.tips[0][2] - 0.02))
        return made

    def edge(self) -> Points:
        """The lower edge of the fringe, from the far to the near temple; tips and dents are corners."""
        made: list[Points] = []
        tips = self.shown()
        valley = -0.62 if self.style.fringe in ("locks", "swept", "spiky", "parted") else -0.5
        for i, (root, tip, height) in enumerate(tips):
            belly = self.view.at([(root + 2 * tip) / 3 + 0.10], [(valley + 2 * height) / 3], 0.11)
            point = self.view.at([tip], [height], 0.13)
            made += [belly, point, point]
            if i < len(tips) - 1:
                between = (root + tips[i + 1][0]) / 2 + 0.5 * (tip - root)
                dent = self.view.at([between], [min(valley + 0.3 * (i % 2), height - 0.12)], 0.12)
                made += [dent, dent]
        return np.concatenate(made)

    def temple(self, side: int) -> Points:
        """From the fringe down a sideburn, around the ear and to the end of the cap; `side` 1 is where it looks to."""
        far = side > 0 and self.view.turn > 0.15
        if far:
            if self.view.profile:
                return np.empty((0, 2))
            at = self.view.skull([0.90, 0.97, 0.97], [-0.30, 0.46, 0.46])
            return np.concatenate([at[:1], at, self.view.skull([1.04], [0.1])])
        turn = self.view.turn
        front = self.view.at([side * 1.1, side * 1.22, side * 1.22], [-0.36, 0.42, 0.42], [0.1, 0.16, 0.16])
        ear = side * (0.98 - 0.52 * turn) if not self.view.profile else -0.12
        nape = side * (1.02 - 0.1 * turn)
        low = 0.62 + 0.14 * turn
        covered = self.style.covers
        dents = (
            []
            if covered
            else [
                (ear - side * 0.06, 0.10),
                (ear - side * 0.06, 0.10),
                (ear + side * 0.12, 0.2),
                (ear + side * 0.12, 0.2),
            ]
        )
        if covered and (self.view.turn > 0.4 or self.view.profile):
            dents = [
                (ear + side * 0.05, 0.15),
                (ear + side * 0.05, 0.15),
                (ear + side * 0.12, 0.52),
                (ear + side * 0.12, 0.52),
            ]
            dents += [(ear + side * 0.3, 0.36), (ear + side * 0.3, 0.36)]
        rows = [*dents, (nape * 0.93, low), (nape * 0.93, low), (side * 1.06, 0.3)]
        if self.style.length > 1.2:
            rows = [*dents, (nape * 0.96, 0.5), (side * 1.06, 0.3)]
        return np.concatenate([front[:1], front, self.view.skull(*np.array(rows).T)])

    def fringe(self) -> Points:
        """The closed outline of cap and fringe."""
        crown = self.crown(-4, 184)
        return np.concatenate([crown[:1], crown, self.temple(-1)[::-1], self.edge()[::-1], self.temple(1)])

    def crown(self, start: float, end: float) -> Points:
        """The upper edge of the cap, with spikes if it has any."""
        spikes = self.style.spikes
        if not spikes:
            return self.cap(start, end, 9)
        rows = [self.cap(start, start, 1)]
        for i, high in enumerate(spikes):
            middle = start + (end - start) * (i + 0.5) / len(spikes)
            after = start + (end - start) * (i + 1) / len(spikes)
            tip = self.cap(middle + 9, middle + 9, 1, 1 + high)
            rows += [tip, tip]
            if i < len(spikes) - 1:
                dent = self.cap(after, after, 1, 1.01)
                rows += [dent, dent]
        return np.concatenate([*rows, self.cap(end, end, 1)])

    def front(self) -> None:
        """The cap with its fringe, lines, shadow and shine."""
        made = path(self.fringe())
        self.pen.fill(made, self.tone.base)
        self.pen.form(made, self.tone, 0.24, 0.12)
        contour = self.pen.ink.contour
        self.pen.line(self.crown(-4, 184), contour, self.tone.ink, (0.9, 0.9))
        cut = 3 if self.style.length > 1.2 else -1
        far, near = self.temple(1), self.temple(-1)
        edge = np.concatenate([far[1 : cut + 1 if cut > 0 else None][::-1], self.edge(), near[:cut]])
        self.pen.line(edge, 0.5 + 0.5 * contour, self.tone.ink, (1, 1))
        with self.pen.inside(made):
            self.under()
            self.shine()
            self.parting()
            self.combed()
            self.fine()
        if self.style.cowlick:
            self.cowlick()

    def under(self) -> None:
        """Shadow between the locks."""
        tips = self.shown()
        for (root, tip, height), (after, *_) in pairwise(tips):
            u = [(root + after) / 2 - 0.05, (root + after) / 2 + 0.06, (root + 2 * tip) / 3 + 0.05, tip, tip]
            v = [-0.75, -0.4, height - 0.22, height, height]
            self.pen.tint(path(self.view.at(u, v, 0.12)), self.tone.shade)

    def shine(self) -> None:
        """The ring of light around the crown, or spots of it."""
        if self.style.shine == "none":
            return
        count = 13
        u = np.linspace(-1.25, 1.25, count)
        zigzag = np.where(np.arange(count) % 2, 0.06, -0.06)
        upper = self.view.at(u, -0.72 + zigzag - 0.05, 0.28)
        lower = self.view.at(u, -0.62 + zigzag, 0.28)
        if self.style.shine == "band":
            self.pen.tint(path(np.concatenate([upper, lower[::-1]])), self.tone.shine)
            return
        for i in range(1, count - 2, 3):
            rows = np.concatenate([upper[i : i + 3], lower[i : i + 3][::-1]])
            self.pen.tint(path(rows), faint(self.tone.shine, 0.85))

    def parting(self) -> None:
        """Lines from the crown to the dents of the fringe."""
        tips = self.shown()
        top = self.cap(90, 90, 1, 0.93)
        for i in range(min(self.style.strands, len(tips) - 1)):
            between = (tips[i][0] + tips[i + 1][0]) / 2
            along = self.view.at([between * 0.7, between], [-0.85, -0.45], [0.2, 0.12])
            self.pen.line(np.concatenate([top + (along[:1] - top) * 0.4, along]), 0.75, self.tone.ink)

    def combed(self) -> None:
        """Strands over the side that is seen, and darker wedges where locks part."""
        count = self.style.strands
        for i in range(count):
            u = -1.25 + 0.35 * (i % 3) - 0.1 * (i // 3) if i % 2 else 1.2 - 0.2 * i
            if not self.view.visible(u) and not self.view.profile:
                continue
            low = 0.15 - 0.3 * (i % 2)
            along = self.view.at([u * 0.55, u * 0.9, u], [-0.80, -0.45, low], [0.26, 0.2, 0.14])
            self.pen.line(along, 0.65, self.tone.ink, (1, 0.8))
            wedge = np.concatenate([along[:1], along[1:], along[2:], along[1:2] + [0.05 * self.view.sign, 0.02]])
            self.pen.tint(path(wedge), self.tone.shade)

    def fine(self) -> None:
        """Thin strands down each lock of the fringe, in the colour of its shade."""
        for i, (root, tip, height) in enumerate(self.shown()):
            for k in range(1 + (i + self.style.strands) % 3):
                across = 0.07 * (k - 0.6)
                u = [root + across, (root + tip) / 2 + across, tip + across * 0.4]
                along = self.view.at(u, [-0.66, (height - 0.66) / 2, height - 0.06 - 0.05 * k], [0.16, 0.13, 0.12])
                self.pen.line(along, 0.45, self.tone.shade if k else self.tone.ink)

    def cowlick(self) -> None:
        """A strand that sticks out of the crown."""
        root = self.cap(84, 84, 1, 0.97)[0]
        size, sign = self.style.cowlick, self.view.sign
        shape = np.array(
            [
                (-0.07, 0),
                (0.05, -0.6),
                (0.55, -0.85),
                (1.0, -0.6),
                (1.0, -0.6),
                (0.5, -0.6),
                (0.22, -0.35),
                (0.10, 0.05),
            ]
        )
        at = root + shape * [sign * size, size] + np.stack([0.04 * self.sway * np.linspace(0, 1, 8), np.zeros(8)], 1)
        made = path(at)
        self.pen.fill(made, self.tone.base)
        self.pen.line(at, 1, self.tone.ink)

    def beside(self, side: int) -> None:
        """A lock in front of one ear; `side` is 1 for the side that it looks to."""
        length = self.style.side
        if not length or not self.view.visible(side * 0.9):
            return
        u = side * 1.15
        top = self.view.at([u - 0.28 * side, u + 0.12 * side], [-0.50, -0.35], 0.14)
        x, y = (top[0] + top[1]) / 2
        out = side * self.view.sign * 0.06
        rows = [(x + out, y + 0.5), (x + out * 0.6, y + length * 0.8), (x - out * 0.6, y + length + 0.35)]
        centre = self.hang(np.array([(x, y), *rows]))
        left, right = lock(centre, [0.15, 0.17, 0.12, 0.0])
        self.pen.cel(
            np.concatenate([left, left[-1:], right[::-1]]), self.tone, 0.05 if side < 0 else 0.09, closed=False
        )
        self.pen.line((left + right)[2:-3:4] / 2, 0.6, self.tone.ink)
