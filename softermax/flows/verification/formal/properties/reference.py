"""Reference of the units, written again from the definition: exact integers of full width, step after step.

Nothing here is taken from the hardware: maxima are chains of comparisons, sums are exact, shifts have no stages, tables
are looked up entry by entry. A result is cut to its format at the end, where the definition says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from amaranth.hdl import Array, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream

from softermax.hw.streams import shape_of
from softermax.model import SoftermaxConfig

__all__ = [
    "Framing",
    "RunningRow",
    "aligned",
    "cascaded",
    "is_maximum",
    "is_sum",
    "largest_result",
    "numerators",
    "probabilities",
    "reciprocal",
    "row_products",
    "saturated",
    "slice_maximum",
    "slice_sum",
]


def _named(m: Module, value: Value, name: str) -> Signal:
    """A value under a name, so that counterexamples show it."""
    signal = Signal(value.shape(), name=f"reference_{name}")
    m.d.comb += signal.eq(value)
    return signal


def _look_up(entries, index: Value) -> Value:
    return Array(Const(int(entry)) for entry in entries)[index]


def _as_shift(m: Module, distance: Value, name: str) -> Value:
    """A distance, which is not negative, as a shift takes it."""
    signed = _named(m, distance, name)
    return signed.as_unsigned()[:-1] if signed.shape().signed else signed


@dataclass(frozen=True)
class Framing:
    """How the slices at a port are framed: whether one is ``kept``, ends its row (``last``), and that ``cut`` it."""

    kept: Value
    last: Value
    cut: Value

    @classmethod
    def at(cls, m: Module, i: stream.Interface, config: SoftermaxConfig) -> Framing:
        """Framing of the slices that a unit accepts at a port."""
        return cls.of(m, i.valid & i.ready, i.payload.last, config.max_slices)

    @classmethod
    def of(cls, m: Module, takes: Value, last: Value, max_slices: int) -> Framing:
        """Count slices that are taken; from number ``max_slices`` of a row on they are too many."""
        number = Signal(range(max_slices + 1), name="reference_number")
        with m.If(takes):
            m.d.sync += number.eq(Mux(last, 0, Mux(number == max_slices, max_slices, number + 1)))
        kept, full = number < max_slices, number == max_slices - 1
        return cls(kept, kept & (last | full), full & ~last)


def slice_maximum(m: Module, x: Sequence[Value], keep: Value, config: SoftermaxConfig) -> Value:
    """The largest ceiling over the kept lanes; the lowest there is without one."""
    largest = Const(config.lowest_maximum, shape_of(config.maximum))
    for lane, score in enumerate(x):
        ceiling = (score + (1 << config.input.fraction_bits) - 1) >> config.input.fraction_bits
        largest = Mux(keep[lane] & (ceiling > largest), ceiling, largest)
    return _named(m, largest, "slice_maximum")[: config.maximum.width].as_signed()


def numerators(m: Module, x: Sequence[Value], keep: Value, maximum: Value, config: SoftermaxConfig) -> list[Value]:
    """2**(x - maximum) of every lane, truncated; 0 where masked."""
    found = []
    for lane, score in enumerate(x):
        power = _look_up(config.power_table.values, score[: config.input.fraction_bits])
        distance = _as_shift(m, maximum - (score >> config.input.fraction_bits), f"distance_{lane}")
        u = _named(m, Mux(keep[lane], power >> distance, 0), f"u_{lane}")
        found.append(u[: config.unnormed.width])
    return found


def slice_sum(m: Module, u: Sequence[Value], config: SoftermaxConfig) -> Value:
    """The exact sum over the lanes, truncated to the power sum's fraction."""
    cut = config.unnormed.fraction_bits - config.power_sum.fraction_bits
    exact = _named(m, sum(u[1:], u[0]), "slice_exact")
    return _named(m, exact >> cut if cut >= 0 else exact << -cut, "slice_sum")


@dataclass(frozen=True)
class RunningRow:
    """A row after the slice that was taken last.

    Attributes
    ----------
    maximum, power_sum : Signal
    saturated : Signal
        Whether the exact sum has ever gone over its format in this row.
    exact : Signal
        The sum with the slice at hand, exactly.
    """

    maximum: Signal
    power_sum: Signal
    saturated: Signal
    exact: Signal

    @classmethod
    def of(
        cls, m: Module, takes: Value, last: Value, slice_maximum: Value, slice_sum: Value, config: SoftermaxConfig
    ) -> RunningRow:
        """Add up the slices that are taken; the one after a ``last`` begins a row, and knows of none before."""
        first = Signal(init=1, name="reference_first")
        maximum = Signal(shape_of(config.maximum), name="reference_maximum", reset_less=True)
        power_sum = Signal(shape_of(config.power_sum), name="reference_power_sum", reset_less=True)
        saturated = Signal(name="reference_saturated", reset_less=True)
        after = _named(m, Mux(first | (slice_maximum > maximum), slice_maximum, maximum), "maximum_after")
        rise, fall = (
            _as_shift(m, after - before, name) for before, name in ((maximum, "rise"), (slice_maximum, "fall"))
        )
        exact = _named(m, Mux(first, 0, power_sum >> rise) + (slice_sum >> fall), "exact_sum")
        over = exact > config.power_sum.max_raw
        with m.If(takes):
            m.d.sync += [
                first.eq(last),
                maximum.eq(after),
                power_sum.eq(Mux(over, config.power_sum.max_raw, exact)),
                saturated.eq(over | (saturated & ~first)),
            ]
        return cls(maximum, power_sum, saturated, exact)


def aligned(m: Module, power_sum: Value, maximum: Value, config: SoftermaxConfig) -> dict[str, Value]:
    """For D of at least 1/2: what of its mantissa indexes the table, and its exponent on top of the row's maximum."""
    top, lowest = config.power_sum.width - 1, config.power_sum.fraction_bits - 1
    exponent, index = Const(0), Const(0, config.mantissa_bits)
    for leading in range(lowest, top + 1):
        mantissa = (power_sum << (top - leading)) >> (top - config.mantissa_bits)
        exponent = Mux(power_sum[leading], leading - lowest, exponent)
        index = Mux(power_sum[leading], mantissa[: config.mantissa_bits], index)
    return {"index": _named(m, index, "index"), "exponent": _named(m, maximum + exponent, "exponent")}


def reciprocal(m: Module, index: Value, config: SoftermaxConfig) -> Value:
    """1/m, from the table."""
    return _named(m, _look_up(config.reciprocal_table.values, index), "mantissa")


def row_products(m: Module, mantissa: Value, config: SoftermaxConfig) -> list[Value]:
    """The reciprocal times 2**t, to nearest or up, for every fraction t of a score."""
    dropped = config.reciprocal.fraction_bits
    bias = (1 << dropped) - 1 if config.rounding == "directed" else (1 << dropped) >> 1
    products = [(mantissa * int(factor) + bias) >> dropped for factor in config.product_table.values]
    return [_named(m, product, f"product_{t}") for t, product in enumerate(products)]


def probabilities(m: Module, i: data.View, row: dict[str, Value], config: SoftermaxConfig) -> tuple[list[Value], Value]:
    """Probabilities of a slice, as wide as they come; and whether no score or maximum lies above its row's.

    For a cascade they have guard bits, and none may be larger than the config says that results are.

    Parameters
    ----------
    row : dict of str to Value
        ``exponent``; and ``mantissa`` when multiplying, else the products ``product_0``, ``product_1`` and so on.
    """
    by_lane = _multiply if config.normalizer == "multiply" else _select
    results, sound = [], Const(1)
    for lane in range(config.lanes):
        result, distance, masked = by_lane(m, i, row, config, lane)
        results.append(_named(m, result, f"y_{lane}"))
        sound &= (distance >= 0) | masked
        if config.rounding == "cascade":
            sound &= results[-1] <= largest_result(config)
    return results, _named(m, sound, "sound")


def largest_result(config: SoftermaxConfig) -> int:
    """The largest that is cascaded, with its guard bits."""
    return floor(config.largest_result * (1 << config.result_bits))


def _multiply(m, i, row, config, lane):
    distance = row["exponent"] - i.maximum
    product = (i.u[lane] >> _as_shift(m, distance, f"shift_{lane}")) * row["mantissa"]
    dropped = config.product_shift
    rounded = (product + ((1 << dropped) >> 1)) >> dropped if dropped > 0 else product << -dropped
    return rounded, distance, i.u[lane] == 0


def _select(m, i, row, config, lane):
    x, fraction_bits = i.x[lane], config.input.fraction_bits
    selected = Array(row[f"product_{t}"] for t in range(1 << fraction_bits))[x[:fraction_bits]]
    # The exponent counts from 1/2, so a product is halved as a matter of course.
    distance = row["exponent"] - 1 - (x >> fraction_bits)
    # Zeros are appended before, bits are dropped after: in halves of the result's last place.
    shift = _as_shift(m, distance, f"shift_{lane}")
    halves = ((selected << (config.result_bits + 1)) >> shift) >> config.product.fraction_bits
    rounded = (halves + (0 if config.rounding == "directed" else 1)) >> 1
    return Mux(i.keep[lane], rounded, 0), distance, ~i.keep[lane]


def cascaded(m: Module, results: Sequence[Value], takes: Value, last: Value, config: SoftermaxConfig) -> list[Value]:
    """Probabilities of a slice, as wide as they come: each is the whole part of a result and what is left before it.

    What is left goes on to the next one, from lane to lane and from a slice that is taken to the one after it. A row
    begins with one half.
    """
    guard_bits = config.guard_bits
    half = 1 << (guard_bits - 1)
    residual = Signal(guard_bits, init=half, name="reference_residual")
    left, found = residual, []
    for lane, result in enumerate(results):
        total = _named(m, result + left, f"total_{lane}")
        found.append(total >> guard_bits)
        left = total[:guard_bits]
    with m.If(takes):
        m.d.sync += residual.eq(Mux(last, half, left))
    return found


def saturated(y: Value, config: SoftermaxConfig) -> Value:
    """A result in the output's format, the largest there is where it does not fit."""
    most = config.output.max_raw
    return Mux(y > most, most, y)[: config.output.width]


def is_maximum(maximum: Value, config: SoftermaxConfig) -> Value:
    """Whether it is the ceiling of a score."""
    return (maximum >= config.lowest_maximum) & (maximum <= -config.lowest_maximum)


def is_sum(power_sum: Value, config: SoftermaxConfig) -> Value:
    """Whether it is at least 1/2, as in every row with a kept score."""
    return power_sum >= 1 << (config.power_sum.fraction_bits - 1)
