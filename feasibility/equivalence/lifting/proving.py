"""Find a proof for all data: pair the variable families, then show every family of rows of one side by the other's.

A row follows from a row of the other side when a positive factor, a number times powers of parameters, turns the one
into the other identically (Farkas' lemma with one symbolic multiplier), where the source may be summed over loops; or
from its variables' bounds, term by term, when the signs of the coefficients are known. Signs of parameters are assumed
where needed, provided that the data at hand have them, and are told with the verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, combinations, permutations, product

from ...language.formulation import Data
from ...language.names import Resolved
from ...rationals import Fraction
from ..naming import is_meaningful, key
from . import proof
from .families import Families, SymbolicRow, define, families, paired
from .proof import FamilyPairing, LiftedProof, ProofLabel, Step
from .signs import Assumptions
from .symbols import NotLiftable, Powers, SymbolTerms, linear, multiply_powers, plus, renamed, substituted, summed

MOST_PAIRINGS = 48


def prove(a: Resolved, b: Resolved, data: Data) -> LiftedProof:
    """A proof that A and B are equivalent on all data. Raises NotLiftable with the reason when none is found."""
    first, second = families(a), families(b)
    if (first.sense == "feasibility") != (second.sense == "feasibility"):
        raise NotLiftable("only one side has an objective")
    reason = ""
    tried = 0
    for kept_a, kept_b in _kept(first, second):
        ours, theirs = define(first, kept_a), define(second, kept_b)
        for names in _pairings(ours, theirs):
            tried += 1
            if tried > MOST_PAIRINGS:
                break
            try:
                return _attempt(ours, theirs, names, data)
            except NotLiftable as trouble:
                # The likeliest pairing comes first, and its trouble tells most.
                reason = reason or str(trouble)
    raise NotLiftable(reason or "the variable families could not be paired")


def _kept(a: Families, b: Families) -> Iterator[tuple[list[str], list[str]]]:
    """Variables that stay on each side: those of shared names; else all that the other side could have."""
    theirs = {key(name) for name in b.unknowns}
    ours = {key(name) for name in a.unknowns}
    shared_a = [name for name in a.unknowns if key(name) in theirs]
    shared_b = [name for name in b.unknowns if key(name) in ours]
    yield shared_a, shared_b
    yield list(a.unknowns), list(b.unknowns)


def _pairings(a: Families, b: Families) -> Iterator[dict[str, tuple[str, tuple[int, ...]]]]:
    """Ways to read A's variable families as B's; meaningful equal names are kept."""
    if len(a.unknowns) != len(b.unknowns):
        return
    words = {key(name): name for name in b.unknowns if is_meaningful(name)}
    fixed = {name: words[key(name)] for name in a.unknowns if key(name) in words}
    left = [name for name in a.unknowns if name not in fixed]
    open_names = [name for name in b.unknowns if name not in fixed.values()]
    if len(left) > 4:
        same = {key(name): name for name in open_names}
        if any(key(name) not in same for name in left):
            return
        orders = iter([tuple(same[key(name)] for name in left)])
    else:
        # Equal names that mean nothing are the likeliest reading all the same.
        orders = iter(sorted(permutations(open_names), key=lambda o: sum(x != y for x, y in zip(left, o, strict=True))))
    for order in orders:
        names = {**fixed, **dict(zip(left, order, strict=True))}
        choices = []
        for name, other in names.items():
            ours, theirs = a.unknowns[name], b.unknowns[other]
            fits = [
                turn for turn in permutations(range(len(ours.index)))
                if tuple(ours.index[k] for k in turn) == theirs.index and ours.whole == theirs.whole
            ]  # fmt: skip
            choices.append([(name, (other, turn)) for turn in fits])
        for chosen in product(*choices):
            yield dict(chosen)


def _attempt(a: Families, b: Families, names: dict[str, tuple[str, tuple[int, ...]]], data: Data) -> LiftedProof:
    assumptions = Assumptions(data)
    ours = paired(a, names)
    forward = [step for row in b.rows for step in _steps(row, ours, assumptions)]
    backward = [step for row in ours.rows for step in _steps(row, b, assumptions)]
    factor, powers = _objective(ours.cost, b.cost, assumptions)
    inverted = {name for side in (a, b) for name in _divisors(side)}
    for name in inverted:
        if not assumptions.allow(name, "!= 0"):
            raise NotLiftable(f"{name} is divided by and may be zero")
    return LiftedProof(
        tuple(FamilyPairing(name, other, order) for name, (other, order) in names.items()),
        tuple(a.definitions),
        tuple(b.definitions),
        tuple(forward),
        tuple(backward),
        factor,
        powers,
        tuple(sorted(assumptions.used.items())),
    )


def _divisors(side: Families) -> Iterator[str]:
    for terms in (side.cost, *(row.body for row in side.rows)):
        for _, _, powers, _ in terms:
            yield from (name for (name, _), exponent in powers if exponent < 0)


def _steps(target: SymbolicRow, source: Families, assumptions: Assumptions) -> Iterator[Step]:
    """Why the target family holds on the source's plans: one step, or one for each side of an equation."""
    for sign in (1, -1) if target.equation else (1,):
        aim = replace(target, body=plus({}, target.body, Fraction(sign)), equation=False)
        step = _by_row(aim, sign, source, assumptions)
        before = dict(assumptions.used)
        step = step or _by_bounds(aim, sign, source, assumptions)
        if step is None:
            assumptions.used = before
            raise NotLiftable(f"{_said(target.label)} does not follow from the other side for all data")
        yield step


def _said(label: ProofLabel) -> str:
    return repr(label[1]) if label[0] == "row" else f"the {label[2]} bound of {label[1]}"


def _by_row(aim: SymbolicRow, sign: int, source: Families, assumptions: Assumptions) -> Step | None:
    """A row of the source that is the target up to a factor; rows as they stand come before sums of rows."""
    wanted = {summand[3] for summand in aim.body if summand[3] is not None}
    over = {variable[0] for variable in wanted}
    rows = [row for row in source.rows if {s[3][0] for s in row.body if s[3] is not None} == over]
    for kept, row in chain(((None, row) for row in rows), ((gone, r) for r in rows for gone in _sums(r))):
        loops, tried = ([True] * len(row.loops), row) if kept is None else _summed(row, kept)
        for order in permutations(range(len(aim.loops)), len(tried.loops)):
            if any(tried.loops[k][1] != aim.loops[p][1] for k, p in enumerate(order)):
                continue
            names = {n: linear({aim.loops[p][0]: 1}, 0) for (n, _), p in zip(tried.loops, order, strict=True)}
            tests = renamed(((), tried.conditions, (), None), names)[1]
            if not set(tests) <= set(aim.conditions):
                continue
            before = dict(assumptions.used)
            found = _factor(substituted(tried.body, names), row.equation, aim.body, assumptions)
            if found is None:
                assumptions.used = before
                continue
            place = iter(order)
            positions = tuple(next(place) if stays else None for stays in loops)
            return Step(aim.label, sign, row.label, positions, found[0], _plain(found[1], aim))
    return None


def _sums(row: SymbolicRow) -> Iterator[tuple[int, ...]]:
    """One or two loops to sum a row over."""
    for count in (1, 2):
        yield from combinations(range(len(row.loops)), count)


def _summed(row: SymbolicRow, chosen: tuple[int, ...]) -> tuple[list[bool], SymbolicRow]:
    """The row summed over the chosen loops, and which loops stay."""
    gone = tuple(row.loops[k] for k in chosen)
    names = {n for n, _ in gone}
    inside = tuple(t for t in row.conditions if _names(t) & names)
    outside = tuple(t for t in row.conditions if not _names(t) & names)
    loops = tuple(loop for k, loop in enumerate(row.loops) if k not in chosen)
    total = SymbolicRow(row.label, loops, outside, summed(row.body, gone, inside), row.equation)
    return [k not in chosen for k in range(len(row.loops))], total


def _names(test: object) -> set[str]:
    """Loop names in a test."""
    if isinstance(test, str):
        return {test}
    return set().union(*map(_names, test)) if isinstance(test, tuple) else set()


def _factor(
    source: SymbolTerms, equation: bool, target: SymbolTerms, assumptions: Assumptions
) -> tuple[Fraction, Powers] | None:
    """f with ``f * source <= 0`` showing ``target <= 0``: f > 0 (any f for an equation), the rest a constant <= 0."""
    aim = next((s for s in target if s[3] is not None), None)
    if aim is None:
        return None
    for summand, weight in source.items():
        if summand[3] != aim[3] or summand[0] != aim[0] or summand[1] != aim[1]:
            continue
        powers = multiply_powers(aim[2], tuple((atom, -e) for atom, e in summand[2]))
        coefficient = target[aim] / weight
        if any(_bound(places) for (_, places), _ in powers) or any(name == "#" for (name, _), _ in powers):
            continue
        if coefficient < 0 and not equation:
            continue
        if not all(assumptions.allow(name, "> 0") for (name, _), _ in powers):
            continue
        rest = plus(target, _scaled(source, (coefficient, powers)), Fraction(-1))
        if all(s[3] is None for s in rest) and _nonpositive(rest, assumptions):
            return coefficient, powers
    return None


def _named(powers: Powers) -> list[tuple[str, int]]:
    return [(name, exponent) for (name, _), exponent in powers]


def _bound(places: object) -> bool:
    return any(name.startswith("$") for name in _names(places))


def _nonpositive(terms: SymbolTerms, assumptions: Assumptions) -> bool:
    """Whether a constant expression is at most zero by the assumed signs."""
    return all(c < 0 and assumptions.nonnegative(_named(s[2])) for s, c in terms.items())


def _by_bounds(aim: SymbolicRow, sign: int, source: Families, assumptions: Assumptions) -> Step | None:
    """Each variable at the bound that makes the body largest."""
    total: SymbolTerms = {}
    for (loops, conditions, powers, variable), c in aim.body.items():
        term: SymbolTerms = {(loops, conditions, powers, None): c}
        if variable is not None:
            unknown = source.unknowns.get(variable[0])
            bound = None if unknown is None else unknown.upper if c > 0 else unknown.lower
            if bound is None or not assumptions.nonnegative(_named(powers)):
                return None
            term = {s: v * Fraction(bound) for s, v in term.items()} if bound else {}
        total = plus(total, term)
    return Step(aim.label, sign) if _nonpositive(total, assumptions) else None


def _objective(
    ours: SymbolTerms, theirs: SymbolTerms, assumptions: Assumptions
) -> tuple[Fraction, tuple[proof.Power, ...]]:
    """f > 0 with ``f * ours`` equal to ``theirs`` up to a constant."""
    first = {s: c for s, c in ours.items() if s[3] is not None}
    second = {s: c for s, c in theirs.items() if s[3] is not None}
    if not first and not second:
        return Fraction(1), ()
    found = _factor(first, False, second, assumptions) if first and second else None
    if found is None or plus(second, _scaled(first, found), Fraction(-1)):
        raise NotLiftable("the objectives are not proportional for all data")
    return found[0], _plain(found[1], None)


def _scaled(terms: SymbolTerms, factor: tuple[Fraction, Powers]) -> SymbolTerms:
    number, powers = factor
    return {(s[0], s[1], multiply_powers(s[2], powers), s[3]): c * number for s, c in terms.items()}


def _plain(powers: Powers, aim: SymbolicRow | None) -> tuple[proof.Power, ...]:
    """The factor's parameters with their indices as positions of the target's loops."""
    positions: Mapping[str, int] = {} if aim is None else {n: k for k, (n, _) in enumerate(aim.loops)}
    found = []
    for (name, places), exponent in powers:
        indices: list[proof.ProofPlace] = []
        for where in places:
            if where[0] == "m":
                indices.append(where[1])
            elif not where[1]:
                indices.append(where[2])
            elif len(where[1]) == 1 and where[1][0][1] == 1 and where[1][0][0] in positions:
                indices.append((positions[where[1][0][0]], where[2]))
            else:
                raise NotLiftable("a factor with index arithmetic")
        found.append((name, tuple(indices), exponent))
    return tuple(found)
