"""Words of the expression language: a text cut into tokens in one pass, each with its place.

What cannot be a token becomes one last token of kind ``bad`` that carries its finding, so that the parser reports it
only when nothing to its left was wrong already.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, TypeAlias

from ...verdict import Finding

Kind: TypeAlias = Literal["number", "name", "string", "op", "bad", "end"]

RESERVED: Final = frozenset({"sum", "for", "in", "if", "and", "or", "not"})
"""Words of the grammar; no set, parameter, variable or bound name may be called so."""

IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<op>\*\*|<=|>=|==|!=|[-+*/()\[\],<>=])
    )""",
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"\s*")

_WRITE_INSTEAD: Final = {
    "≤": "<=",
    "⩽": "<=",
    "≥": ">=",
    "⩾": ">=",
    "≠": "!=",
    "−": "-",
    "–": "-",
    "—": "-",
    "×": "*",
    "·": "*",
    "⋅": "*",
    "∗": "*",
    "÷": "/",
    "²": "**2",
    "Σ": "sum(... for i in S)",
    "∑": "sum(... for i in S)",
    "∈": "in",
    "∧": "and",
    "∨": "or",
    "¬": "not",
    "‘": "'",
    "’": "'",
    "“": "'",
    "”": "'",
    "^": "**2",
    "&": "and",
    "|": "or",
    "!": "not",
    ";": "a second constraint under its own name",
    ":": "'for' and 'in', as in sum(x[i] for i in I)",
    "{": "[ ]",
    "}": "[ ]",
    "%": "a parameter",
    "\\": "the grammar of docs/language.md, not LaTeX",
    "$": "the grammar of docs/language.md, not LaTeX",
    "∀": "only 'p in P' in \"for\"",
}


class Token(NamedTuple):
    """One word. ``at`` and ``end`` are character offsets; ``finding`` is set on a bad token only."""

    kind: Kind
    text: str
    at: int
    end: int
    finding: Finding | None = None


def tokenize(text: str) -> list[Token]:
    """Cut ``text`` into tokens, in time linear in its length; the last token is of kind ``end`` or ``bad``."""
    tokens: list[Token] = []
    place = 0
    match = _TOKEN.match
    while found := match(text, place):
        kind = found.lastgroup
        start, place = found.span(kind)  # type: ignore[arg-type]  # some group always took part
        tokens.append(Token(kind, text[start:place], start, place))  # type: ignore[arg-type]
    place = _SPACE.match(text, place).end()  # type: ignore[union-attr]  # matches the empty text
    if place == len(text):
        tokens.append(Token("end", "", place, place))
    else:
        tokens.append(_bad(text, place))
    return tokens


def _bad(text: str, place: int) -> Token:
    """The token for a character that begins no word."""
    sign = text[place]
    if sign in "'\"":
        finding = Finding(
            "unclosed-quote",
            f"the quote at character {place + 1} is never closed",
            at=place,
            end=len(text),
            hint=f"close it with {sign}",
        )
    elif sign == "^":
        finding = Finding(
            "caret", "'^' is not an operator", at=place, end=place + 1, hint="write the square of x as x**2"
        )
    else:
        write = _WRITE_INSTEAD.get(sign)
        finding = Finding(
            "bad-character",
            f"the character {sign!r} has no meaning here",
            at=place,
            end=place + 1,
            hint=f"write {write}" if write else "leave it away",
        )
    return Token("bad", text[place : place + 1], place, place + 1, finding)


def unquote(token: Token) -> str | None:
    """The text that a quoted token stands for, or None when it has an escape other than of a quote or backslash."""
    inner = token.text[1:-1]
    if "\\" not in inner:
        return inner
    if re.search(r"\\[^\\'\"]", re.sub(r"\\\\", "", inner), re.DOTALL):
        return None
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)


def quote(member: str) -> str:
    r"""The inverse of :func:`unquote`.

    >>> quote("white bread"), quote("baker's")
    ("'white bread'", '"baker\'s"')
    """
    mark = '"' if "'" in member and '"' not in member else "'"
    return mark + member.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark
