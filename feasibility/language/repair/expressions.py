"""Repairs of expressions: the same formula, spelled as this language spells it.

Quoted set members are never touched. Every rewriting needs something that the grammar does not have (a sign, a
juxtaposition, a label), so a text that reads by the grammar comes out as it went in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ..grammar.tokens import ENTITIES, ENTITY, LATEX, RESERVED, UNICODE, tokenize
from .text import RefusedError

_QUOTED: Final = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
_FULL: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_FULL_SIGN: Final = re.compile("[\uff01-\uff5e\u3000]")
_BLANKS: Final = re.compile(r"(\s)\s{99,}")
"""Blanks that no writer means: what looks for something behind blanks would read them once for each of them."""
_MATH: Final = ((r"\(", r"\)"), (r"\[", r"\]"), ("$$", "$$"), ("$", "$"))
_FRACTION: Final = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_TEXT_COMMAND: Final = re.compile(r"\\(?:text|mathrm|mathit|textit|operatorname)\s*\{([A-Za-z_][\w ]*)\}")
_COMMAND: Final = re.compile(r"(\\(?:[A-Za-z]+|[,;:! _]))((?:\{\})?)")
# In JSON \t, \f and \r are escapes: what a single backslash left of \times, \text, \frac and \right.
_EATEN: Final = re.compile(r"\t(?=imes(?![a-z])|ext\s*\{|frac\s*\{)|\f(?=rac\s*\{)|\r(?=ight(?![a-z]))")
_ESCAPES: Final = {"\t": r"\t", "\f": r"\f", "\r": r"\r"}
_FACTOR: Final = re.compile(r"\s*(?:\(|\\[dt]?frac\b|(?!(?:for|in|if|and|or|not)\b)[A-Za-z_])")
_BEFORE_FRACTION: Final = re.compile(r"(?:(?P<divided>[/÷∕^]|\*\*)|(?P<number>[0-9.]))\s*\Z")
_NUMERIC: Final = re.compile(r"\s*[0-9.]+\s*")
_PLUS: Final = re.compile(r"(\A|<=|>=|==|=|<|>|\()(\s*)\+(?=\s*[\w(.])")
_SYMBOLS: Final = re.compile("|".join(map(re.escape, UNICODE)))
_COMMENT: Final = re.compile(r"\s#[^'\"]*$|\s*/\*[^'\"]*?\*/\s*$")
_REMARK: Final = re.compile(r"\s//\s*([A-Za-z_]\w*)(?!\w|\s*[\[(])[^'\"<>=]{0,300}\Z")
_LABEL: Final = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*:\s*(?![=:])")
_CURRENCY: Final = re.compile(r"(?:US|CA|AU)?[$€£¥₹](?=\s*[0-9])\s*|(?<=[0-9])\s*[€£¥₹$](?![\w])")
_THOUSANDS: Final = re.compile(r"(?<![\w.,])[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![\w,.])")
_ARROW: Final = re.compile(r"=\s?>")
_CONSTANT_SIDE: Final = re.compile(r"\s*[-+]?\s*[0-9][0-9.,]*(?:[eE][-+]?[0-9]+)?\s*")
_RELATION: Final = re.compile(r"<=|>=|==|=<|=>|=|<|>|≤|≥")
_POWER: Final = re.compile(r"\s*\^\s*")
_POWER_ONE: Final = re.compile(r"\s*\*\*\s*1(?![\w.])")
_FOR: Final = re.compile(r"\s*(?:for\s+(?:all|each|every)\s+|for\s+|forall\s+|∀\s*)", re.IGNORECASE)
_NO_PRODUCT: Final = re.compile(r"[xXbBoO][0-9A-Fa-f]*\Z|[eE][0-9]")


def repair_constraint(text: str, names: Mapping[str, str], declared: frozenset[str], codes: set[str]) -> str:
    """The text of a constraint, repaired; ``names`` maps names that were respelled to their new spelling."""
    text = _common(text, names, declared, codes)
    label = _LABEL.match(text)
    if label and label.group(1) not in declared | RESERVED and _RELATION.search(text, label.end()):
        codes.add("label")
        text = text[label.end() :]
    text = _arrows(text, codes)
    return _products(_powers(text, codes), codes)


def repair_objective(text: str, names: Mapping[str, str], declared: frozenset[str], codes: set[str]) -> str:
    """The expression of an objective, repaired."""
    return _products(_powers(_common(text, names, declared, codes), codes), codes)


def repair_family(text: str, names: Mapping[str, str], codes: set[str]) -> str:
    """The ``for`` of a constraint, repaired."""
    begun = _FOR.match(text)
    if begun:
        codes.add("bad-for")
        text = text[begun.end() :]
    return _common(text, names, frozenset(), codes)


def _common(text: str, names: Mapping[str, str], declared: frozenset[str], codes: set[str]) -> str:
    text = _entities(_remark(_BLANKS.sub(r"\1", text), declared, codes), codes)
    text = _outside_quotes(text, _full_width, codes)
    if not declared & {"imes", "ight"}:
        text = _EATEN.sub(lambda found: _ESCAPES[found.group()], text)
    text = _latex(text, codes)
    text = _outside_quotes(text, _symbols, codes)
    text = _rename(text, names)
    comment = _COMMENT.search(text)
    if comment and text[: comment.start()].strip():
        codes.add("expression-comment")
        # The comment may stand behind the dollars or between them.
        text = _latex(text[: comment.start()], codes)
    text = _outside_quotes(text, _currencies, codes)
    return _outside_quotes(_thousands(text, codes), _pluses, codes)


def _remark(text: str, declared: frozenset[str], codes: set[str]) -> str:
    """Without ``// words`` at the end; ``// y`` could divide where y is a name of the model."""
    found = _REMARK.search(text)
    if found is None or found[1] in declared | RESERVED or not text[: found.start()].strip():
        return text
    codes.add("expression-comment")
    return text[: found.start()]


def _pluses(text: str, codes: set[str]) -> str:
    """A plus in front of a side or inside of a parenthesis says nothing."""
    changed = _PLUS.sub(r"\1\2", text)
    if changed != text:
        codes.add("number-spelling")
    return changed


def _outside_quotes(text: str, change: object, codes: set[str]) -> str:
    parts = _QUOTED.split(text)
    for place in range(0, len(parts), 2):
        parts[place] = change(parts[place], codes)  # type: ignore[operator]  # a function of text and codes
    return "".join(parts)


def _entities(text: str, codes: set[str]) -> str:
    def sign(found: re.Match[str]) -> str:
        if found["name"] not in ENTITIES:
            return found.group()
        codes.add("html-entity")
        return ENTITIES[found["name"]]

    return ENTITY.sub(sign, text.replace("&amp;", "&"))


def _full_width(text: str, codes: set[str]) -> str:
    if not _FULL_SIGN.search(text):
        return text
    codes.add("full-width")
    return text.translate(_FULL)


def _latex(text: str, codes: set[str]) -> str:
    if "\\" not in text and not text.strip().startswith("$"):
        return text
    stripped = text.strip()
    for opening, closing in _MATH:
        inner = stripped[len(opening) : len(stripped) - len(closing)]
        if stripped.startswith(opening) and stripped.endswith(closing) and inner and opening not in inner:
            codes.add("latex")
            text = inner
            break

    def command(found: re.Match[str]) -> str:
        word = LATEX.get(found[1])
        return found.group() if word is None or "..." in word else word

    changed = _COMMAND.sub(command, _TEXT_COMMAND.sub(r"\1", text))
    for _ in range(5):
        changed = _FRACTION.sub(lambda found: _fraction(found, codes), changed)
    if changed != text:
        codes.add("latex")
    return changed


def _fraction(found: re.Match[str], codes: set[str]) -> str:
    """A fraction, and a sign before what it multiplies; refused where the product's place is not clear."""
    before = _BEFORE_FRACTION.search(found.string, max(0, found.start() - 20), found.start())
    if before and before["number"] and _NUMERIC.fullmatch(found[1]) and _NUMERIC.fullmatch(found[2]):
        raise RefusedError  # 2\frac{1}{2} is two and a half, or one
    written = f"(({found[1]})/({found[2]}))"
    if _FACTOR.match(found.string, found.end()) is None:
        return written
    if before and before["divided"]:
        raise RefusedError
    codes.add("implicit-product")
    return f"{written}*"


def _symbols(text: str, codes: set[str]) -> str:
    if not _SYMBOLS.search(text):
        return text
    codes.add("unicode-operator")
    return _SYMBOLS.sub(lambda found: UNICODE[found.group()], text)


def _rename(text: str, names: Mapping[str, str]) -> str:
    for raw in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(raw)}(?!\w)", names[raw], text)
    return text


def _currencies(text: str, codes: set[str]) -> str:
    changed = _CURRENCY.sub("", text)
    if changed != text:
        codes.add("currency")
    return changed


def _thousands(text: str, codes: set[str]) -> str:
    """Commas at the thousands, where no index or list can be meant: outside of brackets."""
    if "," not in text:
        return text
    parts: list[str] = []
    depth = last = 0
    for place, char in enumerate(text):
        if char == "[":
            if depth == 0:
                parts.append(_THOUSANDS.sub(_without_commas, text[last:place]))
                last = place
            depth += 1
        elif char == "]" and depth:
            depth -= 1
            if depth == 0:
                parts.append(text[last : place + 1])
                last = place + 1
    tail = text[last:]
    parts.append(tail if depth else _THOUSANDS.sub(_without_commas, tail))
    changed = "".join(parts)
    if changed != text:
        codes.add("thousands-separator")
    return changed


def _without_commas(found: re.Match[str]) -> str:
    return found.group().replace(",", "")


def _arrows(text: str, codes: set[str]) -> str:
    """``=<`` is a relation; ``=>`` could be an implication, unless one of its sides is a number."""
    if "=<" in text and len(_RELATION.findall(text)) == 1:
        codes.add("relation-spelling")
        return text.replace("=<", "<=")
    sides = _ARROW.split(text)
    alone = len(sides) == 2 and not any(_RELATION.search(side) for side in sides)
    if alone and any(_CONSTANT_SIDE.fullmatch(side) for side in sides):
        codes.add("relation-spelling")
        return f"{sides[0]}>={sides[1]}"
    return text


def _powers(text: str, codes: set[str]) -> str:
    if "^" in text:
        codes.add("caret")
        text = _outside_quotes(text, lambda part, _: _POWER.sub("**", part), codes)
    changed = _outside_quotes(text, lambda part, _: _POWER_ONE.sub("", part), codes)
    if changed != text:
        codes.add("bad-power")
    return changed


def _products(text: str, codes: set[str]) -> str:
    """A sign between a number and what it multiplies; refused where the product's place is not clear."""
    tokens = tokenize(text)
    if tokens[-1].kind == "bad":
        raise RefusedError
    cuts: list[int] = []
    depth = 0
    for place, token in enumerate(tokens[:-1]):
        if token.kind == "op" and token.text in "[]":
            depth += 1 if token.text == "[" else -1
        following = tokens[place + 1]
        if depth or token.kind != "number" or following.kind not in ("name", "op"):
            continue
        if following.kind == "op" and following.text != "(":
            continue
        if following.text in RESERVED and following.text != "sum":
            continue
        before = tokens[place - 1].text if place else ""
        touching = token.end == following.at and following.kind == "name"
        if before in ("/", "**") or (touching and _unclear(token.text, following.text)):
            raise RefusedError
        cuts.append(token.end)
    if not cuts:
        return text
    codes.add("implicit-product")
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return "*".join([pieces[0], *(piece.lstrip() for piece in pieces[1:])])


def _unclear(number: str, name: str) -> bool:
    """``0x10``, ``2e3x``: a number of another kind could be meant."""
    return "e" in number.lower() or (number.endswith("0") and _NO_PRODUCT.match(name) is not None)
