"""MANIQA: the network beside references of its parts, its weights, and the papers' protocol."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.picturing import noise
from training.metrics import maniqa
from training.metrics.maniqa import MANIQA, TransposedAttention
from training.metrics.swin import ScaleSwin, SwinBlock
from training.metrics.vision_transformer import Block, VisionTransformer
from vsanimesr.errors import BadModelFile, FormatError

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

SMALL = {"width": 16, "heads": 2, "side": 64}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def small(seed=0, **options):
    torch.manual_seed(seed)
    return MANIQA(**SMALL | options).eval()


@pytest.mark.slow
def test_the_whole_network_has_the_authors_number_of_parameters():
    network = MANIQA()
    own = sum(parameter.numel() for parameter in network.parameters())
    block = sum(parameter.numel() for parameter in network.vit.blocks[0].parameters())
    unread = 2 * block + 2 * 768 + 769_000 + (9 * 768 + 1) * 768 + (9 * 384 + 1) * 384
    assert own == 114_164_578
    assert own + unread == 135_747_530
    assert network.vit.pos_embed.shape == (1, 785, 768)
    assert network.tablock1[0].c_q.weight.shape == (784, 784)


def test_a_block_is_the_transformer_of_pytorch():
    torch.manual_seed(0)
    ours = Block(16, 2).eval()
    theirs = nn.TransformerEncoderLayer(16, 2, 64, 0.0, "gelu", 1e-6, batch_first=True, norm_first=True).eval()
    names = {
        "self_attn.in_proj_": "attn.qkv.",
        "self_attn.out_proj.": "attn.proj.",
        "linear1.": "mlp.fc1.",
        "linear2.": "mlp.fc2.",
    }
    state = ours.state_dict()
    for name in theirs.state_dict():
        ours_name = next((name.replace(a, b) for a, b in names.items() if name.startswith(a)), name)
        theirs.state_dict()[name].copy_(state[ours_name])
    x = torch.randn(3, 10, 16)
    torch.testing.assert_close(ours(x), theirs(x), atol=1e-5, rtol=1e-5)


def test_features_are_those_after_the_blocks_that_are_named():
    torch.manual_seed(0)
    network = VisionTransformer(16, 2, 8, 32, (1, 2)).eval()
    seen = []
    for block in network.blocks:
        block.register_forward_hook(lambda module, read, made: seen.append(made))
    found = network(torch.randn(2, 3, 32, 32))
    assert found.shape == (2, 16, 32)
    torch.testing.assert_close(found, torch.cat([seen[1][:, 1:], seen[2][:, 1:]], 2))


def test_channels_attend_to_each_other():
    torch.manual_seed(0)
    block, x = TransposedAttention(6).requires_grad_(False), torch.randn(1, 4, 6)
    q, k, v = (layer(x)[0] for layer in (block.c_q, block.c_k, block.c_v))
    mixed = torch.zeros(4, 6)
    for channel in range(4):
        weights = torch.tensor([float(q[channel] @ k[other]) / 6**0.5 for other in range(4)]).softmax(0)
        mixed[channel] = sum(weights[other] * v[other] for other in range(4))
    wanted = mixed.T.reshape(4, 6) + x[0]
    torch.testing.assert_close(block(x)[0], wanted)


def test_windows_see_their_own_tokens_and_not_what_the_shift_brought_beside_them():
    torch.manual_seed(0)
    for shift in (0, 2):
        block = SwinBlock(8, 8, window=4, shift=shift, heads=2, hidden=8).eval()
        x = torch.randn(1, 64, 8)
        changed = x.clone()
        changed[0, 0] = torch.randn(8)  # the token in the corner
        apart = (block(x) - block(changed)).abs().amax(2).view(8, 8) > 1e-6
        rows, columns = apart.nonzero(as_tuple=True)
        assert apart[0, 0]
        assert int(rows.max()) == int(columns.max()) == (3 if shift == 0 else 1)


def test_a_scale_of_nothing_changes_nothing():
    torch.manual_seed(0)
    x = torch.randn(2, 64, 8)
    torch.testing.assert_close(ScaleSwin(8, 8, window=4, heads=2, hidden=8, scale=0.0)(x), x)


def test_scores_are_means_of_patches_and_of_crops():
    network, picture = small(), noise(1, 80, 96)
    values = torch.from_numpy(picture).permute(2, 0, 1).float() / 127.5 - 1
    wanted = []
    for number in range(3):
        crops = maniqa.crop_positions(80, 96, number, side=64)
        assert len(crops) == 20
        assert all(0 <= y <= 16 and 0 <= x <= 32 for y, x in crops)
        with torch.inference_mode():
            wanted.append(np.mean([float(network(values[None, :, y : y + 64, x : x + 64])) for y, x in crops]))
    assert maniqa.score(picture, network, side=64) == pytest.approx(np.mean(wanted), abs=1e-5)
    assert maniqa.score(picture, network, sets=1, side=64) == pytest.approx(wanted[0], abs=1e-5)


def test_crops_are_the_same_for_every_picture_of_a_size():
    assert maniqa.crop_positions(500, 600, 1) == maniqa.crop_positions(500, 600, 1)
    assert maniqa.crop_positions(500, 600, 1) != maniqa.crop_positions(500, 600, 2)
    assert maniqa.crop_positions(224, 224, 0) == [(0, 0)] * 20
    with pytest.raises(FormatError, match="224x224"):
        maniqa.crop_positions(224, 223, 0)


@pytest.fixture
def authors(monkeypatch):
    """A state dict as the authors' program would save that of a small network."""
    network = small(1)
    monkeypatch.setattr(maniqa, "MANIQA", lambda scale: MANIQA(**SMALL, scale=scale))
    unread = ("vit.norm.weight", "vit.head.bias", "vit.blocks.11.norm1.bias", "swintransformer1.downsample.weight")
    return network, network.state_dict() | {name: torch.ones(16) for name in unread}


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_state_dict_is_read(authors, tmp_path, prefix):
    network, state = authors
    torch.save({prefix + name: tensor for name, tensor in state.items()}, tmp_path / "weights.pt")
    read = maniqa.read(tmp_path / "weights.pt")
    x = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(read(x), network(x))
    assert not any(parameter.requires_grad for parameter in read.parameters())


def test_the_names_of_the_first_version_are_known(authors, tmp_path):
    _, state = authors
    old = {name.replace("tablock", "channel_attn"): tensor for name, tensor in state.items()}
    torch.save(old, tmp_path / "weights.pt")
    maniqa.read(tmp_path / "weights.pt")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda state: {name: t for name, t in state.items() if name != "conv1.bias"}, "conv1.bias"),
        (lambda state: state | {"vit.other": torch.ones(1)}, "vit.other"),
        (lambda state: state | {"conv1.bias": torch.ones(3)}, "conv1.bias"),
        (lambda state: [1, 2], "wanted a state dict"),
        (lambda state: nn.Linear(2, 2), "no plain state dict"),
    ],
)
def test_what_does_not_fit_is_refused(authors, tmp_path, change, told):
    torch.save(change(authors[1]), tmp_path / "weights.pt")
    with pytest.raises(BadModelFile, match=told):
        maniqa.read(tmp_path / "weights.pt")
