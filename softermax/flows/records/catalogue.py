"""The records that documents show: for each one its commands, and how tables show its fields."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from ..evaluation.datasheet import DATASHEET_COLUMNS
from ..evaluation.quick import QUICK_COLUMNS
from ..measurement.cosimulation import COSIM
from ..measurement.unit_columns import UNIT_COLUMNS
from ..results.columns import Column, merged, real
from ..studies.heads import HEAD_COLUMNS
from ..studies.operators import OPERATORS
from ..studies.outcome_columns import OUTCOME_COLUMNS
from ..studies.utilisation import UTILISATION_COLUMNS
from ..verification.gate_level import GATE

__all__ = ["RECORDS", "Record"]

HARDWARE, MODELS = ("model", "hw", "sim", "flows"), ("model", "nn")


@dataclass(frozen=True)
class Record:
    """The commands of a record, and how tables show its results.

    Attributes
    ----------
    command : str or tuple of str
        Words of the command line behind ``softermax``; of several commands, results that say nothing different of a
        design point become one.
    minutes : float
        Minutes of CPU time that it takes.
    columns : tuple of Column
        How tables show its fields.
    packages : tuple of str
        Packages of softermax that its results follow from.
    liberty : bool
        Whether it is measured with a library of cells, which is given when it is measured.
    variants : tuple of str
        Options with each of which all commands are run; results have them in the field ``variant``.
    """

    command: str | tuple[str, ...]
    minutes: float
    columns: tuple[Column, ...]
    packages: tuple[str, ...] = HARDWARE
    liberty: bool = False
    variants: tuple[str, ...] = ()

    @property
    def commands(self) -> tuple[str, ...]:
        """All commands, without their variants."""
        return (self.command,) if isinstance(self.command, str) else self.command

    def runs(self) -> list[tuple[str | None, list[list[str]]]]:
        """For each variant, or None without any, the words of every command line."""
        variants = self.variants or (None,)
        return [
            (variant, [[*shlex.split(command), *shlex.split(variant or "")] for command in self.commands])
            for variant in variants
        ]


#: How a variant and facts of a config are shown.
FACTS = (
    Column("variant", "options", lambda options: f"`{options}`" if options else "(none)"),
    real("error_bound_ulp", "bound of an\noutput /ulp", 2),
    real("row_sum_bound_ulp", "bound of a\nrow's sum /ulp", 1),
    real("attention_row_sum_mean", "mean\nrow sum", 3),
    real("attention_row_sum_min", "smallest", 3),
    real("attention_row_sum_max", "largest", 3),
    real("lost_mass_bound", "a row of 1,024\ncan lose", 3),
)
UNITS = merged(FACTS, UNIT_COLUMNS)
OUTPUTS = tuple(f'--output-format "UQ(0,{bits})"' for bits in (8, 9, 10, 12, 14, 16))
CASCADES = ("--rounding cascade --guard-bits 3", "--rounding cascade")
BUDGETS = (
    "--preset faithful",
    "--preset faithful --rounding directed",
    '--preset faithful --rounding directed --output-format "UQ(0,9)"',
    "--preset faithful --normalizer multiply",
    "--preset paper",
    "--preset paper --normalizer row_product",
)
INPUTS = tuple(
    f'--input-format "Q({8 - bits},{bits})" --normalizer {normalizer}'
    for bits in range(2, 7)
    for normalizer in ("row_product", "multiply")
)
LENGTHS = (
    *(f"--preset paper --max-len {max_len}" for max_len in (16, 64, 384)),
    *(f"--preset paper --max-len {max_len} --saturate" for max_len in (1024, 4096)),
    *(f"--preset faithful --max-len {max_len}" for max_len in (16, 64, 384, 1024, 4096)),
)
CUTS = (
    "--preset paper --cuts int_max,power_of_two,sum_5",
    "--preset paper --normalizer row_product --cuts int_max,sum_3",
    "--preset paper --normalizer row_product --cuts int_max,sum_3,sum_5",
    "--preset faithful --cuts int_max,sum_3,sum_5",
    "--preset faithful --cuts int_max,sum_3",
    "--preset faithful --cuts int_max,sum_5",
    "--preset faithful --cuts int_max,sum_1,sum_5",
    "--preset faithful --cuts int_max,power_of_two,sum_5",
)
CONTEXTS = (
    "--preset faithful --lanes 16",
    "--preset fp16 --lanes 16",
    "--preset faithful --lanes 32",
    "--preset fp16 --lanes 32",
)
SMALL = "--lanes 4 --max-len 64 --recipe balanced --every 32"

#: Every record by name.
RECORDS = {
    "quick": Record("quick", 4, QUICK_COLUMNS),
    "datasheet": Record("datasheet", 30, DATASHEET_COLUMNS),
    "units-asap7": Record("evaluate", 45, UNIT_COLUMNS, liberty=True),
    "units-sky130": Record("evaluate", 45, UNIT_COLUMNS, liberty=True),
    "operators-asap7": Record("operators", 6, OPERATORS.columns, liberty=True),
    "rounding": Record("info --preset faithful", 0.1, FACTS, variants=("", *CASCADES)),
    "long-rows": Record(
        ("info --preset faithful --max-len 1024", "area softmax --preset faithful --max-len 1024"),
        3,
        UNITS,
        variants=(*OUTPUTS, *CASCADES),
    ),
    "output-bits-asap7": Record(
        "area normalization --preset faithful --max-len 1024",
        1,
        UNITS,
        liberty=True,
        variants=(*(OUTPUTS[place] for place in (0, 2, 3)), *CASCADES),
    ),
    "budget-sums": Record("info", 0.2, FACTS, variants=BUDGETS),
    "budget-asap7": Record(("area unnormed", "area normalization"), 2, UNITS, liberty=True, variants=BUDGETS),
    "inputs-asap7": Record(
        ("area unnormed --preset faithful", "area normalization --preset faithful"),
        4,
        UNITS,
        liberty=True,
        variants=INPUTS,
    ),
    "lengths-asap7": Record("area softmax", 6, UNITS, liberty=True, variants=LENGTHS),
    "cuts-asap7": Record(
        ("area unnormed --lanes 32 --recipe balanced", "timing unnormed --lanes 32", "energy unnormed --lanes 32"),
        12,
        UNITS,
        liberty=True,
        variants=CUTS,
    ),
    "axi-stream": Record(
        "area softmax",
        2,
        UNITS,
        variants=(
            "--preset paper",
            "--preset paper --axi-stream",
            "--preset faithful",
            "--preset faithful --axi-stream",
        ),
    ),
    "utilisation": Record(
        "utilisation", 1, UTILISATION_COLUMNS, variants=("", "--lanes 32", "--values", "--values --lanes 32")
    ),
    "heads": Record("heads", 1, HEAD_COLUMNS),
    "context-area": Record("area pe --values", 8, UNITS, variants=CONTEXTS),
    "context": Record("cosim pe --values", 20, COSIM.columns, variants=("--preset paper --lanes 16", *CONTEXTS)),
    "gate-asap7": Record(f"gate normalization --preset faithful {SMALL}", 2, GATE.columns, liberty=True),
    "gate-sky130": Record(f"gate unnormed --preset paper {SMALL}", 2, GATE.columns, liberty=True),
    "language-model": Record("accuracy language-model", 35, OUTCOME_COLUMNS, MODELS),
    "language-model-256": Record("accuracy language-model --tokens 256", 10, OUTCOME_COLUMNS, MODELS),
    "language-model-2048": Record(
        'accuracy language-model --tokens 2048 --arm "folded UQ(0,8) cascade"', 15, OUTCOME_COLUMNS, MODELS
    ),
    "language-model-tuned": Record("finetune language-model", 80, OUTCOME_COLUMNS, MODELS),
    "similarity": Record("accuracy similarity", 1, OUTCOME_COLUMNS, MODELS),
    "similarity-ablation": Record("accuracy similarity --ablation", 3, OUTCOME_COLUMNS, MODELS),
    "digits-bits": Record("accuracy digits --bits", 8, OUTCOME_COLUMNS, MODELS),
    "digits": Record("finetune digits", 8, OUTCOME_COLUMNS, MODELS),
    "sentiment": Record("finetune sentiment", 25, OUTCOME_COLUMNS, MODELS),
}
