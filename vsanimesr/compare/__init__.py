"""Pictures compared by people, in one HTML file that needs nothing else: slider, flicker, side by side, A/B test.

write(Path("page.html"), "Run 7", [Pair("Frame 10", before, after, ("before", "after"))])
"""

from vsanimesr.compare.frames import Clip, check_lengths, matched, spread
from vsanimesr.compare.images import ENCODINGS, Image
from vsanimesr.compare.page import MODES, Pair, write

__all__ = ["ENCODINGS", "MODES", "Clip", "Image", "Pair", "check_lengths", "matched", "spread", "write"]
