"""What the gate says in each situation: decision, the rule that fired, and the sentence printed."""

# ruff: noqa: E501 - the scenarios are a table, a line each

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import Policy
from pyrite.reports.gate.deciding import Decision, decide
from pyrite.reports.gate.rules import GateRules, StageRules, from_mapping
from pyrite.reports.gate.snapshot import BaselineEntry, Snapshot, _states

GOOD, VALUE, UNSOUND, INFEASIBLE, NO_JSON, TIMEOUT = (
    "ppppppppp/p",
    "pppppppff/f",
    "ppppppfff/f",
    "ppppfffff/f",
    "fffffffff/f",
    "ppppuuuuu/u",
)


def snapshot(samples: Mapping[str, list[str]] | list[str], name: str = "run", **changes: Any) -> Snapshot:
    """A snapshot from letters: a list gives problems p0, p1, ... one sample each."""
    if isinstance(samples, list):
        samples = {f"p{number}": [letters] for number, letters in enumerate(samples)}
    entries = {
        identifier: BaselineEntry(
            tuple(_states(letters) for letters in group),
            f"digest-{identifier}",
            "bakery",
            "feasible (infeasible): oven and contract cannot hold together",
        )
        for identifier, group in samples.items()
    }
    policy = Policy()
    made = Snapshot(name, entries, policy.to_dict(), policy.digest, "set", {"pyrite": "1", "highspy": "1"})
    return replace(made, **changes)


def many(good: int, bad: int, kind: str = INFEASIBLE) -> list[str]:
    return [GOOD] * good + [kind] * bad


BASE = snapshot(many(80, 20), "baseline.json")

SCENARIOS: list[tuple[str, Snapshot, Snapshot, GateRules, str, str, str]] = [
    # name, baseline, run, rules, level, the rule that speaks first, words of its sentence
    ("unchanged", BASE, snapshot(many(80, 20)), GateRules(), "ok", "stages.feasible.max_drop", "went from 80.0 % to 80.0 %"),
    ("improvement", BASE, snapshot(many(90, 10)), GateRules(), "ok", "stages.feasible.max_drop", "80.0 % to 90.0 % of 100 problems (0 broke, 10 were fixed"),
    ("noise", BASE, snapshot(many(78, 22)), GateRules(), "warn", "stages.feasible.max_drop", "but not significant at 0.05"),
    ("real drop", BASE, snapshot(many(65, 35)), GateRules(), "fail", "stages.feasible.max_drop", "(15 broke, 0 were fixed; exact McNemar, p < 0.0001): a drop of 15.0 points"),
    ("looks kept, substance lost", BASE, snapshot([*many(65, 0), *[UNSOUND] * 15, *many(0, 20)]), GateRules(), "fail", "stages.substance.max_drop", "substance went from 80.0 % to 65.0 %"),
    ("surface lost", BASE, snapshot(many(65, 35, NO_JSON)), GateRules(), "fail", "stages.feasible.max_drop", "15.0 points"),
    ("one protected break", BASE, snapshot([VALUE, *many(79, 20)]), GateRules(protected=("p0",)), "fail", "protected", "1 protected problem broke: p0 (feasible (infeasible): oven"),
    ("protected kept", BASE, snapshot(many(80, 20)), GateRules(protected=("p0", "p1")), "ok", "stages.feasible.max_drop", "80.0 %"),
    ("protected unknown", BASE, snapshot([TIMEOUT, *many(79, 20)]), GateRules(protected=("p0",)), "fail", "protected", "p0"),
    ("protected never passed", BASE, snapshot(many(80, 20)), GateRules(protected=("p99",)), "warn", "protected", "'p99' did not pass in the baseline either"),
    ("missing problems", BASE, snapshot(many(80, 10)), GateRules(), "fail", "allow_missing", "10 problems of the baseline are missing from the run: p90, p91, p92, p93, p94 and 5 more"),
    ("missing allowed", BASE, snapshot(many(80, 10)), GateRules(allow_missing=True), "warn", "allow_missing", "10 problems"),
    ("protected missing", BASE, snapshot({f"p{i}": [GOOD] for i in range(1, 80)}), GateRules(allow_missing=True, protected=("p0",)), "fail", "protected", "p0 (missing from the run)"),
    ("new problems", BASE, snapshot(many(80, 25)), GateRules(), "ok", "added", "5 problems are new and not gated yet"),
    ("all unknown", BASE, snapshot([TIMEOUT] * 100), GateRules(), "fail", "comparable", "no problem has a known result in both runs"),
    ("all unknown counts as failed", BASE, snapshot([TIMEOUT] * 100), GateRules(unknowns="fail"), "fail", "stages.feasible.max_drop", "80.0 % to 0.0 %"),
    ("some unknown, ignored", BASE, snapshot([*many(60, 0), *[TIMEOUT] * 20, *many(0, 20)]), GateRules(), "warn", "unknowns", "unknown for 20 problems, in the baseline for 0"),
    ("some unknown, worst case", BASE, snapshot([*many(60, 0), *[TIMEOUT] * 20, *many(0, 20)]), GateRules(unknowns="bound"), "fail", "stages.feasible.max_drop", "to 60.0 %"),
    ("minimum rate", BASE, snapshot(many(80, 20)), GateRules(stages={"substance": StageRules(min_rate=0.9)}), "fail", "stages.substance.min_rate", "substance is 80.0 %, at least 90.0 % are asked"),
    ("newly broken, allowed", BASE, snapshot([VALUE, VALUE, *many(78, 20)]), GateRules(stages={"substance": StageRules(max_broken=2)}), "ok", "stages.substance.max_broken", "2 problems newly broken in substance, at most 2 allowed: p0, p1"),
    ("newly broken, too many", BASE, snapshot([VALUE, VALUE, *many(78, 20)]), GateRules(stages={"substance": StageRules(max_broken=1)}), "fail", "stages.substance.max_broken", "at most 1 allowed"),
    ("drop within its limit", BASE, snapshot(many(76, 24)), GateRules(stages={"substance": StageRules(max_drop=0.05)}), "ok", "stages.substance.max_drop", "76.0 %"),
    ("every drop fails", BASE, snapshot(many(79, 21)), GateRules(significant=0.0), "fail", "stages.feasible.max_drop", "a drop of 1.0 points where at most 0.0 points are allowed"),
    ("more costume", snapshot([*many(60, 0), *[NO_JSON] * 40]), snapshot([*many(60, 0), *[UNSOUND] * 40]), GateRules(max_surface_only_growth=0.1), "fail", "max_surface_only_growth", "0.0 % to 40.0 %"),
    ("more costume, only told", snapshot([*many(60, 0), *[NO_JSON] * 40]), snapshot([*many(60, 0), *[UNSOUND] * 40]), GateRules(), "warn", "max_surface_only_growth", "pass the surface and fail the substance"),
    ("one sample against five", snapshot({f"p{i}": [GOOD] for i in range(40)}), snapshot({f"p{i}": [GOOD] * 3 + [VALUE] * 2 for i in range(40)}), GateRules(), "fail", "stages.substance.max_drop", "100.0 % to 60.0 % of 40 problems (0 broke, 0 were fixed; sign-flip permutation by problem"),
    ("five samples, the same", snapshot({f"p{i}": [GOOD] * 4 + [VALUE] for i in range(40)}), snapshot({f"p{i}": [GOOD] * 4 + [VALUE] for i in range(40)}), GateRules(), "ok", "stages.feasible.max_drop", "100.0 %"),
    ("another checker version", BASE, replace(snapshot(many(80, 20)), versions={"pyrite": "2", "highspy": "1"}), GateRules(), "warn", "versions", "scored with pyrite 2, the baseline with pyrite 1"),
    ("another policy, allowed", BASE, replace(snapshot(many(80, 20)), policy={**Policy().to_dict(), "value_tolerance": 0.05}, policy_digest="x"), GateRules(allow_policy=True), "warn", "allow_policy", "value_tolerance is 0.05, was 1e-06"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "rules", "level", "rule", "words"), [s[1:] for s in SCENARIOS], ids=[s[0] for s in SCENARIOS]
)
def test_scenario(before: Snapshot, after: Snapshot, rules: GateRules, level: str, rule: str, words: str) -> None:
    decision = decide(before, after, rules)
    assert decision.level == level
    assert decision.results[0].rule == rule, decision.results
    assert words in decision.results[0].message


def test_there_are_at_least_twenty() -> None:
    assert len(SCENARIOS) >= 20


def test_changed_problem_is_not_compared() -> None:
    entries = dict(BASE.problems)
    entries["p0"] = replace(entries["p0"], digest="other")
    after = replace(snapshot(many(80, 20)), problems=entries)
    decision = decide(BASE, after, GateRules())
    assert (decision.level, decision.results[0].rule) == ("fail", "allow_changed")
    assert decision.movements[0].problems == 99
    assert decide(BASE, after, GateRules(allow_changed=True)).level == "warn"


@pytest.mark.parametrize(
    ("before", "after", "rules", "words"),
    [
        (BASE, replace(BASE, policy={**Policy().to_dict(), "value_tolerance": 0.05}, policy_digest="x"), GateRules(), "value_tolerance is 0.05, was 1e-06"),
        (snapshot([]), BASE, GateRules(), "holds no problems"),
        (BASE, BASE, GateRules(protected=("nobody",)), "'nobody' is not in baseline.json"),
    ],
)  # fmt: skip
def test_refusals(before: Snapshot, after: Snapshot, rules: GateRules, words: str) -> None:
    with pytest.raises(PyriteError, match=words.replace("(", "\\(")) as caught:
        decide(before, after, rules)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"signifcant": 0.1}, "no key 'signifcant'; did you mean 'significant'?"),
        ({"significant": 2}, "from 0 to 1"),
        ({"unknowns": "maybe"}, "one of fail, ignore, bound"),
        ({"stages": {"feasable": {}}}, "did you mean feasible?"),
        ({"stages": {"feasible": {"max_dorp": 0.1}}}, "did you mean 'max_drop'?"),
        ({"stages": {"feasible": {"max_broken": -1}}}, "whole number from 0"),
        ({"protected": "p1"}, "protected is a list"),
        ({"allow_missing": "yes"}, "true or false"),
    ],
)
def test_rules_are_checked(table: dict[str, Any], words: str) -> None:
    with pytest.raises(PyriteError, match=words.replace("?", "\\?")):
        from_mapping(table, "rules.toml")


def test_broken_problems_name_the_first_outcome() -> None:
    decision: Decision = decide(BASE, snapshot([INFEASIBLE, UNSOUND, *many(78, 20)]), GateRules())
    assert [(b.problem_id, b.outcome) for b in decision.broken] == [("p0", "feasible"), ("p1", "substance")]
