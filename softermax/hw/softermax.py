"""Softermax: the complete streaming softmax."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib.wiring import connect, flipped

from softermax.model import SoftermaxConfig

from .normalization import NormalizationUnit
from .row_buffer import RowBuffer
from .softmax_hardware import SoftmaxHardware, softmax_hardware
from .streams import probability_slice, score_slice, unnormed_slice
from .unit import StreamUnit
from .unnormed import UnnormedSoftmaxUnit

__all__ = ["SoftermaxUnit"]


class SoftermaxUnit(StreamUnit):
    """Unnormed Softmax Unit, row buffer and Normalization Unit: slices of scores in, slices of probabilities out.

    Takes and gives a slice a cycle on back-to-back rows. A row is as long as its ``last`` says, up to
    ``config.max_slices`` slices; a longer one is cut there and flagged ``overlong``.

    Parameters
    ----------
    config : SoftermaxConfig
    overlong_rows : bool
        As for :class:`UnnormedSoftmaxUnit`.

    Members
    -------
    i : In, stream of :func:`score_slice`
    o : Out, stream of :func:`probability_slice`

    Attributes
    ----------
    latency : int
        Clock cycles from a row's last slice entering to its first probabilities standing at the output, if the rows
        before have left. The row buffer takes no longer than the reciprocal, so slices do not wait for it.
    """

    def __init__(self, config: SoftermaxConfig, *, overlong_rows: bool = True):
        config = SoftermaxConfig.of(config)
        super().__init__(config, inputs={"i": score_slice}, outputs={"o": probability_slice})
        self._overlong_rows = overlong_rows
        self.latency = config.plan.summary_latency + config.plan.row_latency + config.plan.result_latency

    def elaborate(self, platform):
        m = Module()
        m.submodules.unnormed = unnormed = UnnormedSoftmaxUnit(self.config, overlong_rows=self._overlong_rows)
        m.submodules.row_buffer = row_buffer = RowBuffer(unnormed_slice(self.config), self.config.plan.buffer_depth)
        m.submodules.normalization = normalization = NormalizationUnit(self.config)
        connect(m, flipped(self.i), unnormed.i)
        connect(m, unnormed.o, row_buffer.i)
        connect(m, row_buffer.o, normalization.i)
        connect(m, unnormed.row, normalization.row)
        connect(m, normalization.o, flipped(self.o))
        return m


@softmax_hardware.register
def _(config: SoftermaxConfig) -> SoftmaxHardware:
    return SoftmaxHardware(softmax=SoftermaxUnit, probability_slice=probability_slice)
