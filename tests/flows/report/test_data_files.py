"""The data beside the page."""

import csv
import json


def test_figures_are_the_evaluations(report, evaluations):
    assert json.loads((report.parent / "figures.json").read_text()) == evaluations


def test_every_list_has_a_row_for_each_result(report, evaluations):
    for name in ("units", "lengths", "sweeps"):
        with (report.parent / f"{name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        results = [{"library": library, **r} for library, found in evaluations.items() for r in found[name]]
        assert len(rows) == len(results)
        for row, result in zip(rows, results, strict=True):
            said = {field: value for field, value in row.items() if value != ""}
            assert said == {field: str(value) for field, value in result.items() if value is not None}
