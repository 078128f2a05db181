"""What the views of `vsanimesr upscale` show: to people at a terminal, in logs, and to programs."""

import io
import json
import re
from pathlib import Path

import pytest

from tests.test_bars import drawn
from vsanimesr.cli import phrases
from vsanimesr.cli.progress import Lines, Live, Plain, View, clock, view
from vsanimesr.jobs.order import Begun, Done, Step
from vsanimesr.pipeline import Message

BEGUN = Begun(
    model="animesr-v2",
    backend="openvino",
    device="openvino on its own device, bf16: AMD EPYC (avx2, amx_bf16)",
    size=(640, 480),
    new_size=(2560, 1920),
    frames=34095,
)
WORDS = "animesr-v2 by openvino, bf16 on AMD EPYC (avx2, amx_bf16): 640x480 to 2560x1920, 34,095 frames"
STEP = Step("frames", 12345, 34095, 9.876, 3723.4, (9, 25), (124, 340))
DONE = Done(Path("out.mkv"), 240, 62.0)
ODD = "it's [x265]/[b]bold[/b] :smile: [/].mkv"


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """As wide as nobody's, so that a test that depends on its width shows."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "150", "LINES": "24"}.items():
        monkeypatch.setenv(name, value)
    return Terminal()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00"), (62.4, "1:02"), (59.6, "1:00"), (3723, "1:02:03"), (360000, "100:00:00")]
)
def test_clock(seconds: float, words: str) -> None:
    assert clock(seconds) == words


@pytest.mark.parametrize(
    ("fps", "words"),
    [(0.314, "0.31 fps"), (9.876, "9.88 fps"), (9.996, "10.0 fps"), (12.34, "12.3 fps"), (123.456, "123.5 fps")],
)
def test_rate(fps: float, words: str) -> None:
    assert phrases.rate(fps) == words


@pytest.mark.parametrize(
    ("backend", "device", "words"),
    [
        ("openvino", BEGUN.device, ", bf16 on AMD EPYC (avx2, amx_bf16)"),
        ("openvino", "openvino on its own device, auto: AMD EPYC (avx2)", " on AMD EPYC (avx2)"),
        ("torch", "torch on cuda, fp16: NVIDIA H100", ", fp16 on cuda, NVIDIA H100"),
        ("tensorrt", "bf16 on NVIDIA H100", " on bf16 on NVIDIA H100"),
    ],
)
def test_what_works_is_named_once(backend: str, device: str, words: str) -> None:
    event = Begun("m", backend, device, (1, 2), (4, 8), 1)
    assert phrases.begun(event) == f"m by {backend}{words}: 1x2 to 4x8, 1 frame"


def test_a_failed_file_leaves_only_its_error_and_the_queue(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    live = Live(terminal)
    live.queue([1.0, 1.0])
    with live.shown():
        live.begin("a.mkv", 1, 2)
        live.show(STEP)
        assert len(drawn(live.bars, 100)) == 2
        live.failed("a.mkv", "'a.mkv' is no video")
        (line,) = drawn(live.bars, 100)
        assert "1/2 files" in line
    assert drawn(live.bars, 100) == []
    assert "'a.mkv' is no video" in terminal.getvalue()
    assert "2 files in 0:00, 1 failed" in terminal.getvalue()
    assert capsys.readouterr().err == "vsanimesr: 'a.mkv' is no video\n"  # which does not lead to the terminal


def test_a_file_that_is_done_leaves_a_line(terminal: Terminal) -> None:
    live = Live(terminal)
    with live.shown():
        live.begin("in.mkv", 1, 1)
        for event in (BEGUN, STEP, DONE):
            live.show(event)
        assert drawn(live.bars, 100) == []
    assert terminal.getvalue().count("out.mkv: 240 frames in 1:02\n") == 1
    assert terminal.getvalue().count(WORDS) == 1


def test_an_interrupt_leaves_the_cursor_and_the_bars(terminal: Terminal) -> None:
    live = Live(terminal)

    def interrupted() -> None:
        with live.shown():
            live.begin("in.mkv", 1, 1)
            live.show(STEP)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    shown = terminal.getvalue()
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l") >= 0
    assert "12345/34095" in shown[shown.rfind("upscaling") :]


@pytest.mark.parametrize("kind", [Live, lambda out: Plain(out, quiet=False)])
def test_names_are_shown_as_they_are(kind: type[Live], terminal: Terminal) -> None:
    shown = kind(terminal)
    shown.begin(ODD, 1, 1)
    shown.show(Message("Warning", f"Upscale: {ODD}"))
    shown.show(Done(Path(ODD), 1, 1.0))
    shown.show(Message("Debug", "for nobody"))
    lines = re.sub(r"\x1b\[\d*m", "", terminal.getvalue()).splitlines()
    assert lines == [ODD, ODD, f"{ODD}: 1 frame in 0:01"]


@pytest.mark.parametrize("no_color", [False, True])
def test_no_color(no_color: bool, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    live = Live(terminal)
    with live.shown():
        live.begin("a.mkv", 1, 2)
        live.show(STEP)
        live.show(DONE)
        live.begin("b.mkv", 2, 2)
        live.failed("b.mkv", "no video")
    assert bool(re.search(r"\x1b\[[\d;]*3\d", terminal.getvalue())) is not no_color


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("tty", [False, True])
def test_what_an_encoding_lacks_is_escaped(tty: bool, as_json: bool, terminal: Terminal) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    out.isatty = lambda: tty  # type: ignore[method-assign]
    name = "日本語 \udcff\x1b[2J.mkv"
    shown = view(as_json=as_json, quiet=False, stream=out)
    with shown.shown():
        shown.begin(name, 1, 1)
        shown.show(STEP)
        shown.show(Done(Path(name), 1, 1.0))
    out.seek(0)
    text = out.read()
    assert "\x1b[2J" not in text
    if as_json:
        assert {json.loads(line)["file"] for line in text.splitlines()} == {name}
    else:
        assert r"\u65e5\u672c\u8a9e \udcff\x1b[2J.mkv: 1 frame in 0:01" in text


def test_plain_lines() -> None:
    out = io.StringIO()
    plain = Plain(out, quiet=False)
    plain.queue([1.0, 3.0])
    with plain.shown():
        plain.begin("a.mkv", 1, 2)
        for event in (BEGUN, Step("index", 0, 0), Step("index", 7, 0), Step("index", 29, 100), Step("index", 29, 100)):
            plain.show(event)
        plain.show(Step("frames", 1, 40, 0.0, None, (0, 2)))
        plain.show(Step("frames", 1, 40, 9.876, 62.0, (0, 2), (3, 12)))
        plain.show(DONE)
        plain.begin("b.mkv", 2, 2)
        plain.show(Step("frames", 4, 40, 9.876, 62.0))
        plain.show(Step("frames", 8, 40, 9.876, 62.0))
    assert [re.sub(r"queue: [\d:]+ left", "queue: T left", line) for line in out.getvalue().splitlines()] == [
        "a.mkv (1 of 2)",
        WORDS,
        "indexing",
        "indexing: 29%",
        "upscaling: 1/40, chunk 0/2",
        "out.mkv: 240 frames in 1:02",
        "b.mkv (2 of 2)",
        "upscaling: 4/40, 9.88 fps, 1:02 left",
        "upscaling: 8/40, 9.88 fps, 1:02 left, queue: T left",
        "2 files in 0:00",
    ]


def test_scenes_in_plain_lines() -> None:
    out = io.StringIO()
    plain = Plain(out, quiet=False)
    plain.begin("a.mkv", 1, 1)
    plain.show(Step("frames", 1, 40, 9.876, 62.0, (0, 2), (3, 12)))
    assert out.getvalue() == "a.mkv\nupscaling: 1/40, 9.88 fps, 1:02 left, scene 3/12, chunk 0/2\n"


def test_one_object_a_line() -> None:
    out = io.StringIO()
    lines = Lines(out)
    lines.queue([1.0, 3.0])
    lines.begin("a.mkv", 1, 2)
    for event in (BEGUN, Step("index", 29, 0), STEP, Message("Warning", "words"), DONE):
        lines.show(event)
    lines.begin("b.mkv", 2, 2)
    lines.failed("b.mkv", "no video")
    begun = {"model": "animesr-v2", "backend": "openvino", "device": BEGUN.device, "frames": 34095}
    frames = {"done": 12345, "total": 34095, "fps": 9.876, "eta": 3723.4, "queue_eta": None}
    events = [
        {"event": "file"},
        {"event": "begun", **begun, "size": [640, 480], "new_size": [2560, 1920]},
        {"event": "index", "done": 29, "total": 0},
        {"event": "frames", **frames, "chunks_done": 9, "chunks": 25, "scene": 124, "scenes": 340},
        {"event": "message", "level": "Warning", "text": "words"},
        {"event": "done", "output": "out.mkv", "frames": 240, "seconds": 62.0},
    ]
    a, b = {"file": "a.mkv", "number": 1, "files": 2}, {"file": "b.mkv", "number": 2, "files": 2}
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert told == [
        *({**a, **event} for event in events),
        {**b, "event": "file"},
        {**b, "event": "error", "text": "no video"},
    ]


def test_the_rest_of_a_queue_in_json() -> None:
    out = io.StringIO()
    lines = Lines(out)
    lines.queue([1.0, 3.0])
    lines.begin("a.mkv", 1, 2)
    for done in (1, 2, 3):
        lines.show(Step("frames", done, 40, 9.876 if done > 1 else 0.0, 62.0))
    etas = [json.loads(line).get("queue_eta", "none") for line in out.getvalue().splitlines()]
    assert etas[:2] == ["none", None]
    assert all(eta > 0 for eta in etas[2:])


def test_a_single_file_has_no_queue(terminal: Terminal) -> None:
    for as_json in (False, True):
        shown = view(as_json=as_json, quiet=False, stream=terminal)
        shown.queue([1.0])
        with shown.shown():
            shown.begin("a.mkv", 1, 1)
            for done in (1, 2, 3):
                shown.show(Step("frames", done, 40, 9.876 if done > 1 else 0.0, 62.0))
    assert "queue" not in terminal.getvalue()


@pytest.mark.parametrize(
    ("term", "options", "kind"),
    [("xterm", "", Live), ("dumb", "", Plain), ("xterm", "json", Lines), ("xterm", "quiet", Plain)],
)
def test_the_view_that_fits(
    term: str, options: str, kind: type[View], terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    as_json, quiet = options == "json", options == "quiet"
    assert type(view(as_json=as_json, quiet=quiet, stream=terminal)) is kind
    assert isinstance(view(as_json=False, quiet=quiet, stream=io.StringIO()), Plain)
