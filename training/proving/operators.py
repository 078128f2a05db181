"""How near the operators of a proof are to the frames that they learned to make."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vsanimesr.errors import TrainingError

OPERATOR, LOG = "operator.pth", "net/log.jsonl"
"""Of each video of a seed: the file that the pool was made of, and the log of its training."""


@dataclass(frozen=True)
class Fidelity:
    """Of one operator, the mean over a few pairs of its video, as its training looked at them last."""

    operator: float
    """PSNR of its pictures to the video's frames, dB."""
    area: float
    """That of means of 2x2 samples."""


def fidelities(folder: Path, pool: Sequence[str]) -> list[Fidelity]:
    """Of the operators in a seed's folder; `pool` are the SHA-256 of those that its network learned with.

    Raises TrainingError where the operators are others, or nobody has looked at them.
    """
    files = sorted(folder.glob(f"*/{OPERATOR}"))
    if sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in files) != sorted(pool):
        raise TrainingError(
            f"the {len(files)} operators in '{folder}' are not the {len(pool)} that its pool learned with: "
            "remove that run, and run the script again"
        )
    return [_last(file.parent / LOG) for file in files]


def _last(log: Path) -> Fidelity:
    """What was found at the last look."""
    looks = list(_looks(log))
    if not looks:
        raise TrainingError(f"'{log}' has no look at pairs: the operator's training wants --held-out")
    return looks[-1]


def _looks(log: Path) -> Iterator[Fidelity]:
    try:
        for line in log.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            if "psnr_area" in told:
                yield Fidelity(float(told["psnr"]), float(told["psnr_area"]))
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"'{log}' cannot be read ({error!r}); run what is missing") from error
