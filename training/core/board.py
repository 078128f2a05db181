"""The log of a run: one JSON object a line, always, and TensorBoard where it is wanted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from torch import Tensor

from vsanimesr.errors import TrainingError

FILE = "log.jsonl"
FOLDER = "board"


class Board:
    """Writes numbers and pictures of a training into its folder.

    What an earlier run of it wrote after `step` is taken back, since those steps are done again. Raises TrainingError
    if TensorBoard is wanted and not installed.
    """

    def __init__(self, folder: Path, step: int = 0, *, tensorboard: bool = False) -> None:
        self._tensorboard = _writer(folder / FOLDER, step) if tensorboard else None
        self._log = folder / FILE
        _cut(self._log, step)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._tensorboard:
            self._tensorboard.close()

    def numbers(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers by name, of one step."""
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")
        if self._tensorboard:
            for name, value in values.items():
                self._tensorboard.add_scalar(name, value, step)

    def pictures(self, step: int, pictures: Mapping[str, Tensor]) -> None:
        """Pictures [N, 3, H, W] by name, of one step, clamped to [0, 1]; without TensorBoard they are not kept."""
        if self._tensorboard:
            for name, batch in pictures.items():
                self._tensorboard.add_images(name, batch.detach().float().clamp(0, 1).cpu(), step)
            self._tensorboard.flush()


def read(folder: Path) -> list[dict[str, float]]:
    """The numbers of a run's log, line by line; a last line that is not whole is left out."""
    path = folder / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [found for found in map(_parsed, lines) if found]


def _parsed(line: str) -> dict[str, float] | None:
    try:
        found: dict[str, float] = json.loads(line)
    except ValueError:
        return None
    return found


def _cut(log: Path, step: int) -> None:
    """Keep the lines up to a step."""
    kept = [json.dumps(line) + "\n" for line in read(log.parent) if line["step"] <= step]
    temporary = log.with_name(f"{log.name}.part")
    temporary.write_text("".join(kept), encoding="utf-8")
    temporary.replace(log)


def _writer(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  # an extra
    except ImportError as exc:
        raise TrainingError(
            f"TensorBoard is not here ({exc}): pip install tensorboard, or set tensorboard to false; the same numbers "
            f"are in {FILE}"
        ) from exc
    return SummaryWriter(str(folder), purge_step=step + 1)
