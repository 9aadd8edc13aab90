"""A problem: a question in plain language, with a reference if there is one. A line of ``problems.jsonl``."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ..feasibility.disk import read_whole
from ..feasibility.errors import PyriteError, PyriteWarning
from ..feasibility.language.formulation import Data, Formulation, exact_number
from ..feasibility.language.suggestions import closest
from ..feasibility.one_line import one_line
from ..feasibility.plans.grids.grid import Grid
from ..feasibility.rationals import Exact
from ..feasibility.scoring.reference import KnownStatus, Reference
from ..feasibility.verdict import LADDERS
from .readings import accepted

_MEANT = {
    "formulation": "reference", "model": "reference", "program": "reference", "gold": "reference",
    "solution": "reference",
    "value": "optimum", "objective": "optimum", "objective_value": "optimum", "optimal_value": "optimum",
    "answer": "optimum", "question": "text", "prompt": "text", "description": "text", "problem": "text",
    "problem_id": "id", "parameters": "data", "sets": "data", "reading": "readings",
}  # fmt: skip
"""Fields of other people's files, and which of ours they probably mean."""
_KNOWN = (
    "id",
    "text",
    "reference",
    "optimum",
    "status",
    "data",
    "family",
    "source",
    "split",
    "units",
    "task",
    "grid",
    "readings",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One question. ``extra`` keeps every field of the file that Pyrite does not know.

    >>> Problem.from_dict({"id": "p1", "text": "Bake bread.", "optimum": 12.5}).optimum
    Fraction(25, 2)
    """

    id: str
    text: str
    reference: Formulation | None = None
    optimum: Exact | None = None
    status: KnownStatus | None = None
    data: Data = field(default_factory=Data)
    family: str | None = None
    source: str | None = None
    split: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    task: str = "formulation"
    """What an answer is: a formulation, or a plan (a solution)."""
    grid: Grid | None = None
    readings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Accepted readings by name, where the text allows several; see :func:`.readings.accepted`."""

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], name: str | None = None) -> Self:
        """The problem of a file: its only one, or the one with the id ``name``, of a JSON object or of JSON lines.

        Raises PyriteError when the file cannot be read, holds no such problem, or holds several and none was named.
        """
        text = read_whole(path)
        try:
            whole = json.loads(text)
            documents = [whole] if isinstance(whole, dict) else []
        except (ValueError, RecursionError):
            documents = _lines(text, path)
        found = [document for document in documents if name is None or document.get("id") == name]
        if len(found) != 1:
            wanted = f"problem {name!r}" if name is not None else "one problem"
            ids = ", ".join(one_line(document.get("id"), 40) for document in documents[:5])
            raise PyriteError(f"{path}: {wanted} is wanted; it has {len(documents)}" + (f": {ids}" if ids else ""))
        return cls.from_dict(found[0])

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read a line of ``problems.jsonl``. Raises PyriteError naming the field that is wrong."""
        for name in ("id", "text"):
            if not isinstance(document.get(name), str) or not document[name]:
                meant = next((f"; the field {k!r} is unknown" for k in document if _MEANT.get(k) == name), "")
                raise PyriteError(f"a problem needs a non-empty string {name!r}{meant}")
        _warn_of_near_misses(document)
        status = document.get("status")
        if status not in (None, "optimal", "infeasible", "unbounded"):
            raise PyriteError(f"status is optimal, infeasible or unbounded, not {status!r}")
        task = document.get("task", "formulation")
        if task not in LADDERS:
            raise PyriteError(f"task is {' or '.join(sorted(LADDERS))}, not {str(task)[:40]!r}")
        optimum = document.get("optimum")
        try:
            reference = None if document.get("reference") is None else Formulation.from_dict(document["reference"])
            data = Data.from_dict(document.get("data") or {})
            exact_optimum = None if optimum is None else exact_number(optimum)
            readings = {str(name): dict(entry) for name, entry in dict(document.get("readings") or {}).items()}
            accepted(Reference(reference, exact_optimum), readings)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise PyriteError(f"reference, optimum, readings or data cannot be read: {error!r}") from error
        return cls(
            id=document["id"],
            text=document["text"],
            reference=reference,
            optimum=exact_optimum,
            status=status,
            data=data,
            family=document.get("family"),
            source=document.get("source"),
            split=document.get("split"),
            units=dict(document.get("units") or {}),
            task=task,
            readings=readings,
            grid=None if document.get("grid") is None else Grid.from_dict(document["grid"]),
            extra={key: value for key, value in document.items() if key not in _KNOWN},
        )

    def to_dict(self) -> dict[str, Any]:
        """The line of ``problems.jsonl``: fields in a fixed order, nothing empty."""
        from ..feasibility.language.formulation import plain_number

        document: dict[str, Any] = {"id": self.id, "text": self.text}
        if self.reference is not None:
            document["reference"] = self.reference.to_dict()
        if self.optimum is not None:
            document["optimum"] = plain_number(self.optimum)
        if self.status is not None:
            document["status"] = self.status
        if self.data.sets or self.data.parameters:
            document["data"] = self.data.to_dict()
        for name in ("family", "source", "split"):
            if getattr(self, name) is not None:
                document[name] = getattr(self, name)
        if self.units:
            document["units"] = dict(self.units)
        if self.task != "formulation":
            document["task"] = self.task
        if self.grid is not None:
            document["grid"] = self.grid.to_dict()
        if self.readings:
            document["readings"] = {name: dict(entry) for name, entry in self.readings.items()}
        document.update(self.extra)
        return document

    def as_reference(self) -> Reference:
        """What the checker needs of this problem."""
        main = Reference(
            self.reference, self.optimum, self.status, self.data, self.units, self.text, self.grid, self.task
        )
        return accepted(main, self.readings) if self.readings else main


def _lines(text: str, path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The objects of JSON lines."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PyriteError(f"{path}: line {number} is no JSON: {one_line(error, 100)}") from error
        if not isinstance(document, dict):
            raise PyriteError(f"{path}: line {number} is no JSON object")
        found.append(document)
    return found


def _warn_of_near_misses(document: Mapping[str, Any]) -> None:
    """Unknown fields are kept; one that is nearly a known one, which is missing, was probably meant as that."""
    missing = [name for name in _KNOWN if name not in document]
    for name in document:
        if name in _KNOWN:
            continue
        help_ = closest(str(name), missing, _MEANT)
        if help_:
            line = f"problem {document['id'][:80]!r}: the field {str(name)!r} is unknown and not used; {help_}"
            warnings.warn(line, PyriteWarning, stacklevel=3)
