"""Clothes on a body: torso, arms, legs, neck."""

# ruff: noqa: RUF005  # a list that is added to an array moves points

import numpy as np

from training.toon.collars import Collars
from training.toon.colour import tone
from training.toon.curves import Points, corners, path, polygon


class Clothes(Collars):
    """Draws one outfit on one body in one pose."""

    def legs(self) -> None:
        """Legs, socks, shoes; then skirt or trousers over them."""
        for side in (-1, 1):
            self.leg(side)
        if self.worn.bottom in ("skirt", "long skirt"):
            self.skirt()
        else:
            self.seat()

    def seat(self) -> None:
        """What trousers have between the legs and the waist."""
        hip, build = self.at.hip, self.build
        x = build.hips * 1.12
        shape = np.array(
            [
                (-x * 0.86, -0.9),
                (x * 0.86, -0.9),
                (x, 0.05),
                (x * 0.97, 0.5),
                (0.12, 0.75),
                (-0.12, 0.75),
                (-x * 0.97, 0.5),
                (-x, 0.05),
            ]
        )
        made = path(shape + hip)
        self.pen.fill(made, self.worn.lower.base)
        self.pen.form(made, self.worn.lower, 0.2)
        self.pen.line([hip + [0, -0.1], hip + [0.05, 0.4], hip + [0, 0.85]], 0.8, self.worn.lower.ink, (0.5, 0.5))

    def leg(self, side: int) -> None:
        """One leg."""
        worn, thick = self.worn, self.build.limb * 1.5
        top, knee, ankle = self.at.tops[side], self.at.knees[side], self.at.ankles[side]
        self.shoe(side, ankle)
        self.limb([top, knee, ankle], [thick * 1.25, thick, thick * 0.85, thick * 0.8, thick * 0.5], self.skin)
        if worn.socks:
            start = ankle + (knee - ankle) * worn.socks
            sock = tone(0.95, 0.01, 0.7) if worn.socks < 0.5 else worn.second
            self.limb([start, (start + ankle) / 2, ankle], [thick * 0.8, thick * 0.75, thick * 0.56], sock)
        if worn.bottom == "trousers":
            loose = thick * (0.85 + 0.25 * worn.loose)
            self.limb([top, knee, ankle], [loose * 1.2, loose, loose * 0.9, loose * 0.85, loose * 0.75], worn.lower)
            self.folds(knee, side * np.array([0.9, 0.35]), loose * 0.9, worn.lower, 3)
        elif worn.bottom == "shorts":
            end = top + (knee - top) * 0.75
            self.limb([top, (top + end) / 2, end], [thick * 1.35, thick * 1.3, thick * 1.35], worn.lower)

    def shoe(self, side: int, ankle: Points) -> None:
        """A shoe, seen from the front."""
        size = self.build.limb * 1.4
        toe = 0.25 * self.held.turn + 0.12 * side
        shape = np.array(
            [(-0.42, -0.15), (-0.5, 0.75), (toe - 0.5, 1.25), (toe + 0.5, 1.25), (0.5, 0.75), (0.42, -0.15)]
        )
        self.pen.cel(shape * size + ankle, self.worn.shoes, 0.12 * size)
        sole = np.array([(toe - 0.55, 1.0), (toe, 1.12), (toe + 0.55, 1.0)]) * size + ankle
        self.pen.line(sole, 0.8, self.worn.shoes.ink)

    def skirt(self) -> None:
        """A skirt with pleats; long ones fall in folds."""
        hip, build, worn = self.at.hip, self.build, self.worn
        long = build.leg * (1.45 if worn.bottom == "long skirt" else 0.62)
        knees = max(abs(self.at.knees[side][0] - hip[0]) for side in (-1, 1)) + build.limb * 1.6
        spread = max(build.hips * (1.35 if worn.bottom == "long skirt" else 1.5), knees)
        sway = 0.25 * self.held.sway
        top = np.array([(-build.waist, -0.75), (build.waist, -0.75)]) + hip
        count = 9
        hem = [
            ((i / (count - 1) * 2 - 1) * spread + sway, long + 0.10 * (i % 2) + sway * (i / count - 0.5))
            for i in range(count)
        ]
        low = np.array(hem) + hip
        shape = np.concatenate(
            [corners(top), [(build.hips * 1.05, 0.1) + hip], corners(low[::-1]), [(-build.hips * 1.05, 0.1) + hip]]
        )
        made = self.pen.cel(shape, worn.lower, 0.3)
        with self.pen.inside(made):
            self.pattern(made)
            for i in range(1, count - 1):
                start = top[0] + (top[1] - top[0]) * (i / (count - 1)) + [0, 0.1]
                if i % 2:
                    wedge = [start, low[i], (low[i] + low[i + 1]) / 2]
                    self.pen.tint(polygon(wedge), worn.lower.shade)
                self.pen.line([start, (start + low[i]) / 2 + [0.03, 0], low[i]], 0.75, worn.lower.ink, (1, 0.3))

    def torso(self) -> None:
        """The top's body, its opening and collar."""
        at, build, worn = self.at, self.build, self.worn
        outline = self.torso_outline()
        made = self.pen.cel(outline, worn.cloth, 0.0)
        with self.pen.inside(made):
            self.pattern(made)
        self.pen.form(made, worn.cloth, 0.3)
        with self.pen.inside(made):
            self.chest()
            for side in (-1, 1):
                self.folds(at.hip + [side * build.waist * 0.75, -0.95], np.array([-side, 0.35]), 0.55, worn.cloth, 3)
                self.folds(at.shoulders[side] + [-0.15 * side, 0.75], np.array([-side, 0.55]), 0.5, worn.cloth, 2)
        self.front()

    def back(self) -> None:
        """The top from behind."""
        at, worn = self.at, self.worn
        made = self.pen.cel(self.torso_outline(), worn.cloth, 0.0)
        with self.pen.inside(made):
            self.pattern(made)
        self.pen.form(made, worn.cloth, 0.3)
        with self.pen.inside(made):
            down = at.hip - at.neck
            self.pen.line([at.neck + down * 0.15, at.neck + down * 0.5, at.neck + down * 0.9], 0.6, worn.cloth.ink)
            for side in (-1, 1):
                self.folds(at.hip + [side * self.build.waist * 0.6, -0.9], np.array([-side, 0.3]), 0.6, worn.cloth, 3)
        x, y = at.neck
        half = self.build.neck * 1.3
        collar = np.array(
            [(x - half, y - 0.25), (x + half, y - 0.25), (x + half * 1.1, y + 0.08), (x - half * 1.1, y + 0.08)]
        )
        self.pen.cel(corners(collar), worn.second if worn.top in ("sailor", "kimono", "tee") else worn.cloth, 0.06)

    def torso_outline(self) -> Points:
        """From the neck over shoulders and waist to the hem."""
        at, build = self.at, self.build
        down = at.hip - at.neck
        long = {"coat": 1.55, "kimono": 1.1, "hoodie": 1.12}.get(
            self.worn.top, 1.04 if self.worn.bottom == "trousers" else 0.92
        )
        loose = 0.12 * (self.worn.loose - 1)
        hem = at.neck + down * long
        rows = []
        for side in (-1, 1):
            shoulder = at.shoulders[side]
            flare = build.hips + 0.12 + loose + (0.4 if long > 1.3 else 0)
            chest = build.shoulders * 0.86 + build.bust * (0.35 if side == np.sign(self.held.turn) else 0.1)
            rows.append([
                at.neck + [side * build.neck * 1.12, -0.20],
                (at.neck + shoulder) / 2 + [-side * 0.1, -0.10],
                shoulder + [side * 0.12, -0.14],
                at.neck + down * 0.32 + [side * chest, 0.05],
                at.neck + down * 0.66 + [side * (build.waist + loose), 0],
                hem + [side * flare, 0],
                hem + [side * flare, 0],
            ])  # fmt: skip
        return np.array(rows[1] + rows[0][::-1])

    def chest(self) -> None:
        """A shadow below the chest."""
        bust = self.build.bust
        if not bust:
            return
        down = self.at.hip - self.at.neck
        x, y = self.middle + down * 0.40
        wide = self.build.shoulders * 0.8
        shape = np.array(
            [
                (-wide, -0.05),
                (-wide * 0.5, 0.12),
                (0, 0.0),
                (wide * 0.5, 0.12),
                (wide, -0.05),
                (wide * 0.5, 0.3 * bust + 0.14),
                (-wide * 0.5, 0.3 * bust + 0.14),
            ]
        )
        self.pen.tint(path(shape + [x, y]), self.worn.cloth.shade)

    def arm(self, side: int) -> None:
        """Arm, hand's root and sleeve."""
        worn, thick = self.worn, self.build.limb
        shoulder, elbow, wrist = self.at.shoulders[side], self.at.elbows[side], self.at.wrists[side]
        root = [shoulder + [-side * thick * 0.9, -0.02], shoulder + [-side * thick * 0.1, 0.12]]
        arm = [thick * 0.45, thick * 1.05, thick * 0.95, thick * 0.8, thick * 0.55]
        if worn.sleeves:
            root = [shoulder + (elbow - shoulder) * share for share in (0.42, 0.6)]
            arm = [thick * 0.9, thick * 0.95, *arm[2:]]
        self.limb([*root, elbow, (elbow + wrist) / 2, wrist], arm, self.skin, 5)
        root = [shoulder + [-side * thick * 0.9, -0.02], shoulder + [-side * thick * 0.15, 0.2]]
        if not worn.sleeves:
            return
        loose = thick * worn.loose
        if worn.sleeves < 1:
            end = shoulder + (elbow - shoulder) * (worn.sleeves * 1.6)
            self.limb(
                [*root, (shoulder + end) / 2, end],
                [loose * 0.6, loose * 1.0, loose * 1.05, loose * 1.15],
                worn.cloth,
                5,
            )
            return
        cuff = elbow + (wrist - elbow) * 0.95
        wide = 2.2 if worn.top == "kimono" else 1.0
        sleeve = [loose * 0.6, loose * 1.02, loose, loose * 0.95 * (0.5 + 0.5 * wide), loose * 0.8 * wide]
        self.limb([*root, elbow, (elbow + cuff) / 2, cuff], sleeve, worn.cloth, 5)
        self.folds(elbow, side * np.array([-0.9, 0.3]), loose * 1.0, worn.cloth, 3)
        if worn.top in ("shirt", "sailor", "hoodie"):
            self.limb([cuff, cuff + (wrist - elbow) * 0.05], [loose * 0.85, loose * 0.8], worn.second)

    def neck(self) -> None:
        """The neck and the shadow of the chin on it."""
        x, y = self.at.neck
        half = self.build.neck
        shape = np.array(
            [
                (x - half * 0.9, 0.5),
                (x - half, y - 0.35),
                (x - half * 1.2, y + 0.02),
                (x, y + 0.55),
                (x + half * 1.2, y + 0.02),
                (x + half, y - 0.35),
                (x + half * 0.9, 0.5),
            ]
        )
        made = path(shape)
        self.pen.fill(made, self.skin.base)
        with self.pen.inside(made):
            shadow = np.array(
                [
                    (x - half * 2, 0.4),
                    (x - half * 2, y - 0.42),
                    (x, y - 0.2),
                    (x + half * 2, y - 0.36),
                    (x + half * 2, 0.4),
                ]
            )
            self.pen.tint(path(shadow), self.skin.shade)
        for part in (shape[:3], shape[4:]):
            self.pen.line(part, 0.9, self.skin.ink)
        self.pen.line([(x - half * 0.8, y + 0.12), (x - half * 0.2, y + 0.2)], 0.6, self.skin.ink)
