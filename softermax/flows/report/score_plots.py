"""Statistics of attention scores as heatmaps of layers and heads."""

from __future__ import annotations

import numpy as np

from .drawing import Plot, draw_plot

__all__ = ["PANELS", "score_plot"]

#: What is drawn: fields of the results, heading, and how a cell is labelled.
PANELS = (
    ("greatest", "greatest score", "{:.0f}"),
    ("clipped_above", "clipped above", "{:.1%}"),
    ("moved_clipped_above", "clipped above, with zero points", "{:.1%}"),
    ("zero_point", "zero point, in units of the last place", "{:.0f}"),
    ("entropy", "entropy of a row, in bits", "{:.1f}"),
    ("max_probability", "largest probability of a row", "{:.2f}"),
)


def score_plot(results: list[dict]) -> Plot:
    """Heatmaps of layers and heads.

    Parameters
    ----------
    results : list of dict
        Results of :func:`softermax.nn.score_statistics`.
    """
    return draw_plot(
        "score-statistics",
        "Attention scores of each layer and head",
        "",
        lambda figure: _draw(figure, results),
        width=8.4,
        height=0.6 + len(PANELS) / 2 * (0.6 + 0.17 * len(_grid(results, "layer"))),
    )


def _draw(figure, results: list[dict]):
    """A panel for each of :data:`PANELS`, two in a row."""
    for axes, (field, heading, label) in zip(figure.subplots(-(-len(PANELS) // 2), 2).flat, PANELS, strict=True):
        values = _grid(results, field)
        axes.imshow(values, cmap="Blues", aspect="auto")
        axes.set_title(heading)
        axes.set_xticks(range(values.shape[1]))
        axes.set_yticks(range(values.shape[0]))
        axes.set_xlabel("head")
        axes.set_ylabel("layer")
        # Letters are white where the cell is dark.
        middle = (np.nanmin(values) + np.nanmax(values)) / 2
        for (layer, head), value in np.ndenumerate(values):
            if np.isfinite(value):
                color = "white" if value > middle else "black"
                axes.text(head, layer, label.format(value), ha="center", va="center", fontsize=5, color=color)


def _grid(results: list[dict], field: str) -> np.ndarray:
    """A field by layer and head; NaN where a layer has no such head."""
    shape = tuple(max(result[axis] for result in results) + 1 for axis in ("layer", "head"))
    grid = np.full(shape, np.nan)
    for result in results:
        grid[result["layer"], result["head"]] = result[field]
    return grid
