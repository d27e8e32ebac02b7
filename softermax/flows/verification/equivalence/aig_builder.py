"""Construction of and-inverter graphs, such as a miter of two designs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .aig import Aig

__all__ = ["FALSE", "TRUE", "AigBuilder", "inverted_if"]

#: Literals of the constants.
FALSE, TRUE = 0, 1


def inverted_if(literal: int, inverted: bool) -> int:
    """The literal, inverted if ``inverted``."""
    return literal ^ int(inverted)


class AigBuilder:
    """And-inverter graph under construction: inputs, latches, gates, and copies of designs driven by any literals.

    Parameters
    ----------
    inputs : sequence of str
        Names of inputs.
    latches : int
        Number of latches.

    Attributes
    ----------
    next_state : ndarray of int64, (latches,)
        Literals of the latches' next states, 0 until they are assigned.
    """

    def __init__(self, inputs: Sequence[str], latches: int = 0):
        self.inputs = list(inputs)
        self.next_state = np.zeros(latches, np.int64)
        self._ands: list[np.ndarray] = []
        self._single: list[tuple[int, int]] = []
        self._next = 1 + len(self.inputs) + latches

    def input(self, place: int) -> int:
        """Literal of an input."""
        return 2 * (1 + place)

    def latch(self, place: int) -> int:
        """Literal of a latch."""
        return 2 * (1 + len(self.inputs) + place)

    def and_(self, left: int, right: int) -> int:
        """AND of two literals."""
        if FALSE in (left, right) or left == right ^ 1:
            return FALSE
        if TRUE in (left, right) or left == right:
            return left if right == TRUE else right
        self._single.append((left, right))
        self._next += 1
        return 2 * (self._next - 1)

    def or_(self, left: int, right: int) -> int:
        """OR of two literals."""
        return self.and_(left ^ 1, right ^ 1) ^ 1

    def xor(self, left: int, right: int) -> int:
        """Exclusive OR of two literals."""
        if left >> 1 == right >> 1:
            return FALSE if left == right else TRUE
        return self.or_(self.and_(left, right ^ 1), self.and_(left ^ 1, right))

    def mux(self, condition: int, then: int, otherwise: int) -> int:
        """Multiplexer: ``then`` if the condition holds, else ``otherwise``."""
        return self.or_(self.and_(condition, then), self.and_(condition ^ 1, otherwise))

    def any_of(self, literals: Iterable[int]) -> int:
        """OR of any number of literals, as a balanced tree."""
        level = list(literals) or [FALSE]
        while len(level) > 1:
            level = [self.or_(*pair) if len(pair) == 2 else pair[0] for pair in zip_pairs(level)]
        return level[0]

    def add(self, design: Aig, inputs: Sequence[int], state: Sequence[int]) -> np.ndarray:
        """Add a copy of a design; return the literal of the copy for each literal of the design."""
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
        """The finished graph with some outputs, by their names."""
        self._flush()
        names = tuple(frozenset({str(place)}) for place in range(len(self.next_state)))
        return Aig(tuple(self.inputs), names, self.next_state, outputs, np.concatenate(self._ands))

    def _flush(self):
        self._ands.append(np.array(self._single, np.int64).reshape(-1, 2))
        self._single = []


def zip_pairs(items: Sequence[int]) -> list[Sequence[int]]:
    """Pairs of neighbours; the last item is alone if their number is odd."""
    return [items[place : place + 2] for place in range(0, len(items), 2)]
