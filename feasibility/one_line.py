"""Foreign text on a terminal or in a log: the one function that every printer uses.

Names, ids, messages and answers come from models and strangers' files. Printed raw they could start a new line that a
CI system takes for a command, move the cursor, recolour the screen, or reorder what is read.
"""

from __future__ import annotations

import re
import secrets

# C0 and C1 controls; reordering, zero-width and invisible signs; line and paragraph separators; tags; lone surrogates.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_BLANKS = ("\n", "\r", "\t", "\x0b", "\x0c", "\x85", "\u2028", "\u2029")
_COMMAND = re.compile(r"^(\s*):(?=:)")
_OLD_COMMAND = re.compile(r"##(?=(?:vso|teamcity)?\[)")
_OURS = f"\ue000{secrets.token_hex(8)}"  # stands before a style of ours, and nobody's text can have it
_STYLE = re.compile(f"{_OURS}\x1b\\[[0-9;]*m")


def one_line(text: object, most: int = 0) -> str:
    """The text on one line with every hidden sign written out (``<U+202E>``); with ``most`` cut to that many signs.

    >>> one_line("a\\n::error::b"), one_line("\\x1b[31mred"), one_line("::warning::x")
    ('a ::error::b', '<U+001B>[31mred', ': :warning::x')
    """
    line = str(text)
    if most and len(line) > most:
        line = line[: most - 1] + "…"
    if line.isalnum() and line.isascii():
        return line
    return harmless(_HIDDEN.sub(_shown, line))


def ours(styled: str) -> str:
    """Text in styles that we put on: :func:`lines` keeps them, and :func:`printed` hands them to the terminal."""
    return styled.replace("\x1b[", f"{_OURS}\x1b[")


def unstyled(text: str) -> str:
    """The text without our styles."""
    return _STYLE.sub("", text)


def printed(text: object) -> str:
    """What goes to the terminal: :func:`lines` with our styles as it understands them."""
    return lines(text).replace(_OURS, "")


def lines(text: object) -> str:
    """Text of several lines that we wrote ourselves, made harmless; :func:`ours` styles stay, others are written out.

    >>> lines("a\\n::error::b \\x1b[1m")
    'a\\n: :error::b <U+001B>[1m'
    """
    return "\n".join(_line(line) for line in str(text).split("\n"))


def _line(line: str) -> str:
    styles = _STYLE.findall(line)
    if not styles:
        return harmless(_HIDDEN.sub(_shown, line.replace(_OURS, "")))
    parts = [_OLD_COMMAND.sub("# #", _HIDDEN.sub(_shown, part)) for part in _STYLE.split(line)]
    if _COMMAND.match("".join(parts)):  # the styles are taken out where nobody sees them
        first = next(place for place, part in enumerate(parts) if part.strip())
        parts[first] = parts[first].replace(":", ": ", 1)
    return "".join(part + style for part, style in zip(parts, [*styles, ""], strict=True))


def harmless(line: str) -> str:
    """The line so that no CI system reads a command of its own in it (``::name::`` first, ``##[``, ``##vso[``)."""
    return _OLD_COMMAND.sub("# #", _COMMAND.sub(r"\1: ", line))


def in_json(text: str) -> str:
    """JSON text in which hidden signs and what CI systems listen to are escapes; it means the same."""
    shown = _HIDDEN.sub(lambda match: match[0] if match[0] == "\n" else _escape(ord(match[0])), text)
    return _OLD_COMMAND.sub("#\\\\u0023", shown)


def _shown(match: re.Match[str]) -> str:
    return " " if match[0] in _BLANKS else f"<U+{ord(match[0]):04X}>"


def _escape(code: int) -> str:
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
