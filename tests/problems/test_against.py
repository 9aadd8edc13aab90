"""Two problem files held against each other: who is joined with whom, what disagrees, and what the exit code says."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from pyrite.cli import audit
from pyrite.feasibility.errors import PyriteError
from pyrite.problems.against import SIDES, STATES, Against, Joined, against, join, normal
from pyrite.problems.problem import Problem

app = typer.Typer(pretty_exceptions_enable=False)
audit.register(app)


@app.command("other")
def other() -> None:
    """So that ``audit`` is a subcommand."""


def reference(domain: str = "integer", cap: str = "2*x <= 7") -> dict[str, Any]:
    return {
        "variables": {"x": {"domain": domain, "lower": 0}},
        "objective": {"sense": "maximize", "expression": "x"},
        "constraints": {"cap": cap},
    }


def problem(id_: str, text: str = "How many boxes?", **fields: Any) -> Problem:
    return Problem.from_dict({"id": id_, "text": text, **fields})


def compared(first: dict[str, Any], second: dict[str, Any]) -> Joined:
    (joined,) = against([problem("a", **first)], [problem("b", **second)], workers=0).joined
    return joined


INFEASIBLE = reference(cap="x <= -1")
CASES = [
    ({"optimum": 3}, {"optimum": 3}, "agree", "none"),
    ({"optimum": 3}, {"optimum": 3.0000001}, "agree", "none"),
    ({"optimum": 3}, {"optimum": 4}, "disagree", "none"),
    ({"optimum": 3}, {"optimum": 3.4}, "disagree", "none"),
    ({"optimum": 33.33}, {"optimum": 33.333333}, "rounded", "none"),
    ({"optimum": 33.3}, {"optimum": 33.4}, "disagree", "none"),
    ({"optimum": 33.33}, {"reference": reference("continuous", "3*x <= 100")}, "rounded", "own"),
    ({"optimum": 3, "reference": reference()}, {"optimum": 3.5}, "disagree", "A"),
    ({"optimum": 3.5, "reference": reference()}, {"optimum": 3}, "disagree", "B"),
    ({"optimum": 3.5}, {"reference": reference()}, "disagree", "own"),
    ({"optimum": 3}, {"reference": reference()}, "agree", "both"),
    ({"optimum": 5, "reference": reference()}, {"optimum": 4}, "disagree", "neither"),
    ({"optimum": 4, "reference": reference()}, {"optimum": 4}, "agree", "neither"),
    ({"reference": reference()}, {"reference": reference("continuous")}, "disagree", "split"),
    ({"status": "infeasible"}, {"optimum": 3}, "disagree", "none"),
    ({"status": "infeasible"}, {"reference": INFEASIBLE}, "agree", "both"),
    ({"status": "infeasible"}, {"optimum": 2, "reference": INFEASIBLE}, "disagree", "A"),
    ({"status": "optimal"}, {"optimum": 3}, "agree", "none"),
    ({"status": "optimal"}, {"status": "unbounded"}, "disagree", "none"),
    ({"status": "optimal", "reference": reference()}, {"optimum": 4}, "disagree", "own"),
    ({}, {"optimum": 3}, "no-label", "none"),
    ({}, {"optimum": 3, "reference": reference()}, "no-label", "B"),
    ({}, {}, "no-label", "none"),
    ({"optimum": 3}, {"reference": reference(cap="y <= 3")}, "no-label", "none"),
]


@pytest.mark.parametrize(("first", "second", "state", "sides"), CASES)
def test_labels_and_the_third_witness(first, second, state, sides):
    joined = compared(first, second)
    assert (joined.state, joined.sides) == (state, sides), joined.message
    turned = compared(second, first)
    assert (turned.state, turned.sides) == (state, {"A": "B", "B": "A"}.get(sides, sides))
    assert state in STATES
    assert sides in SIDES


def test_the_sentence_says_what_could_explain_it():
    joined = compared({"optimum": 3, "reference": reference()}, {"optimum": 3.5})
    assert joined.message == (
        "A says 3; B says 3.5; A's reference a gives 3; read as fractional it gives 3.5, as B says"
    )
    assert compared({"optimum": -5}, {"optimum": 5}).message.endswith("the same but for the sign")


def test_texts_are_joined_by_words_and_not_by_layout():
    assert normal("At most  1,200 kg --\nno more!") == normal("at most 1200 kg, No more")
    for one, another in (("5", "-5"), ("x <= 5", "x >= 5"), ("5 %", "5"), ("1.5", "15"), ("10", "1"), ("a b", "ab")):
        assert normal(f"take {one}") != normal(f"take {another}")


def test_the_same_words_about_other_data_are_another_question():
    def with_data(id_: str, room: int, **fields: Any) -> Problem:
        return problem(id_, data={"parameters": {"room": {"values": room}}}, **fields)

    ours = [with_data("a1", 3, optimum=3), with_data("a2", 4, optimum=4)]
    theirs = [with_data("b2", 4, optimum=4), with_data("b1", 3, optimum=9)]
    found = against(ours, theirs, workers=0)
    assert [(item.a[0].id, item.b[0].id, item.state) for item in found.joined] == [
        ("a1", "b1", "disagree"),
        ("a2", "b2", "agree"),
    ]
    with pytest.raises(PyriteError, match="1 have the same text and other data"):
        against(ours, [with_data("b5", 5)], workers=0)
    assert join(ours, [problem("bare")]) == ([], 1)
    assert len(join(ours[:1], [problem("bare")])[0]) == 1


def test_a_duplicate_agrees_only_when_all_its_labels_do():
    twice = [problem("a1", optimum=7), problem("a2", text="how many BOXES", optimum=8)]
    found = against(twice, [problem("b", optimum=7)], workers=0)
    (joined,) = found.joined
    assert (joined.state, [said.id for said in joined.a]) == ("disagree", ["a1", "a2"])
    assert found.counts()["duplicated"] == 1
    same = against([twice[0], twice[0]], [problem("b", optimum=7)], workers=0)
    assert not same.wrong


def files(tmp_path, first, second):
    paths = []
    for name, problems in (("a", first), ("b", second)):
        paths.append(tmp_path / f"{name}.jsonl")
        paths[-1].write_text("".join(json.dumps(item.to_dict()) + "\n" for item in problems))
    return paths


def run(*arguments: object):
    return CliRunner().invoke(app, ["audit", *map(str, arguments)])


def test_the_command_prints_a_table_and_its_exit_code_is_the_answer(tmp_path):
    first = [problem("a1", "One", optimum=3, reference=reference()), problem("a2", "Two", optimum=1)]
    second = [problem("b1", "one.", optimum=3.5), problem("b2", "two", optimum=1), problem("b3", "three")]
    one, two = files(tmp_path, first, second)
    result = run(one, "--against", two)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "A   B   A says  B says  ours  sides with  labels",
        "a1  b1  3       3.5     3     A           DISAGREE",
        "a1 / b1: A says 3; B says 3.5; A's reference a1 gives 3; read as fractional it gives 3.5, as B says",
        "2 and 3 problems, 2 texts in both: 1 agree, 0 but for rounding, 1 disagree, 0 without label",
        "where they disagree, our solution sides with: A 1",
    ]
    document = json.loads(run(one, "--against", two, "--json").stdout)
    assert document["wrong"] is True
    assert document["counts"]["disagree_and_ours_sides_with"] == {"A": 1}
    assert document["joined"][0]["a"][0]["reference"]["optimum"] == 3
    assert run(one, "--against", one).exit_code == 0
    assert "a2" in run(one, "--against", one, "--all").stdout


def test_nothing_in_common_is_no_silent_yes(tmp_path):
    one, two = files(tmp_path, [problem("a", "One")], [problem("b", "Two")])
    result = run(one, "--against", two)
    assert isinstance(result.exception, PyriteError)
    assert "there is nothing to compare" in str(result.exception)
    assert "--threshold" in str(run(one, "--against", two, "--threshold", 0.5).exception)
    assert "standard input" in str(run("-", "--against", "-").exception)


def test_lines_that_are_no_problems_are_said(tmp_path):
    one, two = files(tmp_path, [problem("a", optimum=1)], [problem("b", optimum=1)])
    two.write_text(two.read_text() + "{\n")
    result = run(one, "--against", two)
    assert result.exit_code == 1
    assert "b.jsonl" in result.stdout
    assert not Against([], (0, 0)).wrong
