"""Columns: what is shown of flat results, in which order, and what is left out."""

import pytest

from softermax.flows.results.columns import Column, hidden, integer, merged, real, shown_columns, undeclared

COLUMNS = (
    Column("unit", "unit"),
    integer("cells", "cells"),
    real("area", "area\n{area_unit}", 1),
    *hidden("delay", "*_area"),
)
RESULT = {"area": 1234.56, "unit": "u", "cells": 7, "delay": 3, "mac_area": 1.0}


def fields(results):
    return [column.field for column in shown_columns(results, COLUMNS)]


def test_declared_columns_come_in_their_order_if_any_result_has_a_value():
    assert fields([RESULT]) == ["unit", "cells", "area"]
    assert fields([RESULT | {"cells": None}, {"unit": "v"}]) == ["unit", "area"]
    assert fields([RESULT | {"cells": False}]) == ["unit", "area"]
    assert fields([RESULT | {"cells": 0}]) == ["unit", "cells", "area"]


def test_an_undeclared_field_comes_last_under_its_own_name():
    results = [RESULT, RESULT | {"voltage": False, "recipe": "r", "unknown": None}]
    assert undeclared(results, COLUMNS) == ["voltage", "recipe"]
    assert [column.heading for column in shown_columns(results, COLUMNS)][-2:] == ["voltage", "recipe"]


@pytest.mark.parametrize("nested", [[], [1], {}, {"net": "n"}])
def test_lists_and_objects_are_for_json_only(nested):
    assert undeclared([RESULT, {"path": nested}, {"path": 1}], COLUMNS) == []


def test_numbers_have_separators_and_digits():
    _, cells, area, *_ = COLUMNS
    assert (cells.show(1234567), area.show(1234.56)) == ("1,234,567", "1,234.6")


def test_merged_columns_have_each_field_once_at_its_first_place():
    other = (Column("area", "another"), Column("period", "period"))
    together = merged(COLUMNS, other)
    assert [column.field for column in together] == ["unit", "cells", "area", "delay", "*_area", "period"]
    assert together[2] == COLUMNS[2]
