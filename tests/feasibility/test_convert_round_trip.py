"""Writing and reading gives the same program, number for number, in every format; HiGHS reads the files as meant."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from programs import programs
from strategies import documents, flat_documents

from pyrite.feasibility.convert import (
    FORMATS,
    Format,
    Unsupported,
    convert,
    format_of,
    plain,
    read,
    to_formulation,
    write,
)
from pyrite.feasibility.convert.common import Notes, decimal_text, read_number
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Column, Program, Quadratic, Row
from pyrite.feasibility.solver.solving import solve


@pytest.mark.parametrize("target", ["mof", "lp", "mps"])
@given(program=programs())
def test_write_then_read_is_equal(target: Format, program: Program) -> None:
    notes = Notes()
    text = write(program, target, notes)
    again = read(text, target)
    assert again == plain(program), text
    assert not notes.lines  # nothing was rounded or renamed for good
    assert write(again, target) == text


@given(program=programs(odd_names=False))
def test_own_json_is_equal_when_names_are_identifiers(program: Program) -> None:
    again = read(write(program, "json"), "json")
    assert plain(again) == plain(program)


@given(program=programs())
def test_own_json_changes_only_names(program: Program) -> None:
    notes = Notes()
    again = read(write(program, "json", notes), "json")
    for ours, theirs in zip(program.columns, again.columns, strict=True):
        assert (ours.domain, ours.lower, ours.upper) == (theirs.domain, theirs.lower, theirs.upper)
    for row, other in zip(program.rows, again.rows, strict=True):
        assert (row.body, row.lower, row.upper) == (other.body, other.lower, other.upper)
    assert again.objective == program.objective
    renamed = any(a.name != b.name for a, b in zip(program.columns, again.columns, strict=True))
    assert renamed <= bool(notes.lines)


@given(documents())
def test_formulations_survive_all_formats_in_a_row(document: dict[str, Any]) -> None:
    program = build(Formulation.from_dict(document))
    thirds = any(
        not decimal_text(value)[1]
        for body in [program.objective, *(row.body for row in program.rows)]
        for value in [body.constant, *body.linear.values(), *body.quadratic.values()]
    )
    sides = [side for row in program.rows for side in (row.lower, row.upper) if side is not None]
    if thirds or not all(decimal_text(side)[1] for side in sides):
        return  # these are rounded, with a note: see test_numbers_without_a_decimal
    for target in ("lp", "mps", "mof"):
        program = read(write(program, target), target)
    assert program == plain(build(Formulation.from_dict(document)))


@given(flat_documents())
def test_to_formulation_builds_the_same_program(document: dict[str, Any]) -> None:
    """Thirds included: the language divides exactly."""
    program = build(Formulation.from_dict(document))
    again = build(to_formulation(program))
    assert plain(again) == plain(program)


# -- HiGHS as an independent reader ------------------------------------------------------------------------------------


def solve_file(path: Path) -> tuple[str, float]:
    """HiGHS's word on a file."""
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("mip_rel_gap", 0.0)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    if highs.getNumCol() == 0:
        return "empty", highs.getObjectiveValue()
    highs.run()
    return highs.modelStatusToString(highs.getModelStatus()), highs.getObjectiveValue()


@pytest.mark.parametrize("target", ["lp", "mps"])
@given(document=documents(("lp", "mip")))
def test_highs_reads_the_same_program(
    target: Format, document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = build(Formulation.from_dict(document))
    path = tmp_path_factory.mktemp("highs") / f"model.{target}"
    path.write_text(write(program, target))
    ours = solve(program)
    status, value = solve_file(path)
    expected = {
        "optimal": ["Optimal"],
        "infeasible": ["Infeasible"],
        "unbounded": ["Unbounded", "Primal infeasible or unbounded"],
    }
    if ours.status == "infeasible":
        expected["infeasible"].append("Primal infeasible or unbounded")
    assert status in expected[ours.status], (write(program, target), ours)
    if ours.status == "optimal":
        assert value == pytest.approx(float(ours.objective or 0), rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("target", ["lp", "mps"])
def test_highs_reads_quadratic_objectives(target: Format, tmp_path: Path) -> None:
    document = {
        "variables": {"x": {"domain": "continuous", "lower": None}, "y": {"domain": "continuous", "lower": -4}},
        "objective": {"sense": "minimize", "expression": "3*(x - 1)**2 + (x + y)**2 + 0.5*x + 7.25"},
        "constraints": {"a": "-2 <= x - y <= 9", "b": "x + y >= -1"},
    }
    program = build(Formulation.from_dict(document))
    path = tmp_path / f"model.{target}"
    path.write_text(write(program, target))
    status, value = solve_file(path)
    assert status == "Optimal"
    assert value == pytest.approx(float(solve(program).objective or 0), abs=1e-6)


# -- numbers and names -------------------------------------------------------------------------------------------------


def test_numbers_without_a_decimal_are_rounded_with_a_note() -> None:
    x = Column("x", "continuous", Fraction(1, 3), None, "x")
    program = Program([x], [Row("r", Quadratic({0: Fraction(2, 3)}), None, 1, "r")], "minimize", Quadratic({0: 1}))
    for target in ("lp", "mps", "mof"):
        notes = Notes()
        again = read(write(program, target, notes), target)
        assert again.rows[0].linear[0] == Fraction(2, 3)  # what a program prints for 2/3 is read as 2/3
        assert any(line.startswith("row r: 2/3 has no short finite decimal") for line in notes.lines)
    notes = Notes()
    text = write(program, "json", notes)
    assert "2/3*x <= 1" in text  # the language writes it exactly; only the bound is rounded
    assert notes.lines == ["the lower bound of x: 1/3 has no short finite decimal and is written as "
                           "0.33333333333333333 (17 significant digits)"]  # fmt: skip


def test_decimals() -> None:
    assert decimal_text(Fraction(1, 10**25)) == ("1e-25", True)
    assert decimal_text(Fraction(-5, 4)) == ("-1.25", True)
    assert decimal_text(10**45)[1] is False
    assert decimal_text(Fraction(1, 2**190))[1] is False
    for bad in ("1e999999", "0x10", "nan", "--3", "1" * 500):
        with pytest.raises(PyriteError):
            read_number(bad, "line 1")


def test_names_read_back_and_stay_readable() -> None:
    names = ["make[bread,1]", "make(bread,1)", "make_bread_1", "free", "e12", "2x", "", " ", "X", "x"]
    columns = [Column(name, "continuous", 0, None, name) for name in names]
    program = Program(columns, [], "maximize", Quadratic(dict.fromkeys(range(len(names)), 1)))
    for target in ("lp", "mps"):
        text = write(program, target)
        assert [column.name for column in read(text, target).columns] == names
    assert "make_bread_1_2" in write(program, "lp")
    assert "make[bread,1]" in write(program, "mps").split()


def test_two_columns_of_one_name_stay_two() -> None:
    columns = [Column("x", "continuous", 0, None, "x"), Column("x", "continuous", 0, 3, "x")]
    program = Program(columns, [], "maximize", Quadratic({0: -1, 1: 1}))
    for target in FORMATS:
        assert len(read(write(program, target), target).columns) == 2


def test_what_programs_cannot_say() -> None:
    x = Column("x", "continuous", 0, None, "x")
    free = Program([x], [Row("r", Quadratic({0: 1}), None, None, "r")], "minimize")
    crossing = Program([x], [Row("r", Quadratic({0: 1}), 3, 2, "r")], "minimize")
    for target in FORMATS:
        with pytest.raises(Unsupported, match=r"free row.*at r"):
            write(free, target)
    for target in FORMATS:
        assert plain(read(write(crossing, target), target)) == crossing


def test_format_of() -> None:
    assert [format_of(name) for name in ("a.json", "a.mof.json", "B.LP", "c.mps")] == ["json", "mof", "lp", "mps"]
    with pytest.raises(PyriteError, match="the suffix says no format"):
        format_of("model.nl")


def test_convert_says_what_it_did() -> None:
    document = {
        "sets": {"P": ["bread", "cake"]},
        "variables": {"make": {"index": ["P"], "domain": "integer", "lower": 0}},
        "objective": {"sense": "maximize", "expression": "sum(make[p] for p in P)"},
        "constraints": {"cap": "sum(2*make[p] for p in P) <= 7"},
    }
    done = convert(json.dumps(document), "json", "mof")
    assert [item["name"] for item in json.loads(done.text)["variables"]] == ["make[bread]", "make[cake]"]
    back = convert(done.text, "mof", "json")
    assert json.loads(back.text)["constraints"] == {"cap": "2*make_bread + 2*make_cake <= 7"}
    assert back.notes == ("2 names are not identifiers and are changed, such as make[bread] to make_bread",)
