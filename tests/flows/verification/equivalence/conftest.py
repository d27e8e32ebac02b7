"""Pairs of designs to compare."""

import pytest

from softermax.flows.verification.equivalence.elaboration import read_aig


@pytest.fixture
def both(tmp_path):
    """Reads a module twice, with words in place of those in braces; undefined bits of the first may be inputs."""

    def read(top, text, *fillings, x_inputs=False):
        designs = []
        for number, filling in enumerate(fillings):
            file = tmp_path / f"{number}.v"
            filled = text
            for place, words in filling.items():
                filled = filled.replace(f"{{{place}}}", words)
            file.write_text(filled)
            designs.append(read_aig(file, top, x_inputs=x_inputs and not number))
        return designs

    return read
