"""The preset ``faithful``: the cheapest config whose every output is faithfully rounded (docs/faithful.md)."""

from __future__ import annotations

from .config import SoftermaxConfig
from .formats import UQ, Q, QFormat
from .width_search import smallest

__all__ = ["faithful_config", "smaller_normalizer"]

#: Fraction bits of a score up to which the row products are smaller than a multiplier for each lane.
ROW_PRODUCT_FRACTION_BITS = 5


def faithful_config(
    input: QFormat | str = Q(6, 2),
    output: QFormat | str = UQ(0, 8),
    max_len: int = 384,
    lanes: int = 16,
    *,
    normalizer: str | None = None,
    rounding: str = "nearest",
    cuts: tuple[str, ...] | None = None,
    base: str = "2",
) -> SoftermaxConfig:
    """The cheapest config whose every output is faithfully rounded; its public name is ``SoftermaxConfig.faithful``.

    That is, less than one unit in the last place away from exact base-2 softmax of the quantised scores (saturated
    to the output format), for every row of up to ``max_len`` elements. Every other width is derived from a bound.

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
        to less than 1, on real scores by up to a fifth (docs/faithful.md).
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
            cuts=cuts,
            base=base,
        )
    )


def smaller_normalizer(input: QFormat | str) -> str:
    """The style that takes less area for scores of this format, by measurement (docs/faithful.md)."""
    return "row_product" if QFormat.of(input, "input").fraction_bits <= ROW_PRODUCT_FRACTION_BITS else "multiply"


# The preset's public name stands beside ``SoftermaxConfig.paper``; the class cannot make it, as the search is above it.
SoftermaxConfig.faithful = staticmethod(faithful_config)
