"""GLUE's tasks, from tiny files of the form in which they are distributed."""

import re
import sys

import pytest

from softermax.nn.tasks import training
from softermax.nn.tasks.errors import TaskError
from softermax.nn.tasks.glue import GLUE, glue, read_glue
from softermax.nn.tasks.measures import MEASURES

from .tiny import encoder

#: Of each task a header, if there is one, and a line with the class or rating and the texts that it says.
FILES = {
    "CoLA": (None, "gj04\t0\t*\tthe film good is", 0, ("the film good is",)),
    "SST-2": ("sentence\tlabel", "a very good film \t1", 1, ("a very good film",)),
    "MRPC": (
        "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String",
        '1\t70\t71\tthe "new film\tthe old film',
        1,
        ('the "new film', "the old film"),
    ),
    "STS-B": (
        "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore",
        "7\tnews\tf\t2012\t1\tnone\tnone\ta film\tone film\t4.250",
        4.25,
        ("a film", "one film"),
    ),
    "QQP": ("id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate", "1\t2\t3\twho?\twho is?\t0", 0, ("who?", "who is?")),
    "MNLI": (
        "index\tpromptID\tsentence1\tsentence2\tlabel1\tgold_label",
        "0\t3\tthe film is old\tthe film is new\tneutral\tcontradiction",
        2,
        ("the film is old", "the film is new"),
    ),
    "QNLI": ("index\tquestion\tsentence\tlabel", "0\twho?\tthe one\tnot_entailment", 1, ("who?", "the one")),
    "RTE": ("index\tsentence1\tsentence2\tlabel", "0\ta film\tone\tentailment", 0, ("a film", "one")),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return encoder(tmp_path_factory.mktemp("model"))


def write(folder, name, lines=3):
    header, line, _, _ = FILES[name]
    for split in ("train", *GLUE[name].tests):
        text = "\n".join([*([header] if header else []), *lines * [line]]) + "\n"
        (folder / f"{split}.tsv").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", GLUE)
def test_files_are_read_and_a_model_is_measured(name, model, tmp_path):
    write(tmp_path, name)
    _, _, truth, texts = FILES[name]
    examples = read_glue(name, "train", tmp_path)
    assert [(example.truth, example.texts) for example in examples] == 3 * [(truth, texts)]
    task = glue(name, tmp_path, model)
    training.reproducible(1)
    network = task.start()
    training.train(network, task, 1, 1e-3, 1)
    outcomes = training.evaluate(network, task)
    assert outcomes.ids == [[number] for number in range(3 * len(GLUE[name].tests))]
    assert {row[1] for row in outcomes.values} == {truth}
    assert set(task.measures) <= set(MEASURES)
    assert network.num_labels == (len(GLUE[name].classes) or 1)


def test_mnli_measures_both_of_its_test_sets(model, tmp_path):
    write(tmp_path, "MNLI")
    (tmp_path / "dev_mismatched.tsv").write_text("sentence1\tsentence2\tgold_label\na\tthe\tneutral\n")
    outcomes = training.evaluate((task := glue("MNLI", tmp_path, model)).start(), task)
    assert [row[1:] for row in outcomes.values] == 3 * [[2, 0]] + [[1, 1]]


def test_torn_lines_of_qqp_are_left_out(tmp_path):
    write(tmp_path, "QQP")
    with (tmp_path / "train.tsv").open("a") as file:
        file.write("9\t8\t7\twho?\n9\t8\t7\twho?\twho is?\t1\n")
    assert [text.truth for text in read_glue("QQP", "train", tmp_path)] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("name", "text"), [("RTE", "index\tsentence1\n"), ("RTE", None), ("SST-2", "sentence\tlabel\ngood\t3\n")]
)
def test_files_of_another_form_are_told(name, text, tmp_path):
    write(tmp_path, name)
    if text is None:
        text = FILES[name][0] + "\n1\tone sentence\n"
    if text.count("\n") == 1:
        text += "1\tone\n"
    (tmp_path / "train.tsv").write_text(text)
    columns = ", ".join((*GLUE[name].texts, GLUE[name].truth))
    expected = f"{tmp_path}/train.tsv must have the columns {columns} of {name}, each line a known truth"
    with pytest.raises(TaskError, match=f"^{re.escape(expected)}$"):
        read_glue(name, "train", tmp_path)


def test_missing_files_and_tasks_are_told(tmp_path):
    with pytest.raises(TaskError, match=r"train.tsv cannot be read: No such file or directory$"):
        glue("RTE", tmp_path)
    with pytest.raises(TaskError, match=r"^the task of GLUE must be one of CoLA, .*, RTE, not 'WNLI'$"):
        glue("WNLI", tmp_path)


def test_without_files_a_hub_is_asked_by_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(
        TaskError, match=r"^give a folder with --data, or install what reads a hub: pip install datasets$"
    ):
        glue("RTE")


class Hub:
    """Stands for the package datasets."""

    def __init__(self, rows):
        self.rows, self.asked = rows, []

    def load_dataset(self, name, configuration, *, split):
        self.asked.append((name, configuration, split))
        return self.rows


def test_a_hub_gives_the_same_examples(monkeypatch, model, tmp_path):
    hub = Hub([{"premise": "the film is old", "hypothesis": "the film is new", "label": 2}])
    monkeypatch.setitem(sys.modules, "datasets", hub)
    write(tmp_path, "MNLI", lines=1)
    task, from_files = glue("MNLI", None, model), glue("MNLI", tmp_path, model)
    assert (task.train, task.test) == (from_files.train, from_files.test)
    assert hub.asked == [("nyu-mll/glue", "mnli", s) for s in ("train", "validation_matched", "validation_mismatched")]


def test_a_hub_out_of_reach_is_told(monkeypatch):
    hub = Hub([])
    hub.load_dataset = lambda *_, **__: (_ for _ in ()).throw(ConnectionError("no route"))
    monkeypatch.setitem(sys.modules, "datasets", hub)
    expected = r"^nyu-mll/glue must be on a hub that can be reached; or give a folder with --data$"
    with pytest.raises(TaskError, match=expected):
        glue("SST-2")
