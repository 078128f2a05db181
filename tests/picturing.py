"""Pictures for tests of metrics: drawings with lines and textures like nature's."""

import cv2
import numpy as np


def noise(seed, height=64, width=80):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def natural(seed, height=288, width=384):
    """A texture whose spectrum falls as that of photographs does, with a few edges."""
    draw = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    fall = 1 / np.maximum(np.hypot(rows, columns), 1 / width)
    plane = np.fft.irfft2(fall * np.fft.rfft2(draw.normal(size=(height, width))), s=(height, width))
    plane = 128 + 45 * (plane - plane.mean()) / plane.std()
    for _ in range(6):
        centre = (int(draw.integers(width)), int(draw.integers(height)))
        disc = cv2.circle(np.zeros((height, width), np.uint8), centre, int(draw.integers(20, 90)), 1, -1)
        plane = plane + float(draw.uniform(-40, 40)) * disc
    return np.repeat(np.rint(plane.clip(0, 255)).astype(np.uint8)[..., None], 3, axis=2)


def drawing(seed=0, height=128, width=160):
    """Flat colours and dark lines."""
    draw = np.random.default_rng(seed)
    picture = np.full((height, width, 3), draw.integers(120, 255, 3), np.uint8)
    for _ in range(8):
        points = draw.integers(0, (width, height), (5, 2)).astype(np.int32)
        cv2.fillPoly(picture, [points], draw.integers(60, 255, 3).tolist())
        cv2.polylines(picture, [points], True, (20, 15, 30), 2, cv2.LINE_AA)
    return picture


def blurred(picture, sigma=2.0):
    return cv2.GaussianBlur(picture, (0, 0), sigma)


def noisy(picture, sigma=15.0, seed=0):
    added = np.random.default_rng(seed).normal(0, sigma, picture.shape)
    return np.rint(picture + added).clip(0, 255).astype(np.uint8)
