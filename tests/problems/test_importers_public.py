"""The public sets themselves, where they are at hand: the numbers that docs/benchmarks.md quotes."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from pyrite.problems.audit import audit
from pyrite.problems.importers.importing import import_problems
from pyrite.problems.importers.records import ImportOptions

DATA = Path(os.environ.get("PYRITE_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def public(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not at hand")
    return path


def test_nl4opt_dev():
    outcome = import_problems(public("nl4opt/dev.jsonl"))
    counts = outcome.counts()
    assert (counts["format"], counts["read"], counts["imported"]) == ("nl4opt", 99, 95)
    assert counts["statuses"] == {"infeasible": 3, "optimal": 89, "unbounded": 3}
    # Four rows declare a constraint or an objective without terms; two of these are constraints.
    assert [(remark.row, remark.column.split("[")[0]) for remark in outcome.left_out] == [
        (44, "const_declarations"),
        (65, "obj_declaration"),
        (86, "const_declarations"),
        (93, "obj_declaration"),
    ]
    assert counts["remarks"]["readings-differ"] == 54


def test_nl4opt_dev_fractional_has_the_same_statuses():
    outcome = import_problems(public("nl4opt/dev.jsonl"), options=ImportOptions("fractional"))
    assert Counter(p.status for p in outcome.problems) == {"optimal": 89, "infeasible": 3, "unbounded": 3}
    for problem in outcome.problems:
        assert problem.readings["fractional"]["status"] == problem.status


def test_nl4opt_dev_audited():
    outcome = import_problems(public("nl4opt/dev.jsonl"))
    counts = audit(outcome.problems, workers=0).counts()
    assert counts["build"] == 95
    assert counts["faults"] == {"infeasible-reference": 3, "unbounded-reference": 3}
    assert counts["proofs"] == {"certified": 95}


def test_mamo_easy():
    outcome = import_problems(public("mamo/mamo_easy_lp.jsonl"))
    assert outcome.counts()["kinds"] == {"value": 652}
    assert not outcome.remarks
    assert {p.family for p in outcome.problems} == {"easy_lp"}


def test_optibench():
    outcome = import_problems(public("optibench/OptiBench.json"))
    counts = outcome.counts()
    assert (counts["read"], counts["imported"]) == (605, 605)
    assert counts["kinds"] == {"nothing": 12, "value": 593}
    rules = Counter(p.extra["objective_rule"] for p in outcome.problems)
    assert rules == {"total": 313, "extreme": 197, "only": 45, "outcome": 24, "last": 14, "ambiguous": 12}
    entries = audit(outcome.problems, workers=0)
    assert not entries.wrong
    assert entries.counts()["notes"]["near-duplicate"] == 56
