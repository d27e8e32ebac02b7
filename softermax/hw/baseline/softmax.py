"""The baseline softmax, complete: it buffers its rows and does its passes itself."""

from __future__ import annotations

from functools import partial

from amaranth.hdl import Module
from amaranth.lib.wiring import connect, flipped

from softermax.model import QFormat
from softermax.model.baseline import BaselineConfig

from ..framing import frame_rows
from ..row_buffer import RowBuffer
from ..softmax_hardware import SoftmaxHardware, softmax_hardware
from ..unit import StreamUnit
from .normalization import BaselineNormalizationUnit
from .score_converter import Binary16Scores
from .streams import numerator_slice, probability_slice, score_slice
from .to_fixed import to_fixed
from .unnormed import BaselineUnnormedSoftmaxUnit

__all__ = ["BaselineSoftmax"]


class BaselineSoftmax(StreamUnit):
    """A conventional, numerically stable softmax in binary16: slices of scores in, slices of probabilities out.

    Scores wait in a row buffer for the row's maximum, numerators in another for its sum. Takes and gives a slice a
    cycle on back-to-back rows. A row is as long as its ``last`` says, up to ``config.max_slices`` slices; a longer one
    is cut there and flagged ``overlong``.

    Parameters
    ----------
    config : BaselineConfig
    overlong_rows : bool
        Whether rows may be longer. If False, the producer must guarantee that none is; the unit has no counter.
    score : QFormat or None
        Fixed-point format in which scores wait in their buffer, as of :class:`BaselineUnnormedSoftmaxUnit`.

    Members
    -------
    i : In, stream of :func:`score_slice`
    o : Out, stream of :func:`probability_slice`

    Attributes
    ----------
    latency : int
        Clock cycles from the slice of a row of one slice entering to its probabilities standing at the output. A row
        of n slices takes n - 1 more from its last slice, those of the second pass.
    """

    def __init__(self, config: BaselineConfig, *, overlong_rows: bool = True, score: QFormat | None = None):
        config = BaselineConfig.of(config)
        self._score_slice = partial(score_slice, score=score)
        super().__init__(config, inputs={"i": self._score_slice}, outputs={"o": probability_slice})
        self._longest = config.max_slices if overlong_rows else None
        self._unnormed = BaselineUnnormedSoftmaxUnit(config, score=score)
        self._normalization = BaselineNormalizationUnit(config)
        self.latency = self._unnormed.maximum_latency + self._unnormed.latency + self._normalization.latency

    def elaborate(self, platform):
        m = Module()
        m.submodules.unnormed = unnormed = self._unnormed
        m.submodules.normalization = normalization = self._normalization
        scores = RowBuffer(self._score_slice(self.config), self.config.score_depth)
        numerators = RowBuffer(numerator_slice(self.config), self.config.numerator_depth)
        m.submodules.score_buffer, m.submodules.numerator_buffer = scores, numerators
        self._enter(m, unnormed.i, scores.i)
        connect(m, scores.o, unnormed.again)
        connect(m, unnormed.o, numerators.i)
        connect(m, numerators.o, normalization.i)
        connect(m, unnormed.row, normalization.row)
        connect(m, normalization.o, flipped(self.o))
        return m

    def _enter(self, m, first_pass, buffer):
        """A slice goes to the first pass and into the row buffer, at once; what exceeds a row goes nowhere."""
        keep_slice, last, overlong = frame_rows(m, self.i, self._longest)
        kept = self.i.valid & keep_slice
        m.d.comb += [
            self.i.ready.eq((first_pass.ready & buffer.ready) | ~keep_slice),
            first_pass.valid.eq(kept & buffer.ready),
            buffer.valid.eq(kept & first_pass.ready),
            first_pass.payload.overlong.eq(overlong),
        ]
        for payload in (first_pass.payload, buffer.payload):
            m.d.comb += [
                payload.x.eq(self.i.payload.x),
                payload.keep.eq(self.i.payload.keep),
                payload.last.eq(last),
            ]


@softmax_hardware.register
def _(config: BaselineConfig) -> SoftmaxHardware:
    # A fused datapath takes fixed-point scores as they are, so that they need not be converted before they wait.
    score = config.arithmetic.score(config) if config.fused else None
    return SoftmaxHardware(
        softmax=BaselineSoftmax,
        element_softmax=partial(BaselineSoftmax, score=score),
        probability_slice=probability_slice,
        score_converter=None if config.fused else Binary16Scores,
        to_fixed=_to_fixed,
    )


def _to_fixed(m: Module, y, config: BaselineConfig):
    return to_fixed(m, y, config.arithmetic.probability(config).fraction_bits)
