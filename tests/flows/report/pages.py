"""Pages of reports, read back."""

from html.parser import HTMLParser

from softermax.flows.report.error_distribution import error_table
from softermax.flows.report.page import render_page, sections
from softermax.flows.report.plots import model_plots
from softermax.flows.report.results import library_results

VOID = {"meta", "link", "br", "img"}


class Page(HTMLParser):
    """Tables as lists of rows of cells, links, ids, and all text outside of plots and styles."""

    def __init__(self, html):
        super().__init__()
        self.tables, self.links, self.ids, self.tags, self.text, self._open = [], [], [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        attributes = dict(attributes)
        self.links += [attributes[name] for name in ("href", "src", "xlink:href") if name in attributes]
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] not in ("style", "text"):
            self.text.append(data)
        if {"td", "th"} & set(self._open):
            self.tables[-1][-1][-1] += data

    def table(self, *headings):
        """The rows, as dicts by heading and ``group``, of the tables that have some headings."""
        found = []
        for table in self.tables:
            names = [" ".join(cell.replace("-\n", "").split()) for cell in table[0]]
            if set(headings) <= set(names):
                found += self._rows(names, table[1:])
        return found

    @staticmethod
    def _rows(names, rows):
        """Rows by heading; a row of one cell is the group of those below it."""
        found, group = [], None
        for row in rows:
            if len(row) == 1 < len(names):
                [group] = row
            else:
                found.append(dict(zip(names, row, strict=True)) | {"group": group})
        return found


def page_of(evaluations):
    """The page without plots of the libraries, which take time."""
    libraries = library_results(evaluations)
    without_plots = sections(libraries, {library.slug: [] for library in libraries})
    return Page(render_page(without_plots, error_table(), model_plots()))


TITLES = {
    "unnormed": "Unnormed Softmax Unit",
    "normalization": "Normalization Unit",
    "softmax": "complete softmax",
    "pe": "processing element",
}


def by_unit(results):
    """Results as tables have them: those of a unit together."""
    return [result for unit in TITLES for result in results if result["unit"] == unit]
