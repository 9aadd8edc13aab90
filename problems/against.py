"""Two files that ask the same questions, held against each other: which labels disagree, and what do we find?

Problems are joined by their normalised text (and their data, where both sides have some). A side's label is its stored
status and optimum or, where nothing is stored, what solving its reference gives. The third witness is the reference of
either side, built and solved here. Nothing is repaired, and no label is said to be right: the witness may be wrong too.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ..feasibility.errors import PyriteError
from ..feasibility.language.formulation import Data, plain_number
from ..feasibility.policy import Policy
from ..feasibility.rationals import Exact, Fraction, same_value, show
from ..feasibility.scoring.reference import KnownStatus
from .audit import AuditEntry, audit_each
from .problem import Problem
from .readings import ReadingOutcome

LabelState: TypeAlias = Literal["agree", "rounded", "disagree", "no-label"]
BothSides: TypeAlias = Literal["A", "B", "both", "neither", "own", "split", "none"]

STATES: dict[LabelState, str] = {
    "agree": "every label of one side is that of the other, within the tolerance",
    "rounded": "the labels are the same once the longer one is rounded to the decimals of the shorter one",
    "disagree": "some label of one side is not that of the other",
    "no-label": "a side has neither a stored label nor a reference that was solved",
}
SIDES: dict[BothSides, str] = {
    "A": "our solution of a reference is what A says, and not what B says",
    "B": "our solution of a reference is what B says, and not what A says",
    "both": "our solution of a reference is what both say",
    "neither": "our solution of a reference is what neither says",
    "own": "the only reference solved is itself the label of its side: there is no third witness",
    "split": "the references give different answers, so there is no third witness",
    "none": "no reference on either side was solved",
}

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d]\w*|[*/+<>=≤≥%^]|(?<!\w)-(?=[\d.])")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_LONGEST = 12
"""Decimals of a number that counts as written out; a third has none to round to."""


def normal(text: str) -> str:
    """The text as problems are joined by it: case, layout, punctuation and thousands separators do not count.

    >>> normal("At most 1,200 kg -- No more!") == normal("at most 1200 kg, no more")
    True
    >>> normal("x <= 5") == normal("x >= 5")
    False
    """
    tokens = _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())
    return " ".join(token.replace(",", "") if _GROUPED.fullmatch(token) else token for token in tokens)


@dataclass(frozen=True, slots=True)
class ComparedLabel:
    """What a side says: a status and, when optimal, perhaps the number. ``stored`` or (if not) solved here."""

    status: KnownStatus
    optimum: Exact | None = None
    stored: bool = True

    def differs(self, other: ComparedLabel, tolerance: float) -> bool:
        """Do the two say different things? A missing number never differs."""
        if self.status != other.status:
            return True
        if self.optimum is None or other.optimum is None:
            return False
        return not same_value(self.optimum, other.optimum, tolerance)

    def show(self) -> str:
        """The optimum, or the status."""
        return self.status if self.optimum is None else show(self.optimum)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        number = {} if self.optimum is None else {"optimum": plain_number(self.optimum)}
        return {"status": self.status, **number, "stored": self.stored}


@dataclass(frozen=True, slots=True)
class Said:
    """One problem of one side: its label, if it has one, and the audit's entry of its reference, if it has one."""

    id: str
    label: ComparedLabel | None
    entry: AuditEntry | None = None

    @property
    def ours(self) -> ComparedLabel | None:
        """What solving its reference gives."""
        return None if self.entry is None else _found(self.entry.stated)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON without empty fields."""
        document: dict[str, Any] = {"id": self.id}
        if self.label is not None:
            document["label"] = self.label.to_dict()
        if self.entry is not None and self.entry.stated is not None:
            document["reference"] = self.entry.stated.to_dict()
        return document


@dataclass(slots=True)
class Joined:
    """One text that both files have, with all problems that ask it (more than one of a side: duplicates)."""

    text: str
    a: list[Said]
    b: list[Said]
    state: LabelState = "agree"
    sides: BothSides = "none"
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "state": self.state,
            "sides_with": self.sides,
            "message": self.message,
            "text": self.text[:200],
            "a": [said.to_dict() for said in self.a],
            "b": [said.to_dict() for said in self.b],
        }


@dataclass(slots=True)
class Against:
    """All texts that both files have, in the order of A. ``other_data`` counts texts joined by nothing but words."""

    joined: list[Joined]
    problems: tuple[int, int]
    other_data: int = 0
    complaints: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> bool:
        """Do any labels disagree, or did a file hold lines that are no problems?"""
        return bool(self.complaints) or any(item.state == "disagree" for item in self.joined)

    def counts(self) -> dict[str, Any]:
        """Totals; the order of keys is fixed."""
        disagreeing = [item for item in self.joined if item.state == "disagree"]
        sides = Counter(item.sides for item in disagreeing)
        return {
            "problems": list(self.problems),
            "texts_in_both": len(self.joined),
            "same_text_other_data": self.other_data,
            "duplicated": sum(len(item.a) > 1 or len(item.b) > 1 for item in self.joined),
            **{state: sum(item.state == state for item in self.joined) for state in STATES},
            "disagree_and_ours_sides_with": {name: sides[name] for name in SIDES if sides[name]},
            "agree_and_ours_differs": sum(item.state == "agree" and item.sides == "neither" for item in self.joined),
            "unreadable_lines": len(self.complaints),
        }

    def to_dict(self) -> dict[str, Any]:
        """The whole comparison as plain JSON."""
        return {
            "wrong": self.wrong,
            "counts": self.counts(),
            "complaints": self.complaints,
            "joined": [item.to_dict() for item in self.joined],
        }


def against(
    first: Sequence[Problem],
    second: Sequence[Problem],
    policy: Policy | None = None,
    *,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Against:
    """Join two problem sets by text and compare their labels, each reference solved within a bounded time.

    ``progress`` hears how many references are done. Raises PyriteError when no text is in both.
    """
    policy = policy or Policy()
    groups, other_data = join(first, second)
    if not groups:
        data = f" ({other_data:,} have the same text and other data)" if other_data else ""
        raise PyriteError(f"no text of the one file is in the other{data}: there is nothing to compare")
    asked = [problem for pair in groups for side in pair for problem in side if problem.reference is not None]
    entries = dict(zip(map(id, asked), audit_each(asked, policy, workers, progress), strict=True))
    found = []
    for ours, theirs in groups:
        item = Joined(ours[0].text, [_said(p, entries) for p in ours], [_said(p, entries) for p in theirs])
        judge(item, policy.value_tolerance)
        found.append(item)
    return Against(found, (len(first), len(second)), other_data)


def join(first: Sequence[Problem], second: Sequence[Problem]) -> tuple[list[tuple[list[Problem], list[Problem]]], int]:
    """Groups of problems of both sides that ask the same, and how many shared texts were not joined for their data.

    The same words about other data are another question. Data on one side only joins when the words are asked once on
    either side, so that there is no choice to make.
    """
    sides: list[dict[str, list[Problem]]] = [{}, {}]
    for side, problems in zip(sides, (first, second), strict=True):
        for problem in problems:
            side.setdefault(normal(problem.text), []).append(problem)
    groups: list[tuple[list[Problem], list[Problem]]] = []
    apart = 0
    for text, ours in sides[0].items():
        theirs = sides[1].get(text)
        if theirs is None:
            continue
        before = len(groups)
        if len(ours) == len(theirs) == 1 and Data() in (ours[0].data, theirs[0].data):
            groups.append((ours, theirs))
            continue
        left = list(ours)
        while left:
            data = left[0].data
            same = [problem for problem in theirs if problem.data == data]
            if same:
                groups.append(([problem for problem in left if problem.data == data], same))
            left = [problem for problem in left if problem.data != data]
        apart += len(groups) == before
    return groups, apart


def judge(item: Joined, tolerance: float) -> None:
    """Say whether the labels agree, and with whom our own solution of a reference sides."""
    ours = [label for said in (*item.a, *item.b) if (label := said.ours) is not None]
    labels = {side: [said.label for said in said_by if said.label] for side, said_by in (("A", item.a), ("B", item.b))}
    if not labels["A"] or not labels["B"]:
        item.state = "no-label"
    else:
        pairs = [(one, other) for one in _distinct(labels["A"]) for other in _distinct(labels["B"])]
        apart = [pair for pair in pairs if pair[0].differs(pair[1], tolerance)]
        if apart:
            item.state = "rounded" if all(map(_rounded, apart)) else "disagree"
    item.sides = _sides(ours, labels, tolerance) if ours else "none"
    stored = any(said.label is not None and said.label.stored for said in (*item.a, *item.b) if said.ours)
    if item.sides in ("A", "B") and not stored:
        item.sides = "own"
    item.message = _sentence(item, labels, tolerance)


def _sides(ours: list[ComparedLabel], labels: dict[str, list[ComparedLabel]], tolerance: float) -> BothSides:
    if any(one.differs(ours[0], tolerance) for one in ours):
        return "split"
    said = {
        side: bool(known) and not any(ours[0].differs(k, tolerance) for k in known) for side, known in labels.items()
    }
    if said["A"] and said["B"]:
        return "both"
    return "A" if said["A"] else "B" if said["B"] else "neither"


def _sentence(item: Joined, labels: dict[str, list[ComparedLabel]], tolerance: float) -> str:
    """Who says what, what we find, and what could explain it."""
    if item.state == "no-label":
        mute = [side for side in ("A", "B") if not labels[side]]
        return f"{' and '.join(mute)} {'say' if len(mute) > 1 else 'says'} nothing to compare"
    parts = ["; ".join(f"{side} says {said_by(known)}" for side, known in labels.items())]
    for name, side in (("A", item.a), ("B", item.b)):
        for said in side:
            found = said.ours
            if found is None:
                continue
            own = " (its label is that solution)" if said.label is not None and not said.label.stored else ""
            parts.append(f"{name}'s reference {said.id} gives {found.show()}{own}")
            parts += _other_readings(said, found, labels, tolerance)
    if item.state == "disagree" and any(
        one.optimum and other.optimum and same_value(-one.optimum, other.optimum, tolerance)
        for one in labels["A"]
        for other in labels["B"]
    ):
        parts.append("the same but for the sign")
    return "; ".join(dict.fromkeys(parts))


def _other_readings(
    said: Said, found: ComparedLabel, labels: dict[str, list[ComparedLabel]], tolerance: float
) -> list[str]:
    """The other reading of whole units, where it is what a side says and the stated one is not."""
    assert said.entry is not None
    parts = []
    for reading, outcome in (("whole", said.entry.whole), ("fractional", said.entry.fractional)):
        label = _found(outcome)
        if label is None or not label.differs(found, tolerance):
            continue
        agreeing = [side for side, known in labels.items() if any(not label.differs(k, tolerance) for k in known)]
        if agreeing:
            parts.append(f"read as {reading} it gives {label.show()}, as {' and '.join(agreeing)} says")
    return parts


def said_by(labels: Sequence[ComparedLabel]) -> str:
    """The different labels of a side, shown."""
    return " and ".join(dict.fromkeys(label.show() for label in labels))


def _said(problem: Problem, entries: dict[int, AuditEntry]) -> Said:
    entry = entries.get(id(problem))
    status: KnownStatus | None = problem.status or ("optimal" if problem.optimum is not None else None)
    found = None if entry is None else _found(entry.stated)
    label = found
    if status is not None:
        label = ComparedLabel(status, problem.optimum if status == "optimal" else None)
        if label.status == "optimal" and label.optimum is None and found is not None and found.status == "optimal":
            label = found  # "optimal" alone says less than its reference
    return Said(problem.id, label, entry)


def _found(outcome: ReadingOutcome | None) -> ComparedLabel | None:
    if outcome is None or outcome.status == "unknown":
        return None
    return ComparedLabel(outcome.status, outcome.objective, stored=False)


def _distinct(labels: Sequence[ComparedLabel]) -> list[ComparedLabel]:
    return list({(label.status, label.optimum): label for label in labels}.values())


def _decimals(value: Exact) -> int | None:
    """Decimals needed to write the number out; None when it never ends or is longer than anyone writes."""
    return next((k for k in range(_LONGEST + 1) if (Fraction(value) * 10**k).denominator == 1), None)


def _rounded(pair: tuple[ComparedLabel, ComparedLabel]) -> bool:
    """Whole numbers never count as rounded ones: 3 against 3.4 is another question, not another spelling."""
    one, other = (label.optimum for label in pair)
    if one is None or other is None:
        return False
    places = [k for k in (_decimals(one), _decimals(other)) if k is not None]
    if not places or min(places) < 1:
        return False
    return abs(Fraction(one) - Fraction(other)) <= Fraction(1, 2 * 10 ** min(places))
