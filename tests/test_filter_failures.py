"""The filter when a source or a device fails in the middle."""

import pytest
import vapoursynth as vs

from tests.clips import core, core_settings, linear, numbered, pixels

FAKE = {"backend": "fake", "scenes": 0, "burn_in": 0}


def test_a_source_that_fails_in_the_middle_passes_its_error_through() -> None:
    good = numbered(40)
    left = [2]

    def broken(n: int, f: vs.VideoFrame) -> vs.VideoFrame:
        if n == 20 and left[0]:
            left[0] -= 1
            raise ValueError("the file is damaged here")
        return f

    clip = core.animesr.Upscale(good.std.ModifyFrame(good, broken), **FAKE)
    truth = linear(core.animesr.Upscale(good, **FAKE))
    with core_settings(threads=2):
        errors = []
        for n in range(40):
            try:
                assert pixels(clip.get_frame(n)) == truth[n]
            except vs.Error as error:
                errors.append(str(error))
        assert errors
        assert all("the file is damaged here" in error for error in errors)
        assert [pixels(clip.get_frame(n)) for n in (19, 20, 21, 39)] == [truth[n] for n in (19, 20, 21, 39)]


def test_a_backend_that_fails_in_the_middle_fails_that_frame_only() -> None:
    good = numbered(40)
    clip = core.animesr.Upscale(good, **FAKE, device="fail=20,delay=0")
    truth = linear(core.animesr.Upscale(good, **FAKE))
    with core_settings(threads=1):
        assert pixels(clip.get_frame(19)) == truth[19]
        with pytest.raises(vs.Error, match="Upscale: simulated failure at frame 20"):
            clip.get_frame(20)
        assert [pixels(clip.get_frame(n)) for n in (20, 39, 5)] == [truth[n] for n in (20, 39, 5)]
