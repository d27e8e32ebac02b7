"""What tests of synthesis share."""

import pytest

from softermax.flows.gates.liberty import read_libraries
from softermax.flows.gates.netlist import read_netlist
from softermax.flows.gates.timing import find_delays
from softermax.flows.synthesis.synthesis import synthesise

from .wild import DESIGN


@pytest.fixture
def mapped(tmp_path):
    """Map a design with a library: the kinds of its cells, its area, and its least period."""

    def synthesise_with(library: str, **options) -> tuple[set[str], float, float]:
        (tmp_path / "top.v").write_text(DESIGN)
        path = tmp_path / "wild.lib"
        path.write_bytes(library.encode())
        made = synthesise(tmp_path / "top.v", "top", liberty=[path], build_dir=tmp_path / "build", **options)
        found = read_libraries([path])
        netlist = read_netlist(made.netlist, "top", found)
        return {each.kind for each in netlist.cells}, made.area, find_delays(netlist, found).slowest().period

    return synthesise_with


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """What the generic library makes of the design, with each recipe."""
    folder = tmp_path_factory.mktemp("usual")
    (folder / "top.v").write_text(DESIGN)
    found = {}
    for recipe in ("least-area", "balanced"):
        made = synthesise(folder / "top.v", "top", recipe=recipe, build_dir=folder / recipe)
        library = read_libraries([])
        netlist = read_netlist(made.netlist, "top", library)
        found[recipe] = {each.kind for each in netlist.cells}, made.area, find_delays(netlist, library).slowest().period
    return found
