"""Writing a report: its page, its plots and its data."""

from __future__ import annotations

from pathlib import Path

from ..files import write_whole
from .data_files import write_data_files
from .error_distribution import error_table
from .page import render_page, sections
from .plots import library_plots, model_plots
from .results import library_results

__all__ = ["write_report"]


def write_report(evaluations: dict[str, dict], folder: Path) -> Path:
    """Write a report of evaluations: the same files, byte by byte, whenever they are the same.

    Parameters
    ----------
    evaluations : dict of str to dict
        By library: ``provenance``, and flat results in the lists ``units``, ``lengths`` and ``sweeps``. Any list may be
        missing or empty, and any figure None: it then says what was not measured.
    folder : Path
        Gets ``index.html``, the plots as SVG and PNG, ``figures.md``, ``figures.json`` and a CSV file of each list.

    Returns
    -------
    Path
        Path of the page.

    Raises
    ------
    FlowError
        If a file cannot be written.
    """
    libraries = library_results(evaluations)
    plots = {library.slug: library_plots(library) for library in libraries}
    common = model_plots()
    for plot in [plot for some in (*plots.values(), common) for plot in some]:
        write_whole(folder / f"{plot.name}.svg", plot.svg)
        write_whole(folder / f"{plot.name}.png", plot.png)
    write_data_files(evaluations, libraries, folder)
    page = folder / "index.html"
    write_whole(page, render_page(sections(libraries, plots), error_table(), common))
    return page
