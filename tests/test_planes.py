"""Planes as the native shim lends them to Python: safe to read for as long as somebody looks, and not a moment writable
after the frame has gone on."""

from typing import Any

import numpy as np
import pytest
import vapoursynth as vs

from tests.clips import core, core_settings, linear, numbered
from vsanimesr.backends.base import Planes
from vsanimesr.backends.fake import Fake
from vsanimesr.session import Session, Ticket


def test_source_planes_are_read_only_and_outlive_their_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[np.ndarray[Any, Any]] = []
    feed = Session.feed

    def keeping(self: Session, n: int, first: int, frames: Any, properties: Any) -> range:
        kept.extend(np.asarray(planes[1]) for planes in frames)
        return feed(self, n, first, frames, properties)

    monkeypatch.setattr(Session, "feed", keeping)
    clip = numbered(30)
    wanted = [np.asarray(frame[1]).copy() for frame in clip.frames()]
    linear(core.animesr.Upscale(clip, backend="fake"))
    core.clear_cache()
    assert len(kept) == 30
    assert all(np.array_equal(a, b) for a, b in zip(kept, wanted, strict=True))
    assert not any(plane.flags.writeable for plane in kept)


def test_a_plane_still_held_after_the_write_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    write = Ticket.write

    def keeping(self: Ticket, target: Any) -> None:
        write(self, target)
        if self.n == 2:
            kept.append(np.asarray(target[0]))

    monkeypatch.setattr(Ticket, "write", keeping)
    clip = core.animesr.Upscale(numbered(5), backend="fake")
    with core_settings(threads=1):
        clip.get_frame(1).close()
        with pytest.raises(vs.Error, match="still in use after it was written"):
            clip.get_frame(2)
        clip.get_frame(3).close()


def test_a_write_of_another_size_or_type_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = core.animesr.Upscale(numbered(5), backend="fake")
    read = Fake.read

    def shrunk(self: Fake, slot: int) -> Planes:
        return [plane[:5, :5].astype(np.float64) for plane in read(self, slot)]

    monkeypatch.setattr(Fake, "read", shrunk)
    with pytest.raises(vs.Error, match="Upscale: TypeError"):
        clip.get_frame(0)
    monkeypatch.undo()
    clip.get_frame(1).close()


def test_an_error_that_is_not_ours_shows_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Session, n: int) -> range:
        raise KeyError("lost")

    clip = core.animesr.Upscale(numbered(5), backend="fake")
    monkeypatch.setattr(Session, "submit", broken)
    with pytest.raises(vs.Error, match="Upscale: KeyError: 'lost'"):
        clip.get_frame(0)
    monkeypatch.undo()
    clip.get_frame(0).close()
