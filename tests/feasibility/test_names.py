"""Names, indices and members: every message where it belongs, all problems at once, and nothing written out."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import conditions, indices

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.language.document.reading import MAX_FINDINGS
from pyrite.feasibility.language.formulation import Constraint, Data, Formulation, Objective, Parameter, Variable
from pyrite.feasibility.language.grammar import syntax as s
from pyrite.feasibility.language.grammar.unparsing import unparse
from pyrite.feasibility.language.names import check_data, resolve
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import compile_program
from pyrite.feasibility.verdict import Finding

BASE: dict[str, Any] = {
    "sets": {"P": ["bread", "cake"], "T": [1, 2, 3], "S": ["a", "b"], "M": ["a", 1], "W": ["1", "white bread"]},
    "parameters": {
        "profit": {"index": ["P"], "values": {"bread": 3, "cake": 5}},
        "hours": {"values": 40},
        "grid": {"index": ["P", "T"], "values": {"bread": {"1": 1, "2": 2, "3": 3}, "cake": {}}},
    },
    "variables": {
        "make": {"index": ["P", "T"], "domain": "integer", "lower": 0},
        "stock": {"index": ["T"], "domain": "continuous", "lower": 0},
        "w": {"index": ["W"], "domain": "continuous", "lower": 0},
        "x": {"domain": "continuous", "lower": 0},
    },
    "objective": {"sense": "maximize", "expression": "x"},
    "constraints": {},
}


def findings_of(change: dict[str, Any] | None = None, data: dict[str, Any] | None = None) -> list[Finding]:
    document = {**copy.deepcopy(BASE), **(change or {})}
    given = Data() if data is None else Data.from_dict(data)
    resolved, findings = resolve(Formulation.from_dict(document), given)
    assert (resolved is None) == bool(findings)
    return findings


def constraint(text: str, over: str | None = None) -> list[Finding]:
    return findings_of({"constraints": {"c": text if over is None else {"for": over, "expression": text}}})


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("make[bread,1] <= hours", None),
        ("make['bread',1] <= hours", None),
        ("w['1'] + w['white bread'] <= 1", None),
        ("sum(profit[p]*make[p,t] for p in P for t in T if t > 1 and p != cake) <= 3", None),
        ("stock[t] == stock[t-1] + sum(make[p,t] for p in P)", "t in T if t > 1"),
        ("t*stock[t] <= 3", "t in T"),
        ("sum(stock[t] for t in T if t == k) <= 3", "k in T"),
        ("sum(make[p,1] for p in P if p == 'bread' or bread == p) <= 3", None),
        ("sum(make[p,1] for p in P) + sum(make[p,2] for p in P) <= 3", None),
        ("0 <= sum(make[p,1] for p in P) <= hours*2", None),
        ("make[bread,4-1] <= 3", None),
        ("stock[t] <= 3", "t in T if (t+1)*2 >= 4 and not (t == 2)"),
        ("sum(stock[t] for i in S for t in T if i != j) <= 3", "j in S"),
        ("x <= grid[p,1]", "p in P if p == bread"),
        ("x <= sum(hours for m in M if m == 1)", None),
    ],
)
def test_right_uses_pass(text: str, over: str | None) -> None:
    assert constraint(text, over) == []


WRONG = [
    ("y <= 3", None, "undeclared-name", "y", "declare"),
    ("hour <= x", None, "undeclared-name", "hour", "'hours'"),
    ("X <= 3", None, "undeclared-name", "X", "'x'"),
    ("P <= x", None, "set-as-number", "P", "in P"),
    ("make[bread] <= 3", None, "wrong-arity", "make[bread]", "make[p,t]"),
    ("make <= 3", None, "wrong-arity", "make", "make[p,t]"),
    ("x[1] <= 3", None, "wrong-arity", "x[1]", "write x"),
    ("t[1] + stock[t] <= 3", "t in T", "wrong-arity", "t[1]", "write t"),
    ("make[bred,1] <= 3", None, "unknown-member", "bred", "'bread'"),
    ("make['bred',1] <= 3", None, "unknown-member", "'bred'", "'bread'"),
    ("make[bread,4] <= 3", None, "unknown-member", "4", "member of the set"),
    ("make[bread,'1'] <= 3", None, "unknown-member", "'1'", "without quotes"),
    ("w[1] <= 3", None, "unknown-member", "1", "'1' in quotes"),
    ("make[P,1] <= 3", None, "unknown-member", "P", "for i in P"),
    ("make[bread,hours] <= 3", None, "unknown-member", "hours", "a parameter"),
    ("make[q,1] <= 3", None, "unknown-member", "q", "bind it"),
    ("make[t,p] <= 3", "p in P, t in T", "wrong-set", "t", "order"),
    ("make[s,1] <= 3", "s in S", "wrong-set", "s", "order"),
    ("p*x <= make[p,1]", "p in P", "index-not-a-number", "p", "parameter over the set"),
    ("make[p-1,1] <= 3", "p in P", "index-not-a-number", "p", "whole"),
    ("make[bread,q-1] <= 3", None, "index-not-a-number", "q", "bind"),
    ("stock['a'-1] <= 3", None, "index-not-a-number", "'a'", "whole"),
    ("m*x <= 3", "m in M", "index-not-a-number", "m", "parameter over the set"),
    ("make[p,1] <= 3", "p in P if p > 1", "comparison-type", "p > 1", "== or !="),
    ("make[p,1] <= 3", "p in P if p == 1", "comparison-type", "p == 1", "same set"),
    ("make[p,1] <= 3", "p in P if p == bred", "unknown-member", "bred", "'bread'"),
    ("make[p,1] <= 3", "p in P if 'bred' != p", "unknown-member", "'bred'", "'bread'"),
    ("stock[t] <= 3", "t in T if t > hours", "unknown-member", "hours", "a parameter"),
    ("stock[t] <= 3", "t in T if bread == cake", "undeclared-name", "bread", "quote"),
    ("stock[t] <= 3", "t in U", "undeclared-set", "t in U", "declare"),
    ("stock[t] <= 3", "t in x", "undeclared-set", "t in x", ""),
    ("stock[x] <= 3", "x in T", "shadowed-name", "x in T", "another name"),
    ("sum(stock[t] for t in T) <= stock[t]", "t in T", "shadowed-name", "t in T", "another name"),
    ("sum(make[t,t] for t in T for t in P) <= 3", None, "shadowed-name", "t in P", "another name"),
    ("x <= x <= 3", None, "chain-with-variables", "x", "two constraints"),
    ("0 <= x <= sum(stock[t] for t in T)", None, "chain-with-variables", "stock[t]", "two constraints"),
    ("x < 3", None, "strict-inequality", "<", "<="),
    ("stock[t] <= 3", "t in 1..3", "bad-for", "1.", "declare"),
]


@pytest.mark.parametrize(("text", "over", "code", "pointed", "hint"), WRONG)
def test_wrong_uses_are_found_where_they_stand(text: str, over: str | None, code: str, pointed: str, hint: str) -> None:
    found = constraint(text, over)
    finding = next(finding for finding in found if finding.code == code)
    assert {other.code for other in found} - {code} <= {"wrong-set"}
    source = over if finding.where.endswith("/for") else text
    assert source is not None
    assert source[finding.at : finding.end] == pointed
    assert hint in finding.hint
    assert finding.where.startswith("/constraints/c")


def variable(**change: Any) -> dict[str, Any]:
    return {"variables": {**BASE["variables"], **change}}


def parameter(**change: Any) -> dict[str, Any]:
    return {"parameters": {**BASE["parameters"], **change}}


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        (variable(sum={"domain": "binary"}), "reserved-name", "/variables/sum"),
        (variable(P={"domain": "binary"}), "duplicate-name", "/variables/P"),
        (variable(hours={"domain": "binary"}), "duplicate-name", "/variables/hours"),
        (parameter(T={"values": 1}), "duplicate-name", "/parameters/T"),
        (variable(v={"domain": "binary", "index": ["P", "Q"]}), "undeclared-set", "/variables/v/index/1"),
        (variable(v={"domain": "binary", "index": ["hours"]}), "undeclared-set", "/variables/v/index/0"),
        (parameter(v={"index": ["Q"], "values": {}}), "undeclared-set", "/parameters/v/index/0"),
        (parameter(v={"index": ["P"], "values": {"bred": 1}}), "unknown-key-member", "/parameters/v/values/bred"),
        (
            parameter(v={"index": ["P", "T"], "values": {"cake": {"1": 1, "9": 1}}}),
            "unknown-key-member",
            "/parameters/v/values/cake/9",
        ),
        (parameter(v={"index": ["P"], "values": 3}), "values-shape", "/parameters/v/values"),
        (parameter(v={"values": {"bread": 3}}), "values-shape", "/parameters/v/values"),
        (parameter(v={"index": ["P"], "values": {"bread": {"1": 2}}}), "values-shape", "/parameters/v/values/bread"),
        (parameter(v={"index": ["P", "T"], "values": {"bread": 1}}), "values-shape", "/parameters/v/values/bread"),
        ({"sets": {**BASE["sets"], "D": [1, 2, 1]}}, "duplicate-member", "/sets/D/2"),
        ({"sets": {**BASE["sets"], "D": [1, "1"]}}, "duplicate-member", "/sets/D/1"),
    ],
)
def test_wrong_declarations(change: dict[str, Any], code: str, where: str) -> None:
    (finding,) = findings_of(change)
    assert (finding.code, finding.where) == (code, where)
    assert finding.hint


def test_all_problems_are_reported_in_order() -> None:
    text = "y + make[bread] + make[bred,7] + P + y <= 3"
    found = findings_of(
        {"objective": {"sense": "maximize", "expression": "2x"}, "constraints": {"a": text, "b": "x < 1"}}
    )
    assert [(finding.where, finding.code) for finding in found] == [
        ("/objective/expression", "implicit-product"),
        ("/constraints/a", "undeclared-name"),
        ("/constraints/a", "wrong-arity"),
        ("/constraints/a", "unknown-member"),
        ("/constraints/a", "unknown-member"),
        ("/constraints/a", "set-as-number"),
        ("/constraints/b", "strict-inequality"),
    ]


def test_the_number_of_findings_is_bounded() -> None:
    assert len(findings_of({"constraints": {str(i): "y <= 3" for i in range(500)}})) == MAX_FINDINGS
    assert len(constraint(" + ".join(f"y{i}" for i in range(5_000)) + " <= 3")) == MAX_FINDINGS


def test_suggestions_cost_little_however_much_is_wrong() -> None:
    """Thousands of unknown names beside hundreds of known ones: only what is reported is worked out."""
    many = {f"quantity_of_product_{i}": {"domain": "binary"} for i in range(300)}
    unknown = [f"quantity_of_produkt_{i}" for i in range(2_500)]
    change: dict[str, Any] = {
        "variables": {**many, **{f"v{i}": {"domain": "binary", "index": [unknown[i]]} for i in range(1_000)}},
        "parameters": {"c": {"index": ["P"], "values": dict.fromkeys(unknown, 1)}},
        "sets": {**BASE["sets"], **{f"quantity_of_product_in_{i}": [] for i in range(300)}},
        "objective": {"sense": "maximize", "expression": " + ".join(unknown)},
        "constraints": {
            str(i): {"for": ", ".join(f"i{j} in {name}" for j, name in enumerate(unknown)), "expression": text}
            for i, text in enumerate([" + ".join(unknown) + " <= 1"] * 3)
        },
    }
    start = time.perf_counter()
    assert len(findings_of(change)) == MAX_FINDINGS
    for key in ("variables", "parameters", "constraints"):
        assert len(findings_of({key: change[key]})) == MAX_FINDINGS
    assert time.perf_counter() - start < 20


DATA = {"sets": {"K": ["k1", "k2"]}, "parameters": {"cost": {"index": ["K"], "values": {"k1": 1, "k2": 2}}}}


def test_data_of_the_problem_is_there_without_being_restated() -> None:
    uses = {"constraints": {"c": "sum(cost[k]*x for k in K) <= 3"}}
    assert findings_of(uses, DATA) == []
    resolved, _ = resolve(Formulation.from_dict({**BASE, **uses}), Data.from_dict(DATA))
    assert resolved is not None
    assert resolved.sets["K"] == ("k1", "k2")
    assert resolved.parameters["cost"].value_at(("k2",)) == 2


def test_restating_data_identically_is_fine() -> None:
    sets = {**BASE["sets"], "K": ["k2", "k1"]}
    parameters = {**BASE["parameters"], "cost": {"index": ["K"], "values": {"k2": 2.0, "k1": 1}}}
    assert findings_of({"sets": sets, "parameters": parameters}, DATA) == []


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"sets": {**BASE["sets"], "K": ["k1"]}}, "conflicting-data", "/sets/K"),
        (parameter(cost={"index": ["K"], "values": {"k1": 1, "k2": 3}}), "conflicting-data", "/parameters/cost"),
        (parameter(cost={"values": 3}), "conflicting-data", "/parameters/cost"),
        (variable(cost={"domain": "binary"}), "duplicate-name", "/variables/cost"),
        (variable(K={"domain": "binary"}), "duplicate-name", "/variables/K"),
        (parameter(K={"values": 1}), "duplicate-name", "/parameters/K"),
    ],
)
def test_restating_data_differently_is_not(change: dict[str, Any], code: str, where: str) -> None:
    assert (code, where) in [(finding.code, finding.where) for finding in findings_of(change, DATA)]


@pytest.mark.parametrize(
    "data",
    [
        {"sets": {"K": [1, 1]}},
        {"parameters": {"cost": {"index": ["K"], "values": {}}}},
        {"sets": {"K": [1]}, "parameters": {"cost": {"index": ["K"], "values": {"2": 1}}}},
        {"sets": {"sum": [1]}},
    ],
)
def test_wrong_data_is_not_blamed_on_the_output(data: dict[str, Any]) -> None:
    assert check_data(Data.from_dict(data))
    with pytest.raises(PyriteError, match="the problem's data is wrong"):
        findings_of({}, data)


def test_data_is_checked_once() -> None:
    """A table of 200 x 200 takes its time once, not for every output."""
    members = list(range(200))
    values = {str(i): {str(j): 1 for j in members} for i in members}
    data = Data.from_dict({"sets": {"A": members}, "parameters": {"big": {"index": ["A", "A"], "values": values}}})
    formulation = Formulation.from_dict(BASE)
    assert resolve(formulation, data)[1] == []
    start = time.perf_counter()
    for _ in range(200):
        resolve(formulation, data)
    assert time.perf_counter() - start < 4


def test_a_billion_combinations_are_not_written_out() -> None:
    members = list(range(1_000))
    document = {
        "sets": {"A": members},
        "variables": {"x": {"domain": "binary", "index": ["A", "A", "A"]}},
        "objective": {"sense": "minimize", "expression": "sum(x[i,j,k] for i in A for j in A for k in A)"},
        "constraints": {"c": {"for": "i in A, j in A, k in A", "expression": "x[i,j,k] <= 1"}},
    }
    start = time.perf_counter()
    resolved, findings = resolve(Formulation.from_dict(document))
    assert findings == []
    assert resolved is not None
    assert time.perf_counter() - start < 2


def test_long_chains_are_walked_without_recursion() -> None:
    assert constraint(" + ".join(["x"] * 20_000) + " <= 3") == []
    assert constraint("stock[t] <= 3", "t in T if " + " and ".join(["t > 1"] * 8_000)) == []
    assert constraint("stock[" + " + ".join(["t"] * 20_000) + "] <= 3", "t in T") == []
    assert constraint("0 <= x <= " + " + ".join(["1"] * 20_000)) == []


def test_feasibility_has_no_objective() -> None:
    resolved, _ = resolve(Formulation.from_dict({**BASE, "objective": {"sense": "feasibility"}}))
    assert resolved is not None
    assert (resolved.sense, resolved.objective) == ("feasibility", None)


# What resolves must be fit for the next stage: written out, only what depends on combinations may be wrong.

_index = indices().map(lambda tree: _renamed(tree))
_condition = conditions().map(lambda tree: _renamed(tree))


def _renamed(tree: Any) -> Any:
    """The same tree over the few names of the formulation below, so that a good part of all trees resolves."""
    match tree:
        case s.IndexName(name):
            return s.IndexName("pt"[len(name) % 2])
        case s.IndexMember(member):
            return s.IndexMember(member % 4 if isinstance(member, int) else ["bread", "cake"][len(member) % 2])
        case (
            s.IndexSum(operator, left, right)
            | s.IndexComparison(operator, left, right)
            | s.Logical(operator, left, right)
        ):
            return type(tree)(operator, _renamed(left), _renamed(right))
        case s.Not(operand):
            return s.Not(_renamed(operand))
    raise AssertionError(tree)


_p = st.sampled_from([s.IndexName("p"), s.IndexName("bread"), s.IndexMember("cake")])
_t = st.sampled_from([s.IndexName("t"), s.IndexMember(2), s.IndexSum("-", s.IndexName("t"), s.IndexMember(1))])
_references = (
    st.builds(lambda i, j: s.NameReference("make", (i, j)), _p, _t | _index)
    | st.builds(lambda i: s.NameReference("profit", (i,)), _p)
    | st.sampled_from([s.NameReference(name) for name in ("x", "hours", "t")])
)


def _sum(body: s.Expression, condition: s.Condition | None) -> s.Expression:
    use = s.NameReference("profit", (s.IndexName("q"),))
    return s.Sum(s.Binary("*", body, use), (s.Generator("q", "P"),), condition)


_bodies = st.recursive(
    _references | st.builds(s.Number, st.integers(0, 9)),
    lambda inner: (
        st.builds(s.Binary, st.sampled_from("+-*/"), inner, inner)
        | st.builds(s.Negative, inner)
        | st.builds(_sum, inner, st.none() | _condition)
    ),
    max_leaves=5,
)
_families = st.builds(s.ForClause, st.just((s.Generator("p", "P"), s.Generator("t", "T"))), st.none() | _condition)
_used = s.NameReference("make", (s.IndexName("p"), s.IndexName("t")))


@given(_bodies, _families)
def test_what_resolves_can_be_compiled(body: s.Expression, family: s.ForClause) -> None:
    formulation = Formulation(
        variables={"make": Variable("integer", 0, 9, ("P", "T")), "x": Variable("continuous", 0)},
        objective=Objective("feasibility"),
        constraints={"c": Constraint(unparse(s.Binary("+", _used, body)) + " <= 3", unparse(family))},
        sets={"P": ("bread", "cake"), "T": (1, 2, 3)},
        parameters={"profit": Parameter({"bread": 3, "cake": 0}, ("P",)), "hours": Parameter(40)},
    )
    resolved, findings = resolve(formulation)
    if resolved is None:
        assert findings
        return
    program, findings = compile_program(resolved, Policy())
    of_combinations = {"outside-set", "missing-value", "division-by-zero", "division-by-variable", "nonlinear"}
    assert {finding.code for finding in findings} <= of_combinations
    assert (program is None) == bool(findings)
