"""What rests on faulty references is counted apart, and no verdict changes for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from pyrite.cli import score as score_cli
from pyrite.feasibility.policy import Policy
from pyrite.problems.problem import Problem
from pyrite.reports.pages.site import write_site
from pyrite.results.collection import read_collection
from pyrite.results.doubts import doubts
from pyrite.results.outputs import Output
from pyrite.results.scoring import score_outputs, summary_of


def model(cap: str = "2*x <= 7", **more: str) -> dict[str, Any]:
    return {
        "variables": {"x": {"domain": "integer", "lower": 0}},
        "objective": {"sense": "maximize", "expression": "x"},
        "constraints": {"cap": cap, **more},
    }


GOOD, NEVER, FREE = model(), model("x <= -1"), model("x >= 1")
REFERENCES: dict[str, dict[str, Any]] = {
    "well": {"reference": GOOD},
    "never": {"reference": NEVER},
    "never-by-itself": {"reference": NEVER, "status": "infeasible", "labelled_by": "reference"},
    "never-stated": {"reference": NEVER, "status": "infeasible"},
    "free": {"reference": FREE},
    "free-stated": {"reference": FREE, "status": "unbounded"},
    "contradiction": {"reference": GOOD, "optimum": 9},
    "broken": {"reference": model("y <= 3")},
    "value": {"optimum": 3},
    "bare": {},
    "twice": {"reference": model(cup="4*x <= 14")},
}
EXPECTED = {
    "broken": ["broken"],
    "contradiction": ["contradiction"],
    "infeasible": ["never", "never-by-itself"],
    "unbounded": ["free"],
}


def problems(*ids: str) -> list[Problem]:
    return [Problem.from_dict({"id": name, "text": f"Case {name}.", **REFERENCES[name]}) for name in ids or REFERENCES]


def judged(known: list[Problem], *texts: str) -> Any:
    outputs = [Output(problem.id, sample, text) for problem in known for sample, text in enumerate(texts)]
    return score_outputs(known, outputs, Policy(), workers=0).verdicts


ANSWERS = {"good": json.dumps(GOOD), "never": json.dumps(NEVER), "free": json.dumps(FREE)}


@pytest.mark.parametrize("names", [("good",), ("never",), ("free",), ("good", "never", "free"), ("free", "good")])
def test_whatever_comes_to_a_faulty_reference_names_its_fault(names):
    """Whichever answers were given: no problem is named that is well, and each that was looked at is."""
    known = problems()
    found = doubts(judged(known, *(ANSWERS[name] for name in names)), known, Policy(), workers=0)
    listed = found["faulty_references"]["problems"]
    for kind, ids in listed.items():
        assert set(ids) <= set(EXPECTED[kind])
    if "good" in names:
        assert listed == EXPECTED


def test_passes_against_an_infeasible_reference_are_counted_apart():
    known = problems("well", "never", "never-stated")
    verdicts = judged(known, ANSWERS["good"], ANSWERS["never"], "prose")
    summary = summary_of(verdicts, known, Policy(), workers=0)
    found = summary["faulty_references"]
    assert (summary["substance"]["passed"], summary["substance"]["failed"]) == (3, 6)
    # The prose never met the reference; the feasible answer fails against it and the infeasible one passes.
    assert {key: found[key] for key in ("outputs", "passed", "failed", "unknown")} == {
        "outputs": 2, "passed": 1, "failed": 1, "unknown": 0,
    }  # fmt: skip
    assert (found["substance_without"]["passed"], found["substance_without"]["failed"]) == (2, 5)
    assert found["problems"] == {"infeasible": ["never"]}


def test_a_faulty_reference_with_accepted_readings_is_one_too():
    """As NL4OPT is imported: a status that only solving said, and two readings of whole units."""
    by_itself = {"reference": model("x <= -1"), "status": "infeasible", "labelled_by": "reference"}
    both = {"whole": {"status": "infeasible"}, "fractional": {"status": "infeasible"}}
    known = [Problem.from_dict({"id": "p", "text": "Never.", **by_itself, "readings": both})]
    found = doubts(judged(known, ANSWERS["never"]), known, Policy(), workers=0)["faulty_references"]
    assert (found["passed"], found["problems"]) == (1, {"infeasible": ["p"]})
    found = doubts(judged(known, ANSWERS["good"]), known, Policy(), workers=0)["faulty_references"]
    assert (found["failed"], found["problems"]) == (1, {"infeasible": ["p"]})


def test_no_verdict_changes_and_sound_sets_say_nothing():
    known = problems("well", "never-stated", "free-stated", "value", "bare")
    verdicts = judged(known, *ANSWERS.values())
    before = [verdict.to_dict() for verdict in verdicts]
    assert doubts(verdicts, known, Policy(), workers=0) == {}
    assert [verdict.to_dict() for verdict in verdicts] == before
    assert doubts([], known, Policy(), workers=0) == {}


def test_lints_are_suspicions_and_counted_by_themselves():
    known = problems("well", "twice")
    found = doubts(judged(known, ANSWERS["good"]), known, Policy(), workers=0)
    assert found == {
        "suspected_references": {
            "outputs": 1, "passed": 1, "failed": 0, "unknown": 0, "problems": {"repeated-row": ["twice"]},
        }
    }  # fmt: skip


def test_the_order_of_the_verdicts_does_not_matter():
    known = problems()
    verdicts = list(judged(known, *ANSWERS.values()))
    one = summary_of(verdicts, known, Policy(), workers=0)
    assert summary_of(verdicts[::-1], known[::-1], Policy(), workers=0) == one


def test_score_prints_what_rests_on_faulty_references(tmp_path):
    app = Typer(pretty_exceptions_enable=False)
    score_cli.register(app)
    known = problems("well", "never", "twice")
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(problem.to_dict()) + "\n" for problem in known))
    rows = [{"problem_id": p.id, "sample": k, "output": t} for p in known for k, t in enumerate(ANSWERS.values())]
    (tmp_path / "o.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = CliRunner().invoke(app, [str(tmp_path / "p.jsonl"), str(tmp_path / "o.jsonl"), "--workers", "0"])
    assert result.exit_code == 0, result.output
    assert (
        "Faulty references (1: infeasible 1): 1 of 3 passes, 1 of 6 failures rest on them.\n"
        "  No verdict is changed; without them substance is 28.6 % (2 of 7). `pyrite problems audit` says why.\n"
        "Suspected references (1: repeated-row 1): 1 of 3 passes rest on them.\n"
    ) in result.output


def test_pages_say_what_rests_on_faulty_references(tmp_path):
    app = Typer(pretty_exceptions_enable=False)
    score_cli.register(app)
    known = problems("well", "never")
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(problem.to_dict()) + "\n" for problem in known))
    rows = [{"problem_id": p.id, "sample": k, "output": t} for p in known for k, t in enumerate(ANSWERS.values())]
    (tmp_path / "o.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = [str(tmp_path / name) for name in ("p.jsonl", "o.jsonl")]
    result = CliRunner().invoke(app, [*files, "--workers", "0", "--out", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    collection = read_collection([tmp_path / "run"])
    write_site(collection, tmp_path / "pages")
    said = "1 passed, 1 failed in substance rest on 1 faulty references (pyrite problems audit says why); without them"
    assert said in (tmp_path / "pages" / "index.html").read_text()
    summary = tmp_path / "run" / "summary.json"
    for damage in ("[]", "{", '{"faulty_references": 3}', '{"faulty_references": {"problems": {"a": 5}}}'):
        summary.write_text(damage)
        assert not read_collection([tmp_path / "run"]).runs[0].notes
