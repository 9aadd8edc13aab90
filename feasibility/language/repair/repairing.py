"""From an output that fails the surface to the formulation that was meant, if nothing has to be guessed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ...policy import Policy
from ..document.final import TextPiece
from ..document.reading import Extraction, extract, read_json
from .shape import Shaper, unwrap
from .text import RefusedError, read_loosely, unescaped


@dataclass(frozen=True, slots=True)
class Repaired:
    """The repaired document, and the names of the repairs that were made, sorted."""

    document: dict[str, Any]
    repairs: tuple[str, ...]


def repair(text: str, policy: Policy, data_names: Collection[str] = ()) -> Repaired | None:
    """The answer of a text with its form repaired, or None when it cannot be repaired without guessing.

    ``data_names`` are the names that the problem's data declares. A valid formulation comes back as it is, without
    repairs. The result is not validated: whoever takes it asks the stages again.
    """
    found = extract(text, policy)
    if found.piece is None or not found.piece.attempt:
        return None
    return repair_found(text, found, policy, data_names)


def repair_found(text: str, found: Extraction, policy: Policy, data_names: Collection[str]) -> Repaired | None:
    """The same for an answer that was found already."""
    piece = found.piece
    if piece is None or not piece.attempt or (found.findings and found.findings[0].code in _NEVER):
        return None
    codes: set[str] = set()
    try:
        value = _value(text, piece, policy, codes)

        def load(inner: str) -> Any:
            return read_json(inner, policy)[0]

        document = Shaper(codes, frozenset(data_names)).formulation(unwrap(value, load, codes))
    except (RefusedError, RecursionError):
        return None
    return Repaired(document, tuple(sorted(codes)))


_NEVER = frozenset({"truncated", "unfinished", "surrounding-text", "output-too-long", "too-deep", "number-too-long"})


def _value(text: str, piece: TextPiece, policy: Policy, codes: set[str]) -> Any:
    """What stands there, read strictly where that is possible and loosely where not."""
    if piece.kind == "formulation":
        return piece.document
    if piece.kind == "wrapper":
        return piece.document if piece.document is not None else list(piece.held)
    if piece.kind == "escaped":
        codes.add("escaped-quotes")
        return read_loosely(unescaped(text[piece.start : piece.end]), 0, policy, codes)
    return read_loosely(text, piece.start, policy, codes)
