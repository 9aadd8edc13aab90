"""Policy sensitivity: the same outputs judged by rules that published evaluations use.

Those rules ask for one thing only, the optimum, and forgive differences that ours does not: a few per cent after
rounding, the wrong kind of variables, even the wrong sense of the objective. Each rule is named after where it is used
and written from a description of that code. The flipped formulations are solved by the same killable workers under the
run's own limits.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...feasibility.language.document.reading import extract
from ...feasibility.language.formulation import plain_number
from ...feasibility.scoring.pool import OutputTask, Pool
from ...feasibility.scoring.reference import Reference
from ...feasibility.verdict import Verdict
from ...results.collection import Collection, Run
from ...results.statistics import wilson
from .table import CellValue, Table, TableColumn

VARIANTS = ("integer", "continuous", "other-sense")
"""Ways in which a formulation is changed and solved again."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A published acceptance rule.

    ``close`` compares a value with the label's; ``variants`` are tried as well as the formulation as written, and any
    match counts. ``nothing_is_a_match``: when the label says that there is no best solution, any program without an
    optimum is accepted, whatever the cause; a rule that cannot say so has no opinion on such problems.
    """

    name: str
    used_by: str
    close: Callable[[float, float], bool]
    variants: tuple[str, ...] = ()
    nothing_is_a_match: bool = True


def _within(tolerance: float) -> Callable[[float, float], bool]:
    return lambda value, label: abs(value - label) <= tolerance * (abs(label) + 1)


def _rounded(value: float, label: float) -> bool:
    """Both rounded to whole numbers, then within 5 % of the label (a label of 0 must be met)."""
    ours, theirs = round(value), round(label)
    return abs(ours - theirs) <= 0.05 * abs(theirs)


RULES: tuple[Rule, ...] = (
    Rule("1e-6", "OptiMind; SIRL before its retry: |d| / (|z*| + 1) <= 1e-6", _within(1e-6)),
    Rule("1e-4", "OptiBench: |d| <= 1e-4", lambda value, label: abs(value - label) <= 1e-4, (), False),
    Rule("5 % after rounding", "ORLM: both values rounded to whole numbers, then 5 %", _rounded),
    Rule(
        "types flipped",
        "SIRL: 1e-6, and a retry with the kinds of variables changed",
        _within(1e-6),
        ("integer", "continuous"),
    ),
    Rule(
        "types and sense flipped",
        "OptMATH: 5 % after rounding, and retries all whole, all continuous, with the other sense",
        _rounded,
        ("integer", "continuous", "other-sense"),
    ),
)


@dataclass(frozen=True, slots=True)
class Examined:
    """One run under every rule. ``accepted[rule]`` has one entry an output: True, False, or None (nothing to compare).

    ``substance`` is our own verdict of the same outputs, ``keys`` their problem id and sample.
    """

    run: Run
    keys: Sequence[tuple[str, int]]
    substance: Sequence[bool | None]
    accepted: dict[str, list[bool | None]] = field(default_factory=dict)
    unsolved: int = 0


def changed(document: dict[str, Any], variant: str) -> dict[str, Any]:
    """The formulation with all variables whole, all continuous, or the other sense."""
    other = copy.deepcopy(document)
    if variant == "other-sense":
        senses = {"maximize": "minimize", "minimize": "maximize"}
        other["objective"]["sense"] = senses.get(other["objective"]["sense"], other["objective"]["sense"])
        return other
    for variable in other["variables"].values():
        if variable["domain"] == "binary" and variant == "continuous":
            variable.setdefault("lower", 0)
            variable.setdefault("upper", 1)
        if not (variable["domain"] == "binary" and variant == "integer"):
            variable["domain"] = variant
    return other


def examine(run: Run, progress: Callable[[int], None] | None = None, workers: int | None = None) -> Examined:
    """Judge a run's outputs by every rule. ``progress`` is told how many outputs are done."""
    ordered = sorted(run.verdicts, key=lambda verdict: (verdict.problem_id, verdict.sample))
    tasks, numbers = _tasks(run, ordered)
    optima: dict[tuple[int, str], float | None] = {}
    unsolved = 0
    with Pool(run.policy, workers) as pool:
        for (number, variant), verdict in zip(numbers, pool.judge(tasks, {"": Reference()}), strict=True):
            optima[number, variant] = verdict.optimum
            unsolved += verdict.stages["bounded"].status == "unknown"
            if progress is not None:
                progress(number)
    accepted: dict[str, list[bool | None]] = {rule.name: [] for rule in RULES}
    labels = _labels(run, ordered)
    for number, verdict in enumerate(ordered):
        for rule in RULES:
            values = [verdict.optimum, *(optima[number, v] for v in rule.variants if (number, v) in optima)]
            accepted[rule.name].append(_accept(rule, run, verdict, values, labels.get(verdict.problem_id)))
    keys = [(verdict.problem_id, verdict.sample) for verdict in ordered]
    return Examined(run, keys, [verdict.substance for verdict in ordered], accepted, unsolved)


def _tasks(run: Run, verdicts: Sequence[Verdict]) -> tuple[list[OutputTask], list[tuple[int, str]]]:
    """What has to be solved again: every variant that differs of every output that builds."""
    tasks: list[OutputTask] = []
    numbers: list[tuple[int, str]] = []
    for number, verdict in enumerate(verdicts):
        output = run.outputs.get((verdict.problem_id, verdict.sample))
        if output is None or verdict.stages["builds"].status != "pass":
            continue
        found = extract(output.answer, run.policy)
        if found.document is None:
            continue
        document = _with_data(found.document, run, verdict.problem_id)
        for variant in VARIANTS:
            other = changed(document, variant)
            if other != document:
                tasks.append(("", number, json.dumps(other, default=_plain)))
                numbers.append((number, variant))
    return tasks, numbers


def _with_data(document: dict[str, Any], run: Run, problem_id: str) -> dict[str, Any]:
    """The formulation with the problem's own sets and parameters written into it."""
    problem = run.problems.get(problem_id)
    if problem is None:
        return document
    data = problem.data.to_dict()
    whole = dict(document)
    for part in ("sets", "parameters"):
        merged = {**data[part], **document.get(part, {})}
        if merged:
            whole[part] = merged
    return whole


def _plain(value: Any) -> Any:
    return plain_number(value)


def _labels(run: Run, verdicts: Sequence[Verdict]) -> dict[str, float]:
    """The optimum of each problem, from its statement or from any output that was compared with it.

    By problem and not by output: an output that never came to the comparison is refused by every rule, not left out.
    """
    stated = {name: float(item.optimum) for name, item in run.problems.items() if item.optimum is not None}
    solved = {v.problem_id: v.reference_optimum for v in verdicts if v.reference_optimum is not None}
    return {**stated, **solved}


def _accept(rule: Rule, run: Run, verdict: Verdict, values: Sequence[float | None], label: float | None) -> bool | None:
    """What the rule says of an output; None when the problem has no label to compare with, for any rule."""
    problem = run.problems.get(verdict.problem_id)
    if label is None:
        expected = problem.status if problem is not None else None
        if expected not in ("infeasible", "unbounded"):
            return None
        nothing = verdict.result("builds").status == "pass" and values[0] is None
        return rule.nothing_is_a_match and nothing
    return any(value is not None and rule.close(value, label) for value in values)


def moved(examined: Examined, rule: Rule) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Outputs accepted by the rule and not by us, and the other way round."""
    more, fewer = [], []
    for key, ours, theirs in zip(examined.keys, examined.substance, examined.accepted[rule.name], strict=True):
        if theirs is True and ours is False:
            more.append(key)
        elif theirs is False and ours is True:
            fewer.append(key)
    return more, fewer


def sensitivity_tables(collection: Collection, examined: Sequence[Examined]) -> list[Table]:
    """How many outputs each rule accepts, how many verdicts move; and which ones."""
    rows: list[list[str]] = []
    records: list[dict[str, CellValue]] = []
    which: list[list[str]] = []
    which_records: list[dict[str, CellValue]] = []
    for item in examined:
        # One denominator for every row: the outputs to problems with a label, whatever became of them.
        compared = [value is not None for value in item.accepted[RULES[0].name]]
        known = sum(compared)
        right = sum(value is True and counts for value, counts in zip(item.substance, compared, strict=True))
        rows.append([item.run.name, "pyrite", "this report's substance", *_share(right, known), "–", "–"])
        for rule in RULES:
            known = sum(value is not None for value in item.accepted[rule.name])
            count = sum(value is True for value in item.accepted[rule.name])
            more, fewer = moved(item, rule)
            rows.append(
                [item.run.name, rule.name, rule.used_by, *_share(count, known), f"{len(more):,}", f"{len(fewer):,}"]
            )
            record: dict[str, CellValue] = {"run": item.run.name, "rule": rule.name, "used_by": rule.used_by}
            record |= {"accepted": count, "compared": known, "accepted_here_only": len(more)}
            records.append(record | {"refused_here_only": len(fewer)})
            for way, keys in (("accepted", more), ("refused", fewer)):
                for problem_id, sample in keys:
                    which.append([item.run.name, rule.name, way, problem_id, f"{sample}"])
                    which_records.append(
                        {
                            "run": item.run.name,
                            "rule": rule.name,
                            "way": way,
                            "problem_id": problem_id,
                            "sample": sample,
                        }
                    )
    titles = ["accepted", "rate", "accepted here only", "refused here only"]
    columns = [
        TableColumn("run", False),
        TableColumn("rule", False),
        TableColumn("used by", False),
        *[TableColumn(t) for t in titles],
    ]
    notes = [
        "Rules that compare optima, as published evaluations use them; accepted here only: the rule accepts what this "
        "report says is wrong (a wrong model with the right number, or a forgiven difference)."
    ]
    unsolved = sum(item.unsolved for item in examined)
    if unsolved:
        notes.append(f"{unsolved:,} changed formulations were not solved within the limits and match nothing.")
    first = Table("sensitivity", "The same outputs under published rules", columns, rows, notes, records)
    shown = which[:200]
    columns = [
        TableColumn("run", False),
        TableColumn("rule", False),
        TableColumn("way", False),
        TableColumn("problem", False),
    ]
    more_note = [f"{len(which) - len(shown):,} more; --json lists all."] if len(shown) < len(which) else []
    second = Table("moved", "Verdicts that move", [*columns, TableColumn("sample")], shown, more_note, which_records)
    return [first, second]


def _share(count: int, total: int) -> tuple[str, str]:
    if not total:
        return "–", "–"
    low, high = wilson(count, total)
    return f"{count:,} of {total:,}", f"{100 * count / total:.1f} % ({100 * low:.1f}–{100 * high:.1f})"
