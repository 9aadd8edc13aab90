"""One direction: is every plan of the source, read through the map, a plan of the target?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...programs.program import Column, Program
from ...rationals import Exact, Fraction, simplify
from ..evidence import Certificate, Containment, Target, Witness
from ..maps import Affine, linear_part
from .claims import UNSEARCHED, ClaimOutcome, ClaimSource
from .clock import is_late, now
from .one_value import one_value
from .thrift import at_best, telling

WASTEFUL = "wasteful"
"""Code of a direction that only plans break which waste what the objective chooses; one of them is its witness."""

_LATE = ClaimOutcome("unknown", code="time-limit", message="the time for the comparison ran out")


def contain(
    source: ClaimSource, target: Program, images: Sequence[Affine | None], open_columns: frozenset[int]
) -> Containment:
    """Prove or refute that ``images`` sends every plan of ``source`` to a plan of ``target``.

    ``open_columns`` are auxiliary columns of the target: their images are one way to choose them, so a broken row
    refutes only when no other choice repairs it (checked on the slice of the target at the image).
    """
    certificates: list[Certificate] = []
    waiting: list[tuple[Target, Affine, Exact]] = []
    missing = False
    plain = _is_identity(images)
    for aim, body, limit in _claims(target):
        try:
            pulled = body if plain else body.through(images)
        except KeyError:
            missing = True
            continue
        quick = source.at_once(pulled, limit, aim)
        if quick is None:
            waiting.append((aim, pulled, limit))
        else:
            certificates.append(quick)
    trouble: ClaimOutcome | None = None
    wasteful: Witness | None = None
    claimed = {aim: (pulled, limit) for aim, pulled, limit in waiting}
    for aim, outcome in _outcomes(source, waiting):
        if outcome.status == "refuted":
            assert outcome.point is not None
            witness, doubt = _seen(source, target, images, open_columns, (aim, *claimed[aim]), outcome.point)
            if doubt is None:
                return Containment("refuted", witness=witness, proof="certified")
            outcome, wasteful = doubt, wasteful or witness
        if outcome.status == "unknown":
            trouble = trouble or outcome
        elif outcome.certificate is not None:
            certificates.append(outcome.certificate)
            if outcome.certificate.method in ("empty", "crossed"):
                return Containment("proved", (outcome.certificate,), proof="certified")
    whole, trouble_whole = _whole_claims(source, target, images, open_columns)
    if isinstance(whole, Containment):
        return whole
    certificates.extend(whole)
    trouble = trouble or trouble_whole
    if trouble is not None:
        shown = wasteful if trouble.code == WASTEFUL else None
        return Containment("unknown", tuple(certificates), shown, code=trouble.code, message=trouble.message)
    if missing:
        return _search_beyond(source, target, images, open_columns, tuple(certificates))
    proof = "solver-trusted" if any(c.method == "solver" for c in certificates) else "certified"
    return Containment("proved", tuple(certificates), proof=proof)  # type: ignore[arg-type]


def _outcomes(
    source: ClaimSource, claims: Sequence[tuple[Target, Affine, Exact]]
) -> Iterator[tuple[Target, ClaimOutcome]]:
    """Every claim decided: first without searches, which may take all the time; these share what is left of it."""
    deadline, hard = source.deadline, []
    for aim, body, limit in claims:
        source.limit(searching=False, deadline=deadline)
        outcome = source.prove(body, limit, aim)
        source.limit(searching=True, deadline=deadline)
        if outcome.code == UNSEARCHED:
            hard.append((aim, body, limit))
        else:
            yield aim, outcome
    for number, (aim, body, limit) in enumerate(hard):
        current = now()
        source.limit(searching=True, deadline=current + (deadline - current) / (len(hard) - number))
        outcome = source.prove(body, limit, aim)
        source.limit(searching=True, deadline=deadline)
        yield aim, outcome


def _is_identity(images: Sequence[Affine | None]) -> bool:
    """Every column of the target is the source's column of the same number."""
    return all(
        image is not None and not image.constant and len(image.terms) == 1 and image.terms.get(k) == 1
        for k, image in enumerate(images)
    )


def _claims(target: Program) -> Iterator[tuple[Target, Affine, Exact]]:
    """Every side of every row and bound of the target as ``body <= limit``."""
    for number, row in enumerate(target.rows):
        body = linear_part(row.body)
        if row.upper is not None:
            yield Target("row", number, "upper"), body, row.upper
        if row.lower is not None:
            yield Target("row", number, "lower"), body.scaled(-1), -row.lower
    for number, column in enumerate(target.columns):
        if column.upper is not None:
            yield Target("column", number, "upper"), Affine({number: 1}), column.upper
        if column.lower is not None:
            yield Target("column", number, "lower"), Affine({number: -1}), -column.lower


def _whole_claims(
    source: ClaimSource, target: Program, images: Sequence[Affine | None], open_columns: frozenset[int]
) -> tuple[list[Certificate] | Containment, ClaimOutcome | None]:
    certificates: list[Certificate] = []
    trouble: ClaimOutcome | None = None
    for number, column in enumerate(target.columns):
        image = images[number]
        if not column.is_integer or image is None:
            continue
        if is_late(source.deadline):
            return certificates, _LATE
        aim = Target("column", number, "integer")
        known = one_value(source, image, aim)
        outcome = source.whole(image, aim) if known is None else ClaimOutcome("proved", known)
        if outcome.status == "refuted":
            assert outcome.point is not None
            witness, doubt = _seen(source, target, images, open_columns, (aim, None, 0), outcome.point)
            if doubt is None:
                return Containment("refuted", witness=witness, proof="certified"), None
            outcome = doubt
        if outcome.certificate is not None:
            certificates.append(outcome.certificate)
        else:
            trouble = trouble or outcome
    return certificates, trouble


def _seen(
    source: ClaimSource,
    target: Program,
    images: Sequence[Affine | None],
    open_columns: frozenset[int],
    claim: tuple[Target, Affine | None, Exact],
    point: tuple[Exact, ...],
) -> tuple[Witness | None, ClaimOutcome | None]:
    """The evidence of a plan that breaks a claim, and why it may be none: another choice or less waste repairs it."""
    aim = claim[0]
    found = telling(source, target, images, claim, point)
    if found is None:
        image = claim[1] if aim.side != "integer" else images[aim.number]
        proof = None if image is None else at_best(source, image, claim[2], aim)
        if proof is not None:
            return None, ClaimOutcome("proved", proof)
        message = "only plans that waste what the objective chooses would tell the two apart"
        wasteful = _witness(source, target, images, open_columns, aim, point)
        return wasteful, ClaimOutcome("unknown", code=WASTEFUL, message=message)
    witness = _witness(source, target, images, open_columns, found[1], found[0])
    if witness is None:
        message = "the chosen formula for an auxiliary variable fails"
        return None, ClaimOutcome("unknown", code="auxiliary", message=message)
    return witness, None


def _witness(
    source: ClaimSource,
    target: Program,
    images: Sequence[Affine | None],
    open_columns: frozenset[int],
    aim: Target,
    point: tuple[Exact, ...],
) -> Witness | None:
    """The evidence that this plan of the source is none of the target, or None when another choice repairs it."""
    image = tuple(None if i is None else i.value(point) for i in images)
    slice_certificate = None
    if open_columns:
        slice_certificate = _no_completion(source, target, image, open_columns)
        if slice_certificate is None:
            return None
        image = tuple(None if k in open_columns else value for k, value in enumerate(image))
    value, limit = _reading(target, aim, image)
    return Witness(point, image, aim, value, limit, slice_certificate)


def _no_completion(
    source: ClaimSource, target: Program, image: Sequence[Exact | None], open_columns: frozenset[int]
) -> Certificate | None:
    """Multipliers proving that no values of the open columns complete the image to a plan of the target."""
    columns = []
    for k, column in enumerate(target.columns):
        value = image[k]
        if k in open_columns:
            columns.append(column)
        elif value is None:
            return None
        elif not _allows(column, value):
            # Its own bounds forbid the value, whatever the open columns are.
            return Certificate(Target("objective", 0, "upper"), "crossed", columns={k: 1})
        else:
            fixed = replace(column, domain="continuous", lower=value, upper=value)
            columns.append(fixed)
    sliced = ClaimSource(Program(columns, target.rows, "feasibility"), source.policy, source.deadline)
    outcome = sliced.prove(Affine({}, 1), 0, Target("objective", 0, "upper"))
    if outcome.certificate is not None and outcome.certificate.method in ("empty", "crossed"):
        return outcome.certificate
    return None


def _allows(column: Column, value: Exact) -> bool:
    """Whether the column's own bounds and kind allow the value."""
    if (column.lower is not None and value < column.lower) or (column.upper is not None and value > column.upper):
        return False
    return not column.is_integer or Fraction(value).denominator == 1


def _reading(target: Program, aim: Target, image: Sequence[Exact | None]) -> tuple[Exact, Exact]:
    """Value and limit of the broken side, in the target's own terms (0, 0 where an open column takes part)."""
    if aim.kind == "column":
        column, value = target.columns[aim.number], image[aim.number]
        if value is None:
            return 0, 0
        if aim.side == "integer":
            return value, simplify(Fraction(round(value)))
        limit = column.upper if aim.side == "upper" else column.lower
    else:
        row = target.rows[aim.number]
        values = [image[j] for j in row.linear]
        if any(v is None for v in values):
            return 0, 0
        value = 0
        for v, coefficient in zip(values, row.linear.values(), strict=True):
            assert v is not None
            value += coefficient * v
        limit = row.upper if aim.side == "upper" else row.lower
    assert limit is not None
    return simplify(value), limit


def _search_beyond(
    source: ClaimSource,
    target: Program,
    images: Sequence[Affine | None],
    open_columns: frozenset[int],
    certificates: tuple[Certificate, ...],
) -> Containment:
    """No formula for some auxiliary column of the target: try a few plans of the source for one with no completion."""
    for point in source.some_plans():
        image = tuple(None if i is None else i.value(point) for i in images)
        certificate = _no_completion(source, target, image, open_columns)
        if certificate is not None:
            shown = tuple(None if k in open_columns else value for k, value in enumerate(image))
            row = next(iter(certificate.rows), 0)
            return Containment(
                "refuted",
                witness=Witness(point, shown, Target("row", row, "upper"), 0, 0, certificate),
                proof="certified",
            )
    return Containment(
        "unknown", certificates, code="auxiliary", message="an auxiliary variable has no formula in the other's terms"
    )
