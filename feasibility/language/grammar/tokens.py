"""Words of the expression language: a text cut into tokens in one pass, each with its place.

What cannot be a token becomes one last token of kind ``bad`` that carries its finding, so that the parser reports it
only when nothing to its left was wrong already.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, TypeAlias

from ...verdict import Finding

TokenKind: TypeAlias = Literal["number", "name", "string", "op", "bad", "end"]

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

UNICODE: Final = {
    "≤": "<=",
    "⩽": "<=",
    "≦": "<=",
    "≥": ">=",
    "⩾": ">=",
    "≧": ">=",
    "≠": "!=",
    "−": "-",
    "–": "-",
    "×": "*",
    "·": "*",
    "⋅": "*",
    "∗": "*",
    "∙": "*",
    "•": "*",
    "✕": "*",
    "✖": "*",
    "⨯": "*",
    "⨉": "*",
    "⁎": "*",
    "‧": "*",
    "\u0387": "*",
    "÷": "/",
    "∕": "/",
    "²": "**2",
    "∈": " in ",
    "∧": " and ",
    "∨": " or ",
    "¬": " not ",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
}
"""Signs that mean one thing, and how this language writes it."""

ENTITIES: Final = {
    "lt": "<",
    "gt": ">",
    "le": "<=",
    "ge": ">=",
    "leq": "<=",
    "geq": ">=",
    "ne": "!=",
    "times": "*",
    "middot": "*",
    "minus": "-",
    "nbsp": " ",
    "quot": '"',
    "apos": "'",
    "#60": "<",
    "#62": ">",
    "#39": "'",
    "#34": '"',
}
ENTITY: Final = re.compile(r"&(?P<name>#?[A-Za-z0-9]{1,8});")

LATEX: Final = {
    r"\cdot": "*",
    r"\times": "*",
    r"\ast": "*",
    r"\div": "/",
    r"\leq": "<=",
    r"\le": "<=",
    r"\leqslant": "<=",
    r"\geq": ">=",
    r"\ge": ">=",
    r"\geqslant": ">=",
    r"\neq": "!=",
    r"\ne": "!=",
    r"\in": " in ",
    r"\frac": "(...)/(...)",
    r"\sum": "sum(... for i in S)",
    r"\left": "",
    r"\right": "",
    r"\quad": " ",
    r"\qquad": " ",
    r"\,": " ",
    r"\;": " ",
    r"\:": " ",
    r"\!": "",
    r"\ ": " ",
    r"\_": "_",
}
"""Commands of LaTeX, and how this language writes them."""

_COMMAND: Final = re.compile(r"\\(?:[A-Za-z]+|.)?", re.DOTALL)
_CURRENCIES: Final = "€£¥₹₽₩"
_AMOUNT: Final = re.compile(rf"[${_CURRENCIES}]\s*(?P<number>[0-9][0-9.]*)(?=\s*(?:$|[-+*/<>=)\],]))")
_PERCENT: Final = re.compile(r"(?P<number>[0-9][0-9.]*)\s*$")
_LABEL: Final = re.compile(r"\s*[A-Za-z_][A-Za-z0-9_]*\s*:")

_WRITE_INSTEAD: Final = {
    "—": "-",
    "Σ": "sum(... for i in S)",
    "∑": "sum(... for i in S)",
    "&": "and",
    "|": "or",
    "!": "not",
    ";": "a second constraint under its own name",
    ":": "'for' and 'in', as in sum(x[i] for i in I)",
    "{": "[ ]",
    "}": "[ ]",
    "∀": "only 'p in P' in \"for\"",
}


class Token(NamedTuple):
    """One word. ``at`` and ``end`` are character offsets; ``finding`` is set on a bad token only."""

    kind: TokenKind
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
        code, end, hint = _foreign(text, place)
        message = f"{text[place:end]!r} has no meaning here"
        finding = Finding(code, message, at=place, end=end, hint=hint)
    return Token("bad", text[place : place + 1], place, place + 1, finding)


def _foreign(text: str, place: int) -> tuple[str, int, str]:
    """Code, end and hint for a character that other languages use; the hint says what to write for it here."""
    sign = text[place]
    entity = ENTITY.match(text, place)
    if entity:
        write = ENTITIES.get(entity["name"], "the character itself")
        return "html-entity", entity.end(), f"write {write}"
    command = _COMMAND.match(text, place)
    if command:
        write = LATEX.get(command.group(), "")
        return "latex", command.end(), f"write {write.strip()}" if write.strip() else "write plain text, not LaTeX"
    if "！" <= sign <= "～":
        return "full-width", place + 1, f"write the ordinary {chr(ord(sign) - 0xFEE0)}"
    amount = _AMOUNT.match(text, place)
    if amount:
        return "currency", place + 1, f"write {amount['number']} without the currency"
    if sign == "$":
        return "latex", place + 1, "write plain text, not LaTeX"
    if sign in _CURRENCIES:
        return "currency", place + 1, "leave the currency away"
    if sign == "%":
        number = _PERCENT.search(text, max(0, place - 50), place)
        if number:
            share = number["number"]
            return "percent", place + 1, f"write ({share}/100) if a share is meant: {share} % of something"
        return "percent", place + 1, "write a share as a decimal, as in 0.05"
    if sign in UNICODE:
        return "unicode-operator", place + 1, f"write {UNICODE[sign].strip()}"
    if sign == "#":
        return "expression-comment", len(text), "leave the comment away"
    if sign == ":" and _LABEL.match(text) and not text[place + 1 :].lstrip().startswith("="):
        label = text[:place].strip()
        return "label", place + 1, f"leave {label!r} and the colon away; a constraint's name is its key"
    instead = _WRITE_INSTEAD.get(sign)
    return "bad-character", place + 1, f"write {instead}" if instead else "leave it away"


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
