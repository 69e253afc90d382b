"""Plates that a camera may take for one another.

Theory. A camera errs between characters of one shape: a zero and the letters O, D and Q, an eight and a B. Two plates
are alike if they differ in nothing else, and in few places. The province's character is a picture of its own and is
never guessed. Being alike admits nobody: it is a proposal that a person compares with a picture.

Promises: pure; being alike goes both ways. Leaves to others: whose plates they are, and whether they may pass.
"""

from collections.abc import Iterable

SHAPES = ("0ODQ", "8B", "1IL", "2Z", "5S")
DIFFERENCES_AT_MOST = 2
PROPOSED_AT_MOST = 3

_TO_SHAPE = str.maketrans({letter: shape[0] for shape in SHAPES for letter in shape})


def shape_of(plate: str) -> str:
    """What all plates that are alike have in common."""
    return plate[:1] + plate[1:].translate(_TO_SHAPE)


def differences(plate: str, other: str) -> int | None:
    """In how many places a camera would have erred; None if it would not take one for the other."""
    if shape_of(plate) != shape_of(other):
        return None
    return sum(a != b for a, b in zip(plate, other, strict=True))


def look_alikes(read: str, among: Iterable[str]) -> tuple[str, ...]:
    """Of `among` the few that the camera may have meant instead of `read`, the nearest first."""
    near = [(far, plate) for plate in set(among) if (far := differences(read, plate))]
    return tuple(plate for far, plate in sorted(near) if far <= DIFFERENCES_AT_MOST)[:PROPOSED_AT_MOST]
