"""Hold a lifted proof against instances of symbols, sharing no code with the prover; one whole, so it is long.

Sets of several sizes are made up, every parameter is a symbol at every index, and both formulations are written out to
rows whose coefficients are exact polynomials (with negative exponents where something is divided by). Each step of the
proof must then hold as an identity of polynomials in every row that it speaks of. Identities in which loops are told
apart only by equality hold for all sets when they hold for as many members as there are loops, which are tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, TypeAlias

from ...language.formulation import Data
from ...language.grammar.syntax import (
    Binary,
    Condition,
    Expression,
    Index,
    IndexComparison,
    IndexMember,
    IndexName,
    IndexSum,
    Logical,
    Member,
    NameReference,
    Negative,
    Not,
    Number,
    Square,
    Sum,
)
from ...language.names import Resolved
from ...rationals import Exact, Fraction
from .proof import Definition, LiftedProof, Power, ProofLabel, Step

Atom: TypeAlias = tuple[str, tuple[Member, ...]]
Monomial: TypeAlias = frozenset[tuple[Atom, int]]
Polynomial: TypeAlias = dict[Monomial, Fraction]
SymbolicCell: TypeAlias = tuple[str, tuple[Member, ...]] | None
"""A variable's member; None is the constant."""
SymbolicForm: TypeAlias = dict[SymbolicCell, Polynomial]
Sets: TypeAlias = Mapping[str, tuple[Member, ...]]

ONE: Monomial = frozenset()
MOST_CELLS = 4_000
MOST_INSTANCES = 6


class BrokenIdentity(Exception):  # noqa: N818 - the check's answer is no
    """Something in the proof does not hold, or an instance cannot be written out."""


@dataclass
class SymbolicLine:
    """One written-out row: ``form <= 0`` or ``form == 0``."""

    form: SymbolicForm
    equation: bool


Lines: TypeAlias = dict[ProofLabel, dict[tuple[Member, ...], SymbolicLine]]


# Polynomials and forms ------------------------------------------------------------------------------------------------


def _add(into: Polynomial, other: Polynomial, weight: Exact = 1) -> None:
    for monomial, value in other.items():
        total = into.get(monomial, Fraction(0)) + weight * value
        if total:
            into[monomial] = total
        else:
            into.pop(monomial, None)


def _product(first: Polynomial, second: Polynomial) -> Polynomial:
    found: Polynomial = {}
    for one, a in first.items():
        for other, b in second.items():
            exponents = dict(one)
            for atom, exponent in other:
                exponents[atom] = exponents.get(atom, 0) + exponent
            _add(found, {frozenset((atom, e) for atom, e in exponents.items() if e): a * b})
    return found


def _reciprocal(value: Polynomial) -> Polynomial:
    if len(value) != 1:
        raise BrokenIdentity("division by a sum")
    ((monomial, coefficient),) = value.items()
    return {frozenset((atom, -e) for atom, e in monomial): 1 / coefficient}


def _combine(first: SymbolicForm, second: SymbolicForm, weight: Polynomial) -> SymbolicForm:
    """``first + weight * second``."""
    found = {cell: dict(value) for cell, value in first.items()}
    add_form(found, second, weight)
    return found


def add_form(into: SymbolicForm, other: SymbolicForm, weight: Polynomial) -> None:
    """Add ``weight * other`` in place; what cancels goes."""
    number = weight.get(ONE) if set(weight) == {ONE} else None
    for cell, value in other.items():
        entry = into.setdefault(cell, {})
        if number is not None:
            _add(entry, value, number)
        else:
            _add(entry, _product(weight, value))
        if not entry:
            del into[cell]
    if len(into) > MOST_CELLS:
        raise BrokenIdentity("an instance is too large")


# Writing out ----------------------------------------------------------------------------------------------------------


@dataclass
class SymbolicWriter:
    """One formulation on one instance."""

    resolved: Resolved
    sets: Sets

    def index(self, node: Index, env: Mapping[str, Member], set_name: str | None) -> Member:
        if isinstance(node, IndexName) and node.name in env:
            return env[node.name]
        if isinstance(node, IndexName | IndexMember):
            member: Member = node.name if isinstance(node, IndexName) else node.member
            members = self.sets[set_name] if set_name is not None else ()
            return int(member) if member not in members and str(member).isdigit() else member
        assert isinstance(node, IndexSum)
        left, right = self.index(node.left, env, None), self.index(node.right, env, None)
        if not isinstance(left, int) or not isinstance(right, int):
            raise BrokenIdentity("index arithmetic with a member that is no number")
        return left + right if node.operator == "+" else left - right if node.operator == "-" else left * right

    def holds(self, node: Condition | None, env: Mapping[str, Member]) -> bool:
        if node is None:
            return True
        if isinstance(node, Not):
            return not self.holds(node.operand, env)
        if isinstance(node, Logical):
            left, right = self.holds(node.left, env), self.holds(node.right, env)
            return left and right if node.operator == "and" else left or right
        assert isinstance(node, IndexComparison)
        one, other = self.index(node.left, env, None), self.index(node.right, env, None)
        if node.operator in ("==", "!="):
            return (str(one) == str(other)) == (node.operator == "==")
        if not isinstance(one, int) or not isinstance(other, int):
            raise BrokenIdentity("an order of members that are no numbers")
        return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[node.operator]

    def form(self, node: Expression, env: Mapping[str, Member]) -> SymbolicForm:
        if isinstance(node, Number):
            return {None: {ONE: Fraction(node.value)}} if node.value else {}
        if isinstance(node, Negative):
            return _combine({}, self.form(node.operand, env), {ONE: Fraction(-1)})
        if isinstance(node, Square):
            return self._times(self.form(node.operand, env), self.form(node.operand, env))
        if isinstance(node, NameReference):
            return self._reference(node, env)
        if isinstance(node, Sum):
            total: SymbolicForm = {}
            for inner in self.loops([(g.name, g.set_name) for g in node.generators], node.condition, env):
                add_form(total, self.form(node.body, inner), {ONE: Fraction(1)})
            return total
        assert isinstance(node, Binary)
        left, right = self.form(node.left, env), self.form(node.right, env)
        if node.operator in "+-":
            return _combine(left, right, {ONE: Fraction(1 if node.operator == "+" else -1)})
        if node.operator == "*":
            return self._times(left, right)
        if set(right) != {None}:
            raise BrokenIdentity("division by what is no parameter")
        return _combine({}, left, _reciprocal(right[None]))

    def _times(self, left: SymbolicForm, right: SymbolicForm) -> SymbolicForm:
        if set(left) <= {None}:
            left, right = right, left
        if not set(right) <= {None}:
            raise BrokenIdentity("a product of variables")
        return _combine({}, left, right.get(None, {}))

    def loops(
        self, generators: Sequence[tuple[str, str]], condition: Condition | None, env: Mapping[str, Member]
    ) -> Iterator[dict[str, Member]]:
        for members in product(*(self.sets[s] for _, s in generators)):
            inner = {**env, **dict(zip((n for n, _ in generators), members, strict=True))}
            if self.holds(condition, inner):
                yield inner

    def _reference(self, node: NameReference, env: Mapping[str, Member]) -> SymbolicForm:
        if not node.indices and node.name in env:
            member = env[node.name]
            if not isinstance(member, int):
                raise BrokenIdentity("a member that is no number as a number")
            return {None: {ONE: Fraction(member)}} if member else {}
        variable = self.resolved.variables.get(node.name)
        index = variable.index if variable is not None else self.resolved.parameters[node.name].index
        members = tuple(self.index(i, env, s) for i, s in zip(node.indices, index, strict=True))
        if any(m not in self.sets[s] for m, s in zip(members, index, strict=True)):
            raise BrokenIdentity("an index outside its set")
        if variable is not None:
            return {(node.name, members): {ONE: Fraction(1)}}
        return {None: {frozenset({((node.name, members), 1)}): Fraction(1)}}

    def lines(self) -> tuple[Lines, SymbolicForm]:
        """Every row by label and loop members, and the cost that is minimised."""
        found: Lines = {}
        for name, item in self.resolved.variables.items():
            binary = item.domain == "binary"
            lower = max(item.lower or 0, 0) if binary else item.lower
            upper = min(1 if item.upper is None else item.upper, 1) if binary else item.upper
            for side, bound, sign in (("lower", lower, -1), ("upper", upper, 1)):
                if bound is not None:
                    constant: SymbolicForm = {None: {ONE: Fraction(-sign * bound)}} if bound else {}
                    found["bound", name, side] = {
                        members: SymbolicLine({(name, members): {ONE: Fraction(sign)}, **constant}, False)
                        for members in product(*(self.sets[s] for s in item.index))
                    }
        for name, constraint in self.resolved.constraints.items():
            generators = (
                [(g.name, g.set_name) for g in constraint.family.generators] if constraint.family is not None else []
            )
            condition = constraint.family.condition if constraint.family is not None else None
            for env in self.loops(generators, condition, {}):
                members = tuple(env[n] for n, _ in generators)
                sides = [self.form(term, env) for term in constraint.relation.terms]
                for part, operator in enumerate(constraint.relation.operators):
                    first, second = sides[part : part + 2] if operator != ">=" else sides[part : part + 2][::-1]
                    line = SymbolicLine(_combine(first, second, {ONE: Fraction(-1)}), operator == "==")
                    found.setdefault(("row", name, str(part)), {})[members] = line
        cost = self.form(self.resolved.objective, {}) if self.resolved.objective is not None else {}
        return found, _combine({}, cost, {ONE: Fraction(-1 if self.resolved.sense == "maximize" else 1)})


# Checking -------------------------------------------------------------------------------------------------------------


def _substituted(lines: Lines, cost: SymbolicForm, definition: Definition) -> tuple[Lines, SymbolicForm]:
    """Rows and cost without a defined variable; its row must determine it and go."""
    rows = lines.pop(definition.row, None)
    if rows is None:
        raise BrokenIdentity(f"no row {definition.row[1]!r}")
    values: dict[SymbolicCell, SymbolicForm] = {}
    for line in rows.values():
        cells = [c for c in line.form if c is not None and c[0] == definition.variable]
        if len(cells) != 1 or cells[0] in values:
            raise BrokenIdentity(f"{definition.row[1]!r} does not define {definition.variable} once")
        weight = line.form[cells[0]]
        if set(weight) != {ONE}:
            raise BrokenIdentity(f"{definition.variable} is defined with a factor that may be zero")
        rest = {c: v for c, v in line.form.items() if c != cells[0]}
        values[cells[0]] = _combine({}, rest, {ONE: -1 / weight[ONE]})
        if definition.pressed:
            _held(definition, line, cells[0], weight[ONE], lines, cost)
        elif not line.equation:
            raise BrokenIdentity(f"{definition.row[1]!r} is no equation")

    def put(form: SymbolicForm) -> SymbolicForm:
        total = {c: dict(v) for c, v in form.items() if c not in values}
        for cell, weight in form.items():
            if cell in values:
                add_form(total, values[cell], weight)
        if any(c is not None and c[0] == definition.variable for c in total):
            raise BrokenIdentity(f"a member of {definition.variable} has no definition")
        return total

    moved = {
        label: {at: SymbolicLine(put(x.form), x.equation) for at, x in rows.items()} for label, rows in lines.items()
    }
    return moved, put(cost)


def _held(
    definition: Definition, line: SymbolicLine, cell: SymbolicCell, weight: Fraction, lines: Lines, cost: SymbolicForm
) -> None:
    """A pressed variable is all of the cost, stands in no other row, and its row holds the cost up."""
    others = any(cell in other.form for rows in lines.values() for other in rows.values())
    price = cost.get(cell, {})
    alone = {c for c in cost if c is not None} == {cell} and set(price) == {ONE}
    if line.equation or others or not alone or price[ONE] * weight >= 0:
        raise BrokenIdentity(f"{definition.variable} is not pressed onto {definition.row[1]!r}")


def _factor(step_factor: Any, powers: Sequence[Power], at: Sequence[Member]) -> Polynomial:
    atoms = []
    for name, places, exponent in powers:
        members: list[Member] = []
        for where in places:
            if isinstance(where, tuple):
                member = at[where[0]]
                if where[1] and not isinstance(member, int):
                    raise BrokenIdentity("a shifted index that is no number")
                members.append(member + where[1] if isinstance(member, int) else member)
            else:
                members.append(where)
        atoms.append(((name, tuple(members)), exponent))
    return {frozenset(atoms): Fraction(step_factor)}


@dataclass
class Checker:
    """The assumptions, and what they say of polynomials."""

    signs: Mapping[str, str]

    def positive(self, powers: Sequence[Power]) -> bool:
        return all(self.signs.get(name) == "> 0" for name, _, _ in powers)

    def nonnegative(self, monomial: Monomial) -> bool:
        return all(
            e % 2 == 0 or self.signs.get(atom[0]) == "> 0" or (e > 0 and self.signs.get(atom[0]) == ">= 0")
            for atom, e in monomial
        )

    def nonpositive(self, form: SymbolicForm) -> bool:
        if any(cell is not None for cell in form):
            return False
        return all(value < 0 and self.nonnegative(m) for m, value in form.get(None, {}).items())

    def step(
        self, step: Step, at: tuple[Member, ...], target: SymbolicLine, source: Lines, bounds: Mapping[Any, Any]
    ) -> None:
        """Raise Broken unless the step shows this row."""
        aim = _combine({}, target.form, {ONE: Fraction(step.sign)})
        if step.sign == -1 and not target.equation:
            raise BrokenIdentity(f"{step.target[1]!r} has one side only")
        if step.source is None:
            for cell in [c for c in aim if c is not None]:
                for monomial, value in aim.pop(cell).items():
                    bound = bounds[cell[0]][1 if value > 0 else 0]
                    if bound is None or not self.nonnegative(monomial):
                        raise BrokenIdentity(f"{step.target[1]!r} does not follow from bounds")
                    aim = _combine(aim, {None: {monomial: value}}, {ONE: Fraction(bound)})
        else:
            total: SymbolicForm = {}
            rows = [x for x in source.get(step.source, {}).items() if _fits(step.loops, x[0], at)]
            if not rows and None not in step.loops:
                raise BrokenIdentity(f"{step.source[1]!r} has no row for {at}")
            for _, line in rows:
                add_form(total, line.form, {ONE: Fraction(1)})
            if not self.positive(step.powers) or (step.factor <= 0 and not all(x.equation for _, x in rows)):
                raise BrokenIdentity(f"the factor of {step.source[1]!r} is not positive")
            factor = _factor(step.factor, step.powers, at)
            aim = _combine(aim, total, {m: -v for m, v in factor.items()})
        if not self.nonpositive(aim):
            raise BrokenIdentity(f"{step.target[1]!r} does not follow at {at}")


def _fits(loops: Sequence[int | None], members: Sequence[Member], at: Sequence[Member]) -> bool:
    return len(loops) == len(members) and all(
        position is None or at[position] == member for position, member in zip(loops, members, strict=True)
    )


def check(a: Resolved, b: Resolved, data: Data, proof: LiftedProof) -> int:
    """The number of instances on which every step holds. Raises Broken with what does not."""
    done = 0
    for name, sign in proof.assumptions:
        values = [v for _, v in data.parameters[name].items()] if name in data.parameters else [Fraction(-1)]
        if not all({"> 0": v > 0, ">= 0": v >= 0, "!= 0": v != 0}[sign] for v in values):
            raise BrokenIdentity(f"the data do not keep {name} {sign}")
    refused = "no instance"
    for sets in _instances(a, b, data):
        ours, theirs = SymbolicWriter(a, sets), SymbolicWriter(b, sets)
        try:
            written = ours.lines(), theirs.lines()
        except BrokenIdentity as trouble:
            # Sets on which one of them does not build, such as too few periods for a lag.
            refused = str(trouble)
            continue
        _instance(a, b, written, proof)
        done += 1
        if done == MOST_INSTANCES:
            break
    if done < 2:
        raise BrokenIdentity(f"too few instances can be written out: {refused}")
    return done


def _instance(a: Resolved, b: Resolved, written: Any, proof: LiftedProof) -> None:
    (lines_a, cost_a), (lines_b, cost_b) = written
    for definition in proof.a_definitions:
        lines_a, cost_a = _substituted(lines_a, cost_a, definition)
    for definition in proof.b_definitions:
        lines_b, cost_b = _substituted(lines_b, cost_b, definition)
    for side, definitions, paired in (
        (a, proof.a_definitions, [p.ours for p in proof.pairings]),
        (b, proof.b_definitions, [p.theirs for p in proof.pairings]),
    ):
        if sorted([*paired, *(d.variable for d in definitions)]) != sorted(side.variables):
            raise BrokenIdentity("not every variable family is paired or defined")
        if any(side.variables[d.variable].domain != "continuous" for d in definitions):
            raise BrokenIdentity("a defined variable must be whole")
    names = {p.ours: p for p in proof.pairings}
    for p in proof.pairings:
        if (a.variables[p.ours].domain == "continuous") != (b.variables[p.theirs].domain == "continuous"):
            raise BrokenIdentity(f"{p.ours} and {p.theirs} differ in domain")
        if tuple(a.variables[p.ours].index[k] for k in p.order) != b.variables[p.theirs].index:
            raise BrokenIdentity(f"{p.ours} and {p.theirs} differ in their indices")

    def read(form: SymbolicForm) -> SymbolicForm:
        return {
            None if c is None else (names[c[0]].theirs, tuple(c[1][k] for k in names[c[0]].order)): v
            for c, v in form.items()
        }

    lines_a = {
        label: {at: SymbolicLine(read(x.form), x.equation) for at, x in rows.items()} for label, rows in lines_a.items()
    }
    checker = Checker(dict(proof.assumptions))
    bounds_b = {p.theirs: _bounds(b, p.theirs) for p in proof.pairings}
    bounds_a = {p.theirs: _bounds(a, p.ours) for p in proof.pairings}
    _all(checker, proof.a_in_b, lines_b, lines_a, bounds_a)
    _all(checker, proof.b_in_a, lines_a, lines_b, bounds_b)
    if not checker.positive(proof.objective_powers) or proof.objective_factor <= 0:
        raise BrokenIdentity("the objectives' factor is not positive")
    factor = _factor(proof.objective_factor, proof.objective_powers, ())
    rest = _combine(cost_b, read(cost_a), {m: -v for m, v in factor.items()})
    if any(cell is not None for cell in rest) or (a.sense == "feasibility") != (b.sense == "feasibility"):
        raise BrokenIdentity("the objectives are not proportional")


def _bounds(side: Resolved, name: str) -> tuple[Any, Any]:
    item = side.variables[name]
    if item.domain == "binary":
        return max(item.lower or 0, 0), min(1 if item.upper is None else item.upper, 1)
    return item.lower, item.upper


def _all(checker: Checker, steps: Sequence[Step], targets: Lines, source: Lines, bounds: Mapping[Any, Any]) -> None:
    """Every row of the target, both sides of its equations."""
    given = {(step.target, step.sign): step for step in steps}
    for label, rows in targets.items():
        for at, line in rows.items():
            for sign in (1, -1) if line.equation else (1,):
                step = given.get((label, sign))
                if step is None:
                    raise BrokenIdentity(f"nothing shows {label[1]!r}")
                checker.step(step, at, line, source, bounds)


def _instances(a: Resolved, b: Resolved, data: Data) -> Iterator[Sets]:
    """Sets as large as the loops over them need, and larger; members that a formulation names are always among them."""
    depth = {name: max(1, _depth(a, name), _depth(b, name)) for name in data.sets}
    choices = []
    for name, members in data.sets.items():
        named = _named(a, name) | _named(b, name)
        numbers = all(isinstance(m, int) for m in members)
        sizes: list[tuple[Member, ...]] = []
        for size in (depth[name], depth[name] + 1, depth[name] + 2, 1):
            if numbers:
                first = min((m for m in members if isinstance(m, int)), default=1)
                wanted = {int(m) for m in named}
                sizes.append(tuple(range(min([first, *wanted]), max([first + size - 1, *wanted]) + 1)))
            else:
                literal = sorted(m for m in named if isinstance(m, str))
                sizes.append((*literal, *(f"{name}~{k}" for k in range(size))))
        choices.append(list(dict.fromkeys(sizes)))
    # Sizes together first, then mixed.
    together = [tuple(c[min(k, len(c) - 1)] for c in choices) for k in range(max(map(len, choices), default=0))]
    for chosen in dict.fromkeys([*together, *islice(product(*(c[:2] for c in choices)), 8)]):
        yield dict(zip(data.sets, chosen, strict=True))


def _depth(side: Resolved, set_name: str) -> int:
    """The most loops over a set that stand inside one another, the row's own included."""

    def deepest(node: Any) -> int:
        if isinstance(node, Sum):
            return sum(g.set_name == set_name for g in node.generators) + deepest(node.body)
        if isinstance(node, Negative | Square):
            return deepest(node.operand)
        if isinstance(node, Binary):
            # A product's loops stand side by side in each of its terms.
            return (sum if node.operator == "*" else max)((deepest(node.left), deepest(node.right)))
        return 0

    found = [deepest(side.objective)]
    for item in side.constraints.values():
        own = sum(g.set_name == set_name for g in item.family.generators) if item.family is not None else 0
        found += [own + deepest(term) for term in item.relation.terms]
    return max(found)


def _named(side: Resolved, set_name: str) -> set[Member]:
    """Members of a set that the formulation writes out by themselves, as indices or in conditions."""
    found: set[Member] = set()

    def walk(node: Any, scope: frozenset[str]) -> None:
        if isinstance(node, Sum):
            scope = scope | {g.name for g in node.generators}
            walk(node.body, scope)
            walk(node.condition, scope)
        elif isinstance(node, IndexMember):
            found.add(node.member)
        elif isinstance(node, IndexName):
            if node.name not in scope:
                found.add(node.name)
        elif isinstance(node, NameReference):
            for inner in node.indices:
                walk(inner, scope)
        elif isinstance(node, Negative | Not | Square):
            walk(node.operand, scope)
        elif isinstance(node, Binary | IndexComparison | Logical | IndexSum):
            walk(node.left, scope)
            walk(node.right, scope)

    walk(side.objective, frozenset())
    for item in side.constraints.values():
        scope = frozenset(g.name for g in item.family.generators) if item.family is not None else frozenset()
        if item.family is not None:
            walk(item.family.condition, scope)
        for term in item.relation.terms:
            walk(term, scope)
    members = side.sets.get(set_name, ())
    return {m for m in members if m in found or (isinstance(m, int) and str(m) in found)}
