"""Words that writers use for the language's own: the schema names them in its hints, the repairs put the right ones."""

from __future__ import annotations

import re
from typing import Final, Literal

KEYS: Final[dict[str, dict[str, str]]] = {
    "formulation": {
        "vars": "variables",
        "variable": "variables",
        "decision_variables": "variables",
        "params": "parameters",
        "parameter": "parameters",
        "subject_to": "constraints",
        "constraint": "constraints",
        "objective_function": "objective",
    },
    "variable": {
        "type": "domain",
        "vartype": "domain",
        "var_type": "domain",
        "lb": "lower",
        "lower_bound": "lower",
        "lowerbound": "lower",
        "min": "lower",
        "ub": "upper",
        "upper_bound": "upper",
        "upperbound": "upper",
        "max": "upper",
        "indices": "index",
    },
    "objective": {
        "direction": "sense",
        "type": "sense",
        "goal": "sense",
        "expr": "expression",
        "formula": "expression",
    },
    "constraint": {"forall": "for", "for_all": "for", "expr": "expression", "formula": "expression"},
    "parameter": {"value": "values", "indices": "index"},
}
"""Other words for keys, by the node they stand in; all lower case."""

DOMAINS: Final = {
    "int": "integer",
    "integers": "integer",
    "whole": "integer",
    "real": "continuous",
    "reals": "continuous",
    "float": "continuous",
    "cont": "continuous",
    "bool": "binary",
    "boolean": "binary",
    "bin": "binary",
    "01": "binary",
    "{0,1}": "binary",
}
"""Other words for domains, lower case and without blanks, underscores and hyphens."""

LIMITED_DOMAINS: Final = {
    "nonnegativeintegers": ("integer", 0),
    "nonnegativeinteger": ("integer", 0),
    "positiveintegers": ("integer", 1),
    "positiveinteger": ("integer", 1),
    "nonnegativereals": ("continuous", 0),
    "nonnegativereal": ("continuous", 0),
    "nonnegativecontinuous": ("continuous", 0),
}
"""Domains of other languages that also say a lower bound, with that bound."""

SENSES: Final = {
    "min": "minimize",
    "minimise": "minimize",
    "minimum": "minimize",
    "minimization": "minimize",
    "minimisation": "minimize",
    "max": "maximize",
    "maximise": "maximize",
    "maximum": "maximize",
    "maximization": "maximize",
    "maximisation": "maximize",
    "satisfy": "feasibility",
    "feasible": "feasibility",
}
"""Other words for senses, lower case."""

EXTRA: Final = frozenset(
    {
        *("explanation", "explanations", "description", "comment", "comments", "_comment", "note", "notes", "title"),
        *("reasoning", "rationale", "remark", "remarks", "meaning", "interpretation", "summary", "label"),
        *("unit", "units", "thoughts"),
    }
)
"""Keys whose values are words about the model and no part of it, wherever they stand."""

EXTRA_ON_TOP: Final = frozenset(
    {"name", "type", "problem", "problem_type", "model_name", "model_type", "version", "$schema", "$id"}
)
"""More of them, beside the sections only."""

EXTRA_IN_ROWS: Final = frozenset({"name"})
"""More of them, in a variable, parameter or constraint that has its name as its key already."""

_UNLIMITED: Final = {
    "upper": frozenset({"inf", "+inf", "infinity", "+infinity", "∞", "+∞", "none", "null"}),
    "lower": frozenset({"-inf", "-infinity", "-∞", "−∞", "none", "null"}),
}
SENTENCE: Final = re.compile(r"\s*(max|min)(?:imi[sz]e)?\s*:?\s+(?=\S)", re.IGNORECASE)
"""The beginning of an objective that is said in a sentence."""
NUMBER_TEXT: Final = re.compile(r"\s*-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\s*")
"""A number of JSON, written as a text."""
THOUSANDS_TEXT: Final = re.compile(r"\s*-?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?\s*")
"""A number with a comma at each thousand, written as a text."""


def plain(word: str) -> str:
    """A word as the tables list it: lower case, without blanks, underscores and hyphens."""
    return re.sub(r"[\s_\-]+", "", word.lower())


def unlimited(side: Literal["lower", "upper"] | str, value: object) -> bool:
    """Whether a text in the place of a bound says that there is none."""
    return isinstance(value, str) and value.strip().lower() in _UNLIMITED[side]


def is_extra(key: str, node: str) -> bool:
    """Whether a key that the language does not have is about the model and no part of it."""
    word = key.strip().lower()
    if word in EXTRA:
        return True
    return word in EXTRA_ON_TOP if node == "formulation" else node != "objective" and word in EXTRA_IN_ROWS


def other_word(key: str, node: str) -> str | None:
    """The key that is meant by another word for it."""
    return KEYS[node].get(key.strip().lower().replace(" ", "_").replace("-", "_"))
