"""The baseline's Unnormed Softmax Unit: the row maximum in a first pass, exponentials and their sum in a second."""

from __future__ import annotations

from functools import partial

from amaranth.hdl import Module, Mux, Signal, Value

from softermax.model.baseline import BaselineConfig

from ..elastic import StageOutput, elastic_register
from ..unit import StreamUnit
from .adder import add_nonnegative, subtract
from .exponential import NONPOSITIVE_EXPONENTIAL
from .maximum import maximum
from .operator import advance
from .ripple import name_value
from .streams import first_pass_slice, numerator_slice, row_total, score_slice

__all__ = ["BaselineUnnormedSoftmaxUnit"]


class BaselineUnnormedSoftmaxUnit(StreamUnit):
    """Row maxima of the slices at ``i``; e**(x - maximum) of the same slices, when they come ``again``, and their sums.

    Takes a slice a cycle at both inputs, with no bubble between rows: while a row passes for the second time, the next
    one passes for the first time. Rows are no longer than ``config.max_slices`` slices.

    Parameters
    ----------
    config : BaselineConfig

    Members
    -------
    i : In, stream of :func:`first_pass_slice`
    again : In, stream of :func:`score_slice`
        The same slices in the same order. A row's first slice waits until the row has passed at ``i``.
    o : Out, stream of :func:`numerator_slice`
    row : Out, stream of :func:`row_total`

    Attributes
    ----------
    maximum_latency : int
        Clock cycles from a row's last slice at ``i`` to its first slice being taken ``again``.
    slice_latency : int
        Clock cycles from a slice being taken again to its numerators standing at the output.
    latency : int
        Clock cycles from a row's last slice being taken again to the row's sum standing at the output.
    """

    maximum_latency = 2
    slice_latency = 1 + NONPOSITIVE_EXPONENTIAL.latency

    def __init__(self, config: BaselineConfig):
        config = BaselineConfig.of(config)
        super().__init__(
            config,
            inputs={"i": first_pass_slice, "again": score_slice},
            outputs={"o": numerator_slice, "row": row_total},
        )
        self.latency = self.slice_latency + config.tree_levels + 1

    def elaborate(self, platform):
        m = Module()
        row_maximum, maximum_head = self._row_maximum(m)
        numerators, flags, [o_head, tree_head] = self._numerators(m, row_maximum, maximum_head)
        total, overlong, row_head = self._total(m, numerators, flags, tree_head)
        o, row = self.o.payload, self.row.payload
        m.d.comb += [u.eq(numerator) for u, numerator in zip(o.u, numerators, strict=True)]
        m.d.comb += o.last.eq(flags["last"])
        o_head.feed(m, self.o)
        m.d.comb += [row.total.eq(total), row.overlong.eq(overlong)]
        row_head.feed(m, self.row)
        return m

    def _row_maximum(self, m):
        """First pass: the running maximum, and a register in which a row's waits for the end of the second pass."""
        i, head = self.i.payload, StageOutput.of(self.i)
        # A masked lane counts as the lowest number of all, which is all ones.
        level = [
            name_value(m, x | (~keep).replicate(16), f"score_{lane}")
            for lane, (x, keep) in enumerate(zip(i.x, i.keep, strict=True))
        ]
        while len(level) > 1:
            level = _pairwise(m, maximum, level)
        first = Signal(init=1)
        running = Signal(16, name="running_maximum", reset_less=True)
        with m.If(head.transfer):
            m.d.sync += [first.eq(i.last), running.eq(Mux(first, level[0], maximum(m, running, level[0])))]
        # The running maximum at a row's end is the row's, so it waits as the register's data do.
        seen, [head] = elastic_register(m, head, {"overlong": i.overlong}, feeds=(i.last,))
        held, [head] = elastic_register(m, head, {"row_maximum": running, **seen})
        return held, head

    def _numerators(self, m, row, row_head):
        """Second pass: subtract the maximum, exponential, 0 where masked."""
        again = self.again.payload
        joined = StageOutput(self.again.valid & row_head.valid, Signal(name="joined_ready"))
        m.d.comb += [
            self.again.ready.eq(joined.ready & row_head.valid),
            row_head.ready.eq(joined.transfer & again.last),
        ]
        lanes = [{"x": x, "keep": keep} for x, keep in zip(again.x, again.keep, strict=True)]
        flags = {"last": again.last, "overlong": row["overlong"]}

        def subtract_maximum(m, values):
            return {"x": subtract(m, values["x"], row["row_maximum"]), "keep": values["keep"]}

        reduce, look_up = NONPOSITIVE_EXPONENTIAL.stages
        for stage in (subtract_maximum, partial(_clear_masked, stage=reduce)):
            lanes, flags, [joined] = advance(m, joined, stage, lanes, flags)
        lanes, flags, heads = advance(m, joined, look_up, lanes, flags, feeds=(1, 1))
        return [values["result"] for values in lanes], flags, heads

    def _total(self, m, numerators, flags, head):
        """The sum over the lanes, a level of the tree a stage, and over the slices of a row.

        No operand has a sign: the exponential packs none, nor with its NaN, and sums of such operands have none.
        """
        level = numerators
        for _ in range(self.config.tree_levels):
            sums = {f"sum_{n}": value for n, value in enumerate(_pairwise(m, add_nonnegative, level))}
            held, [head] = elastic_register(m, head, sums | flags)
            level, flags = [held[name] for name in sums], {name: held[name] for name in flags}
        first = Signal(init=1)
        total = Signal(16, reset_less=True)
        with m.If(head.transfer):
            before = total & (~first).replicate(16)
            m.d.sync += [first.eq(flags["last"]), total.eq(add_nonnegative(m, before, level[0]))]
        held, [head] = elastic_register(m, head, {"overlong": flags["overlong"]}, feeds=(flags["last"],))
        return total, held["overlong"], head


def _pairwise(m: Module, operation, values: list[Value]) -> list[Value]:
    """A level of a tree: neighbours combined; one that is left over passes."""
    pairs = zip(values[0::2], values[1::2], strict=False)
    combined = [name_value(m, operation(m, a, b), operation.__name__) for a, b in pairs]
    return combined + values[len(values) & ~1 :]


def _clear_masked(m: Module, values: dict[str, Value], *, stage) -> dict[str, Value]:
    """The exponential's first stage, with what makes the result of a masked lane 0."""
    reduced = stage(m, values)
    keep = values["keep"]
    return reduced | {"zero": reduced["zero"] | ~keep, "no_number": reduced["no_number"] & keep}
