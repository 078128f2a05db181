"""The core of every training: the loop, checkpoints, averages, losses, several processes.

    with joined() as world:
        seed(settings.seed, world.rank)
        Trainer(folder, settings, learner, make, world=world).run()

`Learner` says what a recipe writes; `python -m training.core show FOLDER` what a checkpoint holds.
"""

from training.core.distributed import World, joined, seed
from training.core.ema import Average
from training.core.export import export
from training.core.learner import Learner, Tools
from training.core.losses import DISTANCES, Distance, charbonnier, l1, l2, unsharp_masked
from training.core.progress import Line, Progress, View
from training.core.schedule import Constant, Cosine, MultiStep, Schedule
from training.core.settings import Settings, free
from training.core.trainer import Outcome, Trainer
from training.core.unroll import Recurrent, steps, unroll

__all__ = [
    "DISTANCES",
    "Average",
    "Constant",
    "Cosine",
    "Distance",
    "Learner",
    "Line",
    "MultiStep",
    "Outcome",
    "Progress",
    "Recurrent",
    "Schedule",
    "Settings",
    "Tools",
    "Trainer",
    "View",
    "World",
    "charbonnier",
    "export",
    "free",
    "joined",
    "l1",
    "l2",
    "seed",
    "steps",
    "unroll",
    "unsharp_masked",
]
