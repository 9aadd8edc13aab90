"""Training pairs from problems: supervised ones (prompt, completion) and preferences (prompt, chosen, rejected).

A completion is the reference in compact formulation JSON. A rejected answer is the reference with one fault, written
just as cleanly: it passes stages 1-3, and the judge has confirmed that its substance fails. So a preference pair
differs in substance alone, which is what it is to teach; a malformed rejected side would teach the surface again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..feasibility.errors import PyriteError
from ..feasibility.language.formulation import Constraint, Formulation, Parameter, Values, Variable
from ..feasibility.policy import Policy
from ..feasibility.scoring.ladder import Judge
from .families.drawing import Stream
from .problem import Problem

_NUMBER = re.compile(r"(?<![\w.\[,])\d+(?:\.\d+)?(?![\w.\]])")
_FLIPPED = {"<=": ">=", ">=": "<="}


def supervised(problem: Problem) -> dict[str, Any]:
    """``id``, ``prompt`` (the problem's text) and ``completion`` (the reference, compact). PyriteError without one."""
    if problem.reference is None:
        raise PyriteError(f"problem {problem.id!r} has no reference formulation to learn from")
    return {"id": problem.id, "prompt": problem.text, "completion": problem.reference.to_json()}


def preferences(problem: Problem, count: int = 1, seed: int = 0, policy: Policy | None = None) -> list[dict[str, Any]]:
    """Up to ``count`` pairs with different faults: ``id``, ``prompt``, ``chosen``, ``rejected``, ``fault``.

    Fewer when fewer faults change the substance of this problem (a tiny problem may shrug some off). The same
    arguments give the same pairs.
    """
    base = supervised(problem)
    assert problem.reference is not None
    judge = Judge(problem.as_reference(), policy)
    stream = Stream("preference", problem.id, seed)
    pairs: list[dict[str, Any]] = []
    for fault, damaged in damages(problem.reference, stream):
        if len(pairs) == count:
            break
        verdict = judge.judge(damaged.to_json())
        if verdict.surface and verdict.substance is False:
            pair = {"id": f"{problem.id}-{fault}", "prompt": base["prompt"], "chosen": base["completion"]}
            pairs.append({**pair, "rejected": damaged.to_json(), "fault": fault})
    return pairs


def damages(formulation: Formulation, stream: Stream) -> Iterator[tuple[str, Formulation]]:
    """The formulation with one fault each, in random order: the name of the fault and what results.

    A fault is one that modellers (and models) make; whether it changes the substance is for the judge to say.
    """
    for fault in stream.shuffled(list(FAULTS)):
        damaged = FAULTS[fault](formulation, stream)
        if damaged is not None and damaged != formulation:
            yield fault, damaged


def _forget_constraint(formulation: Formulation, stream: Stream) -> Formulation | None:
    if len(formulation.constraints) < 2:
        return None
    gone = stream.pick(list(formulation.constraints))
    return replace(formulation, constraints={k: v for k, v in formulation.constraints.items() if k != gone})


def _flip_relation(formulation: Formulation, stream: Stream) -> Formulation | None:
    return _rewrite(formulation, stream, lambda text: re.sub(r"<=|>=", lambda found: _FLIPPED[found[0]], text))


def _flip_sense(formulation: Formulation, stream: Stream) -> Formulation | None:
    del stream
    objective = formulation.objective
    if objective.expression is None:
        return None
    sense = "minimize" if objective.sense == "maximize" else "maximize"
    return replace(formulation, objective=replace(objective, sense=sense))  # type: ignore[arg-type]


def _forget_whole(formulation: Formulation, stream: Stream) -> Formulation | None:
    whole = [name for name, item in formulation.variables.items() if item.domain != "continuous"]
    if not whole:
        return None
    del stream
    variables: dict[str, Variable] = dict(formulation.variables)
    for name in whole:
        item = variables[name]
        binary = item.domain == "binary"
        variables[name] = replace(
            item, domain="continuous", lower=0 if binary else item.lower, upper=1 if binary else item.upper
        )
    return replace(formulation, variables=variables)


def _make_whole(formulation: Formulation, stream: Stream) -> Formulation | None:
    loose = [name for name, item in formulation.variables.items() if item.domain == "continuous"]
    if not loose:
        return None
    name = stream.pick(loose)
    variables = {**formulation.variables, name: replace(formulation.variables[name], domain="integer")}
    return replace(formulation, variables=variables)


def _forget_bound(formulation: Formulation, stream: Stream) -> Formulation | None:
    bounded = [name for name, item in formulation.variables.items() if item.lower is not None]
    if not bounded:
        return None
    name = stream.pick(bounded)
    return replace(
        formulation, variables={**formulation.variables, name: replace(formulation.variables[name], lower=None)}
    )


def _wrong_number(formulation: Formulation, stream: Stream) -> Formulation | None:
    """One number in a constraint is read wrongly: off by a tenth or by ten, or its neighbour."""

    def change(text: str) -> str:
        found = list(_NUMBER.finditer(text))
        if not found:
            return text
        number = stream.pick(found)
        return text[: number.start()] + _misread(number[0], stream) + text[number.end() :]

    return _rewrite(formulation, stream, change)


def _wrong_objective(formulation: Formulation, stream: Stream) -> Formulation | None:
    text = formulation.objective.expression
    found = list(_NUMBER.finditer(text)) if text else []
    if not text or not found:
        return None
    number = stream.pick(found)
    changed = text[: number.start()] + _misread(number[0], stream) + text[number.end() :]
    return replace(formulation, objective=replace(formulation.objective, expression=changed))


def _swapped_numbers(formulation: Formulation, stream: Stream) -> Formulation | None:
    """Two numbers of one row change places."""

    def change(text: str) -> str:
        found = list(_NUMBER.finditer(text))
        if len(found) < 2:
            return text
        first, second = sorted(stream.sample(found, 2), key=lambda item: item.start())
        return text[: first.start()] + second[0] + text[first.end() : second.start()] + first[0] + text[second.end() :]

    return _rewrite(formulation, stream, change)


def _wrong_parameter(formulation: Formulation, stream: Stream) -> Formulation | None:
    """One number of a parameter is read wrongly."""
    if not formulation.parameters:
        return None
    name = stream.pick(list(formulation.parameters))
    item = formulation.parameters[name]
    keys, value = stream.pick(list(item.items()))
    changed = Parameter(
        _with_value(item.values, keys, value + stream.pick((1, 10, -1)) * max(1, abs(value) // 10)), item.index
    )
    return replace(formulation, parameters={**formulation.parameters, name: changed})


FAULTS: Mapping[str, Callable[[Formulation, Stream], Formulation | None]] = {
    "forgotten-constraint": _forget_constraint,
    "flipped-relation": _flip_relation,
    "flipped-sense": _flip_sense,
    "forgotten-whole": _forget_whole,
    "needless-whole": _make_whole,
    "forgotten-bound": _forget_bound,
    "wrong-number": _wrong_number,
    "wrong-objective": _wrong_objective,
    "swapped-numbers": _swapped_numbers,
    "wrong-parameter": _wrong_parameter,
}
"""The faults by name; each returns None where it cannot be made."""


def _rewrite(formulation: Formulation, stream: Stream, change: Callable[[str], str]) -> Formulation | None:
    """The first constraint, in random order, that ``change`` changes."""
    for name in stream.shuffled(list(formulation.constraints)):
        old = formulation.constraints[name]
        text = change(old.expression)
        if text != old.expression:
            return replace(formulation, constraints={**formulation.constraints, name: Constraint(text, old.over)})
    return None


def _misread(number: str, stream: Stream) -> str:
    if "." in number:
        return number.replace(".", "")
    value = int(number)
    return str(stream.pick((value * 10, value + 1, max(0, value - 1), value + max(1, value // 10))))


def _with_value(values: Values, keys: tuple[str, ...], value: Any) -> Values:
    if not keys:
        return value  # type: ignore[no-any-return]
    assert isinstance(values, Mapping)
    return {key: _with_value(item, keys[1:], value) if key == keys[0] else item for key, item in values.items()}
