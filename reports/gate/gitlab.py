"""The decision for GitLab: a Code Quality report (its JUnit file is the common one)."""

from __future__ import annotations

import hashlib
import json

from .deciding import Decision


def code_quality(decision: Decision, path: str) -> str:
    """A Code Quality report: an issue a fired rule and a newly broken problem, at ``path`` (the baseline's file).

    Fingerprints depend on the rule or problem only, so that GitLab recognises an issue from one pipeline to the next.
    """
    failed = decision.level == "fail"
    issues = [
        _issue(
            f"gate {rule.rule}", f"{rule.rule}: {rule.message}", "blocker" if rule.level == "fail" else "minor", path
        )
        for rule in decision.results
        if rule.level != "ok"
    ]
    for item in decision.broken:
        severity = "blocker" if item.protected else "major" if failed else "minor"
        text = f"{item.problem_id}: {item.outcome} broke. {item.reason}".strip()
        issues.append(_issue(f"problem {item.problem_id} {item.outcome}", text, severity, path))
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def _issue(identity: str, description: str, severity: str, path: str) -> dict[str, object]:
    return {
        "description": description[:1000],
        "check_name": "pyrite-gate",
        "fingerprint": hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest(),
        "severity": severity,
        "location": {"path": path, "lines": {"begin": 1}},
    }
