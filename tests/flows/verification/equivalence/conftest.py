"""Pairs of designs to compare."""

import pytest

from softermax.flows.verification.equivalence.elaboration import read_aig


@pytest.fixture
def both(tmp_path):
    """Reads a module twice, with other words in place of some in braces; undefined bits of the first may be free."""

    def read(top, text, *fillings, free=False):
        designs = []
        for number, filling in enumerate(fillings):
            file = tmp_path / f"{number}.v"
            filled = text
            for place, words in filling.items():
                filled = filled.replace(f"{{{place}}}", words)
            file.write_text(filled)
            designs.append(read_aig(file, top, free=free and not number))
        return designs

    return read
