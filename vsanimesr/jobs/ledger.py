"""A job's folder from one run to the next: what is done there, and whether it is of the same job."""

import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

from vsanimesr import durable
from vsanimesr.errors import JobError
from vsanimesr.jobs import manifest
from vsanimesr.jobs.manifest import Manifest
from vsanimesr.pipeline import Message

_DRIFTED = "pixels may differ in their last bits"


class Drifted(JobError):
    """The job was begun with another device, other versions or engines, and chunks may not be mixed."""


@dataclass(frozen=True)
class Ledger:
    """Reads and writes the manifest; nobody else may be doing so (`durable.held`), but for `begun`."""

    folder: Path
    """The job's."""
    overwrite: bool
    """Whether a job that was begun otherwise is given up."""
    mixed: bool
    """Whether chunks of other devices, versions and engines may stand beside each other."""

    @property
    def begun(self) -> bool:
        """Whether a job was begun here."""
        return self._path.exists()

    def earlier(self, now: Callable[[Manifest], Manifest]) -> Generator[Message, None, Manifest | None]:
        """The manifest of the same job, without chunks whose files are gone; None for a job to begin from nothing.

        `now` tells what the manifest of today's job would be, with the chunks of that one. Raises JobError for a job
        that was begun otherwise and is not to be given up.
        """
        found = yield from self._same(now)
        for number in found.verify(self.folder) if found else ():
            assert found is not None  # what is missing is a chunk of it
            yield Message("Warning", f"chunk {number} was missing or damaged and is made anew")
            found = found.unfinished(found.chunks[number])
        if found and not any(record.done for record in found.records):
            return now(found)  # of which only the division is worth keeping
        return found

    def save(self, found: Manifest) -> None:
        """Write it; raises JobError."""
        found.save(self._path)

    def heard(self, found: Manifest, engines: str) -> Generator[Message, None, Manifest]:
        """The manifest once it is known which engines render; raises Drifted for others than those of its chunks."""
        now = replace(found, engines=engines)
        if drift := found.drift(now):
            yield from self._drifted(drift)
            return found
        if now != found:
            self.save(now)
        return now

    def clear(self) -> None:
        """Remove what an earlier job left, but for the lock."""
        with durable.explained(self.folder):
            for file in self.folder.iterdir():
                if not file.name.startswith(durable.LOCK):
                    file.unlink()

    def tidy(self, *, whole: bool) -> None:
        """Remove the folder if nothing in it is worth keeping: the output is `whole`, or no chunk is done."""
        try:
            done = self.begun and any(record.done for record in Manifest.load(self._path).records)
        except JobError:
            done = True  # whatever it is, it is not ours to throw away
        if whole or not done:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _path(self) -> Path:
        return self.folder / manifest.NAME

    def _same(self, now: Callable[[Manifest], Manifest]) -> Generator[Message, None, Manifest | None]:
        if not self.begun:
            return None
        try:
            found = Manifest.load(self._path)
            today = now(found)
            changed, drift = found.differences(today), found.drift(today)
            if (changed or drift) and not any(record.done for record in found.records):
                return None  # nothing is lost
            if changed:
                ways = "give --overwrite to begin anew, or the same arguments to go on"
                raise JobError(f"'{self.folder}' has a job that was begun otherwise: {'; '.join(changed)}; {ways}")
            yield from self._drifted(drift)
        except JobError:
            if self.overwrite:
                return None
            raise
        return found

    def _drifted(self, drift: list[str]) -> Generator[Message, None, None]:
        if drift and not self.mixed:
            raise Drifted(
                f"'{self.folder}' has a job that was begun otherwise: {'; '.join(drift)}; give --mixed to go on "
                f"nevertheless ({_DRIFTED}), or --overwrite to begin anew"
            )
        if drift:
            yield Message("Warning", f"the job goes on otherwise than it was begun, {_DRIFTED}: {'; '.join(drift)}")
