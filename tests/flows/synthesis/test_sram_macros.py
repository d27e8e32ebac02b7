"""The model of SRAM macros against the published figures that it is taken from."""

import pytest

from softermax.flows.synthesis.sram_macros import SramMacro

#: What an inverter's input takes for two changes in the 45 nm process of those figures, in J.
INVERTER_LOAD = 1.7e-15 * 0.9**2


@pytest.mark.parametrize(("kilobytes", "picojoules", "off"), [(8, 10, 0), (32, 20, 0), (1024, 100, 0.14)])
def test_energy_of_an_access_of_64_bits(kilobytes, picojoules, off):
    macro = SramMacro(width=64, depth=kilobytes * 1024 // 8, one_port=True)
    assert macro.access_energy(INVERTER_LOAD) == pytest.approx(picojoules * 1e-12, rel=off + 1e-9)


def test_energy_goes_with_the_width_and_the_root_of_the_bits():
    wide, narrow = SramMacro(256, 16, False), SramMacro(64, 64, False)
    assert wide.access_energy(1.0) == pytest.approx(4 * narrow.access_energy(1.0))
    assert SramMacro(64, 256, False).access_energy(1.0) == pytest.approx(2 * narrow.access_energy(1.0))


def test_areas_of_the_macros_that_the_model_is_taken_from():
    assert SramMacro(32, 256, True).area(0.05832) == pytest.approx(344.0)
    assert SramMacro(46, 32, False).area(0.05832) == pytest.approx(82.413)
