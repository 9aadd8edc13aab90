"""Small helps for messages: the name that was probably meant, a long name cut short, a JSON pointer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

_LONGEST = 40
_MOST = 300


def closest(wrong: str, known: Iterable[str], meant: Mapping[str, str] | None = None) -> str:
    """``did you mean 'upper'?``, or nothing. ``meant`` maps lower-case words to what people mean by them.

    Work is bounded: long words get no suggestion, and only the first few hundred known names are looked at.

    >>> closest("uper", ["lower", "upper"]), closest("lb", ["lower", "upper"], {"lb": "lower"}), closest("q", ["upper"])
    ("did you mean 'upper'?", "did you mean 'lower'?", '')
    """
    if len(wrong) > _LONGEST:
        return ""
    names = [name for name in islice(known, _MOST) if len(name) <= _LONGEST]
    guess = (meant or {}).get(wrong.lower())
    if guess not in names:
        same = [name for name in names if name.lower() == wrong.lower()]
        if not same:
            from difflib import get_close_matches

            same = get_close_matches(wrong, names, 1, 0.7)
        guess = same[0] if same else None
    return f"did you mean {guess!r}?" if guess else ""


def shorten(name: str) -> str:
    """The name in quotes, cut when it is long."""
    return repr(name if len(name) <= _LONGEST else name[: _LONGEST - 3] + "...")


def escape(key: str) -> str:
    """A key as one part of a JSON pointer (RFC 6901).

    >>> escape("a/b~c")
    'a~1b~0c'
    """
    return key.replace("~", "~0").replace("/", "~1")
