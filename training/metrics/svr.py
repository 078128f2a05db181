"""Support vector regression with a Gaussian kernel, read from libsvm's text file without libsvm."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vsanimesr.errors import BadModelFile

_WANTED = {"svm_type": "epsilon_svr", "kernel_type": "rbf"}


@dataclass(frozen=True, eq=False)
class Regression:
    """sum_i coefficient_i exp(-gamma |x - vector_i|^2) - rho."""

    vectors: NDArray[np.float64]
    """Support vectors [n, features]."""
    coefficients: NDArray[np.float64]
    """[n]."""
    gamma: float
    rho: float

    def __call__(self, features: NDArray[np.float64]) -> float:
        """The value for features [features]."""
        distances = np.square(self.vectors - features).sum(axis=1)
        return float(self.coefficients @ np.exp(-self.gamma * distances) - self.rho)


def read(path: Path, features: int) -> Regression:
    """The regression in a file of svm-train (-s 3 -t 2) with so many features; raises BadModelFile for another one."""
    try:
        header, _, vectors = path.read_text(encoding="ascii").partition("\nSV\n")
        facts = dict(line.split(" ", 1) for line in header.splitlines())
        wrong = [f"{key} {facts.get(key)}" for key, wanted in _WANTED.items() if facts.get(key) != wanted]
        if wrong:
            raise BadModelFile(f"{path} has {', '.join(wrong)}, wanted epsilon_svr with an rbf kernel")
        rows = [line.split() for line in vectors.splitlines()]
        read_ = Regression(
            np.stack([_dense(row[1:], features) for row in rows]),
            np.array([float(row[0]) for row in rows]),
            float(facts["gamma"]),
            float(facts["rho"]),
        )
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise BadModelFile(f"{path} is no text file of libsvm with {features} features: {error}") from error
    if len(rows) != int(facts.get("total_sv", -1)):
        raise BadModelFile(f"{path} has {len(rows)} support vectors, wanted {facts.get('total_sv')}: is it truncated?")
    return read_


def _dense(words: list[str], features: int) -> NDArray[np.float64]:
    vector = np.zeros(features)
    for word in words:
        number, value = word.split(":")
        if not 1 <= int(number) <= features:
            raise ValueError(f"feature {number} of {features}")
        vector[int(number) - 1] = float(value)
    return vector
