"""Model files of every format as one text that the ladder reads, with limits that follow the model's size.

The policy's limits on lengths are there for what a language model wrote. A person's own file, or one that ``convert``
wrote, is as long as its model.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..feasibility.errors import PyriteError
from .console import note, read_text

if TYPE_CHECKING:
    from ..feasibility.policy import Policy
    from ..feasibility.programs.program import Program

_MODELS = (".lp", ".mps", ".qps", ".mof.json", ".mof")
_SECOND = 100_000
"""Characters of JSON for which a second is added to the time limit."""


def read_model(path: str, policy: Policy) -> tuple[str, Policy]:
    """The file's text as the ladder takes it, and the policy with room for it.

    LP, MPS and MathOptFormat (by suffix, also ``.gz``) become the formulation's JSON. A ``.json`` file that is one
    object gets room for its length; anything else is an output and keeps the policy's limits. Raises PyriteError.
    """
    text = read_text(path)
    bare = path.lower().removesuffix(".gz")
    if bare.endswith(_MODELS):
        from ..feasibility.convert import read, write

        program = model_program(path, text, read)
        return _roomy(write(program, "json"), policy, program)
    stripped = text.strip()
    if bare.endswith(".json") and stripped[:1] == "{" and stripped[-1:] == "}":
        return _roomy(text, policy)
    return text, policy


def model_program(path: str, text: str, read: Any, policy: Policy | None = None) -> Program:
    """The program in a model file, its notes on standard error. Raises PyriteError that names the file."""
    from ..feasibility.convert import Notes, format_of

    notes = Notes()
    try:
        program: Program = read(text, format_of(path), policy, notes)
    except PyriteError as error:
        raise PyriteError(f"{path}: {error.message}") from error
    for line in notes.lines:
        note(f"pyrite: {line}")
    return program


def _roomy(text: str, policy: Policy, program: Program | None = None) -> tuple[str, Policy]:
    """The policy with every length limit that still is the default raised to what the text needs."""
    from ..feasibility.policy import Policy as Defaults

    needed: dict[str, Any] = {"max_output_chars": len(text), "max_expression_chars": len(text)}
    if program is not None:
        needed |= {"max_rows": len(program.rows), "max_columns": len(program.columns), "max_terms": len(text)}
    if len(text) > _SECOND:
        needed["time_limit"] = Defaults().time_limit + len(text) / _SECOND
    raised = {
        name: value
        for name, value in needed.items()
        if getattr(policy, name) == getattr(Defaults(), name) and value > getattr(policy, name)
    }
    if "max_output_chars" in raised:
        note(f"pyrite: {len(text):,} characters of JSON: the limits on length and time follow the model's size")
    return text, replace(policy, **raised) if raised else policy
