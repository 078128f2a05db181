"""Jobs on a Ray cluster: nodes that share files and nodes that do not, die, differ or fail."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.test_job import CLIP, FAKE, FRAMES, QUICK, names, pictures
from vsanimesr.cli import main
from vsanimesr.cluster.cluster import Cluster
from vsanimesr.cluster.connection import connected
from vsanimesr.cluster.crew import Crew
from vsanimesr.cluster.nodes import Place, differences, needs_gpu
from vsanimesr.cluster.renderer import PREFIX
from vsanimesr.cluster.seat import Seat
from vsanimesr.cluster.table import ATTEMPTS, Table
from vsanimesr.errors import BackendUnavailable, JobError, PipelineError
from vsanimesr.jobs import manifest
from vsanimesr.jobs.chunks import Chunk, plan
from vsanimesr.jobs.job import FOLDER, Job
from vsanimesr.jobs.kind import Kind
from vsanimesr.jobs.manifest import Manifest
from vsanimesr.jobs.order import Order, Step
from vsanimesr.pipeline import Message

STORE = 100 << 20
SLOW = replace(FAKE, device="delay=0.05")
KIND = Kind("fake", "", "fake on its own device, auto: a processor", "1234", {"ffmpeg": "7.1", "vapoursynth": "74"}, "")


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """Ray's files, and those of the nodes; its sockets' paths have to be short."""
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    before = {name: os.environ.get(name) for name in ("RAY_TMPDIR", "TMPDIR")}
    os.environ |= {"RAY_TMPDIR": str(folder), "TMPDIR": str(folder / "nodes")}
    (folder / "nodes").mkdir()
    yield folder
    for name, value in before.items():
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def nodes(base: Path) -> Iterator[Any]:
    """A cluster of three nodes of a processor each."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    utils = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed")
    head = node(include_dashboard=False, ray_client_server_port=free_port())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Ray leaves log files of its own open
        cluster = utils.Cluster(initialize_head=True, head_node_args=head)
        for _ in range(2):
            cluster.add_node(**node())
    yield cluster
    cluster.shutdown()
    assert [line for line in processes() if str(base) in line] == []


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def node(**more: object) -> dict[str, Any]:
    return {"num_cpus": 1, "object_store_memory": STORE, **more}


def processes() -> list[str]:
    return subprocess.run(["ps", "-eww", "-o", "args="], capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """The example clip on the fake backend, in chunks of few frames."""
    return Order(CLIP, tmp_path / "out.mkv", FAKE, QUICK, least=3, most=5)


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The frames that this machine makes."""
    output = tmp_path_factory.mktemp("alone") / "out.mkv"
    list(Job(Order(CLIP, output, FAKE, QUICK, least=3, most=5)).run())
    return pictures(output)


def run(order: Order, address: str, see: Callable[[Any], None] = lambda event: None, **how: bool) -> list[Any]:
    """All events of a job on the cluster."""
    events = []
    with Cluster(address, **how) as cluster:
        for event in Job(order, cluster.render).run():
            events.append(event)
            see(event)
    return events


def steps(events: list[Any]) -> list[Step]:
    return [event for event in events if isinstance(event, Step) and event.what == "frames"]


def warned(events: list[Any]) -> list[str]:
    return [event.text for event in events if isinstance(event, Message) and event.level == "Warning"]


@pytest.mark.slow
@pytest.mark.parametrize("outside", [False, True], ids=["shared", "apart, from outside"])
def test_a_node_dies_and_the_others_go_on(outside: bool, order: Order, nodes: Any, wanted: list[bytes]) -> None:
    address = nodes.address
    if outside:
        pytest.importorskip("grpc", reason="Ray's client is not installed")
        address = f"ray://127.0.0.1:{nodes.head_node._ray_params.ray_client_server_port}"
    while len(nodes.worker_nodes) < 2:
        nodes.add_node(**node())
    nodes.wait_for_nodes(60)  # all are at one address here: Ray's client would be led to one that died just before
    victim = next(iter(nodes.worker_nodes))
    at: list[int] = []

    def kill(event: Any) -> None:
        if not at and isinstance(event, Step) and event.what == "frames" and event.chunk[0] >= 3:
            at.append(event.chunk[0])
            nodes.remove_node(victim, allow_graceful=False)

    events = run(replace(order, script=SLOW), address, kill, apart=outside)
    assert at[0] < 10 <= steps(events)[-1].chunk[1]
    assert any("was lost" in text for text in warned(events))
    assert steps(events)[-1].done == FRAMES
    assert pictures(order.output) == wanted
    assert names(order.output.parent) == ["out.mkv"]


@pytest.mark.slow
def test_an_error_of_the_filter_is_told_as_it_is(order: Order, nodes: Any, base: Path) -> None:
    with pytest.raises(PipelineError, match=r"node .*\n(.*\n)*.*simulated failure"):
        run(replace(order, script=replace(FAKE, device="fail=2")), nodes.address)
    assert not order.output.exists()
    assert list((base / "nodes").glob(f"{PREFIX}*")) == []


@pytest.mark.slow
def test_closing_leaves_what_was_fetched_and_this_machine_goes_on(
    order: Order, nodes: Any, base: Path, wanted: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched, fetch = list[int](), Seat._fetched
    monkeypatch.setattr(Seat, "_fetched", lambda seat, there: fetched.append(there.nbytes) or fetch(seat, there))
    monkeypatch.setattr("vsanimesr.cluster.seat.PIECE", 1000)
    monkeypatch.setattr("vsanimesr.cluster.source.PIECE", 10000)
    order = replace(order, script=SLOW)
    with Cluster(nodes.address, apart=True) as cluster:
        running = Job(order, cluster.render).run()
        for event in running:
            if isinstance(event, Step) and event.what == "frames" and event.chunk[0] >= 2:
                break
        running.close()
        assert list((base / "nodes").glob(f"{PREFIX}*")) == []
        assert [line for line in processes() if str(base / "nodes") in line] == []
    folder = order.output.with_name("out.mkv" + FOLDER)
    records = [record for record in Manifest.load(folder / manifest.NAME).records if record.done]
    assert len(fetched) >= len(records) >= 2
    assert min(fetched) > 1000
    assert not [name for name in names(folder) if name.startswith(".shared") or "part" in name]
    events = list(Job(order).run())
    assert steps(events)[0].chunk[0] >= len(records)
    assert warned(events) == []  # all of them were whole
    assert pictures(order.output) == wanted


@pytest.mark.slow
def test_a_node_of_another_version_is_refused_unless_mixed(
    order: Order, nodes: Any, tmp_path: Path, wanted: list[bytes]
) -> None:
    """Its ffmpeg says that it is another; it is the same, so that pixels can be compared."""
    from vsanimesr.pipeline import find_ffmpeg

    odd = tmp_path / "odd"
    odd.mkdir()
    program = odd / "ffmpeg"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = -version ] && echo "ffmpeg version 0.1-odd" && exit\nexec "{find_ffmpeg()}" "$@"\n'
    )
    program.chmod(0o755)
    other = nodes.add_node(**node(env_vars={"PATH": f"{odd}{os.pathsep}{os.environ['PATH']}"}))
    order = replace(order, output=tmp_path / "made" / "out.mkv")
    order.output.parent.mkdir()
    try:
        with pytest.raises(JobError, match=rf"node .*{other.node_id[:8]}.*ffmpeg is 0\.1-odd, here .*--mixed"):
            run(order, nodes.address)
        events = run(order, nodes.address, mixed=True)
        assert any("ffmpeg is 0.1-odd" in text for text in warned(events))
        assert pictures(order.output) == wanted
    finally:
        nodes.remove_node(other)


@pytest.mark.slow
def test_the_command_says_nothing_that_programs_do_not_read(nodes: Any, tmp_path: Path) -> None:
    output = tmp_path / "out.mkv"
    words = ["upscale", str(CLIP), "-o", str(output), "--backend", "fake", "--preset", "ultrafast", "--json"]
    command = [sys.executable, "-m", "vsanimesr", *words, "--cluster", nodes.address]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"file", "begun", "index", "scenes", "frames", "message", "joining", "done"} == {
        event["event"] for event in events
    }
    assert {event["level"] for event in events if event["event"] == "message"} == {"Information"}
    assert names(tmp_path) == ["out.mkv"]


@pytest.mark.slow
def test_a_terminated_command_leaves_nothing_that_runs(base: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    output = tmp_path / "out.mkv"
    code = (
        "import sys; from dataclasses import replace\n"
        "from vsanimesr.cli import main, upscale; make = upscale._options\n"
        "upscale._options = lambda given: replace(make(given), device='delay=0.1'); sys.exit(main(sys.argv[1:]))"
    )
    words = ["upscale", str(CLIP), "-o", str(output), "--backend", "fake", "--cluster", "ray", "--json"]
    job = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert job.stdout
    for line in job.stdout:
        if json.loads(line)["event"] == "frames":
            break
    job.send_signal(signal.SIGTERM)
    _, told = job.communicate(timeout=30)
    assert job.returncode == 130, told
    assert told == "vsanimesr: interrupted; the same command goes on where it stopped\n"
    deadline = time.monotonic() + 10
    while any(str(tmp_path) in line or str(base / "nodes") in line for line in processes()):
        assert time.monotonic() < deadline, processes()
        time.sleep(0.05)
    assert list((base / "nodes").glob(f"{PREFIX}*")) == []
    assert not output.exists()


def test_without_ray_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BackendUnavailable, match=r"pip install 'vapoursynth-animesr\[ray\]'"), Cluster("ray"):
        pass
    assert main(["upscale", str(CLIP), "-o", str(tmp_path / "out.mkv"), "--backend", "fake", "--cluster", "ray"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "Ray cannot be imported" in line
    assert names(tmp_path) == []


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "nonsense"])
def test_a_cluster_that_is_not_there_is_told(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    address = address.format(free_port())
    assert main(["upscale", str(CLIP), "-o", str(tmp_path / "out.mkv"), "--backend", "fake", "--cluster", address]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"no connection to a Ray cluster at '{address}'" in line
    assert names(tmp_path) == []


@pytest.mark.parametrize("failures", [0, 2, 3])
def test_a_head_node_that_is_too_slow_is_asked_again(failures: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    asked: list[str] = []

    def init(address: str, **_: object) -> None:
        asked.append(address)
        if len(asked) <= failures:
            raise ConnectionAbortedError(
                "Initialization failure from server:\nTraceback:\n  x\nRuntimeError: too slow.\n"
            )

    monkeypatch.setattr(ray, "init", init)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"ray://127.0.0.1:{server.getsockname()[1]}"
        expected = (
            pytest.raises(JobError, match="failure from server: RuntimeError: too slow; start")
            if failures > 2
            else None
        )
        with expected or nullcontext(), connected(address) as found:
            assert found is ray
    assert asked == [address] * min(failures + 1, 3)


def test_options_that_do_not_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upscale", str(CLIP), "-o", "out.mkv", "--cluster", "ray", "--devices", "0,1"]) == 1
    assert "leave one of them out" in capsys.readouterr().err


class Offered:
    """A place whose node Ray still offers though it is dead."""

    node, number, name, resources = "abc", 0, "box (abc)", (("num_cpus", 1), ("num_gpus", 0))


@pytest.mark.parametrize("worked", [True, False])
def test_a_dead_node_that_is_still_offered_is_left_alone(worked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = SimpleNamespace(exceptions=SimpleNamespace(RayTaskError=ZeroDivisionError), kill=lambda _: None)
    monkeypatch.setattr(Crew, "_places", lambda _: [Offered])
    monkeypatch.setattr(Crew, "_renderer", lambda *_: None)
    monkeypatch.setattr(Seat, "start", lambda _: None)
    monkeypatch.setattr(Seat, "is_alive", lambda _: True)
    job: Any = SimpleNamespace()
    found = Manifest.new(
        source=CLIP,
        identity="",
        arguments={},
        model="",
        device="",
        versions={},
        chunks=plan([], range(9), least=1, most=9),
    )
    crew = Crew(ray, job, found, SimpleNamespace(source=CLIP), mixed=False)

    def lose(*, met: bool) -> None:
        crew._seat(late=True)
        (seat,) = crew._seats.values()
        seat.met = met
        assert len(list(crew._lost(seat, RuntimeError("gone")))) == 1

    if worked:
        lose(met=True)
    for _ in range(ATTEMPTS - 1):
        lose(met=False)
    if worked:
        lose(met=False)
        crew._seat(late=True)
        assert crew._seats == {}
    else:
        with pytest.raises(JobError, match=r"node box \(abc\) cannot begin: gone"):
            lose(met=False)


@pytest.mark.parametrize(("late", "mixed"), [(False, False), (True, False), (True, True)])
def test_a_node_that_runs_other_engines(late: bool, mixed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[Any] = []
    errors = SimpleNamespace(RayTaskError=ZeroDivisionError, RayError=ArithmeticError)
    ray = SimpleNamespace(exceptions=errors, kill=killed.append)
    monkeypatch.setattr(Crew, "_places", lambda _: [Offered])
    monkeypatch.setattr(Crew, "_renderer", lambda *_: "renderer")
    monkeypatch.setattr(Seat, "start", lambda _: None)
    monkeypatch.setattr(Seat, "is_alive", lambda _: True)
    chunks = plan([], range(9), least=1, most=9)
    found = Manifest.new(source=CLIP, identity="", arguments={}, model="", device="", versions={}, chunks=chunks)
    crew = Crew(ray, SimpleNamespace(), replace(found, engines=16 * "a"), SimpleNamespace(source=CLIP), mixed=mixed)
    crew._seat(late=late)
    (seat,) = crew._seats.values()
    seat.met = True
    words = Message("Information", f"Upscale: v2 on tensorrt (H200), fp16, engines {16 * 'b'}")
    if mixed:
        assert list(crew._told(seat, words)) == [words]
    elif late:
        (warning,) = crew._told(seat, words)
        assert "it runs other engines" in warning.text
        assert killed == ["renderer"]
        assert list(crew._told(seat, errors.RayError("killed"))) == []
        crew._seat(late=True)
        assert crew._seats == {}
    else:
        with pytest.raises(JobError, match=r"node box \(abc\) runs other engines: .*--engine-dir"):
            list(crew._told(seat, words))


def machine(number: str, alive: bool = True, **resources: float) -> dict[str, Any]:
    """A node as Ray tells of it."""
    about = {"NodeManagerHostname": "box", "NodeManagerAddress": "10.0.0.1"}
    return {"NodeID": number, "Alive": alive, "Resources": resources, **about}


def test_places_are_gpus_or_whole_nodes() -> None:
    nodes = [machine("a", CPU=16, GPU=2), machine("b", CPU=8), machine("c", False, CPU=8, GPU=8), machine("d")]

    def places(**how: bool) -> list[tuple[str, int, float]]:
        return [(one.node, one.number, dict(one.resources)["num_gpus"]) for one in Place.all(nodes, **how)]

    assert places(gpu=True, mixed=False) == [("a", 0, 1), ("a", 1, 1)]
    assert places(gpu=False, mixed=False) == [("a", 0, 0), ("b", 0, 0)]
    assert places(gpu=True, mixed=True) == [("a", 0, 1), ("a", 1, 1), ("b", 0, 0)]
    assert [dict(one.resources)["num_cpus"] for one in Place.all(nodes, gpu=False, mixed=False)] == [16, 8]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, []),
        ({"reason": "another"}, []),
        ({"backend": "torch"}, ["the backend is torch, here fake"]),
        ({"device": "fake: another"}, [f"the kind of device is fake: another, here {KIND.device}"]),
        ({"model": "5678"}, ["the model is 5678, here 1234"]),
        ({"versions": {"ffmpeg": "8.0", "vapoursynth": "74"}}, ["ffmpeg is 8.0, here 7.1"]),
        (
            {"versions": {"ffmpeg": "7.1", "torch": "2"}},
            ["vapoursynth is missing, here 74", "torch is 2, here missing"],
        ),
    ],
)
def test_what_differs_is_named(change: dict[str, Any], says: list[str]) -> None:
    assert differences(KIND, replace(KIND, **change)) == says


def test_which_backends_need_a_gpu() -> None:
    assert not needs_gpu(KIND)
    assert not needs_gpu(replace(KIND, backend="torch", where="cpu"))
    assert needs_gpu(replace(KIND, backend="torch", where="cuda"))
    assert needs_gpu(replace(KIND, backend="tensorrt_rtx"))


def test_what_is_given_back_is_taken_first_and_only_what_is_not_finished() -> None:
    chunks = plan([], range(60), least=1, most=5)
    table = Table(chunks, 1)
    first = table.take()
    assert first == tuple(chunks)
    table.finished(chunks[1])
    table.give_back(first, "x")
    assert table.take() == (chunks[0],)
    assert table.take() == tuple(chunks[2:])
    for chunk in chunks:
        assert not table.over
        table.finished(chunk)
    assert table.over
    assert table.take() is None


def test_a_chunk_that_is_always_lost_ends_the_job() -> None:
    table = Table([Chunk(0, 0, 5), Chunk(1, 5, 9)], 1)
    for _ in range(ATTEMPTS - 1):
        table.give_back(table.take() or (), "box")
    with pytest.raises(JobError, match=f"chunk 0 was lost {ATTEMPTS} times .* last with box"):
        table.give_back(table.take() or (), "box")
