"""Every layout, from small made-up files: what becomes a problem, what is left out, and what is said about it."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import pytest
from benchmark_rows import (
    INDUSTRYOR,
    MAMO,
    OPTIBENCH,
    OPTMATH,
    nl4opt_record,
    write_complexor,
    write_nl4opt,
    write_nlp4lp,
)

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.programs.compiling import build
from pyrite.problems.importers.importing import import_problems
from pyrite.problems.importers.layouts import LAYOUTS
from pyrite.problems.importers.records import Import, ImportOptions
from pyrite.problems.importers.tabular import parse_mapping
from pyrite.problems.problem import Problem


def jsonl(path: Path, rows: list) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def left_out(outcome: Import) -> list[tuple[int, str, str]]:
    return [(remark.row, remark.column, remark.code) for remark in outcome.left_out]


def test_nl4opt_declarations_become_a_formulation(tmp_path):
    outcome = import_problems(write_nl4opt(tmp_path / "dev.jsonl", nl4opt_record()))
    (problem,) = outcome.problems
    assert outcome.format == "nl4opt"
    assert problem.id == "nl4opt-100"
    assert problem.reference is not None
    assert {name: item.expression for name, item in problem.reference.constraints.items()} == {
        "linear_1": "2*cups + 3*bowls <= 25",
        "sum_2": "cups + bowls <= 1000",
        "upperbound_3": "cups <= 30",
        "lowerbound_4": "cups >= 2",
        "ratio_5": "bowls <= 0.9*(cups + bowls)",
        "xby_6": "cups <= 2*bowls",
        "xy_7": "cups <= bowls",
    }
    assert problem.reference.objective.expression == "3*cups + 5*bowls"
    assert {item.domain for item in problem.reference.variables.values()} == {"integer"}


def test_nl4opt_integrality_is_an_option_and_both_readings_are_recorded(tmp_path):
    path = write_nl4opt(tmp_path / "dev.jsonl", nl4opt_record())
    # By hand, over all whole plans.
    by_hand = max(3 * c + 5 * b for c in range(2, 31) for b in range(c, 26) if 2 * c + 3 * b <= 25 and b <= 9 * c)
    whole = import_problems(path, options=ImportOptions("whole")).problems[0]
    fractional = import_problems(path, options=ImportOptions("fractional")).problems[0]
    assert whole.optimum == by_hand
    assert {item.domain for item in fractional.reference.variables.values()} == {"continuous"}
    for problem in (whole, fractional):
        assert problem.readings["whole"]["optimum"] == by_hand
        assert problem.readings["fractional"]["optimum"] >= by_hand
    assert whole.extra["integrality"] == "whole"


def test_nl4opt_readings_that_differ_are_reported(tmp_path):
    record = nl4opt_record()
    record["const_declarations"][0]["limit"] = "26"
    outcome = import_problems(write_nl4opt(tmp_path / "dev.jsonl", record))
    assert "readings-differ" in outcome.counts()["remarks"]
    whole, fractional = (outcome.problems[0].readings[name]["optimum"] for name in ("whole", "fractional"))
    assert whole < fractional == pytest.approx(3 * 2 + 5 * 22 / 3)


@pytest.mark.parametrize(
    ("limit", "operator", "status"), [("1", "LESS_OR_EQUAL", "infeasible"), ("1", "GREATER_OR_EQUAL", "unbounded")]
)
def test_nl4opt_says_when_the_reference_is_infeasible_or_unbounded(tmp_path, limit, operator, status):
    record = nl4opt_record(
        const_declarations=[
            {"type": "lowerbound", "limit": "2", "var": "cups", "operator": "GREATER_OR_EQUAL"},
            {"type": "sum", "limit": limit, "operator": operator},
        ]
    )
    outcome = import_problems(write_nl4opt(tmp_path / "dev.jsonl", record))
    assert (outcome.problems[0].status, outcome.problems[0].optimum) == (status, None)
    assert outcome.counts()["remarks"] == {status: 1}


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"document": ""}, "document", "no-question"),
        ({"vars": []}, "vars", "no-variables"),
        ({"obj_declaration": {"direction": "sideways", "terms": {"cups": "1"}}},
         "obj_declaration", "unknown-direction"),
        ({"obj_declaration": {"direction": "minimize", "terms": {}}}, "obj_declaration", "no-terms"),
        ({"obj_declaration": {"direction": "minimize", "terms": {"spoons": "1"}}}, "obj_declaration", "unknown-entity"),
        ({"obj_declaration": {"direction": "minimize", "terms": {"cups": "lots"}}}, "obj_declaration", "not-a-number"),
        ({"const_declarations": [{"type": "linear", "limit": "1", "terms": {}, "operator": "LESS_OR_EQUAL"}]},
         "const_declarations[0]", "no-terms"),
        ({"const_declarations": [{"type": "sum", "limit": "1", "operator": "ABOUT"}]},
         "const_declarations[0]", "unknown-operator"),
        ({"const_declarations": [{"type": "wish", "limit": "1", "operator": "EQUAL"}]},
         "const_declarations[0]", "unknown-declaration"),
        ({"const_declarations": ["more"]}, "const_declarations[0]", "not-an-object"),
        ({"const_declarations": "many"}, "const_declarations", "no-constraints"),
    ],
)  # fmt: skip
def test_nl4opt_a_broken_declaration_is_named_and_the_rest_goes_on(tmp_path, changes, column, code):
    outcome = import_problems(write_nl4opt(tmp_path / "dev.jsonl", nl4opt_record(**changes), nl4opt_record()))
    assert left_out(outcome) == [(1, column, code)]
    assert [problem.id for problem in outcome.problems] == ["nl4opt-101"]


def test_mamo(tmp_path):
    outcome = import_problems(jsonl(tmp_path / "mamo.jsonl", MAMO))
    assert outcome.format == "mamo"
    assert [(p.id, p.optimum, p.family) for p in outcome.problems] == [
        ("mamo-easy-1", 120, "easy_lp"),
        ("mamo-complex-2", 1200, "complex_lp"),
    ]
    assert outcome.problems[0].as_reference().strongest == "value"
    assert outcome.problems[1].extra["stated_answer"] == "$1,200"
    assert left_out(outcome) == [(3, "Question", "no-question"), (4, "Answer", "no-answer")]
    assert outcome.counts()["remarks"]["answer-interpreted"] == 1


def test_industryor(tmp_path):
    outcome = import_problems(jsonl(tmp_path / "industry.jsonl", INDUSTRYOR))
    assert outcome.format == "industryor"
    assert [(p.optimum, p.status) for p in outcome.problems] == [(1200, "optimal"), (None, None), (None, "infeasible")]
    assert outcome.problems[1].extra["stated_answer"] == "No Best Solution"
    assert outcome.problems[0].extra["difficulty"] == "Hard"
    assert left_out(outcome) == [(3, "en_answer", "unreadable-answer")]
    assert outcome.counts()["kinds"] == {"nothing": 1, "status": 1, "value": 1}


def test_optmath_as_array_and_a_repeated_id(tmp_path):
    path = tmp_path / "bench.json"
    path.write_text(json.dumps(OPTMATH))
    outcome = import_problems(path)
    assert outcome.format == "optmath"
    assert [p.id for p in outcome.problems] == ["optmath-0", "optmath-0-2"]
    assert [remark.code for remark in outcome.remarks] == ["repeated-id"]


def test_json_lines_under_the_name_json(tmp_path):
    outcome = import_problems(jsonl(tmp_path / "bench.json", OPTMATH))
    assert [p.optimum for p in outcome.problems] == [25, 31]


def test_optibench_keeps_all_quantities_and_chooses_by_rule(tmp_path):
    outcome = import_problems(jsonl(tmp_path / "opti.jsonl", OPTIBENCH))
    first, second = outcome.problems
    assert (first.optimum, first.extra["objective_name"], first.extra["objective_rule"]) == (
        Fraction(181, 2),
        "The total profit",
        "total",
    )
    assert first.extra["results"] == OPTIBENCH[0]["results"]
    assert (second.optimum, second.extra["objective_rule"]) == (None, "ambiguous")
    assert left_out(outcome) == [(3, "results", "no-answer")]
    assert outcome.counts()["remarks"]["ambiguous-objective"] == 1


def test_complexor_binds_the_sample_as_data(tmp_path):
    outcome = import_problems(write_complexor(tmp_path / "set"))
    assert outcome.format == "complexor"
    diet, second = outcome.problems
    assert diet.optimum == Fraction(15, 2)
    assert diet.data.sets["food_set"] == ("oats", "milk")
    assert diet.data.parameters["content"].index == ("food_set", "nutrient_set")
    assert diet.data.parameters["content"].value_at(("milk", "fat")) == 2
    assert diet.data.parameters["need"].index == ("nutrient_set",)
    assert "content[food_set,nutrient_set]" in diet.text
    assert "unbound-data" in outcome.counts()["remarks"]  # the sentence among the inputs
    assert (second.id, second.optimum) == ("complexor-diet-2", None)
    assert left_out(outcome) == [(2, "sample.json", "no-answer")]
    # The bound data carries a formulation.
    document = {
        "variables": {"buy": {"index": ["food_set"], "domain": "continuous", "lower": 0}},
        "objective": {"sense": "minimize", "expression": "sum(cost[i]*buy[i] for i in food_set)"},
        "constraints": {
            "need": {"for": "k in nutrient_set", "expression": "sum(content[i,k]*buy[i] for i in food_set) >= need[k]"}
        },
    }  # fmt: skip
    reference = Problem.from_dict({"id": "x", "text": "x", "reference": document}).reference
    assert len(build(reference, diet.data).rows) == 3


def test_nlp4lp_folders(tmp_path):
    outcome = import_problems(write_nlp4lp(tmp_path / "set"))
    assert outcome.format == "nlp4lp"
    stated, symbolic = outcome.problems
    assert (stated.id, stated.optimum, stated.text) == ("nlp4lp-7", Fraction(49, 4), "Mix two feeds cheaply.")
    assert stated.extra["parameters"] == {"Price": [3, 4]}
    assert outcome.counts()["remarks"]["parameters-mismatch"] == 1
    assert symbolic.data.parameters["Budget"].value_at(()) == 9
    assert symbolic.data.parameters["Price"].index == ("range_2",)
    assert left_out(outcome) == [(2, "solution.objective", "no-answer")]


def test_nlp4lp_rows_with_json_in_cells(tmp_path):
    rows = [{"id": 3, "description": "Buy.", "parameters": '{"a": 1}', "solution": '{"objective": 4}'}]
    outcome = import_problems(jsonl(tmp_path / "hub.jsonl", rows))
    assert [(p.id, p.optimum) for p in outcome.problems] == [("nlp4lp-3", 4)]


def test_table_by_mapping_from_csv(tmp_path):
    path = tmp_path / "table.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["nr", "Frage", "Z", "Quelle"])
        writer.writerow(["1", "Wie viele?", "$1,200", "Buch"])
        writer.writerow(["2", "Und jetzt?", "", "Buch"])
        writer.writerow(["3", "Drei\nZeilen", "No Best Solution", "Buch"])
        stream.write("4,kurz\n")
    options = ImportOptions(columns=parse_mapping("id=nr,text=Frage,optimum=Z"))
    outcome = import_problems(path, options=options)
    assert outcome.format == "table"
    assert [(p.id, p.optimum) for p in outcome.problems] == [("1", 1200), ("3", None)]
    assert outcome.problems[0].extra["Quelle"] == "Buch"
    assert [(remark.row, remark.code) for remark in outcome.left_out] == [(3, "no-answer"), (6, "ragged-row")]


def test_table_reads_its_own_problem_files(tmp_path):
    reference = {
        "variables": {"x": {"domain": "integer", "lower": 0}},
        "objective": {"sense": "maximize", "expression": "x"},
        "constraints": {"cap": "2*x <= 7"},
    }
    row = {"id": "p1", "text": "Most?", "reference": reference, "optimum": 3, "units": {"x": "items"}, "note": "kept"}
    problem = import_problems(jsonl(tmp_path / "p.jsonl", [row])).problems[0]
    assert problem.to_dict() == {**row, "status": "optimal"}


def test_table_with_nested_columns_and_a_wrong_one(tmp_path):
    path = jsonl(tmp_path / "t.jsonl", [{"q": {"en": "How many?"}, "a": {"value": 5}}])
    found = import_problems(path, options=ImportOptions(columns={"text": "q.en", "optimum": "a.value"}))
    assert (found.problems[0].text, found.problems[0].optimum) == ("How many?", 5)
    wrong = import_problems(path, options=ImportOptions(columns={"text": "q.en", "optimum": "b"}))
    assert left_out(wrong) == [(1, "b", "no-column")]


@pytest.mark.parametrize("text", ["id", "id=", "wish=x", "=x"])
def test_mapping_is_checked(text):
    with pytest.raises(PyriteError, match="--map"):
        parse_mapping(text)


def test_a_broken_line_is_reported_and_the_rest_goes_on(tmp_path):
    path = tmp_path / "mamo.jsonl"
    path.write_text(json.dumps(MAMO[0]) + "\n{half a\n[1, 2]\n\n" + json.dumps(MAMO[1]) + "\n")
    outcome = import_problems(path)
    assert [p.id for p in outcome.problems] == ["mamo-easy-1", "mamo-complex-2"]
    assert left_out(outcome) == [(2, "", "not-json"), (3, "", "not-an-object")]
    assert (outcome.read, str(outcome.left_out[0])[:20]) == (4, "mamo.jsonl, row 2: n")


def test_counts_add_up(tmp_path):
    for rows in (MAMO, INDUSTRYOR, OPTIBENCH, OPTMATH):
        outcome = import_problems(jsonl(tmp_path / "rows.jsonl", rows))
        assert outcome.read == len(outcome.problems) + len(outcome.left_out)


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.jsonl", '{"foo": 1, "bar": 2}\n'), ("x.json", '{"foo": 1}'), ("x.csv", "a,b\n1,2\n"), ("x.jsonl", "prose\n"),
     ("x.jsonl", "")],
)  # fmt: skip
def test_an_unknown_layout_is_one_clear_line(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(PyriteError) as caught:
        import_problems(path)
    assert "no known layout" in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "holds no"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00binary"), "not UTF-8"),
        (lambda path: path.write_text("[1, 2"), "neither JSON"),
    ],
)
def test_an_unreadable_path_is_one_clear_line(tmp_path, make, part):
    path = tmp_path / "set"
    make(path)
    with pytest.raises(PyriteError, match=part):
        import_problems(path)


def test_an_unknown_format_is_named(tmp_path):
    with pytest.raises(PyriteError, match="nl4opt"):
        import_problems(jsonl(tmp_path / "x.jsonl", MAMO), "nlopt")
    assert "table" in LAYOUTS


def test_parquet_and_saved_datasets(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [{"en_question": "Plan.", "en_answer": "4"}, {"en_question": "Plan again.", "en_answer": "5"}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "rows.parquet")
    assert [p.optimum for p in import_problems(tmp_path / "rows.parquet").problems] == [4, 5]


@pytest.mark.slow
def test_a_saved_hub_dataset(tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = [{"en_question": "Plan.", "en_answer": "4"}]
    datasets.DatasetDict({"test": datasets.Dataset.from_list(rows)}).save_to_disk(str(tmp_path / "saved"))
    problem = import_problems(tmp_path / "saved").problems[0]
    assert (problem.optimum, problem.extra["source_split"]) == (4, "test")
