"""The front picture: formats of the configs, ratios of the evaluation, and texts that keep apart."""

import json
import os
import re
import subprocess
import sys
from itertools import combinations
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from matplotlib.transforms import Bbox

from softermax.flows.commands.app import app
from softermax.flows.designs.registry import design
from softermax.flows.errors import FlowError
from softermax.flows.report import front_picture
from softermax.model import SoftermaxConfig

SVG = "{http://www.w3.org/2000/svg}"
#: From where bars are.
BARS = 600


@pytest.fixture(scope="module")
def picture(evaluations):
    return ElementTree.fromstring(front_picture("asap7", evaluations["asap7"]))


def texts(picture):
    return [element.text for element in picture.iter(f"{SVG}text")]


def number(element, name):
    return float(element.get(name))


def bars(picture):
    """Rectangles right of the diagram that are as high as bars."""
    return [box for box in picture.iter(f"{SVG}rect") if number(box, "x") > BARS and box.get("height") == "11"]


def test_arrows_carry_the_formats_of_both_presets(picture):
    said = " ".join(texts(picture))
    for config in (SoftermaxConfig.faithful(lanes=32, max_len=384), SoftermaxConfig.paper(lanes=32, max_len=384)):
        for name in ("input", "maximum", "unnormed", "power_sum", "reciprocal", "output"):
            assert str(getattr(config, name)) in said
    assert str(SoftermaxConfig.faithful(lanes=32, max_len=384).product) in texts(picture)
    for block in ("IntMax", "Power of Two", "Reduction", "row buffer", "Reciprocal", "Row Product"):
        assert block in texts(picture)
    assert {"Unnormed Softmax Unit", "Normalization Unit", "Complete softmax, 32 lanes"} <= set(texts(picture))
    assert "32 scores in and 32 probabilities out per cycle" in texts(picture)


def test_formats_follow_the_size_of_the_evaluated_units(evaluations):
    units = [unit | {"lanes": 16, "max_len": 2048} for unit in evaluations["asap7"]["units"] if unit["lanes"] == 32]
    said = texts(ElementTree.fromstring(front_picture("asap7", {"units": units})))
    assert "Complete softmax, 16 lanes" in said
    long, usual = (SoftermaxConfig.faithful(lanes=16, max_len=max_len).power_sum for max_len in (2048, 384))
    assert long != usual
    assert f"sum {long}" in said


def test_bars_are_as_long_as_ratios_and_published_ones_hollow(picture, evaluations):
    of = {(r["unit"], r["preset"]): r for r in evaluations["asap7"]["units"] if r["lanes"] == 32}
    expected = []
    for field, published in (("area_ratio", (0.25, 0.65, 0.90)), ("energy_ratio", (0.10, 0.39, 0.43))):
        for unit, reported in zip(("unnormed", "normalization", "pe"), published, strict=True):
            ours = [(of[unit, preset][field], design(preset).color) for preset in ("faithful", "paper")]
            expected += [*ours, (reported, "none")]
    found = bars(picture)
    assert [bar.get("fill") for bar in found] == [color for _, color in expected]
    for panel in (slice(0, 9), slice(9, 18)):
        scales = [number(bar, "width") / ratio for bar, (ratio, _) in zip(found[panel], expected[panel], strict=True)]
        assert max(scales) == pytest.approx(min(scales), rel=0.01)
        assert max(number(bar, "width") for bar in found[panel]) <= 150
    written = [text for text in texts(picture) if re.fullmatch(r"\d\.\d\d", text)]
    assert written == [f"{ratio:.2f}" for ratio, _ in expected]


def box_of(element):
    """Where a text is if it is in DejaVu Sans, which is wider than what most browsers have."""
    weight, size = element.get("font-weight", "normal"), number(element, "font-size")
    path = TextPath((0, 0), element.text, size=size, prop=FontProperties(family="DejaVu Sans", weight=weight))
    width = path.get_extents().width
    left = number(element, "x") - {"start": 0, "middle": width / 2, "end": width}[element.get("text-anchor")]
    return Bbox.from_extents(left, number(element, "y") - 0.75 * size, left + width, number(element, "y"))


def test_texts_keep_apart_and_inside(picture):
    assert (picture.get("width"), picture.get("viewBox")) == ("900", f"0 0 900 {picture.get('height')}")
    found = {text: box_of(text) for text in picture.iter(f"{SVG}text")}
    for (one, box), (other, its_box) in combinations(found.items(), 2):
        assert Bbox.intersection(box, its_box) is None, (one.text, other.text)
    for text, box in found.items():
        assert 10 < box.x0 < box.x1 < 890, text.text
        assert 10 < box.y0 < box.y1 < number(picture, "height") - 8, text.text


def test_it_has_its_own_background_and_needs_nothing_else(picture, evaluations):
    background = next(picture.iter(f"{SVG}rect"))
    assert (background.get("width"), background.get("fill")) == ("899", "#ffffff")
    assert picture.find(f"{SVG}title").text
    assert not re.findall(r"href|url\(|<image|<style|<script", front_picture("asap7", evaluations["asap7"]))


def test_a_unit_that_was_not_measured_has_its_published_bar_only(evaluations):
    units = [unit for unit in evaluations["asap7"]["units"] if unit["unit"] != "pe"]
    picture = ElementTree.fromstring(front_picture("asap7", {"units": units}))
    assert [bar.get("fill") for bar in bars(picture)].count("none") == 6
    assert len(bars(picture)) == 14


def test_without_ratios_there_is_no_picture(evaluations):
    for evaluation in (
        {},
        {
            "units": [
                evaluations["asap7"]["units"][0]
                | {"area_ratio": None, "energy_ratio": None, "energy_with_glitches_ratio": None}
            ]
        },
    ):
        with pytest.raises(FlowError, match=r"^the evaluation of asap7 must have ratios to the baseline: use one of "):
            front_picture("asap7", evaluation)


@pytest.fixture
def file(evaluations, tmp_path):
    path = tmp_path / "asap7.json"
    path.write_text(json.dumps(evaluations["asap7"]))
    return path


def test_the_command_draws_the_same_again_in_another_process(file, evaluations, tmp_path):
    call = "from softermax.flows.commands.main import main; main()"
    for seed in ("1", "2"):
        command = [
            sys.executable,
            "-c",
            call,
            "picture",
            "--evaluation",
            str(file),
            "-o",
            str(tmp_path / f"{seed}.svg"),
        ]
        done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.split() == ["picture", str(tmp_path / f"{seed}.svg")]
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "2.svg").read_bytes()
    assert (tmp_path / "1.svg").read_text() == front_picture("asap7", evaluations["asap7"])


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{", "must be an evaluation that `softermax evaluate` wrote, which it is not"),
        ("[1]", "must be an evaluation"),
        ('{"units": [{"unit": "pe"}]}', "must be an evaluation"),
        ('{"units": []}', "must have ratios to the baseline"),
    ],
)
def test_what_is_no_evaluation_is_refused_in_a_sentence(content, text, tmp_path):
    if content is not None:
        (tmp_path / "x.json").write_text(content)
    svg = tmp_path / "x.svg"
    done = CliRunner().invoke(app, ["picture", "--evaluation", str(tmp_path / "x.json"), "-o", str(svg)])
    assert isinstance(done.exception, FlowError)
    assert text in str(done.exception)
    assert not svg.exists()
