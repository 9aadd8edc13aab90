"""Strict JSON (RFC 8259), token by token: where a value ends, or where and why a text stops being JSON.

Building values is left to the C decoder of ``json``; this scanner explains what that refuses, and it never recurses,
so 10^6 brackets cost it time in proportion and nothing else. ``NaN`` and ``Infinity`` are scanned over, because a
better message than "bad character" is due.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_STRING_INSIDE: Final = r'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'
# The possessive quantifiers keep every failing match linear.
_TOKEN: Final = re.compile(
    r"[ \t\n\r]*+(?:"
    r"(?P<sign>[{}\[\],:])"
    rf'|(?P<string>"{_STRING_INSIDE}")'
    r"|(?P<constant>NaN|-?Infinity)"
    r"|(?P<scalar>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|true|false|null)"
    r")"
)
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_STRING_START: Final = re.compile(f'"{_STRING_INSIDE}')
_LITERALS: Final = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
# Strings (closed or not) and brackets, for matching brackets in a text that is not quite JSON.
_LOOSE: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_LOOSE_NAME: Final = re.compile(r"\{\s*(?:['“‘`][^'”’`\n]{0,100}['”’`]|[A-Za-z_][A-Za-z0-9_]{0,100})\s*:")


@dataclass(slots=True)
class Scan:
    """What was found from ``start`` on.

    ``end`` is one past the value, or None; then ``stop`` is where the text stops being JSON, ``truncated`` says that it
    was right up to the end of the text, and ``problem`` / ``hint`` say what is wrong. ``objects`` are the offsets of
    all braces that open an object, ``names`` the keys (as written, with their colon) of the outermost object, ``depth``
    how many brackets are open at ``stop``, and ``too_deep`` the offset where the nesting first passed the limit.
    """

    start: int
    end: int | None = None
    stop: int = 0
    truncated: bool = False
    problem: str = ""
    hint: str = ""
    objects: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    depth: int = 0
    too_deep: int | None = None


def scan(text: str, start: int, max_nesting: int) -> Scan:
    """Scan one JSON value from ``start`` on (white space before it allowed), in linear time and without recursion."""
    result = Scan(start)
    stack: list[str] = []
    place = start
    expect = "value"
    name = ""
    match = _TOKEN.match
    while True:
        found = match(text, place)
        if found is None:
            _explain(result, text, _SPACE.match(text, place).end(), expect)  # type: ignore[union-attr]
            break
        kind = found.lastgroup or ""
        at, place = found.span(kind)
        sign = text[at] if kind == "sign" else kind
        if expect.startswith("value"):
            if sign == "{" or sign == "[":
                if sign == "{":
                    result.objects.append(at)
                stack.append(sign)
                if len(stack) > max_nesting and result.too_deep is None:
                    result.too_deep = at
                expect = "name or }" if sign == "{" else "value or ]"
                continue
            if sign == "]" and expect == "value or ]":
                stack.pop()
            elif kind == "sign":
                _refuse(result, at, expect, sign)
                break
        elif expect.startswith("name"):
            if kind == "string":
                name = text[at + 1 : place - 1]
                expect = ":"
                continue
            if sign == "}" and expect == "name or }":
                stack.pop()
            else:
                _refuse(result, at, expect, text[at:place])
                break
        elif expect == ":":
            if sign != ":":
                _refuse(result, at, expect, text[at:place])
                break
            if len(stack) == 1:
                result.names.append(name)
            expect = "value"
            continue
        elif sign == ",":
            expect = "name" if stack[-1] == "{" else "value"
            continue
        elif (sign == "}" and stack[-1] == "{") or (sign == "]" and stack[-1] == "["):
            stack.pop()
        else:
            _refuse(result, at, expect, text[at:place])
            break
        # A value has ended here.
        if not stack:
            result.end = place
            break
        expect = ", or }" if stack[-1] == "{" else ", or ]"
    result.depth = len(stack)
    return result


_WANTED: Final = {
    "value": "a value",
    "value or ]": "a value or ]",
    "name": 'a name in double quotes"',
    "name or }": "a name in double quotes or }",
    ":": "a colon",
    ", or }": "a comma or }",
    ", or ]": "a comma or ]",
}


def _refuse(result: Scan, at: int, expect: str, found: str) -> None:
    """A token that is JSON, but not here."""
    result.stop = at
    shown = found if len(found) <= 20 else found[:20] + "..."
    result.problem = f"{_WANTED[expect].rstrip(chr(34))} belongs where {shown!r} stands"
    if expect in ("name", "value") and found in ("}", "]"):
        result.hint = f"remove the comma before {found}"
    elif expect.startswith(","):
        result.hint = "put a comma between two entries" if found not in "}]" else "close the other bracket first"
    elif expect == ":":
        result.hint = 'write "name": value'


def _explain(result: Scan, text: str, at: int, expect: str) -> None:
    """No token at ``at``: the end of the text, or a character that is not JSON."""
    result.stop = at
    rest = text[at : at + 10]
    if not rest or any(len(rest) < len(literal) and literal.startswith(rest) for literal in _LITERALS):
        result.truncated = True
    elif rest[0] == '"':
        stop = _STRING_START.match(text, at).end()  # type: ignore[union-attr]  # at least the quote matches
        tail = text[stop : stop + 6]
        if not tail or (
            tail[0] == "\\" and stop + len(tail) == len(text) and re.fullmatch(r"\\(u[0-9a-fA-F]*)?", tail)
        ):
            result.truncated = True
        elif tail[0] == "\\":
            result.stop = stop
            result.problem, result.hint = f"{tail[:2]!r} is not an escape of JSON", "write \\\\ for a backslash"
        else:
            result.stop = stop
            result.problem, result.hint = (
                "a line break or control character stands in a string",
                "write \\n, or close the quote",
            )
    elif rest.startswith(("//", "/*", "#")):
        result.problem, result.hint = "JSON has no comments", "remove it"
    elif rest[0] in "'“”‘’`":
        result.problem, result.hint = f"{rest[0]} is not a quote of JSON", 'use "double quotes"'
    elif rest.startswith(("True", "False", "None")):
        result.problem, result.hint = "this is Python, not JSON", "write true, false or null"
    elif rest.startswith("..."):
        result.problem, result.hint = "something was left out with '...'", "write everything out"
    elif rest[0] in "+.":
        result.problem, result.hint = f"a number does not start with {rest[0]!r}", "write 0.5, and no plus"
    else:
        word = re.match(r"\w*", rest)
        shown = (word.group() if word else "") or rest[0]
        result.problem = f"{_WANTED[expect].rstrip(chr(34))} belongs where {shown!r} stands"
        result.hint = 'put names and texts in "double quotes"' if shown[0].isalpha() else "write plain JSON"


def nesting_exceeds(text: str, start: int, end: int, limit: int) -> bool:
    """Whether brackets outside of strings nest deeper than ``limit`` in ``text[start:end]``; linear, no recursion."""
    if text.count("{", start, end) + text.count("[", start, end) <= limit:
        return False
    depth = 0
    for found in _LOOSE.finditer(text, start, end):
        sign = text[found.start()]
        if sign in "{[":
            depth += 1
            if depth > limit:
                return True
        elif sign != '"':
            depth = max(0, depth - 1)
    return False


def closing_bracket(text: str, place: int, depth: int) -> int | None:
    """One past the bracket that closes the outermost of ``depth`` open ones, for a text that is not quite JSON."""
    for found in _LOOSE.finditer(text, place):
        sign = text[found.start()]
        if sign in "{[":
            depth += 1
        elif sign != '"':
            depth -= 1
            if depth == 0:
                return found.end()
    return None


def looks_like_object(text: str, at: int) -> bool:
    """Whether the brace at ``at`` opens something like ``{name:`` or ``{'name':``: JSON as other languages write it."""
    return _LOOSE_NAME.match(text, at) is not None


@dataclass(frozen=True, slots=True)
class Oddity:
    """A duplicate key or a constant such as NaN: ``path`` is its JSON pointer, ``at``/``end`` its place."""

    kind: str
    text: str
    path: str
    at: int
    end: int


def oddities(text: str, start: int, end: int) -> Iterator[Oddity]:
    """All duplicate keys and constants in ``text[start:end]``, which must be one complete JSON value."""
    # An entry a bracket: the keys seen (None in a list), and the key or number of the value that is being read.
    stack: list[tuple[set[str] | None, list[str]]] = []
    names = False  # whether a string here is a key
    for found in _TOKEN.finditer(text, start, end):
        kind = found.lastgroup or ""
        at, stop = found.span(kind)
        sign = text[at:stop]
        if kind == "sign":
            if sign == "{":
                stack.append((set(), [""]))
            elif sign == "[":
                stack.append((None, ["0"]))
            elif sign in "}]":
                stack.pop()
            elif sign == "," and stack[-1][0] is None:
                stack[-1][1][0] = str(int(stack[-1][1][0]) + 1)
            names = sign in "{," and stack[-1][0] is not None
            continue
        if kind == "string" and names:
            keys, current = stack[-1]
            current[0] = key = _unescaped(sign)
            assert keys is not None
            if key in keys:
                yield Oddity("duplicate", key, _pointer(stack), at, stop)
            keys.add(key)
        elif kind == "constant":
            yield Oddity("constant", sign, _pointer(stack), at, stop)
        names = False


def _unescaped(string: str) -> str:
    import json

    return str(json.loads(string)) if "\\" in string else string[1:-1]


def _pointer(stack: list[tuple[set[str] | None, list[str]]]) -> str:
    return "".join("/" + current[0].replace("~", "~0").replace("/", "~1") for _, current in stack)
