"""The report of the proof, of results whose figures are known."""

import json

import pytest

from training.proof import main

TRAINED = {"stage": "net", "steps": 9, "batch": 4, "network": {"features": 24, "blocks": [3, 2, 1]}, "renderer": 1}


def write(folder, seed, kind, twice, pool):
    """A results.json of clips of these figures, None where there is none; bicubic has 20, basic 21."""
    rows = [{"bicubic": 20.0, "basic": 21.0, "twice": a, "pool": b} for a, b in zip(twice, pool, strict=True)]
    clips = [{name: {"psnr": 1.0, "psnr-lines": value} for name, value in row.items()} for row in rows]
    means = {name: {"psnr": 1.0, "psnr-lines": mean([row[name] for row in rows])} for name in rows[0]}
    path = folder / seed / kind / "results.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"means": means, "clips": [{"means": clip} for clip in clips]}))
    return path


def mean(values):
    known = [value for value in values if value is not None]
    return sum(known) / len(known)


def train(folder, *seeds, **changed):
    """The settings of all trainings, one of which is changed."""
    for seed in seeds:
        for arm in ("basic", "twice", "pool"):
            path = folder / seed / arm / "settings.json"
            path.parent.mkdir(parents=True)
            own = {"seed": int(seed), "twice": arm != "basic", "operators": ["x"] if arm == "pool" else []}
            path.write_text(json.dumps(TRAINED | own | (changed if arm == "pool" else {})))


def test_gains_and_their_spread(tmp_path):
    train(tmp_path, "0", "1")
    write(tmp_path, "0", "tape", [22, 24], [23, 24])
    write(tmp_path, "1", "tape", [22, 24], [23, 26])
    assert main([str(tmp_path), "-o", str(tmp_path / "proof.md")]) == 0
    text = (tmp_path / "proof.md").read_text()
    assert "of the seeds 0, 1 (stage net, 9 steps of 4 samples, 24 features" in text
    assert "| tape | 20.00 | 21.00 | 23.00 | 24.00 | +1.00 | 0.71 | +0.50 to +1.50 | 3 of 4 |" in text
    assert "SSIM" not in text


def test_clips_without_a_figure_do_not_count(tmp_path):
    train(tmp_path, "0", "1")
    for seed in ("0", "1"):
        write(tmp_path, seed, "tape", [22, None], [23, None])
    assert main([str(tmp_path), "-o", str(tmp_path / "proof.md")]) == 0
    assert "+1.00 | 0.00 | +1.00 to +1.00 | 2 of 2 |" in (tmp_path / "proof.md").read_text()


@pytest.mark.parametrize("missing", ["a seed", "a degradation"])
def test_what_is_missing_is_said(tmp_path, capsys, missing):
    train(tmp_path, "0", "1")
    write(tmp_path, "0", "tape", [22], [23])
    if missing == "a degradation":
        write(tmp_path, "1", "tape", [22], [23])
        write(tmp_path, "1", "basic-op", [22], [23])
    assert main([str(tmp_path), "-o", str(tmp_path / "proof.md")]) == 1
    assert "run what is missing" in capsys.readouterr().err


@pytest.mark.parametrize("changed", [{"steps": 10}, {"clean": 0.5}])
def test_trainings_that_cannot_be_compared_are_refused(tmp_path, capsys, changed):
    train(tmp_path, "0", "1", **changed)
    for seed in ("0", "1"):
        write(tmp_path, seed, "tape", [22], [23])
    assert main([str(tmp_path), "-o", str(tmp_path / "proof.md")]) == 1
    assert f"pool/settings.json' differs from the others in {next(iter(changed))}" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["{", '{"means": {"bicubic": {"psnr": 1}}, "clips": []}'])
def test_results_of_others_are_named(tmp_path, capsys, damage):
    write(tmp_path, "0", "tape", [22], [23]).write_text(damage)
    assert main([str(tmp_path), "-o", str(tmp_path / "proof.md")]) == 1
    assert "tape/results.json' is damaged, or of other methods" in capsys.readouterr().err


def test_an_endless_figure_is_named(tmp_path, capsys):
    train(tmp_path, "0", "1")
    for seed in ("0", "1"):
        path = write(tmp_path, seed, "tape", [22], [23])
        path.write_text(path.read_text().replace("23.0", '"inf"'))
    assert main([str(tmp_path), "-o", str(tmp_path / "proof.md")]) == 1
    assert "has no psnr-lines, but 'inf'" in capsys.readouterr().err
