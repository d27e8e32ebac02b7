"""Commands that run models: what Softermax does to their accuracy, and what their scores are like."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console

from ..errors import FlowError
from ..files import write_whole
from ..studies.score_statistics import minilm_statistics
from . import options as given
from .output import show

__all__ = ["accuracy", "finetune", "score_statistics"]

#: What comes with the extra.
EXTRA = ("torch", "transformers")
#: Kinds of files that a plot can be.
PLOTS = (".svg", ".png")
TASK_HELP = "TASK is one of sentiment, similarity, digits, glue:NAME and squad."

task = given.options(
    click.argument("task"),
    given.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="Models, each trained anew."),
    given.option("--quick", is_flag=True, help="A few examples, to see that everything works; no result."),
    given.option("--data", type=Path, help="Folder with the files of glue or squad; without it, from a hub."),
    given.option("--model", help="Folder of a pretrained model, or its name on a hub, instead of the task's own."),
    given.as_json,
    given.build_dir,
)


@click.command(
    help="Train a model with softmax, then swap Softermax in: as it is, and trained further with it, beside softmax "
    f"trained further for the same steps. {TASK_HELP}",
    epilog="Example: softermax finetune sentiment --seeds 3",
)
@task
def finetune(task, **options):
    if task == "similarity":
        raise FlowError("the task must be one that is trained, not 'similarity': use softermax accuracy")
    _run(task, "presets", tune=True, **options)


@click.command(
    help="Train a model with softmax, or take a pretrained one, then swap Softermax in without training for it. "
    f"{TASK_HELP}",
    epilog="Example: softermax accuracy similarity --ablation",
)
@task
@given.option("--ablation", is_flag=True, help="Each approximation alone, and all but it.")
@given.option("--bits", is_flag=True, help="More and fewer bits of scores and of probabilities.")
def accuracy(task, ablation, bits, **options):
    if ablation and bits:
        raise FlowError("--ablation and --bits must come one at a time")
    _run(task, "ablation" if ablation else "bits" if bits else "presets", tune=False, **options)


@click.command(
    "score-statistics",
    help="Attention scores of each layer and head of a pretrained MiniLM: range, what an input format clips with and "
    "without zero points, entropy of the rows. Needs PyTorch, transformers and the model.",
    epilog="Example: softermax score-statistics --input-format Q(5,3) --plot scores.svg",
)
@given.option("--input-format", "input", default="Q(6,2)", show_default=True, help="Scores.")
@given.option("--base", default="e", show_default=True, help="e to fold log2(e) into the scores, or 2.")
@given.option("--plot", type=Path, help="File for heatmaps of layers and heads, .svg or .png.")
@given.as_json
def score_statistics(input, base, plot, as_json):
    if plot is not None and plot.suffix not in PLOTS:
        raise FlowError(f"the plot's name must end with {' or '.join(PLOTS)}, not {plot.name!r}")
    results = minilm_statistics(input, base)
    if plot is not None:
        from ..report.score_plots import score_plot  # plots take a second to import

        write_whole(plot, getattr(score_plot(results), plot.suffix.removeprefix(".")))
    show(results, as_json, f"Attention scores of MiniLM in units of {input}, base {base}")


def _run(task: str, kind: str, *, tune: bool, seeds, quick, data, model, as_json, build_dir):
    """Run an experiment, write its results and a plot, and show them."""
    experiment, choose = _experiments()
    choice = choose(task, data, model, quick)
    results = experiment(choice, seeds, kind, build_dir, Console(stderr=True), tune=tune)
    from ..report.accuracy_plots import accuracy_plot  # plots take a second to import

    stem = build_dir / "accuracy" / f"{task.replace(':', '-')}-{'finetune' if tune else kind}"
    plot = accuracy_plot(results, kind)
    for suffix, content in ((".json", json.dumps(results, indent=2) + "\n"), (".svg", plot.svg), (".png", plot.png)):
        write_whole(stem.with_name(stem.name + suffix), content)
    show(results, as_json, f"{task}, hundredths; differences from softmax of the same training")
    if not as_json:
        print(f"these figures in {stem}.json, a plot in {stem}.svg")


def _experiments():
    """The experiment and the choice of a task; a FlowError without PyTorch and transformers."""
    try:
        from softermax.nn.tasks.catalogue import TaskChoice
        from softermax.nn.tasks.errors import TaskError

        from ..studies.experiments import experiment
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise FlowError(f"{error.name} must be installed to run models: pip install 'softermax[tasks]'") from error

    def choose(*arguments) -> TaskChoice:
        try:
            return TaskChoice(*arguments)
        except TaskError as error:
            raise FlowError(str(error)) from error

    return experiment, choose
