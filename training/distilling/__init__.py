"""Distillation: a narrow student learns the pictures of an official network on clips that are drawn and degraded.

A student that learns a teacher's pictures by L1 needs no adversarial stage: the teacher is a fixed function, and its
sharp lines are in the targets. The student carries a recurrence of its own.
"""

from training.distilling.learner import Batch, Distillation, Distilling
from training.distilling.pool import Clip, Pool, make

__all__ = ["Batch", "Clip", "Distillation", "Distilling", "Pool", "make"]
