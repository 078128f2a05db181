"""The film: how drawings at their own size become frames, and what lens, stock and telecine add."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.toon.noise import Pixels
from training.toon.rng import Seed

KERNELS = {"area": 5, "cubic": 2, "lanczos": 2, "soft": 1.5}
"""How drawings are scaled down."""

FLAGS = {"area": cv2.INTER_AREA, "cubic": cv2.INTER_CUBIC, "lanczos": cv2.INTER_LANCZOS4, "soft": cv2.INTER_AREA}


@dataclass(frozen=True)
class Finish:
    """What one production does to all of its frames."""

    seed: Seed
    """The stream of grain, dust and gate weave."""
    scale: float
    """Size of the drawings by that of the frames."""
    kernel: str
    """One of KERNELS."""
    soft: float
    """Blur of the frames, as a standard deviation in pixels of a picture of 544 rows."""
    bloom: float
    """How much bright areas glow."""
    vignette: float
    """How much darker corners are."""
    grain: float
    """Amplitude of grain, as a share of white."""
    clump: float
    """Size of grain in pixels."""
    weave: float
    """How far the film moves in the gate, in picture heights."""
    curve: tuple[float, float, float]
    """Lift of black, gamma and contrast."""
    cast: tuple[float, float, float]
    """Factors of red, green and blue."""
    saturation: float
    """Of colours."""
    fringe: float
    """How far red and blue are out of register, in pixels of a picture of 544 rows."""
    dust: float
    """Specks of dust and hairs on a frame, on average."""

    def apply(self, image: Pixels, size: tuple[int, int], n: int) -> Pixels:
        """Frame n of (width, height) from its drawing, RGB; only grain and dust depend on n."""
        made = self.scaled(image, size)
        if self.bloom:
            made = self.glowing(made)
        if self.vignette:
            made = shaded(made, vignette(size, self.vignette))
        if self.fringe:
            made = self.misregistered(made)
        if self.dust:
            made = self.dusty(made, n)
        made = self.graded(made)
        return self.grained(made, n) if self.grain else made

    def scaled(self, image: Pixels, size: tuple[int, int]) -> Pixels:
        """The drawing at the frame's size."""
        made = np.asarray(cv2.resize(image, size, interpolation=FLAGS[self.kernel]), np.uint8)
        soft = self.soft * size[1] / 544
        if soft > 0.25:
            made = np.asarray(cv2.GaussianBlur(made, (0, 0), soft), np.uint8)
        return made

    def misregistered(self, image: Pixels) -> Pixels:
        """Red moved to one side and blue to the other."""
        made, shift = image.copy(), self.fringe * image.shape[0] / 544
        size = image.shape[1], image.shape[0]
        for channel, way in ((0, shift), (2, -shift)):
            move = np.array([[1, 0, way], [0, 1, way * 0.4]])
            made[..., channel] = cv2.warpAffine(image[..., channel], move, size, borderMode=cv2.BORDER_REPLICATE)
        return made

    def dusty(self, image: Pixels, n: int) -> Pixels:
        """Specks and hairs, light or dark, on this frame only."""
        dice, made = self.seed.dice("dust", n), image.copy()
        height, width = image.shape[:2]
        for _ in range(round(dice.random() * 2 * self.dust)):
            x, y, size = dice.randint(0, width), dice.randint(0, height), dice.log(0.6, 3) * height / 544
            colour = (235, 235, 230) if dice.chance(0.6) else (25, 22, 20)
            if dice.chance(0.8):
                cv2.circle(made, (x * 8, y * 8), round(size * 8), colour, -1, cv2.LINE_AA, 3)
            else:
                ends = (x + round(dice.signed(14)), y + round(dice.signed(14)))
                cv2.line(made, (x, y), ends, colour, 1, cv2.LINE_AA)
        return made

    def glowing(self, image: Pixels) -> Pixels:
        """Light that bleeds from what is bright, computed at a quarter of the size."""
        height, width = image.shape[:2]
        small = cv2.resize(image, (max(width // 4, 1), max(height // 4, 1)), interpolation=cv2.INTER_AREA)
        bright = np.maximum(np.asarray(small, np.uint8), 170) - np.uint8(170)
        spread = cv2.GaussianBlur(bright, (0, 0), max(height / 90, 0.8))
        light = cv2.resize(spread, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.addWeighted(image, 1.0, light, self.bloom, 0), np.uint8)

    def graded(self, image: Pixels) -> Pixels:
        """Curve, cast and saturation."""
        if self.saturation != 1:
            grey = np.array([0.299, 0.587, 0.114])
            matrix = self.saturation * np.eye(3) + (1 - self.saturation) * grey[None]
            image = np.asarray(cv2.transform(image, matrix.astype(np.float32)), np.uint8)
        return np.asarray(cv2.LUT(image, self.table()), np.uint8)

    def table(self) -> Pixels:
        """The curve of each channel."""
        lift, gamma, contrast = self.curve
        x = np.linspace(0, 1, 256)[:, None] ** gamma * np.array(self.cast)
        x = x + contrast * 0.25 * np.sin(np.pi * 2 * (x - 0.5)) / np.pi
        made: Pixels = np.clip(255 * (lift + (1 - lift) * x) + 0.5, 0, 255).astype(np.uint8)[None]
        return made

    def grained(self, image: Pixels, n: int) -> Pixels:
        """Grain, the same in all channels, weaker near black and white."""
        height, width = image.shape[:2]
        rng = self.seed.dice("grain", n).field()
        noise = rng.integers(0, 256, (height, width), dtype=np.uint8).astype(np.float32)
        noise = noise + rng.integers(0, 256, (height, width), dtype=np.uint8) - 255
        if self.clump > 0.4:
            noise = cv2.GaussianBlur(noise, (0, 0), self.clump) * (1 + 2 * self.clump)
        noise *= self.grain * 255 / 104
        made = image + noise[..., None]
        return np.clip(made + 0.5, 0, 255).astype(np.uint8)

    def shift(self, n: int) -> tuple[float, float]:
        """Where the film is in the gate at frame n, in picture heights."""
        if not self.weave:
            return 0.0, 0.0
        dice = self.seed.dice("weave", n)
        return dice.signed(self.weave), dice.signed(self.weave)


def finish(seed: Seed) -> Finish:
    """A production: clean and digital, or on film."""
    dice = seed.dice("finish")
    film = dice.chance(0.25)
    kernel = dice.pick(KERNELS)
    return Finish(
        seed=seed,
        scale=dice.pick({2.0: 4, 1.75: 2, 1.5: 3, 1.25: 1}),
        kernel=kernel,
        soft=dice.uniform(0.35, 0.8) if kernel == "soft" else dice.pick({0.0: 4, 0.3: 1.5, 0.45: 1}),
        bloom=dice.uniform(0.1, 0.6) if dice.chance(0.4) else 0.0,
        vignette=dice.uniform(0.05, 0.25) if dice.chance(0.25) else 0.0,
        grain=dice.log(0.003, 0.02) if film else 0.0,
        clump=dice.uniform(0.3, 0.9),
        weave=dice.log(0.0002, 0.0015) if film and dice.chance(0.5) else 0.0,
        curve=(dice.uniform(0, 0.04) if film else 0.0, dice.uniform(0.88, 1.12), dice.uniform(-0.2, 0.35)),
        cast=(dice.uniform(0.97, 1.03), dice.uniform(0.98, 1.02), dice.uniform(0.95, 1.04)),
        saturation=dice.pick({1.0: 3, 0.85: 1, 1.12: 1, 0.7: 0.5}),
        fringe=dice.uniform(0.2, 0.8) if dice.chance(0.08) else 0.0,
        dust=dice.uniform(0.5, 5) if film and dice.chance(0.35) else 0.0,
    )


def vignette(size: tuple[int, int], strength: float) -> NDArray[np.float32]:
    """Factors of brightness, 1 in the middle."""
    width, height = size
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    return (1 - strength * ((x * x + y * y) / 2) ** 1.3).astype(np.float32)


def shaded(image: Pixels, factor: NDArray[np.float32]) -> Pixels:
    """The picture times a factor for each pixel."""
    made: Pixels = np.clip(image * factor[..., None] + 0.5, 0, 255).astype(np.uint8)
    return made
