"""Formulations as mathematics, aligned with the reference."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.language.mathematics import MAX_TOKENS, Writer, rows_of
from pyrite.reports.pages.aligning import PLAIN, AligningReader, align, canonical, canonical_expression, scalars
from pyrite.reports.pages.formulas import differing, html_of

FACTORY = Formulation.from_dict(
    {
        "sets": {"P": ["bread", "cake"], "T": [1, 2, 3]},
        "parameters": {"profit": {"index": ["P"], "values": {"bread": 3, "cake": 5}}, "hours": {"values": 40}},
        "variables": {
            "make": {"index": ["P", "T"], "domain": "integer", "lower": 0, "upper": 50},
            "stock": {"index": ["P", "T"], "domain": "continuous", "lower": None},
            "open": {"domain": "binary"},
        },
        "objective": {"sense": "maximize", "expression": "sum(profit[p]*make[p,t] for p in P for t in T) - 2*open"},
        "constraints": {
            "labor": {"for": "t in T", "expression": "sum(make[p,t] for p in P) <= hours"},
            "balance": {"for": "p in P, t in T if t > 1", "expression": "stock[p,t] == stock[p,t-1] + make[p,t]"},
        },
    }
)


def plain(text: str) -> str:
    return "".join(sign.text + (f"[{sign.below}]" if sign.below else "") for sign in Writer().objective(text))


def test_a_formulation_line_by_line():
    assert [(row.kind, row.key, row.plain()) for row in rows_of(FACTORY)] == [
        ("objective", "objective", "maximize ∑(p ∈ P, t ∈ T) profit[p] · make[p,t] − 2 open"),
        ("constraint", "labor", "∑(p ∈ P) make[p,t] ≤ hours   for all t ∈ T"),
        ("constraint", "balance", "stock[p,t] = stock[p,t−1] + make[p,t]   for all p ∈ P, t ∈ T, t > 1"),
        ("variable", "make", "0 ≤ make[P,T] ≤ 50, whole"),
        ("variable", "stock", "stock[P,T], real, unbounded"),
        ("variable", "open", "open, 0 or 1"),
        ("set", "P", "P = {bread, cake}"),
        ("set", "T", "T = {1, 2, 3}"),
        ("parameter", "profit", "profit[P] = bread: 3, cake: 5"),
        ("parameter", "hours", "hours = 40"),
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a - (b - c)", "a−(b−c)"),
        ("a - b - c", "a−b−c"),
        ("(a + b)*c", "(a+b)·c"),
        ("a/(b*c)", "a / (b·c)"),
        ("-(a + b)", "−(a+b)"),
        ("(-a)**2", "(−a)²"),
        ("-a**2", "−a²"),
        ("sum(a[i] + 1 for i in I)*b", "(∑[i ∈ I](a[i]+1))·b"),
        ("b*sum(a[i] for i in I if i != 2 and not i == 3)", "b·∑[i ∈ I, i ≠ 2 and not (i = 3)]a[i]"),
    ],
)
def test_parentheses_stand_where_they_are_needed(text, shown):
    assert plain(text) == shown


def test_what_is_hostile_or_broken_is_text():
    assert "<script>" not in html_of("<script> <= 3")
    assert "&lt;script&gt;" in html_of("<script> <= 3")
    assert html_of("x >= 9,000") == html_of("x >= 9000").replace("9000", "9,000")


def test_a_long_chain_is_cut_and_does_not_recurse():
    text = " + ".join(f"x{i}" for i in range(10_000))
    signs = Writer().objective(text)
    assert len(signs) == MAX_TOKENS + 1
    assert signs[-1].text == "…"
    assert canonical(f"{text} <= 3") is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2*x + 4*y <= 120", "120 >= 4*y + 2*x"),
        ("2*x + 4*y <= 120", "x + 2*y - 60 <= 0"),
        ("x + x >= 6", "-2*x <= -6"),
        ("x == y", "y == x"),
        ("Make_Bread <= 3", "make_bread <= 3"),
        ("a*x <= 3", "2*x <= 3"),
        ("(x - y) - (x - 2*y) <= 3", "y <= 3"),
        ("x/2 <= 3", "x <= 6"),
        ("0 <= x <= 5", "0 <= x <= 5.0"),
    ],
)
def test_the_same_relation_written_otherwise_is_the_same(one, other):
    assert canonical(one, AligningReader({"a": 2})) == canonical(other, AligningReader({"a": 2})) is not None


@pytest.mark.parametrize(
    ("one", "other"), [("x <= 3", "x >= 3"), ("x <= 3", "x == 3"), ("x + y <= 3", "x - y <= 3"), ("x <= 3", "x <= 4")]
)
def test_different_relations_are_different(one, other):
    assert canonical(one) != canonical(other)


@given(st.lists(st.tuples(st.integers(-9, 9), st.sampled_from("xyz")), min_size=1, max_size=6), st.integers(1, 7))
def test_scaling_and_moving_terms_keeps_the_meaning(terms, scale):
    left = " + ".join(f"({c})*{name}" for c, name in terms)
    scaled = " + ".join(f"({c * scale})*{name}" for c, name in reversed(terms))
    if all(sum(c for c, other in terms if other == name) == 0 for name in "xyz"):
        return  # no unknown is left: nothing to scale by
    assert canonical(f"{left} <= 5") == canonical(f"0 <= {5 * scale} - ({scaled})")
    assert canonical_expression(left) == canonical_expression(" + ".join(reversed(left.split(" + "))))


def small(**constraints: str) -> Formulation:
    return Formulation.from_dict(
        {
            "variables": {"x": {"domain": "integer", "lower": 0}, "y": {"domain": "integer", "lower": 0}},
            "objective": {"sense": "maximize", "expression": "3*x + 5*y"},
            "constraints": constraints,
        }
    )


def test_lines_are_paired_by_name_and_by_content():
    reference = rows_of(small(oven="2*x + 4*y <= 120", shelf="x + y <= 50", contract="x >= 10"))
    ours = rows_of(small(shelf="x + y <= 40", heat="4*y + 2*x <= 120", spare="y <= 7*x"))
    lines = [line for line in align(reference, [ours]) if line.kind == "constraint"]
    marks = {line.key: (line.cells[0].row.key, line.cells[0].mark) if line.cells[0] else None for line in lines}
    assert marks == {
        "oven": ("heat", "same"),
        "shelf": ("shelf", "different"),
        "contract": None,
        "spare": ("spare", "extra"),
    }
    different = next(line.cells[0] for line in lines if line.key == "shelf")
    assert different.html.count("<mark>") == 1
    assert "40</span></mark>" in different.html


def test_a_scalar_parameter_counts_as_its_number():
    with_parameter = Formulation.from_dict(
        {**small(oven="2*x <= hours").to_dict(), "parameters": {"hours": {"values": 9}}}
    )
    lines = align(
        rows_of(small(oven="2*x <= 9")), [rows_of(with_parameter)], PLAIN, [AligningReader(scalars(with_parameter))]
    )
    assert next(line for line in lines if line.key == "oven").cells[0].mark == "same"
    assert scalars(with_parameter) == {"hours": 9}


def test_renamed_variables_that_stage_9_matched_are_the_same():
    ours = Formulation.from_dict(
        {
            "variables": {"a": {"domain": "integer", "lower": 0}, "b": {"domain": "integer", "lower": 0}},
            "objective": {"sense": "maximize", "expression": "5*b + 3*a"},
            "constraints": {"heat": "a + 2*b <= 60"},
        }
    )
    reader = AligningReader(renames={"a": "x", "b": "y"})
    lines = align(rows_of(small(oven="2*x + 4*y <= 120")), [rows_of(ours)], PLAIN, [reader])
    assert [line.cells[0].mark for line in lines] == ["same"] * 4
    assert [line.cells[0].row.key for line in lines] == ["objective", "heat", "a", "b"]


def test_without_a_reference_nothing_is_extra_or_missing():
    lines = align([], [rows_of(small(oven="x <= 3")), None])
    assert all(line.reference is None and line.cells[0].mark == "" and line.cells[1] is None for line in lines)


def test_differing_signs_are_found_once():
    writer = Writer()
    assert differing(writer.objective("2*x + 3*y"), writer.objective("2*x + 4*y")) == frozenset({4})
    assert differing(writer.objective("x"), writer.objective("x")) == frozenset()


def test_fractions_are_shown_as_decimals():
    assert plain("0.5*x") == "0.5\u202fx"
    assert canonical("0.5*x <= 1") == canonical("x <= 2", AligningReader({"k": Fraction(1, 3)}))
