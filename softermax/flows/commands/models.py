"""Commands that run models: what Softermax does to their accuracy, and what their scores are like."""

from __future__ import annotations

import re
from pathlib import Path

import click

from ..errors import FlowError
from ..files import check_writable, write_whole
from ..results.formats import as_json
from ..studies.outcome_columns import OUTCOME_COLUMNS
from ..studies.score_statistics import SCORE_COLUMNS, minilm_statistics
from .options import BUILD_DIR, Format
from .output import MESSAGES, Output, OutputFile, command, stop

__all__ = ["accuracy", "families", "finetune", "score_statistics"]

#: Packages of the extra.
EXTRA = ("torch", "transformers")
#: Kinds of files that a plot can be.
PLOTS = (".svg", ".png")
#: Tasks as their catalogue has them, which takes long to import.
TASKS = "sentiment, similarity, digits, language-model, squad and glue:NAME"
TASK_HELP = f"TASK is one of {TASKS}."
#: Tasks whose models are not trained.
UNTRAINED = ("similarity",)


def _task(context, argument, task: str) -> str:
    """A click callback: the task, if there is one of this name; which tasks GLUE has is known later."""
    if not re.fullmatch(r"sentiment|similarity|digits|language-model|squad|glue:.+", task):
        raise FlowError(f"the task must be one of {TASKS}, not {task!r}")
    return task


TASK = (
    click.Argument(["task"], callback=_task),
    click.Option(
        ["--seeds"],
        type=click.IntRange(1),
        default=3,
        show_default=True,
        help="Number of models, each trained from the start.",
    ),
    click.Option(["--quick"], is_flag=True, help="Take a few examples, only to see that everything works."),
    click.Option(
        ["--data"],
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Folder with the files of glue or squad; by default from a hub. For a language model, folder with "
        "train.txt and test.txt; by default two novels.",
    ),
    click.Option(["--model"], help="Folder of a pretrained model, or its name on a hub, instead of the task's own."),
    click.Option(
        ["--tokens"],
        type=click.IntRange(2),
        help="Tokens of a language model's windows; by default 1024, or 256 if it is trained.",
    ),
    click.Option(
        ["--windows"],
        type=click.IntRange(2),
        help="Number of windows of its text; by default 16, or 32 if it is trained.",
    ),
    click.Option(
        ["--arm", "only"],
        multiple=True,
        help="Name of an attention to measure beside softmax, as the table has it; may be repeated. All without it.",
    ),
    BUILD_DIR,
)


@command(
    "finetune",
    *TASK,
    help="Train a model with softmax, or take a pretrained language model, then swap Softermax in. It is measured "
    "without and with further training, and compared with softmax trained further for the same steps. "
    f"{TASK_HELP}",
    example="finetune sentiment --seeds 3",
)
def finetune(output: Output, task, **options):
    if task in UNTRAINED:
        raise FlowError(f"the task must be one that is trained, not {task!r}: use softermax accuracy")
    _run(output, task, "presets", tune=True, **options)


@command(
    "accuracy",
    *TASK,
    click.Option(["--ablation"], is_flag=True, help="Try each approximation alone, and all except it."),
    click.Option(["--bits"], is_flag=True, help="Try more and fewer bits of scores and of probabilities."),
    help="Train a model with softmax, or take a pretrained one, then swap Softermax in without training for it. "
    f"{TASK_HELP}",
    example="accuracy similarity --ablation",
)
def accuracy(output: Output, task, ablation, bits, **options):
    if ablation and bits:
        raise FlowError("--ablation and --bits must come one at a time")
    _run(output, task, "ablation" if ablation else "bits" if bits else "presets", tune=False, **options)


@command(
    "score-statistics",
    click.Option(
        ["--input-format", "input"], type=Format(), default="Q(6,2)", show_default=True, help="Format of scores."
    ),
    click.Option(
        ["--base"],
        type=click.Choice(["e", "2"]),
        default="e",
        show_default=True,
        help="Base of the softmax; e folds log2(e) into the scores.",
    ),
    click.Option(["--plot"], type=OutputFile(), help="File for heatmaps of layers and heads, .svg or .png."),
    help="Describe attention scores of each layer and head of a pretrained MiniLM: range, entropy of the rows, and "
    "clipped share with and without zero points. PyTorch, transformers and the model must be installed.",
    example="score-statistics --input-format Q(5,3) --plot scores.svg",
)
def score_statistics(output: Output, input, base, plot):
    if plot is not None and plot.suffix not in PLOTS:
        raise FlowError(f"plot must be a name that ends with {' or '.join(PLOTS)}, not {plot.name!r}")
    results = minilm_statistics(str(input), base)
    if plot is not None:
        from ..report.score_plots import score_plot  # plots take a second to import

        write_whole(plot, getattr(score_plot(results), plot.suffix.removeprefix(".")))
    output.show(results, SCORE_COLUMNS, f"Attention scores of MiniLM in units of {input}, base {base}")


@command(
    "families",
    click.Argument(["names"], nargs=-1),
    help="Try Softermax in a tiny model of every family of the installed transformers, or of the families NAMES. Exact "
    "softmax through it is compared with eager attention. The command fails if outputs differ.",
    example="families llama bloom",
)
def families(output: Output, names):
    try:
        from ..studies.families import FAMILY_COLUMNS, family_verdicts, summary, wrong
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise FlowError(f"{error.name} must be installed to run models: pip install 'softermax[nn]'") from error
    results = family_verdicts(names, MESSAGES)
    tables = {"Numbers of families": summary(results), "Families": results}
    output.show(results, FAMILY_COLUMNS, "Families", tables=tables)
    if message := wrong(results):
        stop(message, 1)


def _run(output: Output, task: str, kind: str, *, tune: bool, seeds, build_dir, only, **choices):
    """Run an experiment, write its results and a plot, and show them."""
    kind_or_tuned = "finetune" if tune else kind
    # Before what takes long to import; a language model's files have the length of its windows in their names.
    _files(build_dir, task.replace(":", "-"), kind_or_tuned)
    experiment, columns, choose = _experiments()
    choice = choose(task, tune=tune, only=tuple(only), **choices)
    stem, files = _files(build_dir, choice.label, kind_or_tuned)
    results = experiment(choice, seeds, kind, build_dir, MESSAGES)
    from ..report.accuracy_plots import accuracy_plot  # plots take a second to import

    plot = accuracy_plot(results, kind)
    for suffix, content in ((".json", as_json(results)), (".svg", plot.svg), (".png", plot.png)):
        write_whole(files[suffix], content)
    output.show(results, columns, f"{task}, {choice.unit}; differences from softmax of the same training")
    output.note(f"these figures in {stem}.json, a plot in {stem}.svg")


def _files(build_dir: Path, label: str, kind: str) -> tuple[Path, dict[str, Path]]:
    """Files of an experiment's figures, which can be written: their common name, and each by its suffix."""
    stem = build_dir / "accuracy" / f"{label}-{kind}"
    files = {suffix: stem.with_name(stem.name + suffix) for suffix in (".json", ".svg", ".png")}
    for file in files.values():
        check_writable(file)
    return stem, files


def _experiments():
    """The experiment, its columns and the choice of a task; a FlowError without PyTorch and transformers."""
    try:
        from softermax.nn.tasks.catalogue import TaskChoice
        from softermax.nn.tasks.errors import TaskError

        from ..studies.experiments import experiment
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise FlowError(f"{error.name} must be installed to run models: pip install 'softermax[tasks]'") from error

    def choose(name: str, **options) -> TaskChoice:
        try:
            return TaskChoice(name, **options)
        except TaskError as error:
            raise FlowError(str(error)) from error

    return experiment, OUTCOME_COLUMNS, choose
