"""Published programs judged: ``python -m benchmarks.orlm FOLDER [--out FILE]``.

``FOLDER`` holds ORLM's results (https://github.com/Cardinal-Operations/ORLM, Apache-2.0) as JSON lines with ``id``,
``text``, ``answer``, ``completion``, ``execution_state`` and ``execution_best_solution``: the completions of a tuned
8B model, each a program for coptpy, and what COPT said when its authors ran it. Here the programs are recorded in the
sandbox and never run; the table holds both.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from pyrite import Policy
from pyrite.feasibility.scoring.pool import Pool
from pyrite.feasibility.scoring.reference import Reference
from pyrite.feasibility.verdict import Verdict

TOLERANCE = 1e-6
_BEST = "Execution Successful and Best Solution Found"
_NONE = "Execution Successful but No Best Solution Found"


def number(value: object) -> float | None:
    """A label or a solver's value; None for texts such as "No Best Solution" and for sentinels."""
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if math.isfinite(found) and found not in (-99999.0, 99999.0) else None


def same(a: float | None, b: float | None) -> bool:
    """Equal within the policy's tolerance for values."""
    return a is not None and b is not None and abs(a - b) <= TOLERANCE * max(1.0, abs(b))


def state_of(row: Mapping[str, Any]) -> str:
    """What the authors' own run gave."""
    if row["execution_state"] == _BEST:
        return "optimum"
    return "no optimum" if row["execution_state"] == _NONE else "failed"


def judged(rows: list[dict[str, Any]], policy: Policy) -> list[Verdict]:
    """The verdicts of the completions, in order."""
    references = {}
    for row in rows:
        label = number(row["answer"])
        references[row["id"]] = Reference(optimum=None if label is None else Fraction(str(label)), task="code")
    with Pool(policy) as pool:
        return list(pool.judge([(row["id"], 0, row["completion"]) for row in rows], references))


def entry(row: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    """Our numbers for one program, and the authors'; none of their texts."""
    runs, declares = verdict.result("runs").status, verdict.result("declares").status
    reason = verdict.first_failure or verdict.first_unknown
    return {
        "id": row["id"],
        "label": number(row["answer"]),
        "their_state": state_of(row),
        "their_optimum": number(row["execution_best_solution"]),
        "parses": verdict.result("parses").status,
        "runs": runs,
        "declares": declares,
        "feasible": verdict.result("feasible").status,
        "bounded": verdict.result("bounded").status,
        "optimum": verdict.optimum,
        "proof": verdict.proof,
        "value": verdict.result("value").status,
        "reason": verdict.result(reason).code if reason else None,
    }


def table(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts of one set: ours, theirs, and where the two disagree."""
    ours_at_their_optimum = [item for item in entries if item["their_state"] == "optimum"]
    theirs_right = [item for item in entries if same(item["their_optimum"], item["label"])]
    disagree = [item["id"] for item in ours_at_their_optimum if not same(item["optimum"], item["their_optimum"])]
    revived = [item["id"] for item in entries if item["their_state"] == "failed" and item["declares"] == "pass"]
    return {
        "programs": len(entries),
        "labels": sum(item["label"] is not None for item in entries),
        "parses": sum(item["parses"] == "pass" for item in entries),
        "runs": sum(item["runs"] == "pass" for item in entries),
        "declares": sum(item["declares"] == "pass" for item in entries),
        "feasible": sum(item["feasible"] == "pass" for item in entries),
        "optimum": sum(item["bounded"] == "pass" for item in entries),
        "right_value": sum(item["value"] == "pass" for item in entries),
        "unknown_value": sum(item["value"] == "unknown" for item in entries),
        "their_runs": sum(item["their_state"] != "failed" for item in entries),
        "their_optimum": len(ours_at_their_optimum),
        "their_right_value": len(theirs_right),
        "same_optimum": len(ours_at_their_optimum) - len(disagree),
        "other_optimum": disagree,
        "fails_after_the_solver": revived,
        "reasons": dict(Counter(item["reason"] for item in entries if item["reason"]).most_common()),
    }


def main(folder: str, out: str | None = None) -> None:
    """Judge every set of the folder, print the table, write the numbers."""
    policy = Policy(time_limit=30.0)
    document: dict[str, Any] = {"policy": {"time_limit": policy.time_limit}, "sets": {}, "programs": []}
    for path in sorted(Path(folder).glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        entries = [entry(row, verdict) for row, verdict in zip(rows, judged(rows, policy), strict=True)]
        document["sets"][path.stem] = table(entries)
        document["programs"].extend(entries)
        print(path.stem, json.dumps(document["sets"][path.stem], indent=1))
    if out is not None:
        Path(out).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[3] if len(sys.argv) > 3 and sys.argv[2] == "--out" else None)
