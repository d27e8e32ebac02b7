"""A waveform of rows on their way through the complete softmax, drawn from the golden trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from softermax.hw.streams import probability_slice, score_slice
from softermax.sim.trace import RESET_CYCLES

from ..design_points import DesignPoint
from ..designs.captured import rows_of_length
from ..designs.registry import preset_label
from .drawing import GRID, INK, PAPER, Plot, draw_plot

__all__ = ["Waves", "softmax_waves", "waveform_plot"]

#: A design small enough to be read: rows of four slices, back to back.
PRESET, LANES, ELEMENTS, ROWS = "paper", 4, 16, 3
#: Colours of the rows.
ROW_COLORS = ("#9fd0ee", "#f5cd79", "#c9c2ee")
#: Cycles shown after the last probability.
AFTER = 1


@dataclass(frozen=True)
class Waves:
    """Signals of a complete softmax after its reset, a value for each clock cycle.

    Attributes
    ----------
    bits : dict of str to list of int
        Signals of one bit.
    scores, probabilities : list of (list of float or None)
        Values of all lanes, None where nothing is offered.
    rows_in, rows_out : list of (int or None)
        The row, from 0, that is at the input and at the output.
    """

    bits: dict[str, list[int]]
    scores: list[list[float] | None]
    probabilities: list[list[float] | None]
    rows_in: list[int | None]
    rows_out: list[int | None]

    @property
    def cycles(self) -> int:
        """Clock cycles."""
        return len(self.scores)

    @property
    def latency(self) -> tuple[int, int]:
        """The cycles in which the first row's last slice is at the input, and its first probabilities at the output."""
        return self.bits["i.last"].index(1), self.rows_out.index(0)


@cache
def softmax_waves() -> Waves:
    """Waves of the golden trace of a few real rows at full speed, preset paper."""
    point = DesignPoint("softmax", PRESET, LANES, ELEMENTS)
    config = point.softmax_config
    rows = rows_of_length(config, ELEMENTS)[-ROWS:]
    trace = point.entry.traffic.full_speed_trace(config, rows, np.random.default_rng(1))
    ports = {name: values[RESET_CYCLES:] for name, values in (trace.inputs | trace.outputs).items()}
    end = max(cycle for cycle, valid in enumerate(ports["o__valid"]) if valid) + 1 + AFTER
    ports = {name: values[:end] for name, values in ports.items()}
    scores = _slices(ports, "i", score_slice(config), "x")
    probabilities = _slices(ports, "o", probability_slice(config), "y")
    last = {
        port: [int(bool(item) and item[1]) for item in items] for port, items in (("i", scores), ("o", probabilities))
    }
    bits = {
        "i.valid": ports["i__valid"],
        "i.ready": ports["i__ready"],
        "i.last": last["i"],
        "o.valid": ports["o__valid"],
        "o.ready": ports["o__ready"],
        "o.last": last["o"],
    }
    return Waves(
        bits,
        [item and list(config.input.to_real(item[0])) for item in scores],
        [item and list(config.output.to_real(item[0])) for item in probabilities],
        _row_numbers(scores),
        _row_numbers(probabilities),
    )


def _slices(ports: dict[str, list], stream: str, layout, field: str) -> list[tuple[list[int], int] | None]:
    """A stream's slices, the field's lanes and ``last``, in each cycle; None where nothing is offered."""
    return [
        ([layout.from_bits(payload)[field][lane] for lane in range(LANES)], layout.from_bits(payload)["last"])
        if valid
        else None
        for valid, payload in zip(ports[f"{stream}__valid"], ports[f"{stream}__payload"], strict=True)
    ]


def _row_numbers(slices: Sequence[tuple[list[int], int] | None]) -> list[int | None]:
    """The row of each slice; at full speed, every slice that is offered is taken."""
    numbers, row = [], 0
    for item in slices:
        numbers.append(None if item is None else row)
        row += bool(item and item[1])
    return numbers


def waveform_plot() -> Plot:
    """The waveform, with the latency of the first row marked."""
    waves = softmax_waves()
    names = [
        *("clk", "i.valid", "i.ready", "i.last", *(f"score {lane}" for lane in range(LANES))),
        *("o.valid", "o.ready", "o.last", *(f"prob. {lane}" for lane in range(LANES))),
    ]

    def draw(canvas):
        axes = canvas.subplots()
        places = {name: -place - (1.2 if place > 3 + LANES else 0) for place, name in enumerate(names)}
        _draw_clock(axes, places["clk"], waves.cycles)
        for name, values in waves.bits.items():
            _draw_bit(axes, places[name], values)
        for lane in range(LANES):
            _draw_bus(axes, places[f"score {lane}"], _lane(waves.scores, lane, "{:g}"), waves.rows_in)
            _draw_bus(axes, places[f"prob. {lane}"], _lane(waves.probabilities, lane, "{:.3f}"), waves.rows_out)
        _draw_latency(axes, places[f"score {LANES - 1}"] - 0.62, *waves.latency)
        axes.set_yticks([place + 0.35 for place in places.values()], places, fontsize=8.5)
        axes.set_xticks([cycle + 0.5 for cycle in range(waves.cycles)], range(waves.cycles))
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.set_xlim(0, waves.cycles)
        axes.set_ylim(min(places.values()) - 0.15, 0.95)
        for spine in axes.spines.values():
            spine.set_visible(False)
        for cycle in range(waves.cycles + 1):
            axes.axvline(cycle, color=GRID, linewidth=0.5, zorder=0)

    caption = (
        f"Golden trace, {preset_label(PRESET)}, {LANES} lanes: {ROWS} rows of {ELEMENTS} real scores back to back, "
        "in colours. Probabilities stand at the output a latency after their row's last scores; "
        "meanwhile further rows enter."
    )
    title = "Rows on their way through the complete softmax, clock cycle by clock cycle"
    return draw_plot("waveform", title, caption, draw, width=12.4, height=4.4)


def _lane(slices: Sequence[list[float] | None], lane: int, show: str) -> list[str | None]:
    return [None if item is None else show.format(item[lane]) for item in slices]


def _draw_clock(axes: Axes, place: float, cycles: int):
    _draw_steps(axes, [cycle / 2 for cycle in range(2 * cycles + 1)], place, [1, 0] * cycles)


def _draw_bit(axes: Axes, place: float, values: Sequence[int]):
    _draw_steps(axes, range(len(values) + 1), place, values)


def _draw_steps(axes: Axes, edges: Sequence[float], place: float, values: Sequence[int]):
    heights = [place + 0.7 * value for value in values]
    axes.step(edges, [heights[0], *heights], where="pre", color=INK, linewidth=1.1)


def _draw_bus(axes: Axes, place: float, texts: Sequence[str | None], rows: Sequence[int | None]):
    """A cell for each value, in its row's colour, and a line where there is none."""
    slope, top, middle = 0.08, place + 0.7, place + 0.35
    for cycle, (text, row) in enumerate(zip(texts, rows, strict=True)):
        if text is None:
            axes.plot([cycle, cycle + 1], [middle, middle], color=GRID, linewidth=1.1)
            continue
        left, right = cycle, cycle + 1
        corners = [(left, middle), (left + slope, top), (right - slope, top), (right, middle)]
        corners += [(right - slope, place), (left + slope, place)]
        color = ROW_COLORS[row % len(ROW_COLORS)]
        axes.add_patch(Polygon(corners, facecolor=color, edgecolor=PAPER, linewidth=0.6))
        axes.text(cycle + 0.5, middle, text, ha="center", va="center", fontsize=7, color="#111111")


def _draw_latency(axes: Axes, place: float, start: int, end: int):
    """An arrow from the cycle of a row's last scores to that of its first probabilities."""
    arrow = {"arrowstyle": "<->", "color": INK, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (start + 0.5, place), (end + 0.5, place), arrowprops=arrow)
    text = f"latency: {end - start} cycles"
    axes.text(end + 0.65, place, text, ha="left", va="center", fontsize=8)
