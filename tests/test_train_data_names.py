"""What sources keep of what they have decoded, and how people name them."""

import itertools
import json
import pickle

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.preparing import folder, video
from tests.test_train_data_sources import numbered, raised
from training.data import FolderClips, naming
from training.data.cache import FrameCache


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True), max_size=12), st.integers(0, 5))
def test_a_cache_gives_what_decoding_gives_within_its_bound(wanted, bound):
    cache = FrameCache(bound * 12)
    for clip, numbers in zip(itertools.cycle("ab"), wanted, strict=False):
        asked = []

        def decode(missing, clip=clip, asked=asked):
            asked.extend(missing)
            return [np.full((2, 2, 3), ord(clip) + n, np.uint8) for n in missing]

        found = cache.get(clip, sorted(numbers), decode)
        assert [int(each.max()) - ord(clip) for each in found] == sorted(numbers)
        assert cache.size <= bound * 12
        again = len(asked)
        cache.get(clip, sorted(numbers), decode)
        assert bound < len(numbers) or len(asked) == again


def test_sources_are_sent_without_what_they_have_kept(tmp_path):
    folder(tmp_path / "a", numbered(4))
    source = FolderClips(tmp_path)
    made = source.clip(np.random.default_rng(5), 3, (8, 8))
    sent = pickle.loads(pickle.dumps(source))
    assert (source._cache.size, sent._cache.size) == (3 * 48 * 64 * 3, 0)
    assert np.array_equal(sent.clip(np.random.default_rng(5), 3, (8, 8)).frames, made.frames)


def test_sources_by_name(tmp_path):
    clips = folder(tmp_path / "clips" / "a", numbered(4)).parent
    path = video(tmp_path / "a.mkv", numbered(4))
    listed = tmp_path / "listed" / "clips.jsonl"
    listed.parent.mkdir()
    listed.write_text(json.dumps({"name": "a", "path": str(path), "spans": [[0, 1]], "times": [0]}) + "\n")
    assert isinstance(naming.source([str(clips)]), FolderClips)
    assert len(naming.source([str(path)]).clips[0].numbers) == 4
    for name in (listed, listed.parent):
        assert len(naming.source([str(name)]).clips[0].numbers) == 1
    assert naming.source(["toon"]).kept is None
    toon = naming.source(["toon:20:kept"])
    assert (toon.seeds, str(toon.kept)) == (20, "kept")
    mixed = naming.source([f"0.3*{clips}", "toon:5"])
    assert [weight for weight, _ in mixed.parts] == [0.3, 1.0]
    assert [naming.pictures(text) for text in ("toon:20:kept", "0.3*toon:20:C:/a", "toon", "toon:20", "0.3*a:1:b")] == [
        "toon:20",
        "0.3*toon:20",
        "toon",
        "toon:20",
        "0.3*a:1:b",
    ]
    raised(lambda: naming.source([str(tmp_path / "none")]), "no such file or folder; wanted a folder of clips")
    raised(lambda: naming.source(["toon:x"]), "wanted toon, toon:SEEDS or toon:SEEDS:FOLDER")
