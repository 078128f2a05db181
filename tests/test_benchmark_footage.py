"""The benchmarks of pictures: lists of cuts, scores, tables; the detector on our own clip."""

import json
from argparse import ArgumentParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks import disturbed, footage, scenes, starts
from benchmarks.drawn import CAMERAS, STYLES, Shot
from export.recurrence import reference
from tests.networks import network
from vsanimesr.errors import ArgumentError, PipelineError
from vsanimesr.scenes import Signature

CLIP = Path(__file__).parent.parent / "examples" / "clip.mkv"
OURS = footage.Footage(CLIP, "clip", (36,), (), (320, 240), 60)


@pytest.mark.parametrize("bits", [8, 10])
def test_the_cut_of_our_own_clip_is_found(bits: int) -> None:
    score = scenes.judge([scenes.real(OURS, CLIP, (320, 240), bits)])
    assert (score.frames, score.right, score.wrong.total(), score.missed.total()) == (59, 1, 0, 0)


@pytest.mark.parametrize("how", ["crf 35, 240 lines", "10 bits", pytest.param("1080 lines", marks=pytest.mark.slow)])
def test_it_is_found_when_compressed_again(how: str, tmp_path: Path) -> None:
    score = scenes.judge([scenes.again(OURS, how, tmp_path)])
    assert (score.frames, score.f1) == (59, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_cuts_are_found_in_drawn_clips(style: str) -> None:
    score = scenes.judge([scenes.drawn(style, 500, shots=15)])
    assert score.right + score.missed.total() > 5
    assert score.f1 >= 0.9


def test_a_score_counts_what_is_right_wrong_and_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter([True, True, False, False, True])
    monkeypatch.setattr(scenes.scenes, "is_cut", lambda before, after: next(told))
    one = Signature(np.zeros((16, 16), np.uint8))
    score = scenes.judge([[(one, cut, kind) for cut, kind in zip([1, 1, 0, 1, 0, 1], "abcdef", strict=True)]])
    assert (score.frames, score.right) == (5, 2)
    assert (dict(score.wrong), dict(score.missed)) == ({"c": 1}, {"d": 1})
    assert score.precision == score.recall == score.f1 == pytest.approx(2 / 3)
    row = scenes.table({"part": score}).splitlines()[-1]
    assert row == "| part | 5 | 3 | 0.667 | 0.667 | 0.667 | 1 c | 1 d |"


def test_spliced_pieces_join_at_cuts() -> None:
    one = Signature(np.zeros((16, 16), np.uint8))
    clips = [[(one, n in (24, 48), f"{clip}{n}") for n in range(72)] for clip in "ab"]
    found = list(scenes.spliced(clips))
    assert len(found) == 3 * 6 * scenes.PIECE
    assert [n for n, (_, cut, _) in enumerate(found) if cut] == list(range(0, len(found), scenes.PIECE))
    for (_, _, before), (_, cut, after) in pairwise(found):
        follows = before[0] == after[0] and int(after[1:]) == int(before[1:]) + 1
        assert follows != cut


def test_drawn_clips_are_the_same_again_and_cut_where_they_say() -> None:
    frames, again = (list(disturbed.clip(7, 6, "flat", (64, 40))) for _ in range(2))
    for one, other in zip(frames, again, strict=True):
        assert (one.cut, one.kind) == (other.cut, other.kind)
        assert (one.picture == other.picture).all()
    assert sum(frame.cut for frame in frames) >= 2
    assert all(not frame.cut for frame in frames if frame.kind in ("dissolve", "fade", *disturbed.EFFECTS))


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_camera_moves_as_its_name_says(camera: str) -> None:
    shot = Shot(3, camera=camera, held=1000)
    moved = (shot.picture(1, 64, 40) != shot.picture(2, 64, 40)).any()
    assert moved == (camera != "still")


@pytest.mark.parametrize("listed", sorted(footage.CUTS.glob("*.json")), ids=lambda file: file.stem)
def test_lists_of_cuts_are_whole(listed: Path) -> None:
    data = json.loads(listed.read_text(encoding="utf-8"))
    assert set(data) == {"clip", "source", "sha256", "size", "frames", "cuts", "doubtful"}
    assert len(bytes.fromhex(data["sha256"])) == 32
    assert Path(data["clip"]).stem == listed.stem
    for numbers in (data["cuts"], data["doubtful"]):
        assert numbers == sorted(set(numbers))
        assert all(0 < n < data["frames"] for n in numbers)


def test_a_list_of_another_file_is_refused(tmp_path: Path) -> None:
    clip = tmp_path / "bikes.mp4"
    clip.write_bytes(b"another")
    with pytest.raises(ArgumentError, match=r"bikes\.json is of a file with SHA-256"):
        footage.load(clip, footage.listed_for(clip))
    with pytest.raises(ArgumentError, match=r"no cuts are listed for other\.mp4; lists: .*bikes"):
        footage.listed_for(tmp_path / "other.mp4")
    with pytest.raises(PipelineError, match=r"bikes\.mp4"):
        list(footage.decode(clip, (16, 16), "gray"))


def test_each_clip_needs_a_list() -> None:
    parser = ArgumentParser()
    footage.add_options(parser)
    with pytest.raises(ArgumentError, match="--cuts names 1 lists for 2 clips"):
        footage.asked_for(parser.parse_args(["--clip", "a.mkv", "b.mkv", "--cuts", "a.json"]))
    assert footage.asked_for(parser.parse_args([])) == []


def test_results_name_no_folders(tmp_path: Path) -> None:
    command = "python -m benchmarks scenes --clip /a/b/clip.mkv --output out/x.json"
    footage.write(tmp_path / "new" / "x.json", "scenes", {"command": command}, {"parts": {}})
    written = json.loads((tmp_path / "new" / "x.json").read_text(encoding="utf-8"))
    assert written["machine"]["command"] == "python -m benchmarks scenes --clip clip.mkv --output x.json"


def test_both_benchmarks_can_be_loaded() -> None:
    assert footage.benchmark("scenes") is scenes
    assert footage.benchmark("starts") is starts


def test_pieces_around_cuts_begin_before_them() -> None:
    pieces = list(starts.real_cuts([OURS]))
    assert [piece.name for piece in pieces] == ["clip:36"]
    assert len(pieces[0].frames) == starts.BEFORE + starts.AFTER
    jumps = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(pieces[0].frames)]
    assert int(np.argmax(jumps)) == starts.BEFORE - 1
    near = footage.Footage(CLIP, "clip", (36, 38), (), (320, 240), 60)
    assert list(starts.real_cuts([near])) == []


@pytest.mark.slow
def test_a_run_starts_where_and_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the network in PyTorch: a burn-in is the first frame as a still, the last frame is its own next."""
    monkeypatch.setattr(starts.models, "load", lambda name: network())
    frames = [Shot(5, camera="pan").picture(n, 96, 64) for n in range(6)]
    wanted = list(reference([starts._reduced(frame) for frame in frames], network()))
    burnt = list(reference([starts._reduced(frames[n]) for n in (2, 2, 2, 3, 4, 5)], network()))
    run = starts.Run(frames)
    try:
        for _ in range(2):
            assert np.abs(np.stack(run.pictures(0, 2, 5)) - np.stack(wanted[2:])).max() < 1e-3
            assert np.abs(run.pictures(2, 5, 5, burn_in=2)[0] - burnt[-1]).max() < 1e-3
        assert np.abs(run.pictures(2, 2, 2, burn_in=0)[0] - burnt[2]).max() > 1e-3
    finally:
        run.close()


def test_decibels() -> None:
    one = np.zeros((3, 4, 4), np.float32)
    assert starts.psnr(one, one + np.float32(0.1)) == pytest.approx(20, abs=1e-4)
    assert starts.psnr(one, one) == pytest.approx(100)


def test_tables_have_medians_by_source() -> None:
    cuts = [
        {"source": source, "name": "", "psnr": {"runs on": [20.0 + n] * 4, "zeros": [19.0 + 2 * n] * 4}}
        for source in ("real", "drawn")
        for n in range(3)
    ]
    middles = [{"source": s, "name": "", "agreement": {"burn-in 3, warm-up 4": 50.0}} for s in ("real", "drawn")]
    lines = starts.tables(starts.Found(cuts, middles)).splitlines()
    assert lines[2] == "| runs on |" + " 21.00 |" * 8 + " 0 of 6 |"
    assert lines[3] == "| zeros |" + " 21.00 |" * 8 + " 2 of 6 |"
    assert lines[-1] == "| burn-in 3, warm-up 4 | 50.0 | 50.0 |"
