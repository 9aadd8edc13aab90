"""``pyrite equivalent`` on formulations that use data by name: the verdict says for which data it holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import pyrite

DATA = {
    "sets": {"P": ["bread", "cake"]},
    "parameters": {
        "profit": {"index": ["P"], "values": {"bread": 3, "cake": 5}},
        "minutes": {"index": ["P"], "values": {"bread": 2, "cake": 4}},
        "hours": {"values": 40},
    },
}
REFERENCE = {
    "variables": {"make": {"index": ["P"], "domain": "continuous", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "sum(profit[p]*make[p] for p in P)"},
    "constraints": {"labor": "sum(minutes[p]*make[p] for p in P) <= hours"},
}
SHARES = {**REFERENCE, "constraints": {"labor": "sum(minutes[q]*make[q] for q in P)/hours <= 1"}}
LITERAL = {**REFERENCE, "constraints": {"labor": "2*make[bread] + 4*make[cake] <= 40"}}


@pytest.fixture
def told(tmp_path: Path):
    """The command's exit code and what it prints, for an answer to the problem."""
    problem = {"id": "bakery", "text": "a bakery", "reference": REFERENCE, "data": DATA}
    (tmp_path / "problems.jsonl").write_text(json.dumps(problem) + "\n", "utf-8")

    def run(answer: object, *options: str) -> tuple[int, str]:
        path = tmp_path / "answer.json"
        path.write_text(json.dumps(answer), "utf-8")
        problems = tmp_path / "problems.jsonl"
        found = pyrite("equivalent", path, "--problem", "bakery", "--problems", problems, *options)
        return found.returncode, found.stdout

    return run


def test_for_all_data_with_its_assumption(told) -> None:
    code, text = told(SHARES)
    assert code == 0
    assert "all data" in text
    assert "For all data with hours > 0." in text
    document = json.loads(told(SHARES, "--json")[1])
    assert (document["scope"], document["assumptions"]) == ("all data", ["hours > 0"])


def test_only_for_the_data_at_hand_and_why(told) -> None:
    code, text = told(LITERAL)
    assert code == 0
    assert "Only for the data at hand: 'labor' does not follow" in text
    document = json.loads(told(LITERAL, "--json")[1])
    assert document["scope"] == "this data"
    assert "assumptions" not in document
