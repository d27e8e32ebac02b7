"""binary16 operators of the baseline; :mod:`softermax.model.binary16` defines their arithmetic."""

from .adder import ADDER, SUBTRACTOR, add, subtract
from .divider import DIVIDER, divider
from .exponential import NONPOSITIVE_EXPONENTIAL, exponential_operator
from .from_fixed import from_fixed, from_fixed_operator
from .maximum import MAXIMUM, maximum
from .multiplier import MULTIPLIER, multiply
from .operator import Operator, Pipeline, Stage, advance

__all__ = [
    "ADDER",
    "DIVIDER",
    "MAXIMUM",
    "MULTIPLIER",
    "NONPOSITIVE_EXPONENTIAL",
    "SUBTRACTOR",
    "Operator",
    "Pipeline",
    "Stage",
    "add",
    "advance",
    "divider",
    "exponential_operator",
    "from_fixed",
    "from_fixed_operator",
    "maximum",
    "multiply",
    "subtract",
]
