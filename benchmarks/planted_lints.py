"""How many planted faults the lints find: ``python -m benchmarks.planted_lints PROBLEMS.jsonl``.

Into each reference one fault is put at a time: a percentage read as a number, a relation turned round,
a row left out, a row written twice, a variable taken for another in one row.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from pyrite.feasibility.language.formulation import Constraint
from pyrite.feasibility.programs.compiling import build
from pyrite.problems.files import read_problems
from pyrite.problems.lints import lint
from pyrite.problems.problem import Problem


def planted(problem: Problem) -> Iterator[tuple[str, str, Problem]]:
    """The kind of fault, the lint that should see it, the problem with it."""
    reference = problem.reference
    assert reference is not None
    rows = reference.constraints

    def changed(new: dict[str, Constraint]) -> Problem:
        return replace(problem, reference=replace(reference, constraints=new))

    for name, item in rows.items():
        text = item.expression
        ratio = re.search(r"(0\.\d+)\*\(", text)
        if ratio:
            wrong = text.replace(ratio[1] + "*(", f"{float(ratio[1]) * 100:g}*(")
            yield "percent as a number", "percent-above-one", changed({**rows, name: Constraint(wrong)})
        turned = text.replace("<=", ">>").replace(">=", "<=").replace(">>", ">=")
        if re.search(r"[<>]= \d+(\.\d+)?$", text):
            yield "relation turned", "operator-against-text", changed({**rows, name: Constraint(turned)})
        if re.search(r"[<>]= \d+(\.\d+)?$", text):
            yield "row left out", "unused-number", changed({k: v for k, v in rows.items() if k != name})
        yield "row twice", "repeated-row", changed({**rows, "again": item})
        names = list(dict.fromkeys(re.findall(r"[a-z_]\w*", text)))
        if len(names) == 2 and "*(" not in text and re.search(r"[<>]= \d", text):
            one = re.sub(rf"\b{names[1]}\b", names[0], text)
            yield "two variables as one", "variable-twice", changed({**rows, name: Constraint(one)})


def main() -> None:
    """Print a table: faults planted, found by their lint, found by any new lint."""
    total, seen, any_ = Counter[str](), Counter[str](), Counter[str]()
    for problem in read_problems(sys.argv[1]):
        if problem.reference is None or problem.status != "optimal":
            continue
        before = set(lint(problem, build(problem.reference)))
        for kind, code, wrong in planted(problem):
            assert wrong.reference is not None
            new = {found for found, _ in set(lint(wrong, build(wrong.reference))) - before}
            total[kind] += 1
            seen[kind] += code in new
            any_[kind] += bool(new)
    print(f"{'planted':<22} {'number':>6} {'found':>6} {'by any':>6}")
    for kind, count in total.items():
        print(f"{kind:<22} {count:>6} {seen[kind]:>6} {any_[kind]:>6}")


if __name__ == "__main__":
    main()
