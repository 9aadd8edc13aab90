"""Which problem each answer belongs to: by an id, by the text of its prompt, by its number, by its order.

In this sequence, and never by a weaker sign where a stronger one speaks against it. What was not matched by an id that
the row gives first is said; an answer that cannot be matched is lost by name, not guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ...feasibility.errors import PyriteError
from ...problems.problem import Problem
from .choosing import is_answer_name
from .names import NAMING, PLACES, is_id_name
from .protocol import ReadAnswer
from .values import squeezed

_SHORT: Final = 20
"""Texts up to so many characters may stand in any prompt by chance: only the same text counts."""
_LOOKED_AT: Final = 50
"""Rows whose prompts are searched for other problems than their numbers say, before all are."""
_ADVICE: Final = "Add an id to each row, or say where it is: --map problem_id=KEY,output=KEY"


@dataclass(slots=True)
class Matches:
    """Answers with their row and problem, rows that were lost with the reason, and what a reader should know."""

    found: list[tuple[int, str, ReadAnswer]] = field(default_factory=list)
    lost: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def match(label: str, answers: Sequence[tuple[int, ReadAnswer]], problems: Sequence[Problem]) -> Matches:
    """Every answer with its problem. Raises PyriteError when no row names one and nothing else tells which it is."""
    return _Matching(label, answers, problems).run()


def unusual_id(rows: Sequence[tuple[int, Mapping[str, Any]]], known: Collection[str]) -> str | None:
    """The only column under no usual name that holds a known id, no number, in every row; None when there is none."""
    first = rows[0][1] if rows else {}
    found = []
    for name in first:
        if not is_id_name(name) and not is_answer_name(name):
            values = [row.get(name) for _, row in rows]
            named = all(isinstance(value, str) and value in known and not value.isdecimal() for value in values)
            if named and (len(values) == 1 or len(set(values)) > 1):
                found.append(name)
    return found[0] if len(found) == 1 else None


class _Matching:
    def __init__(self, label: str, answers: Sequence[tuple[int, ReadAnswer]], problems: Sequence[Problem]) -> None:
        self.label, self.answers = label, answers
        self.order = [problem.id for problem in problems]
        self.known = set(self.order)
        self.prompts = _Prompts(problems)
        self.matches = Matches()

    def run(self) -> Matches:
        """By id where one answer has one that is known (or there are no problems to know), else by what else tells."""
        if not self.answers:
            return self.matches
        name = self._best_name()
        ids = [self._identifier(answer, name) for _, answer in self.answers]
        settled = not self.known or any(identifier in self.known for identifier in ids)
        nameless = [place for place, identifier in enumerate(ids) if identifier is None]
        if settled and len(nameless) < len(ids):
            self._doubt_numbers(ids)
            self._tell(name, ids)
            self._by_prompt(ids, nameless, [self._stated(place) for place in nameless])
        elif len(nameless) == len(ids):
            self._without_ids(ids)
        else:
            self._with_strange_ids(ids)
        for (number, answer), identifier in zip(self.answers, ids, strict=True):
            if identifier is not None:
                self.matches.found.append((number, identifier, answer))
        return self.matches

    # Ids -----------------------------------------------------------------------------------------------------------

    def _best_name(self) -> str | None:
        """The name under which most rows have an id that is known; of several the one that rows give first."""
        count: Counter[str] = Counter()
        for _, answer in self.answers:
            for name, identifier in _ids(answer).items():
                count[name] += self._clean(identifier) in self.known
        named = [name for name in count if name in NAMING]
        if count["problem_id"] or (named and not any(count.values())):
            return named[0] if not count["problem_id"] else "problem_id"
        return max(count, key=lambda name: count[name], default=None)

    def _identifier(self, answer: ReadAnswer, best: str | None) -> str | None:
        ids = {name: self._clean(identifier) for name, identifier in _ids(answer).items()}
        if best in ids:
            return ids[best]
        known = [identifier for identifier in ids.values() if identifier in self.known]
        return next(iter(known or ids.values()), None)

    def _clean(self, identifier: str) -> str:
        """The id as the problems have it: white space around it is dropped when only that makes the difference."""
        if identifier not in self.known and identifier.strip() in self.known:
            return identifier.strip()
        return identifier

    def _doubt_numbers(self, ids: list[str | None]) -> None:
        """A number may count something else: where a prompt states another problem, that is what was answered."""
        numbered = [place for place, identifier in enumerate(ids) if identifier is not None and identifier.isdecimal()]
        if not any(self._denied(ids[place], place) for place in numbered[:_LOOKED_AT]):
            return
        denied = [place for place in numbered if self._denied(ids[place], place)]
        first = denied[0]
        self.matches.notes.append(
            f"the ids of {len(denied):,} rows are numbers, and their prompts state other problems (line "
            f"{self.answers[first][0]}: {ids[first]!r}, {self._stated(first)[0]!r}); the prompts count"
        )
        for place in denied:
            ids[place] = self._stated(place)[0]

    def _denied(self, identifier: str | None, place: int) -> bool:
        stated = self._stated(place)
        return len(stated) == 1 and identifier not in stated

    def _tell(self, name: str | None, ids: Sequence[str | None]) -> None:
        """Notes when an id was passed over for another, a row names two problems, or its prompt is another's text."""
        notes: dict[str, str] = {}
        for (number, answer), identifier in zip(self.answers, ids, strict=True):
            if identifier not in self.known:
                continue
            found = _ids(answer)
            before = list(found)[: list(found).index(name)] if name is not None and name in found else []
            for other in [key for key in found if key in NAMING]:
                value = self._clean(found[other])
                if value not in self.known and other in before:
                    text = f"{other!r} ({value[:40]!r} in line {number}) is no problem's id; {name!r} is"
                    notes.setdefault(other, text)
                elif value in self.known and value != identifier:
                    text = f"line {number} names two problems, {identifier!r} and {value!r} ({other!r})"
                    notes.setdefault("two", f"{text}; {identifier!r} counts")
            stated = self.prompts.exactly(answer.prompt)
            if stated and identifier not in stated:
                text = f"line {number} has the id {identifier!r}, and the text of {stated[0]!r} as its prompt"
                notes.setdefault("prompt", f"{text}; the id counts")
        self.matches.notes += notes.values()

    # Prompts, numbers and order ------------------------------------------------------------------------------------

    def _stated(self, place: int) -> tuple[str, ...]:
        return self.prompts.stated(self.answers[place][1].prompt)

    def _by_prompt(
        self, ids: list[str | None], places: Sequence[int], stated: Sequence[tuple[str, ...]], why: str = ""
    ) -> None:
        """Give these answers the problem that their prompt states; those whose prompt does not tell are lost."""
        for place, found in zip(places, stated, strict=True):
            number = self.answers[place][0]
            if len(found) == 1:
                ids[place] = found[0]
                continue
            tells = "states several problems" if found else "states no problem's text"
            if self.answers[place][1].prompt is None:
                tells = "is missing"
            self.matches.lost.append(
                (number, f"the row has no id{why}, and its prompt {tells}; it is left out. {_ADVICE}")
            )

    def _without_ids(self, ids: list[str | None]) -> None:
        """No row has an id: by prompts that tell all, by order that no prompt denies, or by the prompts that tell."""
        stated = [self._stated(place) for place in range(len(ids))]
        places = self._places()
        if stated and all(len(found) == 1 for found in stated):
            self._by_prompt(ids, range(len(ids)), stated)
        elif places is not None and all(
            not found or self.order[place] in found for place, found in zip(places, stated, strict=True)
        ):
            ids[:] = [self.order[place] for place in places]
            self.matches.notes.append("its rows have no ids: they were matched with the problems by their order")
        elif any(len(found) == 1 for found in stated):
            self._by_prompt(ids, range(len(ids)), stated, why=" (other rows were matched by their prompts)")
        else:
            raise PyriteError(
                f"{self.label}: its rows name no problem, and they cannot be matched by order or prompt: "
                f"{self._count():,} rows, {len(self.order):,} problems. {_ADVICE}"
            )

    def _places(self) -> list[int] | None:
        """The place of each answer's problem, when there are as many as problems; None when there are not."""
        given = [answer.place for _, answer in self.answers]
        places = [place for place in given if place is not None]
        if not places:
            return list(range(len(given))) if len(given) == len(self.order) else None
        fits = len(places) == len(given) and set(places) == set(range(len(self.order)))
        return places if fits else None

    def _count(self) -> int:
        given = {answer.place for _, answer in self.answers}
        return len(self.answers) if None in given else len(given)

    def _with_strange_ids(self, ids: list[str | None]) -> None:
        """No id is known: by the prompts that tell, else by ids that are numbers from 0 or 1, as many as problems."""
        stated = [self._stated(place) for place in range(len(ids))]
        shown = next(identifier for identifier in ids if identifier is not None)[:40]
        if any(len(found) == 1 for found in stated):
            self.matches.notes.append(
                f"its ids ({shown!r}, ...) name no problem: rows were matched by the problem's text in their prompt"
            )
            nameless = [place for place, identifier in enumerate(ids) if identifier is None]
            for place, found in enumerate(stated):
                if len(found) == 1:
                    ids[place] = found[0]
            self._by_prompt(ids, nameless, [stated[place] for place in nameless])
            return
        for name in self._countable():
            places = self._numbers([_ids(answer).get(name) for _, answer in self.answers])
            if places is not None and all(
                not found or self.order[place] in found for place, found in zip(places, stated, strict=True)
            ):
                ids[:] = [self.order[place] for place in places]
                self.matches.notes.append(
                    f"its ids ({name!r}: {shown!r}, ...) are numbers of rows: the problems were counted by them"
                )
                return
        self._by_prompt(
            ids, [place for place, identifier in enumerate(ids) if identifier is None], [()] * ids.count(None)
        )

    def _countable(self) -> list[str]:
        """Names under which the place of a problem may stand: none when a row has an id that is no number."""
        given = [_ids(answer) for _, answer in self.answers]
        if any(name in NAMING and not value.isdecimal() for ids in given for name, value in ids.items()):
            return []
        return list(dict.fromkeys(name for ids in given for name in ids))

    def _numbers(self, ids: Sequence[str | None]) -> list[int] | None:
        """Ids that are the numbers of all problems, from 0 or from 1, as places from 0."""
        if any(identifier is None or not (identifier.isdecimal() and len(identifier) < 10) for identifier in ids):
            return None
        numbers = [int(identifier) for identifier in ids if identifier is not None]
        if any(str(number) != identifier for number, identifier in zip(numbers, ids, strict=True)):
            return None
        for first in (0, 1):
            if set(numbers) == set(range(first, first + len(self.order))):
                return [number - first for number in numbers]
        return None


def _ids(answer: ReadAnswer) -> Mapping[str, str]:
    """The ids of an answer by their names; who has an id does not mean its place by another."""
    if not answer.ids:
        return {} if answer.problem_id is None else {"id": answer.problem_id}
    if NAMING.isdisjoint(answer.ids):
        return answer.ids
    return {name: value for name, value in answer.ids.items() if name not in PLACES}


class _Prompts:
    """The problems by their texts; layout does not matter."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        texts: dict[str, list[str]] = {}
        for problem in problems:
            texts.setdefault(squeezed(problem.text), []).append(problem.id)
        self.texts = {text: tuple(ids) for text, ids in texts.items() if text}
        self.longest_first = sorted((text for text in self.texts if len(text) > _SHORT), key=len, reverse=True)
        self._known: dict[str, tuple[str, ...]] = {}

    def stated(self, prompt: str | None) -> tuple[str, ...]:
        """The problems whose text a prompt is or holds; a text within a longer one that is there does not count."""
        if not prompt:
            return ()
        if prompt not in self._known:
            self._known[prompt] = self._search(squeezed(prompt))
        return self._known[prompt]

    def exactly(self, prompt: str | None) -> tuple[str, ...]:
        """The problems whose text a prompt is, and nothing else."""
        return self.texts.get(squeezed(prompt), ()) if prompt else ()

    def _search(self, rest: str) -> tuple[str, ...]:
        if rest in self.texts:
            return self.texts[rest]
        found: list[str] = []
        for text in self.longest_first:
            if text in rest:
                found += self.texts[text]
                rest = rest.replace(text, "\0")
        return tuple(found)
