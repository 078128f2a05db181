"""The degradations in worker processes of a data loader, and after threads have run in the parent."""

import multiprocessing
import pickle

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from tests.degrading import moving
from training.degrade import Recipe, codec, degrade, generator

pytestmark = pytest.mark.slow  # seconds, and seldom what breaks

STARTS = [start for start in ("fork", "spawn") if start in multiprocessing.get_all_start_methods()]


class Clips(Dataset):
    """Degraded clips, and how many threads PyTorch has where they were made."""

    def __len__(self):
        return 6

    def __getitem__(self, n):
        clip, recipe = moving(5, 64, 64, seed=n), Recipe.draw(generator(0, n), 5)
        return degrade(clip, recipe), torch.get_num_threads()


@pytest.mark.filterwarnings("ignore:.*use of fork.. may lead to deadlocks:DeprecationWarning")
@pytest.mark.parametrize("start", STARTS)
def test_workers_make_the_same_clips_on_one_thread(start):
    wanted = [Clips()[n][0] for n in range(6)]
    torch.rand(512, 512) @ torch.rand(512, 512)  # the parent's threads are running when it forks
    loader = DataLoader(Clips(), batch_size=None, num_workers=2, multiprocessing_context=start, timeout=120)
    made = list(loader)
    assert all(threads == 1 for _, threads in made)
    assert all(torch.equal(lr, other) for (lr, _), other in zip(made, wanted, strict=True))


def test_recipes_and_codecs_can_be_sent():
    recipe = Recipe.draw(generator(0), 15)
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    for chosen in codec.CODECS.values():
        assert pickle.loads(pickle.dumps(chosen)) is chosen
