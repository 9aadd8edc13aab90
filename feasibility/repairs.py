"""The list of repairs that ``repair = form`` makes: fixed, documented and hashed.

The hash is part of the policy's, so that two runs can be seen to mean the same by *repaired*. The name of a repair is
the code of the deviation that it undoes; ``feasibility/language/repair/`` does them. What is not listed is not
repaired: percent signs (of what?), strict inequalities, missing bounds, duplicate keys, things left out with dots,
units, ``1,000`` in a list, cut and unfinished answers.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

REPAIRS: Final[dict[str, str]] = {
    # The text.
    "wrapper": "the one formulation inside another JSON value is taken (several only when they are the same)",
    "escaped-quotes": "one level of escapes is removed",
    "trailing-comma": "a comma before a closing bracket is removed",
    "missing-comma": "a comma is put between two entries of a map, or of a list of maps or lists",
    "missing-brace": "the last brace is put, where all three sections stand and are closed",
    "comment": "comments (//, #, /* */) between tokens are removed",
    "single-quotes": "single quotes and backticks become double quotes",
    "smart-quotes": "typographic quotes become double quotes",
    "unquoted-key": "a key that is an identifier gets its quotes",
    "python-literal": "None, True, False become null, true, false",
    "number-spelling": "+1, .5 and 5. become 1, 0.5 and 5.0, and +2*x becomes 2*x",
    "odd-space": "no-break and other spaces between tokens, and the > of a Markdown quote, become spaces",
    "control-character": "line breaks and tabs inside of a text become spaces",
    "not-finite": "Infinity as an upper bound, and -Infinity as a lower one, become null",
    # The shape.
    "case-of-word": "keys, domains and senses are written in lower case",
    "other-word": "other words for keys, domains, senses are replaced (feasibility/language/document/words.py)",
    "extra-key": "keys that hold words about the model are left away",
    "number-as-text": "a bound or value that is a number in quotes loses them",
    "thousands-separator": "the commas at the thousands of a number in a text are removed, outside of [ ]",
    "infinite-bound": "inf and the like, as an upper bound, and -inf as a lower one, become null",
    "variables-as-list": "a list of maps with names becomes a map by name",
    "constraints-as-list": "a list of texts, or of maps with an expression, becomes a map by name, or by number",
    "constraint-as-map": "a map that holds only the expression becomes the expression",
    "objective-as-text": "'maximize 3*x' becomes sense and expression",
    "bad-name": "a name with blanks, hyphens, braces or letters beyond ASCII gets a plain one, everywhere",
    # Expressions.
    "html-entity": "&lt; and the like become the sign",
    "full-width": "full-width digits and signs become ordinary ones",
    "latex": "\\cdot, \\le, \\frac{a}{b}, $...$ and the like become *, <=, (a)/(b), with one backslash too",
    "unicode-operator": "≤, ×, −, ² and the like become <=, *, -, **2",
    "expression-comment": "a comment behind an expression is removed",
    "label": "'name:' before a constraint is removed",
    "currency": "the currency sign at a number is removed",
    "relation-spelling": "=< becomes <=; => becomes >= where one of its sides is a number",
    "caret": "^ becomes **",
    "bad-power": "**1 is removed",
    "implicit-product": "* is put between a number or \\frac and the name or parenthesis after it, not behind / or **",
    "bad-for": "the word 'for' or 'for all' at the beginning of a family is removed",
}
"""Every repair and what it does."""


def digest() -> str:
    """A short hash of the list: what *repaired* means in a run."""
    return hashlib.sha256(json.dumps(REPAIRS, sort_keys=True).encode()).hexdigest()[:16]
