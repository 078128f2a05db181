"""`python -m export.verify`: what is right passes, and every way to be wrong is found and named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, override

import numpy as np
import pytest

from export import verify, verify_options
from export.onnxruntime_backend import OnnxRuntime
from vsanimesr import backends
from vsanimesr.backends.base import Planes
from vsanimesr.errors import DeviceError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("official_v2")]
FRAMES, FIRST, WIDTH, HEIGHT = 6, verify_options.EXAMPLE_FIRST, 66, 50
"""Sides that are no multiples of 4, so that padding and cropping count."""
SMALL = ("--size", f"{WIDTH}x{HEIGHT}", "--frames", str(FRAMES))

Result = tuple[int, str, str]
Run = Callable[..., Result]
Spoil = Callable[[int, np.ndarray], np.ndarray]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; returns its exit code and what it wrote to stdout and stderr."""

    def run(*arguments: str) -> Result:
        code = verify.main([*SMALL, *arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def wrong(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs the command on a backend whose pictures a function (step, picture) has changed."""

    def run_wrong(spoil: Spoil, *arguments: str) -> Result:
        class Wrong(OnnxRuntime):
            name: ClassVar[str] = "wrong"
            steps = 0

            @override
            def read(self, slot: int) -> Planes:
                self.steps += 1
                return list(spoil(self.steps - 1, np.stack(super().read(slot))))

        monkeypatch.setitem(verify_options.ONLY_HERE, "wrong", Wrong)
        return run("--backend", "wrong", *arguments)

    return run_wrong


def verdict(out: str) -> str:
    return out.splitlines()[-1]


def decibels(out: str) -> list[float]:
    """The column of PSNR."""
    rows = out.splitlines()[3 : 3 + FRAMES]
    assert [int(row.split()[0]) for row in rows] == list(range(FIRST, FIRST + FRAMES))
    return [float(row.split()[1]) for row in rows]


def noise(sigma: float, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).normal(0, sigma, shape).astype(np.float32)


@pytest.mark.parametrize("backend", ["openvino", "torch", "onnxruntime"])
def test_fp32_passes(run: Run, backend: str) -> None:
    code, out, err = run("--backend", backend, "--precision", "fp32")
    assert (code, err) == (0, "")
    assert verdict(out) == f"passed: all {FRAMES} pictures are at 90 dB or above"
    assert min(decibels(out)) > 110


def test_fp16_passes_and_is_worse_than_fp32(run: Run) -> None:
    code, out, _ = run("--backend", "onnxruntime", "--precision", "fp16")
    assert code == 0
    assert verdict(out) == f"passed: all {FRAMES} pictures are at 50 dB or above"
    assert 60 < min(decibels(out)) <= max(decibels(out)) < 90


def test_float16_samples_have_a_floor_that_they_can_reach(run: Run) -> None:
    code, out, _ = run("--backend", "onnxruntime", "--format", "RGBH")
    assert code == 0
    assert verdict(out).endswith("at 70 dB or above")
    assert max(decibels(out)) < 85


def test_it_says_what_ran(run: Run) -> None:
    _, out, _ = run("--backend", "onnxruntime")
    first, second, *_ = out.splitlines()
    assert first == f"animesr-v2, onnxruntime ({OnnxRuntime.version()}) on CPU, fp32, against PyTorch in float32"
    assert second == f"clip.mkv, frames {FIRST} to {FIRST + FRAMES - 1}, {WIDTH}x{HEIGHT} RGBS"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_broken_sample_fails(wrong: Callable[..., Result], bad: float) -> None:
    def spoil(step: int, picture: np.ndarray) -> np.ndarray:
        if step == 2:
            picture[1, 7, 9] = bad
        return picture

    code, out, _ = wrong(spoil)
    assert code == 1
    assert verdict(out) == f"FAILED: NaN or infinity in frame {FIRST + 2} (samples of the first one: 1)"
    assert f"{FIRST + 2}  samples that are NaN or infinite: 1\n" in out


@pytest.mark.parametrize(("level", "word"), [(0.0, "black"), (0.5, "constant"), (1.0, "constant")])
def test_a_flat_picture_fails(wrong: Callable[..., Result], level: float, word: str) -> None:
    def spoil(step: int, picture: np.ndarray) -> np.ndarray:
        return level + noise(1e-5, picture.shape) if step in (1, 4) else picture

    code, out, _ = wrong(spoil)
    assert code == 1
    frames = f"2 of the frames {FIRST + 1} to {FIRST + 4}"
    assert verdict(out).startswith(f"FAILED: the picture is {word} and the right one is not, in {frames}; below the")


def test_noise_below_the_floor_fails_and_above_it_passes(wrong: Callable[..., Result]) -> None:
    def spoil(_: int, picture: np.ndarray) -> np.ndarray:
        return picture + noise(1e-2, picture.shape)

    code, out, _ = wrong(spoil)
    assert code == 1
    frames = f"{FRAMES} of the frames {FIRST} to {FIRST + FRAMES - 1}"
    assert verdict(out).startswith(f"FAILED: below the floor of 90 dB in {frames}, 39.9")
    assert wrong(spoil, "--floor", "41")[0] == 1
    assert wrong(spoil, "--floor", "39")[0] == 0


def test_drift_shows_and_fails_where_it_ends_below_the_floor(wrong: Callable[..., Result]) -> None:
    def spoil(step: int, picture: np.ndarray) -> np.ndarray:
        return picture + noise(1e-5 * 10 ** (0.11 * step), picture.shape)  # 100 dB at first, 2.2 less at each step

    code, out, _ = wrong(spoil)
    last = FIRST + FRAMES - 1
    assert code == 1
    assert decibels(out) == pytest.approx([100 - 2.2 * step for step in range(FRAMES)], abs=0.05)
    assert verdict(out).startswith(f"FAILED: below the floor of 90 dB in frame {last}, {decibels(out)[-1]:.2f} dB")
    assert f"at frame {last}, drift -22.0" in out


def test_a_failing_step_leaves_too_few_pictures(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Short(OnnxRuntime):
        name: ClassVar[str] = "short"
        steps = 0

        @override
        def run_step(self, window: tuple[int, int, int], slot: int | None, lane: int) -> None:
            self.steps += 1
            if self.steps > 3:
                raise DeviceError("the cable was pulled")
            super().run_step(window, slot, lane)

    monkeypatch.setitem(verify_options.ONLY_HERE, "short", Short)
    code, out, _ = run("--backend", "short")
    assert code == 1
    assert verdict(out) == f"FAILED: only 3 of {FRAMES} pictures came: the cable was pulled"
    assert [line.split()[0] for line in out.splitlines()[3:6]] == ["30", "31", "32"], "those that came are listed"


@pytest.mark.parametrize(
    ("change", "got"), [(lambda p: p[:, :-1], "(3, 199, 264) float32"), (np.float64, "(3, 200, 264) float64")]
)
def test_another_size_or_type_is_no_picture(wrong: Callable[..., Result], change: Any, got: str) -> None:
    code, out, _ = wrong(lambda _, picture: change(picture))
    assert code == 1
    wanted = f"a picture is {got}, wanted (3, 200, 264) float32"
    assert verdict(out) == f"FAILED: only 0 of {FRAMES} pictures came: {wanted}"


def test_a_state_that_is_lost_is_found(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(OnnxRuntime):
        name: ClassVar[str] = "forgetful"

        @override
        def run_step(self, window: tuple[int, int, int], slot: int | None, lane: int) -> None:
            self.run_reset()
            super().run_step(window, slot, lane)

    monkeypatch.setitem(verify_options.ONLY_HERE, "forgetful", Forgetful)
    code, out, _ = run("--backend", "forgetful")
    assert code == 1
    assert verdict(out).startswith(f"FAILED: below the floor of 90 dB in {FRAMES - 1} of the frames {FIRST + 1} to")
    assert decibels(out)[0] > 110, "the first step has no state to lose"


def test_json_holds_what_was_printed(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    code, out, _ = run("--backend", "onnxruntime", "--output", str(file), "--floor", "60.5")
    data = json.loads(file.read_text())
    assert code == 0
    assert data["schema"] == 1
    assert data["passed"] is True
    assert data["failures"] == []
    assert data["run"] == {
        "model": "animesr-v2",
        "backend": "onnxruntime",
        "version": OnnxRuntime.version(),
        "device": "CPU",
        "precision": "fp32",
        "clip": "clip.mkv",
        "first": FIRST,
        "frames": FRAMES,
        "width": WIDTH,
        "height": HEIGHT,
        "format": "RGBS",
        "floor": 60.5,
    }
    assert [round(step["psnr"], 2) for step in data["steps"]] == decibels(out)
    assert data["summary"]["minimum"] == min(step["psnr"] for step in data["steps"])
    assert f"drift {data['summary']['drift']:+.2f} dB per 10 frames" in out


def test_json_of_a_failure_is_json_and_says_so(wrong: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    code, out, _ = wrong(lambda _, picture: picture * np.float32(np.nan), "--output", str(file))
    data = json.loads(file.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert code == 1
    assert data["passed"] is False
    assert verdict(out) == f"FAILED: {data['failures'][0]}"
    assert {step["psnr"] for step in data["steps"]} == {None}
    assert data["steps"][0]["broken"] == 3 * 16 * WIDTH * HEIGHT


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--size", "320"), "'320' will not do, wanted WIDTHxHEIGHT from 16x16 on"),
        (("--size", "15x64"), "'15x64' will not do"),
        (("--frames", "0"), "'0' will not do, wanted a whole number from 1 on"),
        (("--first", "-1"), "'-1' will not do, wanted a whole number from 0 on"),
        (("--floor", "nan"), "'nan' will not do, wanted a number of dB"),
        (("--floor", "high"), "'high' will not do, wanted a number of dB"),
        (("--backend", "fake"), "invalid choice: 'fake'"),
        (("--format", "RGB24"), "invalid choice: 'RGB24'"),
    ],
)
def test_usage_errors_exit_with_2(run: Run, capsys: Any, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(*arguments)
    assert stopped.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--backend", "onnxruntime", "--precision", "bf16"), "precision='bf16' is not known to onnxruntime; use auto"),
        (("--backend", "onnxruntime", "--device", "GPU"), "no device GPU.0; it runs on CPU, device_id 0, only"),
        (("--clip", "missing.mkv"), "no video file 'missing.mkv'; --clip takes the path of one"),
        (("--clip", __file__), "test_verify.py: it cannot be read as video: "),
        (("--first", "55"), "clip.mkv has 60 frames, wanted frames 55 to 60; choose less by --first and --frames"),
        (("--size", "321x64"), "clip.mkv is 320x240, wanted 321x64; choose less by --size"),
        (("--model", "animesr-v3"), "no model is called 'animesr-v3'"),
    ],
)
def test_what_cannot_run_exits_with_1_and_says_why(run: Run, arguments: tuple[str, ...], words: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("verify: ")
    assert words in err
    assert err.count("\n") == 1


def test_an_output_that_cannot_be_written_is_an_error(run: Run, tmp_path: Path) -> None:
    code, out, err = run("--backend", "onnxruntime", "--output", str(tmp_path), "--frames", "1")
    assert code == 1
    assert "drift unknown" in out
    assert err == f"verify: {tmp_path} cannot be written: Is a directory; give another --output\n"


def test_every_backend_of_the_filter_can_be_asked_for() -> None:
    for name in {*backends.NAMES, "onnxruntime"} - {"fake"}:
        assert verify_options.backend(verify_options.parse(["--backend", name])).name == name


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "precision"), [("openvino", "fp32"), ("torch", "fp32"), ("onnxruntime", "fp16")])
def test_thirty_frames_pass(run: Run, backend: str, precision: str) -> None:
    code, out, _ = run("--backend", backend, "--precision", precision, "--frames", "30", "--size", "160x118")
    assert code == 0, out
    assert verdict(out).startswith("passed: all 30 pictures")
