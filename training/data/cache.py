"""Decoded frames that are kept for the next time, up to a number of bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence

from training.data.sources import Pictures

MEBIBYTE = 1 << 20


class FrameCache:
    """The frames that were used last, within a bound; each process has its own, and it is pickled empty."""

    def __init__(self, bound: int) -> None:
        """`bound` is in bytes; 0 keeps nothing."""
        self.bound = bound
        self.size = 0
        self._kept: OrderedDict[tuple[Hashable, int], Pictures] = OrderedDict()

    def get(
        self, clip: Hashable, numbers: Sequence[int], decode: Callable[[Sequence[int]], Iterable[Pictures]]
    ) -> list[Pictures]:
        """Frames of a clip by their numbers; `decode` gives those that are not kept, in their order."""
        missing = [number for number in numbers if (clip, number) not in self._kept]
        fresh = dict(zip(missing, decode(missing), strict=True)) if missing else {}
        found = [fresh[n] if n in fresh else self._kept[clip, n] for n in numbers]
        for number, picture in zip(numbers, found, strict=True):
            self._keep((clip, number), picture)
        return found

    def _keep(self, key: tuple[Hashable, int], picture: Pictures) -> None:
        before = self._kept.pop(key, None)
        self.size += picture.nbytes if before is None else 0
        self._kept[key] = picture
        while self.size > self.bound:
            self.size -= self._kept.popitem(last=False)[1].nbytes

    def __getstate__(self) -> int:
        return self.bound

    def __setstate__(self, bound: int) -> None:
        FrameCache.__init__(self, bound)
