"""What an answer cell of a published set says: a number, a status, nothing, or something that must be reported.

Nothing is guessed in silence: whatever had to be stripped or interpreted is named in ``notes``, and a cell that can be
read in two ways (``12%``, two numbers in a sentence) is ``unreadable`` with the reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ...feasibility.language.formulation import exact_number
from ...feasibility.rationals import NUMBERS, Exact, Fraction, from_decimal, simplify
from ...feasibility.scoring.reference import KnownStatus
from .quantities import SCALES, word_number

AnswerKind: TypeAlias = Literal["number", "status", "no-optimum", "missing", "unreadable"]

MAX_CHARS = 2_000
"""Longer cells are unreadable: an answer is short."""


@dataclass(frozen=True, slots=True)
class StatedAnswer:
    """One cell, read.

    - number: ``value``.
    - status: ``status`` is infeasible or unbounded, said in so many words.
    - no-optimum: "No Best Solution", -99999 and the like, which says that there is no optimum but not whether the
      problem is infeasible or unbounded.
    - missing: empty, null, NaN, "N/A".
    - unreadable: ``reason`` says why.

    ``notes`` are short codes for what was stripped or interpreted on the way: ``currency``, ``thousands``,
    ``decimal-comma``, ``unit``, ``sentence``, ``fraction``, ``approximate``, ``words``, ``single-item-list``.
    """

    kind: AnswerKind
    value: Exact | None = None
    status: KnownStatus | None = None
    notes: tuple[str, ...] = ()
    reason: str = ""


_MISSING = frozenset({"", "-", "--", "?", "n/a", "na", "nan", "none", "null", "unknown", "tbd", "[]", "{}"})
_NO_OPTIMUM = re.compile(
    r"no (?:best|optimal|finite|optimum) ?(?:solution|value|answer)?|no solutions?(?: exists?)?|"
    r"there is no (?:optimal )?solution|infeasible or unbounded|no answer"
)
_INFEASIBLE = re.compile(
    r"(?:the )?(?:problem|model)?(?: is)? ?(?:infeasible|unfeasible|not feasible|no feasible solutions?(?: exists?)?)"
)
_UNBOUNDED = re.compile(r"(?:the )?(?:problem|model|objective)?(?: is)? ?(?:unbounded|[+-]?inf(?:inity)?|[+-]?∞)")
_CURRENCY = re.compile(
    r"\\?[$€£¥₹]|\b(?:usd|eur|gbp|cny|rmb|inr|cad|aud)\b|\b(?:us )?dollars?\b|\beuros?\b|\bpounds? sterling\b|\byuan\b"
)
_NUMBER = re.compile(
    r"(?<![\w.,])[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d{1,3})?(?![\d,]*\.?\d)"
)
_POWER = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*(?:×|x|\*|\\times|\\cdot)\s*10\s*\^?\s*\{?\s*([-+]?\d{1,3})\s*\}?")
_LATEX_FRACTION = re.compile(r"(-?)\\d?frac\{\s*(\d{1,30})\s*\}\{\s*(\d{1,30})\s*\}")
_MIXED_FRACTION = re.compile(r"([-+]?)(?:(\d{1,30})\s+)?(\d{1,30})\s*/\s*(\d{1,30})")
_MAX_EXPONENT = 40
_MAX_DIGITS = 60


def read_answer(cell: object) -> StatedAnswer:
    """Read one cell: a JSON value or the text of a CSV field.

    >>> read_answer("$1,200").value, read_answer("1.2e3").value, read_answer("3/4").value
    (1200, 1200, Fraction(3, 4))
    >>> read_answer("No Best Solution").kind, read_answer(None).kind, read_answer("12%").kind
    ('no-optimum', 'missing', 'unreadable')
    """
    if cell is None:
        return StatedAnswer("missing")
    if isinstance(cell, bool):
        return StatedAnswer("unreadable", reason=f"a truth value ({cell}), not a number")
    if isinstance(cell, float) and math.isnan(cell):
        return StatedAnswer("missing")
    if isinstance(cell, float) and math.isinf(cell):
        return StatedAnswer("status", status="unbounded")
    if isinstance(cell, NUMBERS):
        return _unless_sentinel(StatedAnswer("number", exact_number(cell)))
    if isinstance(cell, Mapping):
        return (
            StatedAnswer("unreadable", reason=f"{len(cell)} named values, not one") if cell else StatedAnswer("missing")
        )
    if isinstance(cell, Sequence) and not isinstance(cell, str):
        if len(cell) != 1:
            return (
                StatedAnswer("unreadable", reason=f"{len(cell)} values, not one")
                if len(cell)
                else StatedAnswer("missing")
            )
        inner = read_answer(cell[0])
        return StatedAnswer(inner.kind, inner.value, inner.status, (*inner.notes, "single-item-list"), inner.reason)
    if not isinstance(cell, str):
        return StatedAnswer("unreadable", reason=f"a {type(cell).__name__}, not a number")
    return _read_text(cell)


def _read_text(cell: str) -> StatedAnswer:
    if len(cell) > MAX_CHARS:
        return StatedAnswer("unreadable", reason=f"{len(cell):,} characters, not an answer")
    text = " ".join(cell.replace("−", "-").replace("\u00a0", " ").split()).casefold().strip("*` ")
    if text in _MISSING:
        return StatedAnswer("missing")
    bare = text.rstrip(".! ")
    if _NO_OPTIMUM.fullmatch(bare):
        return StatedAnswer("no-optimum")
    if _INFEASIBLE.fullmatch(bare):
        return StatedAnswer("status", status="infeasible")
    if _UNBOUNDED.fullmatch(bare):
        return StatedAnswer("status", status="unbounded")
    return _unless_sentinel(_read_number(bare))


def _unless_sentinel(answer: StatedAnswer) -> StatedAnswer:
    """-99999 (five nines or more, negative) stands for "no optimum" in several published sets."""
    value = answer.value
    if isinstance(value, int) and value < 0 and re.fullmatch(r"9{5,}", str(-value)):
        return StatedAnswer("no-optimum")
    return answer


def _read_number(text: str) -> StatedAnswer:
    notes: list[str] = []
    if re.search(r"%|\bper ?cent\b", text):
        return StatedAnswer(
            "unreadable", reason=f"a percentage ({text[:40]!r}) can be meant as it stands or divided by 100"
        )
    stripped = _CURRENCY.sub(" ", text).strip()
    if stripped != text:
        notes.append("currency")
        text = stripped
    approximate = re.sub(r"^(?:about|approximately|approx\.?|around|roughly|~|≈|\\approx)\s*", "", text)
    if approximate != text:
        notes.append("approximate")
        text = approximate
    text = text.strip(" $")
    text = re.sub(r"^([-+])\s+(?=\d)", r"\1", text)
    special = _special_number(text, notes)
    if special is not None:
        return special
    found = _NUMBER.findall(text)
    if not found:
        value = word_number([word for word in re.split(r"[\s-]+", text) if word and word != "and"])
        if value is not None:
            return StatedAnswer("number", value, notes=(*notes, "words"))
        return StatedAnswer("unreadable", reason=f"no number in {text[:60]!r}")
    if len(found) > 1:
        return StatedAnswer("unreadable", reason=f"{len(found)} numbers in {text[:60]!r}")
    token = found[0]
    if "," in token:
        notes.append("thousands")
    scale = re.match(rf"{re.escape(token)}\s*(thousand|million|billion)\b", text)
    if scale:
        return StatedAnswer(
            "number", simplify(Fraction(token.replace(",", "")) * SCALES[scale[1]]), notes=(*notes, "words")
        )
    rest = text.replace(token, " ", 1)
    if any(c.isdigit() for c in rest):
        return StatedAnswer("unreadable", reason=f"more than one number in {text[:60]!r}")
    if rest.strip(" .:=$"):
        notes.append("unit" if text.startswith(token) else "sentence")
    return _decimal(token.replace(",", ""), notes)


def _special_number(text: str, notes: list[str]) -> StatedAnswer | None:
    """Powers of ten, fractions and decimal commas, when the whole text is one; else None."""
    power = _POWER.fullmatch(text)
    if power:
        return _decimal(f"{power[1]}e{int(power[2])}", notes)
    latex = _LATEX_FRACTION.fullmatch(text.strip("$ "))
    mixed = _MIXED_FRACTION.fullmatch(text)
    if latex or mixed:
        sign, whole, above, below = (latex[1], None, latex[2], latex[3]) if latex else mixed.groups()  # type: ignore[union-attr]
        if int(below) == 0:
            return StatedAnswer("unreadable", reason=f"division by zero in {text[:60]!r}")
        value = int(whole or 0) + Fraction(int(above), int(below))
        return StatedAnswer("number", simplify(-value if sign == "-" else value), notes=(*notes, "fraction"))
    if re.fullmatch(r"[-+]?\d{1,3}(?:\.\d{3})+,\d{1,2}", text):
        return _decimal(text.replace(".", "").replace(",", "."), [*notes, "thousands", "decimal-comma"])
    if re.fullmatch(r"[-+]?\d+,\d{1,2}", text):
        return _decimal(text.replace(",", "."), [*notes, "decimal-comma"])
    if re.fullmatch(r"[-+]?\d{1,3}(?: \d{3})+(?:\.\d+)?", text):
        return _decimal(text.replace(" ", ""), [*notes, "thousands"])
    return None


def _decimal(token: str, notes: list[str]) -> StatedAnswer:
    mantissa, _, exponent = token.partition("e")
    if len(mantissa) > _MAX_DIGITS or abs(int(exponent or 0)) > _MAX_EXPONENT:
        return StatedAnswer("unreadable", reason=f"a number of {len(mantissa)} digits and exponent {exponent or 0}")
    return StatedAnswer("number", from_decimal(token), notes=tuple(notes))
