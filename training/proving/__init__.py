"""What the proof's runs have left, whether it can be compared, and the report of it."""

from training.proving.found import Result, found
from training.proving.page import page

__all__ = ["Result", "found", "page"]
