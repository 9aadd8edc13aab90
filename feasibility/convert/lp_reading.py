"""Reading the LP format: the sections and forms that CPLEX, Gurobi, SCIP and HiGHS write.

Two-sided rows in one line are read. Semi-continuous variables, SOS sets, indicator rows, general constraints, several
objectives and piecewise-linear objectives are refused by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import PyriteError
from ..programs.program import Program, Quadratic, Row
from ..rationals import Exact, divide, simplify
from .common import Draft, Notes, Remarks, Unsupported, add_product, add_term, is_number, read_number

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![A-Za-z_\d.])"
    r"|(?P<relation><=|>=|=<|=>|==|<|>|=)"
    r"|(?P<arrow>->)"
    r"|(?P<sign>[-+*/^:\[\]])"
    r"|(?P<name>[^\s<>=\-+*/^:\[\]]+))"
)
_SECTIONS = {
    "minimize": "minimize",
    "minimise": "minimize",
    "minimum": "minimize",
    "min": "minimize",
    "maximize": "maximize",
    "maximise": "maximize",
    "maximum": "maximize",
    "max": "maximize",
    "subject to": "rows",
    "such that": "rows",
    "st": "rows",
    "s.t.": "rows",
    "st.": "rows",
    "bounds": "bounds",
    "bound": "bounds",
    "general": "general",
    "generals": "general",
    "gen": "general",
    "integer": "general",
    "integers": "general",
    "int": "general",
    "binary": "binary",
    "binaries": "binary",
    "bin": "binary",
    "end": "end",
}
_GOAL = re.compile(r"\s*(min|minimum|minimi[sz]e|max|maximum|maximi[sz]e)\s+(?=[^\s:])", re.IGNORECASE)
_FOLLOWED = re.compile(r"\s*(subject\s+to|such\s+that|s\.t\.)\s+(?=\S)", re.IGNORECASE)
_REFUSED = {
    "semi-continuous": "semi-continuous variables",
    "semi": "semi-continuous variables",
    "semis": "semi-continuous variables",
    "sos": "SOS",
    "sos1": "SOS1",
    "sos2": "SOS2",
    "lazy constraints": "lazy constraints",
    "user cuts": "user cuts",
    "general constraints": "general constraints",
    "pwlobj": "piecewise-linear objective",
    "multi-objectives": "multiple objectives",
}
_RELATIONS = {"<": "<=", "=<": "<=", ">": ">=", "=>": ">=", "==": "="}
_OPPOSITE = {"<=": ">=", ">=": "<=", "=": "="}
_INFINITE = frozenset({"inf", "infinity"})


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the file; ``kind`` is number, relation, sign or name."""

    kind: str
    text: str
    line: int


def read_lp(text: str, notes: Notes) -> Program:
    """The program in an LP text. Raises Unsupported or PyriteError with the line."""
    remarks = Remarks()
    sections: list[tuple[str, list[Token]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        content, _, comment = line.partition("\\")
        if comment:
            remarks.read(comment)
        words = " ".join(content.split()).lower()
        if words in _REFUSED:
            raise Unsupported("LP", [f"`{_REFUSED[words]}`"], f"line {number}")
        if (words in _SECTIONS and words != "end") or words == "end":
            sections.append((_SECTIONS[words], []))
            continue
        head = _header(content, not sections)
        if head is not None:
            sections.append((head[0], []))
            content = head[1]
        tokens = _tokens(content, number)
        if tokens and (not sections or sections[-1][0] == "end"):
            raise PyriteError(f"not LP: line {number} stands outside every section: {content.strip()[:40]!r}")
        if tokens:
            sections[-1][1].extend(tokens)
    return remarks.apply(_Reader(sections, notes).program())


def _header(content: str, is_first: bool) -> tuple[str, str] | None:
    """A section's name at the start of a line that goes on: ``Minimize obj: x``."""
    match = (_GOAL if is_first else _FOLLOWED).match(content)
    if match is None:
        return None
    return _SECTIONS[" ".join(match.group(1).lower().split())], content[match.end() :]


def _tokens(content: str, line: int) -> list[Token]:
    tokens: list[Token] = []
    position, end = 0, len(content.rstrip())
    while position < end:
        match = _TOKEN.match(content, position)
        if match is None or match.end() == position:
            raise PyriteError(f"not LP: line {line}: {content[position:].strip()[:20]!r} is not understood")
        kind = match.lastgroup or ""
        if kind == "arrow":
            raise Unsupported("LP", ["`indicator constraint` (->)"], f"line {line}")
        word = match.group(kind)
        tokens.append(Token(kind, _RELATIONS.get(word, word), line))
        position = match.end()
    return tokens


class _Reader:
    def __init__(self, sections: list[tuple[str, list[Token]]], notes: Notes) -> None:
        self.sections, self.notes = sections, notes
        self.draft = Draft()
        self.rows: list[Row] = []
        self.objective = Quadratic()
        self.tokens: list[Token] = []
        self.at = 0

    def program(self) -> Program:
        sense = None
        for name, tokens in self.sections:
            self.tokens, self.at = tokens, 0
            if name in ("minimize", "maximize"):
                if sense is not None:
                    raise Unsupported("LP", ["`multiple objectives`"])
                sense = name
                self.label()
                self.objective = self.body(halved=True)
                if self.at < len(self.tokens):
                    self.fail("an expression")
            elif name == "rows":
                while self.at < len(self.tokens):
                    self.row()
            elif name == "bounds":
                while self.at < len(self.tokens):
                    self.bound()
            elif name in ("general", "binary"):
                self.domain(name)
        if sense is None:
            raise PyriteError("not LP: there is no `minimize` or `maximize` section")
        if self.sections[-1][0] != "end":
            raise PyriteError("not LP: the file has no `end`; it may be cut off")
        return Program(
            self.draft.finish(), self.rows, "minimize" if sense == "minimize" else "maximize", self.objective
        )

    # -- words ---------------------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> Token | None:
        position = self.at + ahead
        return self.tokens[position] if position < len(self.tokens) else None

    def is_next(self, *texts: str) -> bool:
        token = self.peek()
        return token is not None and token.kind != "name" and token.text in texts

    def take(self) -> Token:
        token = self.peek()
        if token is None:
            raise PyriteError("not LP: a section ends in the middle of an expression")
        self.at += 1
        return token

    def fail(self, wanted: str) -> None:
        token = self.peek()
        if token is None:
            raise PyriteError(f"not LP: a section ends where {wanted} should be")
        raise PyriteError(f"not LP: line {token.line}: {token.text!r} stands where {wanted} should be")

    def label(self) -> str | None:
        token, colon = self.peek(), self.peek(1)
        if token is not None and colon is not None and colon.text == ":" and colon.kind == "sign":
            self.at += 2
            return token.text
        return None

    def signs(self) -> int:
        sign = 1
        while self.is_next("+", "-"):
            sign = -sign if self.take().text == "-" else sign
        return sign

    def number(self) -> Exact:
        token = self.take()
        return read_number(token.text, f"line {token.line}")

    # -- expressions ---------------------------------------------------------------------------------------------

    def body(self, halved: bool = False) -> Quadratic:
        """Terms up to a relation or the next label."""
        body = Quadratic()
        while self.at < len(self.tokens) and not self.ends():
            sign = self.signs()
            token = self.peek()
            if token is None:
                self.fail("a term")
            elif self.is_next("["):
                self.brackets(body, sign, halved)
            else:
                coefficient, seen = self.coefficient()
                name = self.peek()
                if name is not None and name.kind == "name" and not self.is_label():
                    self.at += 1
                    add_term(body, self.draft.column(name.text), sign * coefficient)
                elif seen:
                    body.constant = simplify(body.constant + sign * coefficient)
                else:
                    self.fail("a number or a name")
        return body

    def ends(self) -> bool:
        token = self.peek()
        return token is None or token.kind == "relation" or self.is_label()

    def is_label(self) -> bool:
        colon = self.peek(1)
        return colon is not None and colon.kind == "sign" and colon.text == ":"

    def coefficient(self) -> tuple[Exact, bool]:
        token = self.peek()
        if token is None or token.kind != "number" or self.is_label():
            return 1, False
        value = self.number()
        if self.is_next("*"):
            self.at += 1
        return value, True

    def brackets(self, body: Quadratic, sign: int, halved: bool) -> None:
        """``[ 2 x ^2 + 4 x * y ] / 2``; in an objective the ``/ 2`` is part of the format, in rows it is optional."""
        line = self.take().line
        products: list[tuple[int, int, Exact]] = []
        while not self.is_next("]"):
            inner = self.signs()
            coefficient, _ = self.coefficient()
            first = self.take()
            if first.kind != "name":
                raise PyriteError(f"not LP: line {line}: {first.text!r} stands where a name should be")
            j = k = self.draft.column(first.text)
            if self.is_next("^"):
                self.at += 1
                if self.number() != 2:
                    raise Unsupported("LP", ["`power other than 2`"], f"line {line}")
            elif self.is_next("*"):
                self.at += 1
                k = self.draft.column(self.take().text)
            else:
                self.fail("^2 or *")
            products.append((j, k, sign * inner * coefficient))
        self.take()
        half = False
        if self.is_next("/"):
            self.at += 1
            half = self.number() == 2
            if not half:
                raise PyriteError(f"not LP: line {line}: only `] / 2` is understood")
        if halved and not half:
            self.notes.add(f"line {line}: the brackets of the objective have no `/ 2`; taken as they stand")
        for j, k, value in products:
            add_product(body, j, k, divide(value, 2) if half else value)

    # -- sections ------------------------------------------------------------------------------------------------

    def row(self) -> None:
        name = self.label() or f"c{len(self.rows) + 1}"
        parts, relations = [self.body()], []
        while (token := self.peek()) is not None and token.kind == "relation" and len(parts) < 3:
            relations.append(self.take().text)
            parts.append(self.side())
        if len(parts) == 1:
            self.fail("a relation")
        lower: Exact | None = None
        upper: Exact | None = None
        if len(parts) == 3:
            middle = parts[1]
            outer = [(parts[0], _OPPOSITE[relations[0]]), (parts[2], relations[1])]
            if any(part.linear or part.quadratic for part, _ in outer):
                raise PyriteError(f"not LP: row {name}: only the middle of a two-sided row may hold variables")
        else:
            middle, right = parts
            for j, value in right.linear.items():
                add_term(middle, j, -value)
            for (j, k), value in right.quadratic.items():
                add_product(middle, j, k, -value)
            outer = [(Quadratic(constant=right.constant), relations[0])]
        for part, relation in outer:
            bound = simplify(part.constant - middle.constant)
            if relation in (">=", "="):
                lower = bound
            if relation in ("<=", "="):
                upper = bound
        middle.constant = 0
        self.rows.append(Row(name, middle, lower, upper, name))

    def side(self) -> Quadratic:
        """The right of a relation: one signed number ends a row, since the next row may have no label."""
        start = self.at
        sign = self.signs()
        token = self.peek()
        following = self.peek(1)
        if (
            token is not None
            and token.kind == "number"
            and not (
                following is not None
                and (following.kind == "name" or following.text in ("+", "-", "*"))
                and following.line == token.line
                and not (self.peek(2) is not None and self.tokens[self.at + 2].text == ":")
            )
        ):
            return Quadratic(constant=sign * self.number())
        self.at = start
        return self.body()

    def bound(self) -> None:
        """``-5 <= x <= 5``, ``x >= 1``, ``x = 3``, ``x free``, ``5 >= x``."""
        values: list[tuple[Exact | None, str]] = []
        left = self.limit()
        if left is not None:
            values.append((left[0], _OPPOSITE[self.relation()]))
        token = self.take()
        if token.kind != "name":
            raise PyriteError(f"not LP: line {token.line}: {token.text!r} stands where a variable should be")
        j = self.draft.column(token.text)
        following = self.peek()
        if following is not None and following.kind == "name" and following.text.lower() == "free" and left is None:
            self.at += 1
            self.draft.lower[j] = self.draft.upper[j] = None
            return
        if following is not None and following.kind == "relation":
            relation = self.relation()
            right = self.limit()
            if right is None:
                self.fail("a number")
            else:
                values.append((right[0], relation))
        if not values:
            raise PyriteError(f"not LP: line {token.line}: {token.text} has no bound")
        for value, relation in values:
            if relation in (">=", "="):
                self.draft.lower[j] = value
            if relation in ("<=", "="):
                self.draft.upper[j] = value

    def relation(self) -> str:
        token = self.take()
        if token.kind != "relation":
            raise PyriteError(f"not LP: line {token.line}: {token.text!r} stands where <= or >= should be")
        return token.text

    def limit(self) -> tuple[Exact | None] | None:
        """A number, or an infinite one (no bound), or None when something else stands here."""
        start = self.at
        sign = self.signs()
        token = self.peek()
        if token is not None and token.kind == "number":
            return (sign * self.number(),)
        if token is not None and token.text.lower() in _INFINITE:
            self.at += 1
            return (None,)
        self.at = start
        return None

    def domain(self, section: str) -> None:
        for token in self.tokens:
            if token.kind != "name" or is_number(token.text):
                raise PyriteError(f"not LP: line {token.line}: {token.text!r} stands where a variable should be")
            j = self.draft.column(token.text)
            self.draft.domain[j] = "integer"
            if section == "binary":
                self.draft.domain[j] = "binary"
                self.draft.lower[j], self.draft.upper[j] = 0, 1
