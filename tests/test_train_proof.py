"""The report of the proof, of results whose figures are known, and what is no comparison."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

import training
from tests.networks import network
from training.proof import main
from training.proving.page import Gain
from vsanimesr.models import artifact

NETWORKS = "basic", "twice", "pool"
TRAINED = {"stage": "net", "steps": 9, "batch": 4, "network": {"features": 24, "blocks": [3, 2, 1]}, "renderer": 1}
TRAINED |= {"sources": ["toon:8:out/drawn"]}
OPERATOR = hashlib.sha256(b"operator").hexdigest()
MODEL = network(architecture="animesr-lite")


def evaluated(folder, seed, kind, twice, pool):
    """A results.json of clips of these figures, None where there is none; bicubic has 20, basic 21."""
    rows = [{"bicubic": 20.0, "basic": 21.0, "twice": a, "pool": b} for a, b in zip(twice, pool, strict=True)]
    clips = [{name: {"psnr": value, "psnr-lines": value} for name, value in row.items()} for row in rows]
    means = {name: dict.fromkeys(("psnr", "psnr-lines"), mean([row[name] for row in rows])) for name in rows[0]}
    methods = {"bicubic": "imresize"} | dict.fromkeys(
        NETWORKS, f"drawn, weights {MODEL.spec.weights_sha256[:12]}, fp32"
    )
    path = folder / seed / kind / "results.json"
    path.parent.mkdir(parents=True)
    what = {"origin": f"drawn, {kind}", "frames": 24, "size": [160, 96]}
    named = [{"name": f"clip {number}", "means": clip} | what for number, clip in enumerate(clips)]
    path.write_text(json.dumps({"methods": methods, "means": means, "clips": named}))
    return path


def mean(values):
    known = [value for value in values if value is not None]
    return sum(known) / len(known)


def settings(folder, where, name, **changed):
    """What a training was asked for."""
    path = folder / where / name / "settings.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    own = {"seed": int(where), "twice": name != "basic", "operators": [OPERATOR] if name == "pool" else []}
    path.write_text(json.dumps(TRAINED | own | changed))


@pytest.fixture
def proof(tmp_path):
    """A folder of two seeds, whose networks are trained, and judged on `broadcast`."""
    for seed, pool in (("0", [23, 23]), ("1", [23, 25])):
        for name in NETWORKS:
            settings(tmp_path, seed, name)
            artifact.write(MODEL, tmp_path / seed / f"{name}.onnx")
        evaluated(tmp_path, seed, "broadcast", [22, 24], pool)
        video = tmp_path / seed / "video"
        (video / "net").mkdir(parents=True)
        (video / "operator.pth").write_bytes(b"operator")
        looks = [{"psnr": 20.0, "psnr_area": 24.0}, {"operator/l1": 0.1}, {"psnr": 25.0, "psnr_area": 24.5}]
        (video / "net" / "log.jsonl").write_text("\n".join(map(json.dumps, looks)))
    return tmp_path


def made(folder, *options):
    """What the two commands end with, the report in proof.md."""
    figures = folder / "proof.jsonl"
    return main(["gather", str(folder), "-o", str(figures)]) or main(
        ["report", str(figures), "-o", str(folder / "proof.md"), *options]
    )


def told(folder):
    """The report's text."""
    assert made(folder) == 0
    return (folder / "proof.md").read_text()


def refused(folder, capsys):
    """Why there is no report."""
    assert made(folder) == 1
    assert not (folder / "proof.md").exists()
    return capsys.readouterr().err


def test_gains_and_their_spread(proof):
    text = told(proof)
    assert "of 2 clips by networks of the seeds 0, 1 (stage net, 9 steps of 4 samples, 24 features" in text
    row = next(line for line in text.splitlines() if line.startswith("| broadcast"))
    assert row.startswith("| broadcast | 20.00 | 21.00 | 23.00 | 23.50 | +2.50 ± 0.71 (+2.00 to +3.00; 2 of 2 clips)")
    assert "| +0.50 ± 0.71 (+0.00 to +1.00; 1 of 2 clips): unclear |" in row
    assert "SSIM" not in text
    assert "What the 2 operators make of pseudo truth" in text
    assert "against bicubic it has +3.50 dB" in text
    assert "by +0.50 dB (+0.50 to +0.50), at 25.00 dB" in text


def test_the_report_that_is_kept_is_of_the_figures_that_are_kept(tmp_path):
    kept = Path(training.__file__).parent
    assert main(["report", str(kept / "proof.jsonl"), "-o", str(tmp_path / "proof.md")]) == 0
    assert (tmp_path / "proof.md").read_text() == (kept / "proof.md").read_text()


def test_seeds_of_several_machines_are_gathered(proof, tmp_path_factory):
    whole = told(proof)
    for name in NETWORKS:
        settings(proof, "0", name, sources=["toon:8:/elsewhere/drawn"])
    there = tmp_path_factory.mktemp("there")
    (proof / "0").rename(there / "0")
    first, both, report = there / "first.jsonl", there / "both.jsonl", there / "proof.md"
    assert main(["gather", str(there), "-o", str(first)]) == 0
    assert main(["gather", str(proof), str(first), "-o", str(both)]) == 0
    assert main(["report", str(both), "-o", str(report)]) == 0
    assert report.read_text() == whole


def test_one_seed_has_no_spread(proof, capsys):
    shutil.rmtree(proof / "1")
    assert "a spread wants 2 seeds at least, got the figures of 1" in refused(proof, capsys)


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-9], lambda text: text.replace('"means"', '"m"'), lambda _: "{}"]
)
def test_figures_that_are_damaged_are_refused(proof, capsys, damage):
    told(proof)
    figures, again = proof / "proof.jsonl", proof / "again.md"
    figures.write_text(damage(figures.read_text()))
    assert main(["report", str(figures), "-o", str(again)]) == 1
    assert "are no figures of a proof" in capsys.readouterr().err
    assert not again.exists()


def test_it_answers_for_the_degradations_that_nothing_knows(proof):
    for seed in ("0", "1"):
        evaluated(proof, seed, "tape", [22, 24], [21, 23])
        evaluated(proof, seed, "bicubic", [22, 24], [21, 23])
    answers = [line for line in told(proof).splitlines() if line.startswith("- ")]
    assert [line.split("`")[1] for line in answers] == ["broadcast", "tape"]
    assert "learned from videos of it): the pool **unclear** against the basic operators alone, +2.50 dB" in answers[0]
    assert "**helps** against the basic operators alone, +1.00 dB" in answers[1]
    assert "**hurts** against two reductions without operators, -1.00 dB" in answers[1]


@pytest.mark.parametrize(
    ("seeds", "verdict"),
    [
        ((1.0, 1.0), "helps"),
        ((-1.0, -1.0, -1.0), "hurts"),
        ((0.0, 0.0), "unclear"),
        ((1.0, 2.0, 3.0), "unclear"),  # 2 against 4.303 / sqrt(3), 2.48
        ((2.0, 3.0, 4.0), "helps"),
        ((-2.0, -3.0, -4.0), "hurts"),
        ((1.0, 2.0), "unclear"),
        (tuple(2 + n % 2 for n in range(30)), "helps"),
    ],
)
def test_a_verdict_is_student_s(seeds, verdict):
    assert Gain(seeds, ()).verdict == verdict


def test_clips_without_a_figure_do_not_count(proof):
    for seed in ("0", "1"):
        evaluated(proof, seed, "tape", [22, None], [23, None])
    assert "+1.00 ± 0.00 (+1.00 to +1.00; 1 of 1 clips): helps" in told(proof)


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        ("1/broadcast", "a spread wants 2 seeds at least, got the figures of 1"),
        ("1/pool", "1/pool/settings.json' cannot be read"),
        ("1/pool.onnx", "1/pool.onnx cannot be read"),
        ("0/pool/settings.json", "0/pool/settings.json' cannot be read"),
        ("0/video/net/log.jsonl", "0/video/net/log.jsonl' cannot be read"),
    ],
)
def test_what_is_missing_is_said(proof, capsys, missing, why):
    (proof / missing).rename(proof / "away")
    assert why in refused(proof, capsys)


def test_seeds_that_are_not_judged_are_left_out_and_not_named(proof, capsys):
    (proof / "1" / "broadcast").rename(proof / "away")
    assert main(["gather", str(proof), "-o", str(proof / "proof.jsonl")]) == 0
    assert capsys.readouterr().out.endswith("proof.jsonl: judged seeds 0\n")


def test_the_degradation_that_was_learned_must_be_there(proof, capsys):
    for seed in ("0", "1"):
        (proof / seed / "broadcast").rename(proof / seed / "tape")
    assert "there are no results on 'broadcast'" in refused(proof, capsys)
    assert made(proof, "--learned", "tape") == 0


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"steps": 10}, "differs from the others in steps"),
        ({"clean": 0.5}, "differs from the others in clean"),
        ({"sources": ["toon:9:out/drawn"]}, "differs from the others in sources"),
        ({"seed": 5}, "has another seed than 'basic' beside it"),
        ({"operators": []}, "was not degraded as 'pool' is"),
        ({"twice": False}, "was not degraded as 'pool' is"),
    ],
)
def test_trainings_that_cannot_be_compared_are_refused(proof, capsys, changed, why):
    settings(proof, "1", "pool", **changed)
    assert f"1/pool' {why}: that is no comparison" in refused(proof, capsys)


def test_one_seed_twice_is_no_spread(proof, capsys):
    for name in NETWORKS:
        settings(proof, "1", name, seed=0)
    assert "seed 0 is there twice" in refused(proof, capsys)


def test_seeds_that_were_trained_otherwise_are_refused(proof, capsys):
    for name in NETWORKS:
        settings(proof, "1", name, steps=10)
    assert "seeds 0 and 1 differ in steps: that is no comparison" in refused(proof, capsys)


def test_seeds_that_were_judged_on_less_are_refused(proof, capsys):
    evaluated(proof, "0", "tape", [22, 24], [21, 23])
    assert "were not judged on the same degradations and clips" in refused(proof, capsys)


def test_figures_of_other_weights_are_refused(proof, capsys):
    artifact.write(network(seed=1, architecture="animesr-lite"), proof / "1" / "twice.onnx")
    assert "1/broadcast/results.json' is of other weights than" in refused(proof, capsys)


@pytest.mark.parametrize(
    ("was", "now"), [("clip 1", "clip 9"), ("drawn, ", "painted, "), ('"frames": 24', '"frames": 12'), ("160", "320")]
)
def test_figures_of_other_clips_are_refused(proof, capsys, was, now):
    path = proof / "1" / "broadcast" / "results.json"
    path.write_text(path.read_text().replace(was, now))
    assert "seeds 0 and 1 were not judged on the same degradations and clips" in refused(proof, capsys)


@pytest.mark.parametrize(
    ("damage", "why"),
    [("{", "cannot be read"), ('{"means": {"bicubic": {"psnr": 1}}, "clips": [], "methods": {}}', "of other methods")],
)
def test_results_of_others_are_named(proof, capsys, damage, why):
    (proof / "0" / "broadcast" / "results.json").write_text(damage)
    said = refused(proof, capsys)
    assert "broadcast/results.json'" in said
    assert why in said


def test_an_endless_figure_is_named(proof, capsys):
    path = proof / "1" / "broadcast" / "results.json"
    path.write_text(path.read_text().replace("24.0", '"inf"'))
    assert "has no psnr on broadcast, but 'inf'" in refused(proof, capsys)


def test_operators_are_those_that_the_pool_learned_with_and_were_looked_at(proof, capsys):
    operator = proof / "0" / "video" / "operator.pth"
    operator.write_bytes(b"another")
    assert "not the 1 that its pool learned with" in refused(proof, capsys)
    operator.write_bytes(b"operator")
    (proof / "0" / "video" / "net" / "log.jsonl").write_text('{"step": 3}')
    assert "wants --held-out" in refused(proof, capsys)
