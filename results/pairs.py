"""Preferences from verdicts: which sampled answers to one problem are set against each other, and why others are not.

========================  =========================================================================================
``right-wrong``           an answer with substance against one without
``surface-matched``       the same, and both pass the surface: they differ in substance alone (the clean test)
``form-only``             both are wrong, and only the first passes the surface (the control)
``labels``                single answers with the label right or wrong
``right``                 single answers with substance (rejection sampling)
========================  =========================================================================================

Answers whose substance is unknown are in none of them. Only problems whose split is ``train`` count: a held-out one is
left out, and so is one that names no split unless that is allowed.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from ..feasibility.errors import PyriteError
from ..feasibility.verdict import Verdict
from ..problems.problem import Problem
from .collection import Run, read_run, run_names
from .outputs import Output

PairKind: TypeAlias = Literal["right-wrong", "surface-matched", "form-only", "labels", "right"]
KINDS: tuple[PairKind, ...] = get_args(PairKind)
SINGLE: tuple[PairKind, ...] = ("labels", "right")
"""Kinds whose lines hold one answer."""

CAP = 8
"""Lines a problem at most, where nothing else is said: else a few easy problems make most of the pairs."""

LENGTH_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Sampled:
    """One answer with its verdict; ``run`` is the name of the run that it comes from."""

    run: str
    output: Output
    verdict: Verdict

    @property
    def text(self) -> str:
        """The answer."""
        return self.output.output

    @property
    def cut(self) -> bool:
        """It ended at the limit of tokens."""
        return self.output.finish == "length"

    @property
    def whole_but_cut(self) -> bool:
        """It is judged wrong for having no end, and what is there may be right: good for neither side."""
        if not self.cut:
            return False
        try:
            json.loads(self.text)
        except (ValueError, RecursionError):
            return False
        return True

    def fits(self, grade: str) -> bool:
        """Whether it is ``right``, ``wrong``, ``wrong-formed`` (passes the surface) or ``malformed``."""
        if grade == "right":
            return self.verdict.substance is True and not self.cut
        if self.verdict.substance is not False or self.whole_but_cut:
            return False
        return grade == "wrong" or self.verdict.surface == (grade == "wrong-formed")

    def source(self) -> dict[str, Any]:
        """Where it comes from, and what was wrong with it, for a line of the file."""
        document: dict[str, Any] = {"run": self.run, "sample": self.output.sample}
        stage = self.verdict.first_failure
        if stage is not None:
            document |= {"stage": stage, "code": self.verdict.result(stage).code}
        if self.output.finish is not None:
            document["finish"] = self.output.finish
        return document


_SIDES: dict[PairKind, tuple[str, str]] = {
    "right-wrong": ("right", "wrong"),
    "surface-matched": ("right", "wrong-formed"),
    "form-only": ("wrong-formed", "malformed"),
}


@dataclass(slots=True)
class DrawnPairs:
    """Lines of a pairs file, and the account of everything that is not among them."""

    kind: PairKind
    lines: list[dict[str, Any]] = field(default_factory=list)
    samples: Counter[str] = field(default_factory=Counter)
    """Answers that were read, by what became of them: held out, right, wrong, unknown ..."""
    problems: Counter[str] = field(default_factory=Counter)
    """Problems, by what became of them: paired, all right, all wrong ..."""
    pairs: Counter[str] = field(default_factory=Counter)
    """Possible pairs, by what became of them: drawn, above the cap, other length."""

    @property
    def used(self) -> int:
        """Problems with at least one line."""
        return len({line["problem"]["id"] for line in self.lines})

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        counts = {name: dict(getattr(self, name)) for name in ("samples", "problems", "pairs")}
        return {"kind": self.kind, "lines": len(self.lines), "from_problems": self.used, **counts}

    def sentences(self) -> Iterator[str]:
        """What was drawn and why others were not, a line each."""
        what = "answers" if self.kind in SINGLE else "pairs"
        yield f"{len(self.lines):,} {self.kind} {what} from {self.used:,} problems"
        for name, counts in (("answers", self.samples), ("problems", self.problems), (f"possible {what}", self.pairs)):
            if counts:
                listed = ", ".join(f"{count:,} {word}" for word, count in counts.items())
                yield f"{name}: {counts.total():,} ({listed})"


def draw_pairs(
    paths: Sequence[Path],
    kind: PairKind,
    *,
    cap: int = CAP,
    length_matched: bool = False,
    tolerance: float = LENGTH_TOLERANCE,
    allow_unsplit: bool = False,
    seed: int = 0,
) -> DrawnPairs:
    """The lines of a pairs file from scored runs, the same for the same runs and seed.

    ``cap`` lines a problem at most (0: no limit); every text is used once before one is used again. ``length_matched``
    keeps pairs whose texts' lengths differ by at most ``tolerance`` of the longer one's characters. An answer that was
    cut at the token limit is never chosen. Raises PyriteError for a folder that is no scored run, for runs under
    different policies or with different problems of one id, and when nothing can be drawn.
    """
    if kind not in KINDS:
        raise PyriteError(f"the kind of pairs is {', '.join(KINDS)}, not {kind!r}")
    if not 0 <= tolerance < 1:
        raise PyriteError(f"the tolerance of lengths is a share from 0 to below 1, not {tolerance:g}")
    if length_matched and kind in SINGLE:
        raise PyriteError(f"lengths are matched between two answers; {kind!r} takes single ones")
    runs = [read_run(path, name) for path, name in zip(paths, run_names(paths), strict=True)]
    drawn = DrawnPairs(kind)
    for problem, answers in _by_problem(runs, drawn, allow_unsplit):
        stream = random.Random(f"{seed}/{problem.id}")  # noqa: S311 - a draw, no secret
        lines = _single(problem, answers, drawn) if kind in SINGLE else _pairs(problem, answers, drawn)
        if length_matched:
            near = [line for line in lines if _near(line, tolerance)]
            drawn.pairs["of other lengths"] += len(lines) - len(near)
            lines = near
        kept = _spread(lines, cap, stream)
        drawn.pairs["drawn"] += len(kept)
        if len(lines) > len(kept):
            drawn.pairs["above the cap"] += len(lines) - len(kept)
        drawn.lines += kept
    if not drawn.lines:
        raise PyriteError(_nothing(drawn))
    return drawn


def _by_problem(runs: Sequence[Run], drawn: DrawnPairs, allow_unsplit: bool) -> Iterator[tuple[Problem, list[Sampled]]]:
    """Each train problem with its decided answers, every text once."""
    policy = runs[0].policy
    problems: dict[str, Problem] = {}
    answers: dict[str, dict[str, Sampled]] = {}
    for run in runs:
        if run.policy.digest != policy.digest:
            raise PyriteError(f"{run.name} was judged under another policy than {runs[0].name}; score them alike first")
        for verdict in run.verdicts:
            problem, output = (
                run.problems.get(verdict.problem_id),
                run.outputs.get((verdict.problem_id, verdict.sample)),
            )
            if problem is None or output is None:
                drawn.samples["without their problem or text in the run"] += 1
            elif problems.setdefault(problem.id, problem) != problem:
                raise PyriteError(
                    f"problem {problem.id[:80]!r} is stated differently in {run.name} than in another run"
                )
            elif problem.split != "train" and (problem.split is not None or not allow_unsplit):
                drawn.samples["of held-out problems" if problem.split else "of problems that name no split"] += 1
            elif output.output in answers.setdefault(problem.id, {}):
                drawn.samples["drawn before, to the letter"] += 1
            else:
                answers[problem.id][output.output] = Sampled(run.name, output, verdict)
    for name, found in answers.items():
        yield problems[name], list(found.values())


def _pairs(problem: Problem, answers: Sequence[Sampled], drawn: DrawnPairs) -> list[dict[str, Any]]:
    better, worse = _SIDES[drawn.kind]
    _account(answers, drawn)
    chosen = [answer for answer in answers if answer.fits(better) and not answer.cut]
    rejected = [answer for answer in answers if answer.fits(worse)]
    drawn.problems[_fate(answers, chosen, rejected, better, worse)] += 1
    document = problem.to_dict()
    return [
        {
            "problem": document,
            "kind": drawn.kind,
            "chosen": one.text,
            "rejected": other.text,
            "chosen_from": one.source(),
            "rejected_from": other.source(),
        }
        for one, other in product(chosen, rejected)
    ]


def _single(problem: Problem, answers: Sequence[Sampled], drawn: DrawnPairs) -> list[dict[str, Any]]:
    _account(answers, drawn)
    grades = ("right",) if drawn.kind == "right" else ("right", "wrong")
    found = [(grade == "right", answer) for grade in grades for answer in answers if answer.fits(grade)]
    drawn.problems["used" if found else "with nothing to use"] += 1
    document = problem.to_dict()
    return [
        {
            "problem": document,
            "kind": drawn.kind,
            "chosen" if label else "rejected": answer.text,
            "chosen_from" if label else "rejected_from": answer.source(),
        }
        for label, answer in found
    ]


def _account(answers: Iterable[Sampled], drawn: DrawnPairs) -> None:
    for answer in answers:
        verdict = answer.verdict
        if verdict.substance is None:
            drawn.samples["unknown"] += 1
        elif answer.whole_but_cut:
            drawn.samples["cut after a whole object"] += 1
        elif verdict.substance:
            drawn.samples["right" if answer.fits("right") else "right but cut"] += 1
        else:
            drawn.samples["wrong, well-formed" if verdict.surface else "wrong, malformed"] += 1


def _fate(
    answers: Sequence[Sampled], chosen: Sequence[Sampled], rejected: Sequence[Sampled], better: str, worse: str
) -> str:
    if chosen and rejected:
        return "with pairs"
    substances = {answer.verdict.substance for answer in answers} - {None}
    if better == "right" and substances == {True}:
        return "all right"
    if better == "right" and substances == {False}:
        return "all wrong"
    if not substances:
        return "all unknown"
    return f"without a {better if not chosen else worse} answer"


def _near(line: Mapping[str, Any], tolerance: float) -> bool:
    one, other = len(line["chosen"]), len(line["rejected"])
    return abs(one - other) <= tolerance * max(one, other)


def _spread(lines: list[dict[str, Any]], cap: int, stream: random.Random) -> list[dict[str, Any]]:
    """At most ``cap`` of the lines, in random order, each text as seldom as possible."""
    waiting = list(lines)
    stream.shuffle(waiting)
    uses: Counter[str] = Counter()
    kept: list[dict[str, Any]] = []
    while waiting and (not cap or len(kept) < cap):
        # By what a pair's texts were used before, and labels in turn: the first of the least used.
        best = min(waiting, key=lambda line: sum(uses[key] for key in _texts(line)))
        waiting.remove(best)
        kept.append(best)
        uses.update(_texts(best))
    return kept


def _texts(line: Mapping[str, Any]) -> list[str]:
    single = "chosen" not in line or "rejected" not in line
    sides = [side for side in ("chosen", "rejected") if side in line]
    # Of single answers the labels take turns.
    return [side if single else f"{side} {line[side]}" for side in sides]


def _nothing(drawn: DrawnPairs) -> str:
    """One line: how many answers there were, and what they all are."""
    what = "answers" if drawn.kind in SINGLE else "pairs"
    total = drawn.samples.total()
    listed = ", ".join(f"{count:,} {word}" for word, count in drawn.samples.items()) or "none"
    kinds = ", ".join(f"{count:,} {word}" for word, count in drawn.problems.items())
    grades = {word for word in drawn.samples if word.startswith(("right", "wrong"))}
    if not drawn.problems:
        advice = "answer problems of the train split (--allow-unsplit takes problems that name none)"
    elif drawn.pairs["of other lengths"]:
        advice = "widen --length-tolerance or leave --length-matched out"
    elif grades and all(word.startswith("right") for word in grades):
        advice = "all are right: ask harder problems, or sample at a higher temperature"
    elif grades and all(word.startswith("wrong") for word in grades):
        advice = "all are wrong: tune longer, ask easier problems, or draw more samples at a temperature above 0"
    else:
        advice = "no problem has both sides: draw more samples a problem at a temperature above 0"
    problems = f"; problems: {kinds}" if kinds else ""
    return f"no {drawn.kind} {what} from {total:,} samples ({listed}{problems}); {advice}"
