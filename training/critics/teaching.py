"""The training of our own features: what a picture was before it was worn, how it was worn, and what is in it."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam

from training import degrade, toon
from training.core import Cosine, Learner, Settings, Tools
from training.core.batches import moved
from training.critics import targets
from training.critics.drawings import NAMES
from training.critics.perceptual import TOON_WIDTH
from training.critics.samples import WEAR, Batch
from training.critics.targets import CHANNELS, COLOUR, FLAT, LINES, ORIENTATION
from training.critics.vgg import VGG
from vsanimesr.errors import TrainingError

COUNTS = {"lines": 1.0, "flat": 1.0, "colour": 4.0, "orientation": 4.0, "names": 2.0, "wear": 2.0}
"""What each term counts, so that they begin about as large."""
LAST = "conv5_4"
"""The layer whose features tell what is in a picture."""

type Known = tuple[dict[str, Tensor], Tensor, Tensor]
"""By layer what is at each place, [B, CHANNELS, h, w]; names, [B, len(NAMES)]; wear, [B, WEAR]. Of what is a share and
of names they are logits."""


@dataclass(frozen=True, kw_only=True)
class Teaching(Settings):
    """What decides a training of features."""

    drawings: int = 20_000
    """How many there are."""
    size: tuple[int, int] = (640, 384)
    """Their width and height."""
    patch: int = 192
    """Side of a sample, a multiple of 16, at most those of drawings."""
    width: int = TOON_WIDTH
    """Channels of the first block."""
    lr: float = 5e-4
    """Highest learning rate; it ends at a hundredth of that."""
    length: int = 30_000
    """Steps over which it falls."""
    renderer: int = toon.VERSION
    """Version of the renderer."""
    degradations: int = degrade.VERSION
    """Version of the degradations."""

    def __post_init__(self) -> None:
        """Raise TrainingError for numbers that make no sense."""
        super().__post_init__()
        if self.drawings < 1 or self.length < 1 or self.width < 1 or self.lr <= 0:
            raise TrainingError(
                f"{self.drawings} drawings, {self.length} steps, width {self.width}, rate {self.lr}, wanted above 0"
            )
        if self.patch < 16 or self.patch % 16 or self.patch > min(self.size):
            raise TrainingError(
                f"patches of {self.patch} of drawings of {self.size[0]}x{self.size[1]}, wanted a multiple of 16, at "
                "most their sides"
            )


class Student(nn.Module):
    """Features, and linear heads that read off them what they are to know; only the features are used later.

    Every layer that a perceptual loss looks at has a head of its own for what is at each place, so it has to say that
    by itself. How worn a picture is is read off all layers, what is in it off the last one.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.encoder = VGG(width)
        for module in self.encoder.modules():
            if isinstance(module, nn.Conv2d):  # He et al., ICCV 2015: PyTorch's own would fade over 16 layers
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]  # it has one
        layers = self.encoder.features
        channels = {name: len(layers.get_parameter(f"{place}.bias")) for place, name in self.encoder.taps.items()}
        self.local = nn.ModuleDict({name: nn.Conv2d(count, CHANNELS, 1) for name, count in channels.items()})
        self.wear = nn.Linear(sum(channels.values()), WEAR)
        self.names = nn.Linear(2 * channels[LAST], len(NAMES))

    def forward(self, pictures: Tensor) -> Known:
        """Of pictures [B, 3, H, W] from 0 to 1, sides from 16 on."""
        found = self.encoder(pictures)
        places = {name: self.local[name](features) for name, features in found.items()}
        seen = {name: F.relu(features) for name, features in found.items()}
        means = {name: features.mean((2, 3)) for name, features in seen.items()}
        names = self.names(torch.cat([means[LAST], seen[LAST].amax((2, 3))], 1))
        return places, names, self.wear(torch.cat(list(means.values()), 1))


class FeatureTraining(Learner[Batch]):
    """Features on their way; `held_out` is what they are tried on now and then."""

    def __init__(self, settings: Teaching, held_out: Batch | None = None) -> None:
        student = Student(settings.width)
        self.networks = {"features": student}
        self.optimisers = {"features": Adam(student.parameters(), betas=(0.9, 0.99))}
        warm_up = min(500, settings.length // 10)
        self.schedules = {"features": Cosine(settings.lr, settings.length, settings.lr / 100, warm_up)}
        self.decays = {"features": 0.999}
        self._held_out = held_out

    def step(self, batch: Batch, tools: Tools) -> None:
        """One step down the sum of all terms."""
        with tools.autocast():
            found = tools["features"](batch.pictures)
        tools.descend("features", terms(found, batch))

    def samples(self, tools: Tools) -> Mapping[str, Tensor]:
        """The terms of held-out samples; and these beside the lines that are seen in them, and that they have."""
        if self._held_out is None:
            return {}
        batch = moved(self._held_out, tools.device)
        found = tools.average("features")(batch.pictures)
        numbers = {f"held_out/{name}": value for name, value in terms(found, batch).items()}
        seen = found[0]["conv1_2"][:, LINES].sigmoid()
        pictures = torch.cat([batch.pictures, *(each.expand(-1, 3, -1, -1) for each in (seen, batch.lines))], 3)
        return numbers | {"picture, lines seen, lines": pictures[:4]}


def terms(known: Known, batch: Batch) -> dict[str, Tensor]:
    """The terms of the loss of what a student gave, scalars in float32: means, over the layers too, times COUNTS."""
    places, names, wear = known
    wanted, found = targets.local(batch), list[dict[str, Tensor]]()
    for made in places.values():
        found.append(_at_places(made.float(), targets.at_size(wanted, made.shape[-2:])))
    means = {name: torch.stack([each[name] for each in found]).mean() for name in found[0]}
    means["names"] = F.binary_cross_entropy_with_logits(names.float(), batch.names)
    means["wear"] = F.l1_loss(wear.float(), batch.wear)
    return {name: COUNTS[name] * value for name, value in means.items()}


def _at_places(made: Tensor, wanted: Tensor) -> dict[str, Tensor]:
    """The terms of one layer."""
    return {
        "lines": F.binary_cross_entropy_with_logits(made[:, LINES], wanted[:, LINES]),
        "flat": F.binary_cross_entropy_with_logits(made[:, FLAT], wanted[:, FLAT]),
        "colour": F.l1_loss(made[:, COLOUR], wanted[:, COLOUR]),
        "orientation": F.l1_loss(made[:, ORIENTATION], wanted[:, ORIENTATION]),
    }
