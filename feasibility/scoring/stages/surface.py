"""Stages 1 to 3 of a formulation: does it look right?"""

from __future__ import annotations

from typing import Any

from ...codes import stage_of
from ...language.formulation import Formulation
from ...rationals import printed_fractions
from ...verdict import StageResult
from .answers import passed
from .attempt import FormulationAttempt


class Parses:
    """Stage 1. A formulation that is already read passes."""

    name = "parses"
    title = "is there one strict JSON object in the text?"
    needs: tuple[str, ...] = ()

    def ask(self, attempt: FormulationAttempt) -> StageResult:
        """Extract and read the answer."""
        from ...language.document.reading import extract

        if attempt.given is not None:
            attempt.formulation, attempt.document = attempt.given, attempt.given.to_dict()
            return passed()
        found = extract(attempt.text, attempt.policy)
        attempt.document = found.document
        details: dict[str, Any] = {"start": found.start, "end": found.end, "surrounding": found.surrounding}
        if found.findings or found.document is None:
            return StageResult.failed(*found.findings, **details)
        fractions = printed_fractions(attempt.text[found.start : found.end])
        if fractions:
            details["read_as"] = fractions
        return passed(**details)


class Schema:
    """Stage 2."""

    name = "schema"
    title = "is it valid against formulation.schema.json?"
    needs: tuple[str, ...] = ("document",)

    def ask(self, attempt: FormulationAttempt) -> StageResult:
        """Hold the document against the schema; every refusal is confirmed by jsonschema on the same file."""
        from ...language.document.schema import validate

        found = validate(attempt.document)
        if found:
            from ...language.document.confirming import confirm

            second = confirm(attempt.document, found[0].where)
            if second.refused is False:
                text = f"Pyrite's validator says: {found[0].message}; jsonschema accepts it (a defect of Pyrite)"
                return StageResult("unknown", "schema-disagreement", text, tuple(found))
            return StageResult.failed(*found, jsonschema=second.to_dict())
        if attempt.formulation is None:
            attempt.formulation = Formulation.from_dict(attempt.document)
        return passed()


class Names:
    """Stage 3: names and grammar; and, as some errors show only when families are written out, the compiler."""

    name = "names"
    title = "is every name declared once and used with the right indices, and does every expression read?"
    needs: tuple[str, ...] = ("formulation",)

    def ask(self, attempt: FormulationAttempt) -> StageResult:
        """Resolve the names, and compile."""
        from ...language.names import resolve
        from ...programs.compiling import compile_program

        assert attempt.formulation is not None
        resolved, found = resolve(attempt.formulation, attempt.preparing.reference.data, attempt.policy)
        if found or resolved is None:
            return StageResult.failed(*found)
        program, found = compile_program(resolved, attempt.policy)
        here = [finding for finding in found if stage_of(finding.code) == self.name]
        if here:
            return StageResult.failed(*here)
        attempt.resolved, attempt.program = resolved, program
        attempt.build_findings = [finding for finding in found if stage_of(finding.code) != self.name]
        return passed()
