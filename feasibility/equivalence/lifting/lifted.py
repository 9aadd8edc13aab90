"""Whether an equivalence holds for all data of a problem's shape, or only for the data at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...language.formulation import Data, Formulation
from ...language.names import Resolved, resolve
from ...policy import Policy
from ...programs.compiling import Rejected, build
from ..evidence import Correspondence, Scope
from . import checking, columns, proving
from .proof import LiftedProof
from .symbols import NotLiftable


@dataclass(frozen=True, slots=True)
class Lifted:
    """``scope`` "all data" comes with the proof, its assumptions in words, and the number of symbolic instances on
    which the checker has held it; "this data" comes with the reason why no proof was found.
    """

    scope: Scope
    reason: str = ""
    assumptions: tuple[str, ...] = ()
    instances: int = 0
    proof: LiftedProof | None = None

    def to_dict(self) -> dict[str, Any]:
        """For a verdict's details: ``scope``, and ``assumptions`` or ``scope_reason``."""
        document: dict[str, Any] = {"scope": self.scope}
        if self.scope == "all data":
            document["assumptions"] = list(self.assumptions)
            document["symbolic_instances"] = self.instances
        elif self.reason:
            document["scope_reason"] = self.reason
        return document


def lift(
    a: Formulation,
    b: Formulation,
    data: Data | None = None,
    policy: Policy | None = None,
    found: Correspondence | None = None,
) -> Lifted:
    """The scope of an equivalence that has been shown on the data at hand.

    ``data`` are the problem's sets and parameters, which both formulations use by name; without them, those that both
    declare alike. All data means: any sets and numbers under these names that keep the assumptions and on which both
    formulations build. ``found`` is the correspondence on the data at hand: where the families do not match as such, it
    is tried for all numbers over the sets as they are given, which the assumptions then say.
    Never raises for what cannot be lifted: the scope is then "this data".
    """
    policy = policy or Policy()
    known = _shared(a, b, data or Data())
    if not known.sets and not known.parameters:
        return Lifted("this data", "the formulations use no data by name")
    own = _own(a, known) or _own(b, known)
    if own:
        return Lifted("this data", f"{own} is data of one formulation's own")
    sides: list[Resolved] = []
    for formulation in (a, b):
        resolved, _ = resolve(formulation, known, policy)
        if resolved is None:
            return Lifted("this data", "a formulation does not build")
        sides.append(resolved)
    first, second = sides
    if not any(_uses_data(side, known) for side in sides):
        return Lifted("this data", "the formulations use no data by name")
    try:
        proof = proving.prove(first, second, known)
        instances = checking.check(first, second, known, proof)
    except NotLiftable as trouble:
        return _by_columns(a, b, first, second, known, policy, found) or Lifted("this data", str(trouble))
    except checking.BrokenIdentity as trouble:
        return Lifted("this data", f"the proof for all data was not confirmed: {trouble}")
    return Lifted("all data", "", tuple(proof.conditions()), instances, proof)


def _by_columns(
    a: Formulation, b: Formulation, first: Resolved, second: Resolved, data: Data, policy: Policy,
    found: Correspondence | None,
) -> Lifted | None:  # fmt: skip
    """For all numbers over the given sets, by the correspondence of the data at hand."""
    if found is None or not data.parameters:
        return None
    try:
        programs = build(a, data, policy), build(b, data, policy)
        signs = columns.prove_columns((first, programs[0]), (second, programs[1]), found, data)
    except (NotLiftable, Rejected):
        return None
    said = [f"{name} {sign}" for name, sign in signs]
    return Lifted("all data", "", (*said, *(["the sets as given"] if data.sets else [])), 1)


def _shared(a: Formulation, b: Formulation, data: Data) -> Data:
    """The problem's data, and what both formulations declare alike."""
    sets = {n: m for n, m in a.sets.items() if b.sets.get(n) == m}
    parameters = {n: p for n, p in a.parameters.items() if b.parameters.get(n) == p}
    return Data({**sets, **data.sets}, {**parameters, **data.parameters})


def _own(side: Formulation, known: Data) -> str | None:
    return next((n for n in (*side.sets, *side.parameters) if n not in known.sets and n not in known.parameters), None)


def _uses_data(side: Resolved, known: Data) -> bool:
    return bool(known.parameters) or any(item.index for item in side.variables.values())
