"""A grammar for one problem: the declared names are its reference's, so that stages 1-3 hold by construction.

The declared names, their indices and the members of the sets are fixed, and only those names can be used; that holds
for every answer that is complete. It tells the model the names of the variables, which is a help that the free answer
does not get; numbers, domains, bounds, the objective and the constraints are the model's own. The constraints'
names are its own too; that no two are the same is held beside the grammar (``own_keys``).

What is not covered: conditions other than ``t > first``, arithmetic on indices other than ``t-1``, bound names as
numbers, products of which no factor uses all names of their sum, members with quotes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from ...feasibility.errors import PyriteError
from ...feasibility.language.formulation import Formulation
from ...feasibility.language.grammar.syntax import Member
from ...feasibility.language.grammar.tokens import IDENTIFIER, RESERVED
from ...problems.problem import Problem
from .grammar import TERMINALS

MOST_CONSTRAINTS = 60
_MOST_LOOPS = 4

_CONSTRAINTS = [
    r'constraints: "\"constraints\"" COLON "{" (constraint (COMMA constraint)*)? "}"',
    r'constraint: "\"" WORD "\"" COLON body',
]


def names_grammar(problem: Problem, *, numbered: bool = False) -> str:
    """The grammar for one problem. Raises PyriteError when it has no reference or the reference is too intricate.

    With ``numbered`` the names of constraints end in a running number, which keeps them different where only a grammar
    can be given. It is not what a tuned model has learned to write, so its answers suffer; see ``own_keys``.
    """
    if problem.reference is None:
        raise PyriteError(f"problem {problem.id!r} has no reference formulation; decoding = 'names' needs one")
    return _Names(problem, problem.reference).text(numbered)


def _numbered_constraints() -> list[str]:
    rules = [r'constraints: "\"constraints\"" COLON "{" constraint_1? "}"']
    for number in range(1, MOST_CONSTRAINTS + 1):
        following = f" (COMMA constraint_{number + 1})?" if number < MOST_CONSTRAINTS else ""
        rules.append(rf'constraint_{number}: "\"" CNAME{number} "\"" COLON body{following}')
        rules.append(f"CNAME{number}: /[A-Za-z][A-Za-z_ -]{{0,39}}_{number}/")
    return rules


@dataclass(frozen=True, slots=True)
class _Loop:
    """A bound name and the set it runs over. ``first`` is set on a name that is known to be past that first member."""

    name: str
    set_name: str
    first: int | None = None


_Scope = tuple[_Loop, ...]


class _Names:
    """Writes the rules for one reference; rules of expressions are made for each set of bound names when needed."""

    def __init__(self, problem: Problem, formulation: Formulation) -> None:
        self.formulation = formulation
        self.problem = problem
        self.sets = {**problem.data.sets, **formulation.sets}
        items = {**problem.data.parameters, **formulation.parameters}
        self.known = {name: item.index for name, item in items.items()}
        self.indices = {**self.known, **{name: item.index for name, item in formulation.variables.items()}}
        self.loops = self._choose_loops()
        self.rules: dict[str, str] = {}

    def text(self, numbered: bool) -> str:
        """The whole grammar."""
        parts = []
        if self.formulation.sets:
            parts.append(f"{_literal(json.dumps('sets'))} COLON {self._fixed_sets()}")
        if self.formulation.parameters:
            parts.append(f"{_literal(json.dumps('parameters'))} COLON {self._parameters()}")
        parts.append(f"{_literal(json.dumps('variables'))} COLON {self._variables()}")
        expression = self.expression((), 2)
        relation = self.relation((), ())
        rules = [
            f'start: "{{" {" COMMA ".join(parts)} COMMA objective COMMA constraints "}}"',
            r'objective: "\"objective\"" COLON "{" "\"sense\"" COLON (SENSE COMMA "\"expression\"" COLON "\"" '
            + expression
            + r' "\"" | "\"feasibility\"") "}"',
            r'plain: "\"" ' + relation + r' "\""',
        ]
        families = self._families()
        rules.append("body: plain" + "".join(f" | {family}" for family in families))
        rules += _numbered_constraints() if numbered else _CONSTRAINTS
        rules.append('bound: JNUMBER | "null"')
        rules.extend(f"{name}: {right}" for name, right in self.rules.items())
        return "\n".join(rules) + TERMINALS

    # Declarations.

    def _fixed_sets(self) -> str:
        written = {name: list(members) for name, members in self.formulation.sets.items()}
        return _literal(json.dumps(written, ensure_ascii=False, separators=(",", ":")))

    def _parameters(self) -> str:
        parts = []
        for name, item in self.formulation.parameters.items():
            index = self._index(item.index)
            parts.append(
                f'{_literal(json.dumps(name))} COLON "{{" {index} "\\"values\\"" COLON {self._values(item.index)} "}}"'
            )
        return '"{" ' + " COMMA ".join(parts) + ' "}"'

    def _values(self, index: tuple[str, ...]) -> str:
        if not index:
            return "JNUMBER"
        inner = self._values(index[1:])
        members = [
            f"{_literal(json.dumps(str(member), ensure_ascii=False))} COLON {inner}" for member in self.sets[index[0]]
        ]
        return '"{" ' + " COMMA ".join(members) + ' "}"'

    def _variables(self) -> str:
        tail = r'(COMMA "\"upper\"" COLON bound)?'
        self.rules["range"] = rf'"\"domain\"" COLON (DOMAIN COMMA "\"lower\"" COLON bound {tail} | "\"binary\"" {tail})'
        parts = []
        for name, item in self.formulation.variables.items():
            parts.append(f'{_literal(json.dumps(name))} COLON "{{" {self._index(item.index)} range "}}"')
        return '"{" ' + " COMMA ".join(parts) + ' "}"'

    def _index(self, index: tuple[str, ...]) -> str:
        if not index:
            return ""
        return f'"\\"index\\"" COLON {_literal(json.dumps(list(index), separators=(",", ":")))} COMMA'

    # Bound names.

    def _choose_loops(self) -> list[_Loop]:
        needed: dict[str, int] = {}
        for index in self.indices.values():
            for set_name in index:
                needed[set_name] = max(needed.get(set_name, 0), index.count(set_name))
        taken = {*self.indices, *self.sets, *RESERVED}
        taken |= {str(member) for members in self.sets.values() for member in members}
        loops = []
        for set_name, count in needed.items():
            if set_name not in self.sets:
                raise PyriteError(
                    f"problem {self.problem.id!r}: its reference uses a set {set_name!r} that is not there"
                )
            for _ in range(count):
                name = next(name for name in _loop_names(set_name) if name not in taken)
                taken.add(name)
                loops.append(_Loop(name, set_name))
        if len(loops) > _MOST_LOOPS:
            raise PyriteError(
                f"problem {self.problem.id!r} needs {len(loops)} bound names; "
                f"decoding = 'names' has room for {_MOST_LOOPS}"
            )
        return loops

    def _families(self) -> list[str]:
        """``{"for": ..., "expression": ...}`` for every combination of bound names, with and without ``t > first``."""
        found = []
        for size in range(1, len(self.loops) + 1):
            for chosen in combinations(self.loops, size):
                found.append(self._family(chosen, ""))
                for place, loop in enumerate(chosen):
                    first = self._first_of_row(loop.set_name)
                    if first is not None:
                        later = _Loop(loop.name, loop.set_name, first)
                        scope = (*chosen[:place], later, *chosen[place + 1 :])
                        found.append(self._family(scope, f" if {loop.name} > {first}"))
        return found

    def _family(self, scope: _Scope, condition: str) -> str:
        runs = " AND ".join(_literal(f"{loop.name} in {loop.set_name}") for loop in scope)
        test = _literal(condition) if condition else ""
        used = tuple(loop for loop in scope if loop.first is None)  # a condition uses its name already
        relation = self.relation(scope, used)
        name = self._rule("family", scope, used, 0)
        self.rules[name] = (
            rf'"{{" "\"for\"" COLON "\"" {runs} {test} "\"" COMMA "\"expression\"" COLON "\"" {relation} "\"" "}}"'
        )
        return name

    def _first_of_row(self, set_name: str) -> int | None:
        members = self.sets[set_name]
        numbers = [member for member in members if isinstance(member, int)]
        if len(numbers) < 2 or len(numbers) < len(members):
            return None
        first = min(numbers)
        return first if set(numbers) == set(range(first, first + len(numbers))) and first >= 0 else None

    # Expressions. ``scope``: the bound names; ``used``: those that must be used; ``depth``: nesting that is left.

    def relation(self, scope: _Scope, used: _Scope) -> str:
        """A relation; when names must be used, one term of its left side uses them all."""
        name = self._rule("relation", scope, used, 2)
        if name not in self.rules:
            self.rules[name] = ""
            right = self.expression(scope, 2)
            left = self.covering(scope, used, 2) if used else right
            known = self._references(scope, (), known=True)
            end = f'"-"? (NUMBER | {known})' if known else '"-"? NUMBER'
            self.rules[name] = f"{left} RELATION {right} | {end} UP {left} UP {end}"
        return name

    def covering(self, scope: _Scope, used: _Scope, depth: int) -> str:
        """An expression of which one term uses all of ``used``."""
        name = self._rule("covering", scope, used, depth)
        if name not in self.rules:
            self.rules[name] = ""
            term = self.term(scope, depth)
            self.rules[name] = f'"-"? ({term} ADD)* {self.covering_term(scope, used, depth)} (ADD {term})*'
        return name

    def covering_term(self, scope: _Scope, used: _Scope, depth: int) -> str:
        """A product of which one factor uses all of ``used``, or a sum that does."""
        name = self._rule("coverterm", scope, used, depth)
        if name not in self.rules:
            self.rules[name] = ""
            choices = []
            factor = self.factor(scope, depth)
            references = self._references(scope, used)
            if references:
                choices.append(f"({factor} MULTIPLY)* ({references}) (MULTIPLY {factor})*")
            if depth:
                choices.extend(f"({factor} MULTIPLY)* {total}" for total in self._sums(scope, used, depth))
            self.rules[name] = " | ".join(choices)
        return name

    def expression(self, scope: _Scope, depth: int) -> str:
        """Terms with signs between them."""
        name = self._rule("expression", scope, (), depth)
        if name not in self.rules:
            self.rules[name] = ""
            term = self.term(scope, depth)
            self.rules[name] = f'"-"? {term} (ADD {term})*'
        return name

    def term(self, scope: _Scope, depth: int) -> str:
        """Factors with times between them, and divisors that are numbers or known."""
        name = self._rule("term", scope, (), depth)
        if name not in self.rules:
            self.rules[name] = ""
            factor = self.factor(scope, depth)
            known = self._references(scope, (), known=True)
            divisor = f"(NUMBER | {known})" if known else "NUMBER"
            self.rules[name] = f"{factor} (MULTIPLY {factor} | DIVIDE {divisor})*"
        return name

    def factor(self, scope: _Scope, depth: int) -> str:
        """A number, a reference, a square, parentheses, a sum."""
        name = self._rule("factor", scope, (), depth)
        if name not in self.rules:
            self.rules[name] = ""
            choices = ["NUMBER"]
            references = self._references(scope, ())
            if references:
                choices.append(f'({references}) "**2"?')
            if depth:
                choices.append(f'"(" {self.expression(scope, depth - 1)} ")"')
                choices.extend(self._sums(scope, (), depth))
            self.rules[name] = " | ".join(choices)
        return name

    def _sums(self, scope: _Scope, used: _Scope, depth: int) -> list[str]:
        """``sum(... for p in P for t in T)`` over bound names that are free; the body uses them and ``used``."""
        free = [loop for loop in self.loops if loop.name not in {taken.name for taken in scope}]
        found = []
        for size in range(1, min(len(free), 2) + 1):
            for chosen in combinations(free, size):
                inner = (*scope, *chosen)
                body = self.covering(inner, (*used, *chosen), depth - 1)
                runs = " ".join(_literal(f" for {loop.name} in {loop.set_name}") for loop in chosen)
                found.append(f'"sum(" {body} {runs} ")"')
        return found

    def _references(self, scope: _Scope, used: _Scope, known: bool = False) -> str:
        """Every way to write a declared name in this scope that uses all of ``used``."""
        choices = []
        for name, index in (self.known if known else self.indices).items():
            if not index:
                if not used:
                    choices.append(_literal(name))
                continue
            for places in self._places(index, scope, used):
                choices.append(f'{_literal(name + "[")} {" AND ".join(places)} "]"')
        return " | ".join(choices)

    def _places(self, index: tuple[str, ...], scope: _Scope, used: _Scope) -> Iterator[list[str]]:
        """Ways to fill the places of an index so that every name in ``used`` stands somewhere."""
        if not used:
            yield [self._place(set_name, scope) for set_name in index]
            return
        if len(used) > len(index):
            return
        yield from self._assign(index, scope, list(used), [])

    def _assign(self, index: tuple[str, ...], scope: _Scope, left: list[_Loop], made: list[str]) -> Iterator[list[str]]:
        if len(left) > len(index):
            return
        if not index:
            yield made
            return
        for loop in left:
            if loop.set_name == index[0]:
                rest = [other for other in left if other is not loop]
                yield from self._assign(index[1:], scope, rest, [*made, _literal(loop.name)])
        yield from self._assign(index[1:], scope, left, [*made, self._place(index[0], scope)])

    def _place(self, set_name: str, scope: _Scope) -> str:
        """A rule for one place of an index: a bound name over the set, ``t-1`` where that exists, or a member."""
        name = self._rule(f"place_{set_name}_", scope, (), 0)
        if name not in self.rules:
            choices = []
            for loop in scope:
                if loop.set_name == set_name:
                    choices.append(_literal(loop.name))
                    if loop.first is not None:
                        choices.append(_literal(f"{loop.name}-1"))
            choices.extend(_literal(text) for text in _written(self.sets[set_name]))
            self.rules[name] = " | ".join(choices) or _literal("0")
        return name

    def _rule(self, kind: str, scope: _Scope, used: _Scope, depth: int) -> str:
        """A rule's name: its kind, and a digit for each loop (0 free, 1 bound, 2 past the first, 3 must be used)."""
        codes = []
        for loop in self.loops:
            inside = next((item for item in scope if item.name == loop.name), None)
            code = "0" if inside is None else "1" if inside.first is None else "2"
            codes.append("3" if any(item.name == loop.name for item in used) else code)
        return f"{kind.lower()}_{''.join(codes)}_{depth}"


def _loop_names(set_name: str) -> Iterator[str]:
    letter = set_name[0].lower() if set_name[0].isalpha() else "i"
    yield letter
    yield from (letter * 2, *"ijktpqrsuvw")
    for number in range(1, 100_000):
        yield f"{letter}{number}"


def _written(members: Iterable[Member]) -> list[str]:
    """Members as an index may write them; those that would need escapes are left out."""
    found = []
    for member in members:
        if isinstance(member, int):
            found.append(str(member))
        elif IDENTIFIER.fullmatch(member) and member not in RESERVED:
            found.append(member)
        elif not any(sign in member for sign in "'\"\\"):
            found.append(f"'{member}'")
    return found


def _literal(text: str) -> str:
    """A literal of the grammar."""
    return json.dumps(text, ensure_ascii=False)
