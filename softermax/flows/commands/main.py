"""The command line: ``softermax``."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from softermax.model import SoftermaxConfig
from softermax.sim.cosim import CosimError

from ..cosimulation.scores import apply_softmax, read_array
from ..design_points import main_design_points
from ..errors import FlowError
from ..evaluation.evaluation import evaluate as run_evaluation
from ..evaluation.evaluation import full_plan, read_evaluations, unit_tables, write_evaluation
from ..files import write_whole
from ..measurement import jobs
from ..measurement.faithfulness import faithful_grid
from ..measurement.opensta_energy import energy_beside_opensta
from ..measurement.ratios import with_ratios
from ..results.tables import print_table
from ..studies.explore import least_candidates, measure_candidate
from ..studies.heads import head_errors
from ..studies.info import describe
from ..studies.operators import measure, operator_points
from ..studies.utilisation import UTILISATION_TOKENS, measure_utilisation
from ..synthesis.synthesis import AreaOptions
from . import options as given
from .models import accuracy, finetune, score_statistics
from .output import console, fail_on_mismatch, show, stop
from .verification import coverage, formal, gate, mutants, soak

_messages = Console(stderr=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="softermax")
def app():
    """Softmax hardware after the Softermax paper: generate it, verify it, measure it."""


app.add_command(accuracy)
app.add_command(coverage)
app.add_command(finetune)
app.add_command(formal)
app.add_command(gate)
app.add_command(mutants)
app.add_command(score_statistics)
app.add_command(soak)


@app.command(
    help=f"Generate Verilog. {given.UNIT_HELP}", epilog="Example: softermax verilog unnormed --lanes 32 -o u.v"
)
@given.unit
@given.size
@given.axi_stream
@given.option("-o", "--output", type=Path, help="File to write; only with UNIT.")
@given.option(
    "--macros", is_flag=True, help="Memories as instances of SRAM macros, to be filled in, instead of registers."
)
@given.as_json
@given.build_dir
def verilog(unit, output, macros, as_json, build_dir, **size):
    points = given.design_points(unit, **size)
    if output is not None and unit is None:
        raise FlowError("-o must come with a UNIT: without one, the files go into the build directory")
    results = jobs.run(jobs.write_verilog, points, build_dir, "Generating Verilog", _messages, macros=macros)
    if output is not None:
        write_whole(output, Path(results[0]["verilog"]).read_text())
        results[0]["verilog"] = str(output)
    show(results, as_json, "Verilog")


@app.command(
    help=f"Synthesise with Yosys and report the area. {given.UNIT_HELP}",
    epilog="Example: softermax area normalization --lanes 32 --liberty cells.lib.gz --recipe balanced",
)
@given.unit
@given.size
@given.axi_stream
@given.synthesis
@given.option(
    "--macros/--flip-flops",
    default=None,
    help="Memories as SRAM macros with a modelled area, the default in a pe, or as flip-flops, that elsewhere.",
)
@given.as_json
@given.build_dir
def area(unit, macros, as_json, build_dir, **arguments):
    options = given.area_options(arguments)
    points = given.design_points(unit, **arguments)
    found = jobs.run(jobs.area, points, build_dir, "Synthesising", _messages, options=options, macros=macros)
    results = with_ratios(found)
    show(results, as_json, f"Area, recipe {options.recipe}")


@app.command(
    help="The least clock period of a unit, by the tables of the library, and the path that asks for it. "
    + given.UNIT_HELP,
    epilog="Example: softermax timing unnormed --lanes 32 --liberty cells.lib.gz --path",
)
@given.unit
@given.size
@given.option("--path", is_flag=True, help="Print the slowest path of each unit, too.")
@given.option("--opensta", is_flag=True, help="Also say what OpenSTA says, which must be installed.")
@given.balanced_synthesis
@given.as_json
@given.build_dir
def timing(unit, path, opensta, as_json, build_dir, **arguments):
    options = given.area_options(arguments)
    points = given.design_points(unit, **arguments)
    job = jobs.timing_beside_opensta if opensta else jobs.timing
    results = jobs.run(job, points, build_dir, "Synthesising and timing", _messages, options=options)
    show(results, as_json, f"Least clock period, recipe {options.recipe}")
    for result in results if path and not as_json else ():
        print_table(result["path"], console(), title=f"Slowest path of {result['unit']}, {result['preset']}")


@app.command(
    help="The energy of a unit for rows of real attention scores, played into its mapped netlist. Without a "
    "library in thousands of an inverter's loads, charged and discharged. " + given.UNIT_HELP,
    epilog="Example: softermax energy unnormed --lanes 32 --liberty cells.lib.gz --tokens 384",
)
@given.unit
@given.size
@given.option("--tokens", type=click.IntRange(1), default=384, show_default=True, help="Length of the rows.")
@given.option("--period", type=float, default=1000.0, show_default=True, help="Of the clock, in ps, for leakage.")
@given.balanced_synthesis
@given.as_json
@given.build_dir
def energy(unit, tokens, period, as_json, build_dir, **arguments):
    how = {"options": given.area_options(arguments), "tokens": tokens, "period": period}
    points = given.design_points(unit, **arguments)
    results = with_ratios(jobs.run(jobs.energy, points, build_dir, "Synthesising and simulating", _messages, **how))
    show(results, as_json, f"Energy for a row, recipe {how['options'].recipe}")
    fail_on_mismatch(results)


@app.command(
    "opensta-energy",
    help="The energy of a softmax unit's clock cycle beside OpenSTA's, which must be installed, when every net changes "
    "alike: what cells take inside, nets and leakage. " + given.UNIT_HELP,
    epilog="Example: softermax opensta-energy unnormed --lanes 32 --liberty cells.lib.gz",
)
@given.unit
@given.size
@given.balanced_synthesis
@given.as_json
@given.build_dir
def opensta_energy(unit, as_json, build_dir, **arguments):
    options = given.area_options(arguments)
    if unit == "pe":
        raise FlowError(
            "the unit must be a softmax unit to be compared, not 'pe', whose memories OpenSTA does not know"
        )
    points = [point for point in given.design_points(unit, **arguments) if point.unit != "pe"]
    results = jobs.run(energy_beside_opensta, points, build_dir, "Synthesising", _messages, options=options)
    show(results, as_json, f"Energy of a clock cycle in fJ, ours and OpenSTA's, recipe {options.recipe}")


@app.command(
    help="Co-simulate on real attention scores: every output port, every clock cycle, against the golden model. "
    + given.UNIT_HELP,
    epilog="Example: softermax cosim unnormed --lanes 16 --seed 7 --simulator icarus",
)
@given.unit
@given.size
@given.seed
@given.simulator
@given.as_json
@given.build_dir
def cosim(unit, seed, simulator, as_json, build_dir, **size):
    options = jobs.CosimOptions(seed, simulator)
    points = given.design_points(unit, **size)
    results = jobs.run(jobs.cosim, points, build_dir, "Co-simulating", _messages, options=options)
    show(results, as_json, f"Co-simulation in {simulator}, seed {seed}")
    fail_on_mismatch(results)


@app.command(
    help="The main job: Verilog, co-simulation and area of every design point of make.",
    epilog="Example: softermax datasheet --liberty cells.lib",
)
@given.synthesis
@given.seed
@given.simulator
@given.as_json
@given.build_dir
def datasheet(seed, simulator, as_json, build_dir, **arguments):
    cosim_options = jobs.CosimOptions(seed, simulator)
    area_options = given.area_options(arguments)
    results = jobs.datasheet(main_design_points(), build_dir, cosim_options, area_options, _messages)
    write_whole(build_dir / "datasheet.json", json.dumps(results, indent=2) + "\n")
    show(results, as_json, f"Verified on real attention scores in {simulator}, area by recipe {area_options.recipe}")
    fail_on_mismatch(results)


@app.command(
    help="Everything that is measured, with one library: area, timing and energy of every unit, energies for other "
    "lengths of rows, areas at other sizes; then a report of all libraries evaluated so far. What has been done is "
    "kept in the build directory's cache, so an interrupted evaluation goes on where it was.",
    epilog="Example: softermax evaluate --liberty cells.lib.gz --scheduler tcp://host:8786",
)
@given.liberty
@given.exclude
@given.option(
    "--scheduler",
    help="Address of a Dask scheduler to run on, with workers that have this package and the same file system.",
)
@given.as_json
@given.build_dir
def evaluate(liberty, exclude, scheduler, as_json, build_dir):
    from ..report import write_report  # plots take a second to import

    if scheduler:
        build_dir, liberty = build_dir.resolve(), tuple(file.resolve() for file in liberty)
    library = AreaOptions(liberty=liberty, exclude=exclude)
    evaluation = run_evaluation(full_plan(), build_dir, library, _messages, scheduler)
    written = write_evaluation(evaluation, build_dir)
    page = write_report(read_evaluations(build_dir), build_dir / "report")
    if as_json:
        print(json.dumps(evaluation["units"], indent=2))
    else:
        for title, results in unit_tables(evaluation["units"]).items():
            show(results, as_json, title)
        print(f"all figures in {written}, the report in {page}")
    fail_on_mismatch(evaluation["units"] + evaluation["lengths"])


@app.command(
    help="The error bound of a config's outputs, in units in the last place, and the worst errors that attacks find: "
    "random rows, rows built to be hard, and a search.",
    epilog="Example: softermax faithfulness --preset faithful --input-format Q(4,4) --output-format UQ(0,11)",
)
@given.size
@given.option(
    "--grid", is_flag=True, help="The 120 configs of docs/faithful-grid.md instead; what is done is not repeated."
)
@given.option("--rows", type=click.IntRange(1), default=100_000, show_default=True, help="Random rows for each config.")
@given.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of random rows and search.")
@given.markdown
@given.as_json
@given.build_dir
def faithfulness(grid, rows, seed, markdown, as_json, build_dir, **size):
    points = faithful_grid() if grid else [given.design_point("softmax", **size)]
    if not all(isinstance(point.softmax_config, SoftermaxConfig) for point in points):
        raise FlowError(f"the preset must be paper or faithful to be attacked, not {size['preset']!r}")
    results = jobs.run(jobs.faithfulness, points, build_dir, "Attacking", _messages, rows=rows, seed=seed)
    show(results, as_json, f"Errors found in {rows:,} random rows, in built ones and by search, seed {seed}", markdown)
    wrong = [result for result in results if result["preset"] == "faithful" and not result["faithful"]]
    if wrong:
        stop(f"{len(wrong)} of {len(results)} configs are not faithful, the first of them {wrong[0]}", 1)


@app.command(
    help="Synthesise the candidates of least modelled area for a faithful config; the first is what the preset takes.",
    epilog="Example: softermax explore --preset faithful --max-len 1024 --number 5 --liberty cells.lib",
)
@given.size
@given.option("--number", type=click.IntRange(1), default=10, show_default=True, help="Candidates to synthesise.")
@given.synthesis
@given.as_json
@given.build_dir
def explore(number, as_json, build_dir, **arguments):
    options, size = given.area_options(arguments), arguments
    if size["preset"] != "faithful":
        raise FlowError(f"the preset must be faithful to have candidates, not {size['preset']!r}")
    found = least_candidates(given.design_point("softmax", **size).softmax_config, number)
    results = jobs.run(measure_candidate, found, build_dir, "Synthesising", _messages, options=options)
    show(results, as_json, f"Candidates for a faithful config: widths in bits, areas by recipe {options.recipe}")


@app.command(
    help="Synthesise the baseline's binary16 operators one by one, with what they were chosen from.",
    epilog="Example: softermax operators --liberty cells.lib --recipe balanced",
)
@given.synthesis
@given.as_json
@given.build_dir
def operators(as_json, build_dir, **arguments):
    options = given.area_options(arguments)
    results = jobs.run(measure, operator_points(), build_dir, "Synthesising", _messages, options=options)
    show(results, as_json, f"Operators, recipe {options.recipe}")


@app.command(
    help="How busy the MACs of a processing element are over a head, for both softmaxes and several sequence lengths; "
    "by the timing model that co-simulation checks.",
    epilog="Example: softermax utilisation --lanes 32 --d-head 128",
)
@given.option("--lanes", type=int, default=16, show_default=True, help="Dot products side by side, and pairs in each.")
@given.option("--d-head", type=int, default=64, show_default=True, help="Elements of a query.")
@given.option("--causal", is_flag=True, help="With causal masks.")
@given.option("--values", is_flag=True, help="Up to context.")
@given.as_json
def utilisation(lanes, d_head, causal, values, as_json):
    # The paper's preset, a cycle shorter, takes no row of 1024 without saturating.
    sizes = [(preset, tokens) for preset in ("faithful", "fp16") for tokens in UTILISATION_TOKENS]
    results = [
        measure_utilisation(preset, lanes, tokens, d_head, causal=causal, values=values)
        for preset, tokens in track(sizes, "Playing heads", console=_messages, transient=True)
    ]
    show(results, as_json, "MAC cycles of a head against its cycles from start to done")


@app.command(
    help="Errors of a processing element's probabilities and context against attention in float64, on captured heads.",
    epilog="Example: softermax heads --scale-bits 16",
)
@given.option(
    "--scale-bits", type=click.IntRange(4, 16), default=8, show_default=True, help="Of the requantiser's scale."
)
@given.markdown
@given.as_json
def heads(scale_bits, markdown, as_json):
    results = head_errors(scale_bits)
    show(results, as_json, "Errors against attention in float64 of the same queries, keys and values", markdown)


@app.command(
    help="Formats, widths, sizes and latencies of a config, and its accuracy on the shipped attention scores.",
    epilog="Example: softermax info --lanes 32 --max-len 1023",
)
@given.size
@given.as_json
def info(as_json, **size):
    facts = describe(given.design_point("softmax", **size))
    if as_json:
        print(json.dumps([facts], indent=2))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name:{width}}  {value}")


@app.command(
    help="Apply the golden model to SCORES (.npy or .npz, real numbers, rows on the last axis) and print the error "
    "against exact softmax.",
    epilog="Example: softermax softmax scores.npy --base e -o probabilities.npy",
)
@click.argument("scores", type=Path)
@given.option("-o", "--output", type=Path, required=True, help=".npy file for the probabilities.")
@given.option("--mask", type=Path, help=".npy file of bool, True where a score takes part.")
@given.option("--base", help="2, the default, or e to fold log2(e) into the scores; the baseline's is e.")
@given.size
@given.as_json
def softmax(scores, output, mask, base, as_json, **size):
    point = given.design_point("softmax", base=base, **size)
    kept = None if mask is None else read_array(mask)
    result = point.identity() | apply_softmax(read_array(scores), point.softmax_config, kept, output)
    if as_json:
        print(json.dumps([result], indent=2))
        return
    print(f"{result['rows']:,} rows of {result['row_length']} written to {output}")
    errors = f"{result['max_error']:.3g} at most, mean {result['mean_error']:.3g}"
    print(f"error against exact base-{result['base']} softmax: {errors}")
    if result["row_sum_min"] is not None:
        print(f"row sums: {result['row_sum_min']:.4f} to {result['row_sum_max']:.4f}")


def main():
    """Run the command line; what the user can mend is one sentence and exit status 2."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app(standalone_mode=False)
    except click.ClickException as error:
        stop(error.format_message(), 2)
    except (FlowError, CosimError) as error:
        stop(str(error), 2)
    except OSError as error:
        stop(f"the system refuses: {error}", 2)
    except (click.Abort, KeyboardInterrupt):
        stop("interrupted", 130)
