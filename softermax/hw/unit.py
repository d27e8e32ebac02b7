"""Base of the units of both softmaxes: a config, and streams as ports."""

from __future__ import annotations

from collections.abc import Callable

from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from softermax.model.shape import RowShape

__all__ = ["StreamUnit"]

#: Makes a stream's payload from a unit's config, such as :func:`softermax.hw.streams.score_slice`.
Layout = Callable[[RowShape], data.StructLayout]


class StreamUnit(wiring.Component):
    """A unit that is made from a config and has streams for ports.

    Parameters
    ----------
    config : RowShape
        Checked already.
    inputs, outputs : dict of str to callable
        For each stream what makes its payload from the config.

    Attributes
    ----------
    config : RowShape
    """

    def __init__(self, config: RowShape, *, inputs: dict[str, Layout], outputs: dict[str, Layout]):
        self.config = config
        taken = {name: In(stream.Signature(layout(config))) for name, layout in inputs.items()}
        given = {name: Out(stream.Signature(layout(config))) for name, layout in outputs.items()}
        super().__init__(taken | given)
