"""Reading JSON as other languages write it, into the document that was meant, and which deviations were met.

A small recursive reader, bounded in depth by the policy. What could mean two things is refused: duplicate keys, dots
that leave something out, commas inside of numbers, text after a cut.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

from ...policy import Policy
from ...rationals import from_decimal
from ..grammar.tokens import LATEX

_QUOTES: Final = {
    '"': ('"', ""),
    "'": ("'", "single-quotes"),
    "`": ("`", "single-quotes"),
    "“": ("”“", "smart-quotes"),
    "”": ("”", "smart-quotes"),
    "„": ("“”", "smart-quotes"),
    "‘": ("’‘", "smart-quotes"),
    "’": ("’", "smart-quotes"),
    "«": ("»", "smart-quotes"),
    "＂": ("＂", "smart-quotes"),
}
_ODD_SPACE: Final = re.compile("[\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\x0b\x0c\x85]+")
_COMMENT: Final = re.compile(r"//[^\n]*|#[^\n]*|/\*.*?\*/", re.DOTALL)
_QUOTE_MARK: Final = re.compile(r"(?<=\n)[ \t]{0,3}(?:>[ \t]?)+")
"""A Markdown quote has it in front of every line."""
_COMMAND: Final = re.compile(r"\\(?:[A-Za-z]+|[,;:!()\[\]])")
_COMMANDS: Final = frozenset(LATEX) | {rf"\{word}" for word in ("dfrac", "mathrm", "mathit", "operatorname", *"()[]")}
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?=\s*:)")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.])")
_STRICT_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD: Final = re.compile(r"[+-]?[A-Za-z]+(?!\w)")
_CONSTANTS: Final = {
    "true": (True, ""),
    "false": (False, ""),
    "null": (None, ""),
    "True": (True, "python-literal"),
    "False": (False, "python-literal"),
    "None": (None, "python-literal"),
    "Infinity": ("Infinity", "not-finite"),
    "+Infinity": ("Infinity", "not-finite"),
    "-Infinity": ("-Infinity", "not-finite"),
}
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PLAIN_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SECTIONS: Final = frozenset({"variables", "objective", "constraints"})


class RefusedError(Exception):
    """The text cannot be repaired without guessing."""


class Endless(str):
    """The constant Infinity or -Infinity where a value belongs; only a bound can make sense of it."""

    __slots__ = ()


def unescaped(text: str) -> str:
    """One level of JSON escapes removed from a text that stood inside of another."""
    return _ESCAPE.sub(_escape, text)


def read_loosely(text: str, start: int, policy: Policy, codes: set[str]) -> Any:
    """The JSON value that begins at ``start``; the deviations met are added to ``codes``. Raises RefusedError."""
    reader = _Reader(text, policy, codes)
    reader.place = start
    return reader.value(0)


_BETWEEN: Final = (
    (_QUOTE_MARK, "odd-space"),
    (re.compile(r"[ \t]+|[\r\n]+"), ""),
    (_ODD_SPACE, "odd-space"),
    (_COMMENT, "comment"),
)
"""What may stand between two tokens, and the repair that takes it away."""


class _Reader:
    def __init__(self, text: str, policy: Policy, codes: set[str]) -> None:
        self.text, self.policy, self.codes = text, policy, codes
        self.place = 0

    def refuse(self) -> NoReturn:
        raise RefusedError

    def skip(self) -> str:
        """Step over white space and comments; gives the next character, empty at the end."""
        while self.place < len(self.text):
            for pattern, code in _BETWEEN:
                found = pattern.match(self.text, self.place)
                if found:
                    self.place = found.end()
                    if code:
                        self.codes.add(code)
                    break
            else:
                return self.text[self.place]
        return ""

    def value(self, depth: int) -> Any:
        if depth > self.policy.max_nesting:
            self.refuse()
        sign = self.skip()
        if sign == "{":
            return self.map(depth)
        if sign == "[":
            return self.list(depth)
        if sign in _QUOTES and sign:
            return self.string()
        found = _NUMBER.match(self.text, self.place)
        if found:
            return self.number(found)
        word = _WORD.match(self.text, self.place)
        if word is None or word.group() not in _CONSTANTS:
            self.refuse()
        self.place = word.end()
        constant, code = _CONSTANTS[word.group()]
        if code:
            self.codes.add(code)
        return Endless(constant) if code == "not-finite" else constant

    def number(self, found: re.Match[str]) -> Any:
        digits = found.group()
        self.place = found.end()
        if not _STRICT_NUMBER.fullmatch(digits):
            if re.match(r"[+-]?0[0-9]", digits):
                self.refuse()  # 007, or the rest of 1,007
            self.codes.add("number-spelling")
        mantissa, _, exponent = digits.lower().partition("e")
        if len(mantissa) > self.policy.max_digits or len(exponent) > 4:
            self.refuse()
        if exponent and abs(int(exponent)) > self.policy.max_digits:
            self.refuse()
        return int(digits) if re.fullmatch(r"[+-]?[0-9]+", digits) else from_decimal(digits.lstrip("+"))

    def string(self) -> str:
        closing, code = _QUOTES[self.text[self.place]]
        if code:
            self.codes.add(code)
        parts: list[str] = []
        at = self.place + 1
        while True:
            if at >= len(self.text):
                self.refuse()
            char = self.text[at]
            if char in closing:
                break
            if char == "\\":
                found = _ESCAPE.match(self.text, at)
                if found is None or (found.group(1)[0] not in "\"'\\/bfnrtu`"):
                    at = self.command(at, parts)
                    continue
                parts.append(_escape(found))
                at = found.end()
                continue
            if char < " ":
                self.codes.add("control-character")
                char = " "
            parts.append(char)
            at += 1
        self.place = at + 1
        text = "".join(parts)
        if _SURROGATE.search(text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            if "\ufffd" in text:
                self.refuse()
        return text

    def command(self, at: int, parts: list[str]) -> int:
        """A command of LaTeX whose backslash was not doubled; gives where it ends."""
        found = _COMMAND.match(self.text, at)
        if found is None or found.group() not in _COMMANDS:
            self.refuse()
        self.codes.add("latex")
        parts.append(found.group())
        return found.end()

    def map(self, depth: int) -> dict[str, Any]:
        self.place += 1
        found: dict[str, Any] = {}
        while True:
            sign = self.skip()
            if sign == "}":
                self.place += 1
                return found
            if self.lacks_last_brace(sign, depth, found):
                return found
            key = self.key(sign)
            if key in found:
                self.refuse()
            if self.skip() != ":":
                self.refuse()
            self.place += 1
            found[key] = self.value(depth + 1)
            self.between("}", found[key])

    def key(self, sign: str) -> str:
        if sign in _QUOTES and sign:
            return self.string()
        found = _KEY.match(self.text, self.place)
        if not found:
            self.refuse()
        self.codes.add("unquoted-key")
        self.place = found.end()
        return found.group()

    def lacks_last_brace(self, sign: str, depth: int, found: dict[str, Any]) -> bool:
        """The text, or its fence, ends where only the outermost brace is missing."""
        ends = sign == "" or self.text.startswith("```", self.place)
        if not (ends and depth == 0 and set(found) >= _SECTIONS):
            return False
        if not isinstance(found[list(found)[-1]], dict | list):
            self.refuse()
        self.codes.add("missing-brace")
        return True

    def list(self, depth: int) -> list[Any]:
        self.place += 1
        found: list[Any] = []
        while True:
            if self.skip() == "]":
                self.place += 1
                return found
            found.append(self.value(depth + 1))
            self.between("]", found[-1])

    def between(self, closing: str, last: Any) -> None:
        """What stands behind an entry: a comma, the closing bracket, or nothing where a comma was forgotten."""
        sign = self.skip()
        if sign == ",":
            self.place += 1
            if self.skip() == closing:
                self.codes.add("trailing-comma")
        elif sign and sign != closing:
            begins = sign in _QUOTES or sign in "{[" or (closing == "}" and _KEY.match(self.text, self.place))
            # Two texts side by side in a list could also be one text in two parts, as Python has it.
            plain = closing == "}" or (isinstance(last, dict | list) and sign in "{[")
            if self.text.startswith("```", self.place):
                return
            if not begins or not plain:
                self.refuse()
            self.codes.add("missing-comma")


def _escape(found: re.Match[str]) -> str:
    what = found.group(1)
    if what[0] == "u" and len(what) == 5:
        return str(json.loads(f'"\\{what}"'))
    return _PLAIN_ESCAPES.get(what, what)
