"""Grammars for plans, in llguidance's Lark: any plan, or the plan of one problem with exactly the names that it asks.

Numbers have at most 12 digits before the point and 9 behind it, so that no answer is one endless number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache

from ...feasibility.errors import PyriteError
from ...feasibility.plans.plan import AskedValues
from ...feasibility.programs.compiling import build
from ...problems.problem import Problem

_TERMINALS = r"""
NUMBER: /-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,9})?/
COLON: /: ?/
COMMA: /, ?/
claim: COMMA "\"objective\"" COLON NUMBER
"""

_ANY = r"""
start: "{" "\"values\"" COLON level claim? "}"
level: "{" (entry (COMMA entry)*)? "}"
entry: KEY COLON (NUMBER | level)
KEY: /"[^"\\\x00-\x1f]{1,60}"/
"""


@cache
def any_plan_grammar() -> str:
    """Any object of numbers, nested at will; names and their order are the model's own."""
    return _ANY + _TERMINALS


def plan_grammar(problem: Problem) -> str:
    """The names that the problem asks, in its order, each with a number. Stages 1-3 hold for every complete answer.

    Raises PyriteError for a problem without reference or grid, which asks for nothing in particular.
    """
    rules: list[str] = []
    body = _object(asked_of(problem), rules)
    return f'start: "{{" "\\"values\\"" COLON {body} claim? "}}"\n' + "\n".join(rules) + _TERMINALS


def asked_of(problem: Problem) -> AskedValues:
    """What a plan of this problem has to give. Raises PyriteError when nothing says it."""
    if problem.grid is not None:
        from ...feasibility.plans.grids.rules import GridRules

        return GridRules(problem.grid).asked
    if problem.reference is None:
        raise PyriteError(f"problem {problem.id!r} has no reference; decoding = 'names' needs one")
    from ...feasibility.plans.of_program import ProgramRules

    return ProgramRules(build(problem.reference, problem.data)).asked


def _object(asked: AskedValues, rules: list[str]) -> str:
    """An object of all asked variables; each becomes a rule of its own, so that no line grows with the problem."""
    names = []
    for name, tuples in asked.items():
        if not tuples:
            continue
        names.append(f"v{len(rules)}")
        rules.append(f"{names[-1]}: {_key(name)} COLON {_level([tuple(map(str, members)) for members in tuples])}")
    return _braces(names)


def _level(tuples: list[tuple[str, ...]]) -> str:
    if not tuples[0]:
        return "NUMBER"
    groups: dict[str, list[tuple[str, ...]]] = {}
    for members in tuples:
        groups.setdefault(members[0], []).append(members[1:])
    return _braces(f"{_key(name)} COLON {_level(inner)}" for name, inner in groups.items())


def _braces(entries: Iterable[str]) -> str:
    return '"{" ' + " COMMA ".join(entries) + ' "}"'


def _key(name: str) -> str:
    """A JSON key as a literal of the grammar."""
    return json.dumps(json.dumps(name))
