"""Values that came out of JSON, each of exactly the type that it should have; anything else raises ValueError."""

import reprlib
from collections.abc import Collection
from typing import NoReturn


def record(value: object, names: Collection[str], what: str) -> dict[str, object]:
    """`value`, if it is an object with these members, all of them and no others."""
    entries = value if isinstance(value, dict) else _refuse(value, "an object")
    if missing := sorted(set(names) - entries.keys()):
        raise ValueError(f"{what} lacks {', '.join(missing)}")
    if unknown := sorted(entries.keys() - set(names)):
        raise ValueError(f"{what} has {', '.join(map(repr, unknown))}, which is not known")
    return entries


def text(value: object) -> str:
    """`value`, if it is a string."""
    return value if isinstance(value, str) else _refuse(value, "a string")


def texts(value: object) -> tuple[str, ...]:
    """The strings of `value`, if it is a list of nothing else."""
    return tuple(text(item) for item in (value if isinstance(value, list) else _refuse(value, "a list")))


def integer(value: object) -> int:
    """`value`, if it is an integer; true and false are none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else _refuse(value, "an integer")


def integer_or_null(value: object) -> int | None:
    """`value`, if it is an integer or null."""
    return None if value is None else integer(value)


def number(value: object) -> float:
    """`value`, if it is a number with a fraction, as JSON writes a float."""
    return value if isinstance(value, float) else _refuse(value, "a number with a fraction")


def size(value: object) -> tuple[int, int]:
    """`value` as a pair, if it is a list of two integers."""
    sides = value if isinstance(value, list) and len(value) == 2 else _refuse(value, "[height, width]")
    return integer(sides[0]), integer(sides[1])


def _refuse(value: object, wanted: str) -> NoReturn:
    raise ValueError(f"{reprlib.repr(value)} is found where {wanted} is wanted")
