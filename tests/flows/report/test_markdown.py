"""The report's tables in Markdown."""

from softermax.flows.report import write_report
from softermax.flows.report.full_tables import full_tables
from softermax.flows.report.markdown import markdown_report
from softermax.flows.report.results import library_results


def tables_of(text) -> list[list[list[str]]]:
    """Tables as lists of rows of cells."""
    tables = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            tables[-1].append([cell.strip() for cell in line.strip("|").split(" | ")])
        elif tables[-1]:
            tables.append([])
    return [table for table in tables if table]


def test_it_has_the_headline_and_every_table_of_every_library(evaluations):
    libraries = library_results(evaluations)
    found = tables_of(markdown_report(libraries))
    expected = [2 + len(full_tables(library)) for library in libraries]
    assert len(found) == sum(expected)
    assert all(len({len(row) for row in table}) == 1 for table in found)
    table = full_tables(libraries[0])[0]
    assert list(found[2][2:]) == [[cell.strip() for cell in row] for row in table.rows]


def test_ratios_are_those_of_the_evaluation(evaluations):
    [library, *_] = library_results({name: e for name, e in evaluations.items() if name != "generic"})
    leading, headline = tables_of(markdown_report([library]))[:2]
    assert leading[0] == ["unit", "design", "area µm²", "minimum period ns", "energy of a row pJ", "with glitches"]
    assert headline[0] == ["figure", "unit", "paper's formats", "faithful", "published", "aim"]
    [paper] = [u for u in library.units if (u["unit"], u["preset"], u["lanes"]) == ("unnormed", "paper", 32)]
    assert headline[2][:3] == ["area", "Unnormed Softmax Unit", f"{paper['area_ratio']:.3f}"]
    assert headline[2][4:] == ["0.25", "0.150"]


def test_a_library_of_nothing_has_its_name_only():
    assert markdown_report(library_results({"empty": {}})).endswith("\n## empty\n")


def test_it_is_a_file_of_the_report(small, tmp_path):
    write_report({"asap7": small}, tmp_path)
    assert (tmp_path / "figures.md").read_text() == markdown_report(library_results({"asap7": small}))
