"""Truth clips from folders of pictures, videos and the renderer, degraded and cut into batches for a training.

    source = Mixed([(0.7, FolderClips(Path("AVC-Train"))), (0.3, ToonClips())])
    loader = Loader(Plan(source, BasicOp(), seed=0), workers=4)
    with loader(first_sample=0) as batches:
        for batch in batches: ...

Everything is a function of (seed, number of a sample), whatever the number of workers is.
`python -m training.data speed` measures, `python -m training.data sheet` shows samples.
"""

from training.data.degrading import AnimeSROp, BasicOp
from training.data.folders import FolderClips
from training.data.loader import Batches, Loader
from training.data.mixed import Mixed
from training.data.samples import Batch, Plan, Pool, Sample
from training.data.sources import Source, Truth
from training.data.toons import ToonClips
from training.data.videos import VideoClips

__all__ = [
    "AnimeSROp",
    "BasicOp",
    "Batch",
    "Batches",
    "FolderClips",
    "Loader",
    "Mixed",
    "Plan",
    "Pool",
    "Sample",
    "Source",
    "ToonClips",
    "Truth",
    "VideoClips",
]
