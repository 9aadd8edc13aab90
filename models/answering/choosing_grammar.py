"""Which grammar an answer keeps to: by the decoding that was asked for and by the problem's task."""

from __future__ import annotations

from ...problems.problem import Problem
from ..settings import Decoding


def grammar_for(decoding: Decoding, problem: Problem, *, numbered: bool = False) -> str | None:
    """The grammar's text, or None where the model writes freely.

    ``numbered`` is for back ends that take a grammar alone (see ``names_grammar``). Raises PyriteError for ``names``
    without a reference.
    """
    if decoding == "free":
        return None
    if problem.task == "plan":
        from .plan_grammar import any_plan_grammar, plan_grammar

        return any_plan_grammar() if decoding == "grammar" else plan_grammar(problem)
    from .grammar import language_grammar
    from .names_grammar import names_grammar

    return language_grammar() if decoding == "grammar" else names_grammar(problem, numbered=numbered)


def has_own_keys(decoding: Decoding, problem: Problem) -> bool:
    """Whether the names of constraints are the model's own, so that being different is held beside the grammar."""
    return decoding == "names" and problem.task != "plan"
