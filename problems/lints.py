"""Lints: what a reading of published references found wrong again and again, looked for in text and formulation.

A lint is a suspicion, not a verdict: it becomes a note of the audit, with a sentence that says where to look. How often
each was a false alarm on NL4OPT's dev set stands in ``docs/benchmarks.md``. What is not covered: indexed formulations
get only the lints that need no words of a row (``repeated-row``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from ..feasibility.programs.program import Program, Row
from ..feasibility.rationals import Exact, Fraction, divide, magnitude, show
from .problem import Problem

LINTS: Mapping[str, str] = {
    "percent-above-one": "a factor above 1 stands in the text as a percentage: 60 instead of 0.6",
    "variable-twice": "one variable stands twice in a sum: two things of the text may have become one",
    "repeated-row": "two rows say the same",
    "unused-number": "a number of the text is in no row: a condition may be missing",
    "operator-against-text": "the text says at least where the row says at most, or the other way round",
    "fraction-bound": "a share below 1 bounds a quantity by itself instead of a part of a sum",
    "average-as-sum": "the text speaks of an average and the row bounds a sum",
}
"""When each lint is raised."""

_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w]*\d)")
_PERCENT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s*(?:%|per ?cent\b)", re.IGNORECASE)
_LITERAL = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_FACTOR = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s*\*\s*(?=[A-Za-z_(])")
_NAME = re.compile(r"[A-Za-z_]\w*")
_LEAST = re.compile(
    r"at least|no less than|not less than|minimum|must exceed|more than|no fewer than|or more", re.IGNORECASE
)
_MOST = re.compile(
    r"at most|no more than|not more than|maximum|up to|cannot exceed|must not exceed|less than|limit|or less|available",
    re.IGNORECASE,
)
_WINDOW = 40


def lint(problem: Problem, program: Program) -> Iterator[tuple[str, str]]:
    """The lints of a problem whose reference builds to this program, as code and sentence."""
    reference = problem.reference
    assert reference is not None
    yield from _repeated_rows(program)
    if reference.sets or reference.parameters or problem.data.sets:
        return
    expressions = {name: item.expression for name, item in reference.constraints.items()}
    percents = {Fraction(found) for found in _PERCENT.findall(problem.text)}
    yield from _percents(problem.text, expressions, percents)
    for name, expression in [*expressions.items(), ("the objective", reference.objective.expression or "")]:
        yield from _twice(name, expression)
    yield from _unused(problem, [*expressions.values(), reference.objective.expression or ""])
    for row in program.rows:
        yield from _direction(problem.text, row)
        yield from _fraction(row)
        yield from _average(problem.text, row)


def _repeated_rows(program: Program) -> Iterator[tuple[str, str]]:
    seen: dict[tuple[object, ...], str] = {}
    for row in program.rows:
        if row.body.quadratic or not row.linear:
            continue
        lead = row.linear[min(row.linear)]
        sides = [None if side is None else divide(side, lead) for side in (row.lower, row.upper)]
        if lead < 0:
            sides.reverse()
        key = (tuple(sorted((j, divide(value, lead)) for j, value in row.linear.items())), *sides)
        if key in seen:
            yield "repeated-row", f"{row.name} says the same as {seen[key]}"
        seen.setdefault(key, row.name)


def _percents(text: str, expressions: Mapping[str, str], percents: set[Fraction]) -> Iterator[tuple[str, str]]:
    plain = {Fraction(found.group().replace(",", "")) for found in _NUMBER.finditer(_PERCENT.sub(" ", text))}
    for name, expression in expressions.items():
        for found in _FACTOR.findall(expression):
            value = Fraction(found)
            if value > 1 and value in percents and value not in plain:
                yield "percent-above-one", f"{name} has the factor {found}, and the text says {found}%"


def _twice(name: str, expression: str) -> Iterator[tuple[str, str]]:
    for side in re.split(r"<=|>=|==|=", expression):
        flat = side
        while (outer := re.sub(r"\([^()]*\)", " ", flat)) != flat:
            flat = outer
        for variable, count in Counter(_NAME.findall(flat)).items():
            if count > 1:
                yield "variable-twice", f"{name} has {variable} {count} times in one sum: {expression[:80]}"


def _unused(problem: Problem, expressions: list[str]) -> Iterator[tuple[str, str]]:
    used = {Fraction(found) for expression in expressions for found in _LITERAL.findall(expression)}
    assert problem.reference is not None
    for variable in problem.reference.variables.values():
        used |= {Fraction(side) for side in (variable.lower, variable.upper) if side is not None}
    named = {word for name in problem.reference.variables for word in re.findall(r"\d+", name)}  # Analyzer 3000
    missing = []
    for found in _NUMBER.finditer(problem.text):
        after = problem.text[found.end() : found.end() + 10]
        value = Fraction(found.group().replace(",", "").rstrip("."))
        forms = {value, value * 60, value / 60, 60 / value if value else value}  # hours, minutes, a share of an hour
        if re.match(r"\s*(%|per ?cent)", after, re.IGNORECASE):
            forms |= {value / 100, 1 - value / 100, 1 + value / 100}
        if re.match(r"-[a-z]", after) or value <= 1 or found.group() in named:  # a 3-piece suit
            continue
        if not forms & used:
            missing.append(found.group())
    if missing:
        yield "unused-number", f"no row uses {', '.join(dict.fromkeys(missing))}"


def _places(text: str, value: Exact) -> list[int]:
    return [
        found.start()
        for found in _NUMBER.finditer(text)
        if Fraction(found.group().replace(",", "").rstrip(".")) == value
    ]


def _direction(text: str, row: Row) -> Iterator[tuple[str, str]]:
    """Only where the number stands once in the text, so that its words are the row's."""
    side = row.upper if row.lower is None else row.lower
    if side is None or row.lower == row.upper or not side or not row.linear:
        return
    places = _places(text, magnitude(side))
    if len(places) != 1:
        return
    before = re.split(r"[.;,:]\s|\b(?:and|but|while)\b", text[max(0, places[0] - _WINDOW) : places[0]])[-1]
    least, most = bool(_LEAST.search(before)), bool(_MOST.search(before))
    upper = (row.lower is None) == (side > 0)
    if least != most and least == upper:
        written = "at most" if least else "at least"
        yield (
            "operator-against-text",
            f"{row.name} says {written} {show(magnitude(side))}; the text: ...{before.strip()}",
        )


def _fraction(row: Row) -> Iterator[tuple[str, str]]:
    if len(row.linear) != 1:
        return
    (coefficient,) = row.linear.values()
    for side in (row.lower, row.upper):
        if side is not None and 0 < divide(side, coefficient) < 1:
            yield "fraction-bound", f"{row.name} bounds a quantity by {show(divide(side, coefficient))}"


def _average(text: str, row: Row) -> Iterator[tuple[str, str]]:
    for side in (row.lower, row.upper):
        if side is None or not side or len(row.linear) < 2:
            continue
        for place in _places(text, magnitude(side)):
            if re.search(r"\baverage\b", text[max(0, place - 2 * _WINDOW) : place + _WINDOW], re.IGNORECASE):
                yield "average-as-sum", f"{row.name} bounds a sum by {show(side)}, which the text calls an average"
                return
