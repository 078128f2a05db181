"""Learnable basic operators: the network, and files of it."""

import pickle

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.degrading import one_thread  # noqa: F401
from training.operators import LBO, load_operators
from vsanimesr.errors import BadModelFile, UnknownModel


def operator(seed: int = 0) -> LBO:
    torch.manual_seed(seed)
    return LBO()


def saved(path, lbo=None, **changed):
    torch.save({"params": {**(lbo or operator()).state_dict(), **changed}}, path)
    return path


def test_an_operator_has_the_published_number_of_parameters():
    assert sum(parameter.numel() for parameter in LBO().parameters()) == 45_635


@given(st.integers(1, 3), st.integers(1, 20), st.integers(1, 20))
@settings(max_examples=15, deadline=None)
def test_it_halves_and_says_what_its_layers_say(count, height, width):
    lbo = operator()
    frames = torch.rand(count, 3, 2 * height, 2 * width)
    with torch.no_grad():
        x = frames.reshape(count, 3, height, 2, width, 2).permute(0, 1, 3, 5, 2, 4).reshape(count, 12, height, width)
        for number in range(3):
            weight, bias = (lbo.state_dict()[f"body.{2 * number}.{name}"] for name in ("weight", "bias"))
            x = F.conv2d(x, weight, bias, padding=1)
            x = torch.where(x < 0, 0.2 * x, x) if number < 2 else x
        assert lbo(frames).shape == (count, 3, height, width)
        torch.testing.assert_close(lbo(frames), x, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(lbo(frames).detach(), x, rtol=1e-5, atol=1e-5)


def test_weights_begin_by_kaimings_rule():
    deviations = {12: [], 64: []}
    for seed in range(8):
        for layer in operator(seed).body[::2]:
            assert not layer.bias.any()
            if layer.out_channels == 64:
                deviations[layer.in_channels].append(layer.weight.std().item())
    for ins, found in deviations.items():
        assert torch.tensor(found).mean() == pytest.approx((2 / (9 * ins)) ** 0.5, rel=0.01)


def test_values_may_leave_the_range():
    with torch.no_grad():
        low, high = operator()(torch.rand(1, 3, 64, 64)).aminmax()
    assert low < 0 or high > 1


@pytest.mark.parametrize("half", [False, True])
def test_operators_come_from_files_in_their_order_and_frozen(tmp_path, half):
    made = [operator(seed) for seed in range(3)]
    paths = [saved(tmp_path / f"{n}.pth", lbo.half() if half else lbo) for n, lbo in enumerate(made)]
    frames = torch.rand(2, 3, 8, 8)
    for lbo, wanted in zip(load_operators(paths), made, strict=True):
        assert not lbo.training
        assert not any(parameter.requires_grad for parameter in lbo.parameters())
        torch.testing.assert_close(lbo(frames), wanted.float()(frames).detach(), rtol=1e-5, atol=1e-5)
    assert load_operators([]) == []


class Evil:
    def __reduce__(self):
        return print, ("this was run",)


def test_a_file_runs_nothing(tmp_path, capsys):
    torch.save({"params": operator().state_dict(), "more": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(BadModelFile, match="nothing of it was run"):
        load_operators([tmp_path / "evil.pth"])
    (tmp_path / "bare.pth").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(BadModelFile, match=r"bare.pth' is no checkpoint"):
        load_operators([tmp_path / "bare.pth"])
    assert "this was run" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"body.4.bias": torch.zeros(4)}, r"body.4.bias is \(4,\), wanted \(3,\)"),
        ({"body.6.bias": torch.zeros(3)}, "body.6.bias .* wanted no such tensor"),
        ({"body.0.bias": torch.full((64,), torch.nan)}, "in body.0.bias that are not finite"),
    ],
)
def test_files_that_are_no_operators(tmp_path, changed, says):
    with pytest.raises(BadModelFile, match=says) as error:
        load_operators([saved(tmp_path / "strange.pth", **changed)])
    assert "strange.pth" in str(error.value)


def test_files_that_are_missing_or_far_too_large(tmp_path):
    with pytest.raises(UnknownModel, match=r"none.pth' cannot be read: .*training.lbo export"):
        load_operators([tmp_path / "none.pth"])
    (tmp_path / "large.pth").write_bytes(bytes(2 << 20))
    with pytest.raises(BadModelFile, match="has 2097152 bytes"):
        load_operators([tmp_path / "large.pth"])
