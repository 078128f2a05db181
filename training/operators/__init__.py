"""Learnable basic operators: reductions by two, learnt from a video's own frames (AnimeSR, sections 4.1 and 5.1).

    operators = load_operators([Path("one.pth"), Path("two.pth")])
    recipe = Recipe.draw(generator(seed, clip), frames, LEARNED_OP, len(operators))
    lr = degrade(hr, recipe, operators=operators)

`python -m training.lbo` trains them on pairs.
"""

from training.operators.files import load_operators
from training.operators.network import LBO
from training.operators.pairs import Pairs

__all__ = ["LBO", "Pairs", "load_operators"]
