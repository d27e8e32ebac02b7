"""Words: help that is made of sentences, and refusals that name what the user typed."""

import re

import click
import pytest

from softermax.flows.commands.app import app
from softermax.flows.commands.wording import as_typed
from softermax.flows.errors import FlowError
from softermax.model.baseline import CHOICES as BASELINE_CHOICES
from softermax.model.config_checks import CHOICES

#: With what no sentence on an option begins: it would lack the noun or verb.
FRAGMENTS = {
    *("A", "An", "Also", "Another", "By", "Each", "For", "From", "How", "In", "It", "May", "More", "Of", "On", "One"),
    *("Only", "The", "This", "To", "Up", "With", "Without"),
}


@pytest.mark.parametrize("name", app.commands)
def test_every_help_is_a_sentence_that_begins_with_a_noun_or_verb(name):
    command = app.commands[name]
    texts = [command.help, *(option.help for option in command.params if isinstance(option, click.Option))]
    for text in texts:
        first = re.match(r"[\w-]+", text)
        assert first is not None, text
        assert first[0][0].isupper(), text
        assert first[0] not in FRAGMENTS, text
        assert text.endswith("."), text


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, command in app.commands.items()
        if "--normalizer" in str([option.opts for option in command.params])
    ],
)
def test_help_names_every_normalizer(name):
    [option] = [option for option in app.commands[name].params if "--normalizer" in option.opts]
    for normalizer in (*CHOICES["normalizer"], *BASELINE_CHOICES["normalizer"]):
        assert normalizer in option.help


PARAMETERS = (
    click.Option(["--lanes"]),
    click.Option(["--max-len"]),
    click.Option(["--saturate"], is_flag=True),
    click.Option(["-o", "--output", "file"]),
    click.Option(["--output-format", "output_format"]),
    click.Argument(["unit"]),
)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("lanes must be 1 to 1024, not 0", "--lanes must be 1 to 1024, not 0"),
        ("the lanes must be few", "--lanes must be few"),
        ("lanes does not apply to preset x", "--lanes does not apply to preset x"),
        ("output must be unsigned, not Q(1,1)", "--output-format must be unsigned, not Q(1,1)"),
        ("a row must have at most max_len = 4", "a row must have at most --max-len = 4"),
        ("it must fit unless saturate is true", "it must fit unless --saturate is given"),
        ("bits must be even", "--option bits must be even"),
        ("scores must be few with lanes, not many", "scores must be few with --lanes, not many"),
        ("bits must be 2 with lanes '3'", "--option bits must be 2 with --lanes '3'"),
        ("rows must be few with 16 lanes, not many", "rows must be few with 16 lanes, not many"),
        # These are words, names of files, and what the user has not typed.
        ("the unit must be one of a, b", "the unit must be one of a, b"),
        ("it must have lanes", "it must have lanes"),
        ("build/max_len.v and max_len.v are gone", "build/max_len.v and max_len.v are gone"),
        ("power_sum must hold a row", "power_sum must hold a row"),
    ],
)
def test_parameters_become_options(message, text):
    assert as_typed(message, PARAMETERS, ["bits=3"]) == text


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            ("info", "--lanes", 4, "--cuts", "x"),
            "--cuts must be some of int_max, power_of_two, sum_1, sum_2, each once, in order, not 'x'",
        ),
        (
            ("info", "--lanes", 4, "--cuts", "sum_1, int_max"),
            "--cuts must be some of int_max, power_of_two, sum_1, sum_2, each once, in order, not 'sum_1, int_max'",
        ),
        (("info", "--preset", "fp16", "--cuts", "none"), "--cuts does not apply to preset fp16"),
        (("info", "--values"), "--values does not apply to unit softmax, only to pe"),
        (("info", "--max-d-head", 0), "--max-d-head does not apply to unit softmax, only to pe"),
        (("verilog", "pe", "--max-d-head", 0, "-o", "-"), "--max-d-head must be 1 to 128, not 0"),
        (("info", "--preset", "faithful", "--output-format", "Q(1,7)"), "--output-format must be unsigned, not Q(1,7)"),
        (
            ("info", "--preset", "faithful", "--rounding", "up"),
            "--rounding must be 'nearest', 'directed' or 'cascade', not 'up'",
        ),
        (("info", "--option", "bits=3"), "--option bits does not apply to preset faithful"),
        (
            ("info", "--option", "cuts={[]: 1}"),
            "--option cuts must be a tuple of some of int_max, power_of_two, sum_1, sum_2, sum_3, sum_4, in order, "
            "not '{[]: 1}'",
        ),
        (("verilog", "pe", "--lanes", 256), "--lanes must be 1 to 128, not 256"),
        (
            ("verilog", "pe", "--values", "--preset", "faithful", "--input-format", "Q(4,2)"),
            "scores must have 8 bits with --values, not 6 as in Q(4,2)",
        ),
        (("utilisation", "--d-head", 0), "--d-head must be at least 1 and at most 128, not 0"),
        (("utilisation", "--d-head", 129), "--d-head must be at least 1 and at most 128, not 129"),
        (("utilisation", "--lanes", 256), "--lanes must be 1 to 128, not 256"),
        (("utilisation", "--lanes", 3), "--lanes must be a power of two, 2 or more, for a processing element, not 3"),
        (("soak", "unnormed", "--part", 30), "--part must be less than 20 for 10,000,000 slices, not 30"),
        (("explore", "--preset", "paper"), "--preset must be faithful to have candidates, not 'paper'"),
    ],
)
def test_refusals_name_the_option_as_it_was_typed(call, text):
    with pytest.raises(FlowError) as caught:
        app.main([*map(str, call)], "softermax", standalone_mode=False)
    assert str(caught.value) == text
