"""Whether a core may still hold one decision in parts, or a column that only the objective chooses.

Both make plans that say the same: a difference in number, dimension or corners is one of decisions only where there is
neither. Written in parts, a decision leaves a direction along which plans move without cost and which no row or bound
notices but two, the parts' own. A decision that nothing else depends on leaves one as well; it is told by its own row
and bounds in the program as it was written. A column that rows hold on one side only and that costs on the other is the
objective's to choose: then no plan is the worst, or the column stands in no row that holds it back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations

from ...policy import Policy
from ...programs.program import Program, Quadratic, Row
from ...rationals import Exact, divide
from ..evidence import Target
from ..maps import Affine
from .claims import ClaimSource
from .clock import in_time, solve
from .directions import Direction, Space, nullspace
from .fingerprint import SamplePlan
from .mapping import Statement, statements
from .parallel import parallel
from .reducing.core import Core

_FORMS = 24

_AIM = Target("objective", 0, "upper")
_Terms = dict[int, Exact]


def needed(program: Program, policy: Policy, deadline: float) -> list[Statement]:
    """Rows and bounds, one for each form, without the sides that follow from the others. Raises OutOfTimeError."""
    forms = _forms(program)
    if len(forms) <= _FORMS:
        # Rows of several columns first: a bound that a row repeats is the one to keep.
        for mark in sorted(forms, key=lambda m: -len(m)):
            for number in (0, 1):
                if _follows(program, forms, mark, number, policy, deadline):
                    forms[mark][number] = None
    return _told(forms)


def needed_in_any_way(program: Program, told: Sequence[Statement], policy: Policy, deadline: float) -> list[Statement]:
    """What of ``told``, which is ``needed``, no other rows and bounds say as well. Raises OutOfTimeError.

    Of two rows that follow from each other over whole numbers either may be the one that was left out.
    """
    forms = _forms(program)
    if len(forms) > _FORMS:
        return list(told)
    found = {tuple(sorted(terms.items())): [low, high] for terms, low, high in told}
    for mark, ends in found.items():
        for number in (0, 1):
            if ends[number] is not None and _follows(program, forms, mark, number, policy, deadline):
                ends[number] = None
    return _told(found)


_Mark = tuple[tuple[int, Exact], ...]
_Forms = dict[_Mark, list[Exact | None]]


def _forms(program: Program) -> _Forms:
    """The tightest ends of each form, whose first coefficient is 1."""
    forms: _Forms = {}
    for terms, low, high in statements(program):
        lead = terms[min(terms)]
        mark = tuple(sorted((j, divide(c, lead)) for j, c in terms.items()))
        ends = [None if end is None else divide(end, lead) for end in ((low, high) if lead > 0 else (high, low))]
        known = forms.setdefault(mark, [None, None])
        known[0] = max((e for e in (known[0], ends[0]) if e is not None), default=None)
        known[1] = min((e for e in (known[1], ends[1]) if e is not None), default=None)
    return forms


def _told(forms: _Forms) -> list[Statement]:
    return [(dict(mark), low, high) for mark, (low, high) in forms.items() if (low, high) != (None, None)]


def _follows(program: Program, forms: _Forms, mark: _Mark, number: int, policy: Policy, deadline: float) -> bool:
    """Whether one end (0: the lower one) of an inequality among the forms is shown by all others."""
    end = forms[mark][number]
    if end is None or forms[mark][0] == forms[mark][1]:
        return False
    in_time(deadline)
    rest = {m: list(ends) for m, ends in forms.items()}
    rest[mark][number] = None
    columns = [
        type(c)(c.name, "integer" if c.is_integer else "continuous", None, None, c.variable) for c in program.columns
    ]
    others = Program(columns, [_row(m, *ends) for m, ends in rest.items()], "feasibility")
    sign = 1 if number else -1
    body = Affine({j: sign * c for j, c in mark})
    return ClaimSource(others, policy, deadline).prove(body, sign * end, _AIM).certificate is not None


def _row(mark: tuple[tuple[int, Exact], ...], low: Exact | None, high: Exact | None) -> Row:
    return Row("", Quadratic(dict(mark)), low, high, "")


def part_directions(
    core: Core,
    told: Sequence[Statement],
    choices: Sequence[SamplePlan] | None,
    bound: Collection[int],
    deadline: float,
    *,
    mergeable: bool = False,
) -> list[Direction] | None:
    """Directions along which the core's columns may hold one decision in parts; None where that cannot be told.

    ``told`` is what is ``needed_in_any_way`` of the core. ``choices`` are plans, one for each choice of the whole
    numbers, if all are known. Columns that are ``bound`` to one of the other side by a name are decisions of that side
    too: what moves them is no other way to write one decision. ``mergeable``: some columns may be read as one, whatever
    their ends are.
    """
    program = core.program
    if len(told) > _FORMS:
        return None
    found: list[Direction] = []
    every: list[Direction] = []
    # The parts of a decision are of its kind, so along such a direction either no whole number moves or only those.
    for whole in (False, True):
        still: list[_Terms] = [{j: 1} for j, c in enumerate(program.columns) if c.is_integer != whole or j in bound]
        alone = 0
        for direction in _directions(program, told, still, deadline):
            if direction is None:
                return None
            forms = [t for t, _, _ in told if sum((c * direction.get(j, 0) for j, c in t.items()), start=0)]
            alone += len(forms) < 2
            if alone > 1:
                # Two decisions that nothing else depends on may be the parts of one.
                return None
            if whole and choices is not None and not _along(choices, direction, program):
                continue
            every.append(Direction(direction, whole))
            if not _is_decision(core, direction) and (mergeable or not _are_decisions(core, direction, told)):
                found.append(every[-1])
    if choices is not None and _said_twice(program, told, choices, bound, found, every):
        return None
    return found


def _directions(
    program: Program, told: Sequence[Statement], still: Sequence[_Terms], deadline: float
) -> Iterator[_Terms | None]:
    """Directions without cost that at most two forms notice, and none of ``still``; None where there are too many."""
    count = len(program.columns)
    free = [dict(terms) for terms, low, high in told if low is None or low != high]
    kept = [dict(terms) for terms, low, high in told if low is not None and low == high]
    kept += [dict(program.objective.linear), *still]
    singles: set[int] = set()
    if nullspace([*free, *kept], count):
        yield None
        return
    for i in range(len(free)):
        in_time(deadline)
        found = nullspace([*free[:i], *free[i + 1 :], *kept], count)
        if found:
            singles.add(i)
            yield found[0]
    for i, j in combinations(range(len(free)), 2):
        in_time(deadline)
        rest = [terms for n, terms in enumerate(free) if n not in (i, j)]
        found = nullspace([*rest, *kept], count)
        if len(found) > len({i, j} & singles):
            yield found[0] if len(found) == 1 else None


def _own_ends(origin: Program, j: int) -> tuple[Exact | None, Exact | None]:
    """The column's ends as they are written, by its bounds or by rows of it alone."""
    low, high = origin.columns[j].lower, origin.columns[j].upper
    for row in origin.rows:
        if row.linear.keys() != {j}:
            continue
        c = row.linear[j]
        first, second = (row.lower, row.upper) if c > 0 else (row.upper, row.lower)
        low = divide(first, c) if low is None and first is not None else low
        high = divide(second, c) if high is None and second is not None else high
    return low, high


def _is_decision(core: Core, direction: _Terms) -> bool:
    """Whether the direction moves one column of the program only, beside determined ones, and that is no part.

    It has two ends of its own, and its rows are inequalities with one side, of different bodies. A part whose other
    part was eliminated has no end of its own, or stands in an equation, or in a row (or two) with both sides.
    """
    if len(direction) != 1:
        return False
    (p,) = direction
    j = core.ids[p]
    origin = core.origin
    bodies = set()
    for row in origin.rows:
        if j not in row.linear or len(row.linear) == 1:
            continue
        body = tuple(sorted((k, divide(c, row.linear[j])) for k, c in row.linear.items()))
        if (row.lower is None) == (row.upper is None) or body in bodies:
            return False
        bodies.add(body)
    low, high = _own_ends(origin, j)
    return low is not None and high is not None and low != high and j not in origin.objective.linear


def _are_decisions(core: Core, direction: _Terms, told: Sequence[Statement]) -> bool:
    """Whether the direction moves two columns that have ends of their own and are no parts.

    Parts are noticed by their own ends and by no row that says anything new, and they start at zero.
    """
    if len(direction) != 2:
        return False
    ends = [_own_ends(core.origin, core.ids[p]) for p in direction]
    if any(low is None and high is None for low, high in ends):
        return False
    if all(low is not None and high is not None for low, high in ends) and any(0 not in pair for pair in ends):
        return True
    return any(
        len(terms) > 1 and sum((c * direction.get(j, 0) for j, c in terms.items()), start=0) for terms, _, _ in told
    )


def _said_twice(
    program: Program,
    told: Sequence[Statement],
    choices: Sequence[SamplePlan],
    bound: Collection[int],
    left_out: Sequence[Direction],
    every: Sequence[Direction],
) -> bool:
    """Whether two choices of the whole numbers differ along no known direction, and no cost, row or name notices.

    Known are those that readings leave out, and of ``every`` one those that no row notices: single decisions.

    So do weights 1, 2, 3: the third alone or the first two. Such a direction is noticed by more than two bounds. That
    one binary needs another is how levels are written, and no row of a decision; nor is the end of a sum of parts,
    which may be a part itself.
    """
    whole = [j for j, c in enumerate(program.columns) if c.is_integer]
    binary = {j for j in whole if (program.columns[j].lower, program.columns[j].upper) == (0, 1)}
    # A row beside columns that have one value is the end of the column that is left.
    fixed = {j for t, low, high in told if len(t) == 1 and low is not None and low == high for j in t}
    rows = [
        [(j, c) for j, c in t.items() if j in whole]
        for t, low, high in told
        if len(t.keys() - fixed) > 1
        and not (_is_order(t, low, high) and binary.issuperset(t))
        and not _is_sum_of_parts(t, every)
    ]
    rows.append([(j, c) for j, c in program.objective.linear.items() if j in whole])
    alone = [d for d in every if not any(sum((c * d.terms.get(j, 0) for j, c in row), start=0) for row in rows)]
    space = Space([direction for direction in (*left_out, *alone) if direction.whole])
    seen: dict[tuple[Exact, ...], tuple[Exact, ...]] = {}
    for plan in choices:
        mark = (
            *(sum((c * plan[j] for j, c in row), start=0) for row in rows),
            *(plan[j] for j in whole if j in bound),
        )
        values = space.plan(plan)
        choice = tuple(values[j] for j in whole)
        if seen.setdefault(mark, choice) != choice:
            return True
    return False


def _is_sum_of_parts(terms: Mapping[int, Exact], known: Sequence[Direction]) -> bool:
    """Whether the row holds nothing but columns that move along ``known`` directions, and notices none of these."""
    inside = [d.terms for d in known if len(d.terms) > 1 and terms.keys() >= d.terms.keys()]
    unseen = [d for d in inside if not sum((c * terms[j] for j, c in d.items()), start=0)]
    return bool(unseen) and terms.keys() == {j for d in unseen for j in d}


def _is_order(terms: Mapping[int, Exact], low: Exact | None, high: Exact | None) -> bool:
    """``x >= y`` alone."""
    return len(terms) == 2 and not sum(terms.values()) and {low, high} == {0, None}


def _along(plans: Sequence[SamplePlan], direction: _Terms, program: Program) -> bool:
    """Whether the whole numbers of two of the plans differ by a multiple of the direction."""
    seen = set()
    lead = min(direction)
    for plan in plans:
        share = divide(plan[lead], direction[lead])
        rest = tuple(
            plan[j] - share * direction.get(j, 0) for j, c in enumerate(program.columns) if c.is_integer
        )  # fmt: skip
        if rest in seen:
            return True
        seen.add(rest)
    return False


def most_pressed(core: Core, policy: Policy, deadline: float) -> int | None:
    """How many columns may be the objective's to choose: those that it presses, and of columns that rows of several
    columns cannot tell from each other, at other prices, all but one: the cheaper is filled first."""
    pressed = _most_pressed(core, policy, deadline)
    return None if pressed is None else pressed + _filled_in_order(core.origin)


def _filled_in_order(origin: Program) -> int:
    """Continuous columns beside others that count the same way, at other prices, up to an end of their own."""
    plain = Program(origin.columns, origin.rows, "feasibility")
    prices = origin.objective.linear
    ended = [j for j, c in enumerate(origin.columns) if not c.is_integer and c.lower is not None and _ends(origin, j)]
    count = 0
    for alike in parallel(plain, ended, bounds=False):
        for sign in (1, -1):
            same_way = {j: lead for j, lead in alike.items() if lead * sign > 0}
            count += max(len({divide(prices.get(j, 0), lead) for j, lead in same_way.items()}) - 1, 0)
    return count


def _ends(origin: Program, j: int) -> bool:
    """Whether the column has an upper end, by its bound or a row of its own."""
    if origin.columns[j].upper is not None:
        return True
    alone = (row for row in origin.rows if row.linear.keys() == {j})
    return any((row.upper if row.linear[j] > 0 else row.lower) is not None for row in alone)


def _most_pressed(core: Core, policy: Policy, deadline: float) -> int | None:
    """How many columns may be the objective's to choose: plans with other values of them are no other decisions.

    A column of whole numbers is none, nor is one that has an end of its own on the dear side, unless it is all of the
    objective; each needs a row that presses it. None where plans may be dear without end and no column is seen that
    does it.
    """
    program = core.program
    goal = program.objective.linear
    chosen = []
    for j, c in goal.items():
        column = core.origin.columns[core.ids[j]]
        end = column.upper if c > 0 else column.lower
        if not program.columns[j].is_integer and (end is None or len(goal) == 1) and only_held_up(program, j):
            chosen.append(j)
    if chosen:
        return min(len(chosen), sum(not row.linear.keys().isdisjoint(chosen) for row in program.rows))
    if all(program.columns[j].is_integer for j in goal):
        return 0
    worst = Program(program.columns, program.rows, "maximize", program.objective)
    return 0 if solve(worst, policy, deadline=deadline).status == "optimal" else None


def doubtful(core: Core) -> int:
    """How many columns were pressed upon a row though they have an end of their own on the dear side.

    They may be decisions, which a limit holds where the objective would have them; the core has lost these.
    """
    origin = core.origin
    sign = -1 if origin.sense == "maximize" else 1
    count = 0
    for j, gone in core.gone.items():
        if gone.kind == "pressed":
            c = sign * origin.objective.linear.get(j, 0)
            low, high = _own_ends(origin, j)
            count += not c or (high if c > 0 else low) is not None
    return count


def only_held_up(program: Program, j: int) -> bool:
    """Whether rows keep the column from being cheaper and none keeps it from being dearer."""
    sign = 1 if program.objective.linear[j] > 0 else -1
    held = False
    for row in program.rows:
        if j not in row.linear or len(row.linear) < 2:
            continue
        dearer, cheaper = (row.upper, row.lower) if row.linear[j] * sign > 0 else (row.lower, row.upper)
        if dearer is not None:
            return False
        held = held or cheaper is not None
    return held
