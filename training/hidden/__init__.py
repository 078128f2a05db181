"""Degradations that no training knows: they play real video of low quality, whose truth is known for once.

AnimeSR's learned operators are to learn what was done to videos that nobody has the truth of. Whether they do can only
be measured where the truth is there, so two chains of our own stand in for real ones: `broadcast`, two generations of
digital video with a receiver's sharpening, and `tape`, an analogue recording that was digitised. Evaluations use them;
no training does, but by way of a video that was made with one.

`python -m training.hidden video` makes such a video, `sheet` shows what the chains do.
"""

from training.hidden.chains import CHAINS, Hidden

__all__ = ["CHAINS", "Hidden"]
"""Names of the chains, and what makes a clip of one of them."""
