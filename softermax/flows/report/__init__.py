"""The report: everything that was measured, on one page that opens anywhere, with its plots and data as files.

:mod:`.writing` puts it together; :mod:`.results` is what it is made of; :mod:`.headline`, :mod:`.full_tables` and
:mod:`.plots` prepare that, :mod:`.error_distribution` and :mod:`.waveform` what comes from the golden model;
:mod:`.drawing` makes files of figures and :mod:`.page` the page. :mod:`.picture` is the front picture.
"""

from .markdown import markdown_ratios, markdown_tables
from .picture import front_picture
from .results import library_results
from .writing import write_report

__all__ = ["front_picture", "library_results", "markdown_ratios", "markdown_tables", "write_report"]
