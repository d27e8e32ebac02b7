"""The preset ``faithful``: the cheapest config with faithfully rounded outputs (docs/explanation/faithful.md)."""

from __future__ import annotations

from functools import lru_cache

from .config import SoftermaxConfig
from .formats import UQ, Q, QFormat
from .width_search import smallest

__all__ = ["FEW_GUARD_BITS", "LONGEST", "default_config", "enough_guard_bits", "faithful_config", "smaller_normalizer"]

#: Fraction bits of a score up to which the row products are smaller than a multiplier for each lane.
ROW_PRODUCT_FRACTION_BITS = 5
#: Scores of the longest row that any config takes.
LONGEST = 65536
#: Guard bits with which a language model's perplexity equals exact softmax's.
FEW_GUARD_BITS = 3


def faithful_config(
    input: QFormat | str = Q(6, 2),
    output: QFormat | str = UQ(0, 8),
    max_len: int = 384,
    lanes: int = 16,
    *,
    normalizer: str | None = None,
    rounding: str = "nearest",
    guard_bits: int | None = None,
    cuts: tuple[str, ...] | None = None,
    base: str = "2",
) -> SoftermaxConfig:
    """The cheapest config whose every output is faithfully rounded; its public name is ``SoftermaxConfig.faithful``.

    That is, less than one unit in the last place away from exact base-2 softmax of the quantised scores (saturated
    to the output format), for every row of up to ``max_len`` elements. Every other width is derived from a bound.
    Rounded by cascade, every output is the floor or the ceiling of a value that is less than half a unit away.

    Parameters
    ----------
    input, output : QFormat or str
        Such as ``"Q(6,2)"``. At most 12 bits; at most 16 fraction bits.
    max_len, lanes : int
        As in :class:`softermax.model.shape.RowShape`.
    normalizer : str or None
        None chooses what is smaller, see :func:`smaller_normalizer`.
    rounding : str
        ``"directed"``, by row product only, saves each lane an adder, but its errors have one sign: a row then sums
        to less than 1, on real scores by up to a fifth (docs/explanation/faithful.md). ``"cascade"``: rows sum to 1.
    guard_bits : int or None
        Guard bits of a cascade. None: enough for every row to sum to 1 within a unit of the output. A language model
        is content with :data:`FEW_GUARD_BITS` (docs/explanation/faithful.md).
    cuts, base
        As for :class:`SoftermaxConfig`.

    Raises
    ------
    TypeError, ValueError
        As for :class:`SoftermaxConfig`, or if no width is enough.
    """
    input, output = QFormat.of(input, "input"), QFormat.of(output, "output")
    if output.fraction_bits > 16:
        raise ValueError(f"output must have at most 16 fraction bits to be faithful, not {output}")
    if normalizer is None:
        normalizer = smaller_normalizer(input)
    if guard_bits is None:
        guard_bits = enough_guard_bits(max_len) if rounding == "cascade" else 0
    return smallest(
        SoftermaxConfig(
            lanes=lanes,
            max_len=max_len,
            input=input,
            output=output,
            power_sum=UQ(17, 6),
            normalizer=normalizer,
            power_segments=256,
            rounding=rounding,
            guard_bits=guard_bits,
            cuts=cuts,
            base=base,
        )
    )


def enough_guard_bits(max_len: int) -> int:
    """Guard bits with which all roundings of a row of this length add up to no more than a unit of the output."""
    return max((max_len - 1).bit_length() - 1, 1)


def smaller_normalizer(input: QFormat | str) -> str:
    """The style that takes less area for scores of this format, by measurement (docs/explanation/faithful.md)."""
    return "row_product" if QFormat.of(input, "input").fraction_bits <= ROW_PRODUCT_FRACTION_BITS else "multiply"


# The preset's public name stands beside ``SoftermaxConfig.paper``; the class cannot make it, as the search is above it.


@lru_cache
def default_config() -> SoftermaxConfig:
    """Ordinary softmax of rows of up to 65,536 scores, outputs of 8 bits whose rows sum to one: no training needed.

    Its public name is ``SoftermaxConfig.default``.
    """
    return faithful_config(base="e", max_len=LONGEST, rounding="cascade")


SoftermaxConfig.faithful = staticmethod(faithful_config)
SoftermaxConfig.default = staticmethod(default_config)
