"""The grammar: expressions, relations and the ``for`` of a constraint family, from text to syntax tree.

Written by hand, without ``eval`` or ``ast``: time is linear in the text, nesting is counted and bounded, and every
error points at a character and says what to write instead. The first error of a text is reported; other texts go on.

Grammar (``docs/language.md`` says the same with examples)::

    relation   = expression ("<=" | ">=" | "==" | "=") expression
               | expression "<=" expression "<=" expression  |  expression ">=" expression ">=" expression
    expression = term {("+" | "-") term}
    term       = factor {("*" | "/") factor}
    factor     = {"-"} primary ["**" "2"]
    primary    = number | name | name "[" index {"," index} "]" | "(" expression ")"
               | "sum" "(" expression generators ")"
    generators = "for" name "in" name {"for" name "in" name} ["if" condition]
    family     = name "in" name {"," name "in" name} ["if" condition]
    condition  = conjunct {"or" conjunct}
    conjunct   = {"not"} test {"and" {"not"} test}
    test       = index ("==" | "=" | "!=" | "<" | "<=" | ">" | ">=") index  |  "(" condition ")"
    index      = indexterm {("+" | "-") indexterm}
    indexterm  = indexatom {"*" indexatom}
    indexatom  = name | ["-"] whole-number | quoted-member | "(" index ")"

Chains such as ``a + b + c`` lean to the left and may be as long as the text allows: whoever walks a tree must follow
the left side of a chain in a loop. All other nesting is bounded by ``max_nesting``.
"""

from __future__ import annotations

from typing import Final

from ...policy import Policy
from .conditions import LoopParser
from .cursor import COMPARISONS, RELATIONS, ExpressionError
from .syntax import (
    Binary,
    Expression,
    ForClause,
    Generator,
    NameReference,
    Negative,
    Number,
    RelationSyntax,
    Square,
    Sum,
)
from .tokens import RESERVED

__all__ = ["ExpressionError", "parse_expression", "parse_family", "parse_relation"]

_DEFAULT: Final = Policy()


def parse_expression(text: str, policy: Policy = _DEFAULT) -> Expression:
    """The tree of an objective or of one side of a relation. Raises ExpressionError.

    >>> parse_expression("3*bread - 5") == Binary("-", Binary("*", Number(3), NameReference("bread")), Number(5))
    True
    """
    parser = _Parser(text, policy)
    expression = parser.expression()
    token = parser.token
    if token.kind == "op" and token.text in COMPARISONS:
        parser.fail(
            "unexpected-relation",
            f"an expression without {token.text!r} belongs here",
            token,
            'write only the expression; a relation belongs under "constraints"',
        )
    parser.finish()
    return expression


def parse_relation(text: str, policy: Policy = _DEFAULT) -> RelationSyntax:
    """The tree of a constraint: one relation, or a chain of two in the same direction. Raises ExpressionError.

    >>> parse_relation("10 <= x <= 20").operators
    ('<=', '<=')
    """
    parser = _Parser(text, policy)
    terms = [parser.expression()]
    operators: list[str] = []
    while parser.token.kind == "op" and parser.token.text in COMPARISONS:
        operators.append(parser.relation_operator())
        if len(operators) > 2 or (len(operators) == 2 and (operators[0] != operators[1] or operators[0] == "==")):
            parser.fail(
                "bad-chain",
                "only two relations of the same direction can be chained",
                parser.tokens[parser.place - 1],
                "write lo <= expression <= hi, or several constraints",
            )
        terms.append(parser.expression())
    parser.finish()
    if not operators:
        parser.fail(
            "no-relation",
            "a constraint needs <=, >= or ==",
            parser.token,
            "write what the expression is compared with, such as <= 40",
            at=0,
        )
    return RelationSyntax(tuple(terms), tuple(operators), at=terms[0].at, end=terms[-1].end)


def parse_family(text: str, policy: Policy = _DEFAULT) -> ForClause:
    """The tree of a constraint's ``for``: ``p in P, t in T if t > 1``. Raises ExpressionError."""
    parser = _Parser(text, policy)
    if parser.word("for"):
        parser.fail("bad-for", 'the text of "for" starts with a name', parser.token, "leave the word 'for' away")
    generators = [parser.generator()]
    while parser.take(","):
        generators.append(parser.generator())
    if parser.word("for"):
        parser.fail("bad-for", 'the parts of "for" are separated by commas', parser.token, "write p in P, t in T")
    condition = parser.optional_condition()
    parser.finish()
    return ForClause(tuple(generators), condition, at=generators[0].at, end=parser.tokens[-2].end)


class _Parser(LoopParser):
    """Recursive descent with one token of look-ahead: relations and expressions."""

    # Expressions.

    def expression(self) -> Expression:
        """Terms and factors in one loop, so that a level of parentheses costs two Python frames."""
        total: Expression | None = None
        sign = ""
        while True:
            term = self.factor()
            while self.token.kind == "op" and self.token.text in ("*", "/"):
                operator = self.advance().text
                factor = self.factor()
                term = Binary(operator, term, factor, at=term.at, end=factor.end)
            total = term if total is None else Binary(sign, total, term, at=total.at, end=term.end)
            if self.token.kind != "op" or self.token.text not in ("+", "-"):
                break
            sign = self.advance().text
        self.check_after_operand()
        return total

    def check_after_operand(self) -> None:
        """After an operand an operator, a closing sign or a word of the grammar may follow; say what is missing."""
        token, before = self.token, self.tokens[self.place - 1]
        if token.kind == "bad":
            self.fail("bad-character", "", token, "")
        if token.kind == "string" or self.word("not"):
            self.unexpected(token)
        starts = token.kind == "number" or (token.kind == "name" and token.text not in RESERVED) or self.word("sum")
        if starts or (token.kind == "op" and token.text == "("):
            code = "implicit-product" if before.kind == "number" and token.kind != "number" else "missing-operator"
            left = before.text if before.kind in ("number", "name") else "..." + before.text
            right = token.text if starts else "(...)"
            hint = f"write {left}*{right} for a product"
            if code == "implicit-product" and token.kind == "name" and token.at > before.end:
                hint += f"; leave {token.text!r} away if it is a unit"
            message = f"an operator is missing between {before.text!r} and {token.text!r}"
            self.fail(code, message, token, hint)
        if token.kind == "op" and token.text in ("**", "["):
            if token.text == "**":
                self.fail("bad-power", "a square is not squared again", token, "keep to one **2, or write (x**2)**2")
            self.unexpected_operator(token)

    def factor(self) -> Expression:
        """``{"-"} primary ["**" "2"]``; the square binds tighter than the minus."""
        minuses: list[int] = []
        while self.token.kind == "op" and self.token.text == "-":
            minuses.append(self.advance().at)
            self.deepen()
        operand = self.primary()
        if self.take("**"):
            exponent = self.token
            if exponent.kind == "end":
                self.unexpected(exponent)
            if exponent.kind != "number" or self.number(exponent) != 2:
                self.fail("bad-power", "only **2 is in the language", exponent, "write **2, or reformulate")
            self.advance()
            operand = Square(operand, at=operand.at, end=exponent.end)
        for start in reversed(minuses):
            operand = Negative(operand, at=start, end=operand.end)
        self.depth -= len(minuses)
        return operand

    def primary(self) -> Expression:
        token = self.token
        if token.kind == "number":
            self.advance()
            return Number(self.number(token), at=token.at, end=token.end)
        if token.kind == "name" and token.text not in RESERVED:
            return self.reference()
        if token.kind == "op" and token.text == "(":
            self.advance()
            self.deepen()
            inner = self.expression()
            self.depth -= 1
            self.close(token)
            return inner
        if not self.word("sum"):
            self.unexpected(token)
        return self.sum()

    def reference(self) -> Expression:
        name = self.advance()
        if self.token.kind == "op" and self.token.text == "(":
            self.fail(
                "unknown-function",
                f"{name.text!r} is not a function; sum(...) is the only one",
                name,
                f"write {name.text}[i] for an index, {name.text}*(...) for a product",
            )
        if not self.take("["):
            return NameReference(name.text, at=name.at, end=name.end)
        indices = [self.index()]
        while self.take(","):
            indices.append(self.index())
        closing = self.token
        if not self.take("]"):
            if closing.kind == "end":
                self.fail(
                    "unbalanced-parenthesis", f"the index of {name.text!r} is never closed", closing, "close it with ]"
                )
            self.fail(
                "bad-index",
                f"{closing.text!r} does not belong in the index of {name.text!r}",
                closing,
                "separate indices by commas and quote members that are not plain words: x['white bread',1]",
            )
        if self.token.kind == "op" and self.token.text == "[":
            self.fail("bad-index", "indices stand in one pair of brackets", self.token, f"write {name.text}[i,j]")
        return NameReference(name.text, tuple(indices), at=name.at, end=closing.end)

    def sum(self) -> Expression:
        word = self.advance()
        opening = self.token
        if not self.take("("):
            self.fail("bad-sum", "'sum' needs parentheses", word, "write sum(x[i] for i in I)")
        self.deepen()
        body = self.expression()
        generators: list[Generator] = []
        while self.word("for"):
            self.advance()
            generators.append(self.generator())
            if self.token.kind == "op" and self.token.text == ",":
                self.fail("bad-sum", "in a sum each loop has its own 'for'", self.token, "write for i in I for j in J")
        if not generators:
            if self.token.kind == "end":
                self.close(opening)
            self.fail("bad-sum", "a sum says what it runs over", self.token, "write sum(x[i] for i in I)")
        condition = self.optional_condition()
        if self.word("for"):
            self.fail(
                "bad-sum", "a sum has one 'if', at its end", self.token, "write for i in I for j in J if ... and ..."
            )
        self.depth -= 1
        self.close(opening)
        return Sum(body, tuple(generators), condition, at=word.at, end=self.tokens[self.place - 1].end)

    def relation_operator(self) -> str:
        token = self.advance()
        if token.text in ("<", ">"):
            self.fail(
                "strict-inequality",
                f"{token.text!r} is not a relation a solver can keep",
                token,
                f"write {token.text}=",
            )
        if token.text == "!=":
            self.fail("bad-operator", "'!=' does not describe a linear constraint", token, "write <=, >= or ==")
        return RELATIONS[token.text]
