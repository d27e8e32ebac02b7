"""Two and-inverter graphs in one, and what tells them apart as its output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .aig import Aig

__all__ = ["FALSE", "TRUE", "AigBuilder", "inverted_if"]

#: Literals of the constants.
FALSE, TRUE = 0, 1


def inverted_if(literal: int, inverted: bool) -> int:
    """The literal, or its inverse."""
    return literal ^ int(inverted)


class AigBuilder:
    """An and-inverter graph that grows: inputs, latches, and whole designs whose inputs and state anything may drive.

    Parameters
    ----------
    inputs : sequence of str
        Names.
    latches : int
    """

    def __init__(self, inputs: Sequence[str], latches: int = 0):
        self.inputs = list(inputs)
        self.following = np.zeros(latches, np.int64)
        self._ands: list[np.ndarray] = []
        self._single: list[tuple[int, int]] = []
        self._next = 1 + len(self.inputs) + latches

    def input(self, place: int) -> int:
        """Literal of an input."""
        return 2 * (1 + place)

    def latch(self, place: int) -> int:
        """Literal of a latch."""
        return 2 * (1 + len(self.inputs) + place)

    def both(self, left: int, right: int) -> int:
        """AND of two literals."""
        if FALSE in (left, right) or left == right ^ 1:
            return FALSE
        if TRUE in (left, right) or left == right:
            return left if right == TRUE else right
        self._single.append((left, right))
        self._next += 1
        return 2 * (self._next - 1)

    def either(self, left: int, right: int) -> int:
        """OR."""
        return self.both(left ^ 1, right ^ 1) ^ 1

    def differ(self, left: int, right: int) -> int:
        """Exclusive OR."""
        if left >> 1 == right >> 1:
            return FALSE if left == right else TRUE
        return self.either(self.both(left, right ^ 1), self.both(left ^ 1, right))

    def choose(self, condition: int, then: int, otherwise: int) -> int:
        """``then`` if the condition holds."""
        return self.either(self.both(condition, then), self.both(condition ^ 1, otherwise))

    def any(self, literals: Iterable[int]) -> int:
        """OR of many, as a balanced tree."""
        level = list(literals) or [FALSE]
        while len(level) > 1:
            level = [self.either(*pair) if len(pair) == 2 else pair[0] for pair in zip_pairs(level)]
        return level[0]

    def add(self, design: Aig, inputs: Sequence[int], state: Sequence[int]) -> np.ndarray:
        """Put a design in; returns the literal that each of its literals becomes."""
        self._flush()
        new = np.empty(2 * design.variables, np.int64)
        leaves = np.array([FALSE, *inputs, *state], np.int64)
        new[0 : 2 * design.first_and : 2] = leaves
        new[2 * design.first_and :: 2] = 2 * np.arange(self._next, self._next + len(design.ands))
        new[1::2] = new[0::2] ^ 1
        self._ands.append(new[design.ands])
        self._next += len(design.ands)
        return new

    def build(self, outputs: dict[str, int]) -> Aig:
        """What has been built."""
        self._flush()
        names = tuple(frozenset({str(place)}) for place in range(len(self.following)))
        return Aig(tuple(self.inputs), names, self.following, outputs, np.concatenate(self._ands))

    def _flush(self):
        self._ands.append(np.array(self._single, np.int64).reshape(-1, 2))
        self._single = []


def zip_pairs(items: Sequence[int]) -> list[Sequence[int]]:
    """Neighbours two by two, the last maybe alone."""
    return [items[place : place + 2] for place in range(0, len(items), 2)]
