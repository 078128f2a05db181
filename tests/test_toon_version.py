"""Frames as VERSION of the renderer draws them: whoever keeps seeds instead of pixels depends on it."""

import base64

import numpy as np
import pytest

from training.toon import VERSION, Frame, clip

PINNED = {
    ("train", 4, 5): (
        "hoVdAG9rTACMkl0CkJGFCIuLgBCopY0TjZVxAX17YQBucEAAbWhNAJGbcQKrsb0NxcTmC7Cw2AuXoIgEd3NaAGBT"
        "RANzbFkAnKaIAKOopxKsqMYWpqnODZukhgF6dmAAW09BAHRsWQCcp4kApqaiHbOknCGfmbQkmaOGAHt2YAFfVUYA"
        "dGxYAJymiAClqKUSzsCoCa2iphihrI0BeHNeAWVeSgBvZlEBkpt5AYOIfgiyk3cOmJ2MDJumfwFybVYCZVxGAHJx"
        "TgCEj1wBjoNwBbmSgg2SiXYSh5FgAWpmRwJoaTgATFkVAFBeFgLQrKYAvH7EA8qXuQCFhksBWWIkAA=="
    ),
    ("train", 12, 5): (
        "YmhtAFdfYwBham4AiKKrAKXK1ACLrsAAu8nHAMHKwwBrcHMATFleAGRzeACju7cA1vTpAK7U3ACat8EAiqWwAGlt"
        "cABja24AaXJ1AKetpgDU2MsAvc7FAK7DxgCNq7YAaG92AGRxdQBkcXYAcHZzAHJ8eQCEhXYAgo6QAHeKkwB1cm0Z"
        "XVtXHGZnZSJjZmIVbGliMGpxbBVxd3kEZWhnHIKAeTVjdG8nYod5F2heUSeAd2ccoI+BFW1naRlxcXcXVGNkHk9e"
        "WhNAWFkLbnRsI1xyag5RVU4SWmdkDlBNWwxTSFASTVZSB01cWAxRbWoHRllZCUlRUQRbXVoFS01PBA=="
    ),
    ("test", 3, 5): (
        "sbbAAMzP1QCXnq4AfoifAH6InwCAiqEAfoieAH+JoACnp7QA3NvdALq6wwCen64AkpKjF5WVphajpLIAnZ+uAMOw"
        "tADGusAAvba/AMS6wgB9d4VEq6asH8fAxwC8tL4A0ru8AL+rsAC0pqgTu6uqGXdxdkeLgoMsurCxFsq7wACnkJoA"
        "nYeSAJCIhhd/gnkfblSKSXNxdDeFhH8XjnqIAF5NXwBmU2QAVlFYJWFjYT13YKIxcG5yOVZUVj15a3QAY2BqAF1f"
        "ZABDR0w8VlFnPnGgrzVmW3pMSU9SOmhsZzGnp7QAoKGtBYGFgCefn6sISVZRTYeJkCGSk50YVVtcOA=="
    ),
    ("test", 7, 5): (
        "BQcQAAUHEAAUFCMAIB4iAAkKEQAOEBoAJB82AFtJhAAGCBIAFx8qAEdecgBYboEAJzNAAA0PGQAxLEkAMipMACoz"
        "QgB2nL0AfKXIAHukxwCAl7gFP1FlARkaIwAFBxAATnCYAFV5pgBVeaYAWYCpAHh0hQtQZYAHHCUwABQWIABLdaIA"
        "SnShAENpkwAmQFsAIThQASE4UAAeMUcAERQdAEx2owBGb5oAJT1YACA3TwAhOFAAIThQACE4UAASGCMATHekADBO"
        "bQAhOFAAIThQACE4UAAhOFAAIThQACw0UgBBZo4AITVOACA1TQAgNU0AHzRMACA0TQAgNU0ALThWAA=="
    ),
}
"""By split, seed and frame: the means of 8x8 blocks of a frame of 128x72, in red, green, blue and of the lines."""


def means(frame: Frame) -> np.ndarray:
    planes = np.dstack([frame.image, frame.lines])
    return planes.reshape(8, 9, 8, 16, 4).mean(axis=(1, 3))


@pytest.mark.parametrize(("split", "seed", "n"), PINNED)
def test_this_version_draws_what_it_drew(split: str, seed: int, n: int) -> None:
    """Other builds of skia and numpy may round otherwise, so means may differ by a level; no pixel is looked at."""
    drawn = means(clip(seed, frames=n + 1, size=(128, 72), split=split)[n])
    pinned = np.frombuffer(base64.b64decode(PINNED[split, seed, n]), np.uint8).reshape(drawn.shape)
    now = base64.b64encode(drawn.round().astype(np.uint8).tobytes()).decode()
    assert np.abs(drawn - pinned).max() <= 1.5, (
        f"version {VERSION} did not draw this: raise VERSION in training/toon/rng.py and pin what it draws now: {now}"
    )
