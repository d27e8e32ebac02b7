"""The baseline in binary16: its operators, whose arithmetic :mod:`softermax.model.binary16` defines, and its units."""

from .adder import ADDER, NONNEGATIVE_ADDER, SUBTRACTOR, add, add_nonnegative, subtract
from .divider import DIVIDER, divider
from .exponential import NONPOSITIVE_EXPONENTIAL, exponential_operator
from .from_fixed import from_fixed, from_fixed_operator
from .maximum import MAXIMUM, maximum
from .multiplier import MULTIPLIER, multiply
from .normalization import BaselineNormalizationUnit
from .operator import Operator, Pipeline, Stage, advance
from .score_converter import Binary16Scores
from .softmax import BaselineSoftmax
from .to_fixed import to_fixed
from .unnormed import BaselineUnnormedSoftmaxUnit

__all__ = [
    "ADDER",
    "DIVIDER",
    "MAXIMUM",
    "MULTIPLIER",
    "NONNEGATIVE_ADDER",
    "NONPOSITIVE_EXPONENTIAL",
    "SUBTRACTOR",
    "BaselineNormalizationUnit",
    "BaselineSoftmax",
    "BaselineUnnormedSoftmaxUnit",
    "Binary16Scores",
    "Operator",
    "Pipeline",
    "Stage",
    "add",
    "add_nonnegative",
    "advance",
    "divider",
    "exponential_operator",
    "from_fixed",
    "from_fixed_operator",
    "maximum",
    "multiply",
    "subtract",
    "to_fixed",
]
