"""Columns of the results of experiments with models; a module of its own, since tables need no PyTorch."""

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
    integer("tokens", "tokens", detail=True),
    integer("examples", "examples", detail=True),
    real("value", "value", 2),
    real("se", "se", 2),
    real("se_seeds", "se of\nseeds", 2, detail=True),
    Column("difference", "differ-\nence", "{:+.2f}".format),
    real("difference_se", "paired\nse", 2),
    real("difference_se_seeds", "se of\nseeds", 2, detail=True),
    real("ratio", "times\nsoftmax's", 4),
    real("ratio_se", "paired\nse", 4),
    integer("gained", "gained", detail=True),
    integer("lost", "lost", detail=True),
    real("p", "p", 3),
    Column("input", "input", detail=True),
    Column("output", "output", detail=True),
    *hidden("quick", "base"),
)
