"""How far the presets' probabilities are from exact softmax, over the shipped real attention scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.ticker import FuncFormatter

from softermax.model import softmax_exact

from ..designs.captured import softmax_heads
from ..designs.registry import design, designs
from .drawing import GRID, INK, Plot, draw_plot
from .full_tables import Table

__all__ = ["absolute_errors", "error_plot", "error_table"]

#: The design that is looked at: longest row, so that all shipped heads fit, and lanes.
SIZE = {"lanes": 32, "max_len": 384}
#: Errors at which the share of larger ones is drawn.
THRESHOLDS = np.logspace(-6, 0, 241)
#: Least share that a plot shows.
LEAST_SHARE = 1e-6


@dataclass(frozen=True)
class _Summary:
    largest: float
    percentile: float
    mean: float
    median: float


@cache
def absolute_errors(preset: str) -> np.ndarray:
    """Absolute errors of a preset's probabilities against float64 softmax of the same Q(6,2) scores.

    The base is the preset's: log2(e) is folded into the shipped scores, and taken out again for base e.

    Returns
    -------
    ndarray of float64, (n,)
        Of all scores that are not masked, in no unit: probabilities are 0 to 1.
    """
    config = design(preset).config(**SIZE)
    errors = []
    for head in softmax_heads(config.max_len):
        scores = head.scores / 4 * (1 if config.base == "2" else math.log(2))
        probabilities = config.arithmetic.real_softmax(scores, config, head.keep)
        errors.append(np.abs(probabilities - softmax_exact(scores, head.keep, base=config.base))[head.keep])
    return np.concatenate(errors)


def _ulp(preset: str) -> float | None:
    """Unit in the last place of a preset's outputs; None of floating-point ones, whose unit depends on the number."""
    output = getattr(design(preset).config(**SIZE), "output", None)
    return output and output.ulp


def _summary(errors: np.ndarray) -> _Summary:
    return _Summary(errors.max(), np.percentile(errors, 99), errors.mean(), np.median(errors))


def error_table() -> Table:
    """Largest, 99th percentile, mean and median error of each preset, the largest in units of its last place too."""
    rows = []
    for preset in designs():
        summary = _summary(absolute_errors(preset))
        ulp = _ulp(preset)
        in_ulp = "–" if ulp is None else f"{summary.largest / ulp:.2f}"
        rows.append([preset, *(f"{value:.2g}" for value in vars(summary).values()), in_ulp])
    headings = ["preset", "largest", "99 %", "mean", "median", "largest\n/ulp"]
    return Table("Absolute errors of probabilities", False, headings, [False] + [True] * 5, rows)


def error_plot() -> Plot:
    """Share of probabilities whose error exceeds a threshold, for each preset."""
    shares = {preset: _shares_above(absolute_errors(preset)) for preset in designs()}

    ulps = {preset: _ulp(preset) for preset in sorted(shares) if _ulp(preset) is not None}

    def draw(canvas):
        axes = canvas.subplots()
        for preset, share in shares.items():
            # Where no error is larger, lines fall out of the plot.
            shown = np.maximum(share, LEAST_SHARE / 100)
            axes.plot(THRESHOLDS, shown, color=design(preset).color, label=preset, linewidth=1.6)
        for place, ulp in enumerate(ulps.values()):
            axes.axvline(ulp, color=INK, linewidth=0.7, linestyle="dotted")
            side = {"ha": "left" if place else "right", "va": "bottom", "fontsize": 7}
            axes.annotate(f" 1/{1 / ulp:.0f} ", (ulp, 0), xycoords=("data", "axes fraction"), **side)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(THRESHOLDS[0], 0.3)
        axes.set_ylim(LEAST_SHARE, 1.2)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
        axes.grid(True, color=GRID)
        axes.set_xlabel("absolute error of a probability")
        axes.set_title("share of probabilities with a larger error")
        canvas.legend(loc="outside lower center", ncols=3)

    units = ", ".join(f"{preset} (1/{1 / ulp:.0f})" for preset, ulp in ulps.items())
    caption = (
        "Real attention scores in Q(6,2), each preset against exact softmax of its own base. "
        f"Dotted: one unit in the last place of {units}."
    )
    return draw_plot("errors", "Errors of probabilities on real attention", caption, draw, height=3.4)


def _shares_above(errors: np.ndarray) -> np.ndarray:
    """Share of errors above each threshold."""
    above = len(errors) - np.searchsorted(np.sort(errors), THRESHOLDS, side="right")
    return above / len(errors)
