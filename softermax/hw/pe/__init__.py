"""The processing element: vector MACs, buffers, requantiser and softmax, built from a ProcessingElementConfig."""

from .axi_stream import AxiStreamProcessingElement
from .processing_element import ProcessingElement

__all__ = ["AxiStreamProcessingElement", "ProcessingElement"]
