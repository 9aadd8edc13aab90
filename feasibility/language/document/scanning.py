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
# The same where everything is escaped once more, as inside a JSON text: \"name\": 3, and \n between tokens.
_ESCAPED_INSIDE: Final = r'[^"\\\x00-\x1f]*+(?:\\(?!")(?:\\["\\]|[^"])[^"\\\x00-\x1f]*+)*+'
_ESCAPED_TOKEN: Final = re.compile(
    r"(?:[ \t\n\r]|\\[nrt])*+(?:"
    r"(?P<sign>[{}\[\],:])"
    rf'|(?P<string>\\"{_ESCAPED_INSIDE}\\")'
    r"|(?P<constant>NaN|-?Infinity)"
    r"|(?P<scalar>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|true|false|null)"
    r")"
)
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_STRING_START: Final = re.compile(f'"{_STRING_INSIDE}')
_LITERALS: Final = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
# Strings (closed or not) and brackets, for matching brackets in a text that is not quite JSON.
_LOOSE: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_LOOSE_NAME: Final = re.compile(
    r"\{\s*(?:(?://[^\n]{0,300}\n|#[^\n]{0,300}\n|/\*[^*]{0,300}\*/|>)\s*){0,5}"
    r"(?:[\"'“‘`][^\"'”’`\n]{0,100}[\"'”’`]|[A-Za-z_][A-Za-z0-9_]{0,100})\s*:"
)


@dataclass(slots=True)
class Scan:
    """What was found from ``start`` on.

    ``end`` is one past the value, or None; then ``stop`` is where the text stops being JSON, ``truncated`` says that it
    was right up to the end of the text, and ``code`` / ``problem`` / ``hint`` say what is wrong. ``objects`` are the
    offsets of all braces that open an object, ``names`` the keys (as written, with their colon) of the outermost
    object, ``depth`` how many brackets are open at ``stop``, and ``too_deep`` the offset where the nesting first passed
    the limit.
    """

    start: int
    end: int | None = None
    stop: int = 0
    truncated: bool = False
    code: str = "bad-syntax"
    problem: str = ""
    hint: str = ""
    objects: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    depth: int = 0
    too_deep: int | None = None


def scan(text: str, start: int, max_nesting: int) -> Scan:
    """Scan one JSON value from ``start`` on (white space before it allowed), in linear time and without recursion."""
    return _scan(_TOKEN, text, start, max_nesting)


def scan_escaped(text: str, start: int, max_nesting: int) -> Scan:
    """The same for JSON whose quotes and backslashes are escaped, as it stands inside of a text."""
    found = _scan(_ESCAPED_TOKEN, text, start, max_nesting)
    found.code = "escaped-quotes"
    found.problem = "the quotes are escaped, as if the object stood inside of a text"
    found.hint = 'write "name", not \\"name\\"'
    return found


def _opened(result: Scan, sign: str, at: int, too_deep: bool) -> str:
    """What is expected after an opening bracket, which is written down."""
    if sign == "{":
        result.objects.append(at)
    if too_deep and result.too_deep is None:
        result.too_deep = at
    return "name or }" if sign == "{" else "value or ]"


def _scan(tokens: re.Pattern[str], text: str, start: int, max_nesting: int) -> Scan:
    result = Scan(start)
    stack: list[str] = []
    place = start
    expect = "value"
    name = ""
    match = tokens.match
    while True:
        found = match(text, place)
        if found is None:
            result.depth = len(stack)
            _explain(result, text, _SPACE.match(text, place).end(), expect)  # type: ignore[union-attr]
            break
        kind = found.lastgroup or ""
        at, place = found.span(kind)
        sign = text[at] if kind == "sign" else kind
        if expect.startswith("value"):
            if sign == "{" or sign == "[":
                stack.append(sign)
                expect = _opened(result, sign, at, len(stack) > max_nesting)
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
        result.code, result.hint = "trailing-comma", f"remove the comma before {found}"
    elif expect.startswith(","):
        if found in "}]":
            result.hint = "close the other bracket first"
        else:
            result.code, result.hint = "missing-comma", "put a comma between two entries"
    elif expect == ":":
        result.hint = 'write "name": value'


def _explain(result: Scan, text: str, at: int, expect: str) -> None:
    """No token at ``at``: the end of the text, or a character that is not JSON."""
    result.stop = at
    rest = text[at : at + 80]
    if expect == ", or }" and result.depth == 1 and (not rest or rest.startswith("```")) and _has_all(result.names):
        result.code, result.truncated = "missing-brace", not rest
        result.problem, result.hint = "the last brace is missing", "close the object with }"
    elif not rest or any(len(rest) < len(literal) and literal.startswith(rest) for literal in _LITERALS):
        result.truncated = True
    elif rest.startswith("```"):
        result.problem, result.hint = "the fence closes inside of the object", "close every bracket first"
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
            result.code = "control-character"
            result.problem = "a line break or control character stands in a string"
            result.hint = "write \\n, or close the quote"
    else:
        result.code, result.problem, result.hint = _foreign(rest, expect)


def _has_all(names: list[str]) -> bool:
    return {"variables", "objective", "constraints"} <= set(names)


_QUOTES: Final = {
    "'": "single-quotes",
    "`": "single-quotes",
    "“": "smart-quotes",
    "”": "smart-quotes",
    "‘": "smart-quotes",
    "’": "smart-quotes",
    "„": "smart-quotes",
    "«": "smart-quotes",
    "»": "smart-quotes",
    "＂": "smart-quotes",
}
_ODD_SPACE: Final = frozenset("\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\u200b\u2060\ufeff\x0b\x0c\x85").union(
    map(chr, range(0x2000, 0x200B))
)
"""Characters that look like nothing or white space, and that JSON does not take between its tokens."""


def _foreign(rest: str, expect: str) -> tuple[str, str, str]:
    """Code, problem and hint for a text that goes on in no way that JSON knows; ``rest`` is its beginning."""
    if rest.startswith(("//", "/*", "#")):
        return "comment", "JSON has no comments", "remove it"
    if rest[0] in _QUOTES:
        return _QUOTES[rest[0]], f"{rest[0]} is not a quote of JSON", 'use "double quotes"'
    if rest[0] in _ODD_SPACE:
        return "odd-space", f"the character U+{ord(rest[0]):04X} is no white space of JSON", "write an ordinary space"
    if rest[0] == ">":
        return (
            "odd-space",
            "the line begins with the mark of a Markdown quote",
            "leave the > in front of the lines away",
        )
    if re.match(r"(?:True|False|None)\b", rest):
        return "python-literal", "this is Python, not JSON", "write true, false or null"
    if rest.startswith(("...", "…")):
        return "ellipsis", "something was left out with '...'", "write everything out"
    if rest[0] in "+.":
        return "number-spelling", f"a number does not start with {rest[0]!r}", "write 0.5, and no plus"
    word = re.match(r"\w*", rest)
    shown = (word.group() if word else "") or rest[0]
    problem = f"{_WANTED[expect].rstrip(chr(34))} belongs where {shown!r} stands"
    if expect.startswith("name") and re.match(r"[A-Za-z_]\w{0,60}\s*:", rest):
        return "unquoted-key", problem, 'put names and texts in "double quotes"'
    hint = 'put names and texts in "double quotes"' if shown[0].isalpha() else "write plain JSON"
    return "bad-syntax", problem, hint


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
