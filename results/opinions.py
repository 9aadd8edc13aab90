"""A second opinion on a share of the outputs: the indexed Pyomo model and another solver, beside our own status.

It shares with the verdict the reading of the text and the names, but neither the compiled program nor the solver nor
the exact arithmetic. A disagreement is looked at by a person: one of the two is wrong. Outputs are model text, so the
other solver works in processes that can be killed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any

from ..feasibility.errors import PyriteError
from ..feasibility.language.formulation import Data, Formulation
from ..feasibility.policy import Policy
from ..feasibility.verdict import Verdict
from ..feasibility.workers.board import Board
from ..feasibility.workers.inside import Handler, Tell
from ..feasibility.workers.limits import usable_cores
from ..feasibility.workers.pool import Workers
from ..feasibility.workers.work import Failure, Job, Work
from ..problems.problem import Problem
from .outputs import Output

START = 30.0
"""Seconds beside the policy's time limit in which Pyomo may start and write its model."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What another solver says of one output. ``agrees`` None: one of the two knows nothing certain."""

    problem_id: str
    sample: int
    solver: str
    status: str
    our_status: str
    agrees: bool | None
    optimum: float | None = None
    our_optimum: float | None = None
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    def sentence(self) -> str:
        """Both answers in a line."""

        def said(status: str, optimum: float | None) -> str:
            return f"{status}, {optimum:,.10g}" if status == "optimal" and optimum is not None else status

        theirs, ours = said(self.status, self.optimum), said(self.our_status, self.our_optimum)
        return f"{self.problem_id} sample {self.sample}: {self.solver} says {theirs}; here: {ours}"


def other_solver() -> str:
    """SCIP when the extra ``exact`` is installed, else HiGHS, which then only the Pyomo model sets apart from ours."""
    return "scip_direct" if find_spec("pyscipopt") is not None else "highs"


def chosen(outputs: Sequence[Output], share: float, seed: int = 0) -> list[Output]:
    """About this share of the outputs, picked by a hash of problem, sample and seed: the same ones every time.

    Raises PyriteError unless the share lies between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise PyriteError(f"the share for a second opinion lies between 0 and 1, not {share:g}")
    return [output for output in outputs if _hash(f"{seed}/{output.problem_id}/{output.sample}") < share]


def _hash(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64


def second_opinions(
    verdicts: Iterable[Verdict],
    outputs: Sequence[Output],
    problems: Sequence[Problem],
    policy: Policy,
    *,
    solver: str | None = None,
    workers: int | None = None,
    told: Callable[[int], None] = lambda done: None,
) -> list[Opinion]:
    """The other solver's word on every output whose formulation builds, in the order of the outputs."""
    solver = solver or other_solver()
    known = {(verdict.problem_id, verdict.sample): verdict for verdict in verdicts}
    data = {problem.id: problem.data for problem in problems}
    jobs = []
    for output in outputs:
        verdict = known.get((output.problem_id, output.sample))
        if verdict is not None and verdict.ladder.task == "formulation" and verdict.result("builds").status == "pass":
            jobs.append(Job((output.answer, data[output.problem_id], verdict)))
    if not jobs:
        return []
    work = Work(
        f"{__name__}:asking", (solver, policy), time_limit=policy.time_limit + START, memory_limit=policy.memory_limit
    )
    found: list[Opinion] = []
    with Workers[Any, Opinion](work, min(workers or usable_cores(), len(jobs))) as pool:
        for opinion in pool.run(jobs, lambda payload, failure: _broken(payload, failure, solver)):
            found.append(opinion)
            told(len(found))
    return found


def summary(opinions: Sequence[Opinion]) -> dict[str, Any]:
    """Counts, and the disagreements in full."""
    return {
        "asked": len(opinions),
        "solver": opinions[0].solver if opinions else None,
        "agree": sum(opinion.agrees is True for opinion in opinions),
        "unknown": sum(opinion.agrees is None for opinion in opinions),
        "disagree": [opinion.to_dict() for opinion in opinions if opinion.agrees is False],
    }


def opinion_of(text: str, data: Data, verdict: Verdict, solver: str, policy: Policy) -> Opinion:
    """One opinion, here and now. Raises PyriteError when Pyomo does not find the solver or it cannot take the model."""
    from ..feasibility.language.document.reading import extract
    from ..feasibility.pyomo.model import to_pyomo
    from ..feasibility.pyomo.solving import solve_with

    document = extract(text, policy).document
    if document is None:
        raise PyriteError(f"{verdict.problem_id} sample {verdict.sample}: the text holds no formulation")
    formulation = Formulation.from_dict(document)
    answer = solve_with(to_pyomo(formulation, data, policy), solver, policy=policy)
    ours = our_status(verdict)
    agrees: bool | None = None
    if "unknown" not in (ours, answer.status):
        agrees = ours == answer.status
        if agrees and ours == "optimal" and answer.objective is not None and verdict.optimum is not None:
            agrees = abs(answer.objective - verdict.optimum) <= policy.value_tolerance * max(1, abs(verdict.optimum))
    return Opinion(
        verdict.problem_id, verdict.sample, solver, answer.status, ours, agrees, answer.objective, verdict.optimum,
        answer.message,
    )  # fmt: skip


def our_status(verdict: Verdict) -> str:
    """optimal, infeasible, unbounded or unknown, by the stages of the verdict."""
    feasible, bounded = verdict.result("feasible"), verdict.result("bounded")
    if feasible.status == "unknown":
        return "unknown"
    if "infeasible" in (feasible.code, bounded.code) or "both-infeasible" in (feasible.code, bounded.code):
        return "infeasible"
    if bounded.code in ("unbounded", "both-unbounded"):
        return "unbounded"
    return "optimal" if bounded.status == "pass" else "unknown"


def asking(setup: tuple[str, Policy]) -> Handler:
    """The inside of a worker."""
    solver, policy = setup

    def handle(payload: Any, shared: Mapping[str, Any], board: Board, tell: Tell) -> tuple[Opinion, bool]:
        text, data, verdict = payload
        return opinion_of(text, data, verdict, solver, policy), False

    return handle


def _broken(payload: Any, failure: Failure, solver: str) -> Opinion:
    """No answer in time or memory says nothing; a solver that is not there is the user's to know."""
    _, _, verdict = payload
    if failure.raised is not None and failure.raised.exit_code is not None:
        raise PyriteError(failure.raised.message, exit_code=failure.raised.exit_code)
    status = our_status(verdict)
    return Opinion(
        verdict.problem_id, verdict.sample, solver, "unknown", status, None, None, verdict.optimum, failure.message
    )
