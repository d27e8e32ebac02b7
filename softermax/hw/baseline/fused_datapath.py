"""The fused datapath: differences, numerators' sum and flags as :mod:`softermax.model.fused_exponential` has them."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value

from softermax.model import QFormat
from softermax.model.baseline import BaselineConfig
from softermax.model.fixed_sum import SUM_FRACTION_BITS
from softermax.model.fused_exponential import FusedExponential

from ..elastic import StageOutput, elastic_register
from .fixed_sum import sum_of, total_of
from .fused_lane import look_up, scale, to_binary16
from .operator import Stage
from .score_forms import score_form

__all__ = ["FusedDatapath"]


class FusedDatapath:
    """Parts of the fused datapath in the Unnormed Softmax Unit.

    Parameters
    ----------
    config : BaselineConfig
    score : QFormat or None
        Format of the scores; None of binary16.
    """

    #: What passes with a row's slices, from what the lanes know of the row.
    row_flags = ("no_number", "overlong")

    def __init__(self, config: BaselineConfig, score: QFormat | None = None):
        self._config, self._exponential = config, FusedExponential(config.base)
        self._form = score_form(score, self._exponential)
        self.width, self.maximum, self.masked = self._form.width, self._form.maximum, self._form.masked

    def no_number(self, i) -> Value:
        """Whether one of a slice's scores is no number."""
        return Cat(self._form.no_number(x.as_unsigned()) & keep for x, keep in zip(i.x, i.keep, strict=True)).any()

    def found(self, m: Module, no_number: Value, first: Value, head: StageOutput) -> Value:
        """Whether one of the row's scores so far is no number."""
        found = Signal(name="running_no_number", reset_less=True)
        with m.If(head.transfer):
            m.d.sync += found.eq(no_number | (found & ~first))
        return found

    def reference(self, m: Module, row_maximum: Value, found: Value) -> dict[str, Value]:
        """Facts of a row that its lanes need."""
        return self._form.reference(m, row_maximum, found)

    def stages(self, row: dict[str, Value]) -> tuple[Stage, ...]:
        """Stages of a lane: the scaled difference; the table."""

        def reduce(m, values):
            difference, nothing = self._form.difference(m, values["x"], row)
            return {"scaled": scale(m, difference, self._exponential), "zero": nothing | ~values["keep"]}

        def find(m, values):
            return {"result": look_up(m, values["scaled"], values["zero"], self._exponential)}

        return reduce, find

    def numerator(self, m: Module, result: Value) -> Value:
        """A lane's result as it leaves the unit."""
        return to_binary16(m, result)

    def total(self, m: Module, numerators: list[Value], flags: dict[str, Value], head: StageOutput):
        """The sum over the lanes and over the slices of a row, a cycle each; and its conversion."""
        held, [head] = elastic_register(m, head, {"slice_sum": sum_of(m, numerators), **flags})
        slice_sum, flags = held.pop("slice_sum"), held
        first = Signal(init=1)
        total = Signal((self._config.capacity << SUM_FRACTION_BITS).bit_length(), name="running_total", reset_less=True)
        with m.If(head.transfer):
            before = total & (~first).replicate(len(total))
            m.d.sync += [first.eq(flags["last"]), total.eq(before + slice_sum)]
        row_flags = {name: flags[name] for name in self.row_flags}
        held, [head] = elastic_register(m, head, row_flags, feeds=(flags["last"],))
        held, [head] = elastic_register(m, head, {"total": total_of(m, total), **held})
        return held, head
