"""Contract of a timing model: what the model of any unit's flow control has, and can be asked in a clock cycle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .elastic import Chain, Slot

__all__ = ["Chains", "TimingModel"]

Chains = dict[str, Slot | Chain]


class TimingModel(Protocol):
    """A unit's flow control: input streams, output streams, and two phases in a clock cycle, before and at the edge.

    An item is the position of a slice in the sequence of slices that a unit emits. Sequences of bits have an entry
    for each stream, in the order of their names.

    Attributes
    ----------
    inputs, outputs : tuple of str
        Names of the streams.
    chains : dict of str to Slot or Chain
        Elastic registers by name.
    levels : dict of str to int
        How full each of the unit's buffers is, by name.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    chains: Chains

    @property
    def levels(self) -> dict[str, int]: ...

    def ready(self, valids: Sequence[bool], readies: Sequence[bool]) -> tuple[bool, ...]:
        """Ready signals of the inputs before the edge, given the sources that offer and the sinks that accept."""

    def valids(self) -> tuple[bool, ...]:
        """Which outputs hold an item."""

    def shown(self) -> tuple[int, ...]:
        """For each output, the item that its data are of, -1 before the first."""

    def clock(self, valids: Sequence[bool], readies: Sequence[bool]):
        """Clock edge."""
