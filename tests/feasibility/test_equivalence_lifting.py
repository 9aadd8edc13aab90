"""Equivalence for all data: what is lifted, what is not, and attacks on both the prover and the checker."""

# ruff: noqa: E501 - a case a line reads better

from __future__ import annotations

import copy
import json
import random
import re
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from pyrite import Formulation
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.lifting import checking, proving
from pyrite.feasibility.equivalence.lifting.lifted import Lifted, lift
from pyrite.feasibility.equivalence.lifting.proof import Definition
from pyrite.feasibility.equivalence.lifting.symbols import NotLiftable
from pyrite.feasibility.language.formulation import Data
from pyrite.feasibility.language.names import resolve
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import Rejected, build
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.verdict import StageResult
from pyrite.problems.problem import Problem

GOODS, TIMES = ["bread", "cake", "pie"], [1, 2, 3]
PLAN_DATA: dict[str, Any] = {
    "sets": {"P": GOODS, "T": TIMES},
    "parameters": {
        "hold": {"index": ["P"], "values": {"bread": 1, "cake": 2, "pie": 1}},
        "need": {"index": ["P"], "values": {"bread": 2, "cake": 4, "pie": 1}},
        "limit": {"index": ["T"], "values": {"1": 40, "2": 50, "3": 30}},
        "demand": {"index": ["P", "T"], "values": {p: {str(t): 3 + t for t in TIMES} for p in GOODS}},
    },
}
FLOW = {"index": ["P", "T"], "domain": "continuous", "lower": 0}
PLAN: dict[str, Any] = {
    "variables": {"make": FLOW, "stock": FLOW},
    "objective": {"sense": "minimize", "expression": "sum(hold[p]*stock[p,t] for p in P for t in T)"},
    "constraints": {
        "capacity": {"for": "t in T", "expression": "sum(need[p]*make[p,t] for p in P) <= limit[t]"},
        "balance": {
            "for": "p in P, t in T if t > 1",
            "expression": "stock[p,t] == stock[p,t-1] + make[p,t] - demand[p,t]",
        },
        "first": {"for": "p in P", "expression": "stock[p,1] == make[p,1] - demand[p,1]"},
    },
}
SITE_DATA: dict[str, Any] = {
    "sets": {"S": ["s1", "s2"], "C": ["c1", "c2", "c3"]},
    "parameters": {
        "open_cost": {"index": ["S"], "values": {"s1": 30, "s2": 40}},
        "price": {"index": ["S", "C"], "values": {s: {c: 2 + k for k, c in enumerate(("c1", "c2", "c3"))} for s in ("s1", "s2")}},
        "size": {"index": ["S"], "values": {"s1": 20, "s2": 30}},
        "wish": {"index": ["C"], "values": {"c1": 5, "c2": 6, "c3": 7}},
    },
}  # fmt: skip
SITE: dict[str, Any] = {
    "variables": {
        "build": {"index": ["S"], "domain": "binary"},
        "ship": {"index": ["S", "C"], "domain": "continuous", "lower": 0},
    },
    "objective": {
        "sense": "minimize",
        "expression": "sum(open_cost[s]*build[s] for s in S) + sum(price[s,c]*ship[s,c] for s in S for c in C)",
    },
    "constraints": {
        "supply": {"for": "s in S", "expression": "sum(ship[s,c] for c in C) <= size[s]*build[s]"},
        "served": {"for": "c in C", "expression": "sum(ship[s,c] for s in S) >= wish[c]"},
    },
}


def changed(document: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """``constraints__capacity={...}`` replaces an entry (None removes it), ``objective={...}`` a section."""
    made = copy.deepcopy(document)
    for path, value in parts.items():
        section, _, name = path.partition("__")
        if not name:
            made[section] = value
        elif value is None:
            del made[section][name]
        else:
            made[section][name] = value
    return made


def lifted(a: dict[str, Any], b: dict[str, Any], data: dict[str, Any]) -> Lifted:
    return lift(Formulation.from_dict(a), Formulation.from_dict(b), Data.from_dict(data))


HONEST = {
    "the same": (PLAN, PLAN_DATA, {}, ()),
    "loops renamed, row doubled and turned": (
        PLAN, PLAN_DATA,
        {"constraints__capacity": {"for": "m in T", "expression": "2*limit[m] >= sum(2*make[q,m]*need[q] for q in P)"}}, (),
    ),
    "an order written otherwise": (
        PLAN, PLAN_DATA,
        {"constraints__balance": {"for": "t in T, p in P if not t <= 1",
                                  "expression": "demand[p,t] + stock[p,t] - make[p,t] - stock[p,t-1] == 0"}}, (),
    ),
    "divided by a parameter": (
        PLAN, PLAN_DATA,
        {"constraints__capacity": {"for": "t in T", "expression": "sum(need[p]*make[p,t] for p in P)/limit[t] <= 1"}},
        ("limit > 0",),
    ),
    "a total": (
        PLAN, PLAN_DATA,
        {"variables__used": {"index": ["T"], "domain": "continuous", "lower": 0},
         "constraints__use": {"for": "t in T", "expression": "used[t] == sum(need[p]*make[p,t] for p in P)"},
         "constraints__capacity": {"for": "t in T", "expression": "used[t] <= limit[t]"}}, ("need >= 0",),
    ),
    "a slack": (
        PLAN, PLAN_DATA,
        {"variables__idle": {"index": ["T"], "domain": "continuous", "lower": 0},
         "constraints__capacity": {"for": "t in T", "expression": "sum(need[p]*make[p,t] for p in P) + idle[t] == limit[t]"}}, (),
    ),
    "the objective through a variable": (
        PLAN, PLAN_DATA,
        {"variables__cost": {"domain": "continuous", "lower": None},
         "objective": {"sense": "minimize", "expression": "cost"},
         "constraints__c": "cost >= sum(hold[p]*stock[p,t] for p in P for t in T)"}, (),
    ),
    "a sum of the rows besides": (
        PLAN, PLAN_DATA,
        {"constraints__all": "sum(need[p]*make[p,t] for p in P for t in T) <= sum(limit[t] for t in T)"}, (),
    ),
    "the most of the negative": (
        PLAN, PLAN_DATA, {"objective": {"sense": "maximize", "expression": "7 - sum(3*hold[p]*stock[p,t] for t in T for p in P)"}}, (),
    ),
    "bounds as rows": (
        SITE, SITE_DATA,
        {"variables__ship": {"index": ["S", "C"], "domain": "continuous", "lower": None},
         "variables__build": {"index": ["S"], "domain": "integer", "lower": 0},
         "constraints__some": {"for": "s in S, c in C", "expression": "ship[s,c] >= 0"},
         "constraints__once": {"for": "s in S", "expression": "build[s] <= 1"}}, (),
    ),
    "scaled by parameters": (
        SITE, SITE_DATA,
        {"constraints__served": {"for": "c in C", "expression": "sum(ship[s,c]*open_cost[s]/open_cost[s] for s in S)/wish[c] >= 1"}},
        ("wish > 0",),
    ),
}  # fmt: skip
HARMFUL = {
    "a literal number": (PLAN, PLAN_DATA, {"constraints__capacity": {"for": "t in T", "expression": "sum(need[p]*make[p,t] for p in P) <= 40"}}),
    "another parameter": (PLAN, PLAN_DATA, {"constraints__capacity": {"for": "t in T", "expression": "sum(hold[p]*make[p,t] for p in P) <= limit[t]"}}),
    "a family left away": (PLAN, PLAN_DATA, {"constraints__first": None}),
    "another period": (PLAN, PLAN_DATA, {"constraints__balance": {"for": "p in P, t in T if t > 1", "expression": "stock[p,t] == stock[p,t-1] + make[p,t-1] - demand[p,t]"}}),
    "whole numbers": (PLAN, PLAN_DATA, {"variables__make": {**FLOW, "domain": "integer"}}),
    "fewer rows": (PLAN, PLAN_DATA, {"constraints__capacity": {"for": "t in T if t > 1", "expression": "sum(need[p]*make[p,t] for p in P) <= limit[t]"}}),
    "only the sum": (PLAN, PLAN_DATA, {"constraints__capacity": "sum(need[p]*make[p,t] for p in P for t in T) <= sum(limit[t] for t in T)"}),
    "a bound forgotten": (SITE, SITE_DATA, {"variables__ship": {"index": ["S", "C"], "domain": "continuous", "lower": None}}),
    "a wrong link": (SITE, SITE_DATA, {"constraints__supply": {"for": "s in S", "expression": "sum(ship[s,c] for c in C) <= size[s]"}}),
    "another objective": (SITE, SITE_DATA, {"objective": {"sense": "minimize", "expression": "sum(price[s,c]*ship[s,c] for s in S for c in C)"}}),
    "an extra decision": (SITE, SITE_DATA, {"variables__bonus": {"index": ["S"], "domain": "binary"}}),
    "pressed the wrong way": (SITE, SITE_DATA, {
        "variables__cost": {"domain": "continuous", "lower": None}, "objective": {"sense": "minimize", "expression": "cost"},
        "constraints__c": "cost <= sum(open_cost[s]*build[s] for s in S) + sum(price[s,c]*ship[s,c] for s in S for c in C)"}),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_lifted_both_ways(name: str) -> None:
    base, data, parts, assumptions = HONEST[name]
    other = changed(base, **parts)
    for a, b in ((other, base), (base, other)):
        found = lifted(a, b, data)
        assert (found.scope, found.reason) == ("all data", "")
        assert set(assumptions) <= set(found.assumptions)
        assert found.instances >= 2
        assert found.to_dict()["assumptions"] == list(found.assumptions)


@pytest.mark.parametrize("name", HARMFUL)
def test_what_does_not_hold_for_all_data_is_not_lifted(name: str) -> None:
    base, data, parts = HARMFUL[name]
    other = changed(base, **parts)
    for a, b in ((other, base), (base, other)):
        found = lifted(a, b, data)
        assert found.scope == "this data"
        assert found.reason
        assert found.to_dict()["scope_reason"] == found.reason


def test_indices_in_another_order() -> None:
    turned = changed(
        SITE,
        variables__ship={"index": ["C", "S"], "domain": "continuous", "lower": 0},
        objective={
            "sense": "minimize",
            "expression": "sum(ship[c,s]*price[s,c] for c in C for s in S) + sum(build[s]*open_cost[s] for s in S)",
        },
        constraints__supply={"for": "s in S", "expression": "sum(ship[c,s] for c in C) <= size[s]*build[s]"},
        constraints__served={"for": "c in C", "expression": "sum(ship[c,s] for s in S) >= wish[c]"},
    )
    assert lifted(turned, SITE, SITE_DATA).scope == "all data"


def test_an_assumption_that_the_data_break_is_not_made() -> None:
    data = copy.deepcopy(PLAN_DATA)
    data["parameters"]["limit"]["values"]["2"] = -1
    parts = HONEST["divided by a parameter"][2]
    assert lifted(changed(PLAN, **parts), PLAN, data).scope == "this data"


def test_self_contained_formulations_share_what_both_declare() -> None:
    both = [{**PLAN_DATA, **document} for document in (PLAN, changed(PLAN, **HONEST["a slack"][2]))]
    assert lifted(both[1], both[0], {}).scope == "all data"
    both[1] = copy.deepcopy(both[1])
    both[1]["parameters"]["limit"]["values"]["1"] = 41
    assert "own" in lifted(both[1], both[0], {}).reason


def test_without_data_nothing_is_lifted() -> None:
    plain = {
        "variables": {"x": {"domain": "continuous", "lower": 0}},
        "objective": {"sense": "maximize", "expression": "x"},
        "constraints": {"r": "x <= 4"},
    }
    assert lifted(plain, plain, {}).reason == "the formulations use no data by name"
    # Case: the numbers written out although the problem has them by name.
    assert lifted(plain, plain, PLAN_DATA).scope == "all data"


def stage_nine(answer: dict[str, Any]) -> StageResult:
    problem = Problem.from_dict({"id": "plan", "text": "a plan", "reference": PLAN, "data": PLAN_DATA})
    return Judge(problem.as_reference()).judge(json.dumps(answer)).stages["equivalent"]


def test_stage_nine_says_for_which_data() -> None:
    stage = stage_nine(changed(PLAN, **HONEST["a total"][2]))
    assert (stage.status, stage.details["scope"], stage.details["assumptions"]) == ("pass", "all data", ["need >= 0"])
    assert "redrawn" not in stage.details, "a proof needs no samples"
    # Two rows at once imply the third, which no single multiplier shows: samples are what is left.
    both = {"for": "p in P", "expression": "stock[p,1] + 2*make[p,1] >= -demand[p,1]"}
    stage = stage_nine(changed(PLAN, constraints__extra=both))
    assert (stage.status, stage.details["scope"]) == ("pass", "all data")
    twice = "sum(make[p,1]*need[p] for p in P) + sum(need[p]*make[p,2] for p in P) <= limit[1] + limit[2]"
    stage = stage_nine(changed(PLAN, constraints__extra=twice))
    assert (stage.status, stage.details["scope"], stage.details["other_data"]) == ("pass", "this data", "sampled")
    assert "'extra' does not follow" in stage.details["scope_reason"]


BAKERY_DATA: dict[str, Any] = {
    "sets": {"P": ["bread", "cake"]},
    "parameters": {
        "profit": {"index": ["P"], "values": {"bread": 3, "cake": 5}},
        "minutes": {"index": ["P"], "values": {"bread": 2, "cake": 4}},
        "hours": {"values": 40},
    },
}
BAKERY: dict[str, Any] = {
    "variables": {"make": {"index": ["P"], "domain": "continuous", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "sum(profit[p]*make[p] for p in P)"},
    "constraints": {"labor": "sum(minutes[p]*make[p] for p in P) <= hours"},
}


@pytest.mark.parametrize(
    ("objective", "labor", "assumptions"),
    [
        ("profit[bread]*bread + profit[cake]*cake", "minutes[bread]*bread + minutes[cake]*cake <= hours", []),
        ("2*profit[bread]*bread + 2*profit[cake]*cake", "hours >= minutes[cake]*cake + minutes[bread]*bread", []),
        (
            "profit[bread]*bread/hours + profit[cake]*cake/hours",
            "1 >= (minutes[cake]*cake + minutes[bread]*bread)/hours",
            ["hours > 0"],
        ),
        ("3*bread + 5*cake", "minutes[bread]*bread + minutes[cake]*cake <= hours", None),
        ("profit[bread]*bread + profit[cake]*cake", "2*bread + 4*cake <= hours", None),
        (
            "profit[bread]*bread + profit[cake]*cake",
            "minutes[bread]*bread + minutes[cake]*cake <= 8*minutes[bread] + 6*minutes[cake]",
            None,
        ),
        ("profit[bread]*bread + profit[cake]*cake", "minutes[bread]*bread + 2*minutes[bread]*cake <= hours", None),
    ],
)
def test_over_the_sets_as_given(objective: str, labor: str, assumptions: list[str] | None) -> None:
    """Scalars for the members of a family: the numbers may change, the sets stay."""
    single = {"domain": "continuous", "lower": 0}
    answer = {
        "variables": {"bread": single, "cake": single},
        "objective": {"sense": "maximize", "expression": objective},
        "constraints": {"labor": labor},
    }
    problem = Problem.from_dict({"id": "b", "text": "b", "reference": BAKERY, "data": BAKERY_DATA})
    stage = Judge(problem.as_reference()).judge(json.dumps(answer)).stages["equivalent"]
    assert stage.status in ("pass", "fail")
    if assumptions is None:
        assert stage.status == "fail" or stage.details["scope"] == "this data"
    else:
        assert stage.details["scope"] == "all data"
        assert stage.details["assumptions"] == [*assumptions, "the sets as given"]


@pytest.mark.parametrize("seed", range(12))
def test_symbols_written_out_are_what_the_compiler_writes(seed: int) -> None:
    """The checker's writer with the data's numbers for the symbols, against the compiled program, number for number."""
    chance = random.Random(seed)
    base, data, parts, _ = HONEST[list(HONEST)[seed % len(HONEST)]]
    formulation, known = Formulation.from_dict(changed(base, **parts)), Data.from_dict(other_data(data, chance))
    program = build(formulation, known)
    resolved = resolve(formulation, known)[0]
    assert resolved is not None

    def number(value: checking.Polynomial) -> Fraction:
        total = Fraction(0)
        for monomial, coefficient in value.items():
            for (name, members), exponent in monomial:
                coefficient *= Fraction(known.parameters[name].value_at(members)) ** exponent
            total += coefficient
        return total

    lines, cost = checking.SymbolicWriter(resolved, resolved.sets).lines()
    place = {(c.variable, c.members): j for j, c in enumerate(program.columns)}
    ours = []
    for (kind, _, _), rows in lines.items():
        for line in rows.values() if kind == "row" else ():
            terms = {place[c]: number(v) for c, v in line.form.items() if c is not None}
            ours.append(({j: v for j, v in terms.items() if v}, -number(line.form.get(None, {})), line.equation))
    theirs = []
    for row in program.rows:
        if row.upper is not None:
            theirs.append((dict(row.linear), Fraction(row.upper), row.lower == row.upper))
        if row.lower is not None and row.lower != row.upper:
            theirs.append(({j: -c for j, c in row.linear.items()}, Fraction(-row.lower), False))
    assert sorted(map(repr, map(_normal, ours))) == sorted(map(repr, map(_normal, theirs)))
    sign = -1 if program.sense == "maximize" else 1
    goal = {place[c]: sign * number(v) for c, v in cost.items() if c is not None}
    assert {j: v for j, v in goal.items() if v} == program.objective.linear


def _normal(row: tuple[dict[int, Fraction], Fraction, bool]) -> object:
    terms, side, equation = row
    entries = sorted((j, Fraction(c)) for j, c in terms.items())
    if equation and entries and entries[0][1] < 0:
        entries, side = [(j, -c) for j, c in entries], -side
    return entries, Fraction(side), equation


# Attacks --------------------------------------------------------------------------------------------------------------


def mutated(document: dict[str, Any], chance: random.Random, names: list[str]) -> dict[str, Any]:
    """One or two words of the expressions replaced: another parameter, index, number, sign, relation or condition."""
    made = copy.deepcopy(document)
    places: list[tuple[dict[str, Any], str]] = [(made["objective"], "expression")]
    for name, item in made["constraints"].items():
        if isinstance(item, dict):
            places += [(item, "expression"), (item, "for")]
        else:
            places.append((made["constraints"], name))
    for _ in range(chance.choice([1, 2, 3])):
        holder, name = chance.choice(places)
        text = holder[name]
        words = list(re.finditer(r"[a-z_]+(?=\[)|(?<=[\[,])[a-z]\b|\d+|[+-](?= )|<=|>=|(?<= )\*", text))
        if not words:
            continue
        word = chance.choice(words)
        old = word.group()
        if old.isdigit():
            new = str(int(old) + chance.choice([1, 2]))
        elif old in "+-":
            new = "-" if old == "+" else "+"
        elif old in ("<=", ">="):
            new = ">=" if old == "<=" else "<="
        elif len(old) == 1:
            new = chance.choice(["p", "t", "s", "c"])
        else:
            new = chance.choice(names)
        holder[name] = text[: word.start()] + new + text[word.end() :]
    return made


def other_data(shape: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Sets of other sizes and positive numbers at random, in the shape of the data."""
    sets: dict[str, list[Any]] = {}
    for name, members in shape["sets"].items():
        size = chance.randint(2, 3)
        sets[name] = list(range(1, size + 1)) if isinstance(members[0], int) else [f"{name}{k}" for k in range(size)]

    def values(index: list[str]) -> Any:
        if not index:
            return chance.randint(1, 30)
        return {str(m): values(index[1:]) for m in sets[index[0]]}

    parameters = {n: {"index": p["index"], "values": values(p["index"])} for n, p in shape["parameters"].items()}
    return {"sets": sets, "parameters": parameters}


@pytest.mark.parametrize("seed", range(80))
def test_whatever_is_lifted_is_equivalent_on_other_data(seed: int) -> None:
    """Random slips in honest rewrites; what the lifting lets pass must hold on sets and numbers of other kinds."""
    chance = random.Random(seed)
    base, data, parts, _ = HONEST[chance.choice(list(HONEST))]
    other = changed(base, **parts)
    if chance.random() < 0.8:
        other = mutated(other, chance, [*data["parameters"], *base["variables"]])
    try:
        build(Formulation.from_dict(other), Data.from_dict(data))
    except Rejected:
        return
    if lifted(other, base, data).scope != "all data":
        return
    for _ in range(3):
        instance = Data.from_dict(other_data(data, chance))
        try:
            a, b = (build(Formulation.from_dict(f), instance) for f in (other, base))
        except Rejected:
            continue
        assert compare(a, b, Policy()).relation in ("equivalent", "unknown"), other


def proofs() -> list[tuple[Any, Any, Data, Any]]:
    found = []
    for base, data, parts, _ in HONEST.values():
        known = Data.from_dict(data)
        sides = [resolve(Formulation.from_dict(d), known)[0] for d in (changed(base, **parts), base)]
        found.append((sides[0], sides[1], known, proving.prove(sides[0], sides[1], known)))
    return found


def test_the_checker_refuses_every_proof_that_was_tampered_with() -> None:
    """Factors, sources, loops, assumptions, definitions: nothing of a proof may be changed or left away."""
    refused = 0
    for a, b, data, proof in proofs():
        assert checking.check(a, b, data, proof) >= 2
        tampered = [replace(proof, objective_factor=proof.objective_factor * 2)]
        for side in ("a_in_b", "b_in_a"):
            steps = getattr(proof, side)
            tampered.append(replace(proof, **{side: steps[1:]}))
            for k, step in enumerate(steps):
                if step.source is None:
                    continue
                worse = [replace(step, factor=-step.factor), replace(step, source=None, loops=())]
                if len(step.loops) > 1:
                    worse.append(replace(step, loops=step.loops[::-1]))
                tampered += [replace(proof, **{side: (*steps[:k], w, *steps[k + 1 :])}) for w in worse]
        for side in ("a_definitions", "b_definitions"):
            definitions = getattr(proof, side)
            if definitions:
                tampered.append(replace(proof, **{side: ()}))
                pressed = Definition(definitions[0].variable, definitions[0].row, not definitions[0].pressed)
                tampered.append(replace(proof, **{side: (pressed,)}))
        if proof.assumptions:
            tampered.append(replace(proof, assumptions=()))
        for wrong in tampered:
            try:
                checking.check(a, b, data, wrong)
            except checking.BrokenIdentity:
                refused += 1
                continue
            # A negated factor of an equation, or bounds where a bound was the source, may well prove the same.
            assert _harmless(proof, wrong), wrong
    assert refused > 150


def _harmless(proof: Any, wrong: Any) -> bool:
    """Whether the tampered proof differs only by claiming from bounds what a bound's own row showed, or assumes less."""
    steps = zip((*proof.a_in_b, *proof.b_in_a), (*wrong.a_in_b, *wrong.b_in_a), strict=True)
    changes = [(old, new) for old, new in steps if old != new]
    return all(new.source is None and old.source[0] == "bound" for old, new in changes) and bool(
        changes or wrong.assumptions != proof.assumptions
    )


def test_what_the_language_of_proofs_cannot_hold_is_said() -> None:
    data = Data.from_dict(PLAN_DATA)
    square = changed(PLAN, objective={"sense": "minimize", "expression": "sum(stock[p,t]**2 for p in P for t in T)"})
    side = resolve(Formulation.from_dict(square), data)[0]
    with pytest.raises(NotLiftable, match="product of variables"):
        proving.prove(side, side, data)
