"""The networks in PyTorch: pure functions of (window, state), no files and no devices."""

from vsanimesr.nets.animesr import AnimeSR, Cell, from_state_dict

__all__ = ["AnimeSR", "Cell", "from_state_dict"]
