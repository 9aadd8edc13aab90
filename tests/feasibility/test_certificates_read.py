"""What a certificate of rows and bounds shows, against the definition written down a second time."""

import random
from fractions import Fraction

from pyrite.feasibility.equivalence.checking.products import proves
from pyrite.feasibility.equivalence.checking.sides import CheckedSide, combined
from pyrite.feasibility.equivalence.evidence import Certificate, Target
from pyrite.feasibility.rationals import Exact

NUMBERS: tuple[Exact, ...] = (1, 1, 1, -1, 2, -3, Fraction(1, 3), Fraction(-5, 2), 0)
AIM = Target("row", 0, "upper")


def a_side(rng: random.Random) -> CheckedSide:
    count = rng.randint(1, 4)
    rows: list[tuple[dict[int, Exact], Exact | None, Exact | None]] = []
    for _ in range(rng.randint(1, 3)):
        body = {j: rng.choice(NUMBERS[:-1]) for j in rng.sample(range(count), rng.randint(0, count))}
        rows.append((body, rng.choice((None, 0, Fraction(1, 2))), rng.choice((None, 4, Fraction(9, 2)))))
    ends = [(rng.choice((None, 0, -1)), rng.choice((None, 3, Fraction(7, 2)))) for _ in range(count)]
    whole = [rng.random() < 0.5 for _ in range(count)]
    return CheckedSide([low for low, _ in ends], [high for _, high in ends], whole, rows, {}, {}, 0)


def by_definition(
    side: CheckedSide, certificate: Certificate, terms: dict[int, Exact], limit: Exact
) -> tuple[bool, tuple[dict[int, Exact], Exact] | None]:
    """The sum of all sides that are named, each times its multiplier; then whether that says the claim."""
    total: dict[int, Fraction] = {}
    bound = Fraction(0)
    named = [(y, *side.rows[i]) for i, y in certificate.rows.items()]
    named += [(w, {j: 1}, side.lower[j], side.upper[j]) for j, w in certificate.columns.items()]
    for y, body, low, high in named:
        end = high if y > 0 else low
        if end is None:
            return False, None
        bound += Fraction(y) * end
        for j, v in body.items():
            total[j] = total.get(j, Fraction(0)) + Fraction(y) * v
    total = {j: v for j, v in total.items() if v}
    factor = Fraction(certificate.factor)
    claim = {j: v * factor for j, v in terms.items() if v}
    most = bound
    if certificate.method == "rounding":
        if any(v.denominator != 1 or not side.whole[j] for j, v in total.items()):
            return False, (dict(total), bound)
        most = Fraction(bound.numerator // bound.denominator)
    return factor > 0 and total == claim and most <= limit * factor, (dict(total), bound)


def test_every_certificate_is_read_as_it_is_defined() -> None:
    rng = random.Random(23)
    accepted = refused = 0
    for _ in range(20_000):
        side = a_side(rng)
        rows = {i: rng.choice(NUMBERS) for i in range(len(side.rows)) if rng.random() < 0.5}
        columns = {j: rng.choice(NUMBERS) for j in range(len(side.lower)) if rng.random() < 0.25}
        method = rng.choice(("multipliers", "multipliers", "rounding"))
        certificate = Certificate(AIM, method, rows, columns, rng.choice((1, 1, 2, Fraction(1, 2), 0, -1)))
        _, sums = by_definition(side, certificate, {}, 0)
        assert combined(side, certificate) == sums
        # The claim that it was made for, or one nearby.
        factor = Fraction(certificate.factor) or Fraction(1)
        terms: dict[int, Exact] = {} if sums is None else {j: v / factor for j, v in sums[0].items()}
        limit = Fraction(0) if sums is None else sums[1] / factor
        if rng.random() < 0.3:
            terms[rng.randrange(len(side.lower))] = rng.choice(NUMBERS)
        limit += rng.choice((0, 0, 1, Fraction(-1, 7)))
        truth = by_definition(side, certificate, terms, limit)[0]
        assert proves(side, certificate, terms, limit) == truth
        accepted += truth
        refused += not truth
    assert accepted > 2_000
    assert refused > 2_000
