"""Plan of a Softermax's pipeline: where its registers stand, and the latencies and the buffer depth that follow.

The timing model and the hardware are both built from it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PipelinePlan"]


@dataclass(frozen=True)
class PipelinePlan:
    """Registers of a Softermax of a shape. Latencies are in clock cycles, a register each.

    Parameters
    ----------
    tree_levels : int
        Levels of the adder tree over the lanes.
    max_slices : int
        Slices of the longest row.
    normalizer, cuts, rounding
        As in :class:`softermax.model.SoftermaxConfig`.

    Raises
    ------
    ValueError
        If the cuts are not some of the stages, in order.
    """

    tree_levels: int
    max_slices: int
    normalizer: str = "multiply"
    cuts: tuple[str, ...] | None = None
    rounding: str = "nearest"

    def __post_init__(self):
        cuts = self.registered_stages
        known = ", ".join(self.stages)
        if not isinstance(cuts, tuple):
            raise ValueError(f"cuts must be a tuple of some of {known}, in order, not {self.cuts!r}")
        if cuts != tuple(stage for stage in self.stages if stage in cuts):
            given = ",".join(map(str, cuts))
            raise ValueError(f"cuts must be some of {known}, each once, in order, not {given!r}")

    @property
    def stages(self) -> tuple[str, ...]:
        """Stages of the Unnormed Softmax Unit up to a slice's sum."""
        return "int_max", "power_of_two", *(f"sum_{level}" for level in range(1, self.tree_levels + 1))

    @property
    def registered_stages(self) -> tuple[str, ...]:
        """The stages behind which there is a register: ``cuts``, or what is chosen without.

        Numerators that leave need a register anyway; scores leave before there are any, and sums of eight are fewer.
        """
        if self.cuts is not None:
            return self.cuts
        levels = self.stages[2:]
        before_sum = ("power_of_two",) if self.normalizer == "multiply" else levels[:3][-1:]
        return "int_max", *before_sum, *(level for level in levels[-1:] if level not in before_sum)

    @property
    def summary_latency(self) -> int:
        """Latency of the Unnormed Softmax Unit from a slice to its row's summary, with the running values' register."""
        return len(self.registered_stages) + 1

    @property
    def slice_latency(self) -> int:
        """Latency of that unit until a slice leaves: up to the first register in which all that leaves of it stands."""
        needed = 0 if self.normalizer == "row_product" else 1
        return 1 + sum(self.stages.index(stage) < needed for stage in self.registered_stages)

    @property
    def row_latency(self) -> int:
        """Latency of the Normalization Unit from a row's summary to when its slices can be taken."""
        return 3 if self.normalizer == "row_product" else 2

    @property
    def result_latency(self) -> int:
        """Latency of the Normalization Unit from a slice to its probabilities; a cascade takes a register more."""
        return 2 if self.rounding == "cascade" else 1

    @property
    def buffer_depth(self) -> int:
        """Slices that the row buffer holds: the longest row, and what passes while its summary is on its way."""
        return self.max_slices + self.summary_latency - self.slice_latency + self.row_latency
