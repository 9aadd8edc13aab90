"""From raw text to a JSON document with exact numbers: strict reading, and finding the object in an answer.

Nothing here trusts the text: its length, nesting and digits are bounded before the decoder sees them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ...policy import Policy
from ...rationals import Exact, from_decimal
from ...verdict import Finding
from .scanning import Scan, closing_bracket, looks_like_object, nesting_exceeds, oddities, scan

MAX_FINDINGS: Final = 50
"""Problems reported of one output and stage; more are counted as the same failure."""

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_BOM: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Extraction:
    """The JSON object of an answer.

    ``document`` is the last complete object of the text, read strictly, or None; ``start``/``end`` are its character
    offsets and ``surrounding`` counts the characters around it that are not white space (fences included).
    ``findings`` are all reasons why there is no document.
    """

    document: dict[str, Any] | None
    start: int = 0
    end: int = 0
    surrounding: int = 0
    findings: list[Finding] = field(default_factory=list)


def read_json(text: str, policy: Policy) -> tuple[Any | None, list[Finding]]:
    """Read a text that is one JSON value and nothing else.

    Ints stay ints, decimals become exact rationals. Duplicate keys, NaN, Infinity, lone surrogates, too much text,
    nesting or digits are findings, and then the document is None. A byte order mark in front is skipped.
    """
    findings = _too_long(text, policy)
    if findings:
        return None, findings
    start = _first(text)
    if start == len(text):
        return None, [_empty(text)]
    if not nesting_exceeds(text, start, len(text), policy.max_nesting):
        document, end, findings = _decode(text, start, policy)
        if end is not None and _first(text, end) == len(text):
            return document, findings
    found = scan(text, start, policy.max_nesting)
    if found.end is None or found.too_deep is not None:
        return None, [_broken(found, text, policy)]
    at = _first(text, found.end)
    return None, [_surrounded("other text follows the JSON value", at, len(text))]


def extract(text: str, policy: Policy) -> Extraction:
    """Find and read the last complete JSON object of an answer, fenced or not, in linear time.

    With ``policy.extraction == "whole"`` nothing but white space may stand around it. An object inside a broken or
    unfinished one is not an answer, unless it has the key ``variables``: then the writer started again.
    """
    findings = _too_long(text, policy)
    if findings:
        return Extraction(None, findings=findings)
    first, last = text.find("{"), text.rfind("}") + 1
    result: Extraction | None = None
    if 0 <= first < last and not nesting_exceeds(text, first, last, policy.max_nesting):
        # Most answers hold one object: from the first brace to the last.
        document, end, findings = _decode(text, first, policy)
        if end == last:
            result = Extraction(document, first, last, 0, findings)
    if result is None:
        found, failure = _search(text, policy.max_nesting)
        if found is None or found.end is None:
            return Extraction(None, findings=[_absent(text, failure, policy)])
        if found.too_deep is not None:
            return Extraction(None, found.start, found.end, findings=[_broken(found, text, policy)])
        document, _, findings = _decode(text, found.start, policy)
        result = Extraction(document, found.start, found.end, 0, findings)
    surrounding = _visible(text[: result.start].lstrip(_BOM)) + _visible(text[result.end :])
    findings, document = result.findings, result.document
    if surrounding and policy.extraction == "whole":
        findings = [_surrounded("other text stands around the JSON object", result.start, result.end), *findings]
        document = None
    return Extraction(document, result.start, result.end, surrounding, findings)


def _search(text: str, max_nesting: int) -> tuple[Scan | None, Scan | None]:
    """The last complete outermost object, and the attempt at one that came farthest.

    Linear, although it starts again inside of what failed: a brace that an attempt took for the start of an object is
    never tried again (it would fail at the same place), and one inside a string of that attempt is read with opposite
    quotes, so that no character is scanned by more than two attempts that are both alive.
    """
    best: Scan | None = None
    failure: Scan | None = None
    tried: set[int] = set()
    inside_unclosed = False
    place = text.find("{")
    while place >= 0:
        if place in tried:
            place = text.find("{", place + 1)
            continue
        found = scan(text, place, max_nesting)
        if found.end is not None:
            if not inside_unclosed or "variables" in found.names:
                best = found
            place = text.find("{", found.end)
            continue
        tried.update(found.objects)
        meant = bool(found.names) or looks_like_object(text, place)
        if meant or found.truncated or text.find('"', place, found.stop) >= 0:
            if failure is None or found.stop - found.start >= failure.stop - failure.start:
                failure = found
            if meant and not inside_unclosed:
                close = None if found.truncated else closing_bracket(text, found.stop, found.depth)
                if close is not None:
                    place = text.find("{", close)
                    continue
                inside_unclosed = True
        place = text.find("{", place + 1)
    return best, failure


def _absent(text: str, failure: Scan | None, policy: Policy) -> Finding:
    """Why there is no object in the text."""
    if failure is not None:
        return _broken(failure, text, policy)
    start = _first(text)
    if start == len(text):
        return _empty(text)
    whole = scan(text, start, policy.max_nesting)
    if whole.too_deep is not None:
        return _broken(whole, text, policy)
    if whole.end is not None and _first(text, whole.end) == len(text):
        return Finding(
            "not-an-object",
            "the JSON value is not an object",
            at=start,
            end=whole.end,
            hint='answer with an object: {"variables": ..., "objective": ..., "constraints": ...}',
        )
    return Finding(
        "no-json",
        "the text holds no JSON object",
        at=start,
        end=len(text),
        hint='answer with an object: {"variables": ..., "objective": ..., "constraints": ...}',
    )


def _broken(found: Scan, text: str, policy: Policy) -> Finding:
    if found.too_deep is not None:
        return Finding(
            "too-deep",
            f"brackets nest more than {policy.max_nesting} deep",
            at=found.too_deep,
            end=found.too_deep + 1,
            hint="a formulation needs no more than ten levels",
        )
    if found.truncated:
        return Finding(
            "truncated",
            f"the text ends inside the JSON value that begins at character {found.start + 1}",
            at=found.start,
            end=len(text),
            hint="allow more tokens, or write a shorter formulation",
        )
    line = text.count("\n", 0, found.stop) + 1
    return Finding(
        "bad-syntax",
        f"not JSON at character {found.stop + 1} (line {line}): {found.problem}",
        at=found.stop,
        end=min(found.stop + 1, len(text)),
        hint=found.hint,
    )


def _decode(text: str, start: int, policy: Policy) -> tuple[Any | None, int | None, list[Finding]]:
    """The value at ``start``, one past its end (None when it is not JSON), and what is forbidden in it."""
    findings: list[Finding] = []
    odd = False

    def digits(convert: Callable[[str], Exact]) -> Callable[[str], Exact]:
        def checked(number: str) -> Exact:
            if len(number) <= policy.max_digits and "e" not in number and "E" not in number:
                return convert(number)
            mantissa, _, exponent = number.lower().partition("e")
            power = exponent.lstrip("+-").lstrip("0")
            few_digits = sum(map(str.isdigit, mantissa)) <= policy.max_digits and len(power) < 5
            if few_digits and int(power or 0) <= policy.max_digits:
                return convert(number)
            if len(findings) < MAX_FINDINGS:
                at = text.find(number, start)
                findings.append(
                    Finding(
                        "number-too-long",
                        f"the number {number[:20]}{'...' * (len(number) > 20)} has more than {policy.max_digits} "
                        "digits or too large a power of ten",
                        at=at,
                        end=at + len(number),
                        hint="round it",
                    )
                )
            return 0

        return checked

    def pairs(entries: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal odd
        result = dict(entries)
        odd = odd or len(result) != len(entries)
        return result

    def constant(_: str) -> int:
        nonlocal odd
        odd = True
        return 0

    decoder = json.JSONDecoder(
        parse_int=digits(int), parse_float=digits(from_decimal), parse_constant=constant, object_pairs_hook=pairs
    )
    try:
        document, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError:
        return None, None, []
    if odd:
        findings.extend(_odd(text, start, end))
    if _SURROGATE.search(text, start, end) or _SURROGATE_ESCAPE.search(text, start, end):
        findings.extend(_surrogates(document, text, start, end))
    return (None if findings else document), end, findings[:MAX_FINDINGS]


def _odd(text: str, start: int, end: int) -> list[Finding]:
    findings = []
    for oddity in oddities(text, start, end):
        if oddity.kind == "duplicate":
            code, message = "duplicate-key", f"the name {oddity.text[:60]!r} is said twice, at {oddity.path[:200]}"
            hint = "say each name once"
        else:
            code, message = "not-finite", f"{oddity.text} is not a number of JSON, at {oddity.path[:200]}"
            hint = "write null for no bound"
        findings.append(Finding(code, message, at=oddity.at, end=oddity.end, hint=hint))
        if len(findings) == MAX_FINDINGS:
            break
    return findings


def _surrogates(document: Any, text: str, start: int, end: int) -> list[Finding]:
    """A finding when some decoded string holds half of a surrogate pair, which no file can store."""
    todo = [document]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            if _SURROGATE.search(value):
                found = _SURROGATE.search(text, start, end) or _SURROGATE_ESCAPE.search(text, start, end)
                at = found.start() if found else start
                return [
                    Finding(
                        "lone-surrogate",
                        "a string holds half of a surrogate pair, which is no character",
                        at=at,
                        end=at + 1,
                        hint="write the character itself",
                    )
                ]
        elif isinstance(value, dict):
            todo.extend(value)
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
    return []


def _too_long(text: str, policy: Policy) -> list[Finding]:
    if len(text) <= policy.max_output_chars:
        return []
    return [
        Finding(
            "output-too-long",
            f"the text has {len(text):,} characters, {policy.max_output_chars:,} are read",
            at=policy.max_output_chars,
            end=len(text),
            hint="write a shorter answer, or raise max_output_chars",
        )
    ]


def _surrounded(message: str, at: int, end: int) -> Finding:
    return Finding("surrounding-text", message, at=at, end=end, hint="give the JSON object and nothing else")


def _empty(text: str) -> Finding:
    return Finding("empty-output", "the text is empty", at=0, end=len(text), hint="answer with a JSON object")


def _first(text: str, place: int = 0) -> int:
    """Offset of the first character that is neither white space nor a byte order mark in front."""
    if place == 0 and text.startswith(_BOM):
        place = 1
    return _SPACE.match(text, place).end()  # type: ignore[union-attr]  # matches the empty text


def _visible(text: str) -> int:
    """Characters that are not white space."""
    return sum(map(len, text.split()))
