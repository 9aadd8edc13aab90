"""The functions for use from Python: score many outputs, check one formulation, compare two."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .feasibility.errors import PyriteError
from .feasibility.language.formulation import Formulation
from .feasibility.policy import Policy
from .feasibility.scoring.ladder import Judge
from .feasibility.scoring.reference import Reference
from .feasibility.verdict import Verdict
from .problems.files import read_problems
from .problems.problem import Problem
from .results.outputs import Output
from .results.readers.reading import read_answers

ProblemLike: TypeAlias = Problem | Mapping[str, Any]
"""A problem, or the dict that a line of ``problems.jsonl`` holds."""

OutputLike: TypeAlias = Output | Mapping[str, Any]
"""An output, or the dict that a line of ``outputs.jsonl`` holds."""


def score(
    problems: str | os.PathLike[str] | Iterable[ProblemLike],
    outputs: str | os.PathLike[str] | Iterable[OutputLike],
    policy: Policy | None = None,
    *,
    workers: int | None = None,
    language: str = "auto",
) -> list[Verdict]:
    """Judge raw model outputs; the verdicts come in the order of ``outputs``.

    Both may be the path of a file: problems as ``problems.jsonl``, outputs in every layout that ``pyrite score`` reads
    (a broken line of either raises PyriteError).

    ``workers`` processes share the work (default: one a core) and are killed when an output goes over the policy's
    limits; with 0 everything happens in this process, which is faster for a handful and keeps limits only as well as
    the solver does. An output without ``sample`` gets the next free number of its problem.

    ``language`` is ``formulation``, ``code`` (programs for a solver library, see ``docs/code.md``), or ``auto``: each
    output by its text.

    Raises PyriteError for a broken problem or output, for two problems with one id, and for an output whose problem is
    not among ``problems``.

    >>> from pyrite import score
    >>> bakery = {"id": "bakery", "text": "Bread sells at 3, cake at 5; the oven holds 120 loaves ...", "optimum": 175}
    >>> right = '''{"variables": {"bread": {"domain": "integer", "lower": 0},
    ...                  "cake": {"domain": "integer", "lower": 0}},
    ...   "objective": {"sense": "maximize", "expression": "3*bread + 5*cake"},
    ...   "constraints": {"oven": "2*bread + 4*cake <= 120", "shelf": "bread <= 50"}}'''
    >>> wrong = right.replace("4*cake", "3*cake")
    >>> outputs = [{"problem_id": "bakery", "output": text} for text in (right, wrong, "Sure!")]
    >>> verdicts = score([bakery], outputs, workers=0)
    >>> [(verdict.surface, verdict.substance) for verdict in verdicts]
    [(True, True), (True, False), (False, False)]
    >>> verdicts[1].stages["value"].message
    'its optimum is 200, the right one is 175 (off by 25)'
    """
    from .feasibility.scoring.languages import by_task
    from .feasibility.scoring.pool import Pool

    if isinstance(problems, str | os.PathLike):
        problems = read_problems(problems, strict=True)
    asked = [item if isinstance(item, Problem) else Problem.from_dict(item) for item in problems]
    if isinstance(outputs, str | os.PathLike):
        outputs = read_answers(outputs, asked, strict=True)
    references: dict[str, Reference] = {}
    for problem in asked:
        if problem.id in references:
            raise PyriteError(f"two problems have the id {problem.id!r}")
        references[problem.id] = problem.as_reference()
    tasks: list[tuple[str, int, str]] = []
    following: dict[str, int] = {}
    for line in outputs:
        if isinstance(line, Output):
            output = line
        else:
            name = line.get("problem_id")
            output = Output.from_dict(line, following.get(name, 0) if isinstance(name, str) else 0)
        if output.problem_id not in references:
            raise PyriteError(f"an output answers problem {output.problem_id!r}, which is not among the problems")
        following[output.problem_id] = max(following.get(output.problem_id, 0), output.sample + 1)
        tasks.append((output.problem_id, output.sample, output.answer))
    verdicts: dict[int, Verdict] = {}
    for task, places in by_task((text for _, _, text in tasks), language).items():
        with Pool(policy, workers, task) as pool:
            found = pool.judge([tasks[place] for place in places], references)
            verdicts.update(zip(places, found, strict=True))
    return [verdicts[place] for place in range(len(tasks))]


def check(
    formulation: str | Mapping[str, Any] | Formulation,
    problem: ProblemLike | None = None,
    policy: Policy | None = None,
) -> Verdict:
    """Judge one formulation: a raw output, a JSON document, or a Formulation; with a problem, against its reference.

    Runs in this process: the time limit is kept as well as the solver keeps it.

    >>> from pyrite import check
    >>> verdict = check('''{"variables": {"x": {"domain": "continuous", "lower": 0}},
    ...   "objective": {"sense": "maximize", "expression": "x"}, "constraints": {"cap": "x <= 4", "need": "x >= 5"}}''')
    >>> verdict.first_failure, verdict.proof
    ('feasible', 'certified')
    >>> verdict.stages["feasible"].message
    'no plan is possible: cap and need cannot hold together'
    """
    import json

    reference = Reference()
    problem_id = ""
    if problem is not None:
        known = problem if isinstance(problem, Problem) else Problem.from_dict(problem)
        reference, problem_id = known.as_reference(), known.id
    judge = Judge(reference, policy)
    if isinstance(formulation, Formulation):
        return judge.judge_formulation(formulation, problem_id)
    if not isinstance(formulation, str):
        formulation = json.dumps(formulation)
    return judge.judge(formulation, problem_id)


@dataclass(frozen=True, slots=True)
class Equivalence:
    """The relation of one formulation to another.

    ``relation`` of A to B: equivalent, relaxation, restriction, incomparable, objective-differs or unknown. ``proof``:
    certified, enumerated, solver-trusted or sampled; None when unknown. ``scope``: "this data" or "all data".
    ``correspondence``: B's variables in A's terms and back, as text; ``witness``: the plans that tell both apart.
    ``code`` says why it is unknown; ``evidence`` is all that was found, certificates included, as plain JSON.
    """

    relation: str
    proof: str | None
    scope: str
    sentence: str
    correspondence: Mapping[str, Any] | None = None
    witness: Mapping[str, Any] | None = None
    code: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether they are equivalent; unknown is not."""
        return self.relation == "equivalent"


FormulationLike: TypeAlias = str | Mapping[str, Any] | Formulation
"""A formulation, the dict of its JSON document, or the document's text."""


def equivalent(
    a: FormulationLike,
    b: FormulationLike,
    policy: Policy | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Equivalence:
    """The relation of A to B: the same plans in the same order of preference, or the plan that tells them apart.

    ``mapping`` is your own correspondence, ``{"variable of B": "60*hours + 5"}`` in A's variables; without one it is
    searched. Raises PyriteError for a formulation that does not build and for a map that cannot be used.

    >>> from pyrite import equivalent
    >>> hours = {"variables": {"hours": {"domain": "continuous", "lower": 0}},
    ...          "objective": {"sense": "maximize", "expression": "30*hours"}, "constraints": {"day": "hours <= 8"}}
    >>> longer = {**hours, "constraints": {"day": "hours <= 9"}}
    >>> equivalent(hours, hours).relation, equivalent(longer, hours).relation
    ('equivalent', 'relaxation')
    >>> equivalent(longer, hours).witness["admits"]["plan"]
    {'hours': 9.0}
    """
    from .feasibility.equivalence.deciding import compare
    from .feasibility.equivalence.given_map import read_affine
    from .feasibility.equivalence.lifting.lifted import lift
    from .feasibility.equivalence.rendering import to_json
    from .feasibility.programs.compiling import build, parse_formulation

    policy = policy or Policy()

    def read(given: FormulationLike) -> Formulation:
        if isinstance(given, str):
            return parse_formulation(given, policy)
        return given if isinstance(given, Formulation) else Formulation.from_dict(dict(given))

    ours, theirs = read(a), read(b)
    first, second = build(ours, policy=policy), build(theirs, policy=policy)
    images = None
    if mapping is not None:
        images = {name: read_affine(text, first, f"the map of {name}") for name, text in mapping.items()}
    found = compare(first, second, policy, mapping=images)
    document = to_json(first, second, found)
    if found.relation == "equivalent":
        document |= lift(ours, theirs, None, policy, found.correspondence).to_dict()
    return Equivalence(
        found.relation,
        document.get("proof"),
        document["scope"],
        document["sentence"],
        document.get("correspondence"),
        document.get("witness"),
        found.code if found.relation == "unknown" else None,
        document,
    )
