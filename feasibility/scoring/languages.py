"""Which task a text is judged as, when answers may be formulations or programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..errors import PyriteError

LANGUAGES: Final = ("auto", "formulation", "code")
"""What ``--language`` takes. ``auto`` looks at each text."""


def task_of(text: str, language: str = "auto") -> str:
    """The task of an output: ``code`` when its answer is a program and no formulation is spoken of, else formulation.

    Raises PyriteError for a language that does not exist.

    >>> task_of("```python\\nimport pulp\\n```"), task_of('{"variables": {}}'), task_of("Sure!")
    ('code', 'formulation', 'formulation')
    """
    if language not in LANGUAGES:
        raise PyriteError(f"the language is {', '.join(LANGUAGES)}, not {language!r}")
    if language != "auto":
        return language
    if '"variables"' in text or not _says_import(text):
        return "formulation"
    from ..language.document.fences import last_program

    findings = last_program(text).findings
    # A cut program is a program that is not whole, and no formulation.
    return "formulation" if findings and findings[0].code != "truncated" else "code"


def by_task(texts: Iterable[str], language: str = "auto") -> dict[str, list[int]]:
    """The places of the texts of each task, formulations first; a task without texts is left out."""
    found: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        found.setdefault(task_of(text, language), []).append(place)
    return dict(sorted(found.items(), key=lambda entry: entry[0] != "formulation"))


def fenced(program: str) -> str:
    """A file's program as an output that holds nothing else, whatever fences stand in its own texts.

    >>> fenced("x = 1")
    '```python\\nx = 1\\n```\\n'
    """
    marks = "```"
    while marks in program:
        marks += "`"
    return f"{marks}python\n{program}\n{marks}\n"


def _says_import(text: str) -> bool:
    """Whatever uses a solver library imports it; most formulations are told by this alone."""
    return "import" in text
