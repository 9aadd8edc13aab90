"""The parts of the grammar that deal with indices: loops, conditions, index arithmetic, and numbers."""

from __future__ import annotations

from typing import Final

from ...policy import Policy
from ...rationals import Exact, from_decimal
from .cursor import COMPARISONS, Cursor
from .syntax import Condition, Generator, Index, IndexComparison, IndexMember, IndexName, IndexSum, Logical, Not
from .tokens import RESERVED, Token, unquote

_LOGICAL: Final = frozenset({"<=", ">=", "==", "=", "<", ">", "!=", "and", "or", "not"})


class LoopParser(Cursor):
    """Recursive descent for what follows ``for`` and ``if`` and for what stands in ``[ ]``."""

    def __init__(self, text: str, policy: Policy) -> None:
        super().__init__(text, policy)
        self._conditions: dict[int, bool] | None = None

    def close(self, opening: Token) -> None:
        """Step over the parenthesis that closes ``opening``."""
        if not self.take(")"):
            if self.token.kind == "end" or (self.token.kind == "op" and self.token.text in COMPARISONS):
                self.fail(
                    "unbalanced-parenthesis",
                    f"the parenthesis at character {opening.at + 1} is never closed",
                    opening,
                    "close it with )",
                )
            self.finish()

    def number(self, token: Token) -> Exact:
        """The exact value; digits and exponent are bounded first, because 1e999999999 is a short text."""
        limit = self.policy.max_digits
        if len(token.text) <= limit and token.text.isdigit():
            return int(token.text)
        mantissa, _, exponent = token.text.lower().partition("e")
        exponent_digits = exponent.lstrip("+-").lstrip("0")
        if sum(map(str.isdigit, mantissa)) > limit or len(exponent_digits) > 4 or int(exponent_digits or 0) > limit:
            self.fail(
                "literal-too-long",
                f"a number has at most {limit} digits and a power of ten of at most {limit}",
                token,
                "round it",
            )
        return from_decimal(token.text)

    def generator(self) -> Generator:
        """``name in set``."""
        name = self.token
        hint = "write i in I with a declared set I"
        if name.kind != "name" or name.text in RESERVED:
            self.fail("bad-for", "a name for the loop belongs here", name, hint)
        self.advance()
        if not self.word("in"):
            self.fail("bad-for", f"'in' belongs after {name.text!r}", self.token, hint)
        self.advance()
        found = self.token
        if found.kind != "name" or found.text in RESERVED:
            self.fail(
                "bad-for", "the name of a set belongs here", found, 'declare the members under "sets" and name the set'
            )
        self.advance()
        if self.token.kind == "op" and self.token.text in "([":
            self.fail("bad-for", "a loop runs over a whole set", self.token, 'declare the members under "sets"')
        return Generator(name.text, found.text, at=name.at, end=found.end)

    def optional_condition(self) -> Condition | None:
        if not self.word("if"):
            return None
        self.advance()
        return self.condition()

    def condition(self) -> Condition:
        """``or`` of ``and`` of tests, in one loop."""
        whole: Condition | None = None
        while True:
            part = self.test()
            while self.word("and"):
                self.advance()
                right = self.test()
                part = Logical("and", part, right, at=part.at, end=right.end)
            whole = part if whole is None else Logical("or", whole, part, at=whole.at, end=part.end)
            if not self.word("or"):
                return whole
            self.advance()

    def test(self) -> Condition:
        starts: list[int] = []
        while self.word("not"):
            starts.append(self.advance().at)
            self.deepen()
        found: Condition
        if self.token.kind == "op" and self.token.text == "(" and self.opens_condition():
            opening = self.advance()
            self.deepen()
            found = self.condition()
            self.depth -= 1
            self.close(opening)
        else:
            found = self.comparison()
        self.depth -= len(starts)
        for start in reversed(starts):
            found = Not(found, at=start, end=found.end)
        return found

    def opens_condition(self) -> bool:
        """Whether the parenthesis here holds a condition rather than index arithmetic (found for all in one pass)."""
        if self._conditions is None:
            self._conditions = {}
            open_places: list[int] = []
            for place, token in enumerate(self.tokens):
                if token.kind in ("op", "name"):
                    if token.text == "(":
                        open_places.append(place)
                        self._conditions[place] = False
                    elif token.text == ")" and open_places:
                        inner = open_places.pop()
                        if open_places and self._conditions[inner]:
                            self._conditions[open_places[-1]] = True
                    elif token.text in _LOGICAL and open_places:
                        self._conditions[open_places[-1]] = True
        return self._conditions[self.place]

    def comparison(self) -> Condition:
        left = self.index()
        operator = self.token
        if operator.kind != "op" or operator.text not in COMPARISONS:
            self.fail("bad-condition", "a condition compares two indices", operator, "write i != j, or t > 1")
        self.advance()
        right = self.index()
        token = self.token
        if token.kind == "op" and token.text in COMPARISONS:
            self.fail("bad-condition", "comparisons are not chained", token, "write 1 < t and t < 9")
        return IndexComparison(COMPARISONS[operator.text], left, right, at=left.at, end=right.end)

    def index(self) -> Index:
        """Index arithmetic, terms and factors in one loop."""
        total: Index | None = None
        sign = ""
        while True:
            term = self.index_atom()
            while self.take("*"):
                factor = self.index_atom()
                term = IndexSum("*", term, factor, at=term.at, end=factor.end)
            total = term if total is None else IndexSum(sign, total, term, at=total.at, end=term.end)
            if self.token.kind != "op" or self.token.text not in ("+", "-"):
                return total
            sign = self.advance().text

    def index_atom(self) -> Index:
        token = self.token
        if token.kind == "name" and token.text not in RESERVED:
            self.advance()
            return IndexName(token.text, at=token.at, end=token.end)
        if token.kind == "string":
            self.advance()
            member = unquote(token)
            if member is None:
                self.fail("bad-index", "a backslash stands only before a quote or a backslash", token, "write \\\\")
            return IndexMember(member, at=token.at, end=token.end)
        if token.kind == "op" and token.text == "(":
            self.advance()
            self.deepen()
            inner = self.index()
            self.depth -= 1
            self.close(token)
            return inner
        minus = token.kind == "op" and token.text == "-"
        if minus:
            self.advance()
        digits = self.token
        if digits.kind != "number":
            if minus:
                self.fail("bad-index", "a minus stands between two indices or before a number", digits, "write 0 - t")
            if token.kind == "end":
                self.fail("missing-operand", "the text ends where an index belongs", token, "write the index")
            self.fail(
                "bad-index",
                f"{token.text!r} is not an index",
                token,
                "an index is a bound name, a member, or whole-number arithmetic such as t-1",
            )
        self.advance()
        value = self.number(digits)
        if not isinstance(value, int):
            self.fail("bad-index", "an index is a whole number or a member", digits, "use a whole number")
        return IndexMember(-value if minus else value, at=token.at, end=digits.end)
