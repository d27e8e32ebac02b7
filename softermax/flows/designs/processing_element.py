"""The processing element around the softmax of any design that has fixed-point scores."""

from __future__ import annotations

from softermax.hw import AxiStreamProcessingElement, ProcessingElement
from softermax.model.pe import CONTEXT
from softermax.model.pe_config import ProcessingElementConfig
from softermax.model.shape import RowShape

from .design import Unit
from .heads import HeadTraffic

__all__ = ["PROCESSING_ELEMENT"]

#: Elements of the longest query, by default.
MAX_D_HEAD = 128


def _config(softmax: RowShape, *, values: bool = False, max_d_head: int = MAX_D_HEAD) -> ProcessingElementConfig:
    """As wide as the slices of its softmax."""
    try:
        return ProcessingElementConfig(softmax=softmax, vector_size=softmax.lanes, max_d_head=max_d_head, values=values)
    except ValueError as error:
        raise ValueError(str(error).replace("vector_size", "lanes")) from error


PROCESSING_ELEMENT = Unit(
    title="processing element",
    component=ProcessingElement,
    traffic=HeadTraffic(),
    options={"values": False, "max_d_head": MAX_D_HEAD},
    config=_config,
    axi_stream=AxiStreamProcessingElement,
    macros=True,
    parts=True,
    softmax_parts=("softmax", "score_converter"),
    mutation_floor=0.97,
    # Context, in units of the head's choice.
    formats=lambda config: {"x": CONTEXT},
    latency="depends on the head: `softermax utilisation` tells the cycles of whole heads",
    longest="A start with more queries or keys, or with longer ones, is refused; bit 2 of STATUS says so.",
)
