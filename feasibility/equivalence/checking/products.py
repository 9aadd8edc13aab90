"""Inequalities of second order and proofs by cases, as the checker reads them.

A product of two numbers that are not negative is none: the slack of a row or bound times a column between 0 and 1, or
times what this lacks to 1. An equation may be multiplied by any column. In a sum of such inequalities the products of
columns must cancel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import floor

from ...rationals import Exact
from ..evidence import Cases, Certificate, Containment, Product
from .sides import AffineForm, CheckedSide, Factors, combined, exact, proves_empty
from .thrift import broken_by_waste_alone, forms_at_best


def with_products(source: CheckedSide, containment: Containment | None) -> CheckedSide:
    """The side with the containment's products at hand. Raises ValueError for one that does not follow."""
    if containment is None or not containment.products:
        return source
    found = [_multiplied(source, number, product) for number, product in enumerate(containment.products)]
    side = replace(source, products=found)
    tight = containment.tight
    if tight is None:
        return side
    proved = combined(side, tight)
    if proved is None or tight.rows or tight.columns or tight.lines or proved[0] or proved[1] > 0:
        raise ValueError("the products called tight do not add up to nothing")
    # A sum of numbers that are not negative is 0: so is each of them.
    either = {number for number, y in tight.products.items() if y}
    return replace(side, products=[(t, b, free or n in either) for n, (t, b, free) in enumerate(found)])


def _multiplied(source: CheckedSide, number: int, product: Product) -> tuple[dict[Factors, Exact], Exact, bool]:
    """``terms <= bound``, and whether it holds as an equation."""
    body, limit, equation = _side(source, number, product)
    j = product.times
    if j is None:
        return dict(body.items()), limit, equation
    low, high = source.lower[j], source.upper[j]
    if not equation and (low is None or high is None or low < 0 or high > 1):
        raise ValueError(f"product {number} has a factor that may be negative")
    flat = source.whole[j] and low is not None and high is not None and low >= 0 and high <= 1
    terms: dict[Factors, Exact] = {}
    for k, v in body.items():
        key: Factors = k if k == j and flat else (min(j, k), max(j, k))
        terms[key] = terms.get(key, 0) + v
    terms[j] = terms.get(j, 0) - limit
    bound: Exact = 0
    if product.complement:
        terms = {key: -v for key, v in terms.items()}
        for k, v in body.items():
            terms[k] = terms.get(k, 0) + v
        bound = limit
    return {key: v for key, v in terms.items() if v}, bound, equation


def _side(source: CheckedSide, number: int, product: Product) -> tuple[dict[int, Exact], Exact, bool]:
    """The side that is multiplied, as ``body <= limit``, and whether it is an equation's."""
    aim = product.side
    if aim.kind == "row":
        body, low, high = source.rows[aim.number]
    elif aim.kind == "column":
        body, low, high = {aim.number: 1}, source.lower[aim.number], source.upper[aim.number]
    else:
        raise ValueError(f"product {number} is of no row and no bound")
    equation = low is not None and low == high
    if aim.side == "upper" and high is not None:
        return dict(body), high, equation
    if aim.side == "lower" and low is not None:
        return {j: -v for j, v in body.items()}, -low, equation
    raise ValueError(f"product {number} is of a side that is not there")


def proves(source: CheckedSide, certificate: Certificate, terms: Mapping[int, Exact], limit: Exact) -> bool:
    """Whether the certificate shows ``terms <= limit`` at every plan of the source. A search's word shows nothing."""
    if certificate.method in ("empty", "crossed"):
        return proves_empty(source, certificate)
    if certificate.method == "cases":
        return _by_cases(source, certificate, terms, limit)
    if certificate.method == "thrift":
        forms = forms_at_best(source, (dict(terms), -limit), len(certificate.parts))
        plain = (
            limit == 0
            and broken_by_waste_alone(source, terms)
            and all(part.method != "thrift" for part in certificate.parts)
        )
        shown = zip(certificate.parts, forms, strict=False)
        return plain and bool(forms) and all(proves(source, part, form[0], -form[1]) for part, form in shown)
    proved = combined(source, certificate)
    factor = exact(certificate.factor)
    if proved is None or factor <= 0 or certificate.method not in ("multipliers", "rounding"):
        return False
    body, bound = proved
    # Most claims are a row of the source to the letter, and are told so without a product.
    if (factor != 1 or body != terms) and body != {j: v * factor for j, v in terms.items() if v}:
        return False
    if certificate.method == "rounding":
        if any(v.denominator != 1 or not source.whole[j] for j, v in body.items()):
            return False
        bound = floor(bound)
    return bound <= limit * factor


def whole_by_cases(source: CheckedSide, certificate: Certificate, image: AffineForm) -> bool:
    """Whether the certificate shows that the image is a whole number, one in each case, at every plan of the source."""
    if certificate.method == "cases":
        split = certificate.cases
        halves = None if split is None else _halves(source, split)
        if split is None or halves is None:
            return False
        return whole_by_cases(halves[0], split.below, image) and whole_by_cases(halves[1], split.above, image)
    single = certificate.single
    if certificate.method != "one-value" or single is None or exact(single.value).denominator != 1:
        return False
    terms, rest = image[0], exact(single.value) - image[1]
    turned = {j: -v for j, v in terms.items()}
    return proves(source, single.above, terms, rest) and proves(source, single.below, turned, -rest)


def _by_cases(source: CheckedSide, certificate: Certificate, terms: Mapping[int, Exact], limit: Exact) -> bool:
    """Both cases of a whole-numbered column, at most ``at`` and at least one more, by their own certificates."""
    split = certificate.cases
    halves = None if split is None else _halves(source, split)
    if split is None or halves is None:
        return False
    return proves(halves[0], split.below, terms, limit) and proves(halves[1], split.above, terms, limit)


def _halves(source: CheckedSide, split: Cases) -> tuple[CheckedSide, CheckedSide] | None:
    """The plans with the column at most ``at``, and those with one more at least; None where it is no whole one."""
    if not 0 <= split.column < len(source.lower) or not source.whole[split.column]:
        return None
    j, at = split.column, exact(split.at)
    if at.denominator != 1:
        return None
    low, high = source.lower[j], source.upper[j]
    upper, lower = list(source.upper), list(source.lower)
    upper[j] = at if high is None else min(high, at)
    lower[j] = at + 1 if low is None else max(low, at + 1)
    return replace(source, upper=upper), replace(source, lower=lower)
