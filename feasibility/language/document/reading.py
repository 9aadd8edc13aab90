"""From raw text to a JSON document with exact numbers: strict reading, and finding the object in an answer.

Nothing here trusts the text: its length, nesting and digits are bounded before the decoder sees them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ...finish import LENGTH, NOT_ANSWERED, finish_of, whole_length
from ...policy import Policy
from ...rationals import Exact, from_decimal
from ...verdict import Finding
from .attempts import STRAY_KEY, is_formulation
from .final import TextPiece, final_piece, last_object
from .refusals import is_refusal
from .scanning import Scan, nesting_exceeds, oddities, scan
from .thinking import AnswerSpan, answer_span

MAX_FINDINGS: Final = 50
"""Problems reported of one output and stage; more are counted as the same failure."""

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_BOM: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Extraction:
    """The answer in a text.

    ``document`` is the formulation (or, where none was attempted, the last JSON object), read strictly, or None;
    ``start``/``end`` are the character offsets of the JSON, if there is any, and ``surrounding`` counts the characters
    around it that are not white space (thinking and fences included). ``findings`` are all reasons why there is no
    document. ``piece`` says what kind of attempt it was and where, for those who repair it.
    """

    document: dict[str, Any] | None
    start: int = 0
    end: int = 0
    surrounding: int = 0
    findings: list[Finding] = field(default_factory=list)
    piece: TextPiece | None = None


def read_json(text: str, policy: Policy) -> tuple[Any | None, list[Finding]]:
    """Read a text that is one JSON value and nothing else.

    Ints stay ints, decimals become exact rationals. Duplicate keys, NaN, Infinity, lone surrogates, too much text,
    nesting or digits are findings, and then the document is None. A byte order mark in front is skipped.
    """
    findings = too_long(text, policy)
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


def extract(text: str, policy: Policy, formulation: bool = True) -> Extraction:
    """Find and read the answer: the last attempt at a formulation after the thinking, fenced or not, in linear time.

    - Nothing up to the last end-of-thinking mark counts, and nothing after the end of the model's turn
      (:mod:`.thinking`). Thinking that is not closed is ``unfinished``.
    - The last object that is a formulation *by its keys* counts (:mod:`.attempts`, :mod:`.final`), not a solution or a
      note after it. When that attempt is broken or cut, nothing before it is credited.
    - A text that the token limit ended (:class:`...finish.Answered`) counts as cut, whatever it holds.
    - A formulation inside another JSON value (a map, a list, a text, a tool call) is a ``wrapper``.

    For tasks whose answers are other objects (``formulation`` False) the last object that is not empty counts instead.
    With ``policy.extraction == "whole"`` nothing but white space may stand around the object.
    """
    finish = finish_of(text)
    if finish in NOT_ANSWERED:
        code, message = NOT_ANSWERED[finish]
        length = whole_length(text)
        around = length if length > policy.max_output_chars else _visible(text)
        return Extraction(None, 0, 0, around, [Finding(code, message, at=0, end=length)])
    findings = too_long(text, policy)
    if findings:
        return Extraction(None, findings=findings)
    span = answer_span(text)
    if span.open_at is not None:
        return Extraction(None, span.open_at, len(text), _visible(text), [_unclosed(span.open_at, len(text))])
    found = (_only_object(text, span, policy) if formulation else None) or _last_piece(text, span, policy, formulation)
    if finish == LENGTH:
        findings = [_cut(found, len(text))]
        found = Extraction(None, found.start, found.end, found.surrounding, findings)
    elif found.surrounding and policy.extraction == "whole" and found.end:
        findings = [
            _surrounded("other text stands around the JSON object", found.start, found.end),
            *found.findings,
        ]
        found = Extraction(None, found.start, found.end, found.surrounding, findings)
    return found


def _only_object(text: str, span: AnswerSpan, policy: Policy) -> Extraction | None:
    """Most answers are one formulation from the first brace to the last; None when this one is not."""
    first, last = text.find("{", span.start, span.end), text.rfind("}", span.start, span.end) + 1
    if not 0 <= first < last or nesting_exceeds(text, first, last, policy.max_nesting):
        return None
    document, end, findings = _decode(text, first, policy)
    if end != last or findings or not is_formulation(document) or text.find("{", last, span.end) >= 0:
        return None
    if STRAY_KEY.search(text, last, span.end) or text[span.start : first].rstrip().endswith(("[", '"')):
        return None
    piece = TextPiece("formulation", first, last, True, document)
    return Extraction(document, first, last, _around(text, first, last), piece=piece)


def _last_piece(text: str, span: AnswerSpan, policy: Policy, formulation: bool) -> Extraction:
    """The answer of a text that holds more, or less, than one formulation."""

    def decode(source: str, at: int) -> tuple[Any, list[Finding]]:
        document, _, findings = _decode(source, at, policy)
        return document, findings

    def load(source: str) -> Any:
        return read_json(source, policy)[0]

    visible = text[: span.end]
    choose = final_piece if formulation else last_object
    piece = choose(visible, span.start, policy.max_nesting, decode, load)
    if piece is None:
        finding = _absent(visible, span, policy)
        return Extraction(None, findings=[finding])
    around = _around(text, piece.start, piece.end)
    findings = piece.findings
    document = piece.document
    if piece.kind == "object" and piece.document is None and not findings:
        if piece.scan is not None and piece.scan.too_deep is not None:
            findings = [_broken(piece.scan, visible, policy)]
        elif piece.scan is not None:
            document, findings = decode(visible, piece.start)
    elif piece.kind == "wrapper" and formulation:
        findings = [_wrapped(piece)]
    elif piece.kind in ("broken", "cut", "escaped"):
        assert piece.scan is not None
        return Extraction(None, findings=[_broken(piece.scan, visible, policy)], piece=piece)
    if findings or not isinstance(document, dict):
        findings = findings or [_not_an_object(piece.start, piece.end)]
        return Extraction(None, piece.start, piece.end, around, findings, piece)
    return Extraction(document, piece.start, piece.end, around, piece=piece)


def _absent(text: str, span: AnswerSpan, policy: Policy) -> Finding:
    """Why there is no object in the answer."""
    start = _first(text, span.start)
    if start == len(text):
        return _unanswered(span) if span.thought else _empty(text)
    whole = scan(text, start, policy.max_nesting)
    if whole.too_deep is not None:
        return _broken(whole, text, policy)
    if whole.end is not None and _first(text, whole.end) == len(text):
        return _not_an_object(start, whole.end)
    if is_refusal(text[start:]):
        return Finding(
            "refused", "the model refused to answer", at=start, end=len(text), hint="ask again, or ask another model"
        )
    return Finding("no-json", "the text holds no JSON object", at=start, end=len(text), hint=_ANSWER_WITH)


_ANSWER_WITH: Final = 'answer with an object: {"variables": ..., "objective": ..., "constraints": ...}'


def _not_an_object(start: int, end: int) -> Finding:
    return Finding("not-an-object", "the JSON value is not an object", at=start, end=end, hint=_ANSWER_WITH)


def _unclosed(at: int, end: int) -> Finding:
    return Finding(
        "unfinished",
        "the text ends while the model is still thinking; what is drafted in there is no answer",
        at=at,
        end=end,
        hint="allow more tokens, or switch thinking off",
    )


def _unanswered(span: AnswerSpan) -> Finding:
    return Finding(
        "unfinished",
        "the thinking ended, and no answer followed",
        at=span.start,
        end=span.end,
        hint="allow more tokens",
    )


def _cut(found: Extraction, end: int) -> Finding:
    """An answer that the token limit ended."""
    if found.piece is not None and found.piece.kind == "cut":
        return _truncated(found.piece.start, end)
    where = "behind the formulation" if found.document is not None else "before there was a formulation"
    return Finding(
        "unfinished",
        f"the token limit cut the answer {where}; how it would have ended is not known",
        at=found.end,
        end=end,
        hint="allow more tokens",
    )


def _truncated(start: int, end: int) -> Finding:
    return Finding(
        "truncated",
        f"the text ends inside the JSON value that begins at character {start + 1}",
        at=start,
        end=end,
        hint="allow more tokens, or write a shorter formulation",
    )


def _wrapped(piece: TextPiece) -> Finding:
    count = len(piece.held)
    what = "the formulation is" if count == 1 else f"{count} formulations are"
    return Finding(
        "wrapper",
        f"{what} wrapped in another JSON value",
        at=piece.start,
        end=piece.end,
        hint='answer with the inner object alone: {"variables": ..., "objective": ..., "constraints": ...}',
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
    if found.truncated and found.code != "missing-brace":
        return _truncated(found.start, len(text))
    if found.code == "missing-brace":
        return Finding(found.code, found.problem, at=found.stop, end=found.stop, hint=found.hint)
    line = text.count("\n", 0, found.stop) + 1
    return Finding(
        found.code,
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
    if (not text.isascii() and _SURROGATE.search(text, start, end)) or _SURROGATE_ESCAPE.search(text, start, end):
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


def too_long(text: str, policy: Policy) -> list[Finding]:
    """The finding for a text of more characters than the policy reads; nothing for others."""
    length = whole_length(text)
    if length <= policy.max_output_chars:
        return []
    return [
        Finding(
            "output-too-long",
            f"the text has {length:,} characters, {policy.max_output_chars:,} are read",
            at=policy.max_output_chars,
            end=length,
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


def _around(text: str, start: int, end: int) -> int:
    """Visible characters outside of the object; a byte order mark in front is none."""
    return _visible(text[:start].lstrip(_BOM)) + _visible(text[end:])


def _visible(text: str) -> int:
    """Characters that are not white space."""
    return sum(map(len, text.split()))
