"""Made-up evaluations of two libraries, and a report of them."""

import pytest

from softermax.flows.report import write_report

from .made_up import LIBRARIES, made_up_evaluation


@pytest.fixture(scope="session")
def evaluations():
    """Evaluations of a library of real cells and of the generic cells."""
    return {library: made_up_evaluation(library) for library in LIBRARIES}


@pytest.fixture(scope="session")
def small(evaluations):
    """An evaluation of one unit, with few plots."""
    library = evaluations["asap7"]
    units = [result for result in library["units"] if result["unit"] == "unnormed"]
    return {"provenance": library["provenance"], "units": units}


@pytest.fixture(scope="session")
def report(evaluations, tmp_path_factory):
    """The page of their report."""
    return write_report(evaluations, tmp_path_factory.mktemp("report"))
