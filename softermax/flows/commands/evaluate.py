"""Commands that measure everything: the datasheet, the main job, and the evaluation with a library of cells."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from ..design_points import main_design_points
from ..errors import FlowError
from ..evaluation.datasheet import DATASHEET_COLUMNS
from ..evaluation.datasheet import datasheet as make_datasheet
from ..evaluation.evaluation import evaluate as run_evaluation
from ..evaluation.evaluation import (
    evaluation_path,
    flat_results,
    full_plan,
    library_name,
    read_evaluation,
    read_evaluations,
    unit_tables,
    write_evaluation,
)
from ..evaluation.quick import EVERY, QUICK_COLUMNS, quick_points
from ..evaluation.quick import quick as run_quick
from ..files import STANDARD_OUTPUT, check_folder, check_writable, write_whole
from ..measurement.cosimulation import COSIM_OPTIONS, SEED, CosimOptions
from ..measurement.unit_columns import UNIT_COLUMNS
from ..results.formats import as_json
from ..synthesis.options import EXCLUDE, LEAST_AREA_SYNTHESIS, LIBERTY
from ..synthesis.synthesis import AreaOptions
from .options import BUILD_DIR
from .output import MESSAGES, Output, OutputFile, command, fail_on_mismatch

__all__ = ["datasheet", "evaluate", "picture", "quick"]

#: Last line for people.
NEXT = """
Verilog   {verilog}
Report    {page} (open it in a browser)
Figures   {figures}

Next:     {program} verilog softmax --lanes 32 --max-len 512 -o softermax.v
          {program} area softmax --liberty YOUR.lib
          {program} --help
"""

SCHEDULER = click.Option(
    ["--scheduler"],
    help="Address of a Dask scheduler to run on, with workers that have this package and the same file system.",
)


@command(
    "quick",
    LIBERTY,
    EXCLUDE,
    SEED,
    BUILD_DIR,
    help="Do the quick main job of make: generate, co-simulate and synthesise every unit with 16 lanes, presets "
    f"faithful and paper. One row in {EVERY} of the real scores is played. A report with pictures is written.",
    example="quick --liberty cells.lib",
)
def quick(output: Output, liberty, exclude, seed, build_dir):
    from ..report import write_report  # plots take a second to import

    file, report = build_dir / "quick.json", build_dir / "report"
    check_writable(file)
    check_folder(report)
    found = run_quick(quick_points(), build_dir, seed, AreaOptions(liberty=liberty, exclude=exclude), MESSAGES)
    write_whole(file, as_json(found))
    page = write_report({library_name(liberty): found}, report)
    title = f"16 lanes, rows of up to 384 scores, one in {EVERY} of the real rows played"
    output.show(found["units"], QUICK_COLUMNS, title)
    output.note(NEXT.format(verilog=build_dir / "verilog", page=page, figures=file, program=_program()))
    fail_on_mismatch(found["units"])


def _program() -> str:
    """What to type for this program: its name, or a path if the shell would not find it."""
    name, path = Path(sys.argv[0]).name, sys.argv[0]
    return name if shutil.which(name) == os.path.abspath(path) else os.path.relpath(path)


@command(
    "datasheet",
    *LEAST_AREA_SYNTHESIS.options,
    *COSIM_OPTIONS.options,
    BUILD_DIR,
    help="Measure every design point of the datasheet: Verilog, co-simulation and area.",
    example="datasheet --liberty cells.lib",
)
def datasheet(output: Output, seed, simulator, every, build_dir, **synthesis):
    area_options, file = AreaOptions(**synthesis), build_dir / "datasheet.json"
    check_writable(file)
    results = make_datasheet(
        main_design_points(), build_dir, CosimOptions(seed, simulator, every), area_options, MESSAGES
    )
    write_whole(file, as_json(results))
    title = f"Verified on real attention scores in {simulator}, area by recipe {area_options.recipe}"
    output.show(results, DATASHEET_COLUMNS, title)
    fail_on_mismatch(results)


@command(
    "evaluate",
    LIBERTY,
    EXCLUDE,
    SCHEDULER,
    BUILD_DIR,
    help="Measure everything with one library: area, timing and energy of every unit, energies for other lengths of "
    "rows, areas at other sizes. Then write a report of all libraries evaluated so far. Results are cached in the "
    "build directory, so an interrupted evaluation continues where it was.",
    example="evaluate --liberty cells.lib.gz --scheduler tcp://host:8786",
)
def evaluate(output: Output, liberty, exclude, scheduler, build_dir):
    from ..report import write_report  # plots take a second to import

    check_writable(evaluation_path(library_name(liberty), build_dir))
    read_evaluations(build_dir)
    if scheduler:
        build_dir, liberty = build_dir.resolve(), tuple(file.resolve() for file in liberty)
    library = AreaOptions(liberty=liberty, exclude=exclude)
    evaluation = run_evaluation(full_plan(), build_dir, library, MESSAGES, scheduler)
    written = write_evaluation(evaluation, build_dir)
    page = write_report(read_evaluations(build_dir), build_dir / "report")
    units = evaluation["units"]
    output.show(flat_results(evaluation), UNIT_COLUMNS, "Units", tables=unit_tables(units))
    output.note(f"all figures in {written}, the report in {page}")
    fail_on_mismatch(units + evaluation["lengths"])


@command(
    "picture",
    click.Option(
        ["--evaluation"],
        type=click.Path(path_type=Path),
        required=True,
        help="File of figures that `softermax evaluate` wrote, such as build/evaluation/generic.json, or a record of "
        "it, such as results/units-asap7.json.",
    ),
    click.Option(["-o", "--output", "svg"], type=OutputFile(), required=True, help="File for the picture, .svg."),
    help="Draw the picture of README: a block diagram of the complete softmax with its number formats. Bars compare "
    "area and energy with the FP16 baseline.",
    example="picture --evaluation results/units-asap7.json -o docs/softermax.svg",
    writes=False,
)
def picture(output: Output, evaluation, svg):
    from ..report import front_picture  # plots take a second to import

    if svg != STANDARD_OUTPUT and svg.suffix.lower() != ".svg":
        raise FlowError(f"--output must be a file .svg, the format of the picture, not {svg}")
    write_whole(svg, front_picture(evaluation.stem.removeprefix("units-"), read_evaluation(evaluation)))
    if svg != STANDARD_OUTPUT:
        output.show_facts({"picture": str(svg)})
