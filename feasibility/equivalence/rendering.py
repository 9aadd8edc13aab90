"""A comparison as plain JSON with names, and in words: what the formulation would allow that the problem does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..programs.program import Program
from ..rationals import Exact, Fraction, magnitude, show
from ..solver.exactness import Violation
from ..solver.words import enumeration, number, point, row_text, violated
from .evidence import Certificate, Comparison, Containment, Correspondence, Preference, Product, Target, Witness
from .maps import Affine
from .merging import merged_plan, merged_program

_LISTED = 200
_DERIVED = Target("objective", 0, "upper")


def to_json(a: Program, b: Program, comparison: Comparison, units: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Everything that the comparison found, by name: correspondence, witnesses, certificates, a sentence."""
    units = units or {}
    document: dict[str, Any] = {"relation": comparison.relation}
    if comparison.proof and comparison.relation != "unknown":
        document["proof"] = comparison.proof
    document["scope"] = comparison.scope
    if comparison.code:
        document["code"] = comparison.code
    document["sentence"] = sentence(a, b, comparison, units)
    if comparison.difference is not None:
        apart = comparison.difference
        document["difference"] = {"of": apart.kind, "formulation": apart.ours, "reference": apart.theirs}
    maps = comparison.correspondence
    if maps is None:
        found = witnesses(a, b, comparison, units)
        if found:
            document["witness"] = found
    else:
        first, second = merged_program(a, maps.a_merges), merged_program(b, maps.b_merges)
        document["correspondence"] = _correspondence(first, second, maps)
        found = witnesses(a, b, comparison, units)
        if found:
            document["witness"] = found
        for key, source, target, side in (
            ("a_in_b", first, second, comparison.a_in_b),
            ("b_in_a", second, first, comparison.b_in_a),
        ):
            if side is not None:
                document[key] = _containment(source, target, side)
        if comparison.preference is not None:
            document["preference"] = _preference(comparison.preference)
    document["seconds"] = round(comparison.seconds, 6)
    return document


def witnesses(a: Program, b: Program, comparison: Comparison, units: Mapping[str, str]) -> dict[str, Any]:
    """``admits``: a plan of A that B forbids; ``forbids``: one of B that A forbids; ``ranks``: a pair ranked apart."""
    maps = comparison.correspondence
    if maps is None:
        pairs = (("admits", a, comparison.a_in_b), ("forbids", b, comparison.b_in_a))
        found = {}
        for name, program, side in pairs:
            if side is not None and side.witness is not None:
                found[name] = {
                    **point("plan", program, side.witness.plan),
                    "broken": {"sentence": "the other admits no plan at all"},
                }
        return found
    first, second = merged_program(a, maps.a_merges), merged_program(b, maps.b_merges)
    document: dict[str, Any] = {}
    if comparison.a_in_b is not None and comparison.a_in_b.witness is not None:
        document["admits"] = _witness(a, second, comparison.a_in_b.witness, units)
    if comparison.b_in_a is not None and comparison.b_in_a.witness is not None:
        document["forbids"] = _witness(b, first, comparison.b_in_a.witness, units)
    preference = comparison.preference
    if preference is not None and preference.status == "differs":
        document["ranks"] = _ranks(first, b, maps, preference)
    return document


def _witness(source: Program, target: Program, witness: Witness, units: Mapping[str, str]) -> dict[str, Any]:
    """The plan in the source's names, its image in the target's, and what it breaks there."""
    document: dict[str, Any] = point("plan", source, witness.plan)
    known = [(column, value) for column, value in zip(target.columns, witness.image, strict=True) if value is not None]
    kept = Program([column for column, _ in known], [], "feasibility")
    document |= point("image", kept, [value for _, value in known])
    aim = witness.target
    if witness.slice_certificate is not None and any(v is None for v in witness.image):
        rows = [target.rows[i].name for i in witness.slice_certificate.rows]
        if witness.slice_certificate.method == "crossed":
            rows += [f"the bounds of {target.columns[k].name}" for k in witness.slice_certificate.columns]
        open_names = [c.name for c, v in zip(target.columns, witness.image, strict=True) if v is None]
        document["broken"] = {
            "rows": rows,
            "sentence": f"no value of {enumeration(open_names)} satisfies {enumeration(rows)} at this plan",
        }
        return document
    kind = aim.kind if aim.kind == "row" else aim.side
    breach = Violation(kind, aim.number, witness.excess, witness.value, witness.limit)
    document["broken"] = violated(target, [breach], units)[0]
    return document


def _ranks(first: Program, b: Program, maps: Correspondence, preference: Preference) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, plan in (("better", preference.better), ("worse", preference.worse)):
        theirs = b.objective.value(plan)
        merged = merged_plan(b, maps.b_merges, plan)
        back = [None if image is None else image.value(merged) for image in maps.backward]
        entry: dict[str, Any] = point("plan", b, plan)
        entry |= number("reference_value", theirs)
        if all(value is not None for value in back):
            entry |= number("value", first.objective.value([v for v in back if v is not None]))
        document[name] = entry
    document["strict_in"] = "formulation" if preference.strict_in == "a" else "reference"
    return document


def sentence(a: Program, b: Program, comparison: Comparison, units: Mapping[str, str]) -> str:
    """One or two sentences for a person who knows the problem."""
    match comparison.relation:
        case "equivalent":
            return comparison.message or "Both admit the same plans and rank them alike."
        case "unknown":
            return f"Not decided: {comparison.message}."
        case "objective-differs":
            return _objective_sentence(a, b, comparison)
    parts = []
    apart = comparison.difference
    if apart is not None:
        what = f"{apart.kind}: {apart.ours} in the formulation, {apart.theirs} in the problem"
        return f"No correspondence of the variables makes them agree ({what})."
    found = witnesses(a, b, comparison, units)
    if "admits" in found:
        breach = found["admits"]["broken"]["sentence"]
        shown = _plan(found["admits"], "image" if "image" in found["admits"] else "plan")
        parts.append(f"The formulation would allow {shown}, but {breach}.")
    if "forbids" in found:
        breach = found["forbids"]["broken"]["sentence"]
        parts.append(f"It forbids {_plan(found['forbids'], 'plan')}, which the problem allows: {breach}.")
    return " ".join(parts)


def _objective_sentence(a: Program, b: Program, comparison: Comparison) -> str:
    ranks = witnesses(a, b, comparison, {}).get("ranks", {})
    better, worse = ranks.get("better"), ranks.get("worse")
    if not better or not worse:
        return "The objectives rank plans differently."
    left, right = _plan(better, "plan"), _plan(worse, "plan")
    if ranks["strict_in"] == "formulation":
        return f"The formulation prefers {left} to {right}; the problem does not."
    return f"The problem prefers {left} to {right}; the formulation does not."


def _plan(document: Mapping[str, Any], key: str) -> str:
    """``bread = 10 and cake = 25`` from a plan in JSON; zeros are left away unless all are zero."""
    floats: Mapping[str, float | None] = document[key]
    exact: Mapping[str, str] = document.get(f"{key}_exact", {})
    values = {name: Fraction(exact.get(name, value)) for name, value in floats.items() if value is not None}
    chosen = {name: value for name, value in values.items() if value} or values
    return enumeration([f"{name} = {show(value)}" for name, value in chosen.items()], most=6)


def _correspondence(first: Program, second: Program, maps: Correspondence) -> dict[str, Any]:
    document: dict[str, Any] = {"source": maps.source}
    document["b_from_a"] = _formulas(second, first, maps.forward)
    document["a_from_b"] = _formulas(first, second, maps.backward)
    for key, program, open_columns in (("a_auxiliary", first, maps.a_open), ("b_auxiliary", second, maps.b_open)):
        if open_columns:
            document[key] = [program.columns[j].name for j in sorted(open_columns)][:_LISTED]
    for key, merges in (("a_merged", maps.a_merges), ("b_merged", maps.b_merges)):
        if merges:
            document[key] = [merge.name for merge in merges]
    if maps.reductions:
        document["reductions"] = list(maps.reductions)
    return document


def _formulas(target: Program, source: Program, images: Sequence[Affine | None]) -> dict[str, str | None]:
    return {
        column.name: None if image is None else formula(source, image)
        for column, image in list(zip(target.columns, images, strict=True))[:_LISTED]
    }


def formula(program: Program, image: Affine) -> str:
    """An affine function in the program's names, exact: ``60*hours + 5``."""
    parts = []
    for j, coefficient in image.terms.items():
        sign = "-" if coefficient < 0 else "+"
        weight = "" if magnitude(coefficient) == 1 else f"{magnitude(coefficient)}*"
        parts.append(f"{sign} {weight}{program.columns[j].name}")
    if image.constant or not parts:
        parts.append(f"{'-' if image.constant < 0 else '+'} {magnitude(image.constant)}")
    text = " ".join(parts)
    return text[2:] if text.startswith("+ ") else "-" + text[2:]


def _containment(source: Program, target: Program, containment: Containment) -> dict[str, Any]:
    document: dict[str, Any] = {"status": containment.status}
    if containment.code:
        document |= {"code": containment.code, "message": containment.message}
    shown = [_certificate(source, target, c) for c in containment.certificates[:_LISTED]]
    if shown:
        document["certificates"] = shown
    if len(containment.certificates) > _LISTED:
        document["certificates_omitted"] = len(containment.certificates) - _LISTED
    derived = [_certificate(source, target, Certificate(_DERIVED, "rounding", e.rows, e.columns, 1, e.lines))
               for e in containment.lines[:_LISTED]]  # fmt: skip
    if derived:
        document["lines"] = derived
    if containment.products:
        document["products"] = [_product(source, product) for product in containment.products[:_LISTED]]
    if containment.tight is not None:
        document["tight"] = _certificate(source, target, replace(containment.tight, target=_DERIVED))
    return document


def _product(source: Program, product: Product) -> dict[str, str]:
    """The side that is multiplied, and by what."""
    aim = product.side
    of = source.rows[aim.number].name if aim.kind == "row" else source.columns[aim.number].name
    document = {aim.kind: of, "side": aim.side}
    if product.times is not None:
        name = source.columns[product.times].name
        document["times"] = f"1 - {name}" if product.complement else name
    return document


def _certificate(source: Program, target: Program, certificate: Certificate) -> dict[str, Any]:
    aim = certificate.target
    document: dict[str, Any] = {"method": certificate.method, "side": aim.side}
    if aim.kind == "row" and certificate.method not in ("empty", "crossed"):
        document |= {"row": target.rows[aim.number].name, "text": row_text(target, target.rows[aim.number])}
    elif aim.kind == "column" and certificate.method not in ("empty", "crossed"):
        document["variable"] = target.columns[aim.number].name
    if certificate.rows:
        document["rows"] = _named({source.rows[i].name: y for i, y in certificate.rows.items() if i < len(source.rows)})
    if certificate.columns:
        known = len(source.columns)
        used = {source.columns[j].name: w for j, w in certificate.columns.items() if 0 <= j < known}
        document["bounds"] = _named(used)
    if certificate.lines:
        document["lines"] = {str(number): str(y) for number, y in list(certificate.lines.items())[:_LISTED]}
    if certificate.products:
        document["products"] = {str(n): str(y) for n, y in list(certificate.products.items())[:_LISTED]}
    split = certificate.cases
    if split is not None and split.column < len(source.columns):
        name, at = source.columns[split.column].name, split.at
        parts = [(f"{name} <= {at}", split.below), (f"{name} >= {at + 1}", split.above)]
        document["cases"] = {said: _certificate(source, target, part) for said, part in parts}
    single = certificate.single
    if single is not None:
        said = ("at most", single.above), ("at least", single.below)
        document["value"] = str(single.value)
        document["proofs"] = {word: _certificate(source, target, part) for word, part in said}
    if certificate.parts:
        document["parts"] = [_certificate(source, target, part) for part in certificate.parts]
    if certificate.factor != 1:
        document["factor"] = str(certificate.factor)
    return document


def _named(values: Mapping[str, Exact]) -> dict[str, str]:
    return {name: str(value) for name, value in list(values.items())[:_LISTED]}


def _preference(preference: Preference) -> dict[str, Any]:
    document: dict[str, Any] = {"status": preference.status}
    if preference.code:
        document |= {"code": preference.code, "message": preference.message}
    if preference.scale is not None:
        document["scale"] = str(preference.scale)
        document["constant"] = str(preference.constant)
    return document
