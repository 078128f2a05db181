"""Input rescaling: pseudo truth of a low-quality video (AnimeSR, section 4.1 and appendix B).

A network that only knows the basic operators makes hollow lines and textures of what real videos were put through. Of
frames that are made smaller first it makes fewer of them, and of drawings it loses little. So its pictures of frames
reduced by the right factor, which a person picks for each video, stand in for the truth that nobody has, and the
learnable operators learn the way back to the frames.
"""

from training.rescaling.choice import Choice
from training.rescaling.footage import measured
from training.rescaling.making import make
from training.rescaling.measures import Measured, Settings
from training.rescaling.measuring import measure
from training.rescaling.pairs import Pairing
from training.rescaling.upscaler import Upscaler, load

__all__ = ["Choice", "Measured", "Pairing", "Settings", "Upscaler", "load", "make", "measure", "measured"]
