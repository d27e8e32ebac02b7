"""The hardware of Softermax: Amaranth components, each built from a SoftermaxConfig."""

from .axi_stream import AxiStreamSoftermax
from .int_max import IntMax
from .normalization import NormalizationUnit
from .pe import AxiStreamProcessingElement, ProcessingElement
from .power_of_two import PowerOfTwo
from .reciprocal import Reciprocal
from .reduction import Reduction
from .row_buffer import RowBuffer
from .row_product import RowProduct
from .softermax import Softermax
from .sram import Sram
from .unnormed import UnnormedSoftmaxUnit

__all__ = [
    "AxiStreamProcessingElement",
    "AxiStreamSoftermax",
    "IntMax",
    "NormalizationUnit",
    "PowerOfTwo",
    "ProcessingElement",
    "Reciprocal",
    "Reduction",
    "RowBuffer",
    "RowProduct",
    "Softermax",
    "Sram",
    "UnnormedSoftmaxUnit",
]
