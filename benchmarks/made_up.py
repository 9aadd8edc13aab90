"""Made-up answers to generated problems: two pretended models whose mistakes are known, judged for real.

    python -m benchmarks.made_up FOLDER [--problems 42]

writes the run folders FOLDER/base and FOLDER/tuned. Pictures, browser tests and the reporting benchmark use them. No
language model is involved: answers are the references with mistakes put in, so nothing here says anything about models.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pyrite.feasibility.policy import Policy
from pyrite.problems.families import FAMILIES, draw
from pyrite.problems.lines import append_lines
from pyrite.problems.problem import Problem
from pyrite.results.outputs import Output
from pyrite.results.run import RunFolder, write_json
from pyrite.results.summary import summarize

BAKERY = {
    "id": "bakery",
    "text": "A bakery makes loaves of bread and cakes. A loaf sells for 3 euros and a cake for 5. A loaf needs 2 "
    "minutes of the oven and a cake 4; the oven is free for 120 minutes. The contract with the school asks for at "
    "least 10 loaves, and the shelf holds no more than 50 pieces in all. How many of each should it bake to earn "
    "the most?",
    "reference": {
        "variables": {
            "bread": {"domain": "integer", "lower": 0},
            "cake": {"domain": "integer", "lower": 0},
        },
        "objective": {"sense": "maximize", "expression": "3*bread + 5*cake"},
        "constraints": {
            "oven": "2*bread + 4*cake <= 120",
            "contract": "bread >= 10",
            "shelf": "bread + cake <= 50",
        },
    },
    "units": {"oven": "minutes", "contract": "loaves", "shelf": "pieces", "objective": "euros"},
    "family": "bakery",
}

Mistake = Callable[[dict[str, Any], random.Random], str | None]


def _text(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


def right(document: dict[str, Any], rng: random.Random) -> str:
    return _text(document)


def chatty(document: dict[str, Any], rng: random.Random) -> str:
    return f"Here is the model you asked for:\n\n```json\n{json.dumps(document, indent=1)}\n```\nLet me know!"


def drop_row(document: dict[str, Any], rng: random.Random) -> str:
    rows = document["constraints"]
    if rows:
        del rows[rng.choice(sorted(rows))]
    return _text(document)


def other_number(document: dict[str, Any], rng: random.Random) -> str:
    """One digit of one constraint or the objective becomes another one."""
    rows = document["constraints"]
    name = rng.choice([*sorted(rows), ""])
    place = rows if name else document["objective"]
    key = name or "expression"
    entry = place.get(key)
    holder, inner = (entry, "expression") if isinstance(entry, dict) else (place, key)
    text = holder.get(inner) or ""
    digits = [i for i, sign in enumerate(text) if sign.isdigit() and sign not in "0"]
    if digits:
        i = rng.choice(digits)
        holder[inner] = text[:i] + str(rng.choice([d for d in range(1, 10) if str(d) != text[i]])) + text[i + 1 :]
    return _text(document)


def flip_relation(document: dict[str, Any], rng: random.Random) -> str:
    rows = document["constraints"]
    for name in rng.sample(sorted(rows), len(rows)):
        entry = rows[name]
        text = entry["expression"] if isinstance(entry, dict) else entry
        for old, new in (("<=", ">="), (">=", "<=")):
            if old in text:
                text = text.replace(old, new)
                rows[name] = {**entry, "expression": text} if isinstance(entry, dict) else text
                return _text(document)
    return _text(document)


def other_sense(document: dict[str, Any], rng: random.Random) -> str:
    objective = document["objective"]
    objective["sense"] = {"maximize": "minimize", "minimize": "maximize"}.get(objective["sense"], "feasibility")
    return _text(document)


def continuous(document: dict[str, Any], rng: random.Random) -> str:
    for variable in document["variables"].values():
        if variable["domain"] == "binary":
            variable.update(domain="continuous", lower=0, upper=1)
        else:
            variable["domain"] = "continuous"
    return _text(document)


def undeclared(document: dict[str, Any], rng: random.Random) -> str:
    rows = document["constraints"]
    rows["extra limit"] = "overtime <= 40"
    return _text(document)


def product(document: dict[str, Any], rng: random.Random) -> str:
    name = sorted(document["variables"])[0]
    index = document["variables"][name].get("index")
    if not index:
        document["constraints"]["square root"] = f"{name}*{name}*{name} <= 100"
    else:
        document["constraints"]["extra"] = "1 / 0 <= 3"
    return _text(document)


def missing_section(document: dict[str, Any], rng: random.Random) -> str:
    del document["objective"]
    return _text(document)


def truncated(document: dict[str, Any], rng: random.Random) -> str:
    text = json.dumps(document, indent=1)
    return "The model is:\n```json\n" + text[: max(20, int(len(text) * rng.uniform(0.4, 0.9)))]


def prose(document: dict[str, Any], rng: random.Random) -> str:
    return "We let x be the amount and maximise the profit subject to all limits. The answer is 42."


def conflict(document: dict[str, Any], rng: random.Random) -> str:
    name = sorted(document["variables"])[0]
    index = document["variables"][name].get("index", [])
    if index:
        letters = ["i", "j", "k"][: len(index)]
        over = ", ".join(f"{letter} in {group}" for letter, group in zip(letters, index, strict=False))
        target = f"{name}[{','.join(letters)}]"
        document["constraints"]["demand"] = {"for": over, "expression": f"{target} >= 9000"}
        document["constraints"]["capacity"] = {"for": over, "expression": f"{target} <= 10"}
    else:
        document["constraints"]["minimum order"] = f"{name} >= 9000"
        document["constraints"]["storage"] = f"{name} <= 10"
    return _text(document)


def no_limits(document: dict[str, Any], rng: random.Random) -> str:
    document["constraints"] = {}
    for variable in document["variables"].values():
        variable.pop("upper", None)
        if variable["domain"] == "binary":
            variable.update(domain="integer", lower=0)
    if document["objective"]["sense"] == "minimize":
        document["objective"]["sense"] = "maximize"
    return _text(document)


BASE = (
    *[(prose, 5), (truncated, 7), (missing_section, 6), (undeclared, 7), (drop_row, 3), (other_number, 3)],
    *[(conflict, 2), (right, 4), (other_sense, 1)],
)
TUNED = (
    *[(truncated, 1), (undeclared, 1), (product, 1), (drop_row, 7), (other_number, 7), (flip_relation, 3)],
    *[(other_sense, 2), (continuous, 4), (conflict, 3), (no_limits, 2), (right, 10), (chatty, 2)],
)


def made_up_problems(count: int) -> list[Problem]:
    """The bakery, then small problems of every family in turn."""
    problems = [Problem.from_dict(BAKERY)]
    seed = 1
    while len(problems) < count:
        for family in sorted(FAMILIES):
            if len(problems) < count:
                problems.append(draw(family, seed))
        seed += 1
    return problems


def answers(
    problems: Sequence[Problem], kinds: Sequence[tuple[Mistake, int]], seed: int, samples: int = 1
) -> list[Output]:
    """One made-up answer a problem and sample."""
    found = []
    for problem in problems:
        for sample in range(samples):
            rng = random.Random(f"{seed}/{problem.id}/{sample}")
            mistake = rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
            assert problem.reference is not None
            text = mistake(json.loads(problem.reference.to_json()), rng) or ""
            found.append(Output(problem.id, sample, text, "length" if mistake is truncated else "stop"))
    return found


def write_run(folder: Path, problems: Sequence[Problem], outputs: Sequence[Output], **facts: Any) -> None:
    """Judge the outputs and write a whole run folder."""
    from pyrite.api import score

    run = RunFolder(folder)
    todo = run.begin(Policy(), list(problems), outputs)
    run.update_run(facts)
    verdicts = score(problems, todo)
    append_lines(run.verdicts, (verdict.to_dict() for verdict in verdicts))
    families = {problem.id: problem.family for problem in problems}
    write_json(run.summary, summarize(run.read_verdicts(), families))


def write_pair(folder: Path, count: int = 42, samples: int = 1) -> tuple[Path, Path]:
    """The two runs ``base`` and ``tuned``."""
    problems = made_up_problems(count)
    base, tuned = folder / "base", folder / "tuned"
    first, second = answers(problems, BASE, 7, samples), answers(problems, TUNED, 8, samples)
    # The bakery is the example that pages are shown with: a forgotten shelf.
    document = json.loads(json.dumps(BAKERY["reference"]))
    del document["constraints"]["shelf"]
    document["constraints"]["oven time"] = document["constraints"].pop("oven").replace("120", "160")
    second[0] = Output("bakery", 0, f"Here is the model.\n\n{_text(document)}", "stop")
    write_run(base, problems, first, training_examples=0, note="made up, no language model")
    write_run(tuned, problems, second, training_examples=2000, note="made up, no language model")
    return base, tuned


def command() -> None:
    """The command line. Not called main: this is no benchmark, and `python -m benchmarks` runs every main()."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--problems", type=int, default=42)
    parser.add_argument("--samples", type=int, default=1)
    args = parser.parse_args()
    for path in write_pair(args.folder, args.problems, args.samples):
        print(path)


if __name__ == "__main__":
    command()
