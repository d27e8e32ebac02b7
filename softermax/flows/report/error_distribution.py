"""How far the presets' probabilities are from exact softmax, over the shipped real attention scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.ticker import FuncFormatter

from softermax.model import QFormat, softmax_exact

from ..designs.captured import softmax_heads
from ..designs.registry import design, designs, preset_label
from .drawing import GRID, INK, Plot, draw_plot
from .full_tables import Table

__all__ = ["absolute_errors", "error_plot", "error_table", "probabilities"]

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


def absolute_errors(preset: str) -> np.ndarray:
    """Absolute errors of a preset's probabilities, see :func:`probabilities`.

    Returns
    -------
    ndarray of float64, (n,)
        In no unit: probabilities are 0 to 1.
    """
    given, exact = probabilities(preset)
    return np.abs(given - exact)


@cache
def probabilities(preset: str) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a preset, and of float64 softmax of the same Q(6,2) scores.

    The base is the preset's: log2(e) is folded into the shipped scores, and taken out again for base e.

    Returns
    -------
    given, exact : ndarray of float64, (n,)
        Values of all scores that are not masked, in the same order.
    """
    config = design(preset).config(**SIZE)
    given, exact = [], []
    for head in softmax_heads(config.max_len):
        scores = head.scores / 4 * (1 if config.base == "2" else math.log(2))
        given.append(config.arithmetic.real_softmax(scores, config, head.keep)[head.keep])
        exact.append(softmax_exact(scores, head.keep, base=config.base)[head.keep])
    return np.concatenate(given), np.concatenate(exact)


def _output(preset: str) -> QFormat | None:
    """Format of a preset's outputs; None of floating-point ones, whose unit in the last place depends on the number."""
    return getattr(design(preset).config(**SIZE), "output", None)


def _summary(errors: np.ndarray) -> _Summary:
    return _Summary(errors.max(), np.percentile(errors, 99), errors.mean(), np.median(errors))


def error_table() -> Table:
    """Largest, 99th percentile, mean and median error of each preset, the largest in units of its last place too.

    A probability above the largest value of its format saturates. Where that makes the largest error, the note says so,
    and the last column has the largest of the others.
    """
    rows, notes = [], []
    for preset in designs():
        errors, output = absolute_errors(preset), _output(preset)
        summary, in_ulp = _summary(errors), ["–", "–"]
        if output is not None:
            others = errors[probabilities(preset)[1] <= output.to_real(output.max_raw)].max()
            in_ulp = [f"{error / output.ulp:.2f}" for error in (summary.largest, others)]
            if others < summary.largest:
                notes.append(_saturation_note(preset, output, *in_ulp))
        rows.append([preset_label(preset), *(f"{value:.2g}" for value in vars(summary).values()), *in_ulp])
    headings = ["preset", "largest", "99 %", "mean", "median", "largest\n/ulp", "not satu-\nrated /ulp"]
    note = " ".join(["An ulp is a unit in the last place of the preset's output format.", *notes])
    return Table("Absolute errors of probabilities", False, headings, [False] + [True] * 6, rows, note)


def _saturation_note(preset: str, output: QFormat, largest: str, others: str) -> str:
    return (
        f"The largest error of {preset_label(preset)}, {largest} ulp, is that of a probability saturated to the output "
        f"format: the largest value of {output} is {output.to_real(output.max_raw):g}. "
        f"All other errors are at most {others} ulp."
    )


def error_plot() -> Plot:
    """Share of probabilities whose error exceeds a threshold, for each preset."""
    shares = {preset: _shares_above(absolute_errors(preset)) for preset in designs()}

    ulps = {preset: output.ulp for preset in sorted(shares) if (output := _output(preset)) is not None}

    def draw(canvas):
        axes = canvas.subplots()
        for preset, share in shares.items():
            # Where no error is larger, lines fall out of the plot.
            shown = np.maximum(share, LEAST_SHARE / 100)
            axes.plot(THRESHOLDS, shown, color=design(preset).color, label=preset_label(preset), linewidth=1.6)
        for place, ulp in enumerate(ulps.values()):
            axes.axvline(ulp, color=INK, linewidth=0.7, linestyle="dotted")
            side = {"ha": "left" if place else "right", "va": "bottom", "fontsize": 7}
            axes.annotate(f"1/{1 / ulp:.0f}", (ulp, 1.01), xycoords=("data", "axes fraction"), **side)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(THRESHOLDS[0], 0.3)
        axes.set_ylim(LEAST_SHARE, 1.2)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6f}".rstrip("0").rstrip(".")))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
        axes.grid(True, color=GRID)
        axes.set_xlabel("absolute error of a probability")
        axes.set_title("share of probabilities with a larger error", pad=15)
        canvas.legend(loc="outside lower center", ncols=3)

    units = ", ".join(f"{preset_label(preset)} (1/{1 / ulp:.0f})" for preset, ulp in ulps.items())
    caption = (
        "Real attention scores in Q(6,2), each preset against exact softmax of its own base. "
        f"Dotted: one unit in the last place of {units}."
    )
    return draw_plot("errors", "Errors of probabilities on real attention", caption, draw, height=3.4)


def _shares_above(errors: np.ndarray) -> np.ndarray:
    """Share of errors above each threshold."""
    above = len(errors) - np.searchsorted(np.sort(errors), THRESHOLDS, side="right")
    return above / len(errors)
