"""A Ray cluster as a way to render jobs."""

from collections.abc import Generator
from contextlib import ExitStack
from typing import Any, Self

from vsanimesr.cluster import crew
from vsanimesr.cluster.connection import connected
from vsanimesr.jobs import workers
from vsanimesr.jobs.job import Job
from vsanimesr.jobs.manifest import Manifest


class Cluster:
    """A connection to a cluster, for as long as it is entered."""

    def __init__(self, address: str, *, mixed: bool = False, apart: bool = False) -> None:
        """`address` as in `connection.connected`.

        With `mixed` nodes work that make other pixels. With `apart` no file counts as shared between machines: videos
        are sent to nodes, and chunk files come back.
        """
        self._address, self._mixed, self._apart = address, mixed, apart
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Raises BackendUnavailable without Ray, JobError where there is no such cluster."""
        self._ray: Any = self._stack.enter_context(connected(self._address))
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def render(self, job: Job, found: Manifest) -> Generator[workers.Event, None, None]:
        """As a job's `render`; see `crew.render`."""
        return crew.render(self._ray, job, found, mixed=self._mixed, apart=self._apart)
