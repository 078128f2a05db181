"""The report of the proof, of results whose figures are known."""

import json

import pytest

from training.proof import main


def write(folder, seed, kind, basic, pool):
    """A results.json of clips of these figures by `basic` and `pool`; bicubic always has 20."""
    clips = [
        {"bicubic": {"psnr": 20.0}, "basic": {"psnr": a}, "pool": {"psnr": b}} for a, b in zip(basic, pool, strict=True)
    ]
    means = {name: {"psnr": sum(clip[name]["psnr"] for clip in clips) / len(clips)} for name in clips[0]}
    path = folder / seed / kind / "results.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"means": means, "clips": [{"means": clip} for clip in clips]}))
    return path


def test_gains_and_their_spread(tmp_path):
    write(tmp_path, "0", "tape", [22, 24], [23, 24])
    write(tmp_path, "1", "tape", [22, 24], [23, 26])
    assert main([str(tmp_path), "-o", str(tmp_path / "proof.md")]) == 0
    text = (tmp_path / "proof.md").read_text()
    assert "of the seeds 0, 1" in text
    assert "| tape | 20.00 | 23.00 | 24.00 | +1.00 | 0.71 | +0.50 to +1.50 | 3 of 4 |" in text
    assert "SSIM" not in text


@pytest.mark.parametrize("missing", ["a seed", "a degradation"])
def test_what_is_missing_is_said(tmp_path, capsys, missing):
    write(tmp_path, "0", "tape", [22], [23])
    if missing == "a degradation":
        write(tmp_path, "1", "tape", [22], [23])
        write(tmp_path, "1", "basic", [22], [23])
    assert main([str(tmp_path), "-o", str(tmp_path / "proof.md")]) == 1
    assert "run what is missing" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["{", '{"means": {"bicubic": {"psnr": 1}}, "clips": []}'])
def test_results_of_others_are_named(tmp_path, capsys, damage):
    write(tmp_path, "0", "tape", [22], [23]).write_text(damage)
    assert main([str(tmp_path), "-o", str(tmp_path / "proof.md")]) == 1
    assert "tape/results.json' is damaged, or of other methods" in capsys.readouterr().err
