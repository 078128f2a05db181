"""What a proof has come to as one small file, of which the report can be made again without the networks."""

import json
from dataclasses import asdict
from pathlib import Path

from training.proving.found import Found, Result
from training.proving.operators import Fidelity
from vsanimesr.engines import files
from vsanimesr.errors import TrainingError

SHARED = "trained", "operators"


def keep(found: Found, path: Path) -> None:
    """Write it as JSON lines: what all results share, then each seed's result on each degradation."""
    told = asdict(found)
    lines = [{name: told[name] for name in SHARED}, *told["results"]]
    files.write("".join(json.dumps(line) + "\n" for line in lines).encode(), path)


def kept(path: Path) -> Found:
    """What `keep` wrote; raises TrainingError where that cannot be read."""
    try:
        shared, *results = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        operators = [Fidelity(**each) for each in shared["operators"]]
        return Found([Result(**each) for each in results], shared["trained"], operators)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"'{path}' are no figures of a proof ({error!r})") from error
