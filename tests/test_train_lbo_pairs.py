"""Pairs that operators are learnt from: what is drawn of them, and folders that are none."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.degrading import one_thread  # noqa: F401
from tests.preparing import texture
from training.operators import Pairs
from vsanimesr.errors import MediaError, TrainingError

SIZE = 20, 28
"""Height and width of LR frames."""


def write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def chroma_blurred(hr: np.ndarray) -> np.ndarray:
    """A reduction that no filter of the three channels makes: means of 2x2, then blurred colours."""
    half = cv2.resize(hr.astype(np.float32), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    gray = half.mean(2, keepdims=True)
    return (gray + cv2.blur(half - gray, (5, 5))).clip(0, 255).round().astype(np.uint8)


def area(hr: np.ndarray) -> np.ndarray:
    return cv2.resize(hr, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def written(folder: Path, pairs: int = 6, size: tuple[int, int] = SIZE, reduce=area, first: int = 0) -> Path:
    """A folder of pairs, three of them a clip."""
    for n in range(first, first + pairs):
        hr = texture(n, 2 * size[0], 2 * size[1], cell=5)
        for kind, picture in {"hr": hr, "lr": reduce(hr)}.items():
            write(folder / f"{n // 3:06}" / kind / f"{n % 3 + 1:08}.png", picture)
    (folder / "pairs.json").write_text(json.dumps({"video": "film.mkv", "factor": 0.5, "chosen": "person"}))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path / "pairs")


def test_what_a_folder_holds(folder: Path, tmp_path: Path) -> None:
    pairs = Pairs([folder, written(tmp_path / "more", 2, (30, 20), first=20)], patch=16)
    assert len(pairs) == 8
    assert [pair.size for pair in pairs.pairs] == [SIZE] * 6 + [(30, 20)] * 2
    assert pairs.facts[0] == {"video": "film.mkv", "factor": 0.5, "chosen": "person"}
    hr, lr = pairs.whole(4)
    assert np.array_equal(hr, texture(4, 40, 56, cell=5))
    assert np.array_equal(lr, area(hr))


def test_samples_are_functions_of_seed_and_number(folder: Path) -> None:
    one, other, small = Pairs([folder], 16, 3), Pairs([folder], 16, 3), Pairs([folder], 16, 3, cache=0)
    batches = one.of([range(4), range(4, 8)])
    first, second = next(batches), next(batches)
    for pairs, threads in ((other, 3), (small, 1)):
        (later,) = pairs.of([range(2, 6)], threads)
        for kind in ("hr", "lr"):
            wanted = torch.cat([getattr(first, kind)[2:], getattr(second, kind)[:2]])
            assert torch.equal(getattr(later, kind), wanted)
    (strange,) = Pairs([folder], 16, 4).of([range(4)])
    assert not torch.equal(strange.hr, first.hr)
    assert (first.hr.shape, first.lr.shape) == ((4, 3, 16, 16), (4, 3, 8, 8))
    assert first.hr.dtype == torch.float32


def test_patches_of_a_sample_belong_together_and_come_from_everywhere(tmp_path: Path) -> None:
    """Each pixel of HR says which row, column and pair it is of."""
    rows, columns = np.mgrid[:40, :56].astype(np.uint8)
    for n in range(3):
        hr = np.dstack([rows, columns, np.full_like(rows, n)])
        write(tmp_path / "000000" / "hr" / f"{n:08}.png", hr)
        write(tmp_path / "000000" / "lr" / f"{n:08}.png", hr[::2, ::2])
    (tmp_path / "pairs.json").write_text("{}")
    pairs, places, turns = Pairs([tmp_path], 16), set(), set()
    for number in range(300):
        hr, lr = pairs.sample(number)
        assert hr.shape == (16, 16, 3)
        top, left, n = hr.reshape(-1, 3).min(0).tolist()
        whole = np.dstack([rows, columns, np.full_like(rows, n)])[top : top + 16, left : left + 16]
        (turn,) = [turn for turn in range(8) if np.array_equal(turned(whole, turn), hr)]
        assert np.array_equal(turned(whole[::2, ::2], turn), lr)
        places.add((n, top, left))
        turns.add(turn)
    assert len(turns) == 8
    assert {n for n, *_ in places} == {0, 1, 2}
    assert {top for _, top, _ in places} == set(range(0, 25, 2))
    assert {left for *_, left in places} == set(range(0, 41, 2))


def turned(patch: np.ndarray, turn: int) -> np.ndarray:
    """One of the eight ways."""
    patch = patch[:: -1 if turn & 1 else 1, :: -1 if turn & 2 else 1]
    return patch.swapaxes(0, 1) if turn & 4 else patch


def test_an_epoch_has_every_pair_once_in_an_order_of_its_own(tmp_path: Path) -> None:
    pairs = Pairs([written(tmp_path / "flat", 9, reduce=area)], 40)
    colours = [set(map(tuple, pairs.whole(n)[0].reshape(-1, 3))) for n in range(9)]
    numbers = []
    for number in range(27):
        seen = set(map(tuple, pairs.sample(number)[0].reshape(-1, 3)))
        numbers.append(next(n for n, all_of_it in enumerate(colours) if seen <= all_of_it))
    epochs = [numbers[first : first + 9] for first in (0, 9, 18)]
    assert all(sorted(epoch) == list(range(9)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_pictures_are_kept_up_to_a_bound(folder: Path) -> None:
    bytes_of_one = 3 * 20 * 28 * 5
    pairs = Pairs([folder], 16, cache=2 * bytes_of_one)
    for number in range(6):
        pairs.sample(number)
    for file in folder.rglob("*.png"):
        file.unlink()
    assert sum(gone(pairs, number) for number in range(6)) == 4


def gone(pairs: Pairs, number: int) -> bool:
    try:
        pairs.whole(number)
    except MediaError:
        return True
    return False


def test_folders_that_hold_no_pairs(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(TrainingError, match=r"no folder of pairs .*training.rescale pairs"):
        Pairs([tmp_path / "none"])
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "pairs.json").write_text("{}")
    with pytest.raises(TrainingError, match=r"empty' holds no pairs: 0 clips"):
        Pairs([folder, tmp_path / "empty"], 16)
    (tmp_path / "empty" / "pairs.json").write_text("[1]")
    with pytest.raises(TrainingError, match=r"pairs.json' holds a list"):
        Pairs([tmp_path / "empty"])


def test_other_pairs_have_another_hash(folder: Path, tmp_path: Path) -> None:
    same, more, changed = written(tmp_path / "same"), written(tmp_path / "more", 7), written(tmp_path / "changed")
    write(changed / "000001" / "lr" / "00000001.png", np.zeros((*SIZE, 3), np.uint8))
    hashes = [Pairs([each], 16).sha256 for each in (folder, same, more, changed)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize("kind", ["hr", "lr"])
def test_a_picture_without_its_counterpart(folder: Path, kind: str) -> None:
    (folder / "000001" / kind / "00000002.png").unlink()
    other = {"hr": "lr", "lr": "hr"}[kind]
    with pytest.raises(MediaError, match=f"000001/{other}/00000002.png' has no counterpart .*/{kind}/00000002.png"):
        Pairs([folder], 16)


def test_pictures_of_wrong_sizes_and_none_at_all(folder: Path) -> None:
    write(folder / "000000" / "hr" / "00000003.png", texture(0, 40, 54))
    with pytest.raises(MediaError, match=r"000000/hr/00000003.png' is 54x40, wanted 56x40"):
        Pairs([folder], 16)
    (folder / "000000" / "hr" / "00000003.png").write_bytes(b"none")
    with pytest.raises(MediaError, match=r"000000/hr/00000003.png' is no picture"):
        Pairs([folder], 16)


@pytest.mark.parametrize(
    ("patch", "says"), [(42, "is 56x40, patches of 42 do not fit"), (15, "multiple of 2"), (0, "multiple")]
)
def test_patches_that_are_none(folder: Path, patch: int, says: str) -> None:
    with pytest.raises(TrainingError, match=says):
        Pairs([folder], patch)
    Pairs([folder], 40)
