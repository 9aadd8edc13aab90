"""Telling a problem: one voice a problem, which decides how numbers, money, tables and the whole text are written.

Templates carry alternatives in brackets, nested if need be: ``"[Each|Every] {item} [takes|needs] {time}"``. A voice draws
the alternatives from its stream; formatting a number never draws, so a twin with another number reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...feasibility.rationals import Exact, Fraction, simplify
from .algebra import decimal
from .drawing import Drawing, Stream, T
from .lexicon import CURRENCIES, GENERIC_DISTRACTORS, MONTHS, PEOPLE, TOWNS

_INNERMOST = re.compile(r"\[([^\[\]]*)\]")
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_LARGER = {
    "minute": ("hour", "hours", 60),
    "gram": ("kilogram", "kilograms", 1000),
    "millilitre": ("litre", "litres", 1000),
    "square decimetre": ("square metre", "square metres", 100),
    "kilogram": ("tonne", "tonnes", 1000),
    "metre": ("kilometre", "kilometres", 1000),
}
"""Units in which a total may be told: singular, plural, factor."""
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def number_words(value: int) -> str:
    """A whole number from 0 to 999,999 in words.

    >>> number_words(0), number_words(42), number_words(1240)
    ('zero', 'forty-two', 'one thousand two hundred and forty')
    """
    if value < 20:
        return _ONES[value]
    if value < 100:
        return _TENS[value // 10] + (f"-{_ONES[value % 10]}" if value % 10 else "")
    if value < 1000:
        rest = f" and {number_words(value % 100)}" if value % 100 else ""
        return f"{_ONES[value // 100]} hundred{rest}"
    thousands, rest_value = divmod(value, 1000)
    joint = " and " if 0 < rest_value < 100 else " "
    return f"{number_words(thousands)} thousand" + (f"{joint}{number_words(rest_value)}" if rest_value else "")


def capitalized(text: str) -> str:
    """The text with its first letter large, unless it starts with a code such as ``s07``."""
    word = text.split(" ", 1)[0]
    return text if any(sign.isdigit() for sign in word) else text[:1].upper() + text[1:]


def article(noun: str) -> str:
    """``a table``, ``an oven``, ``an hour``, ``a unit``.

    >>> article("oven"), article("hour"), article("unit"), article("table")
    ('an oven', 'an hour', 'a unit', 'a table')
    """
    vowel = noun[:1].lower() in "aeiou" and not noun.lower().startswith(("uni", "use", "eu", "one"))
    return f"{'an' if vowel or noun.lower().startswith(('hour', 'honest')) else 'a'} {noun}"


def tidy(text: str) -> str:
    """Spaces and punctuation as they belong after alternatives were filled in; line breaks are kept."""
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r" ([,.;:!?])", r"\1", text)
    return re.sub(r"([.!?])\1+", r"\1", text).strip()


def sentence(text: str) -> str:
    """One or more sentences, tidied, starting large and ending with a stop."""
    text = capitalized(tidy(text))
    return text if not text or text[-1] in ".!?:" or "\n" in text else f"{text}."


@dataclass(frozen=True, slots=True)
class Currency:
    """How amounts of money are written."""

    symbol: str
    singular: str
    plural: str
    style: str
    """``before`` ($1,200), ``after`` (1,200 €) or ``word`` (1,200 euros)."""


class _Settled(Stream):
    """A stream that leaves nothing of the telling to chance: the first of alternatives, the likelier of two ways.

    Numbers come from the stream beneath, so that what is counted or named keeps its value.
    """

    def __init__(self, beneath: Stream) -> None:
        self._random = beneath._random

    def chance(self, probability: float) -> bool:
        return probability >= 0.5

    def pick(self, choices: Sequence[T]) -> T:
        return choices[0]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        return list(items[:count])


class Voice:
    """How one problem is told. Everything is decided by the stream, most of it at once.

    With ``plain`` the same things are told in one way: digits, no separators, own units, facts in order, no asides. The
    names of people, towns and currencies still come from the stream.
    """

    def __init__(self, words: Stream, plain: bool = False) -> None:
        self.words = words
        self.spell_up_to = words.pick((-1, -1, 9, 10, 12, 20, 100))
        self.thousands = words.pick((",", ",", "", " "))
        symbol, singular, plural = words.pick(CURRENCIES)
        self.currency = Currency(symbol, singular, plural, words.pick(("before", "before", "word", "after")))
        self.table_style = words.pick(("pipes", "columns", "lines", "csv", "colons"))
        self.layout = words.pick(
            ("plain", "plain", "ask-first", "paragraphs", "bullets", "letter", "numbered", "headed", "message")
        )
        self.larger_units = words.chance(0.4)
        self.person = words.pick(PEOPLE)
        self.other = words.pick([name for name in PEOPLE if name != self.person])
        self.town = words.pick(TOWNS)
        self.plain = plain
        if plain:
            self.words = _Settled(words)
            self.spell_up_to, self.thousands, self.larger_units = -1, "", False
            self.currency = replace(self.currency, style="word")
            self.table_style, self.layout = "pipes", "plain"

    @classmethod
    def of(cls, drawing: Drawing) -> Voice:
        """The voice of a drawing, as its ``texts`` say."""
        return cls(drawing.words, drawing.texts == "plain")

    # Numbers ---------------------------------------------------------------------------------------------------

    def digits(self, value: Exact) -> str:
        """The number in digits, exact, with this voice's thousands separator."""
        whole, _, rest = decimal(value).partition(".")
        sign = "-" if whole.startswith("-") else ""
        grouped = (
            f"{int(whole.lstrip('-')):,}" if len(whole.lstrip("-")) > 4 or self.thousands == "," else whole.lstrip("-")
        )
        grouped = grouped.replace(",", self.thousands)
        return f"{sign}{grouped}.{rest}" if rest else f"{sign}{grouped}"

    def number(self, value: Exact) -> str:
        """The number in words when this voice spells numbers of its size out, else in digits."""
        value = simplify(value)
        if isinstance(value, int) and 0 <= value <= self.spell_up_to:
            return number_words(value)
        return self.digits(value)

    def count(self, value: Exact, singular: str, plural: str | None = None) -> str:
        """The number with its noun: ``one loaf``, ``12 loaves``, ``2.5 hours``, ``half an hour``."""
        value = simplify(value)
        plural = plural if plural is not None else f"{singular}s"
        if value == 1:
            return f"{self.number(1)} {singular}"
        if self.spell_up_to >= 9 and value == Fraction(1, 2) and len(singular) > 2:
            return f"half {article(singular)}"
        if self.spell_up_to >= 12 and value > 1 and value < 20 and simplify(value % 1) == Fraction(1, 2):
            return f"{number_words(int(value))} and a half {plural}"
        return f"{self.number(value)} {plural}"

    def total(self, value: Exact, singular: str, plural: str) -> str:
        """Like :meth:`count`; some voices tell a total in the next larger unit when that takes at most one decimal."""
        if self.larger_units and singular in _LARGER:
            larger, larger_plural, factor = _LARGER[singular]
            scaled = Fraction(value) / factor
            if scaled >= 1 and (scaled * 10).denominator == 1:
                return self.count(simplify(scaled), larger, larger_plural)
        return self.count(value, singular, plural)

    def money(self, value: Exact) -> str:
        """An amount of money; fractions show two decimals."""
        value = simplify(value)
        if isinstance(value, int):
            text = self.digits(value)
        else:
            whole, _, rest = decimal(value).partition(".")
            text = f"{self.digits(int(whole))}.{rest.ljust(2, '0')}"
        if self.currency.style == "before":
            spaced = " " if len(self.currency.symbol) > 1 else ""
            return f"{self.currency.symbol}{spaced}{text}"
        if self.currency.style == "after":
            return f"{text} {self.currency.symbol}"
        if isinstance(value, int) and 0 <= value <= self.spell_up_to:
            text = number_words(value)
        return f"{text} {self.currency.singular if value == 1 else self.currency.plural}"

    def percent(self, share: Exact) -> str:
        """A share of one as a percentage: ``15%`` or ``15 percent``."""
        hundred = self.digits(simplify(Fraction(share) * 100))
        return f"{hundred} percent" if self.currency.style == "word" else f"{hundred}%"

    # Words -----------------------------------------------------------------------------------------------------

    def pick(self, *choices: str) -> str:
        """One of the choices."""
        return self.words.pick(choices)

    def say(self, *templates: str, plainly: str | None = None, **values: object) -> str:
        """One of the templates with its bracketed alternatives chosen and ``{values}`` filled in, as sentences.

        A plain voice says ``plainly``, or the first template where nothing else is given.
        """
        return sentence(self.phrase(*templates, plainly=plainly, **values))

    def phrase(self, *templates: str, plainly: str | None = None, **values: object) -> str:
        """Like :meth:`say`, but as a piece of a sentence."""
        text = plainly if self.plain and plainly is not None else self.words.pick(templates)
        while found := _INNERMOST.search(text):
            text = text[: found.start()] + self.words.pick(found.group(1).split("|")) + text[found.end() :]
        return text.format(**values)

    def listing(self, items: Sequence[str], joint: str = "and") -> str:
        """``a, b and c``."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {joint} {items[-1]}"

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """A table in this voice's style; the first column names the row."""
        if self.table_style == "pipes":
            lines = [f"| {' | '.join(headers)} |", f"|{'|'.join(' --- ' for _ in headers)}|"]
            lines += [f"| {' | '.join(row)} |" for row in rows]
        elif self.table_style == "columns":
            widths = [max(len(row[k]) for row in (headers, *rows)) for k in range(len(headers))]
            lines = [
                "  ".join(
                    cell.ljust(width) if k == 0 else cell.rjust(width)
                    for k, (cell, width) in enumerate(zip(row, widths, strict=True))
                ).rstrip()
                for row in (headers, *rows)
            ]
        elif self.table_style == "csv":
            lines = [";".join(row) for row in (headers, *rows)]
        elif self.table_style == "colons":
            lines = [
                f"{row[0]}: {'; '.join(f'{head} {cell}' for head, cell in zip(headers[1:], row[1:], strict=True))}"
                for row in rows
            ]
        else:
            lines = [
                f"- {row[0]} ({', '.join(f'{head} = {cell}' for head, cell in zip(headers[1:], row[1:], strict=True))})"
                for row in rows
            ]
        return "\n".join(lines)

    def distractors(self, count: int, *own: str, **values: object) -> list[str]:
        """``count`` sentences that change nothing, from the family's own and the general ones."""
        if self.plain:
            return []
        filled: dict[str, Any] = {
            "person": self.other,
            "town": self.town,
            "year": str(self.words.between(1961, 2019)),
            "month": self.words.pick(MONTHS),
            "some": self.digits(self.words.between(12, 480)),
            "sum": self.money(self.words.between(300, 9000, 50)),
            **values,
        }
        pool = self.words.shuffled(own)[:count] if self.words.chance(0.7) else []
        pool += self.words.sample(GENERIC_DISTRACTORS, count - len(pool))
        return [self.say(template, **filled) for template in pool]

    # The whole text --------------------------------------------------------------------------------------------

    def compose(
        self,
        opening: str,
        facts: Mapping[str, str],
        question: str,
        distractors: Sequence[str] = (),
        drop: Sequence[str] = (),
        last: Sequence[str] = (),
    ) -> str:
        """The text in this voice's layout: facts and distractors shuffled, tables as blocks of their own.

        ``facts`` are keyed so that a twin can ``drop`` one without disturbing the order of the others; those named in
        ``last`` follow the others (because they speak of a table, for example).
        """
        pieces = {**facts, **{f"distractor{k}": text for k, text in enumerate(distractors)}}
        keys = self.words.shuffled([key for key in pieces if key not in last]) + list(last)
        told = [pieces[key] for key in keys if key not in drop and pieces[key]]
        return getattr(self, f"_{self.layout.replace('-', '_')}")(opening, told, question)  # type: ignore[no-any-return]

    def _flow(self, pieces: Sequence[str]) -> str:
        """Sentences run on; a piece with line breaks (a table) stands by itself."""
        text = ""
        for piece in pieces:
            if not text:
                text = piece
            elif "\n" in piece or text.endswith("\n"):
                text = text.rstrip("\n") + "\n\n" + piece + ("\n" if "\n" in piece else "")
            else:
                text += " " + piece
            if "\n" in piece and not text.endswith("\n"):
                text += "\n"
        return re.sub(r"\n(?=[^\n])", "\n", text).rstrip("\n")

    def _plain(self, opening: str, told: list[str], question: str) -> str:
        return _blocks(self._flow([opening, *told, question]))

    def _ask_first(self, opening: str, told: list[str], question: str) -> str:
        return _blocks(self._flow([question, opening, *told]))

    def _paragraphs(self, opening: str, told: list[str], question: str) -> str:
        middle = len(told) // 2
        return _blocks(
            "\n\n".join(filter(None, (opening, self._flow(told[:middle]), self._flow(told[middle:]), question)))
        )

    def _bullets(self, opening: str, told: list[str], question: str) -> str:
        lead = self.phrase("", "", " [The facts|What is known|Some notes|Here is what matters]:")
        return _blocks(f"{opening}{lead}\n\n{_marked(told, lambda k: '- ')}\n\n{question}")

    def _numbered(self, opening: str, told: list[str], question: str) -> str:
        mark = self.words.pick((lambda k: f"{k}. ", lambda k: f"({k}) ", lambda k: f"{chr(96 + k)}) "))
        return _blocks(f"{opening}\n\n{_marked(told, mark)}\n\n{question}")

    def _letter(self, opening: str, told: list[str], question: str) -> str:
        hello = self.phrase(
            "Hi {a},", "Dear {a},", "Hello {a},\n\n[hope you are well|thanks for your time last week|a quick one from me].",
            "{a} -", a=self.other.split()[0],
        )  # fmt: skip
        bye = self.phrase(
            "[Thanks|Many thanks|Best|Kind regards|Cheers],\n{b}", "[Could you let me know by {day}?|] \n{b}", "-- {b}",
            b=self.person, day=self.words.pick(("Monday", "Thursday", "Friday noon", "the end of the week")),
        )  # fmt: skip
        return _blocks(f"{hello}\n\n{opening} {self._flow(told)}\n\n{question}\n\n{bye.strip()}")

    def _headed(self, opening: str, told: list[str], question: str) -> str:
        first, second, third = self.words.pick(
            (("Situation", "Data", "Task"), ("Background", "Facts", "Question"), ("Case", "Figures", "To decide"),
             ("Context", "What we know", "What we want"))
        )  # fmt: skip
        mark = self.words.pick((("", ":"), ("## ", ""), ("**", "**")))
        heads = [f"{mark[0]}{word}{mark[1]}" for word in (first, second, third)]
        return _blocks(f"{heads[0]}\n{opening}\n\n{heads[1]}\n{self._flow(told)}\n\n{heads[2]}\n{question}")

    def _message(self, opening: str, told: list[str], question: str) -> str:
        lead = self.phrase(
            "[Quick question.|A question.|Need some help here.|Can someone work this out?|Stuck on this one.]", "hey!", "",
            "[Copied from my notes|As discussed]:",
        )  # fmt: skip
        return _blocks(f"{tidy(lead)} {self._flow([opening, *told])}\n{question}".lstrip())


def _marked(told: Sequence[str], mark: Callable[[int], str]) -> str:
    return "\n".join(mark(k) + text.replace("\n", "\n   ") for k, text in enumerate(told, 1))


def _blocks(text: str) -> str:
    """No line ends in spaces, no more than one empty line in a row."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
