"""A formulation as families of rows in normal form: ``body <= 0`` or ``body == 0`` for loops under conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...language.formulation import Domain, Sense
from ...language.names import Resolved
from ...rationals import Exact, Fraction
from .proof import Definition, ProofLabel
from .symbols import (
    Loops,
    NotLiftable,
    SymbolPlace,
    SymbolTerms,
    SymbolTest,
    collect,
    conditions_of,
    linear,
    number,
    plus,
    read,
    renamed,
    substituted,
    summed,
    times,
)


@dataclass(frozen=True)
class SymbolicRow:
    """A family of rows. Its loops are named r0, r1 ...; the body's other names are bound inside its summands."""

    label: ProofLabel
    loops: Loops
    conditions: tuple[SymbolTest, ...]
    body: SymbolTerms
    equation: bool


@dataclass(frozen=True)
class Unknown:
    """A family of variables with its numeric bounds."""

    domain: Domain
    index: tuple[str, ...]
    lower: Exact | None
    upper: Exact | None

    @property
    def whole(self) -> bool:
        return self.domain != "continuous"


@dataclass
class Families:
    """One side. ``cost`` is what is minimised; ``definitions`` are the variables that have been substituted."""

    unknowns: dict[str, Unknown]
    rows: list[SymbolicRow]
    cost: SymbolTerms
    sense: Sense
    definitions: list[Definition]


def families(resolved: Resolved) -> Families:
    """The formulation in normal form. Raises NotLiftable."""
    unknowns, rows = {}, []
    for name, item in resolved.variables.items():
        lower, upper = item.lower, item.upper
        if item.domain == "binary":
            lower = 0 if lower is None else max(lower, 0)
            upper = 1 if upper is None else min(upper, 1)
        unknowns[name] = Unknown(item.domain, item.index, lower, upper)
        loops = tuple((f"r{k}", s) for k, s in enumerate(item.index))
        own: SymbolTerms = {((), (), (), (name, tuple(linear({n: 1}, 0) for n, _ in loops))): Fraction(1)}
        for side, bound, sign in (("lower", lower, -1), ("upper", upper, 1)):
            if bound is not None:
                body = plus(plus({}, own, Fraction(sign)), number(Fraction(bound)), Fraction(-sign))
                rows.append(SymbolicRow(("bound", name, side), loops, (), body, False))
    for name, constraint in resolved.constraints.items():
        generators = constraint.family.generators if constraint.family is not None else ()
        scope = {g.name: g.set_name for g in generators}
        loops = tuple((f"r{k}", g.set_name) for k, g in enumerate(generators))
        names = {g.name: linear({f"r{k}": 1}, 0) for k, g in enumerate(generators)}
        condition = constraint.family.condition if constraint.family is not None else None
        tests = conditions_of(condition, scope) if condition is not None else ()
        tests = renamed(((), tests, (), None), names)[1]
        sides = [substituted(read(term, resolved, scope), names) for term in constraint.relation.terms]
        for part, operator in enumerate(constraint.relation.operators):
            left, right = sides[part], sides[part + 1]
            body = plus(left, right, Fraction(-1)) if operator != ">=" else plus(right, left, Fraction(-1))
            rows.append(SymbolicRow(("row", name, str(part)), loops, tests, body, operator == "=="))
    cost = read(resolved.objective, resolved, {}) if resolved.objective is not None else {}
    if resolved.sense == "maximize":
        cost = plus({}, cost, Fraction(-1))
    return Families(unknowns, rows, cost, resolved.sense, [])


def define(side: Families, keep: Sequence[str]) -> Families:
    """Substitute every variable that is not to be kept and that the side's own rows determine."""
    changed = True
    while changed:
        changed = False
        for name in list(side.unknowns):
            if name not in keep:
                found = _defined(side, name) or _pressed(side, name)
                if found is not None:
                    side, changed = found, True
                    break
    return side


def _defined(side: Families, name: str) -> Families | None:
    """The side without a continuous variable family for which one family of equations has one row a member."""
    unknown = side.unknowns[name]
    if unknown.whole:
        return None
    for row in side.rows:
        if not row.equation or row.conditions or sorted(s for _, s in row.loops) != sorted(unknown.index):
            continue
        uses = [summand for summand in row.body if summand[3] is not None and summand[3][0] == name]
        if len(uses) != 1:
            continue
        loops, conditions, powers, variable = uses[0]
        assert variable is not None
        bare = [where[1][0][0] for where in variable[1] if where[0] == "i" and len(where[1]) == 1 and where[2] == 0
                and where[1][0][1] == 1]  # fmt: skip
        if loops or conditions or powers or sorted(bare) != sorted(n for n, _ in row.loops):
            continue
        sets = dict(row.loops)
        if tuple(sets[n] for n in bare) != unknown.index:
            continue
        weight = row.body[uses[0]]
        rest = plus({}, {s: c for s, c in row.body.items() if s != uses[0]}, -1 / weight)
        return _without(side, name, row, bare, rest, pressed=False)
    return None


def _pressed(side: Families, name: str) -> Families | None:
    """The side without a single variable that is all of the objective and that one row alone holds up."""
    unknown = side.unknowns[name]
    alone = [summand for summand in side.cost if summand[3] is not None]
    if unknown.index or len(alone) != 1 or alone[0] != ((), (), (), (name, ())):
        return None
    holding = [row for row in side.rows if any(s[3] is not None and s[3][0] == name for s in row.body)]
    if len(holding) != 1 or holding[0].loops or holding[0].conditions or holding[0].equation:
        return None
    row = holding[0]
    if row.label[0] == "bound":
        return None
    weight = row.body.get(alone[0])
    same = [s for s in row.body if s[3] is not None and s[3][0] == name]
    # body <= 0 must hold the cost up: the variable's weights in body and cost have opposite signs.
    if weight is None or len(same) != 1 or weight * side.cost[alone[0]] >= 0:
        return None
    rest = plus({}, {s: c for s, c in row.body.items() if s != alone[0]}, -1 / weight)
    return _without(side, name, row, [], rest, pressed=True)


def _without(
    side: Families, name: str, row: SymbolicRow, names: list[str], value: SymbolTerms, *, pressed: bool
) -> Families:
    def put(terms: SymbolTerms) -> SymbolTerms:
        return _put(terms, name, names, value)

    rows = [replace(other, body=put(other.body)) for other in side.rows if other is not row]
    unknowns = {k: v for k, v in side.unknowns.items() if k != name}
    definition = Definition(name, row.label, pressed)
    return Families(unknowns, rows, put(side.cost), side.sense, [*side.definitions, definition])


def _put(terms: SymbolTerms, name: str, names: list[str], value: SymbolTerms) -> SymbolTerms:
    """The expression with ``name[places]`` replaced by ``value`` at those places."""
    total = {s: c for s, c in terms.items() if s[3] is None or s[3][0] != name}
    for (loops, conditions, powers, variable), c in terms.items():
        if variable is None or variable[0] != name:
            continue
        # The loops leave their normal names for the while, so that the value's own loops do not capture them.
        outer = {n: linear({f"{n}~": 1}, 0) for n, _ in loops}
        free_loops, free_conditions, free_powers, free = renamed((loops, conditions, powers, variable), outer)
        assert free is not None
        at = substituted(value, dict(zip(names, free[1], strict=True)))
        factor: SymbolTerms = {((), (), free_powers, None): c}
        total = plus(total, summed(times(factor, at), free_loops, free_conditions))
    return total


def paired(side: Families, names: dict[str, tuple[str, tuple[int, ...]]]) -> Families:
    """The side with its variables under other names: {name: (other name, order of indices)}."""

    def put(terms: SymbolTerms) -> SymbolTerms:
        found = []
        for (loops, conditions, powers, variable), c in terms.items():
            if variable is not None:
                other, order = names[variable[0]]
                variable = (other, tuple(variable[1][k] for k in order))
            found.append(((loops, conditions, powers, variable), c))
        return collect(found)

    unknowns = {}
    for name, unknown in side.unknowns.items():
        other, order = names[name]
        unknowns[other] = replace(unknown, index=tuple(unknown.index[k] for k in order))
    rows = [replace(row, body=put(row.body)) for row in side.rows]
    return Families(unknowns, rows, put(side.cost), side.sense, side.definitions)


__all__ = ["Families", "NotLiftable", "SymbolPlace", "SymbolicRow", "define", "families", "paired"]
