"""Distillation: a narrow student learns the pictures of an official network on clips that are drawn and degraded.

A teacher is a fixed function, so its pictures can be made once, and its sharp lines are in the targets. The student
carries a recurrence of its own.
"""

from training.distilling.judging import Compared, compared
from training.distilling.learner import Distillation, Distilling
from training.distilling.making import make
from training.distilling.pool import Clip, Pool, clips
from training.distilling.samples import Batch, Batches

__all__ = ["Batch", "Batches", "Clip", "Compared", "Distillation", "Distilling", "Pool", "clips", "compared", "make"]
