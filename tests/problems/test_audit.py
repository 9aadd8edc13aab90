"""The audit: what it calls a fault, what it notes, and that nothing escapes its limits."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from typing import Any

import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.rationals import same_value
from pyrite.feasibility.scoring.prepared import prepare
from pyrite.problems import audit as audit_module
from pyrite.problems.audit import FAULTS, NOTES, AuditEntry, audit, audit_each, audit_problem
from pyrite.problems.problem import Problem


def reference(domain: str = "integer", cap: str = "2*x <= 7", sense: str = "maximize") -> dict[str, Any]:
    return {
        "variables": {"x": {"domain": domain, "lower": 0}},
        "objective": {"sense": sense, "expression": "x"},
        "constraints": {"cap": cap} if cap else {},
    }


def problem(**fields: Any) -> Problem:
    return Problem.from_dict(
        {"id": "p1", "text": "How many boxes fit on the shelf?", "reference": reference(), **fields}
    )


def codes(entry: AuditEntry) -> tuple[list[str], list[str]]:
    return [item.code for item in entry.faults], [item.code for item in entry.notes]


def test_a_sound_problem():
    entry = audit_problem(problem(optimum=3, status="optimal"))
    assert codes(entry) == ([], ["readings-differ"])
    assert (entry.builds, entry.binds, entry.agrees) == (True, None, True)
    assert (entry.whole.objective, entry.fractional.objective) == (3, 3.5)
    assert entry.stated.proof == "certified"


@pytest.mark.parametrize(
    ("fields", "faults", "notes"),
    [
        ({"optimum": 4}, ["optimum-differs"], ["readings-differ"]),
        ({"optimum": 3.5}, ["optimum-differs"], ["readings-differ", "agrees-otherwise"]),
        ({"status": "infeasible"}, ["status-differs"], ["readings-differ"]),
        ({}, [], ["readings-differ", "nothing-stored"]),
        ({"reference": reference(cap="x >= 1", sense="maximize")}, ["unbounded-reference"], ["nothing-stored"]),
        ({"reference": reference(cap="x >= 1"), "status": "unbounded"}, [], []),
        ({"reference": reference(cap="x <= -1"), "status": "infeasible"}, [], []),
        ({"reference": reference(cap="x <= -1"), "status": "infeasible", "labelled_by": "reference"},
         ["infeasible-reference"], []),
        ({"reference": reference(cap="x <= -1"), "optimum": 5}, ["infeasible-reference", "status-differs"], []),
        ({"reference": reference(cap="y <= 3")}, ["does-not-build"], []),
        ({"reference": reference(cap="x*x*x <= 3")}, ["does-not-build"], []),
        ({"reference": reference(cap="x < 3")}, ["does-not-build"], []),
        ({"reference": reference(domain="whole")}, ["schema"], []),
        ({"reference": reference(cap="x <= room"), "data": {"parameters": {"space": {"values": 3}}}},
         ["does-not-bind"], []),
        ({"reference": reference(cap="x <= room"), "data": {"parameters": {"room": {"values": 3}}}, "optimum": 3},
         [], []),
        ({"reference": None}, [], ["nothing-to-judge"]),
        ({"reference": None, "optimum": 0}, [], ["zero-optimum"]),
        ({"reference": None, "optimum": 8}, [], []),
    ],
)  # fmt: skip
def test_faults_and_notes(fields, faults, notes):
    entry = audit_problem(problem(**fields))
    assert codes(entry) == (faults, notes)


def test_a_reference_is_as_long_as_its_model():
    """A recorded or converted reference may have a row of more characters than an answer's expression."""
    names = [f"amount_of_the_product_number_{place}" for place in range(3_500)]
    long = {
        "variables": {name: {"domain": "continuous", "lower": 0, "upper": 1} for name in names},
        "objective": {"sense": "maximize", "expression": names[0]},
        "constraints": {"all": " + ".join(names) + " <= 5"},
    }
    assert len(names) * len(names[0]) > Policy().max_expression_chars
    asked = problem(reference=long, optimum=1)
    entry = audit_problem(asked, Policy(time_limit=60))
    assert entry.builds is True
    assert not entry.faults
    assert prepare(asked.as_reference(), Policy(time_limit=60)).trouble is None


def test_data_that_contradicts_the_reference_does_not_bind():
    stated = {**reference(cap="x <= room"), "parameters": {"room": {"values": 4}}}
    entry = audit_problem(problem(reference=stated, data={"parameters": {"room": {"values": 3}}}))
    assert codes(entry)[0] == ["does-not-bind"]
    assert (entry.builds, entry.binds) == (False, False)


def test_every_code_is_explained():
    assert all(text and text[0].islower() for text in {**FAULTS, **NOTES}.values())
    assert not set(FAULTS) & set(NOTES)


TEXT = "A mill grinds rye and oats for two bakers who pay well for every sack delivered before noon on Friday"


@pytest.mark.parametrize(
    ("other", "faults", "notes"),
    [
        ({"text": TEXT.upper(), "optimum": 5}, "duplicate-text", None),
        ({"text": TEXT, "optimum": 6}, "contradicting-labels", None),
        ({"text": TEXT + " or Saturday", "optimum": 6}, None, "near-duplicate"),
        ({"text": TEXT, "optimum": 6, "data": {"parameters": {"a": {"values": 1}}}}, None, "same-text"),
        ({"text": TEXT + " or Saturday", "optimum": 6, "twin": "a"}, None, None),
        ({"text": "Something else entirely, with no word in common", "optimum": 6}, None, None),
    ],
)
def test_repeated_texts(other, faults, notes):
    one = Problem.from_dict({"id": "a", "text": TEXT, "optimum": 5})
    two = Problem.from_dict({"id": "b", **other})
    result = audit([one, two], workers=0)
    for entry in result.entries:
        assert [item.code for item in entry.faults] == ([faults] if faults else [])
        assert [item.code for item in entry.notes] == ([notes] if notes else [])


def test_a_text_in_two_splits_is_a_leak():
    pair = [
        Problem.from_dict({"id": "a", "text": TEXT, "optimum": 5, "split": "train"}),
        Problem.from_dict({"id": "b", "text": TEXT + " or Saturday", "optimum": 6, "split": "test"}),
    ]
    assert audit(pair, workers=0).counts()["faults"] == {"leaks-across-splits": 2}
    assert not audit(pair, workers=0, threshold=0.99).wrong


def test_workers_give_the_same_entries_in_order():
    problems = [problem(id=f"p{k}", text=f"Question number {k} of many", optimum=k) for k in range(8)]
    here, there = audit(problems, workers=0), audit(problems, workers=2)
    strip = [{**entry.to_dict(), "seconds": 0} for entry in here.entries]
    assert strip == [{**entry.to_dict(), "seconds": 0} for entry in there.entries]
    assert here.counts() == there.counts()
    assert [entry.agrees for entry in there.entries] == [k == 3 for k in range(8)]


MISBEHAVING = """
import os, sys, time
sys.path[:] = {path!r}
from pyrite.problems import audit
from pyrite.feasibility.workers.inside import main

def misbehave(problem, policy):
    if problem.id == "die":
        os._exit(3)
    if problem.id == "hang":
        time.sleep(60)
    if problem.id == "raise":
        raise RuntimeError("a defect")
    return audit.AuditEntry(problem.id, "nothing")

audit.audit_problem = misbehave
main(*{descriptors!r}, os.getppid())
"""


def _launch(monkeypatch, program):
    popen = subprocess.Popen

    def start(command, **options):
        return popen([sys.executable, "-c", program.format(path=sys.path, descriptors=options["pass_fds"])], **options)

    monkeypatch.setattr(subprocess, "Popen", start)


def test_a_worker_that_hangs_is_killed_and_one_that_dies_is_replaced(monkeypatch):
    _launch(monkeypatch, MISBEHAVING)
    monkeypatch.setattr(audit_module, "GRACE", 1.0)
    names = ("die", "well", "hang", "well again", "raise")
    problems = [problem(id=name, text=name) for name in names]
    entries = audit_each(problems, Policy(time_limit=0.1), workers=1)
    faults = [["crashed"], [], ["timed-out"], [], ["crashed"]]
    assert [[fault.code for fault in entry.faults] for entry in entries] == faults
    assert "status 3" in entries[0].faults[0].message
    assert "RuntimeError: a defect" in entries[4].faults[0].message


def test_workers_that_do_not_start_are_one_clear_line(monkeypatch):
    _launch(monkeypatch, "raise SystemExit('no such library')")
    with pytest.raises(PyriteError, match="no such library"):
        audit_each([problem()], Policy(), workers=2)


def test_a_script_without_a_main_guard_is_not_run_again(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pyrite.problems.audit import audit\n"
        "from pyrite.problems.problem import Problem\n"
        "print('once')\n"
        "print(audit([Problem('p', 'text', optimum=3)], workers=2).counts()['problems'])\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["once", "1"]


def test_workers_are_counted():
    with pytest.raises(ValueError, match="workers"):
        audit_each([problem()], Policy(), -1)


def test_same_value_is_the_policy_rule():
    assert same_value(1_000_000, 1_000_001, 1e-6)
    assert not same_value(0, Fraction("2e-6"), 1e-6)
    assert same_value(0, Fraction("1e-6"), 1e-6)
