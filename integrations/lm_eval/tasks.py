"""What ``pyrite_formulation.yaml`` names: the problems, the prompt, and the verdict of an answer as metrics.

The harness loads this file by its path, outside of any package: its imports are absolute. Metrics are those of
:func:`pyrite.integrations.service.as_numbers`; an unknown stage is NaN and is left out of its mean.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from datasets import Dataset

from pyrite.feasibility.policy import read_policy
from pyrite.integrations.service import JudgeService, as_numbers
from pyrite.models.prompts import SYSTEM, question
from pyrite.problems.files import read_problems
from pyrite.problems.problem import Problem

_asked: dict[str, str] = {}


def documents(problems: str = "", policy: str = "", **_: Any) -> dict[str, Any]:
    """The problems as the split ``test``; ``problems`` and ``policy`` are files, named by the harness's ``--metadata``.

    Raises ValueError when no problems are named, and PyriteError for a file that cannot be read.
    """
    if not problems:
        raise ValueError("""name the problems: --metadata '{"problems": "problems.jsonl"}'""")
    _asked["policy"] = policy
    # A problem's JSON stays one text: as columns, every formulation would get the fields of all others.
    rows = [{"id": problem.id, "problem": json.dumps(problem.to_dict())} for problem in read_problems(problems)]
    return {"test": Dataset.from_list(rows)}


def text(doc: Mapping[str, Any]) -> str:
    """The prompt: how to write a formulation, then the problem."""
    return f"{SYSTEM['short']}\n\n{question(_problem(doc))}"


def target(doc: Mapping[str, Any]) -> str:
    """The optimum, where it is known; it is shown and never compared as text."""
    optimum = _problem(doc).optimum
    return "" if optimum is None else str(optimum)


def results(doc: Mapping[str, Any], answers: list[str]) -> dict[str, float]:
    """The metrics of the first answer."""
    return as_numbers(_service().judge(_problem(doc), answers[0]))


def known_mean(values: Iterable[float]) -> float:
    """The mean of what is known; NaN when nothing is."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _problem(doc: Mapping[str, Any]) -> Problem:
    return Problem.from_dict(json.loads(doc["problem"]))


@cache
def _service() -> JudgeService:
    return JudgeService(read_policy(_asked.get("policy") or None), workers=1)
