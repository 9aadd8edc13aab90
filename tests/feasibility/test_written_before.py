"""The short cut for rows of plain variables gives what compiling gives: the same program, to the order of the terms."""

import random
from dataclasses import replace
from typing import Any

import pytest

from pyrite import Formulation, Policy
from pyrite.feasibility.language.known_texts import SHORT, KnownTexts, plain_names
from pyrite.feasibility.language.names import Resolved, resolve
from pyrite.feasibility.programs.compiling import compile_program
from pyrite.feasibility.programs.program import Program
from pyrite.feasibility.programs.written_before import KEPT, WrittenBefore, write_out
from pyrite.feasibility.verdict import Finding

NAMES = ("a", "b", "c", "total_cost", "x_1")
NUMBERS = ("0", "1", "2", "7", "0.5", "0.1", "3.25", "1000000", "1e3", "2e-5", "0.333333333333333", "9" * 25)


def an_expression(rng: random.Random, depth: int) -> str:
    """Any expression of the grammar without indices and sums, sensible or not."""
    if depth == 0 or rng.random() < 0.25:
        return rng.choice(NAMES if rng.random() < 0.6 else NUMBERS)
    kind = rng.choice(("+", "+", "-", "*", "*", "/", "(", "-1", "^", "chain"))
    if kind == "(":
        return f"({an_expression(rng, depth - 1)})"
    if kind == "-1":
        return f"-{an_expression(rng, depth - 1)}"
    if kind == "^":
        return f"({an_expression(rng, depth - 1)})^2"
    if kind == "chain":
        terms = [f"{rng.choice(NUMBERS[:6])}*{rng.choice(NAMES)}" for _ in range(rng.randint(2, 8))]
        return rng.choice((" + ", " - ")).join(terms)
    left, right = an_expression(rng, depth - 1), an_expression(rng, depth - 1)
    return f"{left} {kind} {right}" if rng.random() < 0.5 else f"({left}) {kind} ({right})"


def a_formulation(rng: random.Random) -> Formulation:
    rows = {}
    for number in range(rng.randint(1, 4)):
        sides = [an_expression(rng, rng.randint(0, 3)) for _ in range(3 if rng.random() < 0.1 else 2)]
        operator = rng.choice(("<=", ">=", "=="))
        rows[f"row_{number}"] = f" {operator} ".join(sides)
    # Declared in another order than they are used; one may be a parameter, or missing.
    names = rng.sample(NAMES, len(NAMES) - (rng.random() < 0.2))
    document: dict[str, Any] = {
        "variables": {name: {"domain": rng.choice(("continuous", "integer")), "lower": None} for name in names},
        "objective": {"sense": "minimize", "expression": an_expression(rng, 2)},
        "constraints": rows,
    }
    if rng.random() < 0.2:
        given = rng.choice(names)
        del document["variables"][given]
        document["parameters"] = {given: {"values": 3}}
    return Formulation.from_dict(document)


def compiled(resolved: Resolved, policy: Policy) -> tuple[Program | None, list[Finding], list[list[object]]]:
    program, findings = compile_program(resolved, policy)
    bodies = [] if program is None else [program.objective, *(row.body for row in program.rows)]
    return program, findings, [[*body.linear, *body.quadratic] for body in bodies]


POLICIES = (Policy(), Policy(max_magnitude=1e6), Policy(max_terms=10_005), Policy(max_rows=2), Policy(max_digits=400))


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.digest[:6])
def test_the_short_cut_and_the_compiler_agree(policy: Policy) -> None:
    rng = random.Random(17)
    taken = kept = 0
    for _ in range(1500):
        resolved, _ = resolve(a_formulation(rng), None, policy)
        if resolved is None:
            continue
        slow = replace(
            resolved,
            plain=False,
            constraints={name: replace(item, plain=False) for name, item in resolved.constraints.items()},
        )
        assert compiled(resolved, policy) == compiled(slow, policy)
        plain = [item.relation for item in resolved.constraints.values() if item.plain]
        kept += len(plain)
        taken += sum(write_out(relation) is not None for relation in plain)
    assert taken > 500, "most rows should take the short cut"
    assert taken < kept, "some must not"


def test_names_that_the_short_cut_passes_are_those_without_findings() -> None:
    # The same row under declarations in which its names are variables, a parameter, indexed, or not there.
    text = "2*x + y <= 4"
    plain = {"domain": "continuous", "lower": 0}

    def findings(**changes: object) -> list[str]:
        document = {
            "variables": {"x": plain, "y": plain},
            "objective": {"sense": "minimize", "expression": "x"},
            "constraints": {"row": text},
        }
        document.update(changes)
        resolved, found = resolve(Formulation.from_dict(document))
        assert (resolved is None) == bool(found)
        return [finding.code for finding in found]

    for _ in range(2):  # the second time from memory
        assert findings() == []
        assert findings(variables={"x": plain}) == ["undeclared-name"]
        assert findings(variables={"x": plain}, parameters={"y": {"values": 2}}) == []
        indexed = {"x": plain, "y": {**plain, "index": ["S"]}}
        assert findings(variables=indexed, sets={"S": [1, 2]}) == ["wrong-arity"]
        assert findings(variables={"x": plain}, sets={"y": [1]}) == ["set-as-number"]


def test_trees_are_shared_under_one_policy_and_bounded() -> None:
    texts = KnownTexts(Policy())
    assert texts.relation("3*k <= 7").tree is texts.relation("3*k <= 7").tree
    long = " + ".join(["k"] * SHORT) + " <= 1"
    assert texts.relation(long).names is None
    assert texts.relation(long).tree is not texts.relation(long).tree
    assert plain_names((texts.expression("sum(k for i in S)").tree,)) is None
    before = WrittenBefore()
    trees = [texts.relation(f"{number}*k <= 7").tree for number in range(KEPT + 10)]
    assert all(before.of(tree) == write_out(tree) for tree in trees)
    assert len(before._known) <= KEPT
