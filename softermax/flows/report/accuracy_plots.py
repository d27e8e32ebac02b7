"""Plots of a model's accuracy with Softermax: differences from softmax, with their standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes

from softermax.model import QFormat

from .drawing import INK, Plot, draw_plot, preset_style

__all__ = ["accuracy_plot"]

#: Trainings: what they are called and how they look.
TRAININGS = {"none": ("swapped in", "paper"), "tuned": ("fine-tuned", "faithful")}
#: Of bits: field, its part, and the panel's title.
PANELS = (
    ("input", "integer_bits", "score, integer"),
    ("input", "fraction_bits", "score, fraction"),
    ("output", "fraction_bits", "probability"),
)


class Compared(NamedTuple):
    """Fields drawn of the comparison with softmax: a field, its standard error, what softmax has, and the axis."""

    field: str
    se: str
    neutral: float
    heading: str
    axis: str


DIFFERENCE = Compared("difference", "difference_se", 0, "difference from softmax", "points")
RATIO = Compared("ratio", "ratio_se", 1, "times that of softmax", "times")
CAPTION = "Bars are one paired standard error, of test examples. Softmax was trained for the same steps."


def accuracy_plot(results: Sequence[dict], kind: str) -> Plot:
    """Differences of the main measure from softmax; of perplexity, quotients.

    Parameters
    ----------
    results : list of dict
        Results of :func:`softermax.flows.studies.experiments.experiment`.
    kind : str
        ``"bits"`` for lines against bits; otherwise a line for each arm.
    """
    measure = results[0]["measure"]
    shown = [result for result in results if result["measure"] == measure and result.get("difference") is not None]
    compared = RATIO if any("ratio" in result for result in shown) else DIFFERENCE
    draw, width, height = _draw_bits, 6.3, 2.6
    if kind != "bits":
        draw, width, height = _draw_arms, 4.2, 1.2 + 0.2 * len({result["arm"] for result in shown})
    task, seeds = results[0]["task"], results[0]["seeds"]
    return draw_plot(
        f"accuracy-{task.replace(':', '-')}-{kind}",
        f"{measure.replace('_', ' ').capitalize()}: {compared.heading}",
        CAPTION,
        lambda figure: draw(figure, shown, compared),
        subject=f"{task}, {seeds} seed{'s' if seeds > 1 else ''}",
        width=width,
        height=height,
    )


def _draw_arms(figure, results: Sequence[dict], compared: Compared):
    axes = figure.subplots()
    names = list(dict.fromkeys(result["arm"] for result in results))
    trainings = [training for training in TRAININGS if any(result["training"] == training for result in results)]
    for number, training in enumerate(trainings):
        label, style = TRAININGS[training]
        some = [result for result in results if result["training"] == training]
        # Side by side where there are two.
        offset = 0.24 * (number - (len(trainings) - 1) / 2)
        places = [names.index(result["arm"]) + offset for result in some]
        axes.errorbar(
            [result[compared.field] for result in some],
            places,
            xerr=[result[compared.se] for result in some],
            linestyle="none",
            markersize=4,
            linewidth=1,
            label=label,
            **preset_style(style),
        )
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.axvline(compared.neutral, color=INK, linewidth=0.6)
    axes.set_xlabel(compared.axis)
    axes.grid(axis="x")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)


def _draw_bits(figure, results: Sequence[dict], compared: Compared):
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (field, part, title) in zip(panels, PANELS, strict=True):
        _draw_line(axes, _varied(results, (field, part)), (field, part), compared)
        axes.set_title(title)
        axes.set_xlabel("bits")
    panels[0].set_ylabel(compared.axis)


def _sizes(result: dict) -> dict[tuple[str, str], int]:
    """Bits of the formats of a result."""
    return {(field, part): getattr(QFormat.parse(result[field]), part) for field, part, _ in PANELS}


def _varied(results: Sequence[dict], size: tuple[str, str]) -> list[dict]:
    """The first result, and those that differ from it in one size."""
    middle = _sizes(results[0])
    return [result for result in results if _sizes(result) | {size: middle[size]} == middle]


def _draw_line(axes: Axes, results: Sequence[dict], size: tuple[str, str], compared: Compared):
    points = sorted((_sizes(result)[size], result[compared.field], result[compared.se]) for result in results)
    widths, differences, errors = zip(*points, strict=True)
    axes.errorbar(widths, differences, yerr=errors, markersize=3.5, linewidth=1.3, **preset_style("faithful"))
    axes.axhline(compared.neutral, color=INK, linewidth=0.6)
    axes.set_xticks(widths)
    axes.grid(True)
