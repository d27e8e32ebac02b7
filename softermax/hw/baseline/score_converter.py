"""Conversion of a slice of scores to binary16, for the baseline's softmax."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from softermax.model import QFormat
from softermax.model.baseline import BaselineConfig

from ..elastic import StageOutput
from ..streams import scores_of
from .from_fixed import from_fixed_operator
from .operator import advance
from .streams import score_slice

__all__ = ["Binary16Scores"]


class Binary16Scores(wiring.Component):
    """From scores in fixed point to scores in binary16, a slice a cycle.

    Parameters
    ----------
    score : QFormat
        Format of the fixed-point scores.
    config : BaselineConfig

    Members
    -------
    i : In, stream of :func:`softermax.hw.streams.scores_of` the score's format
    o : Out, stream of :func:`softermax.hw.baseline.streams.score_slice`

    Attributes
    ----------
    latency : int
        Clock cycles from a slice entering to its standing at the output.
    """

    latency = 1

    def __init__(self, score: QFormat, config: BaselineConfig):
        config = BaselineConfig.of(config)
        score = QFormat.of(score, "score")
        self.config, self._score = config, score
        super().__init__(
            {
                "i": In(stream.Signature(scores_of(score, config.lanes))),
                "o": Out(stream.Signature(score_slice(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        i, o = self.i.payload, self.o.payload
        [convert] = from_fixed_operator(self._score).stages
        lanes = [{"x": x.as_unsigned()} for x in i.x]
        converted, flags, [head] = advance(m, StageOutput.of(self.i), convert, lanes, {"keep": i.keep, "last": i.last})
        m.d.comb += [x.eq(values["result"]) for x, values in zip(o.x, converted, strict=True)]
        m.d.comb += [o[name].eq(flag) for name, flag in flags.items()]
        head.feed(m, self.o)
        return m
