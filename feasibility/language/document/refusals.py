"""Whether a text without any JSON is a refusal, by how it begins.

A fixed, short list of openings in the first words; an answer that also holds an object is never asked here.
"""

from __future__ import annotations

import re
from typing import Final

_OPENING: Final = re.compile(
    r"[\s\"'*_>-]*(?:(?:i'?m|i am|we'?re|we are)\s+(?:(?:very|so|really|terribly)\s+)?(?:sorry|afraid)\b"
    r"|sorry\b|(?:my )?apologies\b|i apologi[sz]e\b"
    r"|(?:unfortunately,?\s+)?(?:as an? (?:ai|language model|large language model)[^.!?\n]{0,60}?,?\s*)?"
    r"(?:i|we)\s+(?:can'?t|cannot|can not|am unable to|am not able to|'m unable to|'m not able to|won'?t|will not"
    r"|must decline|have to decline|decline)\b)",
    re.IGNORECASE,
)
_LONGEST: Final = 2_000


def is_refusal(text: str) -> bool:
    """Whether a short text that holds no object begins by refusing.

    >>> is_refusal("I'm sorry, but I can't help with that."), is_refusal("Bake 30 loaves of bread.")
    (True, False)
    """
    plain = text.strip().replace("’", "'")
    return len(plain) <= _LONGEST and _OPENING.match(plain) is not None
