"""A folder of pairs: frames of a video, and what they may have been before they were reduced (AnimeSR, section 4.1).

    PAIRS/pairs.json               how they were made
    PAIRS/CLIP/hr/00000000.png     a pseudo-HR frame, 2w x 2h
    PAIRS/CLIP/lr/00000000.png     the video's own frame, w x h

`training.rescaling` makes one, `training.operators` learns from it.
"""

import json
from pathlib import Path
from typing import Any

from vsanimesr.errors import TrainingError

DESCRIPTION, HR, LR = "pairs.json", "hr", "lr"


def described(folder: Path) -> dict[str, Any]:
    """What a folder's pairs are of, as its description says; raises TrainingError for a folder of others."""
    try:
        told = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"'{folder}' is no folder of pairs ({error}); make one by `python -m training.rescale pairs`"
        ) from error
    if not isinstance(told, dict):
        raise TrainingError(f"'{folder / DESCRIPTION}' holds a {type(told).__name__}, wanted names and values")
    return told
