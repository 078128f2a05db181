"""A connection to a Ray cluster, or a Ray of this machine's own for as long as it lasts."""

import importlib
import logging
import os
import re
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

from vsanimesr.errors import BackendUnavailable, JobError

LOCAL = "ray"
"""The address that stands for a Ray of this machine's own."""
STORE = 128 << 20
"""Bytes of its object store: no more than pieces of files lie in it."""
ATTEMPTS = 3
"""How often a ray:// connection is tried."""
REACH = 10.0
"""Seconds for a connection to it."""
SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Of Ray's environment, where the user has not set them: nothing is sent to its makers, and GPUs stay visible."""


def library() -> Any:
    """The package ray; raises BackendUnavailable where it is not installed."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)  # read when it is imported, and by the programs that it starts
    try:
        return importlib.import_module("ray")
    except ImportError as exc:
        raise BackendUnavailable(
            f"Ray cannot be imported ({exc}); install it by `pip install 'vapoursynth-animesr[ray]'`, "
            "or leave out --cluster"
        ) from exc


@contextmanager
def connected(address: str) -> Generator[Any, None, None]:
    """The package ray, connected; `address` is 'ray', 'auto', 'HOST:PORT', or 'ray://HOST:PORT' from outside.

    Raises BackendUnavailable where it is not installed, JobError where there is no such cluster or its Ray is another.
    """
    ray = library()
    _quieten()
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    own = {"address": "local", "include_dashboard": False, "object_store_memory": STORE}
    before = signal.getsignal(signal.SIGTERM)
    try:
        _reach(address)
        _join(ray, **(own if address == LOCAL else {"address": address}), **quiet)
    except (OSError, ImportError, RuntimeError, ValueError) as exc:
        _forget_client()
        why = _in_a_line(exc)
        raise JobError(
            f"no connection to a Ray cluster at '{address}': {why}; start one by "
            "`ray start`, or give --cluster ray for this machine alone"
        ) from exc
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)  # Ray put its own in that place
    try:
        yield ray
    finally:
        ray.shutdown()


def _join(ray: Any, **how: Any) -> None:
    """`ray.init`, tried again where the head node, which starts a server for each ray:// connection, was too slow."""
    for left in reversed(range(ATTEMPTS)):
        try:
            ray.init(**how)
        except ConnectionAbortedError:
            if not left:
                raise
        else:
            return


def _forget_client() -> None:
    """After a ray:// connection that failed Ray would take any other one for its client's."""
    with suppress(ImportError, AttributeError):
        importlib.import_module("ray._private.client_mode_hook")._explicitly_disable_client_mode()


def _in_a_line(error: Exception) -> str:
    """An error's words; of a trace that came from elsewhere the first line and the last one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines if len(lines) < 2 else (lines[0], lines[-1])).rstrip(".") or type(error).__name__


def _reach(address: str) -> None:
    """Raises OSError where nobody listens: Ray would try for minutes, and print."""
    if match := re.fullmatch(r"(?:ray://)?([^/]+):(\d+)", address):
        socket.create_connection((match[1].strip("[]"), min(int(match[2]), 65535)), timeout=REACH).close()


def _quieten() -> None:
    """Ray prints the log of a node that died to standard output, whatever it was told; the job tells of it itself."""
    with suppress(ImportError, AttributeError):
        worker: Any = importlib.import_module("ray._private.worker")
        if callable(worker.print_to_stdstream):
            worker.print_to_stdstream = lambda *_, **__: None
