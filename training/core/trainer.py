"""The loop of a training."""

import json
import time
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch

from training.core import checkpoints, folder, guard, randomness, resume
from training.core.batches import moved, opened, sizes
from training.core.board import Board
from training.core.distributed import World
from training.core.learner import Learner, Tools
from training.core.progress import Line, Meter, View
from training.core.settings import Settings, as_json
from training.core.state import Facts, versions
from vsanimesr import durable

CHECKPOINTS = "checkpoints"
SETTINGS = "settings.json"


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    step: int
    """Steps done, those before it was resumed among them."""
    checkpoint: Path
    """The last one."""
    stopped: bool
    """Whether Ctrl-C or another signal, in any of the processes, ended it before all steps were done."""


class Trainer[B]:
    """A training in a folder of its own; where that has checkpoints, it goes on after the newest whole one.

    make: from the number of the next sample to batches without end, `settings.batch / world.size` samples each, those
    that `world.numbers` names. The batches are a function of these numbers alone.
    start: networks that begin as an earlier stage left them (`resume.begin_from`), where there is no checkpoint yet.
    accept: names of settings that may differ from those of the checkpoint.
    view: what shows progress, by default a line on standard error.

    Raises TrainingError if the batch cannot be shared equally.
    """

    def __init__(
        self,
        path: Path,
        settings: Settings,
        learner: Learner[B],
        make: Callable[[int], Iterable[B]],
        *,
        world: World | None = None,
        start: Mapping[str, Path] | None = None,
        accept: Collection[str] = (),
        view: View | None = None,
    ) -> None:
        self.path, self.settings, self.learner = path, settings, learner
        self.world = world or World()
        self.world.share(settings.batch)
        self.tools = Tools(learner, settings, self.world)
        self._make, self._start, self._accept, self._view = make, start or {}, accept, view or Line()
        self._sample, self._seconds, self._saved = 0, 0.0, -1
        self._values: dict[str, float] = {}
        self._sums: dict[str, list[float]] = {}
        self._begun = self._saved_at = time.perf_counter()

    def run(self) -> Outcome:
        """Train until `settings.steps` steps are done, or Ctrl-C, SIGTERM or SIGHUP: then the step ends and is saved.

        Raises TrainingError if the settings do not fit the checkpoint, every checkpoint is damaged, a loss or gradient
        is not finite, memory is not enough, or a checkpoint cannot be written; the message names the last good one.
        Raises JobError if another process trains in the folder.
        """
        with self._alone(), guard.Stop() as stop:
            self._begin()
            if self.tools.step < self.settings.steps:
                self._train(stop)
            return Outcome(self.tools.step, self._last(), self.tools.step < self.settings.steps)

    def _begin(self) -> None:
        """Go on after the newest checkpoint, or write the first."""
        if self.world.leads:
            checkpoints.sweep(self.path / CHECKPOINTS)
        found = checkpoints.newest(self.path / CHECKPOINTS)
        if found is None:
            resume.begin_from(self._start, self.learner, self.tools)
            self._save()
        else:
            resume.check(found, self.settings, self.world.size, self._accept)
            resume.restore(found, self.learner, self.tools)
            facts = found.facts
            self.tools.step, self._sample, self._seconds = facts.step, facts.sample, facts.seconds
            self._saved = facts.step
        self._begun = self._saved_at = time.perf_counter()
        if self.world.leads:
            (self.path / SETTINGS).write_text(json.dumps(as_json(self.settings), indent=1), encoding="utf-8")

    def _train(self, stop: guard.Stop) -> None:
        meter = Meter()
        with self._board() as board, opened(self._make, self._sample) as batches:
            ended = False
            while not ended:
                with meter.waiting():
                    batch = next(batches)
                self._advance(batch)
                stopped, late = self.world.any(stop.asked, self._late())
                ended = stopped or self.tools.step >= self.settings.steps
                self._report(meter, board, ended=ended)
                if ended or late or self._due(self.settings.save_every) or self._due(self.settings.milestone_every):
                    self._save()
                if board and self._looks():
                    self._draw(board)  # after saving: what fails here loses no step

    def _advance(self, batch: B) -> None:
        """One step."""
        self.tools.values = {}
        try:
            with guard.memory(sizes(batch), self.world.device):
                self.learner.step(moved(batch, self.world.device), self.tools)
        except guard.Stopped as why:
            raise guard.explained(why, self.tools.step + 1, self._last_good()) from why
        for name, average in self.tools.averages.items():
            average.update(self.learner.networks[name])
        self.tools.step += 1
        self._sample += self.settings.batch
        for name, value in self.tools.values.items():
            self._sums.setdefault(name, []).append(value)

    def _report(self, meter: Meter, board: Board | None, *, ended: bool) -> None:
        """Show, log and draw what is due."""
        loss = self.tools.values.get(f"{next(iter(self.learner.optimisers))}/loss", 0.0)
        progress = meter.stepped(self.tools.step, self.settings.steps, loss)
        if ended or self._due(self.settings.log_every):
            means = {name: sum(values) / len(values) for name, values in self._sums.items()}
            self._values, self._sums = self.world.mean(means), {}
            if board:
                speed = {"steps_per_second": progress.rate, "waiting": progress.waiting}
                board.numbers(self.tools.step, {**self._values, **speed})
        if board:
            self._view.show(progress, last=ended)

    def _draw(self, board: Board) -> None:
        with randomness.kept(), torch.no_grad():
            found = self.learner.samples(self.tools)
        numbers = {name: float(value) for name, value in found.items() if value.numel() == 1}
        if numbers:
            board.numbers(self.tools.step, numbers)
        board.pictures(self.tools.step, {name: value for name, value in found.items() if value.ndim == 4})

    def _save(self) -> None:
        """Write a checkpoint of now and delete those that are not kept."""
        if self._saved == self.tools.step:
            return
        random = self.world.gathered(randomness.states())
        if self.world.leads:
            try:
                guard.check_weights(self.learner.networks)
            except guard.Stopped as why:
                raise guard.explained(why, self.tools.step, self._last_good()) from why
            folder.write(self.path / CHECKPOINTS, resume.captured(self.learner, self.tools, random), self._facts())
            checkpoints.prune(self.path / CHECKPOINTS, self.settings.keep, self.settings.milestone_every)
        self._saved, self._saved_at = self.tools.step, time.perf_counter()

    def _facts(self) -> Facts:
        return Facts(
            step=self.tools.step,
            sample=self._sample,
            updates={name: average.updates for name, average in self.tools.averages.items()},
            settings=as_json(self.settings),
            processes=self.world.size,
            seconds=self._seconds + time.perf_counter() - self._begun,
            values=self._values,
            versions=versions(self.world.device),
        )

    def _due(self, every: int) -> bool:
        return bool(every) and self.tools.step % every == 0

    def _looks(self) -> bool:
        """Whether it is time for samples: now and then, and of what the training ends with."""
        every = self.settings.samples_every
        return bool(every) and (self._due(every) or self.tools.step >= self.settings.steps)

    def _late(self) -> bool:
        minutes = self.settings.save_minutes
        return bool(minutes) and time.perf_counter() - self._saved_at > 60 * minutes

    def _last(self) -> Path:
        return self.path / CHECKPOINTS / folder.name_of(self._saved)

    def _last_good(self) -> str:
        return f"'{self._last()}'" if self._saved >= 0 else "none: there was no step yet"

    def _alone(self) -> AbstractContextManager[None]:
        return durable.held(self.path) if self.world.leads else nullcontext()

    @contextmanager
    def _board(self) -> Generator[Board | None, None, None]:
        """The log, for the process that writes."""
        if not self.world.leads:
            yield None
            return
        with Board(self.path, self.tools.step, tensorboard=self.settings.tensorboard) as board:
            yield board
