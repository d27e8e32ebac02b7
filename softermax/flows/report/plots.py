"""All plots of a library's results and of the golden model."""

from __future__ import annotations

from functools import cache

from .breakdown_plots import breakdown_plots
from .drawing import Plot
from .error_distribution import error_plot
from .line_plots import length_plots, sweep_plots
from .ratio_plots import ratio_plots
from .results import LibraryResults
from .waveform import waveform_plot

__all__ = ["library_plots", "model_plots"]


def library_plots(library: LibraryResults) -> list[Plot]:
    """Plots of a library's results; a plot without any measured result is left out."""
    makers = (ratio_plots, length_plots, breakdown_plots, sweep_plots)
    return [plot for maker in makers for plot in maker(library)]


@cache
def model_plots() -> tuple[Plot, ...]:
    """Plots that no library changes: errors and the waveform."""
    return error_plot(), waveform_plot()
