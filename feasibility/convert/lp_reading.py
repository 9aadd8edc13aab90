"""Reading the LP format: objective, rows, bounds, kinds; one reader with one place in the text, so it is long.

Words and sections are found by :mod:`.lp_words`. A sum needs its signs: two names, two numbers, or a name and a number
side by side are refused, because programs differ on what they mean. A row ends with its right-hand number; a row
without a label may therefore begin on the next line. Numbers of :data:`~.common.INFINITE` and more are no bound and no
side, as every solver has it. Semi-continuous variables, SOS, indicator rows, general constraints, several objectives
and piecewise-linear ones are refused by name.
"""

from __future__ import annotations

from typing import NoReturn

from ..programs.program import Program, Quadratic, Row
from ..rationals import Exact, divide, magnitude, simplify
from .common import INFINITE, DocumentDraft, Notes, Remarks, Sides, Unsupported, add_product, add_term, read_number
from .lp_words import GOALS, UNREAD, Section, Word, broken, sections_of

_OPPOSITE = {"<=": ">=", ">=": "<=", "=": "="}
_INFINITE = frozenset({"inf", "infinity"})


def read_lp(text: str, notes: Notes) -> Program:
    """The program in an LP text. Raises Unsupported or PyriteError with the line."""
    remarks = Remarks()
    return remarks.apply(_Reader(sections_of(text, remarks), notes).program())


class _Reader:
    def __init__(self, sections: list[Section], notes: Notes) -> None:
        self.sections, self.notes = sections, notes
        self.draft = DocumentDraft()
        self.rows: list[Row] = []
        self.labels: dict[str, int] = {}
        self.objective = Quadratic()
        self.bounded: set[int] = set()
        self.words: list[Word] = []
        self.at = 0
        self.line = 1
        self.mentions = 0

    def program(self) -> Program:
        sections = self.sections
        if not sections or sections[0].name not in GOALS:
            broken(1, "there is no `minimize` or `maximize` section")
        if sections[-1].name != "end":
            broken(self._last_line(), "the file has no `end`; it may be cut off")
        for section in sections:
            self.words, self.at, self.line = section.words, 0, section.line
            if section.name in GOALS:
                self.goal()
            elif section.name == "rows":
                while self.at < len(self.words):
                    self.row()
            elif section.name == "bounds":
                self.known = len(self.draft.columns)
                while self.at < len(self.words):
                    self.bound()
            elif section.name != "end" and section.name not in UNREAD:
                self.domain(section.name)
        self.settle_binaries()
        return Program(
            self.draft.finish(),
            self.rows,
            "minimize" if sections[0].name == "minimize" else "maximize",
            self.objective,
        )

    def _last_line(self) -> int:
        section = self.sections[-1]
        return section.words[-1].line if section.words else section.line

    # -- words ---------------------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> Word | None:
        position = self.at + ahead
        return self.words[position] if position < len(self.words) else None

    def is_sign(self, *texts: str) -> bool:
        word = self.peek()
        return word is not None and word.kind == "sign" and word.text in texts

    def fail(self, wanted: str) -> NoReturn:
        word = self.peek()
        if word is None:
            broken(self.words[-1].line if self.words else self.line, f"a section ends where {wanted} should be")
        broken(word.line, f"{word.text[:40]!r} stands where {wanted} should be")

    def is_label(self, ahead: int = 0) -> bool:
        word, colon = self.peek(ahead), self.peek(ahead + 1)
        return (
            word is not None
            and word.kind in ("word", "number")
            and colon is not None
            and colon.kind == "sign"
            and colon.text == ":"
        )

    def label(self) -> str | None:
        if not self.is_label():
            return None
        self.at += 2
        return self.words[self.at - 2].text

    def signs(self) -> int:
        sign = 1
        while self.is_sign("+", "-"):
            sign = -sign if self.words[self.at].text == "-" else sign
            self.at += 1
        return sign

    def number(self) -> Exact:
        word = self.words[self.at]
        self.at += 1
        return read_number(word.text, f"line {word.line}")

    def column(self, word: Word) -> int:
        if word.text.lower() in _INFINITE:
            broken(word.line, f"{word.text!r} stands where a variable should be")
        self.mentions += 1
        if "/" in word.text:
            self.notes.add(f"line {word.line}: {word.text[:40]} is a name in LP, not a quotient")
        return self.draft.column(word.text)

    # -- expressions ---------------------------------------------------------------------------------------------

    def goal(self) -> None:
        word, dash = self.peek(), self.peek(1)
        if word is not None and dash is not None and word.text.lower() == "multi" and dash.text == "-":
            raise Unsupported("LP", ["`multiple objectives`"], f"line {word.line}")
        self.label()
        self.objective = self.sum("objective")
        if self.at < len(self.words):
            self.fail("`subject to`")

    def sum(self, place: str) -> Quadratic:
        """Signed terms up to a relation, the next label or the section's end.

        ``place`` is ``objective``, ``left`` or ``right``. On the right of a relation, what follows without a sign on
        a later line is the next row.
        """
        body = Quadratic()
        first = True
        while (word := self.peek()) is not None and word.kind != "relation" and not self.is_label():
            if not first and not self.is_sign("+", "-"):
                if place == "right" and word.line > self.words[self.at - 1].line:
                    break
                self.side_by_side(word)
            self.term(body, self.signs(), place)
            first = False
        return body

    def side_by_side(self, word: Word) -> NoReturn:
        """Two things without a sign between them."""
        before = self.words[self.at - 1]
        if word.kind == "sign" and word.text in "^*":
            if before.kind == "word":
                raise Unsupported("LP", ["`product or power outside brackets`"], f"line {word.line}")
            self.fail("a variable")
        if word.text == "[":
            broken(
                word.line, f"`{before.text[:30]} [`: a sign is missing, or a factor before brackets, which LP has not"
            )
        kinds = {"word": "name", "number": "number", "sign": "sign", "relation": "relation"}
        what = f"a {kinds[before.kind]} and a {kinds[word.kind]}"
        if before.kind == word.kind:
            what = f"two {kinds[word.kind]}s"
        broken(
            word.line, f"{before.text[:30]!r} {word.text[:30]!r}: {what} side by side; a + or a row's end is missing"
        )

    def term(self, body: Quadratic, sign: int, place: str) -> None:
        word = self.peek()
        if word is None:
            self.fail("a term")
        if word.kind == "number":
            value = self.number()
            if sign < 0:
                value = -value
            following = self.peek()
            if self.is_sign("*"):
                self.at += 1
                following = self.peek()
                if following is None or following.kind != "word":
                    self.fail("a variable")
            if following is not None and following.kind == "word" and not self.is_label():
                if place == "right" and following.line > word.line:
                    broken(
                        following.line, f"is {word.text} {following.text[:30]!r} one term, or does a row begin here?"
                    )
                self.at += 1
                add_term(body, self.column(following), value)
            elif following is not None and following.kind == "sign" and following.text == "/":
                broken(word.line, f"{word.text}/...: LP has no fractions; write a decimal")
            elif magnitude(value) >= INFINITE:
                broken(word.line, f"{word.text[:30]} is read as infinite, and a sum has no infinite terms")
            else:
                body.constant = simplify(body.constant + value)
        elif word.kind == "word":
            self.at += 1
            add_term(body, self.column(word), sign)
        elif self.is_sign("["):
            self.brackets(body, sign, place)
        else:
            self.fail("a number or a name")

    def brackets(self, body: Quadratic, sign: int, place: str) -> None:
        """``[ 2 x ^2 + 4 x * y ] / 2``; the ``/ 2`` belongs to the objective's brackets and to no others."""
        line = self.words[self.at].line
        self.at += 1
        products: list[tuple[int, int, Exact]] = []
        while not self.is_sign("]"):
            if products and not self.is_sign("+", "-"):
                word = self.peek()
                if word is None:
                    broken(line, "`[` without `]`")
                self.side_by_side(word)
            products.append(self.product(sign * self.signs()))
        self.at += 1
        half = self.is_sign("/")
        if half:
            self.at += 1
            word = self.peek()
            if word is None or word.kind != "number" or self.number() != 2:
                broken(line, "only `] / 2` is understood")
            if place != "objective":
                raise Unsupported("LP", ["`] / 2 in a row`"], f"line {line}")
        elif place == "objective":
            self.notes.add(f"line {line}: the brackets of the objective have no `/ 2`; taken as they stand")
        for j, k, value in products:
            add_product(body, j, k, divide(value, 2) if half else value)

    def product(self, sign: int) -> tuple[int, int, Exact]:
        value: Exact = sign
        word = self.peek()
        if word is not None and word.kind == "number":
            value = self.number() * sign
            if self.is_sign("*"):
                self.at += 1
        word = self.peek()
        if word is None or word.kind != "word":
            self.fail("a name")
        self.at += 1
        j = k = self.column(word)
        if self.is_sign("^"):
            self.at += 1
            power = self.peek()
            if power is None or power.kind != "number" or self.number() != 2:
                raise Unsupported("LP", ["`power other than 2`"], f"line {word.line}")
        elif self.is_sign("*"):
            self.at += 1
            other = self.peek()
            if other is None or other.kind != "word":
                self.fail("a name")
            self.at += 1
            k = self.column(other)
        else:
            self.fail("^2 or *")
        return j, k, value

    # -- rows ----------------------------------------------------------------------------------------------------

    def row(self) -> None:
        start = self.words[self.at]
        self.line = start.line
        self.mentions = 0
        given = self.label()
        parts = [self.side()]
        relations: list[str] = []
        while (word := self.peek()) is not None and word.kind == "relation":
            if len(parts) == 3:
                broken(word.line, "a row has one or two relations")
            relations.append(word.text)
            self.at += 1
            parts.append(self.side())
        if not relations:
            self.fail("a relation")
        if not self.mentions:
            broken(start.line, "a row of numbers only; the variables may be missing")
        name = self.name(given, start.line)
        sides = Sides(f"line {start.line}: row {name}", self.notes)
        body = _two_sided(parts, relations, sides) if len(parts) == 3 else _one_sided(parts, relations[0], sides)
        if sides.lower is None and sides.upper is None:
            self.notes.add(f"line {start.line}: row {name} has only infinite sides, says nothing and is left out")
            return
        self.rows.append(Row(name, body, sides.lower, sides.upper, name))

    def name(self, given: str | None, line: int) -> str:
        """The row's name; rows without one are c1, c2, ... by their place, and two of one name stay two rows."""
        name = given or f"c{len(self.rows) + 1}"
        while given is None and name in self.labels:
            name += "_"
        if given is not None and given in self.labels:
            self.notes.add(f"line {line}: the row name {given[:40]} was there in line {self.labels[given]}; two rows")
        self.labels.setdefault(name, line)
        return name

    def side(self) -> Quadratic | int:
        """One side of a relation: a sum, or +1 / -1 for an infinite one."""
        start = self.at
        sign = self.signs()
        word, following = self.peek(), self.peek(1)
        if word is not None and word.kind == "word" and word.text.lower() in _INFINITE:
            self.at += 1
            return sign
        if word is not None and word.kind == "number":
            is_left = start == 0 or self.words[start - 1].kind != "relation"
            ends = following is None or following.kind == "relation" or self.is_label(1)
            if ends or (not is_left and following is not None and following.line > word.line):
                return Quadratic(constant=sign * self.number())
        self.at = start
        before = self.words[start - 1] if start else None
        right = before is not None and before.kind == "relation"
        body = self.sum("right" if right else "left")
        if self.at == start:
            self.fail("a number or a name")
        return body

    # -- bounds --------------------------------------------------------------------------------------------------

    def bound(self) -> None:
        """``-5 <= x <= 5``, ``x >= 1``, ``x = 3``, ``x free``, ``5 >= x``."""
        start = self.words[self.at]
        values: list[tuple[Exact | str | None, str]] = []
        left = self.limit()
        if left is not None:
            values.append((left, _OPPOSITE[self.relation()]))
        word = self.peek()
        if word is None or word.kind != "word" or word.text.lower() in _INFINITE:
            self.fail("a variable")
        self.at += 1
        j = self.bounded_column(word)
        following = self.peek()
        if left is None and following is not None and following.text.lower() == "free":
            self.at += 1
            self.draft.lower[j] = self.draft.upper[j] = None
            return
        if following is not None and following.kind == "relation":
            relation = self.relation()
            right = self.limit()
            if right is None:
                self.fail("a number")
            values.append((right, relation))
        if not values:
            broken(word.line, f"{word.text[:40]} has no bound")
        if len(values) == 2 and (values[0][1] == values[1][1] or "=" in (values[0][1], values[1][1])):
            broken(word.line, f"the two bounds of {word.text[:40]} do not form a range")
        sides = Sides(f"line {start.line}: {word.text[:40]}", self.notes, self.draft.lower[j], self.draft.upper[j])
        for value, relation in values:
            sides.add(relation, value)
        self.draft.lower[j], self.draft.upper[j] = sides.lower, sides.upper

    def bounded_column(self, word: Word) -> int:
        new = word.text not in self.draft.columns
        j = self.column(word)
        if new:
            self.notes.add(f"line {word.line}: {word.text[:40]} stands in no row and not in the objective")
        self.bounded.add(j)
        return j

    def relation(self) -> str:
        word = self.peek()
        if word is None or word.kind != "relation":
            self.fail("<= or >=")
        self.at += 1
        return word.text

    def limit(self) -> Exact | str | None:
        """A number; ``+`` or ``-`` for an infinite one; None when something else stands here."""
        start = self.at
        sign = self.signs()
        word = self.peek()
        if word is not None and word.kind == "number":
            return sign * self.number()
        if word is not None and word.kind == "word" and word.text.lower() in _INFINITE:
            self.at += 1
            return "+" if sign > 0 else "-"
        if self.at > start:
            self.fail("a number")
        return None

    # -- integers ------------------------------------------------------------------------------------------------

    def domain(self, section: str) -> None:
        draft = self.draft
        for word in self.words:
            if word.kind != "word":
                broken(word.line, f"{word.text!r} stands where a variable should be")
            j = self.bounded_column(word) if word.text not in draft.columns else self.column(word)
            if section == "general":
                if draft.domain[j] != "binary":
                    draft.domain[j] = "integer"
                continue
            lower, upper = draft.lower[j], draft.upper[j]
            if j in self.bounded and (lower is None or lower < 0 or (upper is not None and not 0 <= upper <= 1)):
                broken(
                    word.line,
                    f"{word.text[:40]} is binary and has bounds outside 0 and 1, which programs read in different ways",
                )
            draft.domain[j] = "binary"
            draft.upper[j] = 1 if upper is None else upper

    def settle_binaries(self) -> None:
        """A binary whose later bounds reach outside 0 and 1 is a general integer, as HiGHS and CBC have it."""
        draft = self.draft
        for name, j in draft.columns.items():
            lower, upper = draft.lower[j], draft.upper[j]
            inside = lower is not None and upper is not None and lower >= 0 and upper <= 1
            if draft.domain[j] == "binary" and not inside:
                draft.domain[j] = "integer"
                self.notes.add(
                    f"{name[:40]} is declared binary, but its later bounds reach outside 0 and 1: read as an integer"
                )


def _one_sided(parts: list[Quadratic | int], relation: str, sides: Sides) -> Quadratic:
    left, right = parts
    if not isinstance(left, int) and left.constant and (left.linear or left.quadratic):
        sides.notes.add(
            f"{sides.where}: its constant is moved to the right-hand side (HiGHS drops it, SCIP refuses it)"
        )
    if isinstance(left, int):
        if isinstance(right, int):
            sides.fail("has infinity on both sides")
        left, right, relation = right, left, _OPPOSITE[relation]
    if isinstance(right, int):
        sides.add(relation, "+" if right > 0 else "-")
        left.constant = 0
        return left
    if not left.linear and not left.quadratic and (right.linear or right.quadratic):
        left, right, relation = right, left, _OPPOSITE[relation]
    for j, value in right.linear.items():
        add_term(left, j, -value)
    for (j, k), value in right.quadratic.items():
        add_product(left, j, k, -value)
    sides.add(relation, right.constant, left.constant)
    left.constant = 0
    return left


def _two_sided(parts: list[Quadratic | int], relations: list[str], sides: Sides) -> Quadratic:
    first, middle, last = parts
    if isinstance(middle, int) or relations[0] != relations[1] or relations[0] == "=":
        sides.fail("is no range: write `1 <= x + y <= 5`")
    for part, relation in ((first, _OPPOSITE[relations[0]]), (last, relations[1])):
        if isinstance(part, int):
            sides.add(relation, "+" if part > 0 else "-")
        elif part.linear or part.quadratic:
            sides.fail("has two relations, and only the middle of a two-sided row may hold variables")
        else:
            sides.add(relation, part.constant, middle.constant)
    middle.constant = 0
    return middle
