"""What a proof's runs have left, whether it can be compared, what of it is kept, and the report of it."""

from training.proving.found import Seed, found
from training.proving.kept import keep, kept
from training.proving.page import page

__all__ = ["Seed", "found", "keep", "kept", "page"]
