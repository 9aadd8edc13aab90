"""Faults of published sets that reading found: doubled entities, sentinels, sets without ids, folders of programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pyrite.problems.importers.importing import import_problems


def record(**changes: Any) -> dict[str, Any]:
    base = {
        "document": "Trips by kayak or motorboat.",
        "vars": ["kayaks", "motorboat", "kayak"],
        "order_mapping": {"kayaks": 0, "motorboat": 1, "kayak": 2},
        "obj_declaration": {"direction": "minimized", "terms": {"kayaks": "5", "motorboat": "3"}},
        "const_declarations": [
            {"type": "ratio", "limit": "75%", "var": "kayak", "operator": "GREATER_OR_EQUAL"},
        ],
    }
    return {**base, **changes}


def test_an_entity_and_its_singular_are_one_variable(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps({"7": record()}) + "\n")
    outcome = import_problems(path)
    reference = outcome.problems[0].reference
    assert reference is not None
    assert list(reference.variables) == ["kayaks", "motorboat"]
    assert reference.objective.sense == "minimize"
    assert reference.constraints["ratio_1"].expression == "kayaks >= 0.75*(kayaks + motorboat)"
    assert "duplicate-entity" in [remark.code for remark in outcome.remarks]


def test_a_word_mapped_to_another_variable_is_named(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    changes = {
        "vars": ["trains", "trams"],
        "order_mapping": {"trains": 0, "trams": 1, "train": 1},
        "obj_declaration": {"direction": "maximized", "type": "objvar", "vars": ["trains", "trams"]},
        "const_declarations": [{"type": "sum", "limit": "6", "operator": "LESS_OR_EQUAL"}],
    }
    path.write_text(json.dumps({"1": record(**changes)}))
    outcome = import_problems(path)
    assert outcome.problems[0].reference is not None
    assert [remark.code for remark in outcome.remarks] == ["mention-elsewhere"]


def test_sentinels_are_no_optimum_and_ids_come_from_the_file(tmp_path: Path) -> None:
    rows = [{"en_question": "a", "en_answer": answer} for answer in ("-99999.0", -99999, "No Best Solution", "-9999")]
    (tmp_path / "one.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "two.csv").write_text("question,Answer\nHow many?,12\n")
    one, two = import_problems(tmp_path / "one.jsonl"), import_problems(tmp_path / "two.csv")
    assert [problem.optimum for problem in one.problems] == [None, None, None, -9999]
    assert [problem.status for problem in one.problems] == [None, None, None, "optimal"]
    assert [problem.id for problem in (*one.problems, *two.problems)] == ["one-1", "one-2", "one-3", "one-4", "two-2"]
    assert two.format == "questions"


def test_folders_whose_programs_are_no_models(tmp_path: Path) -> None:
    for name, answer in (
        ("p1", "12.5"),
        ("p2", None),
        ("p3", '{"optimal_value": 7}'),
        ("p4", '{"status": "optimal", "obj": 8}'),
    ):
        folder = tmp_path / "ort" / name
        folder.mkdir(parents=True)
        (folder / "question.txt").write_text("Cheapest?")
        (folder / "code.py").write_text("import os\nos.abort()\n")
        if answer is not None:
            (folder / f"answer.{'json' if answer[0] == '{' else 'txt'}").write_text(answer)
    outcome = import_problems(tmp_path / "ort")
    assert outcome.format == "folders"
    assert [(p.id, p.optimum) for p in outcome.problems] == [("ort-p1", 12.5), ("ort-p3", 7), ("ort-p4", 8)]
    assert all(problem.reference is None for problem in outcome.problems)
    assert outcome.problems[0].extra["source_program"].startswith("import os")
    assert [remark.kept for remark in outcome.remarks if remark.column == "code.py"] == [True, False, True, True]
