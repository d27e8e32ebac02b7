"""Columns of what experiments with models find; apart from them, since tables need no PyTorch."""

from __future__ import annotations

from ..results.columns import Column, hidden, integer, real

__all__ = ["OUTCOME_COLUMNS"]

#: Columns of the results of an experiment.
OUTCOME_COLUMNS = (
    Column("task", "task"),
    Column("arm", "attention"),
    Column("training", "training"),
    Column("measure", "measure"),
    Column("seeds", "seeds"),
    integer("tokens", "tokens"),
    integer("examples", "examples"),
    real("value", "value", 2),
    real("se", "se", 2),
    real("se_seeds", "se of\nseeds", 2),
    Column("difference", "differ-\nence", "{:+.2f}".format),
    real("difference_se", "paired\nse", 2),
    real("difference_se_seeds", "se of\nseeds", 2),
    real("ratio", "times\nsoftmax's", 4),
    real("ratio_se", "paired\nse", 4),
    integer("gained", "gained"),
    integer("lost", "lost"),
    real("p", "p", 3),
    Column("input", "input"),
    Column("output", "output"),
    *hidden("quick", "base"),
)
