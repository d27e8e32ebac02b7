"""Kernels against specifications of their own: a few of them, and that a claim can fail, remain open or be refused."""

import pickle
import sys
from dataclasses import replace
from functools import partial

import pytest
import z3

from softermax.flows.errors import FlowError
from softermax.flows.verification.faults import Fault, becomes
from softermax.flows.verification.formal.binary16_kernels import binary16_kernels
from softermax.flows.verification.formal.checks import FAILS, PROVEN, Check
from softermax.flows.verification.formal.kernels import kernel_checks
from softermax.flows.verification.formal.unrolling import HOLDS, UNKNOWN, VIOLATED, decide
from softermax.hw import baseline
from softermax.hw.baseline import Pipeline

CHECKS = kernel_checks()
QUICK = ("Power of Two", "Requantiser", "binary16 maximum")


def kernel(name):
    """One of binary16's."""
    return next(kernel for kernel in binary16_kernels() if kernel.unit == f"binary16 {name}")


@pytest.mark.parametrize("unit", QUICK)
def test_a_kernel_is_proven_and_its_fault_is_found(unit, tmp_path):
    row = next(check for check in CHECKS if check.unit == unit).row(tmp_path)
    assert row["method"] == "SMT, all inputs"
    assert row["result"] == PROVEN
    assert Check.passed(row)


def test_checks_have_names_of_their_own_and_run_in_other_processes():
    assert len({tuple(check.identity().values()) for check in CHECKS}) == len(CHECKS) > 25
    assert [check.identity() for check in pickle.loads(pickle.dumps(CHECKS))] == [check.identity() for check in CHECKS]


def test_another_operator_fails_and_the_file_beside_the_question_says_where(tmp_path):
    found = replace(kernel("adder"), component=partial(Pipeline, baseline.SUBTRACTOR)).prove(tmp_path)
    assert found["result"] == FAILS
    assert "i__payload@0 #b" in (tmp_path / "claim.values").read_text()


def test_a_fault_without_effect_is_not_found(tmp_path):
    harmless = Fault("inverted twice", "", "larger", becomes("~~{}"))
    found = replace(kernel("maximum"), fault=harmless).prove(tmp_path)
    assert found["result"] == PROVEN
    assert not found["fault_found"]


def test_another_solver_gives_the_same_answers_to_the_questions_that_are_kept(tmp_path):
    kernel("maximum").prove(tmp_path)
    for folder, answer in ((tmp_path, z3.unsat), (tmp_path / "fault", z3.sat)):
        solver = z3.Solver()
        solver.from_file(str(folder / "claim.smt2"))
        assert solver.check() == answer


def test_a_question_has_three_answers(tmp_path):
    x, y = z3.BitVecs("x y", 64)
    file = tmp_path / "question.smt2"
    assert decide([x < 4], x < 5, file, 10) == HOLDS
    assert decide([x < 6], x < 5, file, 10) == VIOLATED
    assert decide([], (x + y) * (x - y) == x * x - y * y, file, 1) == UNKNOWN


@pytest.mark.parametrize("solver", ["bitwuzla", "z3"])
def test_a_solver_that_is_missing_is_asked_for(solver, monkeypatch):
    for module in [name for name in sys.modules if name.startswith("softermax.flows.verification.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, solver, None)
    with pytest.raises(FlowError) as caught:
        kernel_checks()
    assert str(caught.value) == f"{solver} must be installed to prove kernels: it is in the extra formal"
