"""The program as text: is it Python at all? Nothing is run here; what is found is one code and one sentence."""

from __future__ import annotations

import ast
import json
import re
import warnings
from dataclasses import dataclass

MAX_PROGRAM = 100_000
"""Characters of a program that are read; models of published programs need less than a tenth of it."""

_SHELL = re.compile(r"^\s*(?:%%?[A-Za-z]|!\s*\S|\?\w)", re.MULTILINE)
_PYTHON_TWO = re.compile(
    r"^\s*(?:print\s+[^\s(=.\[]|exec\s+['\"]|raise\s+\w+\s*,|except\s+[\w.]+\s*,\s*\w+\s*:)", re.MULTILINE
)
_PROMPT = re.compile(r"^>>> ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SourceTrouble:
    """Why a program cannot be judged: a code, a sentence, and the program's line where there is one.

    ``certain``: the program is wrong. Otherwise only this reading falls short, and nothing is known.
    """

    code: str
    message: str
    line: int | None = None
    certain: bool = True


def parse(text: str) -> ast.Module | SourceTrouble:
    """The program's syntax tree, or what is wrong with its text.

    >>> parse("print 'no'").code, parse("!pip install pulp\\nimport pulp").code, parse("x = (1").code
    ('python-two', 'shell-command', 'syntax-error')
    """
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_PROGRAM:
        return SourceTrouble(
            "program-too-long", f"the program has {len(text):,} characters; at most {MAX_PROGRAM:,} are read"
        )
    if not text.strip():
        return SourceTrouble("empty-output", "the program is empty")
    if _is_notebook(text):
        return SourceTrouble("notebook", "this is a notebook (JSON of cells), not a program")
    if "\x00" in text:
        return SourceTrouble("syntax-error", "the program holds a NUL character")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python says about doubtful escapes is not our message
            tree = ast.parse(text)
            compile(text, "program", "exec", dont_inherit=True)  # finds 'return' outside a function; runs nothing
    except SyntaxError as error:
        return _syntax(text, error)
    except (RecursionError, MemoryError):
        return SourceTrouble("program-too-deep", "the program nests too deeply to be read")
    except ValueError as error:  # surrogates, or a number of more digits than Python reads
        return SourceTrouble("syntax-error", f"not readable as Python: {str(error)[:120]}")
    return tree


def _syntax(text: str, error: SyntaxError) -> SourceTrouble:
    line = error.lineno
    if "too many nested" in (error.msg or "") or "too complex" in (error.msg or ""):
        return SourceTrouble("program-too-deep", "the program nests too deeply to be read", line)
    shell = _SHELL.search(text)
    if shell is not None:
        at = text.count("\n", 0, shell.end()) + 1
        return SourceTrouble("shell-command", f"line {at}: a shell or notebook command, which is no Python", at)
    if _PYTHON_TWO.search(text):
        return SourceTrouble("python-two", f"line {line}: this is Python 2 ({error.msg})", line)
    prompt = " (it is copied from an interactive session)" if _PROMPT.search(text) else ""
    return SourceTrouble("syntax-error", f"line {line}: {error.msg}{prompt}", line)


def _is_notebook(text: str) -> bool:
    if not text.lstrip().startswith("{") or '"cells"' not in text:
        return False
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and isinstance(document.get("cells"), list)
