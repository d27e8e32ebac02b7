"""Yosys is the release that figures were measured with, and no other."""

from importlib import metadata

from packaging.requirements import Requirement
from packaging.version import Version


def test_a_release_of_yosys_that_was_not_tested_is_not_installed():
    [pyosys] = [need for need in map(Requirement, metadata.requires("softermax")) if need.name == "pyosys"]
    installed = Version(metadata.version("pyosys"))
    assert installed in pyosys.specifier
    for minor in (installed.minor - 1, installed.minor + 1):
        assert Version(f"{installed.major}.{minor}") not in pyosys.specifier
    assert Version(f"{installed.major + 1}.0") not in pyosys.specifier
