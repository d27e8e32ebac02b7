"""The datapath of operators: a subtractor and an exponential for each lane, and adders, all of binary16."""

from __future__ import annotations

from functools import partial

from amaranth.hdl import Const, Module, Signal, Value

from softermax.model.baseline import BaselineConfig
from softermax.model.exponential import EXPONENTIAL, Exponential

from ..elastic import StageOutput, elastic_register
from .adder import add_nonnegative, subtract
from .exponential import exponential_operator
from .maximum import maximum
from .operator import Stage
from .tree import pairwise

__all__ = ["OperatorsDatapath"]


class OperatorsDatapath:
    """Parts of the datapath of operators in the Unnormed Softmax Unit; a row that has a NaN is one of NaNs by itself.

    Parameters
    ----------
    config : BaselineConfig
    score : None
        Scores are binary16.

    Raises
    ------
    ValueError
        If they are to be in fixed point.
    """

    width = 16
    maximum = staticmethod(maximum)
    #: What passes with a row's slices, from what the lanes know of the row.
    row_flags = ("overlong",)

    def __init__(self, config: BaselineConfig, score=None):
        if score is not None:
            raise ValueError(f"scores must be binary16 for a datapath of operators, not {score}")
        self._config = config

    def masked(self, x: Value, keep: Value) -> Value:
        """A masked lane counts as the lowest number of all, which is all ones."""
        return x | (~keep).replicate(16)

    def no_number(self, i) -> Value:
        """Whether a slice spoils its row: not before its exponentials do."""
        return Const(0, 1)

    def found(self, m: Module, no_number: Value, first: Value, head: StageOutput) -> None:
        """Findings of the first pass besides the maximum: none."""

    def reference(self, m: Module, row_maximum: Value, found: None) -> dict[str, Value]:
        """Facts of a row that its lanes need."""
        return {"row_maximum": row_maximum}

    def stages(self, row: dict[str, Value]) -> tuple[Stage, ...]:
        """Stages of a lane: subtract the maximum, exponential in two, 0 where masked."""
        exponential = exponential_operator(Exponential(EXPONENTIAL.segments, self._config.base), nonpositive=True)
        reduce, look_up = exponential.stages

        def subtract_maximum(m, values):
            return {"x": subtract(m, values["x"], row["row_maximum"]), "keep": values["keep"]}

        return subtract_maximum, partial(_clear_masked, stage=reduce), look_up

    def numerator(self, m: Module, result: Value) -> Value:
        """A lane's result as it leaves the unit."""
        return result

    def total(self, m: Module, numerators: list[Value], flags: dict[str, Value], head: StageOutput):
        """The sum over the lanes, a level of the tree a stage, and over the slices of a row.

        No operand has a sign: the exponential packs none, nor with its NaN, and sums of such operands have none.
        """
        level = numerators
        for _ in range(self._config.tree_levels):
            sums = {f"sum_{n}": value for n, value in enumerate(pairwise(m, add_nonnegative, level))}
            held, [head] = elastic_register(m, head, sums | flags)
            level, flags = [held[name] for name in sums], {name: held[name] for name in flags}
        first = Signal(init=1)
        total = Signal(16, reset_less=True)
        with m.If(head.transfer):
            before = total & (~first).replicate(16)
            m.d.sync += [first.eq(flags["last"]), total.eq(add_nonnegative(m, before, level[0]))]
        held, [head] = elastic_register(m, head, {"overlong": flags["overlong"]}, feeds=(flags["last"],))
        return {"total": total, **held}, head


def _clear_masked(m: Module, values: dict[str, Value], *, stage: Stage) -> dict[str, Value]:
    """The exponential's first stage, with what makes the result of a masked lane 0."""
    reduced = stage(m, values)
    keep = values["keep"]
    return reduced | {"zero": reduced["zero"] | ~keep, "no_number": reduced["no_number"] & keep}
