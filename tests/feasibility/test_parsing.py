"""The grammar: round trips, an oracle for arithmetic, errors that point at the character, hostile texts."""

from __future__ import annotations

import re
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import expressions, families, relations

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.language.grammar.parsing import ExpressionError, parse_expression, parse_family, parse_relation
from pyrite.feasibility.language.grammar.syntax import (
    Binary,
    Expression,
    ForClause,
    Generator,
    IndexComparison,
    IndexMember,
    IndexName,
    IndexSum,
    Logical,
    NameReference,
    Negative,
    Not,
    Number,
    RelationSyntax,
    Square,
    Sum,
)
from pyrite.feasibility.language.grammar.tokens import tokenize
from pyrite.feasibility.language.grammar.unparsing import unparse
from pyrite.feasibility.policy import Policy

X, Y = NameReference("x"), NameReference("y")


@given(expressions())
def test_expressions_survive_unparse_and_parse(tree: Expression) -> None:
    assert parse_expression(unparse(tree)) == tree


@given(relations())
def test_relations_survive_unparse_and_parse(tree: RelationSyntax) -> None:
    assert parse_relation(unparse(tree)) == tree


@given(families())
def test_families_survive_unparse_and_parse(tree: ForClause) -> None:
    assert parse_family(unparse(tree)) == tree


def _value(tree: Expression) -> Fraction:
    match tree:
        case Number(value):
            return Fraction(value)
        case Negative(operand):
            return -_value(operand)
        case Square(operand):
            return _value(operand) ** 2
        case Binary(operator, left, right):
            a, b = _value(left), _value(right)
            return {"+": a + b, "-": a - b, "*": a * b}[operator] if operator != "/" else a / b
    raise AssertionError(tree)


_decimals = st.from_regex(r"[0-9]{1,3}(\.[0-9]{0,3})?|\.[0-9]{1,2}|[1-9]e-?[0-9]", fullmatch=True)
_arithmetic = st.recursive(
    _decimals,
    lambda inner: (
        st.builds(lambda a, op, b: f"{a}{op}{b}", inner, st.sampled_from(["+", "-", " * ", "/"]), inner)
        | inner.map(lambda a: f"({a})")
        | inner.map(lambda a: f"-{a}")
        | inner.map(lambda a: f"({a})**2")
    ),
    max_leaves=12,
)


@given(_arithmetic)
def test_arithmetic_means_what_python_means(text: str) -> None:
    """Precedence and exact decimals, against Python's own parser over Fractions."""
    number = re.compile(r"(?<![*0-9.e])((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e-?[0-9]+)?)")
    python = number.sub(r"F('\1')", text.replace("**2", "**TWO")).replace("TWO", "2")
    try:
        expected = eval(python, {"F": Fraction})
    except ZeroDivisionError:
        with pytest.raises(ZeroDivisionError):
            _value(parse_expression(text))
        return
    assert _value(parse_expression(text)) == expected


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("3*x", Binary("*", Number(3), X)),
        ("-x**2", Negative(Square(X))),
        ("2 * -x", Binary("*", Number(2), Negative(X))),
        ("x - y - 1", Binary("-", Binary("-", X, Y), Number(1))),
        ("x - (y - 1)", Binary("-", X, Binary("-", Y, Number(1)))),
        ("x/2*y", Binary("*", Binary("/", X, Number(2)), Y)),
        ("0.1", Number(Fraction(1, 10))),
        ("1e3", Number(1000)),
        ("x**2.0", Square(X)),
        ("x[t-1,'a b']", NameReference("x", (IndexSum("-", IndexName("t"), IndexMember(1)), IndexMember("a b")))),
        ("x[-1]", NameReference("x", (IndexMember(-1),))),
        (
            "sum(x[i] for i in I for j in J if not i == j and (i+1)*2 > 3)",
            Sum(
                NameReference("x", (IndexName("i"),)),
                (Generator("i", "I"), Generator("j", "J")),
                Logical(
                    "and",
                    Not(IndexComparison("==", IndexName("i"), IndexName("j"))),
                    IndexComparison(
                        ">",
                        IndexSum("*", IndexSum("+", IndexName("i"), IndexMember(1)), IndexMember(2)),
                        IndexMember(3),
                    ),
                ),
            ),
        ),
    ],
)
def test_trees(text: str, tree: Expression) -> None:
    assert parse_expression(text) == tree


def test_relations_and_families() -> None:
    assert parse_relation("x = 3") == parse_relation("x == 3") == RelationSyntax((X, Number(3)), ("==",))
    assert parse_relation("1 <= x <= 2") == RelationSyntax((Number(1), X, Number(2)), ("<=", "<="))
    assert parse_relation("2 >= x >= 1").operators == (">=", ">=")
    assert parse_family("p in P, t in T if t > 1") == ForClause(
        (Generator("p", "P"), Generator("t", "T")), IndexComparison(">", IndexName("t"), IndexMember(1))
    )


def test_nodes_know_their_place() -> None:
    text = "3*x + sum(make[p, t] for p in P) - -y**2"
    tree = parse_expression(text)
    seen = {}
    todo: list[object] = [tree]
    while todo:
        node = todo.pop()
        for name in ("left", "right", "operand", "body"):
            if hasattr(node, name):
                todo.append(getattr(node, name))
        seen[text[node.at : node.end]] = type(node).__name__  # type: ignore[attr-defined]
    assert seen == {
        text: "Binary",
        "3*x + sum(make[p, t] for p in P)": "Binary",
        "3*x": "Binary",
        "3": "Number",
        "x": "NameReference",
        "sum(make[p, t] for p in P)": "Sum",
        "make[p, t]": "NameReference",
        "-y**2": "Negative",
        "y**2": "Square",
        "y": "NameReference",
    }


# Text, code, the characters that are pointed at, a part of the hint.
EXPRESSION_ERRORS = [
    ("  ", "empty-expression", "", "write"),
    ("2x", "implicit-product", "x", "2*x"),
    ("2(x+1)", "implicit-product", "(", "2*(...)"),
    ("(x+1)(y+1)", "missing-operator", "(", "*"),
    ("x y", "missing-operator", "y", "x*y"),
    ("x sum(y[i] for i in I)", "missing-operator", "sum", "*"),
    ("x^2", "caret", "^", "x**2"),
    ("x**3", "bad-power", "3", "**2"),
    ("x**20", "bad-power", "20", "**2"),
    ("x**y", "bad-power", "y", "**2"),
    ("x**2**2", "bad-power", "**", "**2"),
    ("3*+x", "missing-operand", "+", "leave the + away"),
    ("x +", "missing-operand", "", ""),
    ("x * / y", "missing-operand", "/", "both"),
    ("()", "missing-operand", ")", "number or name"),
    ("(x + 1", "unbalanced-parenthesis", "(", ")"),
    ("x + 1)", "unbalanced-parenthesis", ")", "remove"),
    ("x[i", "unbalanced-parenthesis", "", "]"),
    ("x]", "unbalanced-parenthesis", "]", "remove"),
    ("x['a", "unclosed-quote", "'a", "'"),
    ("f(x)", "unknown-function", "f", "f[i]"),
    ("abs(x)", "unknown-function", "abs", "*"),
    ("x // 2", "bad-operator", "//", "/"),
    ("x ≤ 2", "unicode-operator", "≤", "<="),
    ("2·x", "unicode-operator", "·", "*"),
    ("x − 1", "unicode-operator", "−", "-"),
    ("x_{1}", "bad-character", "{", "[ ]"),
    ("x # comment", "expression-comment", "# comment", "away"),
    ("1,000*x", "thousands-separator", ",", "1200"),
    ("'bread'", "bad-character", "'bread'", "quote"),
    ("x <= 3", "unexpected-relation", "<=", "constraints"),
    ("x for i in I", "misplaced-word", "for", "sum"),
    ("in + 1", "misplaced-word", "in", "another name"),
    ("x[i][j]", "bad-index", "[", "x[i,j]"),
    ("(x)[i]", "bad-index", "[", "x[i,j]"),
    ("x[]", "bad-index", "]", "index"),
    ("x[1.5]", "bad-index", "1.5", "whole"),
    ("x[white bread]", "bad-index", "bread", "quote"),
    ("x[-t]", "bad-index", "t", "0 - t"),
    ("x['\\n']", "bad-index", "'\\n'", "\\\\"),
    ("sum x[i]", "bad-sum", "sum", "for i in I"),
    ("sum(x)", "bad-sum", ")", "for i in I"),
    ("sum(x[i,j] for i in I, j in J)", "bad-sum", ",", "for j in J"),
    ("sum(x[i] for i in I if i > 1 for j in J)", "bad-sum", "for", "and"),
    ("sum(x[i] for i in range(3))", "bad-for", "(", "declare"),
    ("sum(x[i] for i in 1..3)", "bad-for", "1.", "declare"),
    ("sum(x[i] for (i,j) in A)", "bad-for", "(", "i in I"),
    ("sum(x[i] for i = 1)", "bad-for", "=", "in I"),
    ("sum(x[i] for i in I if i)", "bad-condition", ")", "i != j"),
    ("sum(x[i] for i in I if 1 < i < 3)", "bad-condition", "<", "and"),
    ("1e999999999*x", "literal-too-long", "1e999999999", "round"),
    ("1" * 41 + "*x", "literal-too-long", "1" * 41, "round"),
    ("(" * 65 + "x" + ")" * 65, "expression-too-deep", "x", "parentheses"),
]


@pytest.mark.parametrize(("text", "code", "pointed", "hint"), EXPRESSION_ERRORS)
def test_errors_point_at_the_character(text: str, code: str, pointed: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    finding = caught.value.finding
    assert (finding.code, text[finding.at : finding.end]) == (code, pointed), finding
    assert hint in finding.hint


@pytest.mark.parametrize(
    ("text", "code", "pointed"),
    [
        ("x < 3", "strict-inequality", "<"),
        ("x > 3", "strict-inequality", ">"),
        ("1 <= x < 3", "strict-inequality", "<"),
        ("x => 3", "relation-spelling", "=>"),
        ("x =< 3", "relation-spelling", "=<"),
        ("x != 3", "bad-operator", "!="),
        ("x", "no-relation", "x"),
        ("1 <= x >= 0", "bad-chain", ">="),
        ("1 == x == 1", "bad-chain", "=="),
        ("1 <= x <= 2 <= 3", "bad-chain", "<="),
        ("<= 3", "missing-operand", "<="),
        ("x <= ", "missing-operand", ""),
        ("x <= 3; y <= 2", "bad-character", ";"),
    ],
)
def test_errors_of_relations(text: str, code: str, pointed: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_relation(text)
    finding = caught.value.finding
    assert (finding.code, text[finding.at : finding.end]) == (code, pointed), finding
    assert finding.hint


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("for p in P", "for"),
        ("p in P for t in T", "for"),
        ("p", ""),
        ("t in 1..3", "1."),
        ("(p,t) in A", "("),
        ("p P", "P"),
    ],
)
def test_errors_of_families(text: str, pointed: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_family(text)
    finding = caught.value.finding
    assert (finding.code, text[finding.at : finding.end]) == ("bad-for", pointed)


@given(st.text(st.sampled_from("xyi 12.e()[],*+-/^<>=!'\"\\forsuminnotad&|≤"), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No other exception, and a finding that lies inside the text."""
    for parse in (parse_expression, parse_relation, parse_family):
        try:
            tree = parse(text)
        except ExpressionError as error:
            finding = error.finding
            assert finding.at is not None
            assert finding.end is not None
            assert 0 <= finding.at <= finding.end <= len(text)
            assert finding.message
        else:
            assert unparse(tree)


@given(st.text(max_size=60))
def test_tokens_cover_the_text(text: str) -> None:
    tokens = tokenize(text)
    place = 0
    for token in tokens:
        assert text[place : token.at].isspace() or place == token.at
        assert text[token.at : token.end] == token.text
        place = token.end
    assert tokens[-1].kind == "bad" or place == len(text)


HOSTILE = {
    "long sum": "+".join(["x"] * 50_000),
    "long product": "*".join(["x"] * 50_000),
    "parentheses": "(" * 100_000,
    "closing": ")" * 100_000,
    "minuses": "-" * 100_000,
    "nots": "sum(x for i in I if " + "not " * 20_000,
    "condition parentheses": "sum(x for i in I if " + "(" * 90_000,
    "brackets": "x[" * 50_000,
    "quotes": "x['" * 30_000,
    "backslashes": "x['" + "\\" * 99_000,
    "sums": "sum(" * 25_000,
    "digits": "1" * 100_000,
    "dots": "1." * 50_000,
    "powers": "x" + "**2" * 30_000,
    "spaces": " " * 100_000,
    "conditions": "sum(x for i in I if " + " and ".join(["(i) == 1"] * 7_000) + ")",
    "indices": "x[" + ",".join(["(i+1)"] * 15_000) + "]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_little_time(name: str) -> None:
    """Up to 100,000 characters; anything quadratic would take minutes."""
    text = HOSTILE[name]
    assert len(text) <= 100_000
    start = time.process_time()
    try:
        tree = parse_expression(text)
    except ExpressionError:
        pass
    else:
        written = unparse(tree)
        assert unparse(parse_expression(written, Policy(max_expression_chars=10**6))) == written
    assert time.process_time() - start < 20


def test_the_deepest_policy_can_still_be_parsed() -> None:
    deepest = Policy(max_nesting=150)
    for text in ("(" * 150 + "x" + ")" * 150, "-" * 150 + "x", "-(" * 75 + "x" + ")" * 75):
        assert unparse(parse_expression(text, deepest))
    sums = "sum(" * 150 + "x" + " for i in I)" * 150
    assert parse_expression(unparse(parse_expression(sums, deepest)), deepest) == parse_expression(sums, deepest)
    with pytest.raises(PyriteError, match="max_nesting"):
        Policy(max_nesting=151)


def test_too_long_a_text_is_not_looked_at() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression("x" * 50_000_000)
    assert caught.value.finding.code == "expression-too-long"


def test_unparse_writes_what_has_no_decimal_as_a_quotient() -> None:
    assert unparse(Binary("*", Number(Fraction(1, 3)), X)) == "(1/3)*x"
    assert unparse(Binary("*", Number(-2), X)) == "(-2)*x"
