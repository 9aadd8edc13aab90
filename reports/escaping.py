"""Text from models and files, made safe and visible. Everything hostile about text in a page is handled here.

Markup is escaped; control characters and the invisible signs that reorder text (right-to-left overrides and isolates)
are written out, so that nobody reads something else than what is there; lone surrogates, which no file can hold, become
the replacement sign; long text is cut with a note.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from html import escape

from ..feasibility.disk import storable

MAX_SHOWN = 20_000
"""Characters of one text that a page shows; the whole is in a file beside the page."""

# C0 and C1 controls but tab and newline; the reordering signs; zero-width signs; line and paragraph separators; tags.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """Escaped markup of a text in which every hidden sign is written out: ``⟨U+202E⟩``."""
    if text.isalnum() and text.isascii():
        return text  # most texts of a page are names and numbers
    return _HIDDEN.sub(_written, escape(storable(text)))


def _written(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 13:
        return ""  # a carriage return before a line feed shows as nothing, as everywhere
    title = unicodedata.name(match[0], "control character").lower()
    return f'<span class="hidden-sign" title="{escape(title)}">⟨U+{code:04X}⟩</span>'


def shortened(text: str, most: int = 120) -> str:
    """The text on one line, at most ``most`` characters, for titles and tables; hidden signs become spaces."""
    line = " ".join(_HIDDEN.sub(" ", storable(text[: 4 * most])).split())
    return line if len(line) <= most and len(text) <= 4 * most else line[: most - 1] + "…"


def file_name(identifier: str) -> str:
    """A file name for any problem id: its harmless characters, and a hash when anything was left out.

    Names differ even on file systems that ignore case, and are never a device, a dot or a path.

    >>> file_name("bakery-12"), file_name("../../etc/passwd")
    ('bakery-12', 'etc-passwd-3754d6cb')
    """
    harmless = re.sub(r"[^a-z0-9_-]+", "-", identifier[:200]).strip("-")[:60]
    if harmless and harmless == identifier and not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)", harmless):
        return harmless
    digest = hashlib.sha256(storable(identifier).encode()).hexdigest()[:8]
    return f"{harmless or 'problem'}-{digest}"
