"""The processing element: vector MACs, buffers, requantiser and softmax, built from a ProcessingElementConfig."""

from .processing_element import ProcessingElement

__all__ = ["ProcessingElement"]
