"""Checks of the parameters of a :class:`softermax.model.config.SoftermaxConfig`."""

from __future__ import annotations

from .formats import UQ, QFormat
from .scalars import plain_bool
from .shape import check_choices, check_ranges

__all__ = ["CHOICES", "check_formats", "check_sizes", "check_sum"]

#: Least and greatest value of the parameters that are numbers.
RANGES = {
    "power_segments": (1, 256),
    "reciprocal_segments": (1, 256),
    "mantissa_guard_bits": (-8, 8),
    "guard_bits": (0, 16),
}
#: Values of the parameters that have a name for each choice.
CHOICES = {
    "normalizer": ("multiply", "row_product"),
    "rounding": ("nearest", "directed", "cascade"),
    "base": ("2", "e"),
}


def check_sizes(config):
    """Check the parameters that are numbers or names; TypeError or ValueError."""
    check_ranges(config, RANGES)
    for name in ("power_segments", "reciprocal_segments"):
        if getattr(config, name).bit_count() != 1:
            raise ValueError(f"{name} must be a power of two, not {getattr(config, name)!r}")
    object.__setattr__(config, "saturate", plain_bool("saturate", config.saturate))
    check_choices(config, CHOICES)
    config.plan  # noqa: B018 (checks the cuts)
    if config.rounding == "directed" and config.normalizer != "row_product":
        raise ValueError("rounding must be 'nearest' or 'cascade' with normalizer 'multiply', not 'directed'")
    if (config.rounding == "cascade") != (config.guard_bits > 0):
        rule = "1 or more" if config.rounding == "cascade" else "0"
        raise ValueError(f"guard_bits must be {rule} with rounding {config.rounding!r}, not {config.guard_bits}")


def check_formats(config):
    """Turn formats that are texts into formats, and check them; TypeError or ValueError."""
    for name in ("input", "unnormed", "power_sum", "reciprocal", "output", "product"):
        value = QFormat.of(getattr(config, name), name)
        object.__setattr__(config, name, value)
        if value.signed != (name == "input"):
            raise ValueError(f"{name} must be {'signed' if name == 'input' else 'unsigned'}, not {value}")
    if config.input.width > 12 or config.input.fraction_bits > 8:
        raise ValueError(f"input must have at most 12 bits, at most 8 of them fraction bits, not {config.input}")
    for name, most in (("unnormed", 36), ("reciprocal", 20), ("product", 24)):
        value = getattr(config, name)
        if value.integer_bits != 1 or not 1 <= value.fraction_bits <= most:
            raise ValueError(f"{name} must be UQ(1,f) with f from 1 to {most}, not {value}")
    if config.output.integer_bits > 1 or not 1 <= config.output.fraction_bits <= 24:
        raise ValueError(f"output must be UQ(0,f) or UQ(1,f) with f from 1 to 24, not {config.output}")
    if config.mantissa_bits < 1:
        raise ValueError(
            f"mantissa_guard_bits must leave a bit or more of an index at {config.reciprocal}, "
            f"not {config.mantissa_guard_bits!r}"
        )
    if config.power_sum.integer_bits < 1 or config.power_sum.fraction_bits < 1:
        raise ValueError(f"power_sum must have an integer and a fraction bit or more, not {config.power_sum}")
    one = 1 << config.unnormed.fraction_bits
    if config.power_table.values.max() >= 2 * one:
        raise ValueError(
            f"unnormed must be fine enough for 2**t not to come out as 2 at {config.input}, not {config.unnormed}"
        )
    if config.power_table.values[1:].min(initial=one) < one:
        raise ValueError(
            f"power_segments must be enough for 2**t not to come out below 1 at {config.input}, "
            f"not {config.power_segments}"
        )
    if config.normalizer == "row_product" and config.power_table.offset_bits:
        raise ValueError(
            f"power_segments must be {1 << config.input.fraction_bits} or more for a row product at {config.input}, "
            f"not {config.power_segments}"
        )


def check_sum(config):
    """Check that the power sum holds every row, or may saturate; ValueError."""
    if config.sum_can_overflow and not config.saturate:
        enough = UQ(config.capacity.bit_length(), config.power_sum.fraction_bits)
        raise ValueError(
            f"power_sum must hold a row of {config.capacity} equal scores (max_len {config.max_len} in slices of "
            f"{config.lanes}) unless saturate is true, as {enough} does, not only "
            f"{config.power_sum.to_real(config.power_sum.max_raw)} as {config.power_sum}"
        )
