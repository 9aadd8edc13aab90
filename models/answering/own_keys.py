"""No constraint is named twice: the one promise of a names grammar that a context-free grammar cannot make.

Beside the grammar, the text is followed up to the constraints' names, and the tokens that would close a name that was
given before are forbidden at that place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

_SECTION = '"constraints":{'
_WHOLE = re.compile(r'[\s,{]*"([^"]+)"')
"""A token that opens and closes a name by itself."""


class Closers:
    """Which tokens of a tokenizer close a name, by what they add to it; and which write a whole name at once."""

    def __init__(self, tokenizer: Any) -> None:
        self.text: dict[int, str] = {}
        self.after: dict[str, list[int]] = defaultdict(list)
        self.whole: dict[str, list[int]] = defaultdict(list)
        special = set(tokenizer.all_special_ids)
        for word, token in tokenizer.get_vocab().items():
            if '"' not in word or token in special:
                continue
            text = str(tokenizer.decode([token]))
            self.after[text.partition('"')[0]].append(token)
            found = _WHOLE.match(text)
            if found:
                self.whole[found[1]].append(token)


class OwnKeys:
    """Follows one answer, written in the canonical order of a names grammar.

    >>> keys = OwnKeys()
    >>> keys.feed('{"constraints":{"oven":"x <= 3","ov')
    >>> keys.used, keys.inside, keys.name
    ({'oven'}, True, 'ov')
    """

    def __init__(self) -> None:
        self.used: set[str] = set()
        self.name = ""
        self.inside = False
        """Within a constraint's name."""
        self.before = False
        """Where a constraint's name may begin."""
        self._seen = ""
        self._depth = -1  # below 0: not among the constraints
        self._quoted = False

    def feed(self, text: str) -> None:
        """Go on with what was written."""
        for char in text:
            if self._depth < 0:
                if not char.isspace():
                    self._seen = (self._seen + char)[-len(_SECTION) :]
                if self._seen == _SECTION:
                    self._depth, self.before = 0, True
                    self.used.clear()
            elif self.inside:
                if char == '"':
                    self.used.add(self.name)
                    self.inside = False
                else:
                    self.name += char
            elif self._quoted:
                self._quoted = char != '"'
            elif char == '"':
                self.inside, self._quoted = self.before, not self.before
                self.name, self.before = "", False
            elif char in "{}":
                self._depth += 1 if char == "{" else -1
                self._seen = ""
                self.before = False
            elif char == "," and self._depth == 0:
                self.before = True

    def forbidden(self, closers: Closers) -> list[int]:
        """The tokens that would give a name for the second time."""
        found: list[int] = []
        for name in self.used:
            if self.inside and name.startswith(self.name):
                found += closers.after.get(name[len(self.name) :], [])
            elif self.before:
                found += closers.whole.get(name, [])
        return found
