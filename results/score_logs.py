"""Scores that other harnesses gave, read for a paired comparison: inspect_ai's logs and lm-eval's samples.

Only scores of 0 and 1 are compared: exact McNemar and paired intervals are about passes. Anything else is named and
left out. Nothing is judged again here, and nothing of a log is evaluated.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

import numpy as np

from ..feasibility.errors import PyriteError
from ..feasibility.one_line import one_line
from .comparing import Change, Flip, compare_states, holm
from .observing import FAIL, PASS, UNKNOWN
from .readers.containers import read_rows

SampleKey: TypeAlias = tuple[str, int]
"""A question's id in its log, and which try it was."""

_WORDS: Final = {"C": PASS, "CORRECT": PASS, "I": FAIL, "INCORRECT": FAIL, "N": FAIL, "NOANSWER": FAIL}
"""What inspect writes for a score that is a word. P (partly) is neither."""
_NO_SCORE: Final = frozenset({"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"})


@dataclass(eq=False)
class ScoreLog:
    """The 0/1 scores of one log: by score's name, then by question and try. ``questions`` holds a hash of each text."""

    name: str
    scores: dict[str, dict[SampleKey, int]] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_score_log(path: str | os.PathLike[str]) -> ScoreLog:
    """The scores of an inspect log (``.eval``, ``.json``) or of lm-eval's ``samples_*.jsonl``.

    A score that is NaN or missing is unknown. Raises PyriteError when the file is neither, has no score of 0 and 1, or
    has two rows for one question and try.
    """
    label = one_line(os.fspath(path), 200)
    found = read_rows(os.fspath(path), label)
    log = ScoreLog(os.path.basename(os.fspath(path)), notes=list(found.notes))
    other: dict[str, object] = {}
    for number, row in found.rows:
        entries = _inspect(row) if "epoch" in row and "id" in row else _lm_eval(row) if "doc_id" in row else None
        if entries is None:
            raise PyriteError(f"{label}: row {number} is of no known log (inspect's samples, lm-eval's samples)")
        for key, question, name, value in entries:
            log.questions.setdefault(key[0], question)
            if log.questions[key[0]] != question:
                raise PyriteError(f"{label}: two different questions have the id {one_line(key[0], 80)!r}")
            state = _state(value)
            if state is None:
                other.setdefault(name, value)
                continue
            states = log.scores.setdefault(name, {})
            if key in states:
                raise PyriteError(f"{label}: question {one_line(key[0], 80)!r} is scored twice in row {number}")
            states[key] = state
    for name, value in other.items():
        log.scores.pop(name, None)
        log.notes.append(f"{one_line(name, 60)} is left out: it has values other than 0 and 1 ({one_line(value, 40)})")
    log.scores = {name: states for name, states in log.scores.items() if set(states.values()) - {UNKNOWN}}
    if not log.scores:
        raise PyriteError(f"{label}: no score of 0 and 1 in it" + (f"; {log.notes[0]}" if log.notes else ""))
    return log


def compare_logs(first: ScoreLog, second: ScoreLog) -> tuple[list[Change], list[Flip]]:
    """Every score that both logs have, over the questions that both have; Holm's adjustment over all of them.

    Raises PyriteError when the logs share no score or no question, or when one id stands for two questions.
    """
    shared = sorted(set(first.questions) & set(second.questions))
    names = [name for name in first.scores if name in second.scores]
    if not names:
        raise PyriteError(f"the logs share no score: {_some(first.scores)} against {_some(second.scores)}")
    if not shared:
        raise PyriteError("the logs share no question: no id is in both")
    for identifier in shared:
        if first.questions[identifier] != second.questions[identifier]:
            raise PyriteError(f"question {one_line(identifier, 80)!r} is another one in the second log")
    changes, flips = [], []
    for name in names:
        before, after = first.scores[name], second.scores[name]
        keys = sorted(key for key in before if key in after)
        places = {identifier: place for place, identifier in enumerate(shared)}
        a = np.array([before[key] for key in keys], dtype=np.int8)
        b = np.array([after[key] for key in keys], dtype=np.int8)
        changes.append(compare_states(name, a, b, np.array([places[key[0]] for key in keys], dtype=np.int64)))
        for key, x, y in zip(keys, a.tolist(), b.tolist(), strict=True):
            if {x, y} == {PASS, FAIL}:
                flips.append(Flip(*key, name, "lost" if x == PASS else "gained"))
    # Scores of other harnesses are not nested as stages are: each is a comparison of its own.
    p_values = holm([change.p for change in changes])
    changes = [replace(change, p_holm=p) for change, p in zip(changes, p_values, strict=True)]
    return changes, sorted(flips, key=lambda flip: flip.direction == "gained")


def _inspect(row: Mapping[str, Any]) -> Iterator[tuple[SampleKey, str, str, object]]:
    epoch = row["epoch"] if isinstance(row["epoch"], int) else 1
    key = (str(row.get("id")), epoch)
    scores = row.get("scores")
    if not isinstance(scores, Mapping):
        return  # the sample failed, or nobody scored it
    for scorer, score in scores.items():
        value = score.get("value") if isinstance(score, Mapping) else score
        if isinstance(value, Mapping):
            for part, number in value.items():
                yield key, _hash(row.get("input")), f"{scorer}/{part}", number
        else:
            yield key, _hash(row.get("input")), str(scorer), value


def _lm_eval(row: Mapping[str, Any]) -> Iterator[tuple[SampleKey, str, str, object]]:
    key = (str(row["doc_id"]), 1)
    named = row.get("metrics")
    names = named if isinstance(named, list) else [name for name in row if name not in _NO_SCORE and "hash" not in name]
    after = "" if row.get("filter") in (None, "none") else f" ({row['filter']})"
    for name in names:
        yield key, _hash(row.get("doc")), f"{name}{after}", row.get(str(name))


def _state(value: object) -> int | None:
    """PASS, FAIL or UNKNOWN; None for a score that is no pass or fail."""
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        if value.strip().lower() == "nan":
            return UNKNOWN
        return _WORDS.get(value.strip().upper())
    if isinstance(value, bool | int | float):
        if isinstance(value, float) and math.isnan(value):
            return UNKNOWN
        return PASS if value == 1 else FAIL if value == 0 else None
    return None


def _hash(question: object) -> str:
    text = json.dumps(question, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _some(names: Mapping[str, object]) -> str:
    return ", ".join(one_line(name, 40) for name in list(names)[:5])
