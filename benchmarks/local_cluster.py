"""Nodes of a Ray cluster on this machine, each in processes of its own, that can be killed and replaced."""

import os
import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import psutil

from vsanimesr.cluster.connection import library
from vsanimesr.errors import BackendUnavailable
from vsanimesr.pipeline import find_ffmpeg

STORE = 100 << 20
"""Bytes of a node's object store."""
NICENESS = "RAY_worker_niceness"
"""Of workers; by default Ray has them give way to all other programs, so also to what stands in for a killed node."""
_BINDS = hasattr(os, "sched_setaffinity")  # processes to processors; not every system does


class LocalCluster:
    """A head and further nodes that all render; it is a context manager."""

    def __init__(self, nodes: int) -> None:
        """Raises BackendUnavailable without Ray; nothing is started yet."""
        self._utils = utilities()
        self.shares, self.apart = shares(processors(), nodes)
        self._nodes: list[Any] = []  # the head is the first

    def __enter__(self) -> Self:
        """Returns when Ray lists all nodes."""
        # Paths of sockets have to be short.
        self._folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp" if Path("/tmp").is_dir() else None))  # noqa: S108
        settings = {"RAY_TMPDIR": str(self._folder), "TMPDIR": str(self._folder), NICENESS: "0"}
        self._before = {name: os.environ.get(name) for name in settings}
        os.environ |= settings
        self._cluster = self._utils.Cluster()
        try:
            while len(self._nodes) < len(self.shares):
                self._nodes.append(self._started(len(self._nodes)))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._end()

    @property
    def address(self) -> str:
        """For `--cluster`."""
        return str(self._cluster.address)

    def rendering(self) -> list[int]:
        """Numbers, from 1 on, of the nodes but the head that are feeding an encoder."""
        encoder = find_ffmpeg().name
        return [
            number
            for number in range(1, len(self._nodes))
            if any(_is_named(process, encoder) for process in self._processes(number))
        ]

    def kill(self, number: int) -> None:
        """Ends all processes of a node at once."""
        for process in self._processes(number):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._cluster.remove_node(self._nodes[number], allow_graceful=False)
        self._nodes[number] = None

    def restore(self) -> None:
        """Replaces killed nodes; returns when Ray lists all nodes, and no other, which takes it some ten seconds."""
        for number, node in enumerate(self._nodes):
            if node is None:
                self._nodes[number] = self._started(number)
        self._cluster.wait_for_nodes()

    def _started(self, number: int) -> Any:
        head = {} if number else {"include_dashboard": False}
        share = self.shares[number]
        count = len(share) if self.apart else max(1, len(share) // len(self.shares))
        with _pinned(share):
            return self._cluster.add_node(num_cpus=count, num_gpus=0, object_store_memory=STORE, **head)

    def _processes(self, number: int) -> list[psutil.Process]:
        """Of a node: Ray's own, the renderer and its programs; who starts others comes before them."""
        (raylet,) = self._nodes[number].all_processes["raylet"]
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(raylet.process.pid)
            return [first, *first.children(recursive=True)]
        return []

    def _end(self) -> None:
        self._cluster.shutdown()
        for name, value in self._before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(self._folder, ignore_errors=True)


def utilities() -> Any:
    """Ray's module of local clusters; raises BackendUnavailable where Ray is not installed."""
    try:
        library()
        return import_module("ray.cluster_utils")
    except (BackendUnavailable, ImportError) as error:
        raise BackendUnavailable(
            f"the part with a cluster needs Ray ({error.__cause__ or error}): pip install -e '.[bench,ray]', "
            "or leave that part out by --only overhead"
        ) from error


def processors() -> list[int]:
    """Numbers of those that this process may use."""
    return sorted(os.sched_getaffinity(0)) if _BINDS else list(range(os.cpu_count() or 1))


def shares(numbers: Sequence[int], nodes: int) -> tuple[list[list[int]], bool]:
    """The processors of each node, and whether these are its own.

    Each has as many, and the rest is idle; where there are fewer than nodes, or a system that cannot bind processes to
    processors, all nodes share all of them.
    """
    each = len(numbers) // nodes
    if not (each and _BINDS):
        return [list(numbers)] * nodes, False
    return [list(numbers[n * each : (n + 1) * each]) for n in range(nodes)], True


@contextmanager
def _pinned(numbers: Sequence[int]) -> Generator[None, None, None]:
    """What is started meanwhile runs on these processors only."""
    before = processors()
    if _BINDS:
        os.sched_setaffinity(0, numbers)
    try:
        yield
    finally:
        if _BINDS:
            os.sched_setaffinity(0, before)


def _is_named(process: psutil.Process, name: str) -> bool:
    try:
        return bool(process.name() == name)
    except psutil.Error:
        return False
