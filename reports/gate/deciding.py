"""The decision: a run's snapshot against the baseline's, rule by rule, each with its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...feasibility.errors import PyriteError
from ...results.observing import FAIL, OUTCOMES, PASS, UNKNOWN
from .movements import Movement, movement_of, movements_of, share_of
from .rules import DEFAULTS, GateRules, StageRules
from .snapshot import BaselineEntry, Snapshot

Level = Literal["ok", "warn", "fail"]
_SURFACE, _SUBSTANCE = OUTCOMES.index("surface"), OUTCOMES.index("substance")
NAMED = 5
"""Problems named in a sentence; the rest is counted."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule applied: ``rule`` is its name in the rules file, ``message`` has the numbers."""

    rule: str
    level: Level
    message: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A problem that passed in the baseline and does not now: the earliest gated outcome that broke, and why."""

    problem_id: str
    outcome: str
    reason: str
    family: str
    protected: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate says. ``level`` fail is exit code 1; warn and ok are 0."""

    level: Level
    results: tuple[RuleResult, ...]
    movements: tuple[Movement, ...]
    broken: tuple[BrokenRule, ...]
    fixed: tuple[str, ...]
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    added: tuple[str, ...]
    problems: tuple[str, ...]
    baseline: str
    run: str

    @property
    def fired(self) -> tuple[RuleResult, ...]:
        """The rules that fail the gate."""
        return tuple(result for result in self.results if result.level == "fail")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "decision": self.level,
            "baseline": self.baseline,
            "run": self.run,
            "rules": [
                {
                    "rule": r.rule,
                    "level": r.level,
                    "message": r.message,
                    "problems": list(r.problems),
                }
                for r in self.results
            ],
            "outcomes": {
                m.outcome: {
                    "problems": m.problems,
                    "before": m.before,
                    "after": m.after,
                    "lost": len(m.lost),
                    "gained": len(m.gained),
                    "p": m.p,
                    "p_holm": m.p_holm,
                    "test": m.test,
                }
                for m in self.movements
            },
            "broken": [
                {"problem_id": b.problem_id, "outcome": b.outcome, "reason": b.reason, "protected": b.protected}
                for b in self.broken
            ],
            "fixed": list(self.fixed),
            "missing": list(self.missing),
            "changed": list(self.changed),
            "added": list(self.added),
        }


def decide(baseline: Snapshot, run: Snapshot, rules: GateRules) -> Decision:
    """Hold the run against the baseline.

    Raises PyriteError when they cannot be compared: another policy (unless ``allow_policy``), an empty baseline, a
    protected problem that the baseline does not have.
    """
    results = [*_policy(baseline, run, rules)]
    if not baseline.problems:
        raise PyriteError(f"{baseline.name} holds no problems")
    strange = [identifier for identifier in rules.protected if identifier not in baseline.problems]
    if strange:
        raise PyriteError(f"the protected problem {strange[0]!r} is not in {baseline.name}")
    missing = sorted(set(baseline.problems) - set(run.problems))
    added = sorted(set(run.problems) - set(baseline.problems))
    common = sorted(set(baseline.problems) & set(run.problems))
    changed = [i for i in common if baseline.problems[i].digest != run.problems[i].digest]
    same = [i for i in common if baseline.problems[i].digest == run.problems[i].digest]
    results += _same_questions(missing, changed, added, rules)
    pairs = [(i, baseline.problems[i], run.problems[i]) for i in same]
    movements = movements_of(pairs, rules)
    for movement in movements:
        results += _stage_results(movement, rules.stages.get(movement.outcome), rules.significant)
    results += _ungated(movements, rules)
    if not any(m.problems for m in movements):
        text = "no problem has a known result in both runs, so nothing was compared"
        results.append(RuleResult("comparable", "fail", text))
    broken = _broken(pairs, movements, rules)
    results += _protected(baseline, run, rules)
    results += _surface_only(pairs, rules)
    results += _unknown_growth(pairs)
    substance = next((m for m in movements if m.outcome == "substance"), None)
    level: Level = "ok"
    for result in results:
        if result.level == "fail" or (result.level == "warn" and level == "ok"):
            level = result.level
    return Decision(
        level,
        tuple(sorted(results, key=lambda r: ("fail", "warn", "ok").index(r.level))),
        tuple(movements),
        tuple(broken),
        substance.gained if substance else (),
        tuple(missing),
        tuple(changed),
        tuple(added),
        tuple(same),
        baseline.name,
        run.name,
    )


# Are they comparable? ---------------------------------------------------------------------------------------------


def _policy(baseline: Snapshot, run: Snapshot, rules: GateRules) -> Iterable[RuleResult]:
    if baseline.policy_digest != run.policy_digest:
        names = [n for n in {**baseline.policy, **run.policy} if baseline.policy.get(n) != run.policy.get(n)]
        first = names[0] if names else "a setting"
        text = (
            f"the run was scored under another policy than the baseline: {first} is {run.policy.get(first)!r}, "
            f"was {baseline.policy.get(first)!r}"
        )
        if not rules.allow_policy:
            raise PyriteError(f"{text}; score it under the baseline's policy, write a new baseline, or allow it")
        yield RuleResult("allow_policy", "warn", text)
    for name, before in baseline.versions.items():
        after = run.versions.get(name)
        if before and after and before != after:
            text = f"scored with {name} {after}, the baseline with {name} {before}: verdicts may differ for that reason"
            yield RuleResult("versions", "warn", text)


def _same_questions(
    missing: Sequence[str], changed: Sequence[str], added: Sequence[str], rules: GateRules
) -> Iterable[RuleResult]:
    if missing:
        level: Level = "warn" if rules.allow_missing else "fail"
        text = f"{_problems(len(missing))} of the baseline {_are(missing)} missing from the run: {_named(missing)}"
        yield RuleResult("allow_missing", level, text, tuple(missing))
    if changed:
        level = "warn" if rules.allow_changed else "fail"
        text = f"{_problems(len(changed))} changed since the baseline and cannot be compared: {_named(changed)}"
        yield RuleResult("allow_changed", level, text, tuple(changed))
    if added:
        text = f"{_problems(len(added))} {_are(added)} new and not gated yet: {_named(added)}"
        yield RuleResult("added", "ok", text, tuple(added))


def _ungated(movements: Sequence[Movement], rules: GateRules) -> Iterable[RuleResult]:
    """What no rule covers is said: a gate that looks at nothing must not read as one that found nothing."""
    compared = {
        movement.outcome for movement in movements if movement.before is not None and movement.after is not None
    }
    for stage, limits in rules.stages.items():
        if stage not in compared and limits != DEFAULTS.get(stage):
            text = f"no problem has a known result for {stage} in both runs, so its limits were not applied"
            yield RuleResult(f"stages.{stage}", "warn", text)
    if not any(stage in compared for stage in rules.stages):
        text = "no rule limits any outcome that both runs have: the gate passes whatever the run is like"
        yield RuleResult("off", "warn", text)
    elif "substance" not in rules.stages and "substance" in compared:
        yield RuleResult("off", "warn", "no rule limits substance: a loss of it passes this gate")


# Limits -------------------------------------------------------------------------------------------------------------


def _stage_results(movement: Movement, limits: StageRules | None, level: float) -> Iterable[RuleResult]:
    if limits is None or movement.before is None or movement.after is None:
        return
    name = f"stages.{movement.outcome}"
    numbers = (
        f"{movement.outcome} went from {_percent(movement.before)} to {_percent(movement.after)} of "
        f"{_problems(movement.problems)} ({len(movement.lost)} broke, {len(movement.gained)} were fixed"
    )
    if limits.max_drop is not None:
        tested = f"{numbers}; {movement.test}, {_p(movement.p_holm)})"
        if movement.drop > limits.max_drop + 1e-12:
            beyond = f"a drop of {_points(movement.drop)} where at most {_points(limits.max_drop)} are allowed"
            if not level or movement.p_holm <= level:
                yield RuleResult(f"{name}.max_drop", "fail", f"{tested}: {beyond}", movement.lost)
            else:
                text = f"{tested}: {beyond}, but not significant at {level:g}"
                yield RuleResult(f"{name}.max_drop", "warn", text, movement.lost)
        else:
            yield RuleResult(f"{name}.max_drop", "ok", tested)
    if limits.min_rate is not None:
        low = movement.after < limits.min_rate - 1e-12
        text = f"{movement.outcome} is {_percent(movement.after)}, at least {_percent(limits.min_rate)} are asked"
        yield RuleResult(f"{name}.min_rate", "fail" if low else "ok", text)
    if limits.max_broken is not None:
        many = len(movement.lost) > limits.max_broken
        text = (
            f"{_problems(len(movement.lost))} newly broken in {movement.outcome}, at most {limits.max_broken} allowed"
        )
        if movement.lost:
            text += f": {_named(movement.lost)}"
        yield RuleResult(f"{name}.max_broken", "fail" if many else "ok", text, movement.lost)


# Single problems ----------------------------------------------------------------------------------------------------


def _broken(
    pairs: Sequence[tuple[str, BaselineEntry, BaselineEntry]], movements: Sequence[Movement], rules: GateRules
) -> list[BrokenRule]:
    """Every problem that broke in a gated outcome, with the earliest one; the protected first."""
    order = sorted(movements, key=lambda m: OUTCOMES.index(m.outcome))
    entries = {identifier: after for identifier, _, after in pairs}
    found: dict[str, BrokenRule] = {}
    for movement in order:
        for identifier in movement.lost:
            if identifier not in found:
                entry = entries[identifier]
                protected = identifier in rules.protected
                found[identifier] = BrokenRule(identifier, movement.outcome, entry.reason, entry.family, protected)
    return sorted(found.values(), key=lambda b: (not b.protected, b.problem_id))


def _protected(baseline: Snapshot, run: Snapshot, rules: GateRules) -> Iterable[RuleResult]:
    bad: list[str] = []
    words: list[str] = []
    for identifier in rules.protected:
        before = share_of(baseline.problems[identifier], _SUBSTANCE, 0.0)
        if before is None or before < 0.5:
            text = f"the protected problem {identifier!r} did not pass in the baseline either"
            yield RuleResult("protected", "warn", text, (identifier,))
            continue
        entry = run.problems.get(identifier)
        after = None if entry is None else share_of(entry, _SUBSTANCE, 0.0)
        if after is None or after < 0.5:
            bad.append(identifier)
            words.append(f"{identifier} ({'missing from the run' if entry is None else entry.reason or 'no result'})")
    if bad:
        noun = "protected problem" if len(bad) == 1 else "protected problems"
        yield RuleResult("protected", "fail", f"{len(bad)} {noun} broke: {_named(words)}", tuple(bad))
    elif rules.protected:
        yield RuleResult("protected", "ok", f"all {len(rules.protected)} protected problems are kept")


def _surface_only(pairs: Sequence[tuple[str, BaselineEntry, BaselineEntry]], rules: GateRules) -> Iterable[RuleResult]:
    """Passes the surface, fails the substance: the costume without the competence."""
    shares = []
    for identifier, before, after in pairs:
        first, second = _costume(before), _costume(after)
        if first is not None and second is not None:
            # As a "pass" of not being surface-only, so that a growth is a drop.
            shares.append((identifier, 1 - first, 1 - second))
    movement = movement_of("surface only", shares)
    if movement.before is None or movement.after is None:
        return
    growth, limit = movement.drop, rules.max_surface_only_growth
    text = (
        f"outputs that pass the surface and fail the substance went from {_percent(1 - movement.before)} to "
        f"{_percent(1 - movement.after)} of {_problems(movement.problems)} ({movement.test}, {_p(movement.p)})"
    )
    certain = not rules.significant or movement.p <= rules.significant
    if limit is not None and growth > limit + 1e-12:
        text += f": a growth of {_points(growth)} where at most {_points(limit)} are allowed"
        yield RuleResult("max_surface_only_growth", "fail" if certain else "warn", text, movement.lost)
    elif limit is not None:
        yield RuleResult("max_surface_only_growth", "ok", text)
    elif growth > 0 and rules.significant and certain:
        yield RuleResult("max_surface_only_growth", "warn", text, movement.lost)


def _costume(entry: BaselineEntry) -> float | None:
    known = [s for s in entry.states if s[_SUBSTANCE] in (PASS, FAIL)]
    if not known:
        return None
    return sum(s[_SURFACE] == PASS and s[_SUBSTANCE] == FAIL for s in known) / len(known)


def _unknown_growth(pairs: Sequence[tuple[str, BaselineEntry, BaselineEntry]]) -> Iterable[RuleResult]:
    then = [i for i, before, _ in pairs if all(s[_SUBSTANCE] == UNKNOWN for s in before.states)]
    now = [i for i, _, after in pairs if all(s[_SUBSTANCE] == UNKNOWN for s in after.states)]
    if len(now) > len(then):
        new = sorted(set(now) - set(then))
        text = f"substance is unknown for {_problems(len(now))}, in the baseline for {len(then)}: {_named(new)}"
        yield RuleResult("unknowns", "warn", text, tuple(new))


# Words --------------------------------------------------------------------------------------------------------------


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _p(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.4f}"


def _problems(count: int) -> str:
    return f"{count:,} problem" + ("" if count == 1 else "s")


def _are(items: Sequence[str]) -> str:
    return "is" if len(items) == 1 else "are"


def _named(items: Sequence[str]) -> str:
    shown = ", ".join(items[:NAMED])
    return shown + (f" and {len(items) - NAMED:,} more" if len(items) > NAMED else "")
