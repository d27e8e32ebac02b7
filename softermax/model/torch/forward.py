"""The arithmetic of the golden model on integer tensors, bit by bit, for blocks of rows.

No operation is among those that autocast gives another type, and none depends on the number of threads.

It differs from the golden model in how it gets there. What a score becomes depends on its distance below M + e alone,
the row's maximum and the sum's exponent, and on the row's reciprocal. So where a row has more elements than there are
distances with a result other than 0, results are computed for the distances, and elements look theirs up.
"""

from __future__ import annotations

import math
from collections.abc import Set

import torch
from torch import bitwise_left_shift as left_shift
from torch import bitwise_right_shift as right_shift

from ..config import SoftermaxConfig
from ..golden import VANISHED, octaves
from .kernel import kernel_rows
from .power_sum import reduction
from .rows import blocks, refuse_not_finite
from .tables import tables

__all__ = [
    "quantise",
    "result_dtype",
    "scale",
    "scaled_scores",
    "softermax",
    "softermax_block",
    "softermax_rows",
    "visible",
]


def result_dtype(dtype: torch.dtype, config: SoftermaxConfig, exact: Set[str] = frozenset()) -> torch.dtype:
    """The first of ``dtype``, float32 and float64 in which every output value is exact; ``dtype`` of exact outputs."""
    if "output" in exact:
        return dtype
    precision = {torch.float16: 11, torch.bfloat16: 8, torch.float32: 24, torch.float64: 53}
    wide_enough = (d for d in (dtype, torch.float32, torch.float64) if precision[d] >= config.output.width)
    return next(wide_enough)


def softermax(
    scores: torch.Tensor, keep: torch.Tensor | None, config: SoftermaxConfig, dtype: torch.dtype
) -> torch.Tensor:
    """Softermax over the last axis, by the compiled library if there is one.

    Parameters
    ----------
    scores : Tensor, (..., n)
        Real scores, or int32 in ``config.input``.
    keep : Tensor of bool, (..., n), or None
    dtype : torch.dtype
        Type of the result: a real type that holds the output exactly, or int32 for raw integers in ``config.output``.

    Returns
    -------
    Tensor of ``dtype``, (..., n)

    Raises
    ------
    ValueError
        If a kept score is not finite.
    """
    y, finite = kernel_rows(scores, keep, config, dtype)
    if not finite:
        refuse_not_finite(scores, keep)
    if y is not None:
        return y
    n = scores.shape[-1]
    return softermax_rows(scores.reshape(-1, n), None if keep is None else keep.reshape(-1, n), config, dtype).view(
        scores.shape
    )


def softermax_rows(
    x: torch.Tensor, keep: torch.Tensor | None, config: SoftermaxConfig, dtype: torch.dtype
) -> torch.Tensor:
    """The same of rows, (rows, n), by PyTorch's operations."""
    y = torch.empty(x.shape, dtype=dtype, device=x.device)
    for block in blocks(*x.shape):
        kept = None if keep is None else keep[block]
        raw = x[block]
        if x.is_floating_point():
            scaled, kept = scaled_scores(raw, kept, config)
            raw = quantise(scaled, config)
        y[block] = softermax_block(raw, kept, config, dtype)
    return y


def softermax_block(
    raw: torch.Tensor, keep: torch.Tensor | None, config: SoftermaxConfig, dtype: torch.dtype
) -> torch.Tensor:
    """The same of int32 in ``config.input``, for rows of which temporaries fit in memory."""
    slices = to_slices(hide(raw, keep, config), config)
    slice_maximum = slice_maxima(slices, config)
    sums = slice_sums(slices, slice_maximum, config)
    maximum, power_sum = reduction(sums, slice_maximum, config)
    return normalise(slices, maximum, power_sum, config, dtype)[:, : raw.shape[1]]


def scaled_scores(
    scores: torch.Tensor, keep: torch.Tensor | None, config: SoftermaxConfig
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Real scores as :func:`scale` has them, and the ``keep`` bits that are :func:`visible`; None if all are.

    Raises
    ------
    ValueError
        If a kept score is not finite.
    """
    low, high = (edge.to(torch.float64) for edge in torch.aminmax(scores))  # is NaN if a score is
    if not torch.isfinite(high - low):
        refuse_not_finite(scores, keep)
    scaled = scale(scores, config)
    return scaled, keep if high - low < octaves(VANISHED, config) else visible(scores, keep, config)


def scale(scores: torch.Tensor, config: SoftermaxConfig) -> torch.Tensor:
    """Real scores in units of the last place of ``config.input``, rounded as in the golden model, that is in float64.

    Scaling by a power of two is exact in float32 too, except for scores that saturate anyway.
    """
    in_base_2 = config.base == "2"
    work = torch.float32 if in_base_2 and scores.dtype != torch.float64 else torch.float64
    return scores.to(work) * (float(1 << config.input.fraction_bits) * (1 if in_base_2 else math.log2(math.e)))


def visible(scores: torch.Tensor, keep: torch.Tensor | None, config: SoftermaxConfig) -> torch.Tensor:
    """Kept scores that do not vanish beside their row's highest, as in :func:`softermax.model.golden.visible`."""
    shown = scores.to(torch.float64)
    highest = (shown if keep is None else shown.masked_fill(~keep, -math.inf)).amax(dim=-1, keepdim=True)
    near = highest - shown < octaves(VANISHED, config)
    return near if keep is None else near & keep


def quantise(scaled: torch.Tensor, config: SoftermaxConfig) -> torch.Tensor:
    """Scaled scores to int32 in ``config.input``, in place: to nearest, ties to even, saturated."""
    return scaled.round_().clamp_(config.input.min_raw, config.input.max_raw).to(torch.int32)


def hide(raw: torch.Tensor, keep: torch.Tensor | None, config: SoftermaxConfig) -> torch.Tensor:
    """The scores, int32, with the hidden one where masked."""
    if keep is None:
        return raw
    hidden = tables(config, raw.device).hidden
    # Several times faster than torch.where, which does not use vector instructions.
    return ((raw - hidden) * keep.to(torch.int32)).add_(hidden)


def to_slices(x: torch.Tensor, config: SoftermaxConfig) -> torch.Tensor:
    """Rows cut into slices, (rows, slices, lanes), the last one filled up with hidden scores."""
    short = -x.shape[1] % config.lanes
    if short:
        x = torch.nn.functional.pad(x, (0, short), value=tables(config, x.device).hidden)
    return x.reshape(x.shape[0], -1, config.lanes)


def slice_maxima(slices: torch.Tensor, config: SoftermaxConfig) -> torch.Tensor:
    """IntMax: int32, (rows, slices), in ``config.maximum``."""
    ceiling = -(-slices.amax(dim=-1) >> config.input.fraction_bits)
    return ceiling.clamp_(min=config.lowest_maximum)


def slice_sums(slices: torch.Tensor, slice_maximum: torch.Tensor, config: SoftermaxConfig) -> torch.Tensor:
    """Power of Two and the adder tree: the sum of each slice's numerators, int64, (rows, slices)."""
    numerators = tables(config, slices.device).numerators
    distance = (slice_maximum << config.input.fraction_bits)[..., None] - slices
    index = distance.to(torch.int64).flatten(1)
    if torch.compiler.is_compiling():
        found = numerators[index]
    else:  # several times faster
        found = torch.gather(numerators.expand(slices.shape[0], -1), 1, index)
    return found.view(slices.shape).sum(dim=-1, dtype=torch.int64)


def reciprocal(power_sum: torch.Tensor, config: SoftermaxConfig) -> tuple[torch.Tensor, torch.Tensor]:
    """Reciprocal of the denominator: mantissa and exponent as in the golden model, int64, (rows,)."""
    # How many of the powers of two from 1 on it reaches: the exponent counts from 1/2.
    exponent = (power_sum[:, None] >= tables(config, power_sum.device).whole_powers).sum(dim=1)
    aligned = left_shift(power_sum, config.max_exponent - exponent)
    index = (aligned >> (config.power_sum.width - 1 - config.mantissa_bits)) & ((1 << config.mantissa_bits) - 1)
    return tables(config, power_sum.device).reciprocal[index], exponent


def normalise(
    slices: torch.Tensor, maximum: torch.Tensor, power_sum: torch.Tensor, config: SoftermaxConfig, dtype: torch.dtype
) -> torch.Tensor:
    """Normalization Unit: results, (rows, slices * lanes), of ``dtype`` as for :func:`softermax_rows`."""
    distances = tables(config, slices.device).distances
    mantissa, exponent = reciprocal(power_sum, config)
    top = (maximum + exponent << config.input.fraction_bits).to(torch.int32)[:, None]
    distance = (top - slices.flatten(1)).clamp_(max=len(distances) - 1).to(torch.int64)
    by_table = len(distances) < distance.shape[1] and not torch.compiler.is_compiling()
    found = results(mantissa[:, None], distances if by_table else distance, config)
    if config.rounding != "cascade":
        y = _to_dtype(_saturated_output(found, config), config, dtype)
        return torch.gather(y, 1, distance) if by_table else y
    # In half of the memory where a row fits.
    found = found.to(torch.int32 if tables(config, slices.device).narrow_results else torch.int64)
    found = torch.gather(found, 1, distance) if by_table else found
    return _to_dtype(_saturated_output(_cascaded(found, config), config), config, dtype)


def _cascaded(found: torch.Tensor, config: SoftermaxConfig) -> torch.Tensor:
    """Results of whole rows, rounded by cascade, in place, as in :func:`softermax.model.cascade.cascaded`."""
    sums = found.cumsum_(dim=1).add_(1 << (config.guard_bits - 1)).bitwise_right_shift_(config.guard_bits)
    y = sums.clone()
    y[:, 1:] -= sums[:, :-1]
    return y


def _saturated_output(y: torch.Tensor, config: SoftermaxConfig) -> torch.Tensor:
    return y.clamp_(max=config.output.max_raw)


def results(mantissa: torch.Tensor, distance: torch.Tensor, config: SoftermaxConfig) -> torch.Tensor:
    """Results of scores at a distance below M + e in rows with this reciprocal: int64, the two broadcast together.

    Not saturated, and before the cascade if rounding is by one.
    """
    fraction = -distance & ((1 << config.input.fraction_bits) - 1)
    places = -(-distance >> config.input.fraction_bits)
    known = tables(config, mantissa.device)
    if config.normalizer == "multiply":
        y = _rounded(right_shift(known.power[fraction], places) * mantissa, config.product_shift)
    else:
        cut = config.reciprocal.fraction_bits
        bias = (1 << cut) - 1 if config.rounding == "directed" else 1 << (cut - 1)
        product = (known.product[fraction] * mantissa + bias) >> cut
        # The exponent counts from 1/2, so the products are halved as a matter of course.
        places = places + (config.product.fraction_bits - config.result_bits - 1)
        y = _shifted(product, places) if config.rounding == "directed" else (_shifted(product, places - 1) + 1) >> 1
    return y


def _rounded(y: torch.Tensor, dropped: int) -> torch.Tensor:
    """Drop fraction bits: to nearest, ties up."""
    return (y + (1 << (dropped - 1))) >> dropped if dropped > 0 else y << -dropped


def _shifted(values: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Shift right, or left where the places are negative."""
    return right_shift(left_shift(values, (-places).clamp_(min=0)), places.clamp(min=0))


def _to_dtype(y: torch.Tensor, config: SoftermaxConfig, dtype: torch.dtype) -> torch.Tensor:
    """Raw results as they are, or as the real numbers they stand for, exactly."""
    if not dtype.is_floating_point:
        return y.to(dtype)
    # Exact in the type of the result, which is wide enough, as is scaling by a power of two.
    return y.to(dtype).mul_(config.output.ulp)
