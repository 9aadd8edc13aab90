"""Derived lines and products, cut down to those that certificates use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..evidence import Certificate, Containment, Line, Product


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
        certificate = waiting.pop()
        wanted.update(certificate.products)
        turned = turned or any(y < 0 for y in certificate.products.values())
        if certificate.cases is not None:
            waiting += [certificate.cases.below, certificate.cases.above]
    if not wanted:
        return found
    kept = tight if turned else None
    place = {n: p for p, n in enumerate(sorted(wanted | (set() if kept is None else kept.products.keys())))}

    def moved(certificate: Certificate) -> Certificate:
        cases = certificate.cases
        if cases is not None:
            cases = replace(cases, below=moved(cases.below), above=moved(cases.above))
        own = {place[n]: y for n, y in certificate.products.items()}
        return replace(certificate, products=own, cases=cases)

    return replace(
        found,
        certificates=tuple(moved(c) if c.products or c.cases else c for c in found.certificates),
        products=tuple(products[n] for n in place),
        tight=None if kept is None else moved(kept),
    )
