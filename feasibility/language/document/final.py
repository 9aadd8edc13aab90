"""Which object of an answer counts: the last attempt at a formulation, whole or not.

An *attempt* is told by its keys (:mod:`.attempts`). Broken and unfinished attempts are attempts: what stands before
them was given up and is not credited. Only where nothing was attempted, the last JSON object of any kind is taken, so
that the stages can say what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from ...verdict import Finding
from .attempts import Load, Mentions, held_formulations, is_formulation
from .scanning import Scan, closing_bracket, looks_like_object, scan, scan_escaped

PieceKind: TypeAlias = Literal["formulation", "wrapper", "object", "broken", "cut", "escaped"]
Decode: TypeAlias = Callable[[str, int], tuple[Any, list[Finding]]]
"""Reads the JSON value that begins at an offset; the value is None when something in it is forbidden."""
"""Reads a text that is one JSON value; gives None when it is not."""

_SPACE: Final = " \t\r\n"
_ESCAPED: Final = re.compile(r"\{(?:\s|\\[nrt])*\\\"")
_STRING: Final = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"')


@dataclass(slots=True)
class TextPiece:
    """An object of the text, or what was meant as one, at ``start`` up to ``end``.

    ``formulation`` and ``object`` are whole JSON objects, ``wrapper`` is a JSON value that holds formulations (they are
    ``held``), ``broken`` stops being JSON, ``cut`` is JSON up to the end of the text, and ``escaped`` is JSON whose
    quotes are escaped as if it stood in a text. ``attempt`` says that it was meant as a formulation.
    """

    kind: PieceKind
    start: int
    end: int
    attempt: bool
    document: Any = None
    findings: list[Finding] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)
    scan: Scan | None = None


def last_object(text: str, start: int, max_nesting: int, decode: Decode, load: Load) -> TextPiece | None:
    """The last object of ``text[start:]`` that is not empty, of whatever kind, whole or not: for other tasks."""
    last: TextPiece | None = None
    for piece in _Walk(text, start, max_nesting, decode, load).pieces():
        empty = piece.kind == "object" and not text[piece.start + 1 : piece.end - 1].strip()
        if not empty or last is None:
            last = piece
    return last


def final_piece(text: str, start: int, max_nesting: int, decode: Decode, load: Load) -> TextPiece | None:
    """The piece that is the answer of ``text[start:]``, or None when there is nothing like an object. Linear time."""
    attempt: TextPiece | None = None
    whole: TextPiece | None = None
    failure: TextPiece | None = None
    walk = _Walk(text, start, max_nesting, decode, load)
    last = start
    for piece in walk.pieces():
        stray = walk.mentions.stray(last, piece.start)
        if stray is not None:
            attempt = _lost_beginning(stray, piece.start)
        last = max(last, piece.end)
        if piece.attempt:
            attempt = piece
        elif piece.kind in ("formulation", "wrapper", "object"):
            whole = piece
        elif failure is None or _length(piece) >= _length(failure):
            failure = piece
    stray = walk.mentions.stray(last, len(text))
    if stray is not None:
        attempt = _lost_beginning(stray, len(text))
    return attempt or whole or failure


def _lost_beginning(start: int, end: int) -> TextPiece:
    """A section's key in front of its map, outside of any object: the brace that belongs before it is missing."""
    found = Scan(start, stop=start, problem="a section of a formulation stands outside of any object")
    found.hint = "begin the object with {"
    return TextPiece("broken", start, end, True, scan=found)


def _length(piece: TextPiece) -> int:
    """How far a failed piece came."""
    return piece.scan.stop - piece.scan.start if piece.scan else piece.end - piece.start


class _Walk:
    """One pass over a text. ``inside_unclosed``: a broken object above was never closed, its inside may be anything.

    Linear, although it starts again inside of what failed: a brace that a scan took for the start of an object is
    never tried again (it would fail at the same place), and one inside a string of that scan is read with opposite
    quotes, so that no character is scanned by more than two scans that are both alive.
    """

    def __init__(self, text: str, start: int, max_nesting: int, decode: Decode, load: Load) -> None:
        self.text, self.start, self.max_nesting, self.decode, self.load = text, start, max_nesting, decode, load
        self.mentions = Mentions(text, start)
        self.tried: set[int] = set()
        self.inside_unclosed = False
        self.try_escaped = True

    def pieces(self) -> Iterator[TextPiece]:
        """The outermost objects in order, whole or not; those that stand in one list come as one piece."""
        listed = _Listed(self.text)
        last = self.start
        for piece in self.run():
            yield from listed.take(piece, self.text[last : piece.start] if last <= piece.start else "")
            last = piece.end
        yield from listed.flush()

    def run(self) -> Iterator[TextPiece]:
        """The outermost objects in order, whole or not."""
        text = self.text
        place = text.find("{", self.start)
        while place >= 0:
            if place in self.tried:
                place = text.find("{", place + 1)
                continue
            found = scan(text, place, self.max_nesting)
            if found.end is not None:
                if not self.inside_unclosed or "variables" in found.names:
                    yield self.whole(found, found.end)
                place = text.find("{", found.end)
                continue
            escaped = self.escaped(place)
            if escaped is not None:
                yield escaped
                place = text.find("{", escaped.end)
                continue
            self.tried.update(found.objects)
            piece, place = self.failed(found, place)
            if piece is not None:
                yield piece

    def whole(self, found: Scan, end: int) -> TextPiece:
        """A complete JSON object."""
        start = found.start
        if found.too_deep is not None:
            attempt = self.mentions.broken_attempt(start, end, cut=False)
            return TextPiece("object", start, end, attempt, scan=found)
        if not self.mentions.words(start, end):
            return TextPiece("object", start, end, False, scan=found)
        document, findings = self.decode(self.text, start)
        if document is None:
            attempt = self.mentions.broken_attempt(start, end, cut=False)
            return TextPiece("object", start, end, attempt, None, findings, scan=found)
        if is_formulation(document):
            return TextPiece("formulation", start, end, True, document, scan=found)
        held = held_formulations(document, self.load)
        kind: PieceKind = "wrapper" if held else "object"
        return TextPiece(kind, start, end, bool(held), document, held=held, scan=found)

    def failed(self, found: Scan, place: int) -> tuple[TextPiece | None, int]:
        """No JSON object begins at this brace: what stands there, and where to go on looking."""
        text = self.text
        following = text.find("{", place + 1)
        meant = bool(found.names) or looks_like_object(text, place)
        if not (meant or found.truncated or text.find('"', place, found.stop) >= 0):
            return None, following
        close = None
        if meant and not self.inside_unclosed:
            close = None if found.truncated else closing_bracket(text, found.stop, found.depth)
            if close is not None:
                following = text.find("{", close)
            else:
                self.inside_unclosed = True
        end = close or len(text)
        attempt = self.mentions.broken_attempt(place, end if meant or found.truncated else found.stop, found.truncated)
        return TextPiece("cut" if found.truncated else "broken", place, end, attempt, scan=found), following

    def escaped(self, place: int) -> TextPiece | None:
        """An object whose quotes are escaped, in a text of its own (then it is a wrapper) or not."""
        text = self.text
        if not _ESCAPED.match(text, place):
            return None
        if text[place - 1 : place] == '"' and text[place - 2 : place - 1] != "\\" and place - 1 >= self.start:
            string = _STRING.match(text, place - 1)
            if string is not None:
                inner, _ = self.decode(text, place - 1)
                held = held_formulations(inner, self.load) if isinstance(inner, str) else []
                kind: PieceKind = "wrapper" if held else "object"
                return TextPiece(kind, string.start(), string.end(), bool(held), inner, held=held)
        if not self.try_escaped:
            return None
        found = scan_escaped(text, place, self.max_nesting)
        if found.end is None:
            # What follows would be scanned to its end again and again.
            self.try_escaped = False
            attempt = self.mentions.broken_attempt(place, len(text), found.truncated)
            return TextPiece("cut" if found.truncated else "escaped", place, len(text), attempt, scan=found)
        attempt = self.mentions.broken_attempt(place, found.end, cut=False)
        return TextPiece("escaped", place, found.end, attempt, scan=found)


class _Listed:
    """Puts whole objects that stand in one JSON list, ``[{...}, {...}]``, together; everything else passes through."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.group: list[TextPiece] = []
        self.opened = 0

    def take(self, piece: TextPiece, gap: str) -> Iterator[TextPiece]:
        if piece.kind not in ("formulation", "wrapper", "object"):
            yield from self.flush()
            yield piece
            return
        if not (self.group and gap.strip(_SPACE) == ","):
            yield from self.flush()
            before = gap.rstrip(_SPACE)
            if not before.endswith("["):
                yield piece
                return
            self.opened = piece.start - len(gap) + len(before) - 1
        self.group.append(piece)
        after = _next_sign(self.text, piece.end)
        if after >= 0 and self.text[after] == "]":
            group, self.group = self.group, []
            held = [inner for item in group for inner in _formulations(item)]
            attempt = any(item.attempt for item in group)
            if attempt and not held:
                yield from group
            else:
                kind: PieceKind = "wrapper" if held else "object"
                yield TextPiece(kind, self.opened, after + 1, attempt, held=held) if held else group[-1]
        elif after < 0 or self.text[after] != ",":
            yield from self.flush()

    def flush(self) -> Iterator[TextPiece]:
        group, self.group = self.group, []
        yield from group


def _formulations(piece: TextPiece) -> list[dict[str, Any]]:
    return [piece.document] if piece.kind == "formulation" else piece.held


_NEXT: Final = re.compile(r"[ \t\r\n]*")


def _next_sign(text: str, place: int) -> int:
    """Offset of the next character that is not white space, or -1."""
    at = _NEXT.match(text, place).end()  # type: ignore[union-attr]  # matches the empty text
    return at if at < len(text) else -1
