"""AnimeSR for VapourSynth: recurrent 4x upscaling of anime, exact in any request order."""

from vsanimesr.filter import upscale

__all__ = ["upscale"]
