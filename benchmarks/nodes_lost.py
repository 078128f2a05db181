"""What a killed node costs a job on a Ray cluster: the part of `python -m benchmarks cli` that is called 'cluster'.

The same job three ways: by this machine alone, by three nodes, and by three nodes of which one is killed while it
renders, after a third of the chunks. All must give the same pictures.
"""

import argparse
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import film_files, machine, short_chunks
from benchmarks.children import WARM_UP, ChildFailed
from benchmarks.local_cluster import LocalCluster, processors, utilities
from vsanimesr import backends
from vsanimesr.cluster.connection import library
from vsanimesr.errors import BackendUnavailable

NODES = 3
GOAL = 2.0
WAYS = ("alone", "undisturbed", "killed")
RATIOS = {"killed / undisturbed": ("killed", "undisturbed"), "undisturbed / alone": ("undisturbed", "alone")}


@dataclass
class Killing:
    """Waits for a third of the chunks of a job, then kills a node that renders."""

    cluster: LocalCluster
    """Whose node."""
    source: Path
    """The job's video."""
    asked: argparse.Namespace
    """The benchmark's options."""
    start: float = field(default_factory=time.perf_counter)
    """When the job began."""
    done: dict[str, Any] | None = None
    """Who was killed, and when; None as long as nobody was."""
    stand_in: subprocess.Popen[str] | None = None
    """What has taken over the killed node's part of processors that all share."""

    def see(self, event: short_chunks.Event) -> None:
        """An event of the job; some five a second come."""
        chunks, total = event.get("chunks_done", 0), event.get("chunks", 0)
        if self.done or not total or 3 * chunks < total:
            return
        if rendering := self.cluster.rendering():
            after = time.perf_counter() - self.start
            self.cluster.kill(rendering[0])
            self.done = {"node": rendering[0], "after_seconds": after, "chunks_done": chunks, "frames": event["done"]}
            if _stands_in(self.asked, self.cluster):
                self._stand_in()

    def check(self) -> None:
        """The job has ended; raises ChildFailed where it tells nothing of a killed node."""
        if not self.done:
            raise ChildFailed("no node was seen rendering after a third of the chunks; ask for more --frames")
        if self.stand_in and self.stand_in.poll() is not None:
            raise ChildFailed("the job that stood in for the killed node ended first: others had its processors then")

    def end(self) -> None:
        """End what stands in."""
        if self.stand_in:
            self.stand_in.terminate()  # it puts everything away
            self.stand_in.wait()

    def _stand_in(self) -> None:
        """Another job of the same, which nobody needs and which takes longer than what is left of this one."""
        words = ["upscale", str(self.source), "-o", str(self.source.with_name("stand-in.mkv")), "--quiet"]
        self.stand_in = short_chunks.start(words, self.asked, subprocess.DEVNULL, subprocess.DEVNULL)


def check(asked: argparse.Namespace) -> None:
    """Raises BackendUnavailable without Ray, and for backends on a GPU, of which each node would need one."""
    utilities()
    backend, _, device = asked.backend.partition(":")
    if backend == "auto":
        choice = backends.choose()
        backend, device = choice.name, choice.device
    if backend.startswith("tensorrt") or device.startswith("cuda"):
        raise BackendUnavailable(
            f"{backend} on a GPU: the nodes of the cluster are all on this machine and would share it, so that a "
            "killed one left its part to the others; give --backend openvino, or --only overhead"
        )


def measure(asked: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """All rounds, as the report has them; videos come into the folder. Raises ChildFailed."""
    source = film_files.drawn(folder / "shots.mkv", asked.size, asked.frames, asked.chunk)
    rounds, made = list[dict[str, Any]](), set[str]()
    with LocalCluster(NODES) as cluster:
        say("cluster: warming up")
        few = film_files.drawn(folder / "few.mkv", asked.size, WARM_UP)
        _run("undisturbed", few, WARM_UP, asked, cluster)
        for n in range(asked.rounds):
            say(f"cluster: round {n + 1} of {asked.rounds}")
            found: dict[str, Any] = {}
            for way in WAYS if n % 2 == 0 else reversed(WAYS):
                told, hashed = _run(way, source, asked.frames, asked, cluster)
                say(f"  {way}: {told['seconds']:.1f} s, {told['chunks']} chunks{_killed(told)}")
                found[way] = told
                made.add(hashed)
                if len(made) > 1:
                    raise ChildFailed(f"{way}: its pictures are not those of the runs before; the job is broken")
            rounds.append(found)
    return {"nodes": NODES, **_resources(asked, cluster), "rounds": rounds, "ratios": _ratios(rounds)}


def text(report: dict[str, Any]) -> str:
    """For people, of what `measure` returned."""
    lines = []
    for name, values in report["ratios"].items():
        aim = f", aim at most {GOAL:g}" if name.startswith("killed") else ""
        lines.append(f"{name}: {statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f}){aim}")
    if report["stand_in"]:
        lines.append(
            f"the {NODES} nodes share {report['processors']} processors; another job stood in for a killed one, lest "
            "the others had more of them than before"
        )
    return "\n".join(lines)


def _run(
    way: str, source: Path, frames: int, asked: argparse.Namespace, cluster: LocalCluster
) -> tuple[dict[str, Any], str]:
    """What is told of a run, and a hash of its pictures."""
    where = ["--devices", "0"] if way == "alone" else ["--cluster", cluster.address]
    cluster.restore()
    others = machine.Others()
    with film_files.unseen(source) as path:
        output, killing = path.with_name("out.mkv"), Killing(cluster, path, asked)
        see = killing.see if way == "killed" else lambda event: None
        try:
            done = short_chunks.run(path, output, asked, where, see)
            if way == "killed":
                killing.check()
        finally:
            killing.end()
        hashed = film_files.pictures(output, frames)
    told: dict[str, Any] = {"seconds": done.seconds, "chunks": done.chunks}
    if way == "alone":  # nodes have not ended, so what they take is not told from what others do
        told["other_processes_percent"] = others.percent()
    if way == "killed":
        told["kill"] = killing.done
    return told, hashed


def _resources(asked: argparse.Namespace, cluster: LocalCluster) -> dict[str, Any]:
    each = len(cluster.shares[0]) if cluster.apart else None
    return {
        "ray": str(library().__version__),
        "processors": len(processors()),
        "processors_of_a_node": each,
        "stand_in": _stands_in(asked, cluster),
    }


def _stands_in(asked: argparse.Namespace, cluster: LocalCluster) -> bool:
    """Whether another job takes a killed node's part of the processors; the fake backend does not compute but sleep."""
    return not cluster.apart and not asked.backend.startswith("fake")


def _ratios(rounds: list[dict[str, Any]]) -> dict[str, list[float]]:
    return {
        name: [one[above]["seconds"] / one[below]["seconds"] for one in rounds]
        for name, (above, below) in RATIOS.items()
    }


def _killed(told: dict[str, Any]) -> str:
    kill = told.get("kill")
    if not kill:
        return ""
    return f"; node {kill['node']} was killed after {kill['after_seconds']:.1f} s and {kill['chunks_done']} chunks"
