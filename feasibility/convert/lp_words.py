"""The words of an LP file and its sections; what each word means is :mod:`.lp_reading`'s business.

The format is CPLEX's, as CPLEX, Gurobi, HiGHS, SCIP, GLPK and CBC write it. They differ in what they tolerate; where
two of them read one text as different models, the text is refused with its line. Names may hold every character that
CPLEX allows, and an index in brackets when that is glued to the name (``x[0]``, as gurobipy writes). Nobody's name
begins with a digit, so ``2x`` is ``2 x``; ``2e`` and ``2.x`` are refused, because the number may end in two places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, NoReturn, TypeAlias

from ..errors import PyriteError
from .common import Remarks, Unsupported

WordKind: TypeAlias = Literal["number", "relation", "sign", "word"]

_START = r"A-Za-z_!\"#$%&(),;?@`'{}|~\x80-\U0010ffff"
_INDEX = r"\[(?:[^\s\[\]\\<>=^*]|\[[^\s\[\]\\<>=^*]*\])*\]"
_WORD = rf"[{_START}](?:[{_START}0-9./]|{_INDEX})*"
_TOKEN = re.compile(
    r"[ \t]*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<relation><=|>=|=<|=>|==|<|>|=)"
    r"|(?P<arrow>->)"
    r"|(?P<sign>[-+*/^:\[\]])"
    rf"|(?P<word>{_WORD}))"
)
_LINES = re.compile(r"\r\n|\n|\r")
_ODD_SPACE = re.compile(r"[^\S \t]|[\x00-\x08\x0e-\x1f\x7f\u200b\ufeff]")
_RELATIONS = {"<": "<=", "=<": "<=", ">": ">=", "=>": ">=", "==": "="}

GOALS = frozenset({"minimize", "maximize"})
SECTIONS = {
    **dict.fromkeys(("minimize", "minimise", "minimum", "min"), "minimize"),
    **dict.fromkeys(("maximize", "maximise", "maximum", "max"), "maximize"),
    **dict.fromkeys(("subject to", "such that", "st", "s.t.", "st."), "rows"),
    **dict.fromkeys(("bounds", "bound"), "bounds"),
    **dict.fromkeys(("general", "generals", "gen", "integer", "integers", "int"), "general"),
    **dict.fromkeys(("binary", "binaries", "bin"), "binary"),
    "end": "end",
}
"""Section by keyword."""

_REFUSED = {
    **dict.fromkeys(("semi", "semis", "sec", "semi-continuous", "semicontinuous"), "semi-continuous variables"),
    **dict.fromkeys(("sin", "semi-integer", "semi-integers", "semiinteger"), "semi-integer variables"),
    "sos": "SOS",
    "sos1": "SOS1",
    "sos2": "SOS2",
    "lazy constraints": "lazy constraints",
    "user cuts": "user cuts",
    "general constraints": "general constraints",
    "gencons": "general constraints",
    "pwlobj": "piecewise-linear objective",
    "multi-objectives": "multiple objectives",
    "piecewise": "piecewise-linear objective",
    "scenarios": "scenarios",
}
UNREAD = frozenset(_REFUSED.values())
"""Names of sections that are refused when a word stands in them. HiGHS writes an empty ``semi`` below every ``gen``."""

_FIRST = frozenset(key.replace("-", " ").split()[0] for key in (*SECTIONS, *_REFUSED))

RESERVED = frozenset(" ".join((*SECTIONS, *_REFUSED)).replace("-", " ").split()) | {"free", "inf", "infinity"}
"""Words that are no names in files written here; other programs' readers stumble over some."""

_MIDDLE = frozenset(
    {"subject to", "such that", "st", "s.t.", "st.", "bounds", "end"}
    | {"general", "generals", "integer", "integers", "binary", "binaries"}
    | set(_REFUSED)
)
"""Keywords that may also stand inside a line; the short ones (``bin``) are more likely names there."""

_LP_SOLVE = re.compile(r"\s*(max|min)(imi[sz]e)?\s*:", re.IGNORECASE)
_LISTS = frozenset({"general", "binary"})


class Word(NamedTuple):
    """One word of the file. Relations are ``<=``, ``>=`` or ``=``."""

    kind: WordKind
    text: str
    line: int


@dataclass(slots=True)
class Section:
    """A part of the file: what its keyword means, the line of the keyword, its words."""

    name: str
    line: int
    words: list[Word] = field(default_factory=list)


def broken(line: int, reason: str) -> NoReturn:
    """Raise the error for a place that cannot be read."""
    raise PyriteError(f"not LP: line {line}: {reason}")


def sections_of(text: str, remarks: Remarks) -> list[Section]:
    """The file's sections in order, comments taken out. Raises Unsupported or PyriteError with the line."""
    found: list[Section] = []
    for number, line in enumerate(_LINES.split(text), 1):
        content, _, comment = line.partition("\\")
        if comment:
            remarks.read(comment)
        if not content or content.isspace():
            continue
        if not found and _LP_SOLVE.match(content):
            broken(number, "`max:` and `min:` are lp_solve's LP format, which is another one and is not read")
        _add_line(found, _words(content, number), number)
    return found


def _words(content: str, line: int) -> list[Word]:
    words: list[Word] = []
    match, end = _TOKEN.match, len(content.rstrip(" \t"))
    position = 0
    while position < end:
        found = match(content, position)
        if found is None:
            odd = content[position:].lstrip(" \t")[:1]
            broken(line, f"the character {odd!r} is not understood; names hold letters, digits and _ . ! # $ % & ...")
        kind = found.lastgroup
        start, position = found.span(kind or 0)
        text = content[start:position]
        if kind == "number":
            _check_glue(content, position, text, line)
        elif kind == "word":
            if not text.isascii() and _ODD_SPACE.search(text):
                broken(line, f"{text[:40]!r} holds a blank or control character that is no part of the format")
            if content[position : position + 1] == "[":
                broken(line, f"`[` glued to the name {text[:40]!r}: an index has no blanks and ends with `]`")
        elif kind == "arrow":
            raise Unsupported("LP", ["`indicator constraint` (->)"], f"line {line}")
        elif kind == "relation":
            text = _RELATIONS.get(text, text)
        words.append(Word(kind, text, line))  # type: ignore[arg-type]
    return words


def _check_glue(content: str, position: int, number: str, line: int) -> None:
    """What may stand right after a number: a name, but nothing that could belong to the number."""
    after = content[position : position + 1]
    if not after or after in " \t<>=-+*/^:[]":
        return
    glued = number + content[position : position + 8]
    if after in "eE" or number[-1] == ".":  # SCIP reads `3.x` as 3 times a variable `.x`, HiGHS as 3 times x
        broken(line, f"{glued!r}: where does the number end? put a blank between number and name")
    if not (after.isalpha() or after == "_"):
        broken(line, f"{glued!r} is no number")


def _add_line(found: list[Section], words: list[Word], line: int) -> None:
    """Give the line's words to the sections, opening new ones at keywords."""
    place = 0
    while place < len(words):
        length = _keyword(found, words, place)
        if not length:
            if not found or found[-1].name == "end":
                broken(line, f"{' '.join(word.text for word in words)[:40]!r} stands outside every section")
            if found[-1].name in UNREAD:
                raise Unsupported("LP", [f"`{found[-1].name}`"], f"line {found[-1].line}")
            found[-1].words.append(words[place])
            place += 1
            continue
        key = _key(words, place, length)
        name = _REFUSED.get(key) or SECTIONS[key]
        _check_before(found, words, place, key)
        found.append(Section(name, line))
        place += length


def _key(words: list[Word], place: int, length: int) -> str:
    joined = [word.text.lower() for word in words[place : place + length]]
    return "".join(joined) if "-" in joined else " ".join(joined)


def _keyword(found: list[Section], words: list[Word], place: int) -> int:
    """How many words from here make a section's keyword; 0 when they do not."""
    first = words[place]
    if first.kind != "word" or first.text.lower() not in _FIRST:
        return 0
    length = 0
    for size in (3, 2, 1):
        if place + size <= len(words):
            key = _key(words, place, size)
            if key in SECTIONS or key in _REFUSED:
                length = size
                break
    if not length:
        return 0
    following = words[place + length] if place + length < len(words) else None
    if following is not None and following.text == ":" and following.kind == "sign":
        return 0  # a label
    if place == 0:
        return length
    if key not in _MIDDLE or not _is_complete(found):
        broken(first.line, f"the keyword `{key}` stands where a name should be; some programs begin a section here")
    return length


def _is_complete(found: list[Section]) -> bool:
    """Whether the words so far can end here, so that a keyword inside a line can be one: ``x >= 2 end`` is the end, but
    ``x + 2 end`` could be two times a variable ``end``."""
    if not found:
        return False
    words = found[-1].words
    if not words:
        return True
    last = words[-1]
    if last.kind == "number":
        return _ends_row(words)
    return last.kind == "word" or last.text == "]"


def _ends_row(words: list[Word]) -> bool:
    """Whether the last number stands alone on its side of a relation."""
    place = len(words) - 2
    while place >= 0 and words[place].text in ("+", "-") and words[place].kind == "sign":
        place -= 1
    return place >= 0 and words[place].kind == "relation"


def _check_before(found: list[Section], words: list[Word], place: int, key: str) -> None:
    """Refuse a keyword where a name could be meant, or where its section cannot be."""
    line, name = words[place].line, SECTIONS.get(key, "")
    if not found:
        if name not in GOALS:
            broken(line, f"`{key}` before `minimize` or `maximize`")
        return
    before = found[-1].words
    if found[-1].name == "end":
        broken(line, f"`{key}` after `end`")
    if before and (before[-1].kind == "relation" or (before[-1].kind == "sign" and before[-1].text not in "]:")):
        broken(line, f"the keyword `{key}` stands where a number or a name should be")
    if name in GOALS:
        raise Unsupported("LP", ["`multiple objectives`"], f"line {line}")
    if name == "rows" and any(section.name == "rows" for section in found):
        broken(line, f"a second `{key}`")
    following = words[place + len(key.split())].kind if place + len(key.split()) < len(words) else ""
    after_number = bool(before) and before[-1].kind == "number" and not _ends_row(before)
    in_list = place > 0 and found[-1].name in _LISTS and name != "end" and not following
    if in_list or (name in _LISTS and (after_number or place > 0) and following != "word"):
        broken(line, f"`{key}`: a section or a name? put the keyword on a line of its own, after a whole row")
