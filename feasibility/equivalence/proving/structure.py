"""Which column of A may be which of B, from structure alone: colour refinement with individualisation.

The graph has a node a column and a node a row; an edge carries the coefficient of the row in canonical scale, so that
row order, positive row scaling and the direction of an inequality make no difference. Both programs are refined
together, so equal colours mean "not yet told apart". Where a colour class has several members, one pair is
individualised and refinement goes on (Babai, Erdos, Selkow 1980; McKay 1981): with symmetric models any automorphism
is as good as another. What comes out is a proposal; the prover decides.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from functools import reduce
from itertools import permutations
from math import gcd, lcm, perm

from ...programs.program import Program
from ...rationals import Exact, Fraction, simplify
from .assignment import cheapest_assignment
from .clock import in_time, is_late
from .preference import cost

_EXACT_LIMIT = 400
"""Columns up to which a similarity assignment (cubic time) is tried when the graphs differ."""


_HANDFUL = 120
"""Assignments up to which all are tried."""


class _Graph:
    """One program as coloured nodes: columns 0..n-1 and rows n.. with edges (neighbour, coefficient)."""

    def __init__(self, program: Program, detail: bool) -> None:
        count = len(program.columns)
        self.count = count
        self.edges: list[list[tuple[int, tuple[int, int]]]] = [[] for _ in range(count)]
        self.colours: list[Hashable] = []
        objective = cost(program)
        weights = primitive(objective.linear)
        second: dict[int, list[Hashable]] = defaultdict(list)
        for (j, k), c in objective.quadratic.items():
            second[j].append(("q", j == k, c if detail else 0))
            if j != k:
                second[k].append(("q", False, c if detail else 0))
        for j, column in enumerate(program.columns):
            if detail:
                bounds: Hashable = (column.lower, column.upper, weights.get(j, 0))
            else:
                weight = weights.get(j, 0)
                bounds = (column.lower is None, column.upper is None, (weight > 0) - (weight < 0))
            self.colours.append(("column", column.is_integer, bounds, tuple(sorted(map(repr, second[j])))))
        for row in program.rows:
            terms, low, high = canonical(row.linear, row.lower, row.upper)
            node = len(self.edges)
            self.edges.append([])
            kind = "equal" if low is not None and low == high else "range" if low is not None else "most"
            self.colours.append(("row", kind, (low, high) if detail else None))
            for j, c in terms.items():
                label = _order(c if detail else (c > 0) - (c < 0))
                self.edges[node].append((j, label))
                self.edges[j].append((node, label))


def primitive(terms: Mapping[int, Exact]) -> dict[int, Exact]:
    """The terms scaled by a positive number to whole coefficients without a common divisor."""
    if not terms:
        return {}
    denominator = lcm(*(c.denominator for c in terms.values()))
    divisor = reduce(gcd, (int(c * denominator) for c in terms.values()), 0)
    return {j: int(c * denominator) // divisor for j, c in terms.items()}


def canonical(
    terms: Mapping[int, Exact], lower: Exact | None, upper: Exact | None
) -> tuple[dict[int, Exact], Exact | None, Exact | None]:
    """A row in canonical scale and direction: primitive, one-sided rows as ``<=``, others sign-sorted."""
    if not terms:
        return {}, lower, upper
    scaled = primitive(terms)
    some = next(iter(terms))
    factor = Fraction(scaled[some]) / terms[some]
    low = None if lower is None else simplify(lower * factor)
    high = None if upper is None else simplify(upper * factor)
    flip = high is None
    if low is not None and high is not None:
        flip = sorted(-c for c in scaled.values()) > sorted(scaled.values())
    if flip:
        scaled = {j: -c for j, c in scaled.items()}
        low, high = (None if high is None else -high), (None if low is None else -low)
    return scaled, low, high


def pair_columns(
    a: Program, b: Program, fixed: Mapping[int, int], deadline: float, *, detail: bool = True, threshold: float = 0.5
) -> tuple[dict[int, int], bool]:
    """Pairs {column of B: column of A} that extend ``fixed``, and whether the two graphs could not be told apart.

    ``threshold`` is the likeness (0 to 1) below which a guessed pair is left out.
    ``detail`` False looks only at signs and which bounds exist, for models whose numbers differ (errors, units).
    """
    left, right = _Graph(a, detail), _Graph(b, detail)
    for number, (k, j) in enumerate(sorted(fixed.items())):
        left.colours[j] = ("fixed", number)
        right.colours[k] = ("fixed", number)
    refinement = _Refinement(left, right)
    same = refinement.alike()
    while True:
        classes = refinement.column_classes()
        pairs = {theirs[0]: ours[0] for ours, theirs in classes if len(ours) == 1 == len(theirs)}
        tied = [pair for pair in classes if len(pair[0]) == len(pair[1]) > 1]
        if not tied or is_late(deadline):
            break
        ours, theirs = min(tied, key=lambda c: len(c[0]))
        refinement.individualise(ours[0], theirs[0])
    if not same and max(left.count, right.count) <= _EXACT_LIMIT:
        pairs = _assign(left, right, a, b, fixed, threshold, deadline)
    pairs.update(fixed)
    return pairs, same


class _Refinement:
    """The stable colouring of two graphs together, kept up as pairs are individualised.

    Only neighbours of nodes whose colour changed are looked at again, so that breaking one tie costs what it moves.
    """

    def __init__(self, left: _Graph, right: _Graph) -> None:
        self.graphs = (left, right)
        names: dict[Hashable, int] = {}
        self.colours = tuple([names.setdefault(c, len(names)) for c in g.colours] for g in self.graphs)
        self.fresh = len(names)
        self.sizes = Counter(colour for colours in self.colours for colour in colours)
        self._spread({(g, n) for g in (0, 1) for n in range(len(self.colours[g]))})

    def individualise(self, ours: int, theirs: int) -> None:
        """Give a column of each graph a colour of their own."""
        for g, n in ((0, ours), (1, theirs)):
            self.sizes[self.colours[g][n]] -= 1
            self.colours[g][n] = self.fresh
        self.sizes[self.fresh] = 2
        self.fresh += 1
        self._spread({(0, ours), (1, theirs)})

    def alike(self) -> bool:
        """Both graphs have the same number of nodes of each colour."""
        return Counter(self.colours[0]) == Counter(self.colours[1]) and self.graphs[0].count == self.graphs[1].count

    def column_classes(self) -> list[tuple[list[int], list[int]]]:
        """Columns of one colour in both graphs."""
        groups: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for g, graph in enumerate(self.graphs):
            for n in range(graph.count):
                groups[self.colours[g][n]][g].append(n)
        return [group for group in groups.values() if group[0] and group[1]]

    def _spread(self, changed: set[tuple[int, int]]) -> None:
        """Split colour classes until every node sees the same colours as the others of its class."""
        while changed:
            touched = {(g, m) for g, n in changed for m, _ in self.graphs[g].edges[n]}
            seen: dict[int, dict[tuple[tuple[int, int, int], ...], list[tuple[int, int]]]] = {}
            for g, n in touched:
                colours = self.colours[g]
                view = tuple(sorted((*label, colours[m]) for m, label in self.graphs[g].edges[n]))
                seen.setdefault(colours[n], {}).setdefault(view, []).append((g, n))
            changed = set()
            for colour in sorted(seen):
                views = seen[colour]
                whole = sum(map(len, views.values())) == self.sizes[colour]
                # Of a class that is touched as a whole the first view keeps the colour; else the untouched keep it.
                for view in sorted(views)[1 if whole else 0 :]:
                    for g, n in views[view]:
                        self.colours[g][n] = self.fresh
                    self.sizes[colour] -= len(views[view])
                    self.sizes[self.fresh] = len(views[view])
                    self.fresh += 1
                    changed.update(views[view])


def _order(value: Exact) -> tuple[int, int]:
    """A number as a pair of ints: equal numbers give equal pairs, and pairs sort fast."""
    number = Fraction(value)
    return number.numerator, number.denominator


def _assign(
    left: _Graph, right: _Graph, a: Program, b: Program, fixed: Mapping[int, int], threshold: float, deadline: float
) -> dict[int, int]:
    """The assignment of most alike columns when the graphs differ: shared edge labels, bounds and cost count."""
    free_left = [j for j in range(left.count) if j not in set(fixed.values())]
    free_right = [k for k in range(right.count) if k not in fixed]
    if not free_left or not free_right:
        return {}
    row_left = _row_profiles(left)
    row_right = _row_profiles(right)
    profiles_left = {j: _profile(left, j, row_left) for j in free_left}
    profiles_right = {k: _profile(right, k, row_right) for k in free_right}
    likeness: dict[tuple[int, int], float] = {}
    for k in free_right:
        in_time(deadline)
        for j in free_left:
            shared = sum((profiles_left[j] & profiles_right[k]).values())
            total = max(sum(profiles_left[j].values()), sum(profiles_right[k].values()))
            kinds = a.columns[j].is_integer == b.columns[k].is_integer
            likeness[k, j] = shared / total - (0.0 if kinds else 0.5)
    in_time(deadline)
    chosen = _best_assignment(free_right, free_left, likeness)
    return {k: j for k, j in chosen if likeness[k, j] >= threshold}


def _best_assignment(
    ours: list[int], theirs: list[int], worth: Mapping[tuple[int, int], float]
) -> list[tuple[int, int]]:
    """Pairs of greatest total worth. A handful is enumerated."""
    few, many = sorted((ours, theirs), key=len)
    if perm(len(many), len(few)) <= _HANDFUL:
        orders = (list(zip(few, order, strict=True)) for order in permutations(many, len(few)))
        pairings = (pairs if few is ours else [(y, x) for x, y in pairs] for pairs in orders)
        return max(pairings, key=lambda pairs: sum(worth[pair] for pair in pairs))
    return [(ours[p], theirs[q]) for p, q in cheapest_assignment([[-worth[k, j] for j in theirs] for k in ours])]


def _row_profiles(graph: _Graph) -> list[Hashable]:
    """A row by its kind, sides and the multiset of its coefficients."""
    return [
        (graph.colours[n], tuple(sorted(label for _, label in graph.edges[n])))
        for n in range(graph.count, len(graph.edges))
    ]


def _profile(graph: _Graph, j: int, rows: list[Hashable]) -> Counter[Hashable]:
    found: Counter[Hashable] = Counter()
    found[graph.colours[j]] += 1
    for node, label in graph.edges[j]:
        found[(label, rows[node - graph.count])] += 1
        found[label] += 1
    return found
