"""Which shipped heads softmax is measured on. The rest of `flows/scores.py` is tested through the command line."""

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.scores import softmax_heads
from softermax.flows.verify import real_rows


def test_softmax_is_measured_on_heads_of_one_size():
    heads = softmax_heads(384)
    assert {head.d_head for head in heads} == {32}
    assert len(heads) == 21
    # The figures of README and docs/ are on these rows.
    assert len(real_rows(384)) == sum(head.tokens for head in heads) == 3494


def test_only_rows_that_fit():
    assert {head.tokens for head in softmax_heads(64)} == {16, 31, 64}
    with pytest.raises(FlowError, match="max_len must be 16 or more"):
        real_rows(15)
