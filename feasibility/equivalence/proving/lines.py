"""Derived lines and products, cut down to those that certificates use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..evidence import Certificate, Comparison, Containment, Line, Product, Target
from .reduced_source import ReducedSource
from .reducing.core import Core, certificate


def used_lines(lines: Sequence[Line], certificates: Sequence[Certificate]) -> tuple[list[Certificate], list[Line]]:
    """The certificates and the lines they reach, numbered anew in the same order."""
    wanted: set[int] = set()
    waiting = [number for c in certificates for number in c.lines]
    while waiting:
        number = waiting.pop()
        if number not in wanted:
            wanted.add(number)
            waiting.extend(lines[number].lines)
    place = {number: p for p, number in enumerate(sorted(wanted))}
    kept = [replace(lines[n], lines={place[m]: y for m, y in lines[n].lines.items()}) for n in sorted(wanted)]
    changed = [replace(c, lines={place[m]: y for m, y in c.lines.items()}) if c.lines else c for c in certificates]
    return changed, kept


def with_products(found: Containment, products: Sequence[Product], tight: Certificate | None) -> Containment:
    """The containment with those of its source's ``products`` that its certificates use, numbered anew."""
    wanted: set[int] = set()
    turned = False
    waiting = list(found.certificates)
    while waiting:
        one = waiting.pop()
        wanted.update(one.products)
        turned = turned or any(y < 0 for y in one.products.values())
        if one.cases is not None:
            waiting += [one.cases.below, one.cases.above]
    if not wanted:
        return found
    kept = tight if turned else None
    place = {n: p for p, n in enumerate(sorted(wanted | (set() if kept is None else kept.products.keys())))}

    def moved(one: Certificate) -> Certificate:
        cases = one.cases
        if cases is not None:
            cases = replace(cases, below=moved(cases.below), above=moved(cases.above))
        own = {place[n]: y for n, y in one.products.items()}
        return replace(one, products=own, cases=cases)

    return replace(
        found,
        certificates=tuple(moved(c) if c.products or c.cases else c for c in found.certificates),
        products=tuple(products[n] for n in place),
        tight=None if kept is None else moved(kept),
    )


def with_lines(found: Comparison, a: ReducedSource, b: ReducedSource) -> Comparison:
    """The comparison with the derived lines that its certificates use, and only those."""
    a_in_b, b_in_a, preference = found.a_in_b, found.b_in_a, found.preference
    over_a = list(a_in_b.certificates if a_in_b else ())
    over_b = list(b_in_a.certificates if b_in_a else ())
    costs: tuple[list[int], list[int]] = ([], [])
    if preference is not None and preference.scale is not None and len(preference.certificates) == 2:
        over_b.append(preference.certificates[0])
        over_a.append(preference.certificates[1])
        costs = [1], [0]
    elif preference is not None and preference.status == "differs":
        sides = preference.least
        costs = [i for i, s in enumerate(sides) if s == "a"], [i for i, s in enumerate(sides) if s == "b"]
        over_a += [preference.certificates[i] for i in costs[0]]
        over_b += [preference.certificates[i] for i in costs[1]]
    over_a += _fixing(a.core)
    over_b += _fixing(b.core)
    new_a, lines_a = used_lines(a.lines, over_a)
    new_b, lines_b = used_lines(b.lines, over_b)
    new_a, new_b = new_a[: len(new_a) - len(_fixing(a.core))], new_b[: len(new_b) - len(_fixing(b.core))]
    if preference is not None and (costs[0] or costs[1]):
        certificates = list(preference.certificates)
        for places, new in ((costs[0], new_a), (costs[1], new_b)):
            for place, changed in zip(places, new[len(new) - len(places) :], strict=True):
                certificates[place] = changed
        preference = replace(preference, certificates=tuple(certificates))
    if a_in_b is not None:
        a_in_b = replace(a_in_b, certificates=tuple(new_a[: len(a_in_b.certificates)]), lines=tuple(lines_a))
    if b_in_a is not None:
        b_in_a = replace(b_in_a, certificates=tuple(new_b[: len(b_in_a.certificates)]), lines=tuple(lines_b))
    return replace(found, a_in_b=a_in_b, b_in_a=b_in_a, preference=preference)


def _fixing(core: Core) -> list[Certificate]:
    """What lets one column take one value only, where its bounds are derived: the checker reads it as an equation."""
    aim = Target("objective", 0, "upper")
    grounds = [ground for gone in core.side.gone if gone.kind == "fixed" for ground in (gone.above, gone.below)]
    return [certificate(aim, "multipliers", g) for g in grounds if g and any(kind == "line" for kind, _ in g)]
