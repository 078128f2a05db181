"""Metrics without truth: statistics of natural scenes, NIQE, PIQE and BRISQUE."""

import math
import pickle

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.picturing import blurred, drawing, natural, noise, noisy
from training.metrics import brisque, niqe, piqe, statistics, svr
from training.metrics.pictures import gray, luma
from vsanimesr.errors import BadModelFile, FormatError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks


@pytest.fixture(scope="module")
def prior():
    return niqe.fit(natural(seed) for seed in range(12))


def slow_normalised(plane, beyond):
    offsets = np.arange(7) - 3
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * (7 / 6) ** 2))
    window /= window.sum()
    padded = np.pad(plane, 3, **beyond)
    result = np.empty_like(plane)
    for y, x in np.ndindex(plane.shape):
        part = padded[y : y + 7, x : x + 7]
        mean = (window * part).sum()
        result[y, x] = (plane[y, x] - mean) / (math.sqrt(abs((window * part**2).sum() - mean**2)) + 1)
    return result


def test_normalised_samples_are_those_of_the_definition():
    plane = luma(noise(1, 17, 21))
    for border, beyond in ((cv2.BORDER_REPLICATE, {"mode": "edge"}), (cv2.BORDER_CONSTANT, {"mode": "constant"})):
        ours, _ = statistics.normalised(plane, border=border)
        np.testing.assert_allclose(ours, slow_normalised(plane, beyond), atol=1e-9)


@given(st.integers(0, 255))
@settings(max_examples=20, deadline=None)
def test_what_is_flat_is_exactly_nothing(value):
    samples, deviation = statistics.normalised(np.full((30, 30), value + 0.123))
    assert not samples.any()
    assert deviation.max() < 1e-3


@pytest.mark.parametrize(("draw", "shape"), [("normal", 2.0), ("laplace", 1.0), ("uniform", 10.0)])
def test_fits_find_the_shape(draw, shape):
    rng = np.random.default_rng(5)
    values = rng.uniform(-1, 1, (2, 100_000)) if draw == "uniform" else getattr(rng, draw)(0, 3, (2, 100_000))
    found, variance = statistics.gaussian(values)
    np.testing.assert_allclose(found, shape, rtol=0.06 if draw != "uniform" else 0.5)
    np.testing.assert_allclose(variance, values.var(axis=1), rtol=1e-3)
    asymmetric, left, right = statistics.asymmetric(values)
    np.testing.assert_allclose(asymmetric, found, rtol=0.05 if draw != "uniform" else 0.5)
    np.testing.assert_allclose([left, right], np.sqrt([variance, variance]), rtol=0.02)


@given(st.floats(0.2, 5), st.floats(0.2, 5))
@settings(max_examples=15, deadline=None)
def test_asymmetric_fits_find_both_sides_and_the_mean(left, right):
    half = np.abs(np.random.default_rng(0).normal(size=200_000))
    share = right / (left + right)  # continuous at 0: as many values on a side as it is wide
    positive = np.arange(len(half)) < share * len(half)
    values = np.where(positive, right * half, -left * half)[None]
    shape, found_left, found_right = statistics.asymmetric(values)
    np.testing.assert_allclose([found_left[0], found_right[0]], [left, right], rtol=0.05)
    np.testing.assert_allclose(shape, 2, rtol=0.1)
    mean = statistics.asymmetric_mean(np.array([2.0]), np.array([left]), np.array([right]))
    np.testing.assert_allclose(mean, values.mean(), atol=0.02 * max(left, right))


def test_a_side_without_values_is_nothing_known():
    assert np.isnan(statistics.asymmetric(np.abs(np.random.default_rng(0).normal(size=(1, 50))))[0]).all()


def test_niqe_is_least_for_pictures_as_the_prior_knows_them(prior):
    for seed in (100, 101):
        picture = natural(seed)
        clean = niqe.score(picture, prior)
        for damaged in (blurred(picture), noisy(picture), picture // 32 * 32):
            assert niqe.score(damaged, prior) > 3 * clean


def test_niqe_grows_with_the_damage(prior):
    picture = natural(200)
    for damage, amounts in ((blurred, (0.7, 1.5, 4)), (noisy, (6, 15, 40))):
        values = [niqe.score(damage(picture, amount), prior) for amount in amounts]
        assert values == sorted(values)


def test_niqe_reads_whole_blocks_only(prior):
    picture = natural(7, 288, 384)
    assert niqe.features(luma(picture)).shape == (12, 36)
    assert niqe.score(np.pad(picture, [(0, 50), (0, 95), (0, 0)]), prior) == pytest.approx(niqe.score(picture, prior))
    for small in (picture[:95], picture[:96, :96], np.full((288, 288, 3), 9, np.uint8)):
        with pytest.raises(FormatError, match="96x96"):
            niqe.score(small, prior)


def test_sharp_blocks_make_the_prior():
    picture = natural(3)
    picture[:96] = blurred(picture, 6)[:96]
    plane = luma(picture)
    assert len(niqe.features(plane)) == 12
    assert len(niqe.features(plane, 0.75)) <= 8


def test_a_prior_comes_from_a_file(tmp_path, prior):
    file = tmp_path / "prior.npz"
    np.savez(file, mu_pris_param=prior.mean[None], cov_pris_param=prior.covariance, gaussian_window=np.ones((7, 7)))
    picture = natural(9)
    assert niqe.score(picture, niqe.read(file)) == niqe.score(picture, prior)
    np.savez(file, mu_pris_param=prior.mean, cov_pris_param=prior.covariance)
    with pytest.raises(BadModelFile, match="mu_pris_param is"):
        niqe.read(file)
    file.write_bytes(b"nothing")
    with pytest.raises(BadModelFile, match="no prior of NIQE"):
        niqe.read(file)


def slow_piqe(picture):
    """Block after block (Venkatanath et al. 2015, section II)."""
    plane = gray(picture)
    plane = np.pad(plane, [(0, -side % 16) for side in plane.shape], mode="symmetric")
    samples = slow_normalised(plane, {"mode": "edge"})
    total = count = 0
    for y in range(0, plane.shape[0], 16):
        for x in range(0, plane.shape[1], 16):
            block = samples[y : y + 16, x : x + 16]
            variance = block.var(ddof=1)
            if variance <= 0.1:
                continue
            count += 1
            edges = (block[0], block[-1], block[:, 0], block[:, -1])
            if any(np.std(edge[n : n + 6], ddof=1) < 0.1 for edge in edges for n in range(11)):
                total += 1 - variance
            ratio = block[:, 7:9].std(ddof=1) / np.delete(block, (7, 8), axis=1).std(ddof=1)
            sigma = math.sqrt(variance)
            if sigma > 2 * abs(sigma - ratio) / max(sigma, ratio):
                total += variance
    return 100 * (total + 1) / (count + 1)


@pytest.mark.parametrize("make", [lambda: drawing(4, 60, 75), lambda: noisy(drawing(5, 48, 64), 5), lambda: noise(6)])
def test_piqe_is_that_of_its_definition(make):
    picture = make()
    assert piqe.score(picture) == pytest.approx(slow_piqe(picture), abs=1e-9)


def test_piqe_knows_noise_and_blocks():
    picture = blurred(natural(11), 0.8)
    clean = piqe.score(picture)
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 4])
    assert piqe.score(cv2.imdecode(coded, cv2.IMREAD_COLOR)) > clean + 10
    assert piqe.score(noisy(picture, 25)) > clean + 10
    assert piqe.score(np.full((64, 64, 3), 90, np.uint8)) == 100


def regression_file(path, vectors=((1.0, 0.5), (-2.0, -0.25)), total=None, kernel="rbf"):
    lines = ["svm_type epsilon_svr", f"kernel_type {kernel}", "gamma 0.05", "nr_class 2"]
    lines += [f"total_sv {len(vectors) if total is None else total}", "rho -40", "SV"]
    lines += [f"{weight} 1:{value} 36:{-value} " for weight, value in vectors]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_regression_is_a_sum_of_gaussians(tmp_path):
    read = svr.read(regression_file(tmp_path / "svm.txt"), 36)
    x = np.zeros(36)
    x[0] = 0.3
    wanted = 40.0
    for weight, value in ((1.0, 0.5), (-2.0, -0.25)):
        wanted += weight * math.exp(-0.05 * ((0.3 - value) ** 2 + value**2))
    assert read(x) == pytest.approx(wanted)
    for options, told in (
        ({"total": 9}, "truncated"),
        ({"kernel": "linear"}, "rbf"),
        ({"vectors": ()}, "no text file"),
    ):
        with pytest.raises(BadModelFile, match=told):
            svr.read(regression_file(tmp_path / "bad.txt", **options), 36)
    with pytest.raises(BadModelFile, match="with 20 features"):
        svr.read(regression_file(tmp_path / "svm.txt"), 20)


def ranges_file(path, value):
    path.write_bytes(pickle.dumps(value))
    return path


def test_brisque_scales_features_and_asks_the_regression(tmp_path):
    regression, picture = regression_file(tmp_path / "svm.txt"), natural(1)
    ranges = ranges_file(tmp_path / "ranges", {"min_": [-1.0] * 36, "max_": [3.0] * 36})
    model = brisque.read(regression, ranges)
    features = brisque.features(gray(picture))
    assert features.shape == (36,)
    assert brisque.score(picture, model) == pytest.approx(svr.read(regression, 36)((features + 1) / 2 - 1))
    mscn = statistics.normalised(gray(picture), border=cv2.BORDER_CONSTANT)[0]
    assert features[1] == pytest.approx((mscn**2).mean())
    assert np.isnan(brisque.features(np.full((64, 64), 0.0))).any()


class Evil:
    def __reduce__(self):
        return print, ("run",)


@pytest.mark.parametrize("value", [Evil(), {"min_": [0.0] * 36}, {"min_": [1.0] * 36, "max_": [1.0] * 36}, [1]])
def test_ranges_of_strangers_are_data(tmp_path, value, capsys):
    with pytest.raises(BadModelFile, match="min_"):
        brisque.read(regression_file(tmp_path / "svm.txt"), ranges_file(tmp_path / "ranges", value))
    assert capsys.readouterr().out == ""
