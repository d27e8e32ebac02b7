"""Cells of a kind, evaluated all at once, and which of them a net can change."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .boolean import python_expression
from .liberty import Library
from .netlist import ZERO, MappedCell

__all__ = ["ONES", "CellGroup", "CellOrder", "cell_groups", "word_function"]

#: A word of ones.
ONES = np.uint64(0xFFFFFFFFFFFFFFFF)


def word_function(text: str, pins: list[str]) -> Callable[..., np.ndarray]:
    """A Boolean function of words, by its pins in order."""
    names = {pin: f"p{place}" for place, pin in enumerate(pins)}
    expression = re.sub(r"[A-Za-z_][\w\[\]]*", lambda match: names[match[0]], python_expression(text))
    expression = re.sub(r"(?<![\w])-1(?!\w)", "ones", expression)
    return eval(f"lambda ones, {', '.join(names.values())}: {expression}" if pins else f"lambda ones: {expression}")


@dataclass(frozen=True)
class CellGroup:
    """Cells of a kind: nets of their inputs, by pin, and of an output."""

    kind: str
    output: str
    function: Callable[..., np.ndarray]
    sources: list[np.ndarray]
    targets: np.ndarray

    def __call__(self, values: np.ndarray, some: slice | np.ndarray = slice(None)) -> np.ndarray:
        """The outputs of all or some of the cells."""
        return self.function(ONES, *(values[source[some]] for source in self.sources))


def cell_groups(cells: Sequence[MappedCell], library: Library) -> list[CellGroup]:
    """Cells by kind and output."""
    alike = defaultdict(list)
    for cell in cells:
        alike[cell.kind].append(cell)
    groups = []
    for kind, same in alike.items():
        facts = library.cells[kind]
        pins = list(facts.inputs)
        sources = [np.array([cell.pins[pin] for cell in same]) for pin in pins]
        for output, text in facts.outputs.items():
            targets = np.array([cell.pins.get(output, ZERO) for cell in same])
            groups.append(CellGroup(kind, output, word_function(text, pins), sources, targets))
    return groups


class CellOrder:
    """Outputs of cells, numbered group by group.

    Attributes
    ----------
    begins : ndarray of int, (groups + 1,)
        The first number of each group, and after the last one how many there are.
    targets : ndarray of int
        The net of each output.
    """

    def __init__(self, groups: Sequence[CellGroup], nets: int):
        self._groups, self._nets = groups, nets
        self.begins = np.cumsum([0, *(len(group.targets) for group in groups)])
        self.targets = np.concatenate([np.zeros(0, int), *(group.targets for group in groups)])
        pairs = [
            np.stack([source, begin + np.arange(len(source))])
            for group, begin in zip(groups, self.begins, strict=False)
            for source in group.sources
        ]
        sources, cells = np.concatenate([np.zeros((2, 0), int), *pairs], axis=1)
        # Constants, which are the last two nets, have negative numbers.
        sources %= nets
        order = np.argsort(sources, kind="stable")
        self._fed, self._first = cells[order], np.searchsorted(sources[order], np.arange(nets + 1))

    def fed_by(self, nets: np.ndarray) -> np.ndarray:
        """The outputs that some nets can change, in any order, some of them several times."""
        first, numbers = self._first[nets], self._first[nets + 1] - self._first[nets]
        before = np.cumsum(numbers) - numbers
        return self._fed[np.repeat(first - before, numbers) + np.arange(numbers.sum())]

    def evaluate(self, some: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Values that some outputs, in ascending order, are to have."""
        places = np.searchsorted(some, self.begins)
        parts = [
            self._groups[n](values, some[places[n] : places[n + 1]] - self.begins[n])
            for n in np.flatnonzero(places[1:] > places[:-1])
        ]
        return np.concatenate(parts)
