"""Tables for papers: LaTeX (booktabs) that never runs off the page.

The width is bounded by construction: an interval stands under its rate, long names and titles are broken, and what is
still wider than a line is scaled down to it (``\\resizebox``, only then). A long table becomes several floats that each
fit on a page, for no float may be higher than one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..escaping import shortened
from .table import Table, TableColumn

PREAMBLE = "% needs \\usepackage{booktabs,graphicx}; names in other scripts than Latin want XeLaTeX or LuaLaTeX"
"""The comment that stands over exported tables."""

LINES = 30
"""Lines of a float: caption, titles, rows, notes. A page of the article class at 12 points holds 36, gaps included."""

_TEXT = 60
"""Characters of a caption or note in a line, at the least: letter paper at 12 points."""

_WIDE = 30
"""Characters beyond which a cell of text is broken into lines."""
_NARROW = 11
"""Characters beyond which a title of numbers is broken between its words."""

_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "−": "$-$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "→": r"$\to$",
    "…": r"\dots{}",
    "·": r"$\cdot$",
    "×": r"$\times$",
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}
_RATE = re.compile(r"(.+) \(([^()]*)\)")


def latex(table: Table) -> str:
    """The table as floats for ``\\usepackage{booktabs,graphicx}``: caption from the title, notes below in small type.

    One float unless the rows need more than a page; then each continues the one before, the notes under the last.
    """
    label = re.sub("[^a-z0-9]+", "-", table.name.lower())
    head = 1 + _lines(table.title) + max((_title_height(column) for column in table.columns), default=1)
    parts = _parts(table.rows, LINES - head, _lines(" ".join(table.notes)) if table.notes else 0)
    written = []
    for number, rows in enumerate(parts):
        more = f" ({number + 1} of {len(parts)})" if len(parts) > 1 else ""
        name = f"tab:{label}" + (f"-{number + 1}" if number else "")
        notes = table.notes if number == len(parts) - 1 else ()
        written.append(_float(table, rows, _breakable(table.title, 2000) + more, name, notes))
    return "\n".join(written)


def _float(table: Table, rows: Sequence[Sequence[str]], caption: str, label: str, notes: Sequence[str]) -> str:
    columns = "".join("r" if column.numeric else "l" for column in table.columns)
    lines = [
        r"\begin{table}",
        r"  \centering",
        r"  \setlength{\tabcolsep}{4pt}",
        f"  \\caption{{{caption}}}",
        f"  \\label{{{label}}}",
        r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        f"  \\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"    \toprule",
        "    " + " & ".join(_title(column.title, column.numeric) for column in table.columns) + r" \\",
        r"    \midrule",
    ]
    lines += ["    " + " & ".join(_cell(cell) for cell in row) + r" \\" for row in rows]
    lines += [r"    \bottomrule", r"  \end{tabular}}"]
    if notes:
        text = _breakable(" ".join(notes), 2000)
        lines += ["", r"  \smallskip", r"  \parbox{\linewidth}{\small\raggedright " + text + "}"]
    return "\n".join([*lines, r"\end{table}", ""])


def _parts(rows: Sequence[Sequence[str]], room: int, notes: int) -> list[list[Sequence[str]]]:
    """Rows in floats of at most ``room`` lines, the last of which has its notes too; no rows are one float."""
    parts: list[list[Sequence[str]]] = [[]]
    used = 0
    for row in rows:
        high = max((_height(cell) for cell in row), default=1)
        if parts[-1] and used + high > room:
            parts.append([])
            used = 0
        parts[-1].append(row)
        used += high
    if used + notes > room and len(parts[-1]) > 1:  # the notes take the last row to a float of their own
        parts.append([parts[-1].pop()])
    return parts


def _lines(text: str) -> int:
    return 1 + min(len(text), 2000) // _TEXT


def _title_height(column: TableColumn) -> int:
    return 1 + len(column.title) // _NARROW if column.numeric else _height(column.title)


def _height(cell: str) -> int:
    if _RATE.fullmatch(cell):
        return 2
    return 1 if len(cell) <= _WIDE else 1 + min(len(cell), 400) // 24


def _cell(cell: str) -> str:
    """An interval under its rate; long text in lines."""
    rate = _RATE.fullmatch(cell)
    if rate and len(cell) <= 2 * _WIDE:
        return _stack([escaped(rate[1]), r"{\scriptsize (" + escaped(rate[2]) + ")}"], "r")
    if len(cell) <= _WIDE:
        return escaped(cell)
    return r"\parbox[t]{4.6cm}{\raggedright " + _breakable(cell, 400) + r"\strut}"


def _title(title: str, numeric: bool) -> str:
    if len(title) <= _NARROW or not numeric:
        return _cell(title) if len(title) > _WIDE else escaped(title)
    lines = [""]
    for word in shortened(title, 200).split():
        if lines[-1] and len(lines[-1]) + len(word) >= _NARROW:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    broken = [_cell(line) if len(line) > _WIDE else escaped(line) for line in lines]
    return _stack(broken, "r", "b")


def _stack(lines: Sequence[str], side: str, place: str = "t") -> str:
    return f"\\begin{{tabular}}[{place}]{{@{{}}{side}@{{}}}}" + r"\\".join(lines) + r"\end{tabular}"


def escaped(text: str, most: int = 2000) -> str:
    """Text on one line as LaTeX prints it: no sign of it is markup."""
    return "".join(_SIGNS.get(sign, sign) for sign in shortened(text, most))


def _breakable(text: str, most: int) -> str:
    """The same with places where long words may end a line: after their signs, and every twelve letters without one."""
    words = []
    for word in shortened(text, most).split(" "):
        if len(word) <= 18:
            words.append(escaped(word))
            continue
        pieces = [piece for part in re.split(r"(?<=[-_./:,=])", word) for piece in re.findall(r".{1,12}", part)]
        words.append(r"\allowbreak{}".join(escaped(piece) for piece in pieces))
    return " ".join(words)
