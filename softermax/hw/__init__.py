"""The hardware of Softermax: Amaranth components, each built from a SoftermaxConfig."""

from . import baseline  # noqa: F401 (every softmax registers its hardware)
from .axi_stream import AxiStreamSoftmax
from .int_max import IntMax
from .normalization import NormalizationUnit
from .pe import AxiStreamProcessingElement, ProcessingElement
from .power_of_two import PowerOfTwo
from .reciprocal import Reciprocal
from .reduction import Reduction
from .row_buffer import RowBuffer
from .row_product import RowProduct
from .softermax import SoftermaxUnit
from .sram import Sram
from .unnormed import UnnormedSoftmaxUnit

__all__ = [
    "AxiStreamProcessingElement",
    "AxiStreamSoftmax",
    "IntMax",
    "NormalizationUnit",
    "PowerOfTwo",
    "ProcessingElement",
    "Reciprocal",
    "Reduction",
    "RowBuffer",
    "RowProduct",
    "SoftermaxUnit",
    "Sram",
    "UnnormedSoftmaxUnit",
]
